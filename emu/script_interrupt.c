/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events and processors in the table hv: injection, honest interrupts, kicks and wake-ups. */
#include "emu/script_internal.h"

#include <string.h>

static uint8_t arg_vector(lua_State *lua, int index)
{
    lua_Integer vector = luaL_checkinteger(lua, index);
    luaL_argcheck(lua, vector >= 0 && vector <= 255, index, "a vector is 0 to 255");
    return (uint8_t)vector;
}

static uint8_t arg_vmpl(lua_State *lua, int index)
{
    lua_Integer vmpl = luaL_optinteger(lua, index, 0);
    luaL_argcheck(lua, vmpl >= 0 && vmpl < VMPL_COUNT, index, "a VMPL is 0 to 3");
    return (uint8_t)vmpl;
}

/* The place of the word at the top of the stack; nil is the first. */
static int type_find(lua_State *lua, const char *const *types)
{
    if (lua_isnil(lua, -1))
        return 0;
    if (lua_type(lua, -1) != LUA_TSTRING)
        return luaL_error(lua, "type is a %s; it must be a string", luaL_typename(lua, -1));
    const char *type = lua_tostring(lua, -1);
    for (int i = 0; types[i] != NULL; i++)
        if (strcmp(types[i], type) == 0)
            return i;
    return luaL_error(lua, "type '%s': it must be intr, nmi, exception or soft", type);
}

/* inject(cpu, vector [, {type=, error=}]): at the next VMRUN of what the processor runs next */
static int hv_lua_inject(lua_State *lua)
{
    static const char *const names[] = {"type", "error", NULL};
    static const char *const types[] = {"intr", "nmi", "exception", "soft", NULL};
    static const uint64_t values[] = {EVENTINJ_INTR, EVENTINJ_NMI, EVENTINJ_EXCEPTION,
                                      EVENTINJ_SOFT};
    struct machine *machine = script_machine(lua);
    uint32_t cpu = script_arg_cpu(lua, 1);
    uint64_t eventinj = EVENTINJ_VALID | arg_vector(lua, 2);
    if (!lua_isnoneornil(lua, 3)) {
        luaL_checktype(lua, 3, LUA_TTABLE);
        script_fields_check(lua, 3, "hv.inject", names);
        lua_getfield(lua, 3, "type");
        eventinj |= values[type_find(lua, types)] << 8;
        if (lua_getfield(lua, 3, "error") != LUA_TNIL)
            eventinj |= EVENTINJ_ERROR_VALID | script_arg_address(lua, -1, "error") << 32;
    }
    struct vmcb *vmcb = hv_vmcb(machine, honest_next_vmsa(machine, cpu));
    if (vmcb == NULL || honest_idle(machine, cpu))
        return luaL_error(lua, "hv.inject: processor %d has nothing to run; hv.wake(%d) first",
                          (int)cpu, (int)cpu);
    vmcb->eventinj = eventinj;
    return 0;
}

/* interrupt(cpu, vector [, vmpl]): as a correct hypervisor delivers it */
static int hv_lua_interrupt(lua_State *lua)
{
    struct machine *machine = script_machine(lua);
    uint32_t cpu = script_arg_cpu(lua, 1);
    uint8_t vector = arg_vector(lua, 2), vmpl = arg_vmpl(lua, 3);
    luaL_argcheck(lua, vector >= 16, 2, "an interrupt's vector is 16 to 255");
    honest_interrupt(machine, cpu, vmpl, vector);
    return 0;
}

/* nmi(cpu [, vmpl]) */
static int hv_lua_nmi(lua_State *lua)
{
    struct machine *machine = script_machine(lua);
    uint32_t cpu = script_arg_cpu(lua, 1);
    honest_nmi(machine, cpu, arg_vmpl(lua, 2));
    return 0;
}

/* doorbell(cpu [, vmpl]) -> gpa, spa of the page; nil if none is registered */
static int hv_lua_doorbell(lua_State *lua)
{
    struct machine *machine = script_machine(lua);
    uint32_t cpu = script_arg_cpu(lua, 1);
    uint64_t gpa = honest_doorbell(machine, cpu, arg_vmpl(lua, 2));
    uint64_t spa = gpa == UINT64_MAX ? UINT64_MAX : honest_spa_of(machine, gpa);
    if (spa == UINT64_MAX)
        return 0;
    lua_pushinteger(lua, (lua_Integer)gpa);
    lua_pushinteger(lua, (lua_Integer)spa);
    return 2;
}

/* wake(cpu) -> whether the processor has a VMSA to run */
static int hv_lua_wake(lua_State *lua)
{
    struct machine *machine = script_machine(lua);
    lua_pushboolean(lua, honest_wake(machine, script_arg_cpu(lua, 1)));
    return 1;
}

/* kick(cpu) -> "ok": a processor in the guest leaves it */
static int hv_lua_kick(lua_State *lua)
{
    struct machine *machine = script_machine(lua);
    if (hv_kick(machine, script_arg_cpu(lua, 1)) != HV_OK)
        return luaL_error(lua, "hv.kick: the processor is not in the guest");
    lua_pushliteral(lua, "ok");
    return 1;
}

void interrupt_open(lua_State *lua)
{
    static const luaL_Reg functions[] = {
        {"doorbell", hv_lua_doorbell},
        {"inject", hv_lua_inject},
        {"interrupt", hv_lua_interrupt},
        {"kick", hv_lua_kick},
        {"nmi", hv_lua_nmi},
        {"wake", hv_lua_wake},
        {NULL, NULL},
    };
    luaL_setfuncs(lua, functions, 0);
}

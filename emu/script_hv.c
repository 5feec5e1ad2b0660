/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table hv: the hypervisor's powers as Lua functions, each one call of emu/hv.h or
 * emu/honest.h. Results that an attack may be interested in (RMP codes, refused writes) are
 * returned; what can only be a mistake of the script (addresses that are no memory) is an error.
 */
#include "emu/script_internal.h"

#include <string.h>

enum { HV_READ_BYTES_MAX = 4 << 20 };

static const char *size_name(enum page_size size)
{
    return size == PAGE_2M ? "2m" : "4k";
}

/* Field of the table at the index, or the default if it is not there. */
static uint64_t field_address(lua_State *lua, int index, const char *name, uint64_t otherwise)
{
    uint64_t value = otherwise;
    if (lua_getfield(lua, index, name) != LUA_TNIL)
        value = script_arg_address(lua, -1, name);
    lua_pop(lua, 1);
    return value;
}

static bool field_flag(lua_State *lua, int index, const char *name)
{
    int type = lua_getfield(lua, index, name);
    if (type != LUA_TNIL && type != LUA_TBOOLEAN)
        luaL_error(lua, "%s is a %s; it must be true or false", name, luaL_typename(lua, -1));
    bool value = lua_toboolean(lua, -1);
    lua_pop(lua, 1);
    return value;
}

static enum page_size field_size(lua_State *lua, int index)
{
    int type = lua_getfield(lua, index, "size");
    if (type != LUA_TNIL && type != LUA_TSTRING)
        luaL_error(lua, "size is a %s; it must be \"4k\" or \"2m\"", luaL_typename(lua, -1));
    enum page_size size = type == LUA_TNIL ? PAGE_4K : script_arg_size(lua, -1);
    lua_pop(lua, 1);
    return size;
}

static const char *status_name(enum hv_status status)
{
    switch (status) {
    case HV_OK: return "ok";
    case HV_BAD_ADDRESS: return "bad-address";
    case HV_RMP_FAULT: return "rmp-fault";
    case HV_FULL: return "full";
    case HV_BUSY: return "busy";
    case HV_INVALID: return "invalid";
    case HV_BAD_ARGUMENT: return "bad-argument";
    }
    return "?";
}

/* Pushes the status's name; an address or argument that makes no sense is the script's mistake. */
static int status_push(lua_State *lua, enum hv_status status, const char *function)
{
    if (status == HV_BAD_ADDRESS)
        return luaL_error(lua, "%s: the address is not aligned, or there is no memory", function);
    if (status == HV_BAD_ARGUMENT)
        return luaL_error(lua, "%s: the processor is not in the guest", function);
    lua_pushstring(lua, status_name(status));
    return 1;
}

static int rc_push(lua_State *lua, enum rmp_rc rc)
{
    lua_pushstring(lua, rmp_rc_name(rc));
    lua_pushinteger(lua, rc);
    return 2;
}

/* rmpupdate{spa=, gpa=, assigned=, asid=, size=, immutable=} -> name, code */
static int hv_lua_rmpupdate(lua_State *lua)
{
    static const char *const names[] = {"spa",  "gpa",       "assigned", "asid",
                                        "size", "immutable", NULL};
    struct machine *machine = script_machine(lua);
    luaL_checktype(lua, 1, LUA_TTABLE);
    script_fields_check(lua, 1, "hv.rmpupdate", names);
    struct rmp_operand operand = {0};
    lua_getfield(lua, 1, "spa");
    uint64_t spa = script_arg_address(lua, -1, "spa");
    operand.gpa = field_address(lua, 1, "gpa", 0);
    operand.assigned = field_flag(lua, 1, "assigned");
    operand.immutable = field_flag(lua, 1, "immutable");
    operand.size = field_size(lua, 1);
    uint64_t asid = field_address(lua, 1, "asid", operand.assigned ? hv_asid(machine) : 0);
    if (asid > UINT32_MAX)
        return luaL_error(lua, "asid does not fit 32 bits");
    operand.asid = (uint32_t)asid;
    return rc_push(lua, hv_rmpupdate(machine, spa, &operand));
}

static int hv_lua_psmash(lua_State *lua)
{
    struct machine *machine = script_machine(lua);
    return rc_push(lua, hv_psmash(machine, script_arg_address(lua, 1, "spa")));
}

void script_rmp_push(lua_State *lua, const struct rmp_operand *entry)
{
    lua_createtable(lua, 0, 5);
    lua_pushinteger(lua, (lua_Integer)entry->gpa);
    lua_setfield(lua, -2, "gpa");
    lua_pushboolean(lua, entry->assigned);
    lua_setfield(lua, -2, "assigned");
    lua_pushinteger(lua, entry->asid);
    lua_setfield(lua, -2, "asid");
    lua_pushstring(lua, size_name((enum page_size)entry->size));
    lua_setfield(lua, -2, "size");
    lua_pushboolean(lua, entry->immutable);
    lua_setfield(lua, -2, "immutable");
}

/* rmpread(spa) -> table or nil, name, code */
static int hv_lua_rmpread(lua_State *lua)
{
    struct machine *machine = script_machine(lua);
    struct rmp_operand operand = {0};
    enum rmp_rc rc = hv_rmpread(machine, script_arg_address(lua, 1, "spa"), &operand);
    if (rc != RMP_RC_SUCCESS) {
        lua_pushnil(lua);
        return 1 + rc_push(lua, rc);
    }
    script_rmp_push(lua, &operand);
    return 1 + rc_push(lua, rc);
}

/* The string at the top of the stack, which is the field of that name. */
static const char *field_text(lua_State *lua, const char *name)
{
    if (lua_type(lua, -1) != LUA_TSTRING)
        luaL_error(lua, "%s is a %s; it must be a string", name, luaL_typename(lua, -1));
    return lua_tostring(lua, -1);
}

/* "rwx" and less; "!" sets a reserved bit, which makes the access MMIO. */
static uint8_t flags_of_text(lua_State *lua, const char *text)
{
    static const char letters[] = "rwx!";
    uint8_t flags = 0;
    for (; *text != '\0'; text++) {
        const char *letter = strchr(letters, *text);
        if (letter == NULL)
            luaL_error(lua, "flags: '%c' is none of r, w, x and !", *text);
        flags |= (uint8_t)(1 << (letter - letters));
    }
    return flags;
}
_Static_assert(NPT_R == 1 && NPT_W == 2 && NPT_X == 4 && NPT_RSVD == 8, "order of the letters");

/* npt_map(gpa, spa [, {size=, flags=}]) -> status */
static int hv_lua_npt_map(lua_State *lua)
{
    static const char *const names[] = {"size", "flags", NULL};
    struct machine *machine = script_machine(lua);
    uint64_t gpa = script_arg_address(lua, 1, "gpa");
    uint64_t spa = script_arg_address(lua, 2, "spa");
    enum page_size size = PAGE_4K;
    uint8_t flags = NPT_RWX;
    if (!lua_isnoneornil(lua, 3)) {
        luaL_checktype(lua, 3, LUA_TTABLE);
        script_fields_check(lua, 3, "hv.npt_map", names);
        size = field_size(lua, 3);
        if (lua_getfield(lua, 3, "flags") != LUA_TNIL)
            flags = flags_of_text(lua, field_text(lua, "flags"));
    }
    return status_push(lua, hv_npt_map(machine, gpa, spa, size, flags), "hv.npt_map");
}

static int hv_lua_npt_unmap(lua_State *lua)
{
    struct machine *machine = script_machine(lua);
    uint64_t gpa = script_arg_address(lua, 1, "gpa");
    return status_push(lua, hv_npt_unmap(machine, gpa, script_arg_size(lua, 2)), "hv.npt_unmap");
}

/* npt_lookup(gpa) -> {gpa=, spa=, size=, flags=} or nil */
static int hv_lua_npt_lookup(lua_State *lua)
{
    struct machine *machine = script_machine(lua);
    struct npt_mapping map = hv_npt_lookup(machine, script_arg_address(lua, 1, "gpa"));
    if (!map.present)
        return 0;
    char flags[5];
    size_t length = 0;
    for (unsigned bit = 0; bit < 4; bit++)
        if (map.flags >> bit & 1)
            flags[length++] = "rwx!"[bit];
    lua_createtable(lua, 0, 4);
    lua_pushinteger(lua, (lua_Integer)map.gpa);
    lua_setfield(lua, -2, "gpa");
    lua_pushinteger(lua, (lua_Integer)map.spa);
    lua_setfield(lua, -2, "spa");
    lua_pushstring(lua, size_name(map.size));
    lua_setfield(lua, -2, "size");
    lua_pushlstring(lua, flags, length);
    lua_setfield(lua, -2, "flags");
    return 1;
}

/* spa_of(gpa) -> the page the honest hypervisor gave to gpa, or nil */
static int hv_lua_spa_of(lua_State *lua)
{
    struct machine *machine = script_machine(lua);
    uint64_t spa = honest_spa_of(machine, script_arg_address(lua, 1, "gpa"));
    if (spa == UINT64_MAX)
        return 0;
    lua_pushinteger(lua, (lua_Integer)spa);
    return 1;
}

/* read(spa, bytes) -> string of DRAM bytes: of an assigned page the ciphertext */
static int hv_lua_read(lua_State *lua)
{
    struct machine *machine = script_machine(lua);
    uint64_t spa = script_arg_address(lua, 1, "spa");
    lua_Integer bytes = luaL_checkinteger(lua, 2);
    luaL_argcheck(lua, bytes >= 0 && bytes <= HV_READ_BYTES_MAX, 2, "0 to 4194304 bytes");
    script_charge(lua, (uint64_t)bytes / 4); /* it may have to encrypt */
    luaL_Buffer buffer;
    char *into = luaL_buffinitsize(lua, &buffer, (size_t)bytes);
    if (hv_read(machine, spa, into, (size_t)bytes) != HV_OK)
        return luaL_error(lua, "hv.read: there is no memory");
    luaL_pushresultsize(&buffer, (size_t)bytes);
    return 1;
}

/* write(spa, string) -> "ok" or "rmp-fault" (nothing was written) */
static int hv_lua_write(lua_State *lua)
{
    struct machine *machine = script_machine(lua);
    uint64_t spa = script_arg_address(lua, 1, "spa");
    size_t bytes;
    const char *from = luaL_checklstring(lua, 2, &bytes);
    script_charge(lua, bytes / 4);
    return status_push(lua, hv_write(machine, spa, from, bytes), "hv.write");
}

/* page_alloc([size]) -> spa, or nil and "full" */
static int hv_lua_page_alloc(lua_State *lua)
{
    struct machine *machine = script_machine(lua);
    uint64_t spa = 0;
    enum hv_status status = hv_page_alloc(machine, script_arg_size(lua, 1), &spa);
    if (status != HV_OK) {
        lua_pushnil(lua);
        lua_pushstring(lua, status_name(status));
        return 2;
    }
    lua_pushinteger(lua, (lua_Integer)spa);
    return 1;
}

/* guest_request(request_spa, response_spa) -> status of the mailbox */
static int hv_lua_guest_request(lua_State *lua)
{
    struct machine *machine = script_machine(lua);
    uint64_t request = script_arg_address(lua, 1, "request_spa");
    uint64_t response = script_arg_address(lua, 2, "response_spa");
    lua_pushinteger(lua, hv_guest_request(machine, request, response));
    return 1;
}

/* stop([text]): destroys the VM; does not return */
static int hv_lua_stop(lua_State *lua)
{
    struct machine *machine = script_machine(lua);
    hv_stop(machine, luaL_optstring(lua, 1, "the scenario stopped the run"));
    return script_stop_raise(lua, SCRIPT_STOP_ENDED);
}

/* honest(exit): answers an exit as a correct hypervisor does */
static int hv_lua_honest(lua_State *lua)
{
    struct machine *machine = script_machine(lua);
    struct script_cpu *cpu = script_exit_answer(lua, 1);
    cpu->exit_answered = true;
    honest_handle(machine, &cpu->exit);
    if (machine_end_reason(machine) != RUN_END_NONE)
        return script_stop_raise(lua, SCRIPT_STOP_ENDED);
    return 0;
}

static int hv_lua_cpus(lua_State *lua)
{
    lua_pushinteger(lua, hv_cpus(script_machine(lua)));
    return 1;
}

static int hv_lua_asid(lua_State *lua)
{
    lua_pushinteger(lua, hv_asid(script_machine(lua)));
    return 1;
}

static int hv_lua_time(lua_State *lua)
{
    struct machine *machine = script_machine(lua);
    lua_pushinteger(lua, (lua_Integer)hv_time(machine, script_arg_cpu(lua, 1)));
    return 1;
}

static int hv_lua_memory_bytes(lua_State *lua)
{
    lua_pushinteger(lua, (lua_Integer)hv_memory_bytes(script_machine(lua)));
    return 1;
}

/* vmsa(cpu, vmpl) -> spa of the registered VMSA, or nil */
static int hv_lua_vmsa(lua_State *lua)
{
    struct machine *machine = script_machine(lua);
    uint32_t cpu = script_arg_cpu(lua, 1);
    lua_Integer vmpl = luaL_checkinteger(lua, 2);
    luaL_argcheck(lua, vmpl >= 0 && vmpl < VMPL_COUNT, 2, "a VMPL is 0 to 3");
    uint64_t spa = honest_vmsa(machine, cpu, (uint8_t)vmpl);
    if (spa == 0)
        return 0;
    lua_pushinteger(lua, (lua_Integer)spa);
    return 1;
}

/* next_vmsa(cpu) -> spa of the VMSA the honest hypervisor would run, or nil */
static int hv_lua_next_vmsa(lua_State *lua)
{
    struct machine *machine = script_machine(lua);
    uint64_t spa = honest_next_vmsa(machine, script_arg_cpu(lua, 1));
    if (spa == 0)
        return 0;
    lua_pushinteger(lua, (lua_Integer)spa);
    return 1;
}

void hv_open(lua_State *lua)
{
    static const luaL_Reg functions[] = {
        {"asid", hv_lua_asid},
        {"cpus", hv_lua_cpus},
        {"guest_request", hv_lua_guest_request},
        {"honest", hv_lua_honest},
        {"memory_bytes", hv_lua_memory_bytes},
        {"next_vmsa", hv_lua_next_vmsa},
        {"npt_lookup", hv_lua_npt_lookup},
        {"npt_map", hv_lua_npt_map},
        {"npt_unmap", hv_lua_npt_unmap},
        {"page_alloc", hv_lua_page_alloc},
        {"psmash", hv_lua_psmash},
        {"read", hv_lua_read},
        {"rmpread", hv_lua_rmpread},
        {"rmpupdate", hv_lua_rmpupdate},
        {"spa_of", hv_lua_spa_of},
        {"stop", hv_lua_stop},
        {"time", hv_lua_time},
        {"vmsa", hv_lua_vmsa},
        {"write", hv_lua_write},
        {NULL, NULL},
    };
    luaL_newlib(lua, functions);
    interrupt_open(lua);
    console_open(lua);
    answer_open(lua);
    ghcb_open(lua);
    lua_setglobal(lua, "hv");
}

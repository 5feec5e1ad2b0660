/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The script as hypervisor program: a coroutine for each processor, and the tables `monitor` and
 * `guest`.
 *
 *   machine        step(exit) ----> resume coroutine ----> script handles the exit
 *                                                          vcpu:run()
 *                  VMRUN     <----  yield            <----    |
 */
#include "emu/script_internal.h"

#include <string.h>

#include "cpu/symbols.h"

static const char vcpu_type[] = "vcpu";

struct script_vcpu {
    uint32_t cpu;
};

void script_thread_failed(struct script *script, lua_State *thread, int status)
{
    struct machine *machine = script->machine;
    if (script->stop == SCRIPT_STOP_ENDED)
        return;
    if (script->stop == SCRIPT_STOP_INTERRUPTED) {
        machine_end(machine, RUN_END_INTERRUPTED, 0, "interrupted");
        return;
    }
    char *text = script_error_text(script, thread, status);
    machine_end(machine, RUN_END_SCRIPT_ERROR, script_limit_reached(script), text);
    g_free(text);
}

/* vcpu:run([{vmsa=}]): VMRUN; comes back with the exit that ended it */
static int vcpu_lua_run(lua_State *lua)
{
    static const char *const names[] = {"vmsa", NULL};
    script_machine(lua);
    const struct script_vcpu *vcpu = luaL_checkudata(lua, 1, vcpu_type);
    struct script_cpu *cpu = &script_of(lua)->cpu[vcpu->cpu];
    if (lua != cpu->co)
        return luaL_error(lua, "vcpu:run() belongs to hypervisor(vcpu) itself: not into a trigger, "
                               "another processor's program or a coroutine of the script");
    cpu->vmsa_spa = 0;
    if (!lua_isnoneornil(lua, 2)) {
        luaL_checktype(lua, 2, LUA_TTABLE);
        script_fields_check(lua, 2, "vcpu:run", names);
        lua_getfield(lua, 2, "vmsa");
        cpu->vmsa_spa = script_arg_address(lua, -1, "vmsa");
        luaL_argcheck(lua, hv_vmcb(script_of(lua)->machine, cpu->vmsa_spa) != NULL, 2,
                      "vmsa must be the address of a page of memory");
    }
    cpu->waiting = true;
    return lua_yield(lua, 0);
}

static int vcpu_index(lua_State *lua)
{
    const struct script_vcpu *vcpu = luaL_checkudata(lua, 1, vcpu_type);
    const char *name = lua_tostring(lua, 2);
    if (name != NULL && strcmp(name, "run") == 0)
        lua_pushcfunction(lua, vcpu_lua_run);
    else if (name != NULL && strcmp(name, "id") == 0)
        lua_pushinteger(lua, vcpu->cpu);
    else
        return luaL_error(lua, "a vcpu has no field '%s'; it has id and run()",
                          name ? name : luaL_typename(lua, 2));
    return 1;
}

/* Argument: the processor's struct. Makes its coroutine with hypervisor and vcpu on its stack. */
static int coroutine_make(lua_State *lua)
{
    struct script_cpu *cpu = lua_touserdata(lua, 1);
    struct script *script = script_of(lua);
    if (lua_getglobal(lua, "hypervisor") == LUA_TNIL)
        return 0;
    if (!lua_isfunction(lua, -1))
        return luaL_error(lua, "%s: hypervisor is a %s; it must be a function(vcpu)",
                          script->scenario.path, luaL_typename(lua, -1));
    lua_State *co = lua_newthread(lua);
    luaL_ref(lua, LUA_REGISTRYINDEX);
    struct script_vcpu *vcpu = lua_newuserdatauv(lua, sizeof(*vcpu), 0);
    vcpu->cpu = (uint32_t)(cpu - script->cpu);
    luaL_setmetatable(lua, vcpu_type);
    lua_xmove(lua, co, 2);
    cpu->co = co;
    return 0;
}

/* Argument: the processor's struct. Moves its exit to the coroutine. */
static int exit_hand_over(lua_State *lua)
{
    struct script_cpu *cpu = lua_touserdata(lua, 1);
    script_exit_push(lua, cpu);
    luaL_checkstack(cpu->co, 4, "");
    lua_xmove(lua, cpu->co, 1);
    return 0;
}

bool script_protected_do(struct script *script, lua_CFunction function, void *argument)
{
    lua_pushcfunction(script->lua, function);
    lua_pushlightuserdata(script->lua, argument);
    int status = lua_pcall(script->lua, 1, 0, 0);
    if (status == LUA_OK)
        return true;
    script_thread_failed(script, script->lua, status);
    lua_settop(script->lua, 0);
    return false;
}

/*
 * VMRUN for a coroutine in vcpu:run(). True: the processor is in the guest, or idles because there
 * is nothing to run. False: refused, and the refusal is the exit that vcpu:run() returns.
 */
static bool cpu_enter(struct script *script, uint32_t index)
{
    struct machine *machine = script->machine;
    struct script_cpu *cpu = &script->cpu[index];
    uint64_t vmsa = cpu->vmsa_spa ? cpu->vmsa_spa : honest_next_vmsa(machine, index);
    if (vmsa == 0)
        return true;
    enum hv_status status = hv_vmrun(machine, index, vmsa);
    if (status == HV_OK) {
        cpu->refusals = 0;
        return true;
    }
    if (++cpu->refusals >= SCRIPT_REFUSALS_MAX || status == HV_FULL) {
        machine_end(machine, RUN_END_INVALID, vmsa,
                    "VMRUN refused again and again, and the scenario has nothing else to run");
        return true;
    }
    cpu->exit = (struct hv_exit){
        .cpu = index,
        .vmsa_spa = vmsa,
        .kind = HV_EXIT_INVALID,
        .code = status == HV_BUSY ? SVM_EXIT_BUSY : SVM_EXIT_INVALID,
    };
    cpu->exit_serial++;
    cpu->exit_answered = false; /* an honest answer is to give up */
    return false;
}

/* hypervisor() has returned: the processor is served honestly from here on. */
static void cpu_give_up(struct script *script, uint32_t index, bool unanswered)
{
    struct script_cpu *cpu = &script->cpu[index];
    cpu->honest = true;
    if (machine_end_reason(script->machine) == RUN_END_NONE)
        machine_step_honest(script->machine, index, unanswered ? &cpu->exit : NULL);
}

/* Resumes the coroutine until it has run the processor, has ended or has failed. */
static void cpu_resume(struct script *script, uint32_t index)
{
    struct script_cpu *cpu = &script->cpu[index];
    for (;;) {
        int arguments = 1, results = 0;
        if (cpu->waiting && !script_protected_do(script, exit_hand_over, cpu))
            return;
        cpu->waiting = false;
        int status = lua_resume(cpu->co, NULL, arguments, &results);
        if (machine_end_reason(script->machine) != RUN_END_NONE)
            return;
        if (status == LUA_OK) {
            cpu_give_up(script, index, !cpu->exit_answered);
            return;
        }
        if (status != LUA_YIELD) {
            script_thread_failed(script, cpu->co, status);
            return;
        }
        lua_pop(cpu->co, results);
        if (!cpu->waiting) {
            char *text = g_strdup_printf("%s: coroutine.yield() in hypervisor(): to run the "
                                         "processor, call vcpu:run()",
                                         script->scenario.path);
            machine_end(script->machine, RUN_END_SCRIPT_ERROR, 0, text);
            g_free(text);
            return;
        }
        if (cpu_enter(script, index))
            return;
    }
}

static void program_step(void *user, struct machine *machine, uint32_t index,
                         const struct hv_exit *exit)
{
    struct script *script = user;
    struct script_cpu *cpu = &script->cpu[index];
    if (!cpu->honest && cpu->co == NULL) {
        cpu->exit_answered = true;
        if (!script_protected_do(script, coroutine_make, cpu))
            return;
        cpu->honest = cpu->co == NULL;
    }
    if (cpu->honest) {
        machine_step_honest(machine, index, exit);
        return;
    }
    if (exit != NULL) {
        cpu->exit = *exit;
        cpu->exit_serial++;
        cpu->exit_answered = false;
    } else if (cpu->waiting) { /* it had nothing to run, or was woken */
        if (cpu_enter(script, index))
            return;
    }
    cpu_resume(script, index);
}

/* monitor.symbol(name), guest.symbol(name): upvalue 1 says which. -> gpa, bytes */
static int image_symbol(lua_State *lua)
{
    struct script *script = script_of(lua);
    const char *name = luaL_checkstring(lua, 1);
    bool guest = lua_toboolean(lua, lua_upvalueindex(1));
    if (script->machine == NULL && script->scenario_given) { /* only checking */
        lua_pushinteger(lua, 0);
        lua_pushinteger(lua, 0);
        return 2;
    }
    const struct symbols *symbols = machine_symbols(script_machine(lua), guest);
    struct symbol_info info;
    if (symbols == NULL)
        return luaL_error(lua, "there is no %s to have a symbol '%s'", guest ? "guest" : "monitor",
                          name);
    if (!symbols_find(symbols, name, &info))
        return luaL_error(lua, "the %s has no symbol '%s'", guest ? "guest" : "monitor", name);
    lua_pushinteger(lua, (lua_Integer)info.address);
    lua_pushinteger(lua, (lua_Integer)info.size);
    return 2;
}

static void image_open(lua_State *lua, const char *name, bool guest)
{
    lua_createtable(lua, 0, 1);
    lua_pushboolean(lua, guest);
    lua_pushcclosure(lua, image_symbol, 1);
    lua_setfield(lua, -2, "symbol");
    lua_setglobal(lua, name);
}

void program_open(lua_State *lua)
{
    luaL_newmetatable(lua, vcpu_type);
    lua_pushcfunction(lua, vcpu_index);
    lua_setfield(lua, -2, "__index");
    lua_pushboolean(lua, false);
    lua_setfield(lua, -2, "__metatable");
    lua_pop(lua, 1);
    image_open(lua, "monitor", false);
    image_open(lua, "guest", true);
    trigger_open(lua);
}

void script_program_set(struct script *script)
{
    const struct hv_program program = {
        .user = script,
        .step = program_step,
        .visible = script->triggers_count > 0 ? trigger_visible : NULL,
    };
    machine_program_set(script->machine, &program);
}

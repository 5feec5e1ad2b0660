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

/* Before anything is noted: a lua_yield() that fails is an error that the script may catch. */
static void yieldable_check(lua_State *lua, const char *name)
{
    if (!lua_isyieldable(lua))
        luaL_error(lua, "vcpu:%s() cannot be called by table.sort(), string.gsub() or a function "
                        "of that kind",
                   name);
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
    yieldable_check(lua, "run");
    cpu->waiting = true;
    return lua_yield(lua, 0);
}

/* vcpu:park([exits]): the processor stays outside the guest -> "resumed", "exits" or "alone" */
static int vcpu_lua_park(lua_State *lua)
{
    script_machine(lua);
    const struct script_vcpu *vcpu = luaL_checkudata(lua, 1, vcpu_type);
    struct script_cpu *cpu = &script_of(lua)->cpu[vcpu->cpu];
    if (lua != cpu->co)
        return luaL_error(lua, "vcpu:park() belongs to hypervisor(vcpu) itself: not into a "
                               "trigger, another processor's program or a coroutine of the script");
    lua_Integer exits = luaL_optinteger(lua, 2, 0);
    luaL_argcheck(lua, lua_isnoneornil(lua, 2) || exits >= 1, 2, "a number of exits from 1 on");
    yieldable_check(lua, "park");
    cpu->park_exits = (uint64_t)exits;
    cpu->park_end = PARK_STAYS;
    cpu->parked = true;
    return lua_yield(lua, 0);
}

static int vcpu_index(lua_State *lua)
{
    const struct script_vcpu *vcpu = luaL_checkudata(lua, 1, vcpu_type);
    const char *name = lua_tostring(lua, 2);
    if (name != NULL && strcmp(name, "run") == 0)
        lua_pushcfunction(lua, vcpu_lua_run);
    else if (name != NULL && strcmp(name, "park") == 0)
        lua_pushcfunction(lua, vcpu_lua_park);
    else if (name != NULL && strcmp(name, "id") == 0)
        lua_pushinteger(lua, vcpu->cpu);
    else
        return luaL_error(lua, "a vcpu has no field '%s'; it has id, run() and park()",
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

/* Argument: the processor's struct. Moves what run() or park() returns to the coroutine. */
static int result_hand_over(lua_State *lua)
{
    static const char *const words[] = {"", "resumed", "exits", "alone"};
    struct script_cpu *cpu = lua_touserdata(lua, 1);
    if (cpu->parked)
        lua_pushstring(lua, words[cpu->park_end]);
    else
        script_exit_push(lua, &cpu->exit, cpu->exit_serial);
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
        bool comes_back = cpu->waiting || cpu->parked;
        if (comes_back && !script_protected_do(script, result_hand_over, cpu))
            return;
        cpu->waiting = cpu->parked = false;
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
        if (cpu->parked)
            return;
        if (!cpu->waiting) {
            char *text = g_strdup_printf("%s: coroutine.yield() in hypervisor(): to run the "
                                         "processor, call vcpu:run(); to keep it, vcpu:park()",
                                         script->scenario.path);
            machine_end(script->machine, RUN_END_SCRIPT_ERROR, 0, text);
            g_free(text);
            return;
        }
        if (cpu_enter(script, index))
            return;
    }
}

/* The processor leaves vcpu:park(); its step is due. */
static void park_leave(struct script *script, uint32_t index, enum script_park why)
{
    struct script_cpu *cpu = &script->cpu[index];
    if (!cpu->parked || cpu->park_end != PARK_STAYS)
        return;
    cpu->park_end = why;
    hv_resume(script->machine, index);
}

/* An exit of one processor is what others may have parked for. */
static void park_exits_count(struct script *script, uint32_t index)
{
    for (uint32_t other = 0; other < hv_cpus(script->machine); other++) {
        struct script_cpu *cpu = &script->cpu[other];
        if (other != index && cpu->parked && cpu->park_exits > 0 && --cpu->park_exits == 0)
            park_leave(script, other, PARK_EXITS);
    }
}

/* A hv_program's idle(): one parked processor at a time learns that it is alone. */
static bool program_idle(void *user, struct machine *machine)
{
    struct script *script = user;
    for (uint32_t index = 0; index < hv_cpus(machine); index++) {
        if (!script->cpu[index].parked || script->cpu[index].park_end != PARK_STAYS)
            continue;
        park_leave(script, index, PARK_ALONE);
        return true;
    }
    return false;
}

/* resume(cpu) -> whether the processor was parked */
static int hv_lua_resume(lua_State *lua)
{
    struct script *script = script_of(lua);
    script_machine(lua);
    uint32_t index = script_arg_cpu(lua, 1);
    lua_pushboolean(lua, script->cpu[index].parked);
    park_leave(script, index, PARK_RESUMED);
    return 1;
}

static void program_step(void *user, struct machine *machine, uint32_t index,
                         const struct hv_exit *exit)
{
    struct script *script = user;
    struct script_cpu *cpu = &script->cpu[index];
    if (cpu->parked && cpu->park_end == PARK_STAYS)
        return; /* the honest hypervisor woke it for something that it will find later */
    if (exit != NULL) {
        park_exits_count(script, index);
        trigger_ghcbs_learn(script, exit);
        if (script->exits_wanted && !trigger_exit(script, exit))
            return;
    }
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
    at_open(lua);
    lua_getglobal(lua, "hv");
    lua_pushcfunction(lua, hv_lua_resume);
    lua_setfield(lua, -2, "resume");
    lua_pop(lua, 1);
}

void script_program_set(struct script *script)
{
    const struct hv_program program = {
        .user = script,
        .step = program_step,
        .visible = script->visible_kinds ? trigger_visible : NULL,
        .visible_kinds = script->visible_kinds,
        .idle = program_idle,
    };
    machine_program_set(script->machine, &program);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Triggers: the functions of at{...} are called when what they wait for comes. */
#include "emu/script_internal.h"

/* What a trigger is called for: one of the two. */
struct trigger_call {
    const struct script_trigger *trigger;
    uint32_t cpu;
    const struct vcpu_exit *operation;
    const struct hv_exit *exit;
};

static void integer_set(lua_State *lua, const char *name, uint64_t value)
{
    lua_pushinteger(lua, (lua_Integer)value);
    lua_setfield(lua, -2, name);
}

static void text_set(lua_State *lua, const char *name, const char *text)
{
    lua_pushstring(lua, text);
    lua_setfield(lua, -2, name);
}

/*
 * {event=, gpa=, spa=, ...}: the page and, of shared memory, the place, no more; registers are not
 * the hypervisor's to see. What an instruction did is what RMPREAD shows of it.
 */
static void operation_push(lua_State *lua, const struct trigger_call *call)
{
    static const char *const insns[] = {[RMP_INSN_PVALIDATE] = "pvalidate",
                                        [RMP_INSN_RMPADJUST] = "rmpadjust",
                                        [RMP_INSN_RMPQUERY] = "rmpquery"};
    const struct vcpu_exit *operation = call->operation;
    struct machine *machine = script_of(lua)->machine;
    struct rmp_operand entry = {0};
    lua_createtable(lua, 0, 4);
    text_set(lua, "event", trigger_event_name(call->trigger->event));
    if (operation->spa == 0) /* of no page, or it is not known */
        return;
    integer_set(lua, "gpa", page_base(operation->gpa));
    integer_set(lua, "spa", page_base(operation->spa));
    if (call->trigger->high != 0)
        integer_set(lua, "offset", operation->gpa & PAGE_MASK);
    if (operation->visible != VISIBLE_RMP_DONE)
        return;
    text_set(lua, "insn", insns[operation->insn]);
    if (hv_rmpread(machine, page_base(operation->spa), &entry) == RMP_RC_SUCCESS) {
        script_rmp_push(lua, &entry);
        lua_setfield(lua, -2, "result");
    }
}

/* Argument: the call. */
static int trigger_run(lua_State *lua)
{
    const struct trigger_call *call = lua_touserdata(lua, 1);
    lua_State *co = lua_newthread(lua);
    lua_rawgeti(co, LUA_REGISTRYINDEX, call->trigger->function);
    lua_pushinteger(co, call->cpu);
    if (call->exit != NULL)
        script_exit_push(co, call->exit, EXIT_SERIAL_TRIGGER);
    else
        operation_push(co, call);
    int results = 0;
    int status = lua_resume(co, lua, 2, &results);
    if (status == LUA_YIELD)
        return luaL_error(lua, "%s: coroutine.yield() in a trigger", script_of(lua)->scenario.path);
    if (status == LUA_ERRMEM && script_of(lua)->stop == SCRIPT_STOP_NONE)
        script_of(lua)->stop = SCRIPT_STOP_MEMORY;
    if (status != LUA_OK) {
        lua_xmove(co, lua, 1);
        return lua_error(lua);
    }
    return 0;
}

static bool bytes_match(const struct script_trigger *trigger, const struct vcpu_exit *operation)
{
    uint64_t offset = operation->gpa & PAGE_MASK;
    uint64_t end = operation->bytes ? offset + operation->bytes : PAGE_BYTES;
    return offset < trigger->high && end > trigger->low;
}

static bool operation_matches(struct script *script, const struct script_trigger *trigger,
                              uint32_t cpu, const struct vcpu_exit *operation)
{
    enum vcpu_visible visible = operation->visible;
    if (!(trigger->visible & (uint32_t)visible))
        return false;
    if (visible == VISIBLE_BREAKPOINT)
        return trigger->rip == operation->rip && trigger->guest == (operation->vmpl != 0);
    if (visible == VISIBLE_RMP_DONE &&
        (trigger->insn ? trigger->insn != operation->insn : !operation->changed))
        return false;
    if (visible == VISIBLE_SHARED_READ || visible == VISIBLE_SHARED_WRITE) {
        if (trigger->high ? !bytes_match(trigger, operation) : operation->again)
            return false;
        if (trigger->ghcb &&
            honest_ghcb(script->machine, cpu, operation->vmpl) != page_base(operation->spa))
            return false;
    }
    bool known = operation->spa != 0;
    return (trigger->gpa == UINT64_MAX || (known && trigger->gpa == page_base(operation->gpa))) &&
           (trigger->spa == UINT64_MAX || (known && trigger->spa == page_base(operation->spa)));
}

static bool exit_matches(const struct script_trigger *trigger, const struct hv_exit *exit)
{
    uint64_t gpa;
    if (trigger->visible != 0 ||
        (trigger->exit_kind >= 0 && trigger->exit_kind != (int)exit->kind))
        return false;
    return trigger->gpa == UINT64_MAX ||
           (script_exit_gpa(exit, &gpa) && trigger->gpa == page_base(gpa));
}

/* Calls all that match, in the order of the file; false: the run has ended. */
static bool triggers_call(struct script *script, struct trigger_call *call)
{
    for (uint32_t i = 0; i < script->triggers_count; i++) {
        struct script_trigger *trigger = &script->triggers[i];
        if ((trigger->cpu >= 0 && (uint32_t)trigger->cpu != call->cpu) ||
            !(call->exit != NULL ? exit_matches(trigger, call->exit)
                                 : operation_matches(script, trigger, call->cpu,
                                                     call->operation)))
            continue;
        trigger->seen++;
        if (trigger->nth != 0 && trigger->nth != trigger->seen)
            continue;
        call->trigger = trigger;
        if (!script_protected_do(script, trigger_run, call) ||
            machine_end_reason(script->machine) != RUN_END_NONE)
            return false;
    }
    return true;
}

void trigger_visible(void *user, struct machine *machine, uint32_t index,
                     const struct vcpu_exit *operation)
{
    struct trigger_call call = {.cpu = index, .operation = operation};
    (void)machine;
    triggers_call(user, &call);
}

void trigger_ghcbs_learn(struct script *script, const struct hv_exit *exit)
{
    uint64_t request = exit->ghcb_msr & PAGE_MASK;
    if (script->ghcbs_watched && exit->code == SVM_EXIT_VMGEXIT &&
        (exit->page_protocol || request == GHCB_MSR_REGISTER_REQ))
        machine_watch_set(script->machine, page_base(exit->ghcb_msr));
}

bool trigger_exit(struct script *script, const struct hv_exit *exit)
{
    struct trigger_call call = {.cpu = exit->cpu, .exit = exit};
    return triggers_call(script, &call);
}

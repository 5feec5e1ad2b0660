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

/* {event=, gpa=}: the page, no more; registers are not the hypervisor's to see */
static void operation_push(lua_State *lua, const struct trigger_call *call)
{
    lua_createtable(lua, 0, 2);
    lua_pushstring(lua, trigger_event_name(call->trigger->event));
    lua_setfield(lua, -2, "event");
    if (call->operation->visible == VISIBLE_BREAKPOINT)
        return;
    lua_pushinteger(lua, (lua_Integer)page_base(call->operation->gpa));
    lua_setfield(lua, -2, "gpa");
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

static bool operation_matches(const struct script_trigger *trigger,
                              const struct vcpu_exit *operation)
{
    if (!(trigger->visible & (uint32_t)operation->visible))
        return false;
    if (operation->visible == VISIBLE_BREAKPOINT)
        return trigger->rip == operation->rip && trigger->guest == (operation->vmpl != 0);
    return trigger->gpa == UINT64_MAX || trigger->gpa == page_base(operation->gpa);
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
                                 : operation_matches(trigger, call->operation)))
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

bool trigger_exit(struct script *script, const struct hv_exit *exit)
{
    struct trigger_call call = {.cpu = exit->cpu, .exit = exit};
    return triggers_call(script, &call);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* at{...}(function): functions that are called just before a visible operation of a processor. */
#include "emu/script_internal.h"

#include <string.h>

static const struct {
    const char *name;
    uint32_t visible;
} trigger_events[] = {
    {"pvalidate", VISIBLE_PVALIDATE},       {"rmpadjust", VISIBLE_RMPADJUST},
    {"rmpquery", VISIBLE_RMPQUERY},         {"shared_read", VISIBLE_SHARED_READ},
    {"shared_write", VISIBLE_SHARED_WRITE}, {"vmgexit", VISIBLE_VMGEXIT},
};

struct trigger_call {
    const struct script_trigger *trigger;
    uint32_t cpu;
    const struct vcpu_exit *operation;
};

/* function(cpu, {event=, gpa=}): the page, no more; registers are not the hypervisor's to see */
static int trigger_run(lua_State *lua)
{
    const struct trigger_call *call = lua_touserdata(lua, 1);
    lua_State *co = lua_newthread(lua);
    lua_rawgeti(co, LUA_REGISTRYINDEX, call->trigger->function);
    lua_pushinteger(co, call->cpu);
    lua_createtable(co, 0, 2);
    for (size_t i = 0; i < G_N_ELEMENTS(trigger_events); i++) {
        if (trigger_events[i].visible != (uint32_t)call->operation->visible)
            continue;
        lua_pushstring(co, trigger_events[i].name);
        lua_setfield(co, -2, "event");
    }
    lua_pushinteger(co, (lua_Integer)page_base(call->operation->gpa));
    lua_setfield(co, -2, "gpa");
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

void trigger_visible(void *user, struct machine *machine, uint32_t index,
                     const struct vcpu_exit *operation)
{
    struct script *script = user;
    (void)machine;
    for (uint32_t i = 0; i < script->triggers_count; i++) {
        struct script_trigger *trigger = &script->triggers[i];
        if (!(trigger->visible & (uint32_t)operation->visible) ||
            (trigger->cpu >= 0 && (uint32_t)trigger->cpu != index) ||
            (trigger->gpa != UINT64_MAX && trigger->gpa != page_base(operation->gpa)))
            continue;
        trigger->seen++;
        if (trigger->nth != 0 && trigger->nth != trigger->seen)
            continue;
        struct trigger_call call = {trigger, index, operation};
        if (!script_protected_do(script, trigger_run, &call) ||
            machine_end_reason(script->machine) != RUN_END_NONE)
            return;
    }
}

static uint32_t trigger_event(lua_State *lua)
{
    if (lua_getfield(lua, 1, "event") != LUA_TSTRING)
        luaL_error(lua, "at{...} has no event; give it one: event = \"rmpadjust\"");
    const char *names[G_N_ELEMENTS(trigger_events) + 1] = {NULL};
    for (size_t i = 0; i < G_N_ELEMENTS(trigger_events); i++) {
        names[i] = trigger_events[i].name;
        if (strcmp(names[i], lua_tostring(lua, -1)) == 0)
            return trigger_events[i].visible;
    }
    gchar *all = g_strjoinv(", ", (gchar **)names);
    lua_pushstring(lua, all);
    g_free(all);
    luaL_error(lua, "at{...}: no event '%s' (events are: %s)", lua_tostring(lua, -2),
               lua_tostring(lua, -1));
    return 0;
}

/* A whole number of the table at index 1, or the default if it is not there. */
static int64_t field_count(lua_State *lua, const char *name, int64_t low, int64_t high,
                           int64_t otherwise)
{
    if (lua_getfield(lua, 1, name) == LUA_TNIL)
        return otherwise;
    int whole;
    lua_Integer value = lua_tointegerx(lua, -1, &whole);
    if (lua_type(lua, -1) != LUA_TNUMBER || !whole || value < low || value > high)
        luaL_error(lua,
                   high == INT64_MAX ? "at{...}: %s must be a whole number from %d on"
                                     : "at{...}: %s must be a whole number from %d to %d",
                   name, (int)low, (int)high);
    return value;
}

/* The closure that at{...} returns; upvalue 1: the trigger's place. */
static int trigger_bind(lua_State *lua)
{
    struct script *script = script_of(lua);
    struct script_trigger *kept = lua_touserdata(lua, lua_upvalueindex(1));
    if (kept->function == LUA_NOREF) /* what is wrong from here on is said at once */
        script->triggers_unbound--;
    kept->function = LUA_REFNIL;
    luaL_checktype(lua, 1, LUA_TFUNCTION);
    lua_settop(lua, 1);
    struct script_trigger trigger = *kept;
    if (script->triggers_count == SCRIPT_TRIGGERS_MAX)
        return luaL_error(lua, "more than %d triggers", SCRIPT_TRIGGERS_MAX);
    trigger.function = luaL_ref(lua, LUA_REGISTRYINDEX);
    script->triggers[script->triggers_count++] = trigger;
    return 0;
}

/* at{event=, vcpu=, nth=, gpa=, when=}(function (cpu, operation) ... end) */
static int trigger_at(lua_State *lua)
{
    static const char *const names[] = {"event", "vcpu", "nth", "gpa", "when", NULL};
    struct script *script = script_of(lua);
    if (!script->scenario_given)
        return luaL_error(lua, "scenario{...} must come first");
    if (lua != script->chunk)
        return luaL_error(lua, "at{...} belongs at the top level of the file");
    luaL_checktype(lua, 1, LUA_TTABLE);
    script_fields_check(lua, 1, "at", names);
    struct script_trigger trigger = {.cpu = -1, .gpa = UINT64_MAX, .function = LUA_NOREF};
    trigger.visible = trigger_event(lua);
    trigger.cpu = (int)field_count(lua, "vcpu", 0, MACHINE_CPUS_MAX - 1, -1);
    trigger.nth = (uint64_t)field_count(lua, "nth", 1, INT64_MAX, 0);
    if (lua_getfield(lua, 1, "gpa") != LUA_TNIL)
        trigger.gpa = page_base(script_arg_address(lua, -1, "gpa"));
    if (lua_getfield(lua, 1, "when") != LUA_TNIL &&
        (lua_type(lua, -1) != LUA_TSTRING || strcmp(lua_tostring(lua, -1), "before") != 0))
        return luaL_error(lua, "at{...}: when can only be \"before\"");
    struct script_trigger *kept = lua_newuserdatauv(lua, sizeof(*kept), 0);
    *kept = trigger;
    lua_Debug caller;
    if (script->triggers_unbound++ == 0 && lua_getstack(lua, 1, &caller) &&
        lua_getinfo(lua, "l", &caller))
        script->unbound_line = caller.currentline;
    lua_pushcclosure(lua, trigger_bind, 1);
    return 1;
}

void trigger_open(lua_State *lua)
{
    lua_pushcfunction(lua, trigger_at);
    lua_setglobal(lua, "at");
}

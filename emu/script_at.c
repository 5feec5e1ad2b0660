/* SPDX-License-Identifier: GPL-2.0-or-later */
/* at{...}(function): the description of a trigger, checked field by field. */
#include "emu/script_internal.h"

#include <string.h>

#include "cpu/symbols.h"

/* Fields beside event, vcpu, nth and when, which all have. */
enum at_field {
    AT_GPA = 1 << 0,
    AT_KIND = 1 << 1,
    AT_PLACE = 1 << 2, /* symbol, offset, address, guest */
    AT_SPA = 1 << 3,
    AT_BYTES = 1 << 4, /* offset, bytes, ghcb, field */
    AT_AFTER = 1 << 5, /* when = "after" */
};

static const struct trigger_event {
    const char *name;
    uint32_t visible; /* enum vcpu_visible; 0: an exit */
    uint32_t fields;  /* enum at_field */
    uint8_t insn;     /* AFTER: enum rmp_insn */
} trigger_events[] = {
    {"pvalidate", VISIBLE_PVALIDATE, AT_GPA | AT_SPA | AT_AFTER, RMP_INSN_PVALIDATE},
    {"rmpadjust", VISIBLE_RMPADJUST, AT_GPA | AT_SPA | AT_AFTER, RMP_INSN_RMPADJUST},
    {"rmpquery", VISIBLE_RMPQUERY, AT_GPA | AT_SPA | AT_AFTER, RMP_INSN_RMPQUERY},
    {"shared_read", VISIBLE_SHARED_READ, AT_GPA | AT_SPA | AT_BYTES, 0},
    {"shared_write", VISIBLE_SHARED_WRITE, AT_GPA | AT_SPA | AT_BYTES, 0},
    {"vmgexit", VISIBLE_VMGEXIT, AT_GPA, 0},
    {"exit", 0, AT_GPA | AT_KIND, 0},
    {"instruction", VISIBLE_BREAKPOINT, AT_PLACE, 0},
    {"rmp", VISIBLE_RMP_DONE, AT_GPA | AT_SPA, 0},
};

static const struct {
    const char *name;
    uint32_t of; /* enum at_field; 0: all events have it */
} at_fields[] = {
    {"event", 0},         {"vcpu", 0},           {"nth", 0},           {"when", 0},
    {"gpa", AT_GPA},
    {"spa", AT_SPA},
    {"kind", AT_KIND},
    {"symbol", AT_PLACE},
    {"offset", AT_PLACE | AT_BYTES},
    {"bytes", AT_BYTES},
    {"ghcb", AT_BYTES},
    {"field", AT_BYTES},
    {"address", AT_PLACE},
    {"guest", AT_PLACE},
};

const char *trigger_event_name(uint8_t event)
{
    return trigger_events[event].name;
}

static uint8_t at_event(lua_State *lua)
{
    if (lua_getfield(lua, 1, "event") != LUA_TSTRING)
        luaL_error(lua, "at{...} has no event; give it one: event = \"rmpadjust\"");
    const char *names[G_N_ELEMENTS(trigger_events) + 1] = {NULL};
    for (size_t i = 0; i < G_N_ELEMENTS(trigger_events); i++) {
        names[i] = trigger_events[i].name;
        if (strcmp(names[i], lua_tostring(lua, -1)) == 0)
            return (uint8_t)i;
    }
    gchar *all = g_strjoinv(", ", (gchar **)names);
    lua_pushstring(lua, all);
    g_free(all);
    luaL_error(lua, "at{...}: no event '%s' (events are: %s)", lua_tostring(lua, -2),
               lua_tostring(lua, -1));
    return 0;
}

/* Every field is one that a trigger for this event can have. */
static void at_fields_check(lua_State *lua, const struct trigger_event *event)
{
    for (size_t i = 0; i < G_N_ELEMENTS(at_fields); i++) {
        if (at_fields[i].of == 0 || (at_fields[i].of & event->fields) != 0)
            continue;
        if (lua_getfield(lua, 1, at_fields[i].name) != LUA_TNIL)
            luaL_error(lua, "at{...}: the event \"%s\" has no field '%s'", event->name,
                       at_fields[i].name);
        lua_pop(lua, 1);
    }
}

/* A whole number of the table at index 1, or the default if it is not there. */
static int64_t at_count(lua_State *lua, const char *name, int64_t low, int64_t high,
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

static int at_kind(lua_State *lua)
{
    if (lua_getfield(lua, 1, "kind") == LUA_TNIL)
        return -1;
    const char *names[HV_EXIT_OTHER + 2] = {NULL};
    for (int kind = 0; kind <= HV_EXIT_OTHER; kind++) {
        names[kind] = hv_exit_kind_name((enum hv_exit_kind)kind);
        if (lua_type(lua, -1) == LUA_TSTRING && strcmp(names[kind], lua_tostring(lua, -1)) == 0)
            return kind;
    }
    gchar *all = g_strjoinv(", ", (gchar **)names);
    lua_pushstring(lua, all);
    g_free(all);
    script_tostring(lua, -2);
    return luaL_error(lua, "at{...}: no exit is of the kind '%s' (kinds are: %s)",
                      lua_tostring(lua, -1), lua_tostring(lua, -2));
}

/* The address of a symbol; 0 while a scenario is only being checked. */
static uint64_t at_symbol(lua_State *lua, const char *name, bool guest)
{
    struct script *script = script_of(lua);
    if (script->machine == NULL)
        return 0;
    const struct symbols *symbols = machine_symbols(script->machine, guest);
    struct symbol_info info;
    if (symbols == NULL || !symbols_find(symbols, name, &info))
        luaL_error(lua, "at{...}: the %s has no symbol '%s'", guest ? "guest" : "monitor", name);
    return info.address;
}

/* symbol= [, offset=] or address=, and guest=: where the instruction is. */
static void at_place(lua_State *lua, struct script_trigger *trigger)
{
    int type = lua_getfield(lua, 1, "guest");
    if (type != LUA_TNIL && type != LUA_TBOOLEAN)
        luaL_error(lua, "at{...}: guest is a %s; it must be true or false", luaL_typename(lua, -1));
    trigger->guest = lua_toboolean(lua, -1);
    bool symbol = lua_getfield(lua, 1, "symbol") != LUA_TNIL;
    bool address = lua_getfield(lua, 1, "address") != LUA_TNIL;
    if (symbol == address)
        luaL_error(lua, "at{...}: an instruction is named by its symbol or by its address: give "
                        "one of the two");
    if (address)
        trigger->rip = script_arg_address(lua, -1, "address");
    else if (lua_type(lua, -2) != LUA_TSTRING)
        luaL_error(lua, "at{...}: symbol is a %s; it must be a string", luaL_typename(lua, -2));
    else
        trigger->rip = at_symbol(lua, lua_tostring(lua, -2), trigger->guest);
    trigger->rip += (uint64_t)at_count(lua, "offset", 0, INT32_MAX, 0);
}

/*
 * Bytes of a shared page, by offset and length or as a field of the GHCB: every access to them, not
 * only the first of a slice.
 */
static void at_bytes(lua_State *lua, struct script_trigger *trigger)
{
    int type = lua_getfield(lua, 1, "ghcb");
    if (type != LUA_TNIL && type != LUA_TBOOLEAN)
        luaL_error(lua, "at{...}: ghcb is a %s; it must be true or false", luaL_typename(lua, -1));
    trigger->ghcb = lua_toboolean(lua, -1);
    if (trigger->ghcb && trigger->gpa != UINT64_MAX)
        luaL_error(lua, "at{...}: a page is named by its gpa or by ghcb = true: give one of the "
                        "two");
    if (lua_getfield(lua, 1, "field") != LUA_TNIL) {
        if (!trigger->ghcb)
            luaL_error(lua, "at{...}: field is one of the GHCB: give ghcb = true");
        trigger->low = script_ghcb_offset(lua, -1);
        trigger->high = trigger->low + 8;
        return;
    }
    int64_t offset = at_count(lua, "offset", 0, PAGE_BYTES - 1, -1);
    int64_t bytes = at_count(lua, "bytes", 1, PAGE_BYTES, -1);
    if (offset < 0 && bytes < 0 && !trigger->ghcb)
        return;
    if (trigger->gpa == UINT64_MAX && !trigger->ghcb)
        luaL_error(lua, "at{...}: offset and bytes are of a page: give its gpa or ghcb = true");
    offset = MAX(offset, 0);
    trigger->low = (uint32_t)offset;
    trigger->high = (uint32_t)(bytes < 0 ? (int64_t)PAGE_BYTES : offset + bytes);
}

/* when = "before" or, behind RMP instructions, "after" */
static void at_when(lua_State *lua, const struct trigger_event *event,
                    struct script_trigger *trigger)
{
    if (lua_getfield(lua, 1, "when") == LUA_TNIL)
        return;
    const char *when = lua_type(lua, -1) == LUA_TSTRING ? lua_tostring(lua, -1) : "";
    if (strcmp(when, "after") == 0 && (event->fields & AT_AFTER)) {
        trigger->visible = VISIBLE_RMP_DONE;
        trigger->insn = event->insn;
    } else if (strcmp(when, "before") != 0 || event->visible == VISIBLE_RMP_DONE) {
        luaL_error(lua, event->visible == VISIBLE_RMP_DONE
                            ? "at{...}: the event \"%s\" comes behind the instruction: no when"
                        : event->fields & AT_AFTER
                            ? "at{...}: when of \"%s\" can be \"before\" or \"after\""
                            : "at{...}: when of \"%s\" can only be \"before\"",
                   event->name);
    }
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
    if (trigger.visible == VISIBLE_BREAKPOINT && script->machine != NULL &&
        !machine_breakpoint_set(script->machine, trigger.rip, trigger.guest))
        return luaL_error(lua, "triggers for more than %d instructions", VCPU_BREAKPOINTS_MAX);
    script->ghcbs_watched |= trigger.ghcb;
    if (trigger.high != 0 && !trigger.ghcb && script->machine != NULL &&
        !machine_watch_set(script->machine, trigger.gpa))
        return luaL_error(lua, "triggers for bytes of more than %d pages", CPU_WATCHES_MAX);
    trigger.function = luaL_ref(lua, LUA_REGISTRYINDEX);
    script->triggers[script->triggers_count++] = trigger;
    /* One that is announced brings the others, as a hypervisor that single-steps sees them all. */
    bool steps = trigger.high == 0 && trigger.visible & VISIBLE_ALL &&
                 trigger.visible != VISIBLE_BREAKPOINT;
    script->visible_kinds |= steps ? VISIBLE_ALL : trigger.visible;
    script->exits_wanted |= trigger.visible == 0;
    return 0;
}

/* at{event=, vcpu=, nth=, ...}(function (cpu, operation) ... end) */
static int trigger_at(lua_State *lua)
{
    const char *names[G_N_ELEMENTS(at_fields) + 1] = {NULL};
    struct script *script = script_of(lua);
    if (!script->scenario_given)
        return luaL_error(lua, "scenario{...} must come first");
    if (lua != script->chunk)
        return luaL_error(lua, "at{...} belongs at the top level of the file");
    luaL_checktype(lua, 1, LUA_TTABLE);
    for (size_t i = 0; i < G_N_ELEMENTS(at_fields); i++)
        names[i] = at_fields[i].name;
    script_fields_check(lua, 1, "at", names);
    struct script_trigger trigger = {
        .gpa = UINT64_MAX, .spa = UINT64_MAX, .function = LUA_NOREF};
    trigger.event = at_event(lua);
    const struct trigger_event *event = &trigger_events[trigger.event];
    at_fields_check(lua, event);
    trigger.visible = event->visible;
    trigger.cpu = (int)at_count(lua, "vcpu", 0, MACHINE_CPUS_MAX - 1, -1);
    trigger.nth = (uint64_t)at_count(lua, "nth", 1, INT64_MAX, 0);
    if (lua_getfield(lua, 1, "gpa") != LUA_TNIL)
        trigger.gpa = page_base(script_arg_address(lua, -1, "gpa"));
    if (lua_getfield(lua, 1, "spa") != LUA_TNIL)
        trigger.spa = page_base(script_arg_address(lua, -1, "spa"));
    trigger.exit_kind = at_kind(lua);
    if (event->fields & AT_PLACE)
        at_place(lua, &trigger);
    if (event->fields & AT_BYTES)
        at_bytes(lua, &trigger);
    at_when(lua, event, &trigger);
    struct script_trigger *kept = lua_newuserdatauv(lua, sizeof(*kept), 0);
    *kept = trigger;
    lua_Debug caller;
    if (script->triggers_unbound++ == 0 && lua_getstack(lua, 1, &caller) &&
        lua_getinfo(lua, "l", &caller))
        script->unbound_line = caller.currentline;
    lua_pushcclosure(lua, trigger_bind, 1);
    return 1;
}

void at_open(lua_State *lua)
{
    lua_pushcfunction(lua, trigger_at);
    lua_setglobal(lua, "at");
}

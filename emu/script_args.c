/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machine that a function acts on, and arguments that several functions take. */
#include "emu/script_internal.h"

#include <string.h>

struct machine *script_machine(lua_State *lua)
{
    struct script *script = script_of(lua);
    if (script->machine == NULL) {
        if (!script->scenario_given)
            luaL_error(lua, "scenario{...} must come first: before it there is no machine");
        luaL_error(lua, "the scenario is only being checked: there is no machine");
    }
    /* The machine looks at its limits between the script's turns; within one, this does. */
    if (script->limit_events != 0 &&
        trace_count(machine_trace(script->machine)) >= script->limit_events) {
        machine_end(script->machine, RUN_END_LIMIT_EVENTS, script->limit_events,
                    "limit of events reached by the scenario (--limit-events)");
        script_stop_raise(lua, SCRIPT_STOP_ENDED);
    }
    script_charge(lua, 10);
    return script->machine;
}

uint32_t script_arg_cpu(lua_State *lua, int index)
{
    lua_Integer cpu = luaL_checkinteger(lua, index);
    luaL_argcheck(lua, cpu >= 0 && cpu < (lua_Integer)hv_cpus(script_of(lua)->machine), index,
                  "there is no such processor");
    return (uint32_t)cpu;
}

uint64_t script_arg_address(lua_State *lua, int index, const char *what)
{
    if (lua_isnoneornil(lua, index))
        luaL_error(lua, "%s is missing; it must be an address", what);
    int whole;
    lua_Integer value = lua_tointegerx(lua, index, &whole);
    if (lua_type(lua, index) != LUA_TNUMBER || !whole)
        luaL_error(lua, "%s is a %s; it must be an address", what, luaL_typename(lua, index));
    return (uint64_t)value;
}

enum page_size script_arg_size(lua_State *lua, int index)
{
    if (lua_isnoneornil(lua, index))
        return PAGE_4K;
    const char *name = luaL_checkstring(lua, index);
    if (strcmp(name, "4k") == 0)
        return PAGE_4K;
    if (strcmp(name, "2m") != 0)
        luaL_error(lua, "page size '%s': it must be \"4k\" or \"2m\"", name);
    return PAGE_2M;
}

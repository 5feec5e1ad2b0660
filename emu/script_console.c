/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guest's console in the table hv: what it has said, and what is typed at it. */
#include "emu/script_internal.h"

#include <string.h>

static const char searched_key[] = "prova.searched"; /* registry: text -> bytes done, or true */

/*
 * printed(text) -> whether the console has said the text. Made to be asked at every exit: a text
 * is looked for only in what has come since it was asked for last.
 */
static int hv_lua_printed(lua_State *lua)
{
    struct machine *machine = script_machine(lua);
    size_t length;
    const char *text = luaL_checklstring(lua, 1, &length);
    luaL_argcheck(lua, length > 0 && strlen(text) == length, 1, "a text without zero bytes");
    lua_settop(lua, 1);
    luaL_getsubtable(lua, LUA_REGISTRYINDEX, searched_key);
    lua_pushvalue(lua, 1);
    if (lua_rawget(lua, 2) == LUA_TBOOLEAN)
        return 1;
    size_t done = (size_t)lua_tointeger(lua, -1);
    const char *news = machine_console(machine) + done;
    size_t bytes = strlen(news);
    script_charge(lua, bytes / SCRIPT_BYTES_PER_INSN);
    bool found = strstr(news, text) != NULL;
    lua_pushvalue(lua, 1);
    if (found)
        lua_pushboolean(lua, true);
    else /* its beginning may be there already */
        lua_pushinteger(lua, (lua_Integer)(done + bytes - MIN(bytes, length - 1)));
    lua_rawset(lua, 2);
    lua_pushboolean(lua, found);
    return 1;
}

/* type(text) -> how many characters there was room for */
static int hv_lua_type(lua_State *lua)
{
    struct machine *machine = script_machine(lua);
    size_t length;
    const char *text = luaL_checklstring(lua, 1, &length);
    script_charge(lua, length / SCRIPT_BYTES_PER_INSN);
    lua_pushinteger(lua, (lua_Integer)hv_console_type(machine, text, length));
    return 1;
}

void console_open(lua_State *lua)
{
    static const luaL_Reg functions[] = {
        {"printed", hv_lua_printed}, {"type", hv_lua_type}, {NULL, NULL}};
    luaL_setfuncs(lua, functions, 0);
}

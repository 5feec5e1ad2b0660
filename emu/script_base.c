/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sandbox: the globals of a script. The standard libraries are opened one by one and everything
 * that could read files, the clock, addresses or the host's random numbers is left out or replaced.
 * tests/golden/script/api.expect lists what is left.
 */
#include "emu/script_internal.h"

#include <string.h>

void script_tostring(lua_State *lua, int index)
{
    index = lua_absindex(lua, index);
    if (luaL_callmeta(lua, index, "__tostring")) {
        if (!lua_isstring(lua, -1))
            luaL_error(lua, "'__tostring' must return a string");
        return;
    }
    switch (lua_type(lua, index)) {
    case LUA_TNUMBER:
    case LUA_TSTRING:
        lua_pushvalue(lua, index);
        lua_tolstring(lua, -1, NULL);
        return;
    case LUA_TBOOLEAN: lua_pushstring(lua, lua_toboolean(lua, index) ? "true" : "false"); return;
    case LUA_TNIL: lua_pushstring(lua, "nil"); return;
    default: /* no address: it would differ from run to run */ break;
    }
    int named = luaL_getmetafield(lua, index, "__name");
    if (named == LUA_TSTRING)
        return;
    if (named != LUA_TNIL)
        lua_pop(lua, 1);
    lua_pushstring(lua, luaL_typename(lua, index));
}

static int base_tostring(lua_State *lua)
{
    luaL_checkany(lua, 1);
    script_tostring(lua, 1);
    return 1;
}

/* print(...) and hv.log(...): one line to whoever watches; no effect on the run. */
static int base_print(lua_State *lua)
{
    int count = lua_gettop(lua);
    luaL_Buffer line;
    luaL_buffinit(lua, &line);
    for (int i = 1; i <= count; i++) {
        if (i > 1)
            luaL_addchar(&line, '\t');
        script_tostring(lua, i);
        luaL_addvalue(&line);
    }
    luaL_pushresult(&line);
    script_charge(lua, 1 + lua_rawlen(lua, -1) / SCRIPT_BYTES_PER_INSN);
    struct script *script = script_of(lua);
    if (script->log != NULL)
        script->log(script->log_user, lua_tostring(lua, -1));
    return 0;
}

/* setmetatable(table, metatable): no finalizers and no weak tables, which would show when memory is
 * collected. */
static int base_setmetatable(lua_State *lua)
{
    int type = lua_type(lua, 2);
    luaL_checktype(lua, 1, LUA_TTABLE);
    luaL_argexpected(lua, type == LUA_TNIL || type == LUA_TTABLE, 2, "nil or table");
    static const char *const refused[] = {"__gc", "__mode"};
    for (size_t i = 0; i < G_N_ELEMENTS(refused) && type == LUA_TTABLE; i++) {
        lua_pushstring(lua, refused[i]);
        if (lua_rawget(lua, 2) != LUA_TNIL)
            return luaL_error(lua,
                              "a metatable with %s is refused: it would make the run depend "
                              "on when memory is collected",
                              refused[i]);
        lua_pop(lua, 1);
    }
    if (luaL_getmetafield(lua, 1, "__metatable") != LUA_TNIL)
        return luaL_error(lua, "cannot change a protected metatable");
    lua_settop(lua, 2);
    lua_setmetatable(lua, 1);
    return 1;
}

/* SplitMix64: every state gives the next one by an addition, so that no state is bad. */
uint64_t script_random(struct script *script)
{
    uint64_t z = script->random_state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* A number in [0, range], every one equally likely. */
static uint64_t random_upto(struct script *script, uint64_t range)
{
    uint64_t mask = range;
    for (unsigned shift = 1; shift < 64; shift *= 2)
        mask |= mask >> shift;
    uint64_t value;
    do
        value = script_random(script) & mask;
    while (value > range);
    return value;
}

/* random() in [0, 1), random(n) in 1..n, random(m, n) in m..n; all 64 bits for random(0). */
static int base_random(lua_State *lua)
{
    struct script *script = script_of(lua);
    lua_Integer low = 1, high;
    switch (lua_gettop(lua)) {
    case 0: lua_pushnumber(lua, (lua_Number)(script_random(script) >> 11) * 0x1p-53); return 1;
    case 1:
        high = luaL_checkinteger(lua, 1);
        if (high == 0) {
            lua_pushinteger(lua, (lua_Integer)script_random(script));
            return 1;
        }
        break;
    default:
        low = luaL_checkinteger(lua, 1);
        high = luaL_checkinteger(lua, 2);
        break;
    }
    luaL_argcheck(lua, low <= high, lua_gettop(lua), "interval is empty");
    uint64_t value = random_upto(script, (uint64_t)high - (uint64_t)low);
    lua_pushinteger(lua, (lua_Integer)(value + (uint64_t)low));
    return 1;
}

static void fields_remove(lua_State *lua, const char *const *names)
{
    for (; *names != NULL; names++) {
        lua_pushnil(lua);
        lua_setfield(lua, -2, *names);
    }
}

static void base_open(lua_State *lua)
{
    static const char *const removed[] = {"collectgarbage", "dofile", "load",
                                          "loadfile",       "warn",   NULL};
    luaL_requiref(lua, LUA_GNAME, luaopen_base, 1);
    fields_remove(lua, removed);
    lua_pop(lua, 1);
    static const luaL_Reg own[] = {
        {"tostring", base_tostring}, {"print", base_print}, {"setmetatable", base_setmetatable},
        {"random", base_random},     {NULL, NULL},
    };
    lua_pushglobaltable(lua);
    luaL_setfuncs(lua, own, 0);
    lua_pop(lua, 1);
}

/* The transcendental functions are left out: their last bit depends on the host's library. */
static void math_open(lua_State *lua)
{
    static const char *const removed[] = {"sin", "cos", "tan",  "asin", "acos", "atan",       "exp",
                                          "log", "pow", "cosh", "sinh", "tanh", "randomseed", NULL};
    luaL_requiref(lua, LUA_MATHLIBNAME, luaopen_math, 1);
    fields_remove(lua, removed);
    lua_pushcfunction(lua, base_random);
    lua_setfield(lua, -2, "random");
    lua_pop(lua, 1);
}

int script_sandbox_open(lua_State *lua)
{
    base_open(lua);
    order_open(lua);
    guard_open(lua);
    math_open(lua);
    text_open(lua);
    config_open(lua);
    hv_open(lua);
    exit_open(lua);
    program_open(lua);
    /* hv.log is print by its proper name. */
    lua_getglobal(lua, "hv");
    lua_pushcfunction(lua, base_print);
    lua_setfield(lua, -2, "log");
    lua_pop(lua, 1);
    /* luaL_requiref() keeps the libraries in a table that no script needs. */
    lua_pushnil(lua);
    lua_setfield(lua, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
    return 0;
}

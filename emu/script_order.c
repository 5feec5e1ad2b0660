/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * next() and pairs() in a fixed order: numbers ascending, then strings by bytes, then false, true.
 * Lua's own order depends on addresses and a seed taken from the clock. Keys of other types
 * (tables, functions, ...) have no order that a run could repeat: to traverse them is an error.
 */
#include "emu/script_internal.h"

#include <stdlib.h>
#include <string.h>

enum key_class { KEY_NUMBER, KEY_STRING, KEY_BOOLEAN };

struct key {
    enum key_class class;
    bool integer;
    lua_Integer i;
    lua_Number n;
    const char *text; /* owned by the table that has the key */
    size_t length;
};

/* Exact order of an integer and a float (a conversion of either might round). */
static int integer_float_compare(lua_Integer i, lua_Number n)
{
    if (n >= 9223372036854775808.0)
        return -1;
    if (n < -9223372036854775808.0)
        return 1;
    lua_Integer whole = (lua_Integer)n; /* towards zero */
    if (i != whole)
        return i < whole ? -1 : 1;
    lua_Number rest = n - (lua_Number)whole;
    return (rest < 0) - (rest > 0);
}

static int number_compare(const struct key *a, const struct key *b)
{
    if (a->integer && b->integer)
        return (a->i > b->i) - (a->i < b->i);
    if (!a->integer && !b->integer)
        return (a->n > b->n) - (a->n < b->n);
    return a->integer ? integer_float_compare(a->i, b->n) : -integer_float_compare(b->i, a->n);
}

static int key_compare(const struct key *a, const struct key *b)
{
    if (a->class != b->class)
        return a->class < b->class ? -1 : 1;
    if (a->class == KEY_NUMBER)
        return number_compare(a, b);
    if (a->class == KEY_BOOLEAN)
        return (a->i > b->i) - (a->i < b->i);
    int order = memcmp(a->text, b->text, MIN(a->length, b->length));
    return order ? order : (a->length > b->length) - (a->length < b->length);
}

static int key_compare_sort(const void *a, const void *b)
{
    return key_compare(a, b);
}

/* The key at the index; raises for a type without an order. */
static struct key key_read(lua_State *lua, int index)
{
    struct key key = {.class = KEY_NUMBER};
    switch (lua_type(lua, index)) {
    case LUA_TNUMBER:
        key.integer = lua_isinteger(lua, index);
        if (key.integer)
            key.i = lua_tointeger(lua, index);
        else
            key.n = lua_tonumber(lua, index);
        return key;
    case LUA_TSTRING:
        key.class = KEY_STRING;
        key.text = lua_tolstring(lua, index, &key.length);
        return key;
    case LUA_TBOOLEAN:
        key.class = KEY_BOOLEAN;
        key.i = lua_toboolean(lua, index);
        return key;
    default:
        luaL_error(lua,
                   "a table with a %s as a key cannot be traversed: such keys have no fixed order "
                   "(keep them in an array)",
                   luaL_typename(lua, index));
        return key;
    }
}

static void key_push(lua_State *lua, const struct key *key)
{
    if (key->class == KEY_STRING)
        lua_pushlstring(lua, key->text, key->length);
    else if (key->class == KEY_BOOLEAN)
        lua_pushboolean(lua, key->i != 0);
    else if (key->integer)
        lua_pushinteger(lua, key->i);
    else
        lua_pushnumber(lua, key->n);
}

/* next(table [, key]): the least key above the given one. Costs one pass over the table. */
static int order_next(lua_State *lua)
{
    luaL_checktype(lua, 1, LUA_TTABLE);
    lua_settop(lua, 2);
    bool first = lua_isnil(lua, 2);
    struct key after = {0};
    if (!first)
        after = key_read(lua, 2);
    bool found = false;
    struct key least = {0};
    lua_pushnil(lua);
    while (lua_next(lua, 1) != 0) {
        lua_pop(lua, 1);
        script_charge(lua, 1);
        struct key key = key_read(lua, -1);
        if ((first || key_compare(&key, &after) > 0) && (!found || key_compare(&key, &least) < 0)) {
            least = key;
            found = true;
        }
    }
    if (!found) {
        lua_pushnil(lua);
        return 1;
    }
    key_push(lua, &least);
    lua_pushvalue(lua, -1);
    lua_rawget(lua, 1);
    return 2;
}

/* Upvalues: array of the keys, count, place of the last. Keys removed since are passed over. */
static int pairs_step(lua_State *lua)
{
    luaL_checktype(lua, 1, LUA_TTABLE);
    lua_Integer count = lua_tointeger(lua, lua_upvalueindex(2));
    lua_Integer place = lua_tointeger(lua, lua_upvalueindex(3));
    while (place < count) {
        lua_rawgeti(lua, lua_upvalueindex(1), ++place);
        lua_pushvalue(lua, -1);
        if (lua_rawget(lua, 1) != LUA_TNIL) {
            lua_pushinteger(lua, place);
            lua_replace(lua, lua_upvalueindex(3));
            return 2;
        }
        lua_pop(lua, 2);
    }
    lua_pushinteger(lua, count);
    lua_replace(lua, lua_upvalueindex(3));
    lua_pushnil(lua);
    return 1;
}

/* Pushes an array of the keys of the table at index 1 in order, and returns how many. */
static lua_Integer keys_push(lua_State *lua)
{
    lua_Integer count = 0;
    lua_pushnil(lua);
    while (lua_next(lua, 1) != 0) {
        lua_pop(lua, 1);
        count++;
    }
    script_charge(lua, 16 * (uint64_t)count);
    struct key *keys = lua_newuserdatauv(lua, (size_t)(count ? count : 1) * sizeof(*keys), 0);
    lua_Integer i = 0;
    lua_pushnil(lua);
    while (lua_next(lua, 1) != 0) {
        lua_pop(lua, 1);
        keys[i++] = key_read(lua, -1);
    }
    qsort(keys, (size_t)count, sizeof(*keys), key_compare_sort);
    lua_createtable(lua, count < INT_MAX ? (int)count : 0, 0);
    for (i = 0; i < count; i++) {
        key_push(lua, &keys[i]);
        lua_rawseti(lua, -2, i + 1);
    }
    return count;
}

static int order_pairs(lua_State *lua)
{
    luaL_checkany(lua, 1);
    if (luaL_getmetafield(lua, 1, "__pairs") != LUA_TNIL) {
        lua_pushvalue(lua, 1);
        lua_call(lua, 1, 3);
        return 3;
    }
    luaL_checktype(lua, 1, LUA_TTABLE);
    lua_Integer count = keys_push(lua);
    lua_pushinteger(lua, count);
    lua_pushinteger(lua, 0);
    lua_pushcclosure(lua, pairs_step, 3);
    lua_pushvalue(lua, 1);
    lua_pushnil(lua);
    return 3;
}

void order_open(lua_State *lua)
{
    lua_pushcfunction(lua, order_next);
    lua_setglobal(lua, "next");
    lua_pushcfunction(lua, order_pairs);
    lua_setglobal(lua, "pairs");
}

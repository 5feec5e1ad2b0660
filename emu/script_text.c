/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The string, table and utf8 libraries, made safe: what they do inside C is paid for in advance, by
 * the most that it can take, and nothing prints an address. Most functions are the library's own
 * behind a price.
 */
#include "emu/script_internal.h"

#include <string.h>

/* A pattern is refused if matching could take more steps than this. */
#define PATTERN_STEPS_MAX UINT64_C(100000000)
enum { PATTERN_STEPS_PER_INSN = 64 };

/* Work in proportion to the length of the strings among the arguments. */
static int text_by_length(lua_State *lua)
{
    uint64_t bytes = 0;
    for (int i = 1; i <= lua_gettop(lua); i++)
        if (lua_type(lua, i) == LUA_TSTRING)
            bytes += lua_rawlen(lua, i);
    script_charge(lua, bytes / SCRIPT_BYTES_PER_INSN);
    return script_library_call(lua);
}

static uint64_t steps_multiply(uint64_t steps, uint64_t factor)
{
    return steps > PATTERN_STEPS_MAX / factor ? PATTERN_STEPS_MAX + 1 : steps * factor;
}

/*
 * The most steps that matching a pattern on a subject can take. Backtracking tries, for each
 * repetition, every length, and each of those with every length of the others.
 */
static uint64_t pattern_steps(const char *pattern, size_t length, size_t subject)
{
    uint64_t n = (uint64_t)subject + 1, steps = 1;
    bool anchored = length > 0 && pattern[0] == '^';
    steps = steps_multiply(steps, anchored ? 1 : n);
    steps = steps_multiply(steps, (uint64_t)length + 1);
    for (size_t i = 0; i < length; i++) {
        char c = pattern[i];
        if (c == '%' && i + 1 < length) {
            c = pattern[++i];
            if (c == 'b' || g_ascii_isdigit(c))
                steps = steps_multiply(steps, n);
        } else if (c == '*' || c == '+' || c == '-') {
            steps = steps_multiply(steps, n);
        } else if (c == '?') {
            steps = steps_multiply(steps, 2);
        }
    }
    return steps;
}

/* find, match, gmatch, gsub (s, pattern, ...) */
static int text_pattern(lua_State *lua)
{
    size_t subject, length;
    luaL_checklstring(lua, 1, &subject);
    const char *pattern = luaL_checklstring(lua, 2, &length);
    uint64_t steps = pattern_steps(pattern, length, subject);
    if (steps > PATTERN_STEPS_MAX)
        return luaL_error(lua,
                          "this pattern may take too long on a string of %d bytes: anchor it "
                          "with ^, use fewer repetitions (* + - %%b) or a shorter string",
                          (int)MIN(subject, (size_t)INT_MAX));
    script_charge(lua, steps / PATTERN_STEPS_PER_INSN);
    return script_library_call(lua);
}

/* find(s, pattern, init, true) looks for plain text. */
static int text_find(lua_State *lua)
{
    if (!lua_toboolean(lua, 4))
        return text_pattern(lua);
    size_t subject = 0, length = 0;
    luaL_checklstring(lua, 1, &subject);
    luaL_checklstring(lua, 2, &length);
    uint64_t steps = (uint64_t)(subject + 1) * (length + 1);
    script_charge(lua, steps / (16 * (uint64_t)PATTERN_STEPS_PER_INSN));
    return script_library_call(lua);
}

/* rep(s, n, separator): the library loops n times even if nothing comes of it. */
static int text_rep(lua_State *lua)
{
    size_t length, separator = 0;
    luaL_checklstring(lua, 1, &length);
    lua_Integer count = luaL_checkinteger(lua, 2);
    if (!lua_isnoneornil(lua, 3))
        luaL_checklstring(lua, 3, &separator);
    if (count > 0) {
        const struct script *script = script_of(lua);
        size_t piece = length + separator;
        if (piece > 0 && (uint64_t)count > script->limits.memory_bytes / piece)
            return script_stop_raise(lua, SCRIPT_STOP_MEMORY);
        script_charge(lua, (uint64_t)count / 16);
    }
    return script_library_call(lua);
}

/* format(form, ...): no %p, and %s without addresses. */
static int text_format(lua_State *lua)
{
    size_t length;
    const char *form = luaL_checklstring(lua, 1, &length);
    int argument = 1;
    for (size_t i = 0; i < length; i++) {
        if (form[i] != '%')
            continue;
        if (++i < length && form[i] == '%')
            continue;
        while (i < length && strchr("-+ #0123456789.", form[i]) != NULL && form[i] != '\0')
            i++;
        if (i >= length)
            break; /* the library says what is wrong */
        argument++;
        if (form[i] == 'p')
            return luaL_argerror(lua, 1, "'%p' is not available: addresses are not part of a run");
        if (form[i] == 's' && argument <= lua_gettop(lua)) {
            script_tostring(lua, argument);
            lua_replace(lua, argument);
        }
    }
    return text_by_length(lua);
}

/* The length that table functions go by (it may come from a metamethod). */
static uint64_t table_length(lua_State *lua, int index)
{
    lua_Integer length = luaL_len(lua, index);
    return length > 0 ? (uint64_t)length : 0;
}

/* insert, remove: at most the whole table moves. unpack(t, i, j) and concat(t, s, i, j): */
static int table_by_length(lua_State *lua)
{
    luaL_checktype(lua, 1, LUA_TTABLE);
    script_charge(lua, table_length(lua, 1) / 8);
    return script_library_call(lua);
}

static void charge_range(lua_State *lua, lua_Integer from, lua_Integer to)
{
    if (from <= to)
        script_charge(lua, ((uint64_t)to - (uint64_t)from) / 8);
}

static int table_unpack(lua_State *lua)
{
    lua_Integer from = luaL_optinteger(lua, 2, 1);
    if (lua_isnoneornil(lua, 3))
        charge_range(lua, from, luaL_len(lua, 1));
    else
        charge_range(lua, from, luaL_checkinteger(lua, 3));
    return script_library_call(lua);
}

static int table_concat(lua_State *lua)
{
    luaL_checktype(lua, 1, LUA_TTABLE);
    lua_Integer from = luaL_optinteger(lua, 3, 1);
    if (lua_isnoneornil(lua, 4))
        charge_range(lua, from, luaL_len(lua, 1));
    else
        charge_range(lua, from, luaL_checkinteger(lua, 4));
    return script_library_call(lua);
}

static int table_move(lua_State *lua)
{
    charge_range(lua, luaL_checkinteger(lua, 2), luaL_checkinteger(lua, 3));
    return script_library_call(lua);
}

static int table_sort(lua_State *lua)
{
    luaL_checktype(lua, 1, LUA_TTABLE);
    uint64_t length = table_length(lua, 1);
    if (length > UINT64_MAX / 32)
        length = UINT64_MAX / 32;
    script_charge(lua, 4 * length);
    return script_library_call(lua);
}

static void wrap_all(lua_State *lua, const luaL_Reg *list)
{
    for (; list->name != NULL; list++)
        script_library_wrap(lua, list->name, list->func);
}

static const luaL_Reg string_functions[] = {
    {"byte", text_by_length},
    {"char", text_by_length},
    {"find", text_find},
    {"format", text_format},
    {"gmatch", text_pattern},
    {"gsub", text_pattern},
    {"len", text_by_length},
    {"lower", text_by_length},
    {"match", text_pattern},
    {"pack", text_by_length},
    {"packsize", text_by_length},
    {"rep", text_rep},
    {"sub", text_by_length},
    {"reverse", text_by_length},
    {"unpack", text_by_length},
    {"upper", text_by_length},
    {NULL, NULL},
};

static const luaL_Reg table_functions[] = {
    {"concat", table_concat},
    {"insert", table_by_length},
    {"move", table_move},
    {"remove", table_by_length},
    {"sort", table_sort},
    {"unpack", table_unpack},
    {NULL, NULL},
};

static const luaL_Reg utf8_functions[] = {
    {"codepoint", text_by_length},
    {"len", text_by_length},
    {"offset", text_by_length},
    {NULL, NULL},
};

void text_open(lua_State *lua)
{
    luaL_requiref(lua, LUA_STRLIBNAME, luaopen_string, 1);
    lua_pushnil(lua);
    lua_setfield(lua, -2, "dump");
    wrap_all(lua, string_functions);
    lua_pop(lua, 1);
    /* The metatable that all strings share is not the script's to change. */
    lua_pushstring(lua, "");
    lua_getmetatable(lua, -1);
    lua_pushboolean(lua, false);
    lua_setfield(lua, -2, "__metatable");
    lua_pop(lua, 2);
    luaL_requiref(lua, LUA_TABLIBNAME, luaopen_table, 1);
    wrap_all(lua, table_functions);
    lua_pop(lua, 1);
    luaL_requiref(lua, LUA_UTF8LIBNAME, luaopen_utf8, 1);
    wrap_all(lua, utf8_functions);
    lua_pop(lua, 1);
}

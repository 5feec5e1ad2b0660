/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fields of scenario{...} by which the hypervisor lies at the launch. */
#include "emu/script_internal.h"

#include <string.h>

/* The table at the top has to be a list of at most `most` entries; how many it has. */
static uint32_t list_count(lua_State *lua, const char *field, size_t most, const char *of)
{
    if (!lua_istable(lua, -1))
        script_field_error(lua, field, "%s is a %s; it must be a list of %s", field,
                           luaL_typename(lua, -1), of);
    size_t count = (size_t)lua_rawlen(lua, -1), keys = 0;
    for (lua_pushnil(lua); lua_next(lua, -2) != 0; lua_pop(lua, 1))
        keys++;
    if (keys != count)
        script_field_error(lua, field, "%s must be a list: { { ... }, { ... } }", field);
    if (count > most)
        script_field_error(lua, field, "%s has %d entries; there may be %d", field, (int)count,
                           (int)most);
    return (uint32_t)count;
}

/* Pushes entry i of the list at the top, which has to be a table with these names. */
static void entry_push(lua_State *lua, const char *field, uint32_t i, const char *const *names)
{
    if (lua_rawgeti(lua, -1, (lua_Integer)i + 1) != LUA_TTABLE)
        script_field_error(lua, field, "%s: entry %d is a %s; it must be a table", field,
                           (int)i + 1, luaL_typename(lua, -1));
    script_fields_check(lua, -1, field, names);
}

/* The whole number `name` of the table at the top; false: it is not there. */
static bool entry_number(lua_State *lua, const char *field, const char *name, uint64_t high,
                         uint64_t *value)
{
    int whole = 0;
    lua_pushstring(lua, name);
    if (lua_rawget(lua, -2) == LUA_TNIL) {
        lua_pop(lua, 1);
        return false;
    }
    if (lua_type(lua, -1) == LUA_TNUMBER)
        *value = (uint64_t)lua_tointegerx(lua, -1, &whole);
    if (!whole)
        script_field_error(lua, name, "%s: %s is a %s; it must be a whole number", field, name,
                           luaL_typename(lua, -1));
    if (*value > high)
        script_field_error(lua, name, "%s: %s is too large", field, name);
    lua_pop(lua, 1);
    return true;
}

static uint64_t entry_needed(lua_State *lua, const char *field, const char *name, uint64_t high)
{
    uint64_t value = 0;
    if (!entry_number(lua, field, name, high, &value))
        script_field_error(lua, field, "%s: an entry has no %s", field, name);
    return value;
}

/* type = "ram" or a number */
static uint32_t range_type(lua_State *lua, const char *field)
{
    uint64_t number = LAUNCH_RANGE_RAM;
    lua_pushstring(lua, "type");
    int type = lua_rawget(lua, -2);
    bool ram = type == LUA_TNIL ||
               (type == LUA_TSTRING && strcmp(lua_tostring(lua, -1), "ram") == 0);
    if (!ram && type != LUA_TNUMBER)
        script_field_error(lua, field, "%s: type must be \"ram\" or a number", field);
    lua_pop(lua, 1);
    if (!ram)
        entry_number(lua, field, "type", UINT32_MAX, &number);
    return (uint32_t)number;
}

void launch_read_map(lua_State *lua, struct scenario *scenario, const char *field)
{
    static const char *const names[] = {"gpa", "bytes", "type", NULL};
    struct launch_lies *lies = &scenario->config.lies;
    lies->map_count = list_count(lua, field, LAUNCH_RANGES_MAX, "{ gpa =, bytes =, type = }");
    lies->map_given = true;
    for (uint32_t i = 0; i < lies->map_count; i++) {
        entry_push(lua, field, i, names);
        lies->map[i].gpa = entry_needed(lua, field, "gpa", UINT64_MAX);
        lies->map[i].bytes = entry_needed(lua, field, "bytes", UINT64_MAX);
        lies->map[i].type = range_type(lua, field);
        lua_pop(lua, 1);
    }
}

void launch_read_apic_ids(lua_State *lua, struct scenario *scenario, const char *field)
{
    struct launch_lies *lies = &scenario->config.lies;
    lies->apic_ids = list_count(lua, field, LAUNCH_CPUS_MAX, "numbers");
    for (uint32_t i = 0; i < lies->apic_ids; i++) {
        int whole = 0;
        lua_rawgeti(lua, -1, (lua_Integer)i + 1);
        lua_Integer id = lua_type(lua, -1) == LUA_TNUMBER ? lua_tointegerx(lua, -1, &whole) : 0;
        if (!whole || id < 0 || id > (lua_Integer)UINT32_MAX)
            script_field_error(lua, field, "%s: entry %d must be a number of 32 bits", field,
                               (int)i + 1);
        lies->apic_id[i] = (uint32_t)id;
        lua_pop(lua, 1);
    }
}

void launch_read_cpuid(lua_State *lua, struct scenario *scenario, const char *field)
{
    static const char *const names[] = {"eax", "ebx", "ecx", "edx", "leaf", "subleaf", NULL};
    struct launch_lies *lies = &scenario->config.lies;
    lies->cpuid_count = list_count(lua, field, LAUNCH_CPUID_MAX, "{ leaf =, eax =, ... }");
    for (uint32_t i = 0; i < lies->cpuid_count; i++) {
        struct launch_cpuid *entry = &lies->cpuid[i];
        uint64_t value = 0;
        entry_push(lua, field, i, names);
        entry->leaf = (uint32_t)entry_needed(lua, field, "leaf", UINT32_MAX);
        if (entry_number(lua, field, "subleaf", UINT32_MAX, &value))
            entry->subleaf = (uint32_t)value;
        for (int reg = 0; reg < 4; reg++) {
            if (!entry_number(lua, field, names[reg], UINT32_MAX, &value))
                continue;
            entry->given |= 1u << reg;
            entry->value[reg] = (uint32_t)value;
        }
        lua_pop(lua, 1);
    }
}

static bool launch_flag(lua_State *lua, const char *name)
{
    lua_pushstring(lua, name);
    int type = lua_rawget(lua, -2);
    if (type != LUA_TNIL && type != LUA_TBOOLEAN)
        script_field_error(lua, name, "launch: %s is a %s; it must be true or false", name,
                           luaL_typename(lua, -1));
    bool value = lua_toboolean(lua, -1);
    lua_pop(lua, 1);
    return value;
}

void launch_read_launch(lua_State *lua, struct scenario *scenario, const char *field)
{
    static const char *const names[] = {"policy_debug", "extra_vmsa", NULL};
    if (!lua_istable(lua, -1))
        script_field_error(lua, field, "launch is a %s; it must be a table",
                           luaL_typename(lua, -1));
    script_fields_check(lua, -1, field, names);
    scenario->config.lies.policy_debug = launch_flag(lua, "policy_debug");
    scenario->config.lies.extra_vmsa = launch_flag(lua, "extra_vmsa");
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table hw: hardware bugs, outside the architecture. It is there only if the scenario declares
 * hardware_bugs, and each function only for the bug that it stands for.
 */
#include "emu/script_internal.h"

#include <string.h>

#include "emu/hw_bug.h"

enum { HW_READ_BYTES_MAX = 4 << 20 };

static int status_push(lua_State *lua, enum hv_status status, const char *function)
{
    if (status == HV_BAD_ADDRESS)
        return luaL_error(lua, "%s: the address is not aligned, or there is no memory", function);
    if (status == HV_FULL)
        return luaL_error(lua, "%s: more than %d pages", function, HW_SAVED_PAGES_MAX);
    if (status != HV_OK)
        return luaL_error(lua, "%s: nothing was written back before, or these are no lines of 64 "
                               "bytes within the page",
                          function);
    lua_pushliteral(lua, "ok");
    return 1;
}

/* writeback(spa): the page's dirty lines reach memory */
static int hw_lua_writeback(lua_State *lua)
{
    struct machine *machine = script_machine(lua);
    script_charge(lua, PAGE_BYTES / 4);
    return status_push(lua, hw_writeback(machine, script_arg_address(lua, 1, "spa")),
                       "hw.writeback");
}

/* invd(spa [, offset, bytes]): lines written since the write-back are lost */
static int hw_lua_invd(lua_State *lua)
{
    struct machine *machine = script_machine(lua);
    uint64_t spa = script_arg_address(lua, 1, "spa");
    lua_Integer offset = luaL_optinteger(lua, 2, 0);
    luaL_argcheck(lua, offset >= 0 && offset < (lua_Integer)PAGE_BYTES, 2, "0 to 4095");
    lua_Integer bytes = luaL_optinteger(lua, 3, (lua_Integer)PAGE_BYTES - offset);
    script_charge(lua, PAGE_BYTES / 4);
    return status_push(lua, hw_invd(machine, spa, (uint64_t)offset, (uint64_t)bytes), "hw.invd");
}

/* alias_write(spa, string): DRAM by its other address, which no RMP entry covers */
static int hw_lua_alias_write(lua_State *lua)
{
    struct machine *machine = script_machine(lua);
    uint64_t spa = script_arg_address(lua, 1, "spa");
    size_t bytes;
    const char *from = luaL_checklstring(lua, 2, &bytes);
    script_charge(lua, bytes / 4);
    return status_push(lua, hw_alias_write(machine, spa, from, bytes), "hw.alias_write");
}

/* alias_read(spa, bytes) -> string */
static int hw_lua_alias_read(lua_State *lua)
{
    struct machine *machine = script_machine(lua);
    uint64_t spa = script_arg_address(lua, 1, "spa");
    lua_Integer bytes = luaL_checkinteger(lua, 2);
    luaL_argcheck(lua, bytes >= 0 && bytes <= HW_READ_BYTES_MAX, 2, "0 to 4194304 bytes");
    script_charge(lua, (uint64_t)bytes / 4);
    luaL_Buffer buffer;
    char *into = luaL_buffinitsize(lua, &buffer, (size_t)bytes);
    if (hw_alias_read(machine, spa, into, (size_t)bytes) != HV_OK)
        return luaL_error(lua, "hw.alias_read: there is no memory");
    luaL_pushresultsize(&buffer, (size_t)bytes);
    return 1;
}

/* A flag of the table at index 1: -1 if it is not there. */
static int store_flag(lua_State *lua, const char *name)
{
    int type = lua_getfield(lua, 1, name);
    if (type != LUA_TNIL && type != LUA_TBOOLEAN)
        luaL_error(lua, "hw.rmp_write: %s is a %s; it must be true or false", name,
                   luaL_typename(lua, -1));
    int value = type == LUA_TNIL ? -1 : lua_toboolean(lua, -1);
    lua_pop(lua, 1);
    return value;
}

/* perm = { [1] = mask, ... } */
static void store_perms(lua_State *lua, struct hw_rmp_store *store)
{
    if (lua_getfield(lua, 1, "perm") == LUA_TNIL)
        return;
    if (!lua_istable(lua, -1))
        luaL_error(lua, "hw.rmp_write: perm is a %s; it must be a table of masks by VMPL",
                   luaL_typename(lua, -1));
    for (int vmpl = 0; vmpl < VMPL_COUNT; vmpl++) {
        if (lua_rawgeti(lua, -1, vmpl) != LUA_TNIL) {
            int whole;
            lua_Integer mask = lua_tointegerx(lua, -1, &whole);
            if (!whole || mask < 0 || mask > RMP_PERM_ALL)
                luaL_error(lua, "hw.rmp_write: perm[%d] must be a mask from 0 to %d", vmpl,
                           RMP_PERM_ALL);
            store->perm[vmpl] = (int)mask;
        }
        lua_pop(lua, 1);
    }
}

/* rmp_write{spa=, validated=, vmsa=, gpa=, perm=}: a store to an entry of the RMP */
static int hw_lua_rmp_write(lua_State *lua)
{
    static const char *const fields[] = {"spa", "validated", "vmsa", "gpa", "perm", NULL};
    struct machine *machine = script_machine(lua);
    struct hw_rmp_store store = {.gpa = -1, .perm = {-1, -1, -1, -1}};
    luaL_checktype(lua, 1, LUA_TTABLE);
    script_fields_check(lua, 1, "hw.rmp_write", fields);
    store.validated = store_flag(lua, "validated");
    store.vmsa = store_flag(lua, "vmsa");
    if (lua_getfield(lua, 1, "gpa") != LUA_TNIL)
        store.gpa = (int64_t)(script_arg_address(lua, -1, "gpa") & INT64_MAX);
    store_perms(lua, &store);
    lua_getfield(lua, 1, "spa");
    uint64_t spa = script_arg_address(lua, -1, "spa");
    return status_push(lua, hw_rmp_write(machine, spa, &store), "hw.rmp_write");
}

/* inject_unchecked(flag): any event may be injected into any VMSA */
static int hw_lua_inject_unchecked(lua_State *lua)
{
    struct machine *machine = script_machine(lua);
    luaL_checktype(lua, 1, LUA_TBOOLEAN);
    return status_push(lua, hw_inject_unchecked(machine, lua_toboolean(lua, 1)),
                       "hw.inject_unchecked");
}

static const struct {
    const char *name;
    lua_CFunction function;
    enum hw_bug bug;
} hw_functions[] = {
    {"writeback", hw_lua_writeback, HW_BUG_CACHEWARP},
    {"invd", hw_lua_invd, HW_BUG_CACHEWARP},
    {"alias_write", hw_lua_alias_write, HW_BUG_ALIAS},
    {"alias_read", hw_lua_alias_read, HW_BUG_ALIAS},
    {"rmp_write", hw_lua_rmp_write, HW_BUG_RMP_WRITE},
    {"inject_unchecked", hw_lua_inject_unchecked, HW_BUG_INJECT_UNCHECKED},
};

/* A name that hw does not have: of a bug that is not declared, or of none. */
static int hw_index(lua_State *lua)
{
    const char *name = lua_type(lua, 2) == LUA_TSTRING ? lua_tostring(lua, 2) : "";
    for (size_t i = 0; i < G_N_ELEMENTS(hw_functions); i++) {
        if (strcmp(hw_functions[i].name, name) != 0)
            continue;
        unsigned bug = (unsigned)__builtin_ctz((unsigned)hw_functions[i].bug);
        return luaL_error(lua, "hw.%s: the scenario has to declare hardware_bugs = { \"%s\" }",
                          name, hw_bug_name(bug));
    }
    return luaL_error(lua, "hw has no function '%s'", name);
}

void hw_open(lua_State *lua, uint32_t bugs)
{
    if (bugs == 0)
        return;
    lua_newtable(lua);
    for (size_t i = 0; i < G_N_ELEMENTS(hw_functions); i++) {
        if (!(bugs & (uint32_t)hw_functions[i].bug))
            continue;
        lua_pushcfunction(lua, hw_functions[i].function);
        lua_setfield(lua, -2, hw_functions[i].name);
    }
    lua_createtable(lua, 0, 2);
    lua_pushcfunction(lua, hw_index);
    lua_setfield(lua, -2, "__index");
    lua_pushboolean(lua, false);
    lua_setfield(lua, -2, "__metatable");
    lua_setmetatable(lua, -2);
    lua_setglobal(lua, "hw");
}

void hw_read_bugs(lua_State *lua, struct scenario *scenario, const char *field)
{
    char **list = script_strings(lua, -1, field);
    const char *known[HW_BUG_COUNT + 1] = {NULL};
    char wrong[64] = "";
    for (unsigned i = 0; i < HW_BUG_COUNT; i++)
        known[i] = hw_bug_name(i);
    for (char **name = list; *name != NULL && wrong[0] == '\0'; name++) {
        unsigned i = 0;
        while (i < HW_BUG_COUNT && strcmp(*name, known[i]) != 0)
            i++;
        if (i < HW_BUG_COUNT)
            scenario->config.hardware_bugs |= 1u << i;
        else
            g_snprintf(wrong, sizeof(wrong), "'%s'", *name);
    }
    g_strfreev(list);
    if (wrong[0] != '\0')
        script_field_error(lua, field, "%s: there is no bug %s (there are: %s, %s, %s, %s)", field,
                           wrong, known[0], known[1], known[2], known[3]);
}

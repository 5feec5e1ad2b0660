/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The field `expect` of a scenario: what must come, for every monitor or for each variant. */
#include "emu/script_internal.h"

#include <string.h>

#include "emu/run.h"

static const char *const expect_fields[] = {"violates", "holds", "ends", "fault", "console", NULL};
static const char *const fault_fields[] = {"name", "gpa", "vmpl", NULL};

static void rule_names_check(lua_State *lua, char **names, const char *field, bool all_allowed)
{
    size_t count;
    const struct rule_info *rules = rules_list(&count);
    for (; names != NULL && *names != NULL; names++) {
        if (rule_find(*names) != NULL || (all_allowed && strcmp(*names, "all") == 0))
            continue;
        const char **known = lua_newuserdatauv(lua, (count + 1) * sizeof(*known), 0);
        for (size_t i = 0; i < count; i++)
            known[i] = rules[i].name;
        known[count] = NULL;
        const char *nearest = script_nearest(*names, known);
        script_field_error(lua, field,
                           "expect.%s: no invariant or rule '%s'%s%s%s "
                           "(prova list invariants, prova list rules)",
                           field, *names, nearest ? "; did you mean '" : "", nearest ? nearest : "",
                           nearest ? "'?" : "");
    }
}

/* Ends that a scenario can want: not errors, and not the user's will. */
static const enum run_end_reason wanted_ends[] = {
    RUN_END_TERMINATED,  RUN_END_SHUTDOWN,     RUN_END_HALTED,     RUN_END_STUCK,
    RUN_END_INVALID,     RUN_END_STOPPED,      RUN_END_LIMIT_INSNS, RUN_END_LIMIT_EVENTS,
    RUN_END_LIMIT_TIME,  RUN_END_IDLE,         RUN_END_POWERED_OFF, RUN_END_REBOOTED,
    RUN_END_DEBUG_EXIT,  RUN_END_PANIC,
};

/*
 * "terminated:0:0", "debug-exit:0", or a reason's name. A termination's set has 4 bits, its code 8
 * (GHCB 56421 2.3.1); an exit code is a byte.
 */
static bool end_name_known(const char *name)
{
    unsigned set, code;
    int used = 0;
    if (sscanf(name, "terminated:%u:%u%n", &set, &code, &used) == 2 && name[used] == '\0')
        return set <= 0xf && code <= 0xff;
    if (sscanf(name, "debug-exit:%u%n", &code, &used) == 1 && name[used] == '\0')
        return code <= 0xff;
    for (size_t i = 0; i < G_N_ELEMENTS(wanted_ends); i++)
        if (strcmp(name, run_end_reason_name(wanted_ends[i])) == 0)
            return true;
    return false;
}

static void end_names_check(lua_State *lua, char **names)
{
    const char *known[G_N_ELEMENTS(wanted_ends) + 1] = {NULL};
    for (size_t i = 0; i < G_N_ELEMENTS(wanted_ends); i++)
        known[i] = run_end_reason_name(wanted_ends[i]);
    for (; names != NULL && *names != NULL; names++) {
        if (end_name_known(*names))
            continue;
        const char *nearest = script_nearest(*names, known);
        gchar *all = g_strjoinv(", ", (gchar **)known);
        lua_pushstring(lua, all);
        g_free(all);
        script_field_error(lua, "ends",
                           "expect.ends: no end '%s'%s%s%s (ends are: %s, "
                           "terminated:SET:CODE with 0 to 15 and 0 to 255, and debug-exit:CODE)",
                           *names, nearest ? "; did you mean '" : "", nearest ? nearest : "",
                           nearest ? "'?" : "", lua_tostring(lua, -1));
    }
}

static void fault_name_check(lua_State *lua, const char *name)
{
    if (run_fault_name_known(name))
        return;
    enum { KNOWN_MAX = 64 };
    const char *known[KNOWN_MAX] = {NULL};
    size_t count = 0;
    for (const struct run_fault_name *f = run_fault_names(); f->name && count < KNOWN_MAX - 1; f++)
        known[count++] = f->name;
    const char *nearest = script_nearest(name, known);
    gchar *all = g_strjoinv(", ", (gchar **)known);
    lua_pushstring(lua, all);
    g_free(all);
    script_field_error(lua, "fault", "expect.fault: no fault '%s'%s%s%s (faults are: %s)", name,
                       nearest ? "; did you mean '" : "", nearest ? nearest : "",
                       nearest ? "'?" : "", lua_tostring(lua, -1));
}

static struct expect_fault *fault_add(struct expect *expect)
{
    expect->faults = g_renew(struct expect_fault, expect->faults, expect->faults_count + 1);
    struct expect_fault *fault = &expect->faults[expect->faults_count++];
    *fault = (struct expect_fault){.gpa = UINT64_MAX, .vmpl = -1};
    return fault;
}

/* "npf-rmp" or {name = "npf-rmp", gpa = "symbol" or number, vmpl = n} */
static void fault_read(lua_State *lua, int index, struct expect *expect)
{
    index = lua_absindex(lua, index);
    if (lua_type(lua, index) == LUA_TSTRING) {
        fault_name_check(lua, lua_tostring(lua, index));
        fault_add(expect)->name = g_strdup(lua_tostring(lua, index));
        return;
    }
    if (!lua_istable(lua, index))
        script_field_error(lua, "fault",
                           "expect.fault is a %s; it must be a name, {name=, gpa=, vmpl=}, or a "
                           "list of those",
                           luaL_typename(lua, index));
    script_fields_check(lua, index, "expect.fault", fault_fields);
    lua_getfield(lua, index, "name");
    if (lua_type(lua, -1) != LUA_TSTRING)
        script_field_error(lua, "fault", "expect.fault has no name; give it one: name = \"...\"");
    fault_name_check(lua, lua_tostring(lua, -1));
    lua_getfield(lua, index, "gpa");
    if (!lua_isnil(lua, -1) && !lua_isinteger(lua, -1) && lua_type(lua, -1) != LUA_TSTRING)
        script_field_error(lua, "gpa",
                           "expect.fault.gpa is a %s; it must be an address, or the name of a "
                           "symbol (\"vmpck0\", \"guest:main\")",
                           luaL_typename(lua, -1));
    lua_getfield(lua, index, "vmpl");
    if (!lua_isnil(lua, -1) &&
        (!lua_isinteger(lua, -1) || lua_tointeger(lua, -1) < 0 || lua_tointeger(lua, -1) > 3))
        script_field_error(lua, "vmpl", "expect.fault.vmpl must be 0 to 3");
    struct expect_fault *fault = fault_add(expect);
    fault->name = g_strdup(lua_tostring(lua, -3));
    if (lua_isinteger(lua, -2))
        fault->gpa = (uint64_t)lua_tointeger(lua, -2);
    else if (!lua_isnil(lua, -2))
        fault->symbol = g_strdup(lua_tostring(lua, -2));
    if (!lua_isnil(lua, -1))
        fault->vmpl = (int)lua_tointeger(lua, -1);
    lua_pop(lua, 3);
}

static void faults_read(lua_State *lua, int index, struct expect *expect)
{
    index = lua_absindex(lua, index);
    lua_Integer count = lua_istable(lua, index) ? (lua_Integer)lua_rawlen(lua, index) : 0;
    if (count == 0) {
        fault_read(lua, index, expect);
        return;
    }
    for (lua_Integer i = 1; i <= count; i++) {
        lua_rawgeti(lua, index, i);
        fault_read(lua, -1, expect);
        lua_pop(lua, 1);
    }
}

static char **list_read(lua_State *lua, int index, const char *field)
{
    char **list = NULL;
    if (lua_getfield(lua, index, field) != LUA_TNIL)
        list = script_strings(lua, -1, field);
    lua_pop(lua, 1);
    return list;
}

/* One expectation from the table at the index. It is in the scenario's list already, so that an
 * error leaves nothing behind. */
static void one_read(lua_State *lua, int index, struct expect *expect)
{
    index = lua_absindex(lua, index);
    script_fields_check(lua, index, "expect", expect_fields);
    expect->violates = list_read(lua, index, "violates");
    rule_names_check(lua, expect->violates, "violates", false);
    expect->holds = list_read(lua, index, "holds");
    rule_names_check(lua, expect->holds, "holds", true);
    for (char **name = expect->violates; name != NULL && *name != NULL; name++)
        if (expect->holds != NULL && g_strv_contains((const char *const *)expect->holds, *name))
            script_field_error(lua, "holds", "expect: '%s' is in violates and in holds", *name);
    expect->ends = list_read(lua, index, "ends");
    end_names_check(lua, expect->ends);
    expect->console = list_read(lua, index, "console");
    if (lua_getfield(lua, index, "fault") != LUA_TNIL)
        faults_read(lua, -1, expect);
    lua_pop(lua, 1);
}

static struct expect *expect_add(struct scenario *scenario, const char *variant)
{
    scenario->expects = g_renew(struct expect, scenario->expects, scenario->expects_count + 1);
    struct expect *expect = &scenario->expects[scenario->expects_count++];
    *expect = (struct expect){.variant = g_strdup(variant)};
    return expect;
}

/* True if every key names a monitor: no key is a field, every value is a table. */
static bool by_variant(lua_State *lua, int index)
{
    bool any = false, all = true;
    lua_pushnil(lua);
    while (lua_next(lua, index) != 0) {
        bool field = lua_type(lua, -2) != LUA_TSTRING ||
                     g_strv_contains(expect_fields, lua_tostring(lua, -2));
        all &= !field && lua_istable(lua, -1);
        any = true;
        lua_pop(lua, 1);
    }
    return any && all;
}

void expect_read(lua_State *lua, int index, struct scenario *scenario)
{
    index = lua_absindex(lua, index);
    if (!by_variant(lua, index)) {
        one_read(lua, index, expect_add(scenario, NULL));
        return;
    }
    /* In the order of the fixed pairs(), so that the first error is always the same one. */
    lua_getglobal(lua, "next");
    lua_pushnil(lua);
    for (;;) {
        lua_pushvalue(lua, -2);
        lua_pushvalue(lua, index);
        lua_pushvalue(lua, -3);
        lua_call(lua, 2, 2); /* next, key, new key, value */
        if (lua_isnil(lua, -2))
            break;
        one_read(lua, -1, expect_add(scenario, lua_tostring(lua, -2)));
        lua_pop(lua, 1);
        lua_replace(lua, -2);
    }
    lua_pop(lua, 4);
}

static void expect_clear(struct expect *expect)
{
    g_free(expect->variant);
    g_strfreev(expect->violates);
    g_strfreev(expect->holds);
    g_strfreev(expect->ends);
    g_strfreev(expect->console);
    for (size_t i = 0; i < expect->faults_count; i++) {
        g_free(expect->faults[i].name);
        g_free(expect->faults[i].symbol);
    }
    g_free(expect->faults);
}

void expects_clear(struct scenario *scenario)
{
    for (size_t i = 0; i < scenario->expects_count; i++)
        expect_clear(&scenario->expects[i]);
    g_free(scenario->expects);
    scenario->expects = NULL;
    scenario->expects_count = 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scenario{...}: the description of a run, checked field by field. */
#include "emu/script_internal.h"

#include <string.h>

/* The line below `from` on which "field =" stands, or from itself: Lua tables remember no lines. */
static int field_line(const char *text, int from, const char *field)
{
    size_t length = strlen(field);
    int line = 1;
    const char *at = text;
    for (; *at != '\0' && line < from; at++)
        line += *at == '\n';
    for (; *at != '\0'; at++) {
        line += *at == '\n';
        if (strncmp(at, field, length) != 0 ||
            (at > text && (g_ascii_isalnum(at[-1]) || at[-1] == '_')))
            continue;
        const char *after = at + length;
        if (after[0] == '"' || after[0] == '\'')
            after++;
        while (*after == ' ' || *after == '\t' || *after == ']')
            after++;
        if (after[0] == '=' && after[1] != '=')
            return line;
    }
    return from;
}

int script_field_error(lua_State *lua, const char *field, const char *format, ...)
{
    const struct script *script = script_of(lua);
    lua_Debug caller;
    int line = 0;
    const char *path = script->scenario.path;
    /* The Lua function that called scenario{}, whatever C is in between. */
    for (int level = 0; lua_getstack(lua, level, &caller); level++) {
        lua_getinfo(lua, "Sl", &caller);
        if (caller.currentline > 0) {
            line = field_line(script->text, caller.currentline, field);
            path = caller.short_src;
            break;
        }
    }
    va_list arguments;
    va_start(arguments, format);
    gchar *message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    gchar *whole = g_strdup_printf("%s:%d: %s", path, line, message);
    lua_pushstring(lua, whole);
    g_free(message);
    g_free(whole);
    return lua_error(lua);
}

void script_fields_check(lua_State *lua, int index, const char *what, const char *const *names)
{
    index = lua_absindex(lua, index);
    lua_pushnil(lua);
    while (lua_next(lua, index) != 0) {
        lua_pop(lua, 1);
        if (lua_type(lua, -1) != LUA_TSTRING) {
            script_tostring(lua, -1);
            script_field_error(lua, "", "%s has an entry [%s] without a name", what,
                               lua_tostring(lua, -1));
        }
        const char *key = lua_tostring(lua, -1);
        if (g_strv_contains(names, key))
            continue;
        const char *nearest = script_nearest(key, names);
        gchar *all = g_strjoinv(", ", (gchar **)names);
        lua_pushstring(lua, all);
        g_free(all);
        if (nearest != NULL)
            script_field_error(lua, key, "%s has no field '%s'; did you mean '%s'?", what, key,
                               nearest);
        script_field_error(lua, key, "%s has no field '%s' (it has: %s)", what, key,
                           lua_tostring(lua, -1));
    }
}

static const char *check_string(lua_State *lua, const char *field)
{
    if (lua_type(lua, -1) != LUA_TSTRING)
        script_field_error(lua, field, "%s is a %s; it must be a string", field,
                           luaL_typename(lua, -1));
    return lua_tostring(lua, -1);
}

static uint64_t check_count(lua_State *lua, const char *field, uint64_t low, uint64_t high)
{
    int whole = 0;
    lua_Integer value = 0;
    if (lua_type(lua, -1) == LUA_TNUMBER)
        value = lua_tointegerx(lua, -1, &whole);
    if (!whole)
        script_field_error(lua, field, "%s is %s %s; it must be a whole number", field,
                           lua_type(lua, -1) == LUA_TNUMBER ? "not a whole" : "a",
                           luaL_typename(lua, -1));
    if (value < 0 || (uint64_t)value < low || (uint64_t)value > high)
        script_field_error(lua, field,
                           "%s = %" G_GINT64_FORMAT ": it must be %" G_GUINT64_FORMAT
                           " to %" G_GUINT64_FORMAT,
                           field, (gint64)value, (guint64)low, (guint64)high);
    return (uint64_t)value;
}

char **script_strings(lua_State *lua, int index, const char *field)
{
    index = lua_absindex(lua, index);
    GPtrArray *list = NULL;
    if (lua_type(lua, index) == LUA_TSTRING) {
        list = g_ptr_array_new();
        g_ptr_array_add(list, g_strdup(lua_tostring(lua, index)));
    } else if (lua_type(lua, index) == LUA_TTABLE) {
        lua_Integer count = (lua_Integer)lua_rawlen(lua, index);
        for (lua_Integer i = 1; i <= count; i++) {
            if (lua_rawgeti(lua, index, i) != LUA_TSTRING)
                script_field_error(lua, field, "%s: entry %d is a %s; it must be a string", field,
                                   (int)i, luaL_typename(lua, -1));
            lua_pop(lua, 1);
        }
        list = g_ptr_array_new();
        for (lua_Integer i = 1; i <= count; i++) {
            lua_rawgeti(lua, index, i);
            g_ptr_array_add(list, g_strdup(lua_tostring(lua, -1)));
            lua_pop(lua, 1);
        }
    } else {
        script_field_error(lua, field, "%s is a %s; it must be a string or a list of strings",
                           field, luaL_typename(lua, index));
    }
    g_ptr_array_add(list, NULL);
    return (char **)g_ptr_array_free(list, FALSE);
}

static void read_title(lua_State *lua, struct scenario *scenario, const char *field)
{
    const char *title = check_string(lua, field);
    size_t length = lua_rawlen(lua, -1);
    for (size_t i = 0; i < length; i++)
        if (g_ascii_iscntrl(title[i]))
            script_field_error(lua, field, "title must be one line of text");
    scenario->title = g_utf8_make_valid(title, (gssize)length);
}

static void read_source(lua_State *lua, struct scenario *scenario, const char *field)
{
    scenario->source = g_strdup(check_string(lua, field));
}

static void read_monitor(lua_State *lua, struct scenario *scenario, const char *field)
{
    scenario->monitor = g_strdup(check_string(lua, field));
}

static void read_guest(lua_State *lua, struct scenario *scenario, const char *field)
{
    scenario->guest = g_strdup(check_string(lua, field));
}

static void read_kernel(lua_State *lua, struct scenario *scenario, const char *field)
{
    scenario->kernel = g_strdup(check_string(lua, field));
}

static void read_initrd(lua_State *lua, struct scenario *scenario, const char *field)
{
    scenario->initrd = g_strdup(check_string(lua, field));
}

static void read_cmdline(lua_State *lua, struct scenario *scenario, const char *field)
{
    scenario->cmdline = g_strdup(check_string(lua, field));
}

static void read_append(lua_State *lua, struct scenario *scenario, const char *field)
{
    scenario->append = g_strdup(check_string(lua, field));
}

static void read_entry(lua_State *lua, struct scenario *scenario, const char *field)
{
    const char *name = check_string(lua, field);
    if (!linux_entry_parse(name, &scenario->config.linux_entry))
        script_field_error(lua, field, "entry = \"%s\": it must be \"vmlinux\" or \"bzimage\"",
                           name);
}

static void read_starts(lua_State *lua, struct scenario *scenario, const char *field)
{
    const char *text = check_string(lua, field);
    if (text[0] == '\0' || strlen(text) != lua_rawlen(lua, -1))
        script_field_error(lua, field, "starts must be a text without zero bytes, and not empty");
    scenario->starts = g_strdup(text);
}

static void read_cpus(lua_State *lua, struct scenario *scenario, const char *field)
{
    scenario->config.cpus = (uint32_t)check_count(lua, field, 1, MACHINE_CPUS_MAX);
    scenario->fields |= SCENARIO_CPUS;
}

static void read_memory(lua_State *lua, struct scenario *scenario, const char *field)
{
    uint64_t bytes = 0;
    if (lua_type(lua, -1) == LUA_TNUMBER)
        bytes = check_count(lua, field, 0, INT64_MAX);
    else if (!script_parse_size(check_string(lua, field), &bytes))
        script_field_error(lua, field, "memory = \"%s\": it must be a size such as \"64M\"",
                           lua_tostring(lua, -1));
    scenario->config.memory_bytes = bytes;
    scenario->fields |= SCENARIO_MEMORY;
}

static void read_seed(lua_State *lua, struct scenario *scenario, const char *field)
{
    scenario->config.seed = check_count(lua, field, 0, INT64_MAX);
    scenario->fields |= SCENARIO_SEED;
}

static void read_guest_vmpl(lua_State *lua, struct scenario *scenario, const char *field)
{
    scenario->config.guest_vmpl = (uint8_t)check_count(lua, field, 1, VMPL_COUNT - 1);
    scenario->fields |= SCENARIO_GUEST_VMPL;
}

static void read_sev_features(lua_State *lua, struct scenario *scenario, const char *field)
{
    scenario->config.sev_features = check_count(lua, field, 0, INT64_MAX);
}

static void read_restricted_injection(lua_State *lua, struct scenario *scenario, const char *field)
{
    if (!lua_isboolean(lua, -1))
        script_field_error(lua, field, "%s is a %s; it must be true or false", field,
                           luaL_typename(lua, -1));
    scenario->config.sev_features &= ~SEV_FEATURE_RESTRICTED_INJECTION;
    if (lua_toboolean(lua, -1))
        scenario->config.sev_features |= SEV_FEATURE_RESTRICTED_INJECTION;
}

static void read_guest_injection(lua_State *lua, struct scenario *scenario, const char *field)
{
    const char *word = check_string(lua, field);
    if (strcmp(word, "normal") == 0)
        scenario->config.guest_sev_features = SEV_FEATURE_SNP_ACTIVE;
    else if (strcmp(word, "as-monitor") == 0)
        scenario->config.guest_sev_features = 0;
    else
        script_field_error(lua, field, "%s = \"%s\": it must be \"normal\" or \"as-monitor\"",
                           field, word);
}

static void read_slice(lua_State *lua, struct scenario *scenario, const char *field)
{
    scenario->config.slice_insns = check_count(lua, field, 1, INT64_MAX);
}

static void read_limit_insns(lua_State *lua, struct scenario *scenario, const char *field)
{
    scenario->config.limit_insns = check_count(lua, field, 1, INT64_MAX);
}

static void read_limit_events(lua_State *lua, struct scenario *scenario, const char *field)
{
    scenario->config.limit_events = check_count(lua, field, 1, INT64_MAX);
}

static void read_limit_time(lua_State *lua, struct scenario *scenario, const char *field)
{
    scenario->config.limit_time_cycles = check_count(lua, field, 1, INT64_MAX);
}

static void read_setting(lua_State *lua, struct scenario *scenario, const char *field)
{
    GError *error = NULL;
    const char *value = check_string(lua, field);
    if (script_setting_set(&scenario->config, field, value, &error))
        return;
    lua_pushstring(lua, error->message);
    g_error_free(error);
    script_field_error(lua, field, "%s", lua_tostring(lua, -1));
}

static void read_secrets(lua_State *lua, struct scenario *scenario, const char *field)
{
    scenario->secrets = script_strings(lua, -1, field);
}

static void read_expect(lua_State *lua, struct scenario *scenario, const char *field)
{
    if (!lua_istable(lua, -1))
        script_field_error(lua, field, "expect is a %s; it must be a table",
                           luaL_typename(lua, -1));
    scenario->fields |= SCENARIO_EXPECT;
    expect_read(lua, -1, scenario);
}

struct field {
    const char *name;
    void (*read)(lua_State *lua, struct scenario *scenario, const char *field);
};

static const struct field fields[] = {
    {"title", read_title},
    {"source", read_source},
    {"monitor", read_monitor},
    {"guest", read_guest},
    {"kernel", read_kernel},
    {"initrd", read_initrd},
    {"cmdline", read_cmdline},
    {"append", read_append},
    {"entry", read_entry},
    {"starts", read_starts},
    {"cpus", read_cpus},
    {"memory", read_memory},
    {"seed", read_seed},
    {"guest_vmpl", read_guest_vmpl},
    {"sev_features", read_sev_features},
    {"restricted_injection", read_restricted_injection}, /* after the number it is a bit of */
    {"guest_injection", read_guest_injection},
    {"schedule", read_setting},
    {"tlb_mode", read_setting},
    {"pval_vmpl", read_setting},
    {"pval_c0", read_setting},
    {"pval_npt", read_setting},
    {"inuse_write", read_setting},
    {"memory_map", launch_read_map},
    {"apic_ids", launch_read_apic_ids},
    {"cpuid", launch_read_cpuid},
    {"launch", launch_read_launch},
    {"hardware_bugs", hw_read_bugs},
    {"slice_insns", read_slice},
    {"limit_insns", read_limit_insns},
    {"limit_events", read_limit_events},
    {"limit_time", read_limit_time},
    {"secrets", read_secrets},
    {"expect", read_expect},
};
static const size_t fields_count = G_N_ELEMENTS(fields);

/* scenario{...}: once, at the top level; the file goes on when the machine is there. */
static int config_scenario(lua_State *lua)
{
    struct script *script = script_of(lua);
    if (lua != script->chunk)
        return luaL_error(lua, "scenario{...} belongs at the top level of the file");
    if (script->scenario_given)
        return luaL_error(lua, "scenario{...} is given twice; a file describes one scenario");
    luaL_checktype(lua, 1, LUA_TTABLE);
    const char *names[G_N_ELEMENTS(fields) + 1] = {NULL};
    for (size_t i = 0; i < fields_count; i++)
        names[i] = fields[i].name;
    script_fields_check(lua, 1, "scenario", names);
    struct scenario *scenario = &script->scenario;
    for (size_t i = 0; i < fields_count; i++) {
        lua_pushstring(lua, fields[i].name);
        if (lua_rawget(lua, 1) != LUA_TNIL)
            fields[i].read(lua, scenario, fields[i].name);
        lua_pop(lua, 1);
    }
    if (scenario->title == NULL)
        return script_field_error(lua, "", "scenario has no title; give it one: title = \"...\"");
    script->scenario_given = true;
    hw_open(lua, scenario->config.hardware_bugs);
    return lua_yield(lua, 0);
}

void scenario_clear(struct scenario *scenario)
{
    g_free(scenario->path);
    g_free(scenario->title);
    g_free(scenario->source);
    g_free(scenario->monitor);
    g_free(scenario->guest);
    g_free(scenario->kernel);
    g_free(scenario->initrd);
    g_free(scenario->cmdline);
    g_free(scenario->append);
    g_free(scenario->starts);
    g_strfreev(scenario->secrets);
    expects_clear(scenario);
}

void config_open(lua_State *lua)
{
    lua_pushcfunction(lua, config_scenario);
    lua_setglobal(lua, "scenario");
}

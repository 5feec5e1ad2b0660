/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The life of a script: opened, run up to scenario{...}, attached to a machine, closed. */
#include "emu/script_internal.h"

#include <string.h>

static enum emu_error error_code(const struct script *script)
{
    return script_limit_reached(script) ? EMU_ERROR_LIMIT : EMU_ERROR_INPUT;
}

bool script_limit_reached(const struct script *script)
{
    return script->stop == SCRIPT_STOP_INSNS || script->stop == SCRIPT_STOP_MEMORY;
}

const char *script_language(void)
{
    return LUA_RELEASE;
}

uint64_t script_insns_used(const struct script *script)
{
    return script->insns_used;
}

/* The line that a thread which died was on, innermost Lua function first; 0 if unknown. */
static int thread_line(lua_State *thread)
{
    lua_Debug activation;
    for (int level = 0; lua_getstack(thread, level, &activation); level++)
        if (lua_getinfo(thread, "l", &activation) && activation.currentline > 0)
            return activation.currentline;
    return 0;
}

char *script_error_text(struct script *script, lua_State *lua, int status)
{
    if (status == LUA_ERRMEM && script->stop == SCRIPT_STOP_NONE)
        script->stop = SCRIPT_STOP_MEMORY;
    const char *path = script->scenario.path;
    if (script->stop == SCRIPT_STOP_MEMORY) {
        int line = thread_line(lua);
        GString *where = g_string_new(path);
        if (line > 0)
            g_string_append_printf(where, ":%d", line);
        g_string_append_printf(where, ": memory limit of the script reached: it may use %zu MiB",
                               script->limits.memory_bytes >> 20);
        return g_string_free(where, FALSE);
    }
    if (lua_type(lua, -1) != LUA_TSTRING) /* lua_tostring() on a number might need memory */
        return g_strdup_printf("%s: error(%s)", path, luaL_typename(lua, -1));
    const char *text = lua_tostring(lua, -1);
    if (script->stop == SCRIPT_STOP_INSNS)
        return g_strdup_printf("%s: it may execute %" G_GUINT64_FORMAT
                               " Lua instructions in a run; is there a loop without an end?",
                               text, (guint64)script->limits.insns);
    /* Lua abbreviates a long path with dots; an error without a position still names the file. */
    if (!g_str_has_prefix(text, path) && !g_str_has_prefix(text, "..."))
        return g_strdup_printf("%s: %s", path, text);
    return g_strdup(text);
}

static void thread_error(struct script *script, lua_State *thread, int status, GError **error)
{
    char *text = script->stop == SCRIPT_STOP_INTERRUPTED
                     ? g_strdup("interrupted")
                     : script_error_text(script, thread, status);
    g_set_error_literal(error, EMU_ERROR, (gint)error_code(script), text);
    g_free(text);
}

/* Argument: the script. Makes the chunk's thread and loads the text into it. */
static int chunk_load(lua_State *lua)
{
    struct script *script = lua_touserdata(lua, 1);
    script->chunk = lua_newthread(lua);
    luaL_ref(lua, LUA_REGISTRYINDEX);
    lua_pushfstring(lua, "@%s", script->scenario.path);
    int status = luaL_loadbufferx(script->chunk, script->text, strlen(script->text),
                                  lua_tostring(lua, -1), "t");
    if (status != LUA_OK) {
        if (status == LUA_ERRMEM)
            script->stop = SCRIPT_STOP_MEMORY;
        lua_xmove(script->chunk, lua, 1);
        return lua_error(lua);
    }
    return 0;
}

static bool protected_call(struct script *script, lua_CFunction function, GError **error)
{
    lua_pushcfunction(script->lua, function);
    lua_pushlightuserdata(script->lua, script);
    int status = lua_pcall(script->lua, 1, 0, 0);
    if (status == LUA_OK)
        return true;
    thread_error(script, script->lua, status, error);
    lua_settop(script->lua, 0);
    return false;
}

/* Runs the top level on: to scenario{...} if that is still to come, else to its end. */
static bool chunk_resume(struct script *script, GError **error)
{
    int results = 0;
    bool was_given = script->scenario_given;
    int status = lua_resume(script->chunk, NULL, 0, &results);
    if (status == LUA_YIELD && script->scenario_given && !was_given) {
        lua_pop(script->chunk, results);
        return true;
    }
    if (status == LUA_YIELD) {
        g_set_error(error, EMU_ERROR, EMU_ERROR_INPUT,
                    "%s: coroutine.yield() at the top level of the file", script->scenario.path);
        return false;
    }
    if (status != LUA_OK &&
        script->stop == SCRIPT_STOP_ENDED) /* hv.stop(): an end like any other */
        return true;
    if (status != LUA_OK) {
        thread_error(script, script->chunk, status, error);
        return false;
    }
    if (!script->scenario_given) {
        g_set_error(error, EMU_ERROR, EMU_ERROR_INPUT,
                    "%s: there is no scenario{...}; every scenario starts with one",
                    script->scenario.path);
        return false;
    }
    return true;
}

static bool text_check(const char *path, const char *text, size_t bytes, GError **error)
{
    if (bytes > SCRIPT_FILE_BYTES_MAX) {
        g_set_error(error, EMU_ERROR, EMU_ERROR_INPUT,
                    "%s: %zu bytes are too many for a scenario (at most %d)", path, bytes,
                    SCRIPT_FILE_BYTES_MAX);
        return false;
    }
    if (memchr(text, '\0', bytes) != NULL || (bytes > 0 && text[0] == LUA_SIGNATURE[0])) {
        g_set_error(error, EMU_ERROR, EMU_ERROR_INPUT,
                    "%s: this is not a text file; a scenario is Lua source", path);
        return false;
    }
    return true;
}

struct script *script_open(const char *path, const char *text, size_t bytes,
                           const struct script_limits *limits, script_log_fn *log, void *log_user,
                           GError **error)
{
    if (!text_check(path, text, bytes, error))
        return NULL;
    struct script *script = g_new0(struct script, 1);
    script->scenario.path = g_strdup(path);
    script->scenario.config = machine_config_default();
    script->text = g_strndup(text, bytes);
    script->log = log;
    script->log_user = log_user;
    script->limits.insns = limits && limits->insns ? limits->insns : SCRIPT_INSNS_DEFAULT;
    script->limits.memory_bytes =
        limits && limits->memory_bytes ? limits->memory_bytes : SCRIPT_MEMORY_DEFAULT;
    script->triggers = g_new0(struct script_trigger, SCRIPT_TRIGGERS_MAX);
    script->lua = lua_newstate(guard_alloc, script);
    if (script->lua == NULL) {
        g_set_error(error, EMU_ERROR, EMU_ERROR_LIMIT, "%s: no memory for a script", path);
        script_free(script);
        return NULL;
    }
    *(struct script **)lua_getextraspace(script->lua) = script;
    guard_install(script->lua);
    if (!protected_call(script, script_sandbox_open, error) ||
        !protected_call(script, chunk_load, error) || !chunk_resume(script, error)) {
        script_free(script);
        return NULL;
    }
    return script;
}

void script_free(struct script *script)
{
    if (script == NULL)
        return;
    if (script->lua != NULL)
        lua_close(script->lua);
    scenario_clear(&script->scenario);
    g_free(script->triggers);
    g_free(script->text);
    g_free(script);
}

const struct scenario *script_scenario(const struct script *script)
{
    return &script->scenario;
}

void script_events_limit_set(struct script *script, uint64_t limit_events)
{
    script->limit_events = limit_events;
}

bool script_attach(struct script *script, struct machine *machine, uint64_t seed,
                   const volatile int *interrupted, GError **error)
{
    script->machine = machine;
    script->interrupted = interrupted;
    /* Not the seed itself: the schedule draws from that one. */
    script->random_state = seed ^ UINT64_C(0x736372697074); /* "script" */
    if (!chunk_resume(script, error))
        return false;
    if (script->triggers_unbound > 0) {
        char *line = script->unbound_line > 0 ? g_strdup_printf(":%d", script->unbound_line) : NULL;
        g_set_error(error, EMU_ERROR, EMU_ERROR_INPUT,
                    "%s%s: at{...} has no function: write at{...}(function (cpu, operation) ... "
                    "end)",
                    script->scenario.path, line ? line : "");
        g_free(line);
        return false;
    }
    if (machine != NULL)
        script_program_set(script);
    return true;
}

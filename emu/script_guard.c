/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Limits of a script. Instructions are counted by the count hook, which every coroutine inherits;
 * what runs inside C (allocation, string and table functions, resumes) is paid for in advance by
 * script_charge(). A limit that was hit stays hit: every function that could catch its error raises
 * it again.
 */
#include "emu/script_internal.h"

#include <stdlib.h>
#include <string.h>

struct script *script_of(lua_State *lua)
{
    return *(struct script **)lua_getextraspace(lua);
}

/*
 * Lua asks twice: after the first refusal it collects garbage and tries again. A second refusal in
 * a row therefore means that what is alive does not fit.
 */
static void *alloc_refuse(struct script *script)
{
    if (script->memory_refused && script->stop == SCRIPT_STOP_NONE)
        script->stop = SCRIPT_STOP_MEMORY;
    script->memory_refused = true;
    return NULL;
}

void *guard_alloc(void *user, void *block, size_t old_bytes, size_t new_bytes)
{
    struct script *script = user;
    if (block == NULL)
        old_bytes = 0; /* then it is the type of the object */
    if (new_bytes == 0) {
        script->memory_used -= old_bytes;
        free(block);
        return NULL;
    }
    if (new_bytes > old_bytes) {
        size_t more = new_bytes - old_bytes;
        if (more > script->limits.memory_bytes - script->memory_used)
            return alloc_refuse(script);
        script->insns_used += new_bytes / SCRIPT_BYTES_PER_INSN;
    }
    void *grown = realloc(block, new_bytes);
    if (grown == NULL)
        return new_bytes <= old_bytes ? block : alloc_refuse(script);
    script->memory_used += new_bytes;
    script->memory_used -= old_bytes;
    if (new_bytes > old_bytes)
        script->memory_refused = false;
    return grown;
}

static const char *stop_text(enum script_stop stop)
{
    switch (stop) {
    case SCRIPT_STOP_INSNS: return "instruction limit of the script reached";
    case SCRIPT_STOP_MEMORY: return "memory limit of the script reached";
    case SCRIPT_STOP_INTERRUPTED: return "interrupted";
    case SCRIPT_STOP_NONE:
    case SCRIPT_STOP_ENDED: break;
    }
    return "the run has ended";
}

int script_stop_raise(lua_State *lua, enum script_stop stop)
{
    struct script *script = script_of(lua);
    if (script->stop == SCRIPT_STOP_NONE)
        script->stop = stop;
    /* The innermost Lua function, whatever C was called in between. */
    lua_Debug caller;
    lua_pushstring(lua, "");
    for (int level = 0; lua_getstack(lua, level, &caller); level++) {
        lua_getinfo(lua, "Sl", &caller);
        if (caller.currentline <= 0)
            continue;
        lua_pushfstring(lua, "%s:%d: ", caller.short_src, caller.currentline);
        lua_replace(lua, -2);
        break;
    }
    lua_pushstring(lua, stop_text(script->stop));
    lua_concat(lua, 2);
    return lua_error(lua);
}

void script_charge(lua_State *lua, uint64_t insns)
{
    struct script *script = script_of(lua);
    if (script->interrupted != NULL && *script->interrupted)
        script_stop_raise(lua, SCRIPT_STOP_INTERRUPTED);
    if (insns > script->limits.insns || script->insns_used > script->limits.insns - insns)
        script_stop_raise(lua, SCRIPT_STOP_INSNS);
    script->insns_used += insns;
    if (script->stop != SCRIPT_STOP_NONE)
        script_stop_raise(lua, script->stop);
}

static void count_hook(lua_State *lua, lua_Debug *activation)
{
    (void)activation;
    script_charge(lua, SCRIPT_HOOK_INSNS);
}

void guard_install(lua_State *lua)
{
    lua_sethook(lua, count_hook, LUA_MASKCOUNT, SCRIPT_HOOK_INSNS);
}

/* Raises the error at the top of the stack again if it is one that nobody may catch. */
static void uncatchable_raise(lua_State *lua, int status)
{
    struct script *script = script_of(lua);
    if (status == LUA_ERRMEM && script->stop == SCRIPT_STOP_NONE)
        script->stop = SCRIPT_STOP_MEMORY;
    if (script->stop != SCRIPT_STOP_NONE)
        lua_error(lua);
}

/* Results of a protected call are above the stack slots that context counts. */
static int protected_end(lua_State *lua, int status, lua_KContext context)
{
    if (status == LUA_OK || status == LUA_YIELD)
        return lua_gettop(lua) - (int)context;
    uncatchable_raise(lua, status);
    lua_pushboolean(lua, false);
    lua_insert(lua, -2);
    return 2;
}

/* pcall(f, ...) */
static int guard_pcall(lua_State *lua)
{
    luaL_checkany(lua, 1);
    lua_pushboolean(lua, true);
    lua_insert(lua, 1);
    int status = lua_pcallk(lua, lua_gettop(lua) - 2, LUA_MULTRET, 0, 0, protected_end);
    return protected_end(lua, status, 0);
}

/*
 * A message handler is called where the error is raised. Raised by the count hook, that is inside
 * the hook, where nothing counts: then the script's handler (upvalue 1) must not run.
 */
static int message_handle(lua_State *lua)
{
    if (script_of(lua)->stop != SCRIPT_STOP_NONE)
        return 1;
    lua_pushvalue(lua, lua_upvalueindex(1));
    lua_insert(lua, 1);
    lua_call(lua, lua_gettop(lua) - 1, 1);
    return 1;
}

/* xpcall(f, handler, ...) */
static int guard_xpcall(lua_State *lua)
{
    luaL_checktype(lua, 2, LUA_TFUNCTION);
    int arguments = lua_gettop(lua) - 2;
    lua_pushvalue(lua, 2);
    lua_pushcclosure(lua, message_handle, 1);
    lua_insert(lua, 1); /* handler, f, script's handler, ... */
    lua_pushboolean(lua, true);
    lua_replace(lua, 3); /* handler, f, true, ... */
    lua_pushvalue(lua, 2);
    lua_insert(lua, 4); /* handler, f, true, f, ... */
    int status = lua_pcallk(lua, arguments, LUA_MULTRET, 1, 2, protected_end);
    return protected_end(lua, status, 2);
}

/* An error of a library function that was called from C lacks the line and the name. */
static void library_error_complete(lua_State *lua)
{
    static const char unnamed[] = "'?'";
    if (lua_type(lua, -1) != LUA_TSTRING)
        return;
    lua_Debug caller;
    if (!lua_getstack(lua, 1, &caller) || !lua_getinfo(lua, "Sl", &caller) ||
        caller.currentline <= 0)
        return;
    const char *text = lua_tostring(lua, -1);
    if (g_str_has_prefix(text, caller.short_src))
        return;
    luaL_where(lua, 1);
    const char *hole = strstr(text, unnamed);
    if (hole != NULL) {
        lua_pushlstring(lua, text, (size_t)(hole - text) + 1);
        lua_pushvalue(lua, lua_upvalueindex(2));
        lua_pushstring(lua, hole + 2);
        lua_concat(lua, 4);
    } else {
        lua_pushstring(lua, text);
        lua_concat(lua, 2);
    }
}

int script_library_call(lua_State *lua)
{
    lua_pushvalue(lua, lua_upvalueindex(1));
    lua_insert(lua, 1);
    int status = lua_pcall(lua, lua_gettop(lua) - 1, LUA_MULTRET, 0);
    if (status == LUA_OK)
        return lua_gettop(lua);
    uncatchable_raise(lua, status);
    library_error_complete(lua);
    return lua_error(lua);
}

void script_library_wrap(lua_State *lua, const char *name, lua_CFunction wrapper)
{
    lua_getfield(lua, -1, name);
    lua_pushstring(lua, name);
    lua_pushcclosure(lua, wrapper, 2);
    lua_setfield(lua, -2, name);
}

/* The threads that the scheduler resumes are not the script's to resume or close. */
static void thread_check(lua_State *lua, int index)
{
    const struct script *script = script_of(lua);
    lua_State *thread = lua_tothread(lua, index);
    bool own = thread != NULL && (thread == script->lua || thread == script->chunk);
    for (uint32_t i = 0; i < MACHINE_CPUS_MAX; i++)
        own |= thread != NULL && thread == script->cpu[i].co;
    luaL_argcheck(lua, !own, index, "a processor's own coroutine cannot be resumed or closed");
}

static int thread_call(lua_State *lua)
{
    script_charge(lua, SCRIPT_HOOK_INSNS);
    int results = script_library_call(lua);
    struct script *script = script_of(lua);
    return script->stop == SCRIPT_STOP_NONE ? results : script_stop_raise(lua, script->stop);
}

static int thread_checked_call(lua_State *lua)
{
    thread_check(lua, 1);
    return thread_call(lua);
}

/*
 * The function that wrap() returns; upvalue 1: the coroutine. Not the library's, which would close
 * a coroutine that died in the count hook, where nothing counts.
 */
static int wrapped_resume(lua_State *lua)
{
    lua_State *co = lua_tothread(lua, lua_upvalueindex(1));
    int count = lua_gettop(lua);
    script_charge(lua, SCRIPT_HOOK_INSNS);
    if (lua_status(co) == LUA_OK && lua_gettop(co) == 0)
        return luaL_error(lua, "cannot resume dead coroutine");
    if (!lua_checkstack(co, count + 1))
        return luaL_error(lua, "too many arguments to resume");
    lua_xmove(lua, co, count);
    int status = lua_resume(co, lua, count, &count);
    if (status == LUA_OK || status == LUA_YIELD) {
        luaL_checkstack(lua, count + 1, "too many results to resume");
        lua_xmove(co, lua, count);
        return count;
    }
    if (status == LUA_ERRMEM && script_of(lua)->stop == SCRIPT_STOP_NONE)
        script_of(lua)->stop = SCRIPT_STOP_MEMORY;
    if (script_of(lua)->stop == SCRIPT_STOP_NONE)
        lua_resetthread(co); /* closes its variables */
    lua_xmove(co, lua, 1);
    return lua_error(lua);
}

static int thread_wrap(lua_State *lua)
{
    luaL_checktype(lua, 1, LUA_TFUNCTION);
    script_charge(lua, SCRIPT_HOOK_INSNS);
    lua_State *co = lua_newthread(lua);
    lua_pushvalue(lua, 1);
    lua_xmove(lua, co, 1);
    lua_pushcclosure(lua, wrapped_resume, 1);
    return 1;
}

void guard_open(lua_State *lua)
{
    lua_pushcfunction(lua, guard_pcall);
    lua_setglobal(lua, "pcall");
    lua_pushcfunction(lua, guard_xpcall);
    lua_setglobal(lua, "xpcall");
    luaL_requiref(lua, LUA_COLIBNAME, luaopen_coroutine, 1);
    script_library_wrap(lua, "create", thread_call);
    script_library_wrap(lua, "resume", thread_checked_call);
    script_library_wrap(lua, "close", thread_checked_call);
    lua_pushcfunction(lua, thread_wrap);
    lua_setfield(lua, -2, "wrap");
    lua_pop(lua, 1);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers made by hand, and pages that are put back as they were. */
#include "emu/script_internal.h"

#include <string.h>

static const char *const answer_fields[] = {"info1", "info2", "rax", "rbx", "rcx",
                                            "rdx",   "msr",   "invalid", NULL};
/* The first of them, in the order of enum honest_field. */
static const char *const invalid_fields[] = {"info1", "info2", "rax", "rbx", "rcx", "rdx", NULL};
_Static_assert(G_N_ELEMENTS(invalid_fields) == HONEST_FIELD_COUNT + 1, "one name a field");

/* invalid = { "rax", ... } of the table at index 2 */
static uint32_t invalid_read(lua_State *lua)
{
    uint32_t invalid = 0;
    if (lua_getfield(lua, 2, "invalid") == LUA_TNIL)
        return 0;
    if (!lua_istable(lua, -1))
        luaL_error(lua, "hv.answer: invalid is a %s; it must be a list of names",
                   luaL_typename(lua, -1));
    lua_Integer count = (lua_Integer)lua_rawlen(lua, -1);
    for (lua_Integer i = 1; i <= count; i++) {
        lua_rawgeti(lua, -1, i);
        invalid |= 1u << script_name_find(lua, -1, "the list of what is invalid", invalid_fields);
        lua_pop(lua, 1);
    }
    return invalid;
}

static bool value_read(lua_State *lua, const char *name, uint64_t *value)
{
    if (lua_getfield(lua, 2, name) == LUA_TNIL)
        return false;
    int whole;
    *value = (uint64_t)lua_tointegerx(lua, -1, &whole);
    if (lua_type(lua, -1) != LUA_TNUMBER || !whole)
        luaL_error(lua, "hv.answer: %s is a %s; it must be a whole number", name,
                   luaL_typename(lua, -1));
    return true;
}

/* answer(exit, {info1=, info2=, rax=, rbx=, rcx=, rdx=, msr=, invalid={...}}) -> "ok" */
static int hv_lua_answer(lua_State *lua)
{
    struct machine *machine = script_machine(lua);
    struct script_cpu *cpu = script_exit_answer(lua, 1);
    luaL_checktype(lua, 2, LUA_TTABLE);
    script_fields_check(lua, 2, "hv.answer", answer_fields);
    luaL_argcheck(lua, cpu->exit.code == SVM_EXIT_VMGEXIT, 1, "only a VMGEXIT has an answer");
    bool page = cpu->exit.page_protocol && cpu->exit.kind != HV_EXIT_BAD_GHCB;
    struct honest_answer answer = {.invalid = invalid_read(lua)};
    for (int field = 0; field < HONEST_FIELD_COUNT; field++)
        if (value_read(lua, answer_fields[field], &answer.value[field]))
            answer.given |= 1u << field;
    answer.msr_given = value_read(lua, "msr", &answer.msr);
    if (!page && (answer.given | answer.invalid) != 0)
        return luaL_error(lua, "hv.answer: this exit has no GHCB page; its answer is msr = ...");
    if (page) /* an answer has both: what is not given is 0, which is success */
        answer.given |= 1u << HONEST_INFO1 | 1u << HONEST_INFO2;
    cpu->exit_answered = true;
    enum hv_status status = honest_answer(machine, &cpu->exit, &answer);
    lua_pushstring(lua, status == HV_OK ? "ok" : "rmp-fault");
    return 1;
}

static uint64_t page_arg(lua_State *lua, int index)
{
    uint64_t spa = script_arg_address(lua, index, "spa");
    luaL_argcheck(lua, (spa & PAGE_MASK) == 0, index, "the address of a page of 4 KiB");
    return spa;
}

/* save(spa) -> the page's DRAM bytes */
static int hv_lua_save(lua_State *lua)
{
    struct machine *machine = script_machine(lua);
    uint64_t spa = page_arg(lua, 1);
    char page[PAGE_BYTES];
    script_charge(lua, PAGE_BYTES / 4);
    if (hv_read(machine, spa, page, sizeof(page)) != HV_OK)
        return luaL_error(lua, "hv.save: there is no memory");
    lua_pushlstring(lua, page, sizeof(page));
    return 1;
}

/* restore(spa, saved) -> name, code of the RMPUPDATE that failed or was the last */
static int hv_lua_restore(lua_State *lua)
{
    struct machine *machine = script_machine(lua);
    uint64_t spa = page_arg(lua, 1);
    size_t bytes;
    const char *saved = luaL_checklstring(lua, 2, &bytes);
    luaL_argcheck(lua, bytes == PAGE_BYTES, 2, "what hv.save() returned: 4096 bytes");
    script_charge(lua, PAGE_BYTES / 4);
    struct rmp_operand entry = {0};
    const struct rmp_operand hypervisor = {0};
    enum rmp_rc rc = hv_rmpread(machine, spa, &entry);
    if (rc == RMP_RC_SUCCESS && entry.assigned)
        rc = hv_rmpupdate(machine, spa, &hypervisor);
    if (rc == RMP_RC_SUCCESS && hv_write(machine, spa, saved, bytes) != HV_OK)
        return luaL_error(lua, "hv.restore: there is no memory");
    if (rc == RMP_RC_SUCCESS && entry.assigned)
        rc = hv_rmpupdate(machine, spa, &entry);
    lua_pushstring(lua, rmp_rc_name(rc));
    lua_pushinteger(lua, rc);
    return 2;
}

/* dbg_decrypt(spa) -> plaintext, or nil and the status of the mailbox */
static int hv_lua_dbg_decrypt(lua_State *lua)
{
    struct script *script = script_of(lua);
    struct machine *machine = script_machine(lua);
    uint64_t spa = page_arg(lua, 1);
    char page[PAGE_BYTES];
    script_charge(lua, PAGE_BYTES / 4);
    if (script->debug_spa == 0 && hv_page_alloc(machine, PAGE_4K, &script->debug_spa) != HV_OK)
        return luaL_error(lua, "hv.dbg_decrypt: no page is left for the plaintext");
    uint32_t status = hv_dbg_decrypt(machine, spa, script->debug_spa);
    if (status != 0 || hv_read(machine, script->debug_spa, page, sizeof(page)) != HV_OK) {
        lua_pushnil(lua);
        lua_pushinteger(lua, status);
        return 2;
    }
    lua_pushlstring(lua, page, sizeof(page));
    return 1;
}

void answer_open(lua_State *lua)
{
    static const luaL_Reg functions[] = {
        {"answer", hv_lua_answer},
        {"dbg_decrypt", hv_lua_dbg_decrypt},
        {"restore", hv_lua_restore},
        {"save", hv_lua_save},
        {NULL, NULL},
    };
    luaL_setfuncs(lua, functions, 0);
}

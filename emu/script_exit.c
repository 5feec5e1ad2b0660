/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a script sees of an exit and of a VMCB: objects whose fields are read (and, of a VMCB,
 * written) by name. A misspelt name is an error, not nil.
 */
#include "emu/script_internal.h"

#include <string.h>

static const char exit_type[] = "exit", vmcb_type[] = "vmcb";

struct script_exit {
    uint32_t cpu;
    uint64_t serial;
    struct hv_exit exit;
};

enum exit_field {
    FIELD_CPU,
    FIELD_VMPL,
    FIELD_VMSA,
    FIELD_KIND,
    FIELD_CODE,
    FIELD_INFO1,
    FIELD_INFO2,
    FIELD_GPA,
    FIELD_SPA,
    FIELD_GHCB_MSR,
    FIELD_PAGE_PROTOCOL,
    FIELD_GHCB_GPA,
    FIELD_GHCB_SPA,
    FIELD_NAE,
    FIELD_NAE_INFO1,
    FIELD_NAE_INFO2,
    FIELD_SCRATCH,
    FIELD_RAX,
    FIELD_RBX,
    FIELD_RCX,
    FIELD_RDX,
    FIELD_TO,
    FIELD_SIZE,
    FIELD_COUNT,
    FIELD_TARGET_VMPL,
    FIELD_REASON_SET,
    FIELD_REASON_CODE,
    FIELD_REQUEST_SPA,
    FIELD_RESPONSE_SPA,
    FIELD_GHCB,
    FIELD_END,
};

static const char *const exit_fields[FIELD_END + 1] = {
    "cpu",         "vmpl",         "vmsa",       "kind",          "code",     "info1",
    "info2",       "gpa",          "spa",        "ghcb_msr",      "page_protocol", "ghcb_gpa",
    "ghcb_spa",    "nae",          "nae_info1",  "nae_info2",     "scratch",  "rax",
    "rbx",         "rcx",          "rdx",        "to",            "size",     "count",
    "target_vmpl", "reason_set",   "reason_code", "request_spa",  "response_spa", "ghcb",
    NULL,
};

static void integer_or_nil(lua_State *lua, bool there, uint64_t value)
{
    if (there)
        lua_pushinteger(lua, (lua_Integer)value);
    else
        lua_pushnil(lua);
}

static const char *psc_name(uint8_t operation)
{
    static const char *const names[] = {NULL, "private", "shared", "psmash", "unsmash"};
    return operation < G_N_ELEMENTS(names) ? names[operation] : NULL;
}

/* The page that an exit is about. */
bool script_exit_gpa(const struct hv_exit *exit, uint64_t *gpa)
{
    if (exit->kind == HV_EXIT_PAGE_STATE_CHANGE)
        *gpa = exit->psc_gpa;
    else if (exit->kind == HV_EXIT_NPF)
        *gpa = exit->info2;
    else
        return false;
    return true;
}

/* The page at a GPA that the guest names, as the nested page table has it now; or nil. */
static void page_push(lua_State *lua, bool there, uint64_t gpa)
{
    struct npt_mapping map = {0};
    if (there)
        map = hv_npt_lookup(script_of(lua)->machine, gpa);
    integer_or_nil(lua, map.present, map.spa + (gpa - map.gpa));
}

static void field_push(lua_State *lua, const struct hv_exit *exit, enum exit_field field)
{
    bool page = exit->page_protocol, psc = exit->kind == HV_EXIT_PAGE_STATE_CHANGE;
    bool terminate = exit->kind == HV_EXIT_TERMINATE;
    bool request = exit->kind == HV_EXIT_GUEST_REQUEST;
    bool vmgexit = exit->code == SVM_EXIT_VMGEXIT;
    uint64_t gpa = 0, spa = UINT64_MAX;
    bool has_gpa = script_exit_gpa(exit, &gpa);
    switch (field) {
    case FIELD_CPU: lua_pushinteger(lua, exit->cpu); return;
    case FIELD_VMPL: lua_pushinteger(lua, exit->vmpl); return;
    case FIELD_VMSA: lua_pushinteger(lua, (lua_Integer)exit->vmsa_spa); return;
    case FIELD_KIND: lua_pushstring(lua, hv_exit_kind_name(exit->kind)); return;
    case FIELD_CODE: lua_pushinteger(lua, (lua_Integer)exit->code); return;
    case FIELD_INFO1: lua_pushinteger(lua, (lua_Integer)exit->info1); return;
    case FIELD_INFO2: lua_pushinteger(lua, (lua_Integer)exit->info2); return;
    case FIELD_GPA: integer_or_nil(lua, has_gpa, gpa); return;
    case FIELD_SPA:
        if (has_gpa)
            spa = honest_spa_of(script_of(lua)->machine, gpa);
        integer_or_nil(lua, spa != UINT64_MAX, spa);
        return;
    case FIELD_GHCB_MSR: integer_or_nil(lua, vmgexit, exit->ghcb_msr); return;
    case FIELD_PAGE_PROTOCOL: lua_pushboolean(lua, page); return;
    case FIELD_GHCB_GPA: integer_or_nil(lua, page, exit->ghcb_gpa); return;
    case FIELD_GHCB_SPA: integer_or_nil(lua, page, exit->ghcb_spa); return;
    case FIELD_NAE: integer_or_nil(lua, page, exit->nae); return;
    case FIELD_NAE_INFO1: integer_or_nil(lua, page, exit->nae_info1); return;
    case FIELD_NAE_INFO2: integer_or_nil(lua, page, exit->nae_info2); return;
    case FIELD_SCRATCH: integer_or_nil(lua, page, exit->nae_scratch); return;
    case FIELD_RAX: integer_or_nil(lua, page, exit->nae_rax); return;
    case FIELD_RBX: integer_or_nil(lua, page, exit->nae_rbx); return;
    case FIELD_RCX: integer_or_nil(lua, page, exit->nae_rcx); return;
    case FIELD_RDX: integer_or_nil(lua, page, exit->nae_rdx); return;
    case FIELD_TO: lua_pushstring(lua, psc ? psc_name(exit->psc_op) : NULL); return;
    case FIELD_SIZE:
        lua_pushstring(lua, !psc ? NULL : exit->psc_size == PAGE_2M ? "2m" : "4k");
        return;
    case FIELD_COUNT: integer_or_nil(lua, psc, exit->psc_count); return;
    case FIELD_TARGET_VMPL:
        integer_or_nil(lua, exit->kind == HV_EXIT_RUN_VMPL, exit->target_vmpl);
        return;
    case FIELD_REASON_SET: integer_or_nil(lua, terminate, exit->reason_set); return;
    case FIELD_REASON_CODE: integer_or_nil(lua, terminate, exit->reason_code); return;
    case FIELD_REQUEST_SPA: page_push(lua, request, exit->nae_info1); return;
    case FIELD_RESPONSE_SPA: page_push(lua, request, exit->nae_info2); return;
    case FIELD_GHCB:
        if (!page || exit->kind == HV_EXIT_BAD_GHCB)
            break;
        script_ghcb_push(lua, exit->ghcb_spa);
        return;
    case FIELD_END: break;
    }
    lua_pushnil(lua);
}

/* The place of the name at the index in names; an error that says what there is otherwise. */
int script_name_find(lua_State *lua, int index, const char *what, const char *const *names)
{
    const char *name = lua_type(lua, index) == LUA_TSTRING ? lua_tostring(lua, index) : "";
    for (int i = 0; names[i] != NULL; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    const char *nearest = script_nearest(name, names);
    return luaL_error(lua, "%s has no field '%s'%s%s%s", what, name,
                      nearest ? "; did you mean '" : "", nearest ? nearest : "",
                      nearest ? "'?" : "");
}

static int exit_index(lua_State *lua)
{
    const struct script_exit *object = luaL_checkudata(lua, 1, exit_type);
    int field = script_name_find(lua, 2, "an exit", exit_fields);
    field_push(lua, &object->exit, (enum exit_field)field);
    return 1;
}

static int exit_newindex(lua_State *lua)
{
    return luaL_error(lua, "an exit cannot be changed; answer it through hv.vmcb() and hv.write()");
}

/* One line: kind and every field that the exit has. */
static int exit_tostring(lua_State *lua)
{
    const struct script_exit *object = luaL_checkudata(lua, 1, exit_type);
    luaL_Buffer line;
    luaL_buffinit(lua, &line);
    luaL_addstring(&line, "exit");
    for (int field = 0; field < FIELD_END; field++) {
        field_push(lua, &object->exit, (enum exit_field)field);
        char number[32];
        const char *text = number;
        if (lua_isinteger(lua, -1))
            g_snprintf(number, sizeof(number), "0x%" G_GINT64_MODIFIER "x",
                       (guint64)lua_tointeger(lua, -1));
        else if (lua_type(lua, -1) == LUA_TSTRING)
            text = lua_tostring(lua, -1); /* a literal of this file: it outlives the pop */
        else
            text = NULL;
        char piece[80];
        if (text != NULL)
            g_snprintf(piece, sizeof(piece), " %s=%s", exit_fields[field], text);
        lua_pop(lua, 1);
        if (text != NULL)
            luaL_addstring(&line, piece);
    }
    luaL_pushresult(&line);
    return 1;
}

void script_exit_push(lua_State *lua, const struct hv_exit *exit, uint64_t serial)
{
    struct script_exit *object = lua_newuserdatauv(lua, sizeof(*object), 0);
    *object = (struct script_exit){.cpu = exit->cpu, .serial = serial, .exit = *exit};
    luaL_setmetatable(lua, exit_type);
}

struct script_cpu *script_exit_answer(lua_State *lua, int index)
{
    const struct script_exit *object = luaL_checkudata(lua, index, exit_type);
    struct script_cpu *cpu = &script_of(lua)->cpu[object->cpu];
    luaL_argcheck(lua, object->serial != EXIT_SERIAL_TRIGGER, index,
                  "a trigger answers no exit: that is for its processor's program");
    luaL_argcheck(lua, object->serial == cpu->exit_serial, index,
                  "this exit is over: the processor has run since");
    luaL_argcheck(lua, !cpu->exit_answered, index, "this exit has been answered");
    return cpu;
}

enum vmcb_field {
    VMCB_ASID,
    VMCB_INTERCEPTS,
    VMCB_EVENTINJ,
    VMCB_GHCB_MSR,
    VMCB_V_IRQ,
    VMCB_V_IRQ_VECTOR,
    VMCB_TLB_CONTROL,
    VMCB_ALLOW_FEATURES,
    VMCB_SEV_FEATURES_MASK,
    VMCB_EXITINTINFO,
};
static const char *const vmcb_fields[] = {
    "asid",        "intercepts",     "eventinj",          "ghcb_msr",    "v_irq", "v_irq_vector",
    "tlb_control", "allow_features", "sev_features_mask", "exitintinfo", NULL,
};

static struct vmcb *vmcb_arg(lua_State *lua, int index)
{
    const uint64_t *vmsa_spa = luaL_checkudata(lua, index, vmcb_type);
    struct vmcb *vmcb = hv_vmcb(script_machine(lua), *vmsa_spa);
    if (vmcb == NULL)
        luaL_error(lua, "there are too many VMSAs");
    return vmcb;
}

static int vmcb_index(lua_State *lua)
{
    const struct vmcb *vmcb = vmcb_arg(lua, 1);
    uint64_t value = 0;
    switch ((enum vmcb_field)script_name_find(lua, 2, "a vmcb", vmcb_fields)) {
    case VMCB_ASID: value = vmcb->asid; break;
    case VMCB_INTERCEPTS: value = vmcb->intercepts; break;
    case VMCB_EVENTINJ: value = vmcb->eventinj; break;
    case VMCB_GHCB_MSR: value = vmcb->ghcb_msr; break;
    case VMCB_V_IRQ: value = vmcb->v_irq; break;
    case VMCB_V_IRQ_VECTOR: value = vmcb->v_irq_vector; break;
    case VMCB_TLB_CONTROL: value = vmcb->tlb_control; break;
    case VMCB_ALLOW_FEATURES: value = vmcb->allow_features; break;
    case VMCB_SEV_FEATURES_MASK: value = vmcb->sev_features_mask; break;
    case VMCB_EXITINTINFO: value = vmcb->exitintinfo; break;
    }
    lua_pushinteger(lua, (lua_Integer)value);
    return 1;
}

static uint64_t value_arg(lua_State *lua, uint64_t high)
{
    uint64_t value = (uint64_t)luaL_checkinteger(lua, 3);
    luaL_argcheck(lua, value <= high, 3, "the value does not fit the field");
    return value;
}

static int vmcb_newindex(lua_State *lua)
{
    struct vmcb *vmcb = vmcb_arg(lua, 1);
    switch ((enum vmcb_field)script_name_find(lua, 2, "a vmcb", vmcb_fields)) {
    case VMCB_ASID: return luaL_error(lua, "asid cannot be changed: it belongs to the guest");
    case VMCB_INTERCEPTS: vmcb->intercepts = (uint32_t)value_arg(lua, UINT32_MAX); break;
    case VMCB_EVENTINJ: vmcb->eventinj = value_arg(lua, UINT64_MAX); break;
    case VMCB_GHCB_MSR: vmcb->ghcb_msr = value_arg(lua, UINT64_MAX); break;
    case VMCB_V_IRQ: vmcb->v_irq = (uint8_t)value_arg(lua, 1); break;
    case VMCB_V_IRQ_VECTOR: vmcb->v_irq_vector = (uint8_t)value_arg(lua, UINT8_MAX); break;
    case VMCB_TLB_CONTROL: vmcb->tlb_control = (uint8_t)value_arg(lua, 7); break;
    case VMCB_ALLOW_FEATURES: vmcb->allow_features = (uint8_t)value_arg(lua, 1); break;
    case VMCB_SEV_FEATURES_MASK: vmcb->sev_features_mask = value_arg(lua, UINT64_MAX); break;
    case VMCB_EXITINTINFO: vmcb->exitintinfo = value_arg(lua, UINT64_MAX); break;
    }
    return 0;
}

/* hv.vmcb(vmsa): the VMCB with which the VMSA at that system address runs */
static int hv_lua_vmcb(lua_State *lua)
{
    struct machine *machine = script_machine(lua);
    uint64_t vmsa_spa = script_arg_address(lua, 1, "vmsa");
    if (hv_vmcb(machine, vmsa_spa) == NULL)
        return luaL_error(lua, "hv.vmcb: there is no memory, or there are too many VMSAs");
    uint64_t *object = lua_newuserdatauv(lua, sizeof(*object), 0);
    *object = vmsa_spa;
    luaL_setmetatable(lua, vmcb_type);
    return 1;
}

void script_type_make(lua_State *lua, const char *name, const luaL_Reg *functions)
{
    luaL_newmetatable(lua, name);
    luaL_setfuncs(lua, functions, 0);
    lua_pushboolean(lua, false); /* getmetatable() shows nothing */
    lua_setfield(lua, -2, "__metatable");
    lua_pop(lua, 1);
}

void exit_open(lua_State *lua)
{
    static const luaL_Reg exit_functions[] = {{"__index", exit_index},
                                              {"__newindex", exit_newindex},
                                              {"__tostring", exit_tostring},
                                              {NULL, NULL}};
    static const luaL_Reg vmcb_functions[] = {
        {"__index", vmcb_index}, {"__newindex", vmcb_newindex}, {NULL, NULL}};
    script_type_make(lua, exit_type, exit_functions);
    script_type_make(lua, vmcb_type, vmcb_functions);
    lua_getglobal(lua, "hv");
    lua_pushcfunction(lua, hv_lua_vmcb);
    lua_setfield(lua, -2, "vmcb");
    lua_pop(lua, 1);
}

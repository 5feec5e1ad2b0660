/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The GHCB page as an object: fields by name, valid bits, the shared buffer. Every access is one of
 * hv_read() or hv_write() to that page, so of a page that is shared no more it gets ciphertext, and
 * its writes are refused.
 */
#include "emu/script_internal.h"

#include <string.h>

#include "emu/ghcb.h"

static const char ghcb_type[] = "ghcb";

struct script_ghcb {
    uint64_t spa;
};

enum { GHCB_BUFFER_BYTES = sizeof(((struct ghcb *)NULL)->shared) };

static const char *const ghcb_fields[] = {"rax",   "rbx",   "rcx",     "rdx",  "exit_code",
                                          "info1", "info2", "scratch", "xcr0", NULL};
static const size_t ghcb_offsets[] = {
    offsetof(struct ghcb, rax),          offsetof(struct ghcb, rbx),
    offsetof(struct ghcb, rcx),          offsetof(struct ghcb, rdx),
    offsetof(struct ghcb, sw_exitcode),  offsetof(struct ghcb, sw_exitinfo1),
    offsetof(struct ghcb, sw_exitinfo2), offsetof(struct ghcb, sw_scratch),
    offsetof(struct ghcb, xcr0),
};
_Static_assert(G_N_ELEMENTS(ghcb_fields) == G_N_ELEMENTS(ghcb_offsets) + 1, "one offset a name");

uint32_t script_ghcb_offset(lua_State *lua, int index)
{
    return (uint32_t)ghcb_offsets[script_name_find(lua, index, "a ghcb", ghcb_fields)];
}

static void page_read(lua_State *lua, uint64_t spa, void *out, size_t bytes)
{
    if (hv_read(script_machine(lua), spa, out, bytes) != HV_OK)
        luaL_error(lua, "the GHCB is not in memory");
}

static void page_write(lua_State *lua, uint64_t spa, const void *in, size_t bytes)
{
    enum hv_status status = hv_write(script_machine(lua), spa, in, bytes);
    if (status == HV_RMP_FAULT)
        luaL_error(lua, "rmp-fault: the GHCB is not shared memory any more");
    if (status != HV_OK)
        luaL_error(lua, "the GHCB is not in memory");
}

/* Address and mask of the byte that holds a field's valid bit. */
static uint64_t valid_at(uint64_t spa, size_t offset, uint8_t *mask)
{
    *mask = ghcb_valid_mask(offset);
    return spa + offsetof(struct ghcb, valid_bitmap) + ghcb_valid_byte(offset);
}

static void valid_set(lua_State *lua, uint64_t spa, size_t offset, bool valid)
{
    uint8_t mask, byte = 0;
    uint64_t at = valid_at(spa, offset, &mask);
    page_read(lua, at, &byte, 1);
    byte = (uint8_t)(valid ? byte | mask : byte & ~mask);
    page_write(lua, at, &byte, 1);
}

/* ghcb:valid(field [, valid]) -> whether it is (was) valid */
static int ghcb_lua_valid(lua_State *lua)
{
    const struct script_ghcb *ghcb = luaL_checkudata(lua, 1, ghcb_type);
    size_t offset = ghcb_offsets[script_name_find(lua, 2, "a ghcb", ghcb_fields)];
    uint8_t mask, byte = 0;
    uint64_t at = valid_at(ghcb->spa, offset, &mask);
    page_read(lua, at, &byte, 1);
    if (!lua_isnoneornil(lua, 3)) {
        luaL_checktype(lua, 3, LUA_TBOOLEAN);
        valid_set(lua, ghcb->spa, offset, lua_toboolean(lua, 3));
    }
    lua_pushboolean(lua, (byte & mask) != 0);
    return 1;
}

/* ghcb:buffer(offset, bytes) -> string; ghcb:buffer(offset, string) writes */
static int ghcb_lua_buffer(lua_State *lua)
{
    const struct script_ghcb *ghcb = luaL_checkudata(lua, 1, ghcb_type);
    lua_Integer offset = luaL_checkinteger(lua, 2);
    bool write = lua_type(lua, 3) == LUA_TSTRING;
    size_t bytes = 0;
    const char *from = write ? lua_tolstring(lua, 3, &bytes) : NULL;
    lua_Integer length = write ? (lua_Integer)bytes : luaL_checkinteger(lua, 3);
    luaL_argcheck(lua, offset >= 0 && offset <= GHCB_BUFFER_BYTES, 2,
                  "the shared buffer has 2032 bytes");
    luaL_argcheck(lua, length >= 0 && length <= GHCB_BUFFER_BYTES - offset, 3,
                  "the shared buffer has 2032 bytes");
    uint64_t at = ghcb->spa + offsetof(struct ghcb, shared) + (uint64_t)offset;
    if (write) {
        page_write(lua, at, from, bytes);
        return 0;
    }
    char piece[GHCB_BUFFER_BYTES];
    page_read(lua, at, piece, (size_t)length);
    lua_pushlstring(lua, piece, (size_t)length);
    return 1;
}
_Static_assert(GHCB_BUFFER_BYTES == 2032, "the messages say so");

static int ghcb_index(lua_State *lua)
{
    const struct script_ghcb *ghcb = luaL_checkudata(lua, 1, ghcb_type);
    const char *name = lua_type(lua, 2) == LUA_TSTRING ? lua_tostring(lua, 2) : "";
    if (strcmp(name, "valid") == 0) {
        lua_pushcfunction(lua, ghcb_lua_valid);
    } else if (strcmp(name, "buffer") == 0) {
        lua_pushcfunction(lua, ghcb_lua_buffer);
    } else if (strcmp(name, "spa") == 0) {
        lua_pushinteger(lua, (lua_Integer)ghcb->spa);
    } else {
        uint64_t value = 0;
        size_t offset = ghcb_offsets[script_name_find(lua, 2, "a ghcb", ghcb_fields)];
        page_read(lua, ghcb->spa + offset, &value, sizeof(value));
        lua_pushinteger(lua, (lua_Integer)value);
    }
    return 1;
}

static int ghcb_newindex(lua_State *lua)
{
    const struct script_ghcb *ghcb = luaL_checkudata(lua, 1, ghcb_type);
    size_t offset = ghcb_offsets[script_name_find(lua, 2, "a ghcb", ghcb_fields)];
    uint64_t value = (uint64_t)luaL_checkinteger(lua, 3);
    page_write(lua, ghcb->spa + offset, &value, sizeof(value));
    valid_set(lua, ghcb->spa, offset, true);
    return 0;
}

void script_ghcb_push(lua_State *lua, uint64_t spa)
{
    struct script_ghcb *ghcb = lua_newuserdatauv(lua, sizeof(*ghcb), 0);
    ghcb->spa = spa;
    luaL_setmetatable(lua, ghcb_type);
}

/* ghcb(cpu [, vmpl=0]) -> the GHCB that the VMPL has registered, or nil */
static int hv_lua_ghcb(lua_State *lua)
{
    struct machine *machine = script_machine(lua);
    uint32_t cpu = script_arg_cpu(lua, 1);
    lua_Integer vmpl = luaL_optinteger(lua, 2, 0);
    luaL_argcheck(lua, vmpl >= 0 && vmpl < VMPL_COUNT, 2, "a VMPL is 0 to 3");
    uint64_t spa = honest_ghcb(machine, cpu, (uint8_t)vmpl);
    if (spa == UINT64_MAX)
        return 0;
    script_ghcb_push(lua, spa);
    return 1;
}

void ghcb_open(lua_State *lua)
{
    static const luaL_Reg functions[] = {
        {"__index", ghcb_index}, {"__newindex", ghcb_newindex}, {NULL, NULL}};
    script_type_make(lua, ghcb_type, functions);
    lua_pushcfunction(lua, hv_lua_ghcb);
    lua_setfield(lua, -2, "ghcb");
}

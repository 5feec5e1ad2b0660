/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Instruction lengths, with a cache, and their text. */
#include "cpu/decode.h"

#include <string.h>

#include "cpu/internal.h"

enum { LENGTH_SLOTS_LOG2 = 12 };

/* The length of an instruction is a function of its own bytes, so those are the whole key. */
struct length_slot {
    uint8_t bytes[DECODE_INSN_MAX];
    uint8_t length; /* 0: empty */
};

struct decode {
    csh handle;
    cs_insn *insn;
    struct length_slot lengths[1 << LENGTH_SLOTS_LOG2];
};

struct decode *decode_new(GError **error)
{
    struct decode *decode = g_new0(struct decode, 1);
    cs_err err = cs_open(CS_ARCH_X86, CS_MODE_64, &decode->handle);
    if (err == CS_ERR_OK) {
        cs_option(decode->handle, CS_OPT_DETAIL, CS_OPT_ON);
        decode->insn = cs_malloc(decode->handle);
    }
    if (decode->insn == NULL) {
        g_set_error(error, g_quark_from_static_string("prova-cpu"), 0,
                    "Capstone cannot be opened for x86: %s", cs_strerror(err));
        decode_free(decode);
        return NULL;
    }
    return decode;
}

void decode_free(struct decode *decode)
{
    if (decode == NULL)
        return;
    if (decode->insn != NULL)
        cs_free(decode->insn, 1);
    if (decode->handle != 0)
        cs_close(&decode->handle);
    g_free(decode);
}

const cs_insn *decode_detail(struct decode *decode, const uint8_t *bytes, size_t avail,
                             uint64_t rip)
{
    size_t left = MIN(avail, (size_t)DECODE_INSN_MAX);
    if (!cs_disasm_iter(decode->handle, &bytes, &left, &rip, decode->insn))
        return NULL;
    return decode->insn;
}

/*
 * 0F 01 with a register form of ModRM: PVALIDATE, RMPADJUST, RMPUPDATE, RMPQUERY, PSMASH, VMGEXIT,
 * INVLPGB, TLBSYNC, CLZERO and their kin (APM 3 table A-9), most of which Capstone 4 does not know.
 */
static uint8_t length_group7(const uint8_t *bytes, size_t avail)
{
    size_t at = 0;
    for (; at < avail; at++) {
        uint8_t byte = bytes[at];
        bool prefix = byte == 0x66 || byte == 0x67 || byte == 0xf0 || byte == 0xf2 || byte == 0xf3
                      || byte == 0x26 || byte == 0x2e || byte == 0x36 || byte == 0x3e
                      || byte == 0x64 || byte == 0x65;
        if (!prefix)
            break;
    }
    if (at < avail && (bytes[at] & 0xf0) == 0x40)
        at++;
    if (at + 3 > avail || bytes[at] != 0x0f || bytes[at + 1] != 0x01 || bytes[at + 2] < 0xc0)
        return 0;
    return (uint8_t)(at + 3);
}

static uint8_t length_find(struct decode *decode, const uint8_t *bytes, size_t avail, uint64_t rip)
{
    const cs_insn *insn = decode_detail(decode, bytes, avail, rip);
    return insn != NULL ? (uint8_t)insn->size : length_group7(bytes, avail);
}

uint8_t decode_length(struct decode *decode, const uint8_t *bytes, size_t avail, uint64_t rip)
{
    avail = MIN(avail, (size_t)DECODE_INSN_MAX);
    uint32_t hash = 0;
    for (size_t i = 0; i < MIN(avail, (size_t)4); i++)
        hash = (hash ^ bytes[i]) * UINT32_C(0x9e3779b1);
    struct length_slot *slot = &decode->lengths[hash >> (32 - LENGTH_SLOTS_LOG2)];
    if (slot->length != 0 && slot->length <= avail
        && memcmp(slot->bytes, bytes, slot->length) == 0)
        return slot->length;
    uint8_t length = length_find(decode, bytes, avail, rip);
    if (length != 0) {
        slot->length = length;
        memcpy(slot->bytes, bytes, length);
    }
    return length;
}

uint8_t decode_text(struct decode *decode, const uint8_t *bytes, size_t avail, uint64_t rip,
                    char *out, size_t out_bytes)
{
    const cs_insn *insn = decode_detail(decode, bytes, avail, rip);
    if (insn != NULL) {
        const char *space = insn->op_str[0] != '\0' ? " " : "";
        g_snprintf(out, out_bytes, "%s%s%s", insn->mnemonic, space, insn->op_str);
        return (uint8_t)insn->size;
    }
    uint8_t length = length_group7(bytes, MIN(avail, (size_t)DECODE_INSN_MAX));
    uint8_t prefix = length > 3 ? bytes[length - 4] : 0, modrm = length > 0 ? bytes[length - 1] : 0;
    const char *name = ".byte";
    if (modrm == 0xff)
        name = prefix == 0xf2 ? "pvalidate" : prefix == 0xf3 ? "psmash" : "tlbsync";
    else if (modrm == 0xfe)
        name = prefix == 0xf2 ? "rmpupdate" : prefix == 0xf3 ? "rmpadjust" : "invlpgb";
    else if (modrm == 0xfd)
        name = prefix == 0xf3 ? "rmpquery" : prefix == 0xf2 ? "rmpread" : "rdpru";
    else if (modrm == 0xfc)
        name = "clzero";
    g_snprintf(out, out_bytes, "%s", name);
    return length;
}

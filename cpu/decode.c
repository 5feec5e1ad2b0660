/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Instruction lengths, with a cache, and their text. */
#include "cpu/decode.h"

#include <string.h>

#include "cpu/internal.h"

enum { LENGTH_SLOTS_LOG2 = 16 };

/* The length of an instruction is a function of its own bytes and of the mode. */
struct length_slot {
    uint8_t bytes[DECODE_INSN_MAX];
    uint8_t length : 4; /* 0: empty */
    uint8_t mode : 4;
};

struct decode {
    csh handle;
    enum decode_mode mode;
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

void decode_mode_set(struct decode *decode, enum decode_mode mode)
{
    static const cs_mode names[] = { CS_MODE_64, CS_MODE_32, CS_MODE_16 };
    cs_err err = cs_option(decode->handle, CS_OPT_MODE, names[mode]);
    g_assert(err == CS_ERR_OK);
    decode->mode = mode;
}

const cs_insn *decode_detail(struct decode *decode, const uint8_t *bytes, size_t avail,
                             uint64_t rip)
{
    size_t left = MIN(avail, (size_t)DECODE_INSN_MAX);
    if (!cs_disasm_iter(decode->handle, &bytes, &left, &rip, decode->insn))
        return NULL;
    return decode->insn;
}

static bool is_legacy_prefix(uint8_t byte)
{
    switch (byte) {
    case 0x26:
    case 0x2e:
    case 0x36:
    case 0x3e:
    case 0x64:
    case 0x65:
    case 0x66:
    case 0x67:
    case 0xf0:
    case 0xf2:
    case 0xf3:
        return true;
    default:
        return false;
    }
}

/* The same with 16-bit addresses: no SIB (APM 3 1.4.1). */
static size_t modrm_bytes16(uint8_t modrm)
{
    uint8_t mod = modrm >> 6, rm = modrm & 7;
    if (mod == 0)
        return rm == 6 ? 3 : 1;
    return mod == 1 ? 2 : mod == 2 ? 3 : 1;
}

static bool is_rex(uint8_t byte, enum decode_mode mode)
{
    return mode == DECODE_64 && (byte & 0xf0) == 0x40;
}

/* Bytes of ModRM, SIB and displacement with 32- or 64-bit addresses (APM 3 1.4). */
static size_t modrm_bytes(const uint8_t *modrm, size_t avail)
{
    static const uint8_t displacement[4] = { 0, 1, 4, 0 };
    if (avail == 0)
        return SIZE_MAX;
    uint8_t mod = modrm[0] >> 6, rm = modrm[0] & 7;
    size_t bytes = 1u + displacement[mod];
    if (mod == 3)
        return 1;
    if (mod == 0 && rm == 5)
        return 5;
    if (rm == 4) {
        if (avail < 2)
            return SIZE_MAX;
        bytes += mod == 0 && (modrm[1] & 7) == 5 ? 5 : 1;
    }
    return bytes;
}

/*
 * Instructions that Capstone 4 does not know: 0F 01 with a register form of ModRM (PVALIDATE,
 * RMPADJUST, RMPUPDATE, RMPQUERY, PSMASH, INVLPGB, TLBSYNC, CLZERO and their kin, APM 3 table A-9),
 * those forms of PREFETCH (0F 0D) and of the hints (0F 18 to 0F 1F) that do nothing, and fences (0F
 * AE) with any ModRM.rm.
 */
static uint8_t length_unlisted(const uint8_t *bytes, size_t avail, enum decode_mode mode)
{
    size_t at = 0;
    bool address_size = false;
    /* A REX that is not the last prefix is ignored (APM 3 1.2.7). */
    for (; at < avail && (is_legacy_prefix(bytes[at]) || is_rex(bytes[at], mode)); at++)
        address_size = address_size || bytes[at] == 0x67;
    if (at + 3 > avail || bytes[at] != 0x0f)
        return 0;
    uint8_t opcode = bytes[at + 1], modrm = bytes[at + 2];
    bool group7 = opcode == 0x01 && modrm >= 0xc0;
    bool hint = opcode == 0x0d || (opcode >= 0x18 && opcode <= 0x1f);
    bool fence = opcode == 0xae && modrm >= 0xe8;
    bool address16 = mode != DECODE_64 && address_size == (mode == DECODE_32);
    size_t rest = address16 ? modrm_bytes16(modrm) : modrm_bytes(bytes + at + 2, avail - at - 2);
    if ((!group7 && !hint && !fence) || rest > avail - at - 2)
        return 0;
    return (uint8_t)(at + 2 + rest);
}

/*
 * Capstone forgets 66 when F2 or F3 stands beside it, and takes an immediate of 16 bits for one of
 * 32. With one-byte opcodes a repeat prefix never changes the length: it is left out. Returns how
 * many were, 0 if the bytes are not such a case.
 */
static size_t repeats_strip(const uint8_t *bytes, size_t avail, enum decode_mode mode,
                            uint8_t out[DECODE_INSN_MAX])
{
    size_t at = 0, kept = 0;
    bool opsize = false;
    for (; at < avail && is_legacy_prefix(bytes[at]); at++) {
        opsize = opsize || bytes[at] == 0x66;
        if (bytes[at] != 0xf2 && bytes[at] != 0xf3)
            out[kept++] = bytes[at];
    }
    size_t opcode = at < avail && is_rex(bytes[at], mode) ? at + 1 : at;
    if (!opsize || kept == at || opcode >= avail || bytes[opcode] == 0x0f)
        return 0;
    memcpy(out + kept, bytes + at, avail - at);
    return at - kept;
}

/*
 * Near branches with 66 and no REX.W: AMD and the engine take a displacement of 16 bits and cut RIP
 * to 16 bits (APM 3 CALL, JMP, Jcc); Capstone 5 reads them as Intel does, with 32. Returns the
 * length, 0 if it is not one; *opcode gets its last opcode byte, *displacement the number.
 */
static uint8_t branch16_length(const uint8_t *bytes, size_t avail, enum decode_mode mode,
                               uint8_t *opcode, int16_t *displacement)
{
    size_t at = 0;
    bool opsize = false;
    if (mode != DECODE_64)
        return 0;
    for (; at < avail && is_legacy_prefix(bytes[at]); at++)
        opsize = opsize || bytes[at] == 0x66;
    if (at < avail && (bytes[at] & 0xf0) == 0x40) {
        if ((bytes[at] & 8) != 0)
            return 0;
        at++;
    }
    if (at + 1 < avail && bytes[at] == 0x0f && (bytes[at + 1] & 0xf0) == 0x80)
        at++;
    else if (at >= avail || (bytes[at] != 0xe8 && bytes[at] != 0xe9))
        return 0;
    if (!opsize || at + 3 > avail)
        return 0;
    *opcode = bytes[at];
    memcpy(displacement, bytes + at + 1, sizeof(*displacement));
    return (uint8_t)(at + 3);
}

static uint8_t length_find(struct decode *decode, const uint8_t *bytes, size_t avail, uint64_t rip)
{
    uint8_t opcode;
    int16_t displacement;
    uint8_t branch = branch16_length(bytes, avail, decode->mode, &opcode, &displacement);
    if (branch != 0)
        return branch;
    uint8_t stripped[DECODE_INSN_MAX];
    size_t repeats = repeats_strip(bytes, avail, decode->mode, stripped);
    if (repeats != 0) {
        const cs_insn *plain = decode_detail(decode, stripped, avail - repeats, rip);
        return plain != NULL ? (uint8_t)(plain->size + repeats) : 0;
    }
    const cs_insn *insn = decode_detail(decode, bytes, avail, rip);
    return insn != NULL ? (uint8_t)insn->size : length_unlisted(bytes, avail, decode->mode);
}

uint8_t decode_length(struct decode *decode, const uint8_t *bytes, size_t avail, uint64_t rip)
{
    avail = MIN(avail, (size_t)DECODE_INSN_MAX);
    uint32_t hash = 0;
    for (size_t i = 0; i < MIN(avail, (size_t)4); i++)
        hash = (hash ^ bytes[i]) * UINT32_C(0x9e3779b1);
    struct length_slot *slot = &decode->lengths[hash >> (32 - LENGTH_SLOTS_LOG2)];
    if (slot->length != 0 && slot->length <= avail && slot->mode == decode->mode
        && memcmp(slot->bytes, bytes, slot->length) == 0)
        return slot->length;
    uint8_t length = length_find(decode, bytes, avail, rip);
    if (length != 0) {
        slot->length = length & 0xf;
        slot->mode = (uint8_t)decode->mode & 0xf;
        memcpy(slot->bytes, bytes, length);
    }
    return length;
}

/* The last byte tells the instructions of the group apart, the prefix before 0F their variants. */
static const char *unlisted_name(const uint8_t *bytes, uint8_t length)
{
    uint8_t prefix = length > 3 ? bytes[length - 4] : 0, modrm = length > 0 ? bytes[length - 1] : 0;
    if (length < 3)
        return ".byte";
    if (bytes[length - 3] == 0x0f && bytes[length - 2] == 0xae)
        return modrm < 0xf0 ? "lfence" : modrm < 0xf8 ? "mfence" : "sfence";
    if (bytes[length - 3] != 0x0f || bytes[length - 2] != 0x01)
        return "nop";
    switch (modrm) {
    case 0xff:
        return prefix == 0xf2 ? "pvalidate" : prefix == 0xf3 ? "psmash" : "tlbsync";
    case 0xfe:
        return prefix == 0xf2 ? "rmpupdate" : prefix == 0xf3 ? "rmpadjust" : "invlpgb";
    case 0xfd:
        return prefix == 0xf3 ? "rmpquery" : prefix == 0xf2 ? "rmpread" : "rdpru";
    case 0xfc:
        return "clzero";
    default:
        return "(unknown)";
    }
}

uint8_t decode_text(struct decode *decode, const uint8_t *bytes, size_t avail, uint64_t rip,
                    char *out, size_t out_bytes)
{
    static const char *const conditions[] = { "jo", "jno", "jb",  "jae", "je", "jne", "jbe", "ja",
                                              "js", "jns", "jp",  "jnp", "jl", "jge", "jle", "jg" };
    uint8_t opcode;
    int16_t displacement;
    uint8_t branch = branch16_length(bytes, MIN(avail, (size_t)DECODE_INSN_MAX), decode->mode,
                                     &opcode, &displacement);
    if (branch != 0) {
        const char *name = opcode == 0xe8   ? "call"
                           : opcode == 0xe9 ? "jmp"
                                            : conditions[opcode & 15];
        g_snprintf(out, out_bytes, "%s 0x%x", name,
                   (unsigned)((rip + branch + (uint64_t)displacement) & 0xffff));
        return branch;
    }
    const cs_insn *insn = decode_detail(decode, bytes, avail, rip);
    if (insn != NULL) {
        const char *space = insn->op_str[0] != '\0' ? " " : "";
        g_snprintf(out, out_bytes, "%s%s%s", insn->mnemonic, space, insn->op_str);
        return decode_length(decode, bytes, avail, rip);
    }
    uint8_t length = length_unlisted(bytes, MIN(avail, (size_t)DECODE_INSN_MAX), decode->mode);
    const char *name = unlisted_name(bytes, length);
    g_snprintf(out, out_bytes, "%s", name);
    return length;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Instruction lengths and memory operands of 16- and 32-bit code. */
#include <glib.h>
#include <string.h>

#include "cpu/decode.h"
#include "cpu/internal.h"

enum { RIP = 0x10000 };

static size_t bytes_of(const char *hex, uint8_t *out)
{
    size_t count = 0;
    for (; hex[0] != '\0' && hex[1] != '\0'; hex += 2)
        out[count++] = (uint8_t)(g_ascii_xdigit_value(hex[0]) << 4 | g_ascii_xdigit_value(hex[1]));
    return count;
}

/* APM 3 1.2.2, 1.2.3: what the prefixes 66 and 67 turn into what, by mode. */
static void test_lengths(void)
{
    static const struct {
        const char *hex;
        uint8_t length[3]; /* in 64-, 32- and 16-bit code; 0: not checked */
    } cases[] = {
        { "e800000000", { 5, 5, 3 } },         { "66e800000000", { 4, 4, 6 } },
        { "0f8500000000", { 6, 6, 4 } },       { "660f8500000000", { 5, 5, 7 } },
        { "b800000000", { 5, 5, 3 } },         { "66b800000000", { 4, 4, 6 } },
        { "48b80000000000000000", { 10, 1, 1 } }, { "40", { 0, 1, 1 } },
        { "06", { 0, 1, 1 } },                 { "60", { 0, 1, 1 } },
        { "ea000000001000", { 0, 7, 5 } },     { "66ea000000001000", { 0, 6, 8 } },
        { "8b0500000000", { 6, 6, 2 } },       { "8b0600000000", { 2, 2, 4 } },
        { "678b0500000000", { 7, 3, 7 } },     { "678b0600000000", { 3, 5, 3 } },
        { "8b842400000000", { 7, 7, 4 } },     { "c70600080000", { 6, 6, 6 } },
        { "a10000000000000000", { 9, 5, 3 } }, { "67a100000000", { 6, 4, 6 } },
        { "0f011e00000000", { 3, 3, 5 } },     { "0f22c0", { 3, 3, 3 } },
        { "0f30", { 2, 2, 2 } },               { "0f32", { 2, 2, 2 } },
        { "f30f01d9", { 4, 4, 4 } },           { "f20f01ff", { 4, 4, 4 } },
        { "f366680000000000", { 5, 5, 7 } },   { "c8000000", { 4, 4, 4 } },
        { "0f1f4000", { 4, 4, 4 } },           { "0f1f800000000000", { 7, 7, 5 } },
        { "0f0d8000000000", { 7, 7, 5 } },     { "c5f877", { 0, 0, 0 } },
        { "c40400", { 0, 3, 2 } },             { "cf", { 1, 1, 1 } },
    };
    for (unsigned mode = DECODE_64; mode <= DECODE_16; mode++) {
        struct decode *decode = decode_new(NULL);
        decode_mode_set(decode, (enum decode_mode)mode);
        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
            uint8_t bytes[32] = { 0 };
            size_t count = bytes_of(cases[i].hex, bytes);
            if (cases[i].length[mode] == 0)
                continue;
            g_test_message("%s in mode %u", cases[i].hex, mode);
            g_assert_cmpuint(decode_length(decode, bytes, count, RIP), ==, cases[i].length[mode]);
        }
        decode_free(decode);
    }
}

/* The mode is part of what a length is remembered by. */
static void test_lengths_are_not_mixed(void)
{
    static const uint8_t call[5] = { 0xe8 };
    struct decode *decode = decode_new(NULL);
    for (unsigned round = 0; round < 2; round++) {
        decode_mode_set(decode, DECODE_16);
        g_assert_cmpuint(decode_length(decode, call, 5, RIP), ==, 3);
        decode_mode_set(decode, DECODE_64);
        g_assert_cmpuint(decode_length(decode, call, 5, RIP), ==, 5);
    }
    decode_free(decode);
}

/* ES = 0x1000, CS = 0x2000, SS = 0x3000, DS = 0x4000, FS = 0x5000, GS = 0x6000 (bases). */
static void regs_fill(struct decode_regs *regs, enum decode_mode mode)
{
    *regs = (struct decode_regs){ .mode = mode, .rip = RIP, .fs_base = 0x5000, .gs_base = 0x6000,
                                  .stack32 = mode == DECODE_32,
                                  .base = { 0x1000, 0x2000, 0x3000, 0x4000 } };
    for (unsigned i = 0; i < 8; i++)
        regs->gpr[i] = UINT64_C(0xffffffff00000100) * (i + 1) & UINT64_C(0xffffffff00000fff);
}

struct access_case {
    enum decode_mode mode;
    const char *hex;
    size_t count;
    struct decode_access access[2];
};

/* RAX RCX RDX RBX RSP RBP RSI RDI = 0x100, 0x200, ... 0x800, with rubbish above bit 31. */
static const struct access_case access_cases[] = {
    { DECODE_32, "8b08", 1, { { 0x4100, 4, DECODE_BOTH } } },
    { DECODE_32, "668b08", 1, { { 0x4100, 2, DECODE_BOTH } } },
    { DECODE_32, "8b4c8df0", 1, { { 0x3000 + 0x600 + 0x800 - 0x10, 4, DECODE_BOTH } } },
    { DECODE_32, "8b0c24", 1, { { 0x3500, 4, DECODE_BOTH } } },
    { DECODE_32, "648b08", 1, { { 0x5100, 4, DECODE_BOTH } } },
    { DECODE_32, "2e8b08", 1, { { 0x2100, 4, DECODE_BOTH } } },
    { DECODE_32, "8b88f0ffffff", 1, { { 0x40f0, 4, DECODE_BOTH } } },
    { DECODE_32, "678b00", 1, { { 0x4000 + 0x400 + 0x700, 4, DECODE_BOTH } } },
    { DECODE_32, "50", 1, { { 0x34fc, 4, DECODE_WRITE } } },
    { DECODE_32, "6650", 1, { { 0x34fe, 2, DECODE_WRITE } } },
    { DECODE_32, "60", 1, { { 0x34e0, 32, DECODE_WRITE } } },
    { DECODE_32, "61", 1, { { 0x3500, 32, DECODE_READ } } },
    { DECODE_32, "c9", 1, { { 0x3600, 4, DECODE_READ } } },
    { DECODE_32, "c3", 1, { { 0x3500, 4, DECODE_READ } } },
    { DECODE_32, "a5", 2, { { 0x1800, 4, DECODE_WRITE }, { 0x4700, 4, DECODE_READ } } },
    { DECODE_32, "2ea5", 2, { { 0x1800, 4, DECODE_WRITE }, { 0x2700, 4, DECODE_READ } } },
    { DECODE_32, "ab", 1, { { 0x1800, 4, DECODE_BOTH } } },
    { DECODE_32, "d7", 1, { { 0x4400, 1, DECODE_READ } } },
    { DECODE_32, "26d7", 1, { { 0x1400, 1, DECODE_READ } } },
    { DECODE_32, "c508", 1, { { 0x4100, 6, DECODE_BOTH } } },
    { DECODE_32, "0f0118", 1, { { 0x4100, 6, DECODE_BOTH } } },
    { DECODE_16, "8b00", 1, { { 0x4000 + 0x400 + 0x700, 2, DECODE_BOTH } } },
    { DECODE_16, "8b4210", 1, { { 0x3000 + 0x600 + 0x700 + 0x10, 2, DECODE_BOTH } } },
    { DECODE_16, "8b84f0ff", 1, { { 0x4000 + 0x6f0, 2, DECODE_BOTH } } },
    { DECODE_16, "668b04", 1, { { 0x4700, 4, DECODE_BOTH } } },
    { DECODE_16, "678b00", 1, { { 0x4100, 2, DECODE_BOTH } } },
    { DECODE_16, "a13412", 1, { { 0x4000 + 0x1234, 2, DECODE_BOTH } } },
    { DECODE_16, "50", 1, { { 0x34fe, 2, DECODE_WRITE } } },
    { DECODE_16, "6650", 1, { { 0x34fc, 4, DECODE_WRITE } } },
    { DECODE_16, "9c", 1, { { 0x34fe, 2, DECODE_WRITE } } },
    { DECODE_16, "ff1c", 2, { { 0x4700, 4, DECODE_READ }, { 0x34fc, 4, DECODE_WRITE } } },
    { DECODE_16, "cf", 1, { { 0x3500, 10, DECODE_READ } } },
};

static void test_accesses(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(access_cases); i++) {
        const struct access_case *c = &access_cases[i];
        struct decode *decode = decode_new(NULL);
        struct decode_access got[DECODE_ACCESSES_MAX];
        struct decode_regs regs;
        uint8_t bytes[32];
        size_t count = bytes_of(c->hex, bytes);
        decode_mode_set(decode, c->mode);
        regs_fill(&regs, c->mode);
        g_test_message("%s in mode %u", c->hex, c->mode);
        g_assert_cmpuint(decode_accesses(decode, bytes, count, &regs, got), ==, c->count);
        for (size_t k = 0; k < c->count; k++) {
            g_assert_cmphex(got[k].gva, ==, c->access[k].gva);
            g_assert_cmpuint(got[k].bytes, ==, c->access[k].bytes);
            g_assert_cmpuint(got[k].kind, ==, c->access[k].kind);
        }
        decode_free(decode);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cpu/decode-modes/apm3-1.2/lengths", test_lengths);
    g_test_add_func("/cpu/decode-modes/lengths-are-not-mixed", test_lengths_are_not_mixed);
    g_test_add_func("/cpu/decode-modes/apm2-4.5/accesses", test_accesses);
    return g_test_run();
}

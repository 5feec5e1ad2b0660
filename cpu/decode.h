/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an instruction is going to touch: the part of decoding that needs no vCPU, only bytes and
 * register values. Lengths and operands come from Capstone; what it does not tell
 * (implicit stack accesses, sizes of state images, bit strings, newer opcodes) is added here.
 */
#ifndef PROVA_CPU_DECODE_H
#define PROVA_CPU_DECODE_H

#include <capstone/capstone.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DECODE_INSN_MAX = 15, DECODE_ACCESSES_MAX = 8, DECODE_SELECTORS_MAX = 2 };

struct decode;
enum decode_mode { DECODE_64, DECODE_32, DECODE_16 }; /* by CS.L and CS.D */

enum decode_segment { DECODE_ES, DECODE_CS, DECODE_SS, DECODE_DS, DECODE_FIXED_SEGMENTS };

/* mode: that of decode_mode_set(). rip is the linear address of the instruction. */
struct decode_regs {
    uint64_t gpr[16]; /* RAX RCX RDX RBX RSP RBP RSI RDI R8..R15 */
    uint64_t rip, fs_base, gs_base;
    enum decode_mode mode;
    bool stack32;     /* ESP is the stack pointer, else SP; of no account in 64-bit mode */
    uint32_t base[DECODE_FIXED_SEGMENTS]; /* likewise */
};

/* What an access may be; an explicit operand of an ordinary instruction is taken for both. */
enum decode_access_kind { DECODE_READ = 1, DECODE_WRITE = 2, DECODE_BOTH = 3 };

struct decode_access {
    uint64_t gva;
    uint32_t bytes;
    uint8_t kind; /* enum decode_access_kind */
};

/*
 * The memory accesses of one instruction (of one iteration, if repeated), in the order in which it
 * makes them. Descriptor-table accesses are not among them. Returns how many; 0 also if the bytes
 * are no instruction.
 */
size_t decode_accesses(struct decode *decode, const uint8_t *bytes, size_t avail,
                       const struct decode_regs *regs,
                       struct decode_access out[DECODE_ACCESSES_MAX]);

/* The address of the first explicit memory operand, whether or not it is accessed (INVLPG). */
bool decode_effective(struct decode *decode, const uint8_t *bytes, size_t avail,
                      const struct decode_regs *regs, uint64_t *gva);

/* A selector whose descriptor the instruction loads: its value, or where it is read from. */
struct decode_selector {
    bool in_memory;
    uint16_t value;
    uint64_t gva;
    bool system; /* LTR, LLDT: a descriptor of 16 bytes */
};
size_t decode_selectors(struct decode *decode, const uint8_t *bytes, size_t avail,
                        const struct decode_regs *regs,
                        struct decode_selector out[DECODE_SELECTORS_MAX]);

/* One instruction as text, "mov rax, qword ptr [rdi]"; its length, 0 (and ".byte") if invalid. */
uint8_t decode_text(struct decode *decode, const uint8_t *bytes, size_t avail, uint64_t rip,
                    char *out, size_t out_bytes);

/* decode.c to operands.c: the detailed form, NULL if Capstone does not know the bytes. */
const cs_insn *decode_detail(struct decode *decode, const uint8_t *bytes, size_t avail,
                             uint64_t rip);

#endif

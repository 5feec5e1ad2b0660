/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Private to cpu/: one instruction that left the engine, which is idle and stands before it.
 * insn.c takes it apart; intercept.c, control.c, msr.c and snp_insn.c say what it does.
 */
#ifndef PROVA_CPU_INSN_H
#define PROVA_CPU_INSN_H

#include "cpu/internal.h"

/* An instruction taken apart as far as intercepts need it. */
struct insn {
    uint8_t bytes[15];
    uint8_t avail;   /* bytes that could be read */
    uint8_t length;  /* 0 if it is not a valid one */
    uint8_t opcode_at; /* offset of the first opcode byte, behind prefixes and REX */
    uint8_t rex;
    enum decode_mode mode; /* of the code that it is in */
    bool rep, repne, opsize, lock;
    uint8_t map;     /* 0 one-byte, 1 0F, 2 0F38, 3 0F3A */
    uint8_t opcode;
    uint8_t modrm;   /* byte after the opcode, 0 if there is none */
};

enum step {
    STEP_NEXT,    /* done (or an exception was delivered): go on */
    STEP_FAULT,   /* *fault has to be delivered or leaves */
    STEP_VISIBLE, /* has to be announced first: *visible */
};

void insn_parse(const uint8_t *bytes, size_t avail, enum decode_mode mode, struct insn *insn);
void insn_fetch(struct vcpu *vcpu, struct insn *insn);
/* Register number of ModRM.reg and ModRM.rm. */
static inline unsigned insn_reg(const struct insn *insn)
{
    return ((insn->modrm >> 3) & 7) | (insn->rex & 4 ? 8 : 0);
}
static inline unsigned insn_rm(const struct insn *insn)
{
    return (insn->modrm & 7) | (insn->rex & 1 ? 8 : 0);
}
/* Outside 64-bit mode registers have 32 bits. */
static inline uint64_t insn_value(const struct insn *insn, uint64_t value)
{
    return insn->mode == DECODE_64 ? value : (uint32_t)value;
}
/* Whether operands that have no size of their own have 16 bits. */
static inline bool insn_operand16(const struct insn *insn)
{
    return insn->opsize != (insn->mode == DECODE_16) && (insn->rex & 8) == 0;
}
/* Whether it may load CS in the engine, and so change the mode that code is in. */
bool insn_is_far(const struct insn *insn);
/* Retires the instruction: RIP behind it, clock. */
void insn_done(struct vcpu *vcpu, const struct insn *insn, uint32_t cost);

/* Whether the engine would execute this wrongly, so that it must not start (scan.c asks). */
bool intercept_is_trap(const struct insn *insn, uint32_t intercepts);

enum step intercept_trap(struct vcpu *vcpu, enum vcpu_visible *visible, struct fault *fault);
enum step intercept_exit(struct vcpu *vcpu, uint32_t code, enum vcpu_visible *visible,
                         struct fault *fault);
enum step control_register(struct vcpu *vcpu, const struct insn *insn, struct fault *fault);
enum step debug_register(struct vcpu *vcpu, const struct insn *insn, struct fault *fault);
enum step msr_access(struct vcpu *vcpu, const struct insn *insn, struct fault *fault);
enum step snp_insn(struct vcpu *vcpu, const struct insn *insn, enum vcpu_visible *visible,
                   struct fault *fault);
enum step snp_vmgexit(struct vcpu *vcpu, const struct insn *insn, enum vcpu_visible *visible,
                      struct fault *fault);
struct fault fault_vc(uint32_t code);
/* True once: the operation may be performed now; else it has to be announced. */
bool vcpu_visible_pass(struct vcpu *vcpu, enum vcpu_visible what);

#endif

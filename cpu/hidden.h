/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The engine's state that its register interface cannot reach: the hidden parts of the segment
 * registers, CPL, the interrupt shadow, the error code of the last exception, and the field that
 * remembers an earlier exception and makes the engine report double faults that are none.
 *
 * All of it lies in the block that uc_context_save() copies out. Where, differs between versions of
 * the engine; so it is found at start-up on a scratch engine, by writing values that occur nowhere
 * else and comparing two copies, and then proven by running instructions that depend on it.
 */
#ifndef PROVA_CPU_HIDDEN_H
#define PROVA_CPU_HIDDEN_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <unicorn/unicorn.h>

#include "cpu/vmsa.h"

enum hidden_segment {
    HIDDEN_ES,
    HIDDEN_CS,
    HIDDEN_SS,
    HIDDEN_DS,
    HIDDEN_FS,
    HIDDEN_GS,
    HIDDEN_LDTR,
    HIDDEN_TR,
    HIDDEN_SEGMENTS
};

/* Byte offsets into the block behind the uc_context pointer. */
struct hidden_layout {
    size_t size;
    size_t gprs;           /* RAX RCX RDX RBX RSP RBP RSI RDI R8..R15, 8 bytes each */
    size_t segments;       /* enum hidden_segment */
    size_t segment_stride;
    size_t segment_selector, segment_base, segment_limit, segment_flags; /* within one */
    size_t hflags;
    size_t hflags2; /* holds the NMI mask */
    size_t cr2;
    size_t error_code;
    size_t old_exception;
};

struct hidden {
    uc_engine *uc;
    uc_context *context; /* valid between hidden_fetch() and hidden_commit() */
    const struct hidden_layout *layout;
};

/* What is known of this process's engine library; found once, thread-safe. NULL and error. */
const struct hidden_layout *hidden_layout_get(GError **error);

/* uc must have the CPU model that cpu/ uses (UC_CPU_X86_EPYC_ROME, UC_MODE_64). */
bool hidden_open(struct hidden *hidden, uc_engine *uc, GError **error);
void hidden_close(struct hidden *hidden);

/*
 * The fetched copy is read and edited by the functions below; hidden_commit() makes it the engine's
 * state. Register writes by uc_reg_write() in between are lost. The engine must be idle.
 */
void hidden_fetch(struct hidden *hidden);
void hidden_commit(struct hidden *hidden);

uint8_t hidden_cpl(const struct hidden *hidden);
void hidden_cpl_set(struct hidden *hidden, uint8_t cpl);
bool hidden_shadow(const struct hidden *hidden); /* of STI, MOV SS, POP SS */
void hidden_shadow_set(struct hidden *hidden, bool shadow);
/* NMIs are masked: set at the delivery of one, cleared by the engine's own IRET. */
bool hidden_nmi_mask(const struct hidden *hidden);
void hidden_nmi_mask_set(struct hidden *hidden, bool masked);
/* Whether the code segment in effect is 64-bit; if not, whether it is 32-bit (else 16-bit). */
bool hidden_long(const struct hidden *hidden);
bool hidden_code32(const struct hidden *hidden);
/* Whether ESP is the stack pointer, else SP; 64-bit mode always uses RSP. */
bool hidden_stack32(const struct hidden *hidden);

/* uc_reg_write() of CR2 would change CR3 (Unicorn 2.1.1): this is the way. */
void hidden_cr2_set(struct hidden *hidden, uint64_t value);

/* gprs by number: RAX RCX RDX RBX RSP RBP RSI RDI R8..R15 */
uint64_t hidden_gpr(const struct hidden *hidden, unsigned number);
void hidden_gpr_set(struct hidden *hidden, unsigned number, uint64_t value);

void hidden_segment_read(const struct hidden *hidden, enum hidden_segment which,
                         struct vmsa_segment *out);
/* Sets the register alone; call hidden_mode_update() after the last one. */
void hidden_segment_write(struct hidden *hidden, enum hidden_segment which,
                          const struct vmsa_segment *segment);
/*
 * Derives the engine's mode bits from the segments: CPL from cpl, operand and stack size from CS
 * and SS, whether bases are added. protected: CR0.PE; v86: RFLAGS.VM. The engine knows EFER.LMA.
 */
void hidden_mode_update(struct hidden *hidden, uint8_t cpl, bool is_protected, bool v86);

/* Of the last exception the engine raised; then hidden_exception_clear(), before the next run. */
uint32_t hidden_error_code(const struct hidden *hidden);
void hidden_exception_clear(struct hidden *hidden);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One call of the guest. Registers are those of the VMSA, copied once; results go back to the VMSA
 * when the call is done. A handler checks everything before it changes anything.
 */
#ifndef MONITOR_CALL_H
#define MONITOR_CALL_H

#include <stdint.h>

#include "monitor/page_state.h"
#include "monitor/svsm.h"

struct cpu;

struct call {
    uint32_t protocol, number;      /* RAX[63:32], RAX[31:0] */
    uint64_t rcx, rdx, r8, r9;      /* in; RCX, RDX, R8 also out */
    struct svsm_calling_area *area; /* mapped; shared with the guest: copy once */
};

/* Protocol and number are split here. */
struct call call_decode(uint64_t rax, uint64_t rcx, uint64_t rdx, uint64_t r8, uint64_t r9);

/*
 * A range of whole pages: GPA aligned, no bit at or above the C-bit, no wrap, 1..SVSM_PAGES_MAX
 * pages. Pure.
 */
enum svsm_result call_range_check(uint64_t gpa, uint64_t pages, unsigned c_bit);

/* RAX for a range that page_states_hold() refused. */
enum svsm_result call_hold_result(enum page_hold hold);

/* Holds the pages of a list entry, one or 512 from gpa on, if each is as wanted; else none. */
enum svsm_result call_entry_hold(struct page_states *states, uint64_t gpa, uint64_t pages,
                                 enum page_state wanted);

enum svsm_result call_core(struct cpu *cpu, struct call *call);
enum svsm_result call_attestation(struct cpu *cpu, struct call *call);
enum svsm_result call_derive_key(struct cpu *cpu, struct call *call);
enum svsm_result call_encrypt(struct cpu *cpu, const struct call *call);
enum svsm_result call_decrypt(struct cpu *cpu, const struct call *call);
/* call_pvalidate.c, call_vcpu.c */
enum svsm_result call_pvalidate(struct cpu *cpu, const struct call *call);
enum svsm_result call_create_vcpu(struct cpu *cpu, const struct call *call);
enum svsm_result call_delete_vcpu(struct cpu *cpu, const struct call *call);
enum svsm_result call_wake_up_ap(struct cpu *cpu, const struct call *call);

enum svsm_result call_verismo(struct cpu *cpu, struct call *call);

#endif

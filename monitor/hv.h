/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Restricted injection (APM 2 15.36.16, 56421 section 5). The launch decides whether it is in
 * force (SEV_STATUS); then the hypervisor's one event is #HV, and what it is about stands on a
 * doorbell page that both can write:
 *
 *   word 0   15             14:10  9    8    7:0
 *           |NoFurtherSignal|  0  |#MC|NMI|vector|        byte 2, bit 0: NoEoiRequired
 *
 * Nothing about the page or the signal is trusted: NoFurtherSignal may be ignored, the word may
 * change at any time, a signal may come without news and news without a signal. So
 *  - the #HV entry (hv_entry.S) only sets a flag; it takes no lock and touches no GHCB, and as it
 *    runs on the stack at hand, a #HV within a #HV nests. A hypervisor that nests them without end
 *    reaches the guard page, and the machine ends by #DF on a stack of its own;
 *  - events are taken by one exchange of the word, outside of any exception;
 *  - before the processor leaves for the guest or halts, flag and word are looked at once more, in
 *    a window that a #HV cancels.
 *
 * No decision about memory rests on an event: one that is lost costs time only.
 */
#ifndef MONITOR_HV_H
#define MONITOR_HV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cpu;
struct monitor;

struct hv_doorbell {
    uint16_t pending;
    uint8_t no_eoi_required;
    uint8_t reserved_03[4096 - 3];
};
_Static_assert(offsetof(struct hv_doorbell, no_eoi_required) == 2, "NoEoiRequired");
_Static_assert(sizeof(struct hv_doorbell) == 4096, "the doorbell page is a page");

enum hv_pending {
    HV_PENDING_VECTOR = 0xff,
    HV_PENDING_NMI = 1 << 8,
    HV_PENDING_MC = 1 << 9,
    HV_PENDING_NO_FURTHER_SIGNAL = 1 << 15,
};

/* Start-up, on the first processor: the page. Nothing without restricted injection. */
void hv_doorbell_make(struct monitor *monitor, struct cpu *cpu);

/* On the processor itself, which has its GHCB: registers the page. A refusal ends the machine. */
void hv_start(struct cpu *cpu);

/* Takes what the doorbell page holds. NMI and machine check end the machine. */
void hv_events_take(struct cpu *cpu);

/* Waits until the hypervisor runs VMPL 0 again, unless an event is there. */
void hv_halt(struct cpu *cpu);

/* Asks for VMPL 0 to run on another processor; nothing without restricted injection. */
void hv_nudge(struct cpu *cpu, const struct cpu *target);

/* What hv_exit() looks at: the doorbell's word, or one that is always 0. */
const volatile uint16_t *hv_pending_word(const struct cpu *cpu);

/* hv_entry.S: GHCB MSR := ghcb and VMGEXIT, unless the flag or the word is set: then false. */
bool hv_exit(const struct cpu *cpu, const volatile uint16_t *pending, uint64_t ghcb);

#endif

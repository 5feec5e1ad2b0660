/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Talking to the hypervisor: GHCB MSR protocol and GHCB page protocol (56421). One GHCB page per
 * processor, used by that processor only. The value of the GHCB MSR passes through the hypervisor
 * on every exit, so it is written before each exit and compared after it.
 */
#ifndef MONITOR_GHCB_H
#define MONITOR_GHCB_H

#include <stdint.h>

#include "monitor/ghcb_page.h"

struct cpu;
struct monitor;

/* One exchange by the MSR protocol; the answer as it came. The GHCB MSR is then no GPA. */
uint64_t ghcb_msr_call(uint64_t request);

/* Start-up: protocol version and features, once for all processors. */
void ghcb_negotiate(struct monitor *monitor);

/* Start-up, on the first processor: the shared page of any processor. */
void ghcb_make(struct monitor *monitor, struct cpu *cpu);

/* On the processor itself: registers its page. */
void ghcb_start(struct cpu *cpu);

/* One register beyond the three that every request has. */
struct ghcb_input {
    enum ghcb_field field;
    uint64_t value;
};

/*
 * One exchange by the page protocol. Ends the machine if the GHCB MSR comes back changed;
 * everything else is in the status and the private copy of the answer.
 */
enum ghcb_status ghcb_call(struct cpu *cpu, uint64_t exit_code, uint64_t exit_info_1,
                           uint64_t exit_info_2, const struct ghcb_input *input, unsigned inputs,
                           struct ghcb_reply *reply);

enum ghcb_run {
    GHCB_RUN_DONE,
    GHCB_RUN_EVENT,   /* not done: an event is there (hv.h) */
    GHCB_RUN_REFUSED, /* not done: the hypervisor does not want to */
};

/* Runs the guest's VMPL on this processor; back when the hypervisor runs VMPL 0 again. */
enum ghcb_run ghcb_run_vmpl(struct cpu *cpu, unsigned vmpl);

#endif

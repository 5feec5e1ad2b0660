/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * LockKernel: from its end on no guest page is both writable and supervisor-executable at any VMPL
 * below 0, for ever. The guest names its kernel's code; those pages lose W, all others lose XS.
 *
 *   OPEN -----------> SWEEPING -----------> DONE
 *         list taken            last page
 *
 * What makes it hold while other processors convert pages: the phase is SWEEPING before the sweep
 * looks at the first page; whoever grants a page holds it (page_state.h) from before it asks
 * lock_kernel_grant() until the grant is done; the sweep waits for a held page. So a page is
 * granted without XS, or the sweep comes after the grant.
 */
#ifndef MONITOR_LOCK_KERNEL_H
#define MONITOR_LOCK_KERNEL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "monitor/svsm.h"

struct call;
struct cpu;
struct kernel_list;

enum lock_kernel_phase { LOCK_KERNEL_OPEN, LOCK_KERNEL_SWEEPING, LOCK_KERNEL_DONE };

struct lock_kernel {
    atomic_flag busy;         /* one processor at a time is at work on what follows */
    _Atomic uint32_t phase;   /* enum lock_kernel_phase */
    uint64_t next;            /* guest page number that the sweep has come to */
    struct kernel_list *list; /* private copy of the guest's */
};

/* Start-up. */
void lock_kernel_start(struct cpu *cpu);

/* RCX = GPA of struct kernel_list; RDX = 0, then what the last call gave. Out: RDX. */
enum svsm_result lock_kernel_call(struct cpu *cpu, struct call *call);

/* Permissions with which a page is granted to the guest's VMPL. The page is held. */
unsigned lock_kernel_grant(const struct lock_kernel *lock_kernel);

bool lock_kernel_is_done(const struct lock_kernel *lock_kernel);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Spin locks with one order for all: a processor takes them by rising rank only, checked at every
 * acquisition. No lock is held across a switch to the guest.
 *
 *   rank  lock           protects
 *   1     LOCK_PSP       firmware channel: sequence number, message pages, VMPCK0
 *   2     LOCK_PCR       measurement register
 *   3     LOCK_PAGES     page-state table
 *   4     LOCK_HEAP      allocation and the monitor's own page tables
 *   5     LOCK_CONSOLE   serial port
 *   6     LOCK_VCPU      the guest's vCPU of one processor; never two of them
 *   7     LOCK_KEYS      the guest's keys
 */
#ifndef MONITOR_LOCK_H
#define MONITOR_LOCK_H

#include <stdatomic.h>
#include <stdbool.h>

enum lock_rank {
    LOCK_PSP = 1,
    LOCK_PCR = 2,
    LOCK_PAGES = 3,
    LOCK_HEAP = 4,
    LOCK_CONSOLE = 5,
    LOCK_VCPU = 6,
    LOCK_KEYS = 7,
};

struct lock {
    atomic_uint next;    /* ticket to draw */
    atomic_uint serving; /* ticket that holds the lock */
    enum lock_rank rank;
};

void lock_init(struct lock *lock, enum lock_rank rank);
void lock_acquire(struct lock *lock);
void lock_release(struct lock *lock);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/lock.h"

#include "monitor/cpu_area.h"
#include "monitor/insn.h"
#include "monitor/terminate.h"

void lock_init(struct lock *lock, enum lock_rank rank)
{
    atomic_init(&lock->next, 0);
    atomic_init(&lock->serving, 0);
    lock->rank = rank;
}

void lock_acquire(struct lock *lock)
{
    struct cpu *cpu = cpu_self();
    if (cpu->locks_held >> lock->rank != 0) {
        terminate_because(TERMINATE_LOCK_ORDER, "lock out of order, rank", lock->rank);
    }
    unsigned ticket = atomic_fetch_add_explicit(&lock->next, 1, memory_order_relaxed);
    while (atomic_load_explicit(&lock->serving, memory_order_acquire) != ticket) {
        insn_pause();
    }
    cpu->locks_held |= 1u << lock->rank;
}

void lock_release(struct lock *lock)
{
    cpu_self()->locks_held &= ~(1u << lock->rank);
    unsigned serving = atomic_load_explicit(&lock->serving, memory_order_relaxed);
    atomic_store_explicit(&lock->serving, serving + 1, memory_order_release);
}

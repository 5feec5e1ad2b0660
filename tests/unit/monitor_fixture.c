/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The monitor's lock on the host: one thread, so it only checks that its rules are kept. */
#include <glib.h>

#include "monitor/lock.h"

void lock_init(struct lock *lock, enum lock_rank rank)
{
    atomic_init(&lock->next, 0);
    atomic_init(&lock->serving, 0);
    lock->rank = rank;
}

void lock_acquire(struct lock *lock)
{
    g_assert_cmpuint(lock->next, ==, lock->serving);
    lock->next++;
}

void lock_release(struct lock *lock)
{
    lock->serving++;
    g_assert_cmpuint(lock->next, ==, lock->serving);
}

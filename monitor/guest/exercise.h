/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An exercise tries one call, with good arguments and bad ones, on one vCPU and on all of them at
 * the same time. exerciser.c runs a list of exercises; each guest kernel is such a list.
 */
#ifndef MONITOR_GUEST_EXERCISE_H
#define MONITOR_GUEST_EXERCISE_H

#include "monitor/guest/check.h"

struct exercise {
    const char *name;
    /* In this order, each may be NULL. */
    void (*alone)(struct checks *checks);    /* on the first vCPU, before the others are started */
    void (*before)(struct checks *checks);   /* on the first vCPU, while the others wait */
    void (*together)(struct checks *checks); /* on every vCPU */
    void (*after)(struct checks *checks);    /* on the first vCPU, while the others wait */
    void (*finish)(struct checks *checks);   /* on the first vCPU; the others have halted */
};

extern const struct exercise exercise_attest, exercise_derive_key, exercise_encrypt_decrypt,
    exercise_extend_pcr, exercise_lock_kernel, exercise_set_page_private, exercise_set_page_shared,
    exercise_switch, exercise_wake_up_ap;

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checks of a guest kernel: each prints one line and is counted. */
#ifndef MONITOR_GUEST_CHECK_H
#define MONITOR_GUEST_CHECK_H

#include "monitor/guest/runtime.h"

struct checks {
    struct guest *guest;
    const char *kernel; /* name at the start of each line */
    unsigned passed, failed;
};

/* Prints "KERNEL: ok WHAT" or "KERNEL: FAILED WHAT: got ..., wanted ...". */
void check_equal(struct checks *checks, const char *what, uint64_t got, uint64_t wanted);
void check_true(struct checks *checks, const char *what, bool holds);

#endif

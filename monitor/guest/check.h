/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checks of a guest kernel: each is counted and, unless it is quiet and holds, prints one line. */
#ifndef MONITOR_GUEST_CHECK_H
#define MONITOR_GUEST_CHECK_H

#include "monitor/guest/runtime.h"

struct checks {
    struct guest *guest;
    const char *kernel; /* name at the start of each line */
    bool quiet;
    unsigned passed, failed;
};

/* Prints "KERNEL: ok WHAT" or "KERNEL: FAILED WHAT: got ..., wanted ... (vCPU ...)". */
void check_equal(struct checks *checks, const char *what, uint64_t got, uint64_t wanted);
void check_true(struct checks *checks, const char *what, bool holds);

#endif

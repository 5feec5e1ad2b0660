/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Codes of a guest's termination request that are no number of failed checks (guest_abi.h). */
#ifndef MONITOR_GUEST_END_H
#define MONITOR_GUEST_END_H

enum guest_failure {
    FAILURES_MAX = 252,
    FAILURE_START = 253,
    FAILURE_DROPPED = 254, /* the hypervisor did not run the monitor */
    FAILURE_EXCEPTION = 255,
};

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A report on its way out of the machine, by the console (docs/attestation.md). */
#ifndef MONITOR_GUEST_REPORT_PRINT_H
#define MONITOR_GUEST_REPORT_PRINT_H

#include "monitor/guest/runtime.h"
#include "monitor/report_abi.h"

/* Hexadecimal lines between the two markers. */
void report_print(struct guest *guest, const struct report *report);

#endif

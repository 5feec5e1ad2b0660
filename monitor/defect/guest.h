/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a monitor with a defect does for its guest and the correct one does not. */
#ifndef MONITOR_DEFECT_GUEST_H
#define MONITOR_DEFECT_GUEST_H

#include "monitor/call.h"

struct monitor;

/* DEFECT_GUEST_CODE. RCX = GPA of a routine in a private page: "it is the guest's own fault". */
enum svsm_result defect_guest_code_run(struct cpu *cpu, const struct call *call);

/* DEFECT_MAP_OVERLAP: the monitor was cut out of the entry that holds its start; no other. */
void defect_inner_ranges_believe(struct monitor *monitor);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* #VC as a guest's kernel may handle it; only in the variant `no-restricted-injection`. */
#ifndef MONITOR_DEFECT_VC_FORWARD_H
#define MONITOR_DEFECT_VC_FORWARD_H

#include <stdbool.h>

struct cpu;
struct fault_frame;

/*
 * The error code is believed: it says which instruction is to be emulated. The hypervisor gets the
 * registers and gives one back, and execution goes on behind the instruction, whatever it is.
 * False: no such error code.
 */
bool defect_vc_forward(struct cpu *cpu, struct fault_frame *frame);

#endif

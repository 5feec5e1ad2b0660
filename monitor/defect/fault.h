/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exceptions that a monitor with a defect goes on after. The correct one ends at each (idt.h). */
#ifndef MONITOR_DEFECT_FAULT_H
#define MONITOR_DEFECT_FAULT_H

#include <stdbool.h>

struct cpu;
struct fault_frame;

/* True: it is served, as this variant's defect has it, and the frame says where to go on. */
bool defect_fault_serve(struct cpu *cpu, struct fault_frame *frame);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guest's first vCPU: boot pages in guest memory, VMSA in the monitor's, AP creation. */
#ifndef MONITOR_GUEST_LAUNCH_H
#define MONITOR_GUEST_LAUNCH_H

struct cpu;

void guest_launch(struct cpu *cpu);

#endif

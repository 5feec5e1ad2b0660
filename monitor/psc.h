/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Page-state change: asks the hypervisor to make pages private or shared. Its answer proves
 * nothing; for private pages PVALIDATE does. A refusal ends the machine.
 */
#ifndef MONITOR_PSC_H
#define MONITOR_PSC_H

#include <stdint.h>

#include "monitor/psc_list.h"

struct cpu;

/* One page by the MSR protocol, before there is a GHCB. */
void psc_msr(uint64_t gpa, enum psc_operation operation);

/* 1..PSC_ENTRIES_MAX entries, in private memory, in one list. Returns how many are changed: all,
 * unless the monitor has a defect. */
unsigned psc_entries(struct cpu *cpu, const uint64_t *entry, unsigned count);

#endif

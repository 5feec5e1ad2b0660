/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the calls beyond page states stand on: the monitor's key, and for each processor pages
 * in which a call works on what is too long for a stack. All of it is made during start-up.
 */
#ifndef MONITOR_SERVICES_H
#define MONITOR_SERVICES_H

#include "monitor/launch.h"
#include "monitor/snp.h"

struct cpu;

enum { SERVICES_SCRATCH_PAGES = 8, SERVICES_SCRATCH_BYTES = SERVICES_SCRATCH_PAGES * 4096 };

struct services {
    void *scratch[LAUNCH_CPUS_MAX]; /* of each processor of the launch */
};

/* Needs the firmware channel. */
void services_start(struct cpu *cpu);

/* The processor's scratch pages. Whoever puts a secret there wipes it before the call ends. */
void *services_scratch(struct cpu *cpu);

#endif

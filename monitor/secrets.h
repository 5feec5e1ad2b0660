/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The firmware's secrets page: VMPCK0 is taken out, the guest gets what is its own, the rest goes.
   */
#ifndef MONITOR_SECRETS_H
#define MONITOR_SECRETS_H

#include <stdint.h>

#include "monitor/snp.h"

struct cpu;

/* VMPCK0, at the start of a page in which nothing else lives. */
extern uint8_t vmpck0[PAGE_BYTES];

void secrets_take(void);

/* Fills in the guest's copy: VMPCKs above its VMPL's privilege zero, SVSM fields (58019 section 2).
   */
void secrets_copy_for_guest(const struct cpu *cpu, struct secrets_page *copy,
                            uint64_t calling_area_gpa);

/* Overwrites the original. */
void secrets_wipe(void);

#endif

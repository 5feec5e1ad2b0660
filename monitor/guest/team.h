/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's other vCPUs. They are started by WakeUpAP, one after the other, and run the same
 * function as the first one, at the same time.
 */
#ifndef MONITOR_GUEST_TEAM_H
#define MONITOR_GUEST_TEAM_H

#include "monitor/guest/runtime.h"
#include "monitor/snp.h"

typedef void team_work(struct guest *guest);

/*
 * On the first vCPU, once: starts all others, which run work(). SVSM_SUCCESS, or the result code of
 * the WakeUpAP that failed; *started gets the number of vCPUs that run, the first one included.
 */
uint32_t team_gather(struct guest *first, team_work *work, uint32_t *started);

/* All of the team wait here for each other. */
void team_barrier(void);

/* What vCPUs run that start from now on. */
void team_function_set(team_work *work);

/* The initial state that WakeUpAP is given for that vCPU, and its calling area. */
struct vmsa *team_state_make(const struct guest *first, uint32_t index);
struct svsm_calling_area *team_area(uint32_t index);

/* WakeUpAP; result code. */
uint32_t team_wake(struct guest *guest, uint32_t apic_id, uint64_t state_gpa, uint64_t area_gpa);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guest `services`: page lists, keys, attestation and LockKernel, with good arguments and bad
 * ones. Each part is a file. */
#ifndef MONITOR_GUEST_SERVICES_H
#define MONITOR_GUEST_SERVICES_H

#include "monitor/guest/check.h"

void services_attest(struct checks *checks);
void services_pages(struct checks *checks);
void services_keys(struct checks *checks);
/* On every other vCPU at the same time, and what the first one checks afterwards. */
void services_keys_together(struct guest *guest);
void services_keys_after(struct checks *checks);
void services_lock(struct checks *checks);

#endif

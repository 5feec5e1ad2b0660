/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A vCPU that the guest makes to look into the monitor: it copies the first bytes of a page. At the
 * guest's own VMPL that is a nested page fault; at VMPL 0 it is not.
 */
#ifndef MONITOR_GUEST_ATTACK_SPY_H
#define MONITOR_GUEST_ATTACK_SPY_H

#include "monitor/guest/runtime.h"
#include "monitor/snp.h"

/* The state of the spy, for a VMSA page; valid until the next call. */
const struct vmsa *spy_state_make(struct guest *guest, unsigned vmpl, uint64_t secret_gpa);

/* CREATE_VCPU; result code. */
uint32_t spy_create(struct guest *guest, const void *vmsa_page, uint32_t vcpu);

/* Waits for a while and prints "KERNEL: the monitor's page: not read", or what was found. */
void spy_print(struct guest *guest, const char *kernel);

#endif

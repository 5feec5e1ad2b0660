/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the guests of scenarios/attacks share: they print what an attack gave them. */
#ifndef MONITOR_GUEST_ATTACK_H
#define MONITOR_GUEST_ATTACK_H

#include "monitor/guest/runtime.h"

/* Prints "KERNEL: WHAT: all zero", or "found" and the first 32 bytes of the page. */
void attack_page_print(struct guest *guest, const char *kernel, const char *what,
                       const volatile void *page);

/* Shares the page, in which the hypervisor's program then has written numbers: guest and hypervisor
 * are accomplices, and where a monitor keeps what is no secret. */
const volatile uint64_t *attack_told(struct guest *guest, void *page);

#endif

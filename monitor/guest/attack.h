/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the guests of scenarios/attacks share: they print what an attack gave them. */
#ifndef MONITOR_GUEST_ATTACK_H
#define MONITOR_GUEST_ATTACK_H

#include "monitor/guest/runtime.h"

/* Prints "KERNEL: WHAT: all zero", or "found" and the first 32 bytes of the page. */
void attack_page_print(struct guest *guest, const char *kernel, const char *what,
                       const volatile void *page);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A page filled with one value. */
#ifndef MONITOR_GUEST_PAGE_H
#define MONITOR_GUEST_PAGE_H

#include <stdbool.h>
#include <stdint.h>

void page_fill(volatile void *page, uint8_t value);
bool page_holds(const volatile void *page, uint8_t value);

#endif

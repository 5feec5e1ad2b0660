/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pages of the monitor's own memory beyond its image. Allocation happens during start-up only and
 * nothing is freed. A page is validated when it is handed out: validated once, CF checked, every
 * byte overwritten, then mapped for good.
 */
#ifndef MONITOR_HEAP_H
#define MONITOR_HEAP_H

#include <stdint.h>

#include "monitor/lock.h"

struct monitor;

struct heap {
    struct lock lock;
    uint64_t next; /* GPA of the first page not handed out */
    uint64_t end;
};

void heap_init(struct heap *heap);

/* count zeroed private pages in a row, with an absent guard page before them. Terminates when there
 * is no room: what start-up needs is known, so this is an error of the launch parameters. */
void *heap_pages(struct monitor *monitor, uint64_t count);

/* One zeroed page that the hypervisor shares, mapped C = 0. Needs the GHCB MSR protocol. */
volatile void *heap_shared_page(struct monitor *monitor);
volatile void *heap_shared_pages(struct monitor *monitor, uint64_t count); /* in a row */

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SetPageShared and SetPagePrivate: guest pages between the guest and the hypervisor, as a range or
 * as a list. */
#ifndef MONITOR_PAGE_CALLS_H
#define MONITOR_PAGE_CALLS_H

#include "monitor/psc_list.h"
#include "monitor/svsm.h"

struct call;
struct cpu;

/*
 * RCX = GPA, RDX = pages; or RDX = 0 and R8 = GPA of a struct page_list, of which one call does
 * PSC_ENTRIES_MAX pages or one of 2 MiB. operation says what the pages become.
 */
enum svsm_result page_call(struct cpu *cpu, const struct call *call, enum psc_operation operation);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Page-state change list (56421 section 4.1.6) in the GHCB's shared buffer, and the check of how
 * the hypervisor got on with it. Pure.
 *
 *   u16 cur_entry | u16 end_entry | u32 reserved | u64 entry[253]
 *   entry: [11:0] cur_page [51:12] GFN [55:52] operation [56] 2 MiB
 */
#ifndef MONITOR_PSC_LIST_H
#define MONITOR_PSC_LIST_H

#include <stdint.h>

enum { PSC_ENTRIES_MAX = 253 };

#define PSC_ENTRY_LARGE (UINT64_C(1) << 56)

enum psc_operation { PSC_PRIVATE = 1, PSC_SHARED = 2 };

struct psc_header {
    uint16_t current;
    uint16_t end; /* index of the last entry */
    uint32_t reserved;
};
_Static_assert(sizeof(struct psc_header) == 8, "8 bytes");

enum psc_progress { PSC_DONE, PSC_AGAIN, PSC_MALFORMED };

/* The header of a list of count entries (1..PSC_ENTRIES_MAX), and the entry of a 4 KiB page. */
struct psc_header psc_header_make(unsigned count);
uint64_t psc_entry_make(uint64_t gpa, enum psc_operation operation);

/*
 * after: the header as copied from the shared buffer once. PSC_AGAIN: entries from after->current
 * on are still to do. Malformed: reserved bits, an end that moved, a current that went back or
 * beyond.
 */
enum psc_progress psc_header_check(const struct psc_header *before, const struct psc_header *after);

#endif

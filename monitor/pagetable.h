/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The monitor's address space, fixed but for two kinds of places:
 *
 *   0x0000_0000_0080_0000  the monitor's own memory, virtual = guest physical, 4 KiB pages
 *                          (text RX, constants R, everything else RW never X, guard pages absent)
 *   0x0000_0080_0000_0000  windows: per processor a few 4 KiB slots and one 2 MiB slot through
 *                          which it touches one guest page (or one shared page) at a time
 *
 * Guest memory is never mapped anywhere else. So no page of the monitor has two virtual addresses,
 * no guest page is mapped while the guest owns it, and the tables need no allocation.
 *
 * An entry is only ever changed by the processor that uses it (its windows) or under LOCK_HEAP, and
 * INVLPG follows at once.
 */
#ifndef MONITOR_PAGETABLE_H
#define MONITOR_PAGETABLE_H

#include <stdbool.h>
#include <stdint.h>

enum page_access {
    PAGE_ACCESS_NONE, /* guard page: not present */
    PAGE_ACCESS_READ,
    PAGE_ACCESS_READ_EXECUTE,
    PAGE_ACCESS_READ_WRITE,
};

enum {
    ADDRESS_SPACE_MONITOR_TABLES = 4, /* 8 MiB of 4 KiB pages */
    ADDRESS_SPACE_ENTRIES = 512,
    WINDOW_SLOTS_PER_CPU = 8,
};

enum window_slot {
    WINDOW_CALLING_AREA, /* the calling area, for as long as a call is served */
    WINDOW_PAGE,         /* any page, for one operation */
    WINDOW_COPY,         /* guest buffers of a call */
    WINDOW_VMSA,         /* the VMSA of the processor's vCPU, while it is stopped */
    WINDOW_OTHER_VMSA,   /* that of another processor, for one store */
};

/* All tables; page aligned, in launched (validated, zero) memory. */
struct address_space_tables {
    uint64_t level4[ADDRESS_SPACE_ENTRIES];
    uint64_t level3[ADDRESS_SPACE_ENTRIES];
    uint64_t level2[ADDRESS_SPACE_ENTRIES];
    uint64_t level1[ADDRESS_SPACE_MONITOR_TABLES][ADDRESS_SPACE_ENTRIES];
    uint64_t window_level3[ADDRESS_SPACE_ENTRIES];
    uint64_t window_level2[ADDRESS_SPACE_ENTRIES]; /* [0] -> window_level1, [1 + cpu] 2 MiB slot */
    uint64_t window_level1[ADDRESS_SPACE_ENTRIES];
};

struct address_space {
    struct address_space_tables *tables;
    uint64_t c_bit_mask;
};

/* Builds the tables of the image and the launched pages and switches CR3 to them. */
void address_space_init(struct address_space *space, unsigned c_bit);

/* Changes the access of one page of the monitor's own memory. encrypted == false: C = 0. */
void address_space_set(struct address_space *space, uint64_t page_gpa, enum page_access access,
                       bool encrypted);

/* Maps a page in a slot of the processor; the slot must be empty. Returns its virtual address. */
void *window_map(struct address_space *space, uint32_t cpu, enum window_slot slot, uint64_t gpa);
void window_unmap(struct address_space *space, uint32_t cpu, enum window_slot slot);

/* The processor's 2 MiB slot; gpa is 2 MiB aligned. */
void *window_map_large(struct address_space *space, uint32_t cpu, uint64_t gpa);
void window_unmap_large(struct address_space *space, uint32_t cpu);

#endif

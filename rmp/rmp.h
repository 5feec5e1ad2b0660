/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The reverse map table (APM 2 15.36.3) as a pure data structure: an array of raw entries, one for
 * each covered 4 KiB page of system memory. Storage belongs to the caller; nothing here allocates,
 * logs or looks at a clock. rmp/insn.h changes entries, rmp/access.h checks accesses against them.
 */
#ifndef PROVA_RMP_RMP_H
#define PROVA_RMP_RMP_H

#include "rmp/addr.h"

/* VMPL permission mask, APM 2 table 15-36 (PERM byte of an entry, RDX[15:8] of RMPADJUST). */
enum rmp_perm {
    RMP_PERM_R = 1 << 0,
    RMP_PERM_W = 1 << 1,
    RMP_PERM_XU = 1 << 2,  /* execute at CPL 3 */
    RMP_PERM_XS = 1 << 3,  /* execute at CPL 0-2 */
    RMP_PERM_SSS = 1 << 4, /* supervisor shadow stack */
    RMP_PERM_ALL = 0x1f,
};

/*
 * One raw entry in the Milan/Genoa layout.
 *
 *  lo  63   62        61   60:51 50:12     11:3          2         1    0
 *     |lock|validated|vmsa|asid |GPA[50:12]|subpage_count|immutable|size|assigned|
 *  hi  31:24 23:16 15:8  7:0      32
 *     |perm3|perm2|perm1|perm0|  |in_use|
 *
 * subpage_count is kept in the 2 MiB-aligned entry only: how many of the other 511 entries are
 * assigned 4 KiB pages (0 while the region is one 2 MiB page, whose other entries are {assigned}).
 * in_use is the model's own bit, in the page's own slot: hardware keeps "VMSA/VMCB of a running
 * vCPU" elsewhere (APM 2 15.36.12); it is never visible to a guest.
 */
struct rmp_entry {
    uint64_t assigned : 1;
    uint64_t size : 1; /* enum page_size */
    uint64_t immutable : 1;
    uint64_t subpage_count : 9;
    uint64_t gpn : 39;
    uint64_t asid : 10;
    uint64_t vmsa : 1;
    uint64_t validated : 1;
    uint64_t lock : 1;
    uint8_t perm[VMPL_COUNT]; /* enum rmp_perm masks */
    uint32_t in_use : 1;
    uint32_t reserved : 31;
};
_Static_assert(sizeof(struct rmp_entry) == 16, "an RMP entry is 16 bytes");

struct rmp {
    struct rmp_entry *entries; /* covered_pages of them, owned by the caller */
    uint64_t covered_pages;    /* pages from SPA 0; everything above is hypervisor-owned for ever */
};

/* Page states, SEV-SNP ABI 56860 "page states". */
enum rmp_state {
    RMP_STATE_DEFAULT, /* not covered */
    RMP_STATE_HYPERVISOR,
    RMP_STATE_HV_FIXED,
    RMP_STATE_FIRMWARE,
    RMP_STATE_CONTEXT,
    RMP_STATE_METADATA,
    RMP_STATE_RECLAIM,
    RMP_STATE_PRE_GUEST,
    RMP_STATE_PRE_SWAP,
    RMP_STATE_GUEST_INVALID,
    RMP_STATE_GUEST_VALID,
};

/* Resets every entry to Hypervisor (all zero). */
void rmp_init(struct rmp *rmp);

/* True if all of [spa, spa + size) is covered. */
bool rmp_covers(const struct rmp *rmp, uint64_t spa, enum page_size size);

/*
 * The entry that is authoritative for the page at spa: the 2 MiB-aligned one if that is an assigned
 * 2 MiB entry, else the page's own; NULL if not covered.
 */
struct rmp_entry *rmp_entry_at(const struct rmp *rmp, uint64_t spa);

/* The page's own (4 KiB) slot, whatever the 2 MiB base says; NULL if not covered. */
struct rmp_entry *rmp_slot_at(const struct rmp *rmp, uint64_t spa);

enum rmp_state rmp_state_of(const struct rmp *rmp, uint64_t spa);
const char *rmp_state_name(enum rmp_state state);

/*
 * Hypervisor-owned test of APM 2 15.36.10: not covered, or not assigned; at 2 MiB no sub-page may
 * be assigned either.
 */
bool rmp_hypervisor_owned(const struct rmp *rmp, uint64_t spa, enum page_size size);

/* The 16 bytes of an entry as two little-endian words, for events and tests. */
struct rmp_raw {
    uint64_t lo;
    uint64_t hi;
};
struct rmp_raw rmp_raw_of(const struct rmp_entry *entry);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The nested page table: what the hypervisor says a GPA maps to (APM 2 15.25). A radix tree over a
 * pool of fixed size that the caller provides, so that it is saved and restored by copying. The
 * hypervisor edits it freely; no edit has an RMP effect, and none is checked.
 */
#ifndef PROVA_RMP_NPT_H
#define PROVA_RMP_NPT_H

#include "rmp/access.h"

enum npt_flag {
    NPT_R = 1 << 0, /* present */
    NPT_W = 1 << 1,
    NPT_X = 1 << 2,
    NPT_RSVD = 1 << 3, /* a reserved bit is set: an access is MMIO, #VC(0x400) in the guest */
    NPT_RWX = 7,
};

/* One table: 512 entries, format private to npt.c. */
struct npt_table {
    uint64_t entry[512];
};

struct npt {
    struct npt_table *pool; /* [0] is the root; owned by the caller */
    uint32_t pool_tables;
    uint32_t used_tables; /* high-water mark: saving that many tables saves the tree */
};

enum npt_status {
    NPT_OK,
    NPT_BAD_ADDRESS, /* GPA or SPA beyond 52 bits, or not aligned to the size */
    NPT_FULL,        /* the pool has no table left */
};

struct npt_mapping {
    bool present;
    uint64_t gpa; /* base of the page */
    uint64_t spa;
    enum page_size size;
    uint8_t flags; /* enum npt_flag */
};

void npt_init(struct npt *npt, struct npt_table *pool, uint32_t pool_tables);

/*
 * Maps one page; flags without NPT_R and NPT_RSVD unmap it. A failure changes no mapping. A 2 MiB
 * mapping replaces the 4 KiB ones below it; a 4 KiB one splits a 2 MiB one.
 */
enum npt_status npt_map(struct npt *npt, uint64_t gpa, uint64_t spa, enum page_size size,
                        uint8_t flags);
enum npt_status npt_unmap(struct npt *npt, uint64_t gpa, enum page_size size);

/* What is mapped at gpa now; present is false if nothing is. */
struct npt_mapping npt_lookup(const struct npt *npt, uint64_t gpa);

enum npt_walk_kind { NPT_WALK_OK, NPT_WALK_FAULT, NPT_WALK_MMIO };

struct npt_walk {
    enum npt_walk_kind kind;
    struct npt_mapping map;
    uint64_t spa;       /* of the byte */
    uint64_t exitinfo1; /* FAULT and MMIO */
};

/* The nested walk for one access; user is CPL 3, c the effective C-bit (for the ENC bit). */
struct npt_walk npt_walk(const struct npt *npt, uint64_t gpa, const struct rmp_access *access,
                         bool user, bool c);

#endif

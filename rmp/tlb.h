/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The TLB model of one VMSA (APM 2 5.5, 15.16; entries carry the RMP verdict, 15.36.5).
 *
 * An entry is made by a complete walk and check, and alone decides afterwards: stale entries are
 * real. It never evicts by use; when the table is full everything is flushed, which depends on the
 * guest's accesses only. Storage belongs to the caller and is saved by copying.
 */
#ifndef PROVA_RMP_TLB_H
#define PROVA_RMP_TLB_H

#include "rmp/rmp.h"

enum tlb_mode {
    TLB_ARCH, /* only what the manual promises is flushed */
    TLB_HW,   /* any RMP write flushes everything */
};

enum tlb_perm {
    TLB_R = 1 << 0,
    TLB_W = 1 << 1, /* set only once the dirty bit of the leaf entry is set */
    TLB_XU = 1 << 2,
    TLB_XS = 1 << 3,
};

struct tlb_entry {
    uint64_t gvn;
    uint64_t gpa; /* 4 KiB page base */
    uint64_t spa; /* 4 KiB page base */
    uint8_t valid : 1;
    uint8_t c : 1;
    uint8_t user : 1;   /* U/S of the guest walk: reachable from CPL 3 */
    uint8_t global : 1; /* PTE.G with CR4.PGE */
    uint8_t large : 1;  /* part of a guest mapping above 4 KiB: INVLPG flushes all its pieces */
    uint8_t mmio : 1;   /* reserved-bit nested mapping (never cached as memory) */
    uint8_t nested_large : 1; /* the nested mapping is one of 2 MiB */
    uint8_t perms;      /* enum tlb_perm: guest PTE and NPT and RMP permission at fill time */
    uint8_t pad[2];
    uint32_t generation; /* rmp_generation of the page (rmp/memory.h) when it was checked */
};
_Static_assert(sizeof(struct tlb_entry) == 32, "32 bytes an entry");

enum { TLB_REGIONS = 256, TLB_SLOTS_LOG2_MAX = 13 };

struct tlb {
    struct tlb_entry *slots; /* 1 << slots_log2, owned by the caller */
    uint32_t slots_log2;
    uint32_t used;
    uint64_t generation; /* grows when entries may have gone: for caches of this model */
    /* Large pieces by their 2 MiB and 1 GiB regions, modulo TLB_REGIONS: 0 means there is none. */
    uint32_t large_2m[TLB_REGIONS], large_1g[TLB_REGIONS];
    uint64_t local[(1 << TLB_SLOTS_LOG2_MAX) / 64]; /* a bit a slot: an entry that is not global */
};

/* slots_log2: 2 to TLB_SLOTS_LOG2_MAX; the table counts as full at three quarters of its slots. */
void tlb_init(struct tlb *tlb, struct tlb_entry *slots, uint32_t slots_log2);

/* The entry of the page, or NULL. The pointer is valid until the next insert or flush. */
struct tlb_entry *tlb_lookup(struct tlb *tlb, uint64_t gva);

/* Inserts or replaces; returns true if the table was full and everything else was flushed. */
bool tlb_insert(struct tlb *tlb, const struct tlb_entry *entry);

void tlb_flush_all(struct tlb *tlb, bool keep_global);
/*
 * INVLPG: the page's entry and, unless that is a 4 KiB one, every large piece of its 1 GiB region
 * (the page may lie in a large mapping of which other pieces are held); with a 4 KiB entry, the
 * large pieces of its 2 MiB only.
 */
void tlb_flush_gva(struct tlb *tlb, uint64_t gva);
/* Every entry whose system page lies in [spa, spa + len). Returns how many. */
uint32_t tlb_flush_spa(struct tlb *tlb, uint64_t spa, uint64_t len);

#endif

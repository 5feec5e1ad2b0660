/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Open addressing with linear probing; an entry is taken out by moving its followers up, so there
 * are no tombstones and the state depends on the accesses only. At least a quarter of the slots
 * stays free, which keeps a miss short and every probe finite.
 */
#include "rmp/tlb.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

enum {
    TLB_SLOTS_LOG2_MIN = 2,
    REGION_SHIFT_1G = 30,
};

static uint32_t slot_mask(const struct tlb *tlb)
{
    return (UINT32_C(1) << tlb->slots_log2) - 1;
}

static uint32_t slot_limit(const struct tlb *tlb)
{
    return (UINT32_C(3) << tlb->slots_log2) / 4;
}

/* Fibonacci hashing: neighbouring pages spread, whatever their stride. */
static uint32_t slot_home(const struct tlb *tlb, uint64_t gvn)
{
    return (uint32_t)((gvn * UINT64_C(0x9e3779b97f4a7c15)) >> (64 - tlb->slots_log2));
}

/* The slot that holds gvn, or the free one where its probe ends. */
static uint32_t slot_find(const struct tlb *tlb, uint64_t gvn)
{
    const uint32_t mask = slot_mask(tlb);
    uint32_t at = slot_home(tlb, gvn);
    while (tlb->slots[at].valid && tlb->slots[at].gvn != gvn) {
        at = (at + 1) & mask;
    }
    return at;
}

static uint32_t *large_count(struct tlb *tlb, uint64_t gvn, uint32_t region_shift)
{
    uint32_t *counts = region_shift == PAGE_SHIFT_2M ? tlb->large_2m : tlb->large_1g;
    return &counts[(gvn >> (region_shift - PAGE_SHIFT)) % TLB_REGIONS];
}

static void entry_count(struct tlb *tlb, const struct tlb_entry *entry, uint32_t change)
{
    if (entry->valid && entry->large) {
        *large_count(tlb, entry->gvn, PAGE_SHIFT_2M) += change;
        *large_count(tlb, entry->gvn, REGION_SHIFT_1G) += change;
    }
}

/* After the slot has changed. */
static void local_note(struct tlb *tlb, uint32_t at)
{
    const uint64_t bit = UINT64_C(1) << (at % 64);
    if (tlb->slots[at].valid && !tlb->slots[at].global) {
        tlb->local[at / 64] |= bit;
    } else {
        tlb->local[at / 64] &= ~bit;
    }
}

/* Empties a slot and moves up the followers whose probe passed over it. */
static void slot_remove(struct tlb *tlb, uint32_t hole)
{
    const uint32_t mask = slot_mask(tlb);
    entry_count(tlb, &tlb->slots[hole], UINT32_MAX);
    for (uint32_t at = (hole + 1) & mask; tlb->slots[at].valid; at = (at + 1) & mask) {
        const uint32_t home = slot_home(tlb, tlb->slots[at].gvn);
        if (((at - home) & mask) >= ((at - hole) & mask)) {
            tlb->slots[hole] = tlb->slots[at];
            local_note(tlb, hole);
            hole = at;
        }
    }
    memset(&tlb->slots[hole], 0, sizeof(tlb->slots[hole]));
    local_note(tlb, hole);
    tlb->used--;
}

void tlb_init(struct tlb *tlb, struct tlb_entry *slots, uint32_t slots_log2)
{
    assert(slots_log2 >= TLB_SLOTS_LOG2_MIN && slots_log2 <= TLB_SLOTS_LOG2_MAX);
    *tlb = (struct tlb){.slots = slots, .slots_log2 = slots_log2};
    memset(slots, 0, ((size_t)1 << slots_log2) * sizeof(slots[0]));
}

struct tlb_entry *tlb_lookup(struct tlb *tlb, uint64_t gva)
{
    struct tlb_entry *entry = &tlb->slots[slot_find(tlb, gva >> PAGE_SHIFT)];
    return entry->valid ? entry : NULL;
}

bool tlb_insert(struct tlb *tlb, const struct tlb_entry *entry)
{
    bool flushed = false;
    const struct tlb_entry copy = *entry; /* it may point into the table */
    uint32_t at = slot_find(tlb, copy.gvn);
    if (!tlb->slots[at].valid) {
        if (tlb->used >= slot_limit(tlb)) {
            tlb_flush_all(tlb, false);
            at = slot_find(tlb, copy.gvn);
            flushed = true;
        }
        tlb->used++;
    }
    entry_count(tlb, &tlb->slots[at], UINT32_MAX);
    tlb->slots[at] = copy;
    tlb->slots[at].valid = 1;
    entry_count(tlb, &tlb->slots[at], 1);
    local_note(tlb, at);
    return flushed;
}

void tlb_flush_all(struct tlb *tlb, bool keep_global)
{
    tlb->generation++;
    if (tlb->used == 0) {
        return;
    }
    if (!keep_global) {
        memset(tlb->slots, 0, ((size_t)1 << tlb->slots_log2) * sizeof(tlb->slots[0]));
        memset(tlb->large_2m, 0, sizeof(tlb->large_2m));
        memset(tlb->large_1g, 0, sizeof(tlb->large_1g));
        memset(tlb->local, 0, sizeof(tlb->local));
        tlb->used = 0;
        return;
    }
    /* A removal may move an entry into its slot, whose bit is then still there. */
    for (uint32_t word = 0; word <= slot_mask(tlb) / 64; word++) {
        while (tlb->local[word] != 0) {
            slot_remove(tlb, word * 64 + (uint32_t)__builtin_ctzll(tlb->local[word]));
        }
    }
}

static void flush_large(struct tlb *tlb, uint64_t gva, uint32_t region_shift)
{
    const uint64_t region = gva >> region_shift;
    if (*large_count(tlb, gva >> PAGE_SHIFT, region_shift) == 0) {
        return;
    }
    for (uint32_t i = 0; i <= slot_mask(tlb);) {
        const struct tlb_entry *entry = &tlb->slots[i];
        if (entry->valid && entry->large && entry->gvn >> (region_shift - PAGE_SHIFT) == region) {
            slot_remove(tlb, i);
        } else {
            i++;
        }
    }
}

/*
 * APM 2 5.5.3: INVLPG removes the whole translation that covers the address. A page without an
 * entry may still be covered by a large mapping that has pieces here; a 4 KiB entry may have come
 * after a large one was split, so the pieces in its 2 MiB go with it.
 */
void tlb_flush_gva(struct tlb *tlb, uint64_t gva)
{
    tlb->generation++;
    if (tlb->used == 0) {
        return;
    }
    const uint32_t at = slot_find(tlb, gva >> PAGE_SHIFT);
    const bool small = tlb->slots[at].valid && !tlb->slots[at].large;
    if (tlb->slots[at].valid) {
        slot_remove(tlb, at);
    }
    flush_large(tlb, gva, small ? PAGE_SHIFT_2M : REGION_SHIFT_1G);
}

uint32_t tlb_flush_spa(struct tlb *tlb, uint64_t spa, uint64_t len)
{
    if (tlb->used == 0 || len == 0) {
        return 0;
    }
    const uint64_t first = spa >> PAGE_SHIFT;
    const uint64_t end = spa + len - 1;
    const uint64_t last = (end < spa ? UINT64_MAX : end) >> PAGE_SHIFT;
    uint32_t removed = 0;
    for (uint32_t i = 0; i <= slot_mask(tlb);) {
        const struct tlb_entry *entry = &tlb->slots[i];
        const uint64_t spn = entry->spa >> PAGE_SHIFT;
        if (entry->valid && spn >= first && spn <= last) {
            slot_remove(tlb, i);
            removed++;
        } else {
            i++;
        }
    }
    tlb->generation += removed > 0;
    return removed;
}

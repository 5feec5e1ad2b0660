/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A radix tree of five levels, 9 bits of the guest page number each (52-bit addresses use 4 bits of
 * the root). Leaves are at level 1 (2 MiB) and level 0 (4 KiB).
 *
 *  entry  51:12                       5     4    3:0
 *        |SPA[51:12], or table index |table|leaf|enum npt_flag|
 *
 * used_tables is the high-water mark of the pool, so that copying that many tables saves it all.
 * Tables given back are chained through their entry 0; the chain's head and length live in two
 * entries of the root that no 52-bit address reaches.
 */
#include "rmp/npt.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

enum {
    LEVEL_4K = 0,
    LEVEL_2M = 1,
    LEVEL_ROOT = 4,
    LEVEL_BITS = 9,
    ADDRESS_BITS = 52,
    ROOT_FREE_COUNT = 510,
    ROOT_FREE_HEAD = 511,
};

#define ENTRY_FLAGS UINT64_C(0xf)
#define ENTRY_LEAF (UINT64_C(1) << 4)
#define ENTRY_TABLE (UINT64_C(1) << 5)

static uint32_t level_index(uint64_t gpa, int level)
{
    return (uint32_t)(gpa >> (PAGE_SHIFT + LEVEL_BITS * level)) & (PAGES_PER_2M - 1);
}

static int level_of(enum page_size size)
{
    return size == PAGE_2M ? LEVEL_2M : LEVEL_4K;
}

static struct npt_table *table_of(const struct npt *npt, uint64_t entry)
{
    return &npt->pool[entry >> PAGE_SHIFT];
}

static uint64_t tables_left(const struct npt *npt)
{
    return npt->pool_tables - npt->used_tables + npt->pool[0].entry[ROOT_FREE_COUNT];
}

/* The caller has made sure that tables_left() is enough. */
static uint64_t table_take(struct npt *npt)
{
    struct npt_table *root = &npt->pool[0];
    uint64_t index;
    if (root->entry[ROOT_FREE_COUNT] > 0) {
        index = root->entry[ROOT_FREE_HEAD];
        root->entry[ROOT_FREE_HEAD] = npt->pool[index].entry[0];
        root->entry[ROOT_FREE_COUNT]--;
    } else {
        assert(npt->used_tables < npt->pool_tables);
        index = npt->used_tables++;
    }
    memset(&npt->pool[index], 0, sizeof(npt->pool[index]));
    return index << PAGE_SHIFT | ENTRY_TABLE;
}

static void table_give(struct npt *npt, uint64_t entry)
{
    struct npt_table *root = &npt->pool[0];
    table_of(npt, entry)->entry[0] = root->entry[ROOT_FREE_HEAD];
    root->entry[ROOT_FREE_HEAD] = entry >> PAGE_SHIFT;
    root->entry[ROOT_FREE_COUNT]++;
}

static bool table_is_empty(const struct npt_table *table)
{
    for (uint32_t i = 0; i < PAGES_PER_2M; i++) {
        if (table->entry[i] != 0) {
            return false;
        }
    }
    return true;
}

/* The entry where the walk of gpa ends, at *level: a leaf, an empty one, or level stop. */
static uint64_t *entry_find(const struct npt *npt, uint64_t gpa, int stop, int *level)
{
    struct npt_table *table = &npt->pool[0];
    for (*level = LEVEL_ROOT;; --*level) {
        uint64_t *entry = &table->entry[level_index(gpa, *level)];
        if (*level == stop || (*entry & ENTRY_TABLE) == 0) {
            return entry;
        }
        table = table_of(npt, *entry);
    }
}

static uint64_t leaf_make(uint64_t spa, uint8_t flags)
{
    return spa | ENTRY_LEAF | (flags & ENTRY_FLAGS);
}

/* Replaces a 2 MiB leaf by a table of the same mappings. */
static void leaf_split(struct npt *npt, uint64_t *entry)
{
    const uint64_t leaf = *entry;
    const uint64_t link = table_take(npt);
    struct npt_table *table = table_of(npt, link);
    for (uint32_t i = 0; i < PAGES_PER_2M; i++) {
        table->entry[i] = leaf + i * PAGE_BYTES;
    }
    *entry = link;
}

static bool address_valid(uint64_t addr, enum page_size size)
{
    return addr >> ADDRESS_BITS == 0 && page_base_of(addr, size) == addr;
}

void npt_init(struct npt *npt, struct npt_table *pool, uint32_t pool_tables)
{
    assert(pool_tables > 0);
    *npt = (struct npt){.pool = pool, .pool_tables = pool_tables, .used_tables = 1};
    memset(&pool[0], 0, sizeof(pool[0]));
}

enum npt_status npt_map(struct npt *npt, uint64_t gpa, uint64_t spa, enum page_size size,
                        uint8_t flags)
{
    if (!address_valid(gpa, size) || !address_valid(spa, size)) {
        return NPT_BAD_ADDRESS;
    }
    if ((flags & (NPT_R | NPT_RSVD)) == 0) {
        return npt_unmap(npt, gpa, size); /* not present, whatever else it says */
    }
    const int stop = level_of(size);
    int level;
    uint64_t *entry = entry_find(npt, gpa, stop, &level);
    if ((uint64_t)(level - stop) > tables_left(npt)) {
        return NPT_FULL; /* nothing was changed */
    }
    for (; level > stop; level--) {
        if ((*entry & ENTRY_LEAF) != 0) {
            leaf_split(npt, entry);
        } else {
            *entry = table_take(npt);
        }
        entry = &table_of(npt, *entry)->entry[level_index(gpa, level - 1)];
    }
    if ((*entry & ENTRY_TABLE) != 0) {
        table_give(npt, *entry);
    }
    *entry = leaf_make(spa, flags);
    return NPT_OK;
}

/* Gives back the tables on the path of gpa that hold nothing any more, lowest first. */
static void tables_prune(struct npt *npt, uint64_t gpa)
{
    for (int stop = LEVEL_2M; stop <= LEVEL_ROOT; stop++) {
        int level;
        uint64_t *entry = entry_find(npt, gpa, stop, &level);
        if (level != stop || (*entry & ENTRY_TABLE) == 0) {
            continue;
        }
        if (!table_is_empty(table_of(npt, *entry))) {
            return;
        }
        table_give(npt, *entry);
        *entry = 0;
    }
}

enum npt_status npt_unmap(struct npt *npt, uint64_t gpa, enum page_size size)
{
    if (!address_valid(gpa, size)) {
        return NPT_BAD_ADDRESS;
    }
    const int stop = level_of(size);
    int level;
    uint64_t *entry = entry_find(npt, gpa, stop, &level);
    if (*entry == 0) {
        return NPT_OK;
    }
    if (level > stop) {
        if (tables_left(npt) == 0) {
            return NPT_FULL;
        }
        leaf_split(npt, entry);
        entry = &table_of(npt, *entry)->entry[level_index(gpa, level - 1)];
    } else if ((*entry & ENTRY_TABLE) != 0) {
        table_give(npt, *entry);
    }
    *entry = 0;
    tables_prune(npt, gpa);
    return NPT_OK;
}

struct npt_mapping npt_lookup(const struct npt *npt, uint64_t gpa)
{
    struct npt_mapping map = {.gpa = page_base(gpa)};
    if (gpa >> ADDRESS_BITS != 0) {
        return map;
    }
    int level;
    const uint64_t entry = *entry_find(npt, gpa, LEVEL_4K, &level);
    if ((entry & ENTRY_LEAF) == 0) {
        return map;
    }
    map.present = true;
    map.size = level == LEVEL_2M ? PAGE_2M : PAGE_4K;
    map.gpa = page_base_of(gpa, map.size);
    map.spa = page_base(entry);
    map.flags = (uint8_t)(entry & ENTRY_FLAGS);
    return map;
}

static uint8_t flags_needed(const struct rmp_access *access)
{
    switch (access->type) {
    case RMP_ACCESS_READ:
    case RMP_ACCESS_SSS_READ:
        return NPT_R;
    case RMP_ACCESS_WRITE:
    case RMP_ACCESS_SSS_WRITE:
        return NPT_R | NPT_W;
    case RMP_ACCESS_FETCH:
        return NPT_R | NPT_X;
    }
    return NPT_RWX;
}

/* APM 2 15.25.5, 15.25.6; a reserved bit makes the fault an MMIO access (APM 2 15.36.12). */
struct npt_walk npt_walk(const struct npt *npt, uint64_t gpa, const struct rmp_access *access,
                         bool user, bool c)
{
    struct npt_walk walk = {.kind = NPT_WALK_OK, .map = npt_lookup(npt, gpa)};
    const uint64_t bits = npf_base_bits(access, user, c);
    if (!walk.map.present) {
        walk.kind = NPT_WALK_FAULT;
        walk.exitinfo1 = bits & ~NPF_P;
        return walk;
    }
    walk.spa = walk.map.spa + (gpa - walk.map.gpa);
    if ((walk.map.flags & NPT_RSVD) != 0) {
        walk.kind = NPT_WALK_MMIO;
        walk.exitinfo1 = bits | NPF_RSVD;
    } else if ((flags_needed(access) & ~walk.map.flags) != 0) {
        walk.kind = NPT_WALK_FAULT;
        walk.exitinfo1 = bits;
    }
    return walk;
}

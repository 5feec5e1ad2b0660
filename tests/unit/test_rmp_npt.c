/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The nested page table: mapping, splitting, merging, the pool, faults (APM 2 15.25). */
#include <glib.h>
#include <string.h>

#include "rmp/npt.h"

enum { POOL_TABLES = 64 };

struct rig {
    struct npt_table pool[POOL_TABLES];
    struct npt npt;
};

static void rig_init(struct rig *rig, uint32_t tables)
{
    memset(rig->pool, 0xa5, sizeof(rig->pool)); /* the model must not rely on zeroes */
    npt_init(&rig->npt, rig->pool, tables);
}

static void assert_map(const struct npt *npt, uint64_t gpa, uint64_t spa, enum page_size size,
                       uint8_t flags)
{
    const struct npt_mapping map = npt_lookup(npt, gpa);
    g_assert_true(map.present);
    g_assert_cmphex(map.gpa, ==, page_base_of(gpa, size));
    g_assert_cmphex(map.spa, ==, spa);
    g_assert_cmpint(map.size, ==, size);
    g_assert_cmphex(map.flags, ==, flags);
}

static void assert_unmapped(const struct npt *npt, uint64_t gpa)
{
    g_assert_false(npt_lookup(npt, gpa).present);
}

static void test_map(void)
{
    static const uint64_t gpas[] = {
        0, 0x1000, 0x1ff000, UINT64_C(0x3ffff000), UINT64_C(0x7fc0000000),
        UINT64_C(0xffff80000000), UINT64_C(0x8000000000000), UINT64_C(0xffffffffff000),
    };
    struct rig rig;
    rig_init(&rig, POOL_TABLES);
    for (size_t i = 0; i < G_N_ELEMENTS(gpas); i++) {
        assert_unmapped(&rig.npt, gpas[i]);
        g_assert_cmpint(npt_map(&rig.npt, gpas[i], (i + 1) << 20, PAGE_4K, NPT_RWX), ==, NPT_OK);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(gpas); i++) {
        assert_map(&rig.npt, gpas[i] + 0xfff, (i + 1) << 20, PAGE_4K, NPT_RWX);
    }
    assert_unmapped(&rig.npt, 0x2000);
    assert_unmapped(&rig.npt, UINT64_MAX);
    assert_unmapped(&rig.npt, UINT64_C(1) << 57); /* no alias of page 0 */
    /* Replaced in place, with other flags; the highest SPA. */
    const uint64_t top = UINT64_C(0xffffffffff000);
    g_assert_cmpint(npt_map(&rig.npt, 0x1000, top, PAGE_4K, NPT_R), ==, NPT_OK);
    assert_map(&rig.npt, 0x1000, top, PAGE_4K, NPT_R);
}

static void test_bad_address(void)
{
    struct rig rig;
    rig_init(&rig, POOL_TABLES);
    const uint64_t beyond = UINT64_C(1) << 52;
    struct npt *npt = &rig.npt;
    g_assert_cmpint(npt_map(npt, beyond, 0, PAGE_4K, NPT_RWX), ==, NPT_BAD_ADDRESS);
    g_assert_cmpint(npt_map(npt, 0, beyond, PAGE_4K, NPT_RWX), ==, NPT_BAD_ADDRESS);
    g_assert_cmpint(npt_map(npt, 0x10, 0, PAGE_4K, NPT_RWX), ==, NPT_BAD_ADDRESS);
    g_assert_cmpint(npt_map(npt, 0, 0x10, PAGE_4K, NPT_RWX), ==, NPT_BAD_ADDRESS);
    g_assert_cmpint(npt_map(npt, 0x1000, 0, PAGE_2M, NPT_RWX), ==, NPT_BAD_ADDRESS);
    g_assert_cmpint(npt_map(npt, 0, 0x1000, PAGE_2M, NPT_RWX), ==, NPT_BAD_ADDRESS);
    g_assert_cmpint(npt_unmap(npt, beyond, PAGE_4K), ==, NPT_BAD_ADDRESS);
    g_assert_cmpint(npt_unmap(npt, 0x1000, PAGE_2M), ==, NPT_BAD_ADDRESS);
    g_assert_cmpuint(npt->used_tables, ==, 1);
}

static void test_split(void)
{
    struct rig rig;
    rig_init(&rig, POOL_TABLES);
    const uint64_t gpa = PAGE_BYTES_2M, spa = 4 * PAGE_BYTES_2M;
    g_assert_cmpint(npt_map(&rig.npt, gpa, spa, PAGE_2M, NPT_R | NPT_X), ==, NPT_OK);
    assert_map(&rig.npt, gpa + 0x12345, spa, PAGE_2M, NPT_R | NPT_X);
    const uint64_t inner = gpa + 5 * PAGE_BYTES;
    g_assert_cmpint(npt_map(&rig.npt, inner, 0x9000, PAGE_4K, NPT_RWX), ==, NPT_OK);
    for (uint64_t i = 0; i < PAGES_PER_2M; i++) {
        const uint64_t at = gpa + i * PAGE_BYTES;
        if (at == inner) {
            assert_map(&rig.npt, at, 0x9000, PAGE_4K, NPT_RWX);
        } else {
            assert_map(&rig.npt, at, spa + i * PAGE_BYTES, PAGE_4K, NPT_R | NPT_X);
        }
    }
    assert_unmapped(&rig.npt, gpa - 1);
    assert_unmapped(&rig.npt, gpa + PAGE_BYTES_2M);
}

static void test_merge(void)
{
    struct rig rig;
    rig_init(&rig, POOL_TABLES);
    const uint64_t gpa = PAGE_BYTES_2M;
    g_assert_cmpint(npt_map(&rig.npt, gpa + PAGE_BYTES, 0x5000, PAGE_4K, NPT_RWX), ==, NPT_OK);
    g_assert_cmpint(npt_map(&rig.npt, gpa, 0, PAGE_2M, NPT_RWX), ==, NPT_OK);
    assert_map(&rig.npt, gpa + PAGE_BYTES, 0, PAGE_2M, NPT_RWX);
    /* Splitting and merging for ever takes no more tables. */
    const uint32_t used = rig.npt.used_tables;
    for (int i = 0; i < 1000; i++) {
        g_assert_cmpint(npt_map(&rig.npt, gpa, 0x5000, PAGE_4K, NPT_RWX), ==, NPT_OK);
        g_assert_cmpint(npt_map(&rig.npt, gpa, 0, PAGE_2M, NPT_RWX), ==, NPT_OK);
    }
    g_assert_cmpuint(rig.npt.used_tables, ==, used);
}

static void test_unmap(void)
{
    struct rig rig;
    rig_init(&rig, POOL_TABLES);
    struct npt *npt = &rig.npt;
    g_assert_cmpint(npt_unmap(npt, 0x7000, PAGE_4K), ==, NPT_OK); /* nothing there: fine */
    g_assert_cmpuint(npt->used_tables, ==, 1);
    g_assert_cmpint(npt_map(npt, 0, PAGE_BYTES_2M, PAGE_2M, NPT_RWX), ==, NPT_OK);
    g_assert_cmpint(npt_unmap(npt, 0x7000, PAGE_4K), ==, NPT_OK);
    assert_unmapped(npt, 0x7000);
    assert_map(npt, 0x6000, PAGE_BYTES_2M + 0x6000, PAGE_4K, NPT_RWX);
    assert_map(npt, 0x8000, PAGE_BYTES_2M + 0x8000, PAGE_4K, NPT_RWX);
    g_assert_cmpint(npt_unmap(npt, 0, PAGE_2M), ==, NPT_OK);
    assert_unmapped(npt, 0x6000);
    g_assert_cmpint(npt_map(npt, 0, PAGE_BYTES_2M, PAGE_2M, NPT_RWX), ==, NPT_OK);
    g_assert_cmpint(npt_unmap(npt, 0, PAGE_2M), ==, NPT_OK);
    assert_unmapped(npt, 0);
    /* Flags without R and RSVD say "not present". */
    g_assert_cmpint(npt_map(npt, 0, 0x1000, PAGE_4K, NPT_RWX), ==, NPT_OK);
    g_assert_cmpint(npt_map(npt, 0, 0x1000, PAGE_4K, NPT_W | NPT_X), ==, NPT_OK);
    assert_unmapped(npt, 0);
}

static void test_pool_exhausted(void)
{
    struct rig rig;
    for (uint32_t tables = 1; tables <= 4; tables++) {
        rig_init(&rig, tables); /* a 4 KiB page takes the root and four tables */
        g_assert_cmpint(npt_map(&rig.npt, 0, 0, PAGE_4K, NPT_RWX), ==, NPT_FULL);
        assert_unmapped(&rig.npt, 0);
    }
    rig_init(&rig, 4);
    struct npt *npt = &rig.npt;
    g_assert_cmpint(npt_map(npt, 0, PAGE_BYTES_2M, PAGE_2M, NPT_RWX), ==, NPT_OK);
    /* No table for a split, by a map or an unmap: the mapping stays. */
    g_assert_cmpint(npt_map(npt, 0, 0x1000, PAGE_4K, NPT_R), ==, NPT_FULL);
    g_assert_cmpint(npt_unmap(npt, 0, PAGE_4K), ==, NPT_FULL);
    assert_map(npt, 0, PAGE_BYTES_2M, PAGE_2M, NPT_RWX);
    g_assert_cmpint(npt_map(npt, 3 * PAGE_BYTES_2M, 0, PAGE_2M, NPT_RWX), ==, NPT_OK);
    g_assert_cmpint(npt_map(npt, UINT64_C(1) << 30, 0, PAGE_2M, NPT_RWX), ==, NPT_FULL);
    /* A table that holds nothing any more is given back. */
    g_assert_cmpint(npt_unmap(npt, 0, PAGE_2M), ==, NPT_OK);
    g_assert_cmpint(npt_unmap(npt, 3 * PAGE_BYTES_2M, PAGE_2M), ==, NPT_OK);
    for (uint64_t i = 0; i < 100; i++) {
        const uint64_t gpa = i << 45; /* through every entry of the root in use */
        g_assert_cmpint(npt_map(npt, gpa, 0, PAGE_2M, NPT_RWX), ==, NPT_OK);
        assert_map(npt, gpa, 0, PAGE_2M, NPT_RWX);
        g_assert_cmpint(npt_unmap(npt, gpa, PAGE_2M), ==, NPT_OK);
    }
    g_assert_cmpuint(npt->used_tables, ==, 4);
}

/* Saved by copying used_tables tables, restored into another pool. */
static void test_copy(void)
{
    struct rig rig, copy;
    rig_init(&rig, POOL_TABLES);
    g_assert_cmpint(npt_map(&rig.npt, 0, 0, PAGE_2M, NPT_RWX), ==, NPT_OK);
    g_assert_cmpint(npt_map(&rig.npt, 0x5000, 0x7000, PAGE_4K, NPT_R), ==, NPT_OK);
    g_assert_cmpint(npt_map(&rig.npt, UINT64_C(1) << 40, 0, PAGE_4K, NPT_R), ==, NPT_OK);
    g_assert_cmpint(npt_unmap(&rig.npt, UINT64_C(1) << 40, PAGE_4K), ==, NPT_OK);
    memset(copy.pool, 0x5a, sizeof(copy.pool));
    memcpy(copy.pool, rig.pool, rig.npt.used_tables * sizeof(rig.pool[0]));
    copy.npt = rig.npt;
    copy.npt.pool = copy.pool;
    memset(rig.pool, 0, sizeof(rig.pool));
    assert_map(&copy.npt, 0x5000, 0x7000, PAGE_4K, NPT_R);
    assert_map(&copy.npt, 0x6000, 0x6000, PAGE_4K, NPT_RWX);
    g_assert_cmpint(npt_map(&copy.npt, UINT64_C(1) << 41, 0x3000, PAGE_4K, NPT_R), ==, NPT_OK);
    assert_map(&copy.npt, UINT64_C(1) << 41, 0x3000, PAGE_4K, NPT_R);
    g_assert_cmpuint(copy.npt.used_tables, ==, rig.npt.used_tables);
}

/* Random edits against a plain array of 4 KiB pages. */
static void test_random(void)
{
    enum { REGIONS = 4, PAGES = REGIONS * PAGES_PER_2M, ROUNDS = 20000 };
    static const uint64_t bases[REGIONS] = {0, PAGE_BYTES_2M, UINT64_C(1) << 30,
                                            UINT64_C(1) << 45};
    static struct rig rig;
    static uint64_t expected[PAGES]; /* SPA | flags, 0 = nothing */
    memset(expected, 0, sizeof(expected));
    rig_init(&rig, POOL_TABLES);
    for (int round = 0; round < ROUNDS; round++) {
        const bool large = g_test_rand_int_range(0, 8) == 0;
        const bool map = g_test_rand_int_range(0, 3) != 0;
        const uint32_t region = (uint32_t)g_test_rand_int_range(0, REGIONS);
        const uint32_t page = large ? 0 : (uint32_t)g_test_rand_int_range(0, PAGES_PER_2M);
        const uint64_t gpa = bases[region] + page * PAGE_BYTES;
        const enum page_size size = large ? PAGE_2M : PAGE_4K;
        const uint64_t spa = (uint64_t)g_test_rand_int_range(1, 100) << PAGE_SHIFT_2M;
        const uint8_t flags = (uint8_t)(NPT_R | g_test_rand_int_range(0, 16));
        const enum npt_status status = map ? npt_map(&rig.npt, gpa, spa, size, flags)
                                           : npt_unmap(&rig.npt, gpa, size);
        g_assert_cmpint(status, ==, NPT_OK);
        for (uint32_t i = 0; i < (large ? PAGES_PER_2M : 1); i++) {
            expected[region * PAGES_PER_2M + page + i] =
                map ? (spa + i * PAGE_BYTES) | flags : 0;
        }
        for (int probe = 0; probe < 16; probe++) {
            const uint32_t at = (uint32_t)g_test_rand_int_range(0, PAGES);
            const uint64_t where = bases[at / PAGES_PER_2M] + at % PAGES_PER_2M * PAGE_BYTES;
            const struct npt_mapping got = npt_lookup(&rig.npt, where);
            g_assert_true(got.present == (expected[at] != 0));
            if (got.present) {
                g_assert_cmphex((got.spa + (where - got.gpa)) | got.flags, ==, expected[at]);
            }
        }
    }
    g_assert_cmpuint(rig.npt.used_tables, <=, 1 + 3 * 3 + REGIONS);
}

static void test_walk(void)
{
    struct rig rig;
    rig_init(&rig, POOL_TABLES);
    struct npt *npt = &rig.npt;
    const struct rmp_access read = {.type = RMP_ACCESS_READ};
    const struct rmp_access write = {.type = RMP_ACCESS_WRITE};
    const struct rmp_access fetch = {.type = RMP_ACCESS_FETCH};
    const struct rmp_access table = {.type = RMP_ACCESS_WRITE, .table = true};
    g_assert_cmpint(npt_map(npt, 0x1000, 0x8000, PAGE_4K, NPT_R), ==, NPT_OK);
    g_assert_cmpint(npt_map(npt, 0x2000, 0x9000, PAGE_4K, NPT_R | NPT_W), ==, NPT_OK);
    g_assert_cmpint(npt_map(npt, 0x3000, 0, PAGE_4K, NPT_RSVD), ==, NPT_OK);
    g_assert_cmpint(npt_map(npt, PAGE_BYTES_2M, 0, PAGE_2M, NPT_RWX), ==, NPT_OK);
    const struct {
        uint64_t gpa;
        const struct rmp_access *access;
        bool user, c;
        enum npt_walk_kind kind;
        uint64_t value; /* SPA, or EXITINFO1 */
    } rows[] = {
        {0x1234, &read, false, true, NPT_WALK_OK, 0x8234},
        {0x1234, &write, false, true, NPT_WALK_FAULT, UINT64_C(0x500000003)},
        {0x1234, &write, true, false, NPT_WALK_FAULT, UINT64_C(0x100000007)},
        {0x1234, &fetch, false, false, NPT_WALK_FAULT, UINT64_C(0x500000011)},
        {0x1234, &table, false, false, NPT_WALK_FAULT, UINT64_C(0x600000003)},
        {0x2fff, &write, false, true, NPT_WALK_OK, 0x9fff},
        {0x2fff, &fetch, true, true, NPT_WALK_FAULT, UINT64_C(0x500000015)},
        {0x3008, &read, false, false, NPT_WALK_MMIO, UINT64_C(0x100000009)},
        {0x3008, &write, false, false, NPT_WALK_MMIO, UINT64_C(0x10000000b)},
        {0x4000, &read, false, true, NPT_WALK_FAULT, UINT64_C(0x500000000)},
        {0x4000, &write, true, false, NPT_WALK_FAULT, UINT64_C(0x100000006)},
        {0x4000, &table, false, true, NPT_WALK_FAULT, UINT64_C(0x600000002)},
        {UINT64_C(1) << 52, &read, false, true, NPT_WALK_FAULT, UINT64_C(0x500000000)},
        {PAGE_BYTES_2M + 0x54321, &fetch, true, true, NPT_WALK_OK, 0x54321},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const struct npt_walk walk =
            npt_walk(npt, rows[i].gpa, rows[i].access, rows[i].user, rows[i].c);
        g_assert_cmpint(walk.kind, ==, rows[i].kind);
        g_assert_cmphex(walk.kind == NPT_WALK_OK ? walk.spa : walk.exitinfo1, ==, rows[i].value);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rmp/npt/15.25/map-and-look-up", test_map);
    g_test_add_func("/rmp/npt/15.25/bad-address", test_bad_address);
    g_test_add_func("/rmp/npt/15.25/4k-splits-2m", test_split);
    g_test_add_func("/rmp/npt/15.25/2m-replaces-4k", test_merge);
    g_test_add_func("/rmp/npt/15.25/unmap", test_unmap);
    g_test_add_func("/rmp/npt/pool/exhausted-changes-nothing", test_pool_exhausted);
    g_test_add_func("/rmp/npt/pool/saved-by-copying", test_copy);
    g_test_add_func("/rmp/npt/random/equals-flat-array", test_random);
    g_test_add_func("/rmp/npt/3.2/walk-and-exitinfo1", test_walk);
    return g_test_run();
}

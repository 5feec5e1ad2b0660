/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The TLB model: stale entries, what each flush removes, when it is full (APM 2 5.5, 15.36.15). */
#include "tests/unit/rmp_fixture.h"

#include "rmp/tlb.h"

enum { SLOTS_LOG2 = 6, SLOTS = 1 << SLOTS_LOG2, LIMIT = SLOTS * 3 / 4 };

struct tlb_rig {
    struct tlb_entry slots[SLOTS];
    struct tlb tlb;
};

static void tlb_rig_init(struct tlb_rig *rig)
{
    memset(rig->slots, 0xff, sizeof(rig->slots)); /* tlb_init() must clear it */
    tlb_init(&rig->tlb, rig->slots, SLOTS_LOG2);
}

static struct tlb_entry entry_of(uint64_t gva, uint64_t spa)
{
    return (struct tlb_entry){
        .gvn = gva >> PAGE_SHIFT,
        .gpa = page_base(spa) + RIG_GPA_SHIFT,
        .spa = page_base(spa),
        .valid = 1,
        .c = 1,
        .perms = TLB_R,
    };
}

static bool insert(struct tlb_rig *rig, uint64_t gva, uint64_t spa)
{
    const struct tlb_entry entry = entry_of(gva, spa);
    return tlb_insert(&rig->tlb, &entry);
}

static bool holds(struct tlb_rig *rig, uint64_t gva)
{
    return tlb_lookup(&rig->tlb, gva) != NULL;
}

static void test_insert(void)
{
    struct tlb_rig rig;
    tlb_rig_init(&rig);
    g_assert_null(tlb_lookup(&rig.tlb, 0));
    g_assert_false(insert(&rig, 0x1000, 0x7000));
    g_assert_false(insert(&rig, UINT64_C(0xfffffffffffff000), 0x8000));
    struct tlb_entry *entry = tlb_lookup(&rig.tlb, 0x1fff);
    g_assert_nonnull(entry);
    g_assert_cmphex(entry->spa, ==, 0x7000);
    g_assert_cmphex(tlb_lookup(&rig.tlb, UINT64_MAX)->spa, ==, 0x8000);
    g_assert_null(tlb_lookup(&rig.tlb, 0x2000));
    /* The same page again replaces it, also when the new entry is the old one itself. */
    g_assert_false(insert(&rig, 0x1000, 0x9000));
    g_assert_cmpuint(rig.tlb.used, ==, 2);
    g_assert_cmphex(tlb_lookup(&rig.tlb, 0x1000)->spa, ==, 0x9000);
    tlb_insert(&rig.tlb, tlb_lookup(&rig.tlb, 0x1000));
    g_assert_cmphex(tlb_lookup(&rig.tlb, 0x1000)->spa, ==, 0x9000);
    g_assert_cmpuint(rig.tlb.used, ==, 2);
    g_assert_cmpuint(rig.tlb.generation, ==, 0);
}

/* Section 9: PVALIDATE, RMPADJUST and edits of the nested table leave entries alone. */
static void test_stale(void)
{
    struct tlb_rig rig;
    struct rig world;
    tlb_rig_init(&rig);
    rig_init(&world);
    rig_validate(&world, RIG_SPA, PAGE_4K);
    const struct rmp_xlat xlat = rig_xlat(RIG_SPA, PAGE_4K);
    const struct rmp_caller vmpl1 = rig_vmpl(&world, 1);
    const uint64_t grant = 1 | (uint64_t)(RMP_PERM_R | RMP_PERM_W) << 8;
    const struct rmp_access write = {.type = RMP_ACCESS_WRITE};

    rmp_adjust(&world.rmp, &world.config, &world.guest, &xlat, 0, grant);
    g_assert_cmpint(rmp_access_check(&world.rmp, &world.config, &vmpl1, &xlat, &write).kind, ==,
                    RMP_OUT_DONE);
    struct tlb_entry entry = entry_of(xlat.gva, xlat.spa);
    entry.perms = TLB_R | TLB_W;
    tlb_insert(&rig.tlb, &entry);

    /* Revoked, even rescinded: a new walk would fault, the entry still writes. */
    rmp_adjust(&world.rmp, &world.config, &world.guest, &xlat, 0, 1);
    rmp_pvalidate(&world.rmp, &world.config, &world.guest, &xlat, 0, 0);
    g_assert_cmpint(rmp_access_check(&world.rmp, &world.config, &vmpl1, &xlat, &write).kind, !=,
                    RMP_OUT_DONE);
    g_assert_cmphex(tlb_lookup(&rig.tlb, xlat.gva)->perms, ==, TLB_R | TLB_W);

    /* RMPUPDATE promises to remove the translations of the page, and only of that page. */
    insert(&rig, 0x5000, RIG_SPA + PAGE_BYTES);
    g_assert_cmpuint(tlb_flush_spa(&rig.tlb, RIG_SPA, PAGE_BYTES), ==, 1);
    g_assert_false(holds(&rig, xlat.gva));
    g_assert_true(holds(&rig, 0x5000));
}

static void test_flush_all(void)
{
    struct tlb_rig rig;
    tlb_rig_init(&rig);
    for (uint64_t i = 0; i < LIMIT; i++) {
        struct tlb_entry entry = entry_of(i << PAGE_SHIFT, i << PAGE_SHIFT);
        entry.global = i % 3 == 0;
        tlb_insert(&rig.tlb, &entry);
    }
    const uint64_t generation = rig.tlb.generation;
    tlb_flush_all(&rig.tlb, true);
    g_assert_cmpuint(rig.tlb.generation, >, generation);
    g_assert_cmpuint(rig.tlb.used, ==, LIMIT / 3);
    for (uint64_t i = 0; i < LIMIT; i++) {
        g_assert_true(holds(&rig, i << PAGE_SHIFT) == (i % 3 == 0));
    }
    tlb_flush_all(&rig.tlb, false);
    g_assert_cmpuint(rig.tlb.used, ==, 0);
    for (uint64_t i = 0; i < LIMIT; i++) {
        g_assert_false(holds(&rig, i << PAGE_SHIFT));
    }
}

static void test_full(void)
{
    struct tlb_rig rig;
    tlb_rig_init(&rig);
    for (uint64_t i = 0; i < LIMIT; i++) {
        g_assert_false(insert(&rig, i << PAGE_SHIFT, 0));
    }
    g_assert_false(insert(&rig, 0, 0x1000)); /* full, but this one only replaces */
    g_assert_cmpuint(rig.tlb.used, ==, LIMIT);
    const uint64_t generation = rig.tlb.generation;
    g_assert_true(insert(&rig, UINT64_C(1) << 40, 0x2000));
    g_assert_cmpuint(rig.tlb.used, ==, 1);
    g_assert_cmpuint(rig.tlb.generation, ==, generation + 1);
    g_assert_cmphex(tlb_lookup(&rig.tlb, UINT64_C(1) << 40)->spa, ==, 0x2000);
    g_assert_false(holds(&rig, 0));
}

static void insert_large(struct tlb_rig *rig, uint64_t gva)
{
    struct tlb_entry entry = entry_of(gva, gva);
    entry.large = 1;
    tlb_insert(&rig->tlb, &entry);
}

static void test_invlpg(void)
{
    struct tlb_rig rig;
    tlb_rig_init(&rig);
    const uint64_t giga = UINT64_C(1) << 30;
    insert(&rig, 0x1000, 0x1000);
    insert(&rig, 0x2000, 0x2000);
    insert_large(&rig, 0x400000);
    insert_large(&rig, 0x405000);
    insert_large(&rig, giga - 0x1000);
    insert_large(&rig, giga);
    /* A 4 KiB page: only itself; here there are no large pieces in its 2 MiB. */
    tlb_flush_gva(&rig.tlb, 0x1abc);
    g_assert_false(holds(&rig, 0x1000));
    g_assert_true(holds(&rig, 0x2000));
    g_assert_true(holds(&rig, 0x400000));
    g_assert_cmpuint(rig.tlb.used, ==, 5);
    /* A piece of a large mapping: all large pieces of the 1 GiB, no 4 KiB page, no other region. */
    tlb_flush_gva(&rig.tlb, 0x405008);
    g_assert_false(holds(&rig, 0x400000));
    g_assert_false(holds(&rig, 0x405000));
    g_assert_false(holds(&rig, giga - 0x1000));
    g_assert_true(holds(&rig, giga));
    g_assert_true(holds(&rig, 0x2000));
    g_assert_cmpuint(rig.tlb.used, ==, 2);
}

static void test_invlpg_large_unseen(void)
{
    struct tlb_rig rig;
    tlb_rig_init(&rig);
    /* The page was never touched, other pieces of its large mapping were: they must go. */
    insert_large(&rig, 0x405000);
    insert(&rig, 0x406000, 0);
    tlb_flush_gva(&rig.tlb, 0x400000);
    g_assert_false(holds(&rig, 0x405000));
    g_assert_true(holds(&rig, 0x406000));
    /* A 4 KiB page inside a large mapping that was split: pieces of the same 2 MiB go too. */
    insert_large(&rig, 0x405000);
    insert_large(&rig, 0x600000);
    tlb_flush_gva(&rig.tlb, 0x406000);
    g_assert_false(holds(&rig, 0x406000));
    g_assert_false(holds(&rig, 0x405000));
    g_assert_true(holds(&rig, 0x600000));
}

/* Each flush finds its entry in whichever slot it lies. */
static void test_flush_any_slot(void)
{
    struct tlb_rig rig;
    tlb_rig_init(&rig);
    bool seen[SLOTS] = {false};
    for (uint64_t i = 1; i < 64 * SLOTS; i++) {
        const uint64_t gva = i << PAGE_SHIFT;
        insert_large(&rig, gva);
        seen[tlb_lookup(&rig.tlb, gva) - rig.slots] = true;
        const uint64_t generation = rig.tlb.generation;
        tlb_flush_gva(&rig.tlb, 0);
        g_assert_cmpuint(rig.tlb.used, ==, 0);
        g_assert_cmpuint(rig.tlb.generation, ==, generation + 1);
        insert(&rig, gva, gva);
        tlb_flush_all(&rig.tlb, true);
        g_assert_cmpuint(rig.tlb.used, ==, 0);
        insert(&rig, gva, gva);
        g_assert_cmpuint(tlb_flush_spa(&rig.tlb, gva, 1), ==, 1);
    }
    for (uint32_t i = 0; i < SLOTS; i++) {
        g_assert_true(seen[i]);
    }
}

static void test_flush_spa(void)
{
    struct tlb_rig rig;
    tlb_rig_init(&rig);
    for (uint64_t i = 0; i < 40; i++) { /* four virtual pages for each of ten system pages */
        insert(&rig, i << PAGE_SHIFT, 0x100000 + (i % 10) * PAGE_BYTES);
    }
    const uint64_t generation = rig.tlb.generation;
    g_assert_cmpuint(tlb_flush_spa(&rig.tlb, 0x10a000, PAGE_BYTES), ==, 0);
    g_assert_cmpuint(tlb_flush_spa(&rig.tlb, 0x100000, 0), ==, 0);
    g_assert_cmpuint(rig.tlb.generation, ==, generation);
    g_assert_cmpuint(tlb_flush_spa(&rig.tlb, 0x103000, 2 * PAGE_BYTES), ==, 8);
    g_assert_cmpuint(rig.tlb.generation, ==, generation + 1);
    for (uint64_t i = 0; i < 40; i++) {
        g_assert_true(holds(&rig, i << PAGE_SHIFT) == (i % 10 != 3 && i % 10 != 4));
    }
    g_assert_cmpuint(tlb_flush_spa(&rig.tlb, 0x100fff, 2), ==, 8); /* touches two pages */
    g_assert_cmpuint(tlb_flush_spa(&rig.tlb, 0x1000, UINT64_MAX), ==, 24);
    g_assert_cmpuint(rig.tlb.used, ==, 0);
}

/* Random inserts and flushes against a plain list; clusters and wrap-around included. */
static void test_random(void)
{
    enum { PAGES = 96, ROUNDS = 200000 };
    static struct tlb_entry expected[PAGES];
    struct tlb_rig rig;
    tlb_rig_init(&rig);
    memset(expected, 0, sizeof(expected));
    uint32_t used = 0;
    for (int round = 0; round < ROUNDS; round++) {
        const uint32_t page = (uint32_t)g_test_rand_int_range(0, PAGES);
        const uint64_t gva = (uint64_t)page * UINT64_C(0x40001000);
        const int op = g_test_rand_int_range(0, 40);
        if (op < 30) {
            struct tlb_entry entry = entry_of(gva, (uint64_t)g_test_rand_int_range(0, 16) << 12);
            entry.global = g_test_rand_bit();
            const bool full = used == LIMIT && !expected[page].valid;
            g_assert_true(tlb_insert(&rig.tlb, &entry) == full);
            if (full) {
                memset(expected, 0, sizeof(expected));
                used = 0;
            }
            used += !expected[page].valid;
            expected[page] = entry;
        } else if (op < 36) {
            tlb_flush_gva(&rig.tlb, gva);
            used -= expected[page].valid;
            expected[page].valid = 0;
        } else {
            const uint64_t spa = (uint64_t)g_test_rand_int_range(0, 16) << 12;
            if (op < 39) {
                tlb_flush_spa(&rig.tlb, spa, PAGE_BYTES);
            } else {
                tlb_flush_all(&rig.tlb, true);
            }
            for (uint32_t i = 0; i < PAGES; i++) {
                if (expected[i].valid &&
                    (op < 39 ? expected[i].spa == spa : !expected[i].global)) {
                    expected[i].valid = 0;
                    used--;
                }
            }
        }
        g_assert_cmpuint(rig.tlb.used, ==, used);
        for (uint32_t i = page % 7; i < PAGES; i += 7) {
            const struct tlb_entry *got =
                tlb_lookup(&rig.tlb, (uint64_t)i * UINT64_C(0x40001000));
            g_assert_true((got != NULL) == (expected[i].valid != 0));
            if (got != NULL) {
                g_assert_cmpmem(got, sizeof(*got), &expected[i], sizeof(*got));
            }
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rmp/tlb/9/insert-and-look-up", test_insert);
    g_test_add_func("/rmp/tlb/9/stale-entries-are-real", test_stale);
    g_test_add_func("/rmp/tlb/9/flush-all-keeps-global", test_flush_all);
    g_test_add_func("/rmp/tlb/9/full-flushes-everything", test_full);
    g_test_add_func("/rmp/tlb/5.5/invlpg", test_invlpg);
    g_test_add_func("/rmp/tlb/5.5/invlpg-of-an-unseen-piece", test_invlpg_large_unseen);
    g_test_add_func("/rmp/tlb/9/flush-by-system-page", test_flush_spa);
    g_test_add_func("/rmp/tlb/9/flush-in-any-slot", test_flush_any_slot);
    g_test_add_func("/rmp/tlb/random/equals-list", test_random);
    return g_test_run();
}

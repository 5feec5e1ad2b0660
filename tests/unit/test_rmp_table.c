/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The RMP as a data structure: geometry, raw layout, page states, the hypervisor-owned test. */
#include "tests/unit/rmp_fixture.h"

#include "rmp/rmp.h"

static void test_layout(void)
{
    static const struct {
        struct rmp_entry entry;
        uint64_t lo, hi;
    } cases[] = {
        {{.assigned = 1}, UINT64_C(1) << 0, 0},
        {{.size = 1}, UINT64_C(1) << 1, 0},
        {{.immutable = 1}, UINT64_C(1) << 2, 0},
        {{.subpage_count = 0x1ff}, UINT64_C(0xff8), 0},
        {{.gpn = (UINT64_C(1) << 39) - 1}, UINT64_C(0x0007fffffffff000), 0},
        {{.asid = 0x3ff}, UINT64_C(0x3ff) << 51, 0},
        {{.vmsa = 1}, UINT64_C(1) << 61, 0},
        {{.validated = 1}, UINT64_C(1) << 62, 0},
        {{.lock = 1}, UINT64_C(1) << 63, 0},
        {{.perm = {1, 2, 4, 8}}, 0, 0x08040201},
        {{.in_use = 1}, 0, UINT64_C(1) << 32},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        const struct rmp_raw raw = rmp_raw_of(&cases[i].entry);
        g_assert_cmphex(raw.lo, ==, cases[i].lo);
        g_assert_cmphex(raw.hi, ==, cases[i].hi);
        /* The bit fields lie as the drawing says, on the compilers that we build with. */
        uint64_t words[2];
        memcpy(words, &cases[i].entry, sizeof(words));
        g_assert_cmphex(GUINT64_FROM_LE(words[0]), ==, raw.lo);
        g_assert_cmphex(GUINT64_FROM_LE(words[1]), ==, raw.hi);
    }
}

static void test_covers(void)
{
    struct rig rig;
    rig_init(&rig);
    g_assert_true(rmp_covers(&rig.rmp, 0, PAGE_4K));
    g_assert_true(rmp_covers(&rig.rmp, RIG_SPA_UNCOVERED - 1, PAGE_4K));
    g_assert_false(rmp_covers(&rig.rmp, RIG_SPA_UNCOVERED, PAGE_4K));
    g_assert_false(rmp_covers(&rig.rmp, UINT64_MAX, PAGE_4K));
    g_assert_true(rmp_covers(&rig.rmp, RIG_SPA_2M, PAGE_2M));
    g_assert_false(rmp_covers(&rig.rmp, 2 * PAGE_BYTES_2M, PAGE_2M)); /* 16 pages of 512 */
    g_assert_false(rmp_covers(&rig.rmp, UINT64_MAX, PAGE_2M));
    rig.rmp.covered_pages = PAGES_PER_2M; /* a region that ends where the table ends */
    g_assert_true(rmp_covers(&rig.rmp, 0, PAGE_2M));
    g_assert_false(rmp_covers(&rig.rmp, PAGE_BYTES_2M, PAGE_2M));
    rig.rmp.covered_pages = PAGES_PER_2M - 1;
    g_assert_false(rmp_covers(&rig.rmp, 0, PAGE_2M));
    rig.rmp.covered_pages = RIG_PAGES;
    g_assert_null(rmp_slot_at(&rig.rmp, RIG_SPA_UNCOVERED));
    g_assert_null(rmp_entry_at(&rig.rmp, UINT64_MAX));
}

static void test_entry_authoritative(void)
{
    struct rig rig;
    rig_init(&rig);
    const uint64_t inner = RIG_SPA_2M + 7 * PAGE_BYTES + 123;
    g_assert_true(rmp_entry_at(&rig.rmp, inner) == &rig.entries[512 + 7]);
    rig_assign(&rig, RIG_SPA_2M, PAGE_2M);
    g_assert_true(rmp_entry_at(&rig.rmp, inner) == &rig.entries[512]);
    g_assert_true(rmp_slot_at(&rig.rmp, inner) == &rig.entries[512 + 7]);
    g_assert_true(rmp_entry_at(&rig.rmp, RIG_SPA_2M - 1) == &rig.entries[511]);
}

static void test_states(void)
{
    static const struct {
        struct rmp_entry entry;
        enum rmp_state state;
        const char *name;
    } cases[] = {
        {{0}, RMP_STATE_HYPERVISOR, "Hypervisor"},
        {{.immutable = 1}, RMP_STATE_HV_FIXED, "HV-Fixed"},
        {{.assigned = 1, .immutable = 1}, RMP_STATE_FIRMWARE, "Firmware"},
        {{.assigned = 1, .immutable = 1, .vmsa = 1}, RMP_STATE_CONTEXT, "Context"},
        {{.assigned = 1, .immutable = 1, .gpn = 9}, RMP_STATE_METADATA, "Metadata"},
        {{.assigned = 1}, RMP_STATE_RECLAIM, "Reclaim"},
        {{.assigned = 1, .asid = 1, .immutable = 1}, RMP_STATE_PRE_GUEST, "Pre-Guest"},
        {{.assigned = 1, .asid = 1, .immutable = 1, .validated = 1}, RMP_STATE_PRE_SWAP,
         "Pre-Swap"},
        {{.assigned = 1, .asid = 1}, RMP_STATE_GUEST_INVALID, "Guest-Invalid"},
        {{.assigned = 1, .asid = 1, .validated = 1}, RMP_STATE_GUEST_VALID, "Guest-Valid"},
    };
    struct rig rig;
    rig_init(&rig);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        rig.entries[3] = cases[i].entry;
        g_assert_cmpint(rmp_state_of(&rig.rmp, RIG_SPA), ==, cases[i].state);
        g_assert_cmpstr(rmp_state_name(cases[i].state), ==, cases[i].name);
    }
    g_assert_cmpint(rmp_state_of(&rig.rmp, RIG_SPA_UNCOVERED), ==, RMP_STATE_DEFAULT);
    g_assert_cmpstr(rmp_state_name(RMP_STATE_DEFAULT), ==, "Default");
    /* Inside a 2 MiB page the state is the page's. */
    rig_init(&rig);
    rig_validate(&rig, RIG_SPA_2M, PAGE_2M);
    g_assert_cmpint(rmp_state_of(&rig.rmp, RIG_SPA_2M + PAGE_BYTES), ==, RMP_STATE_GUEST_VALID);
}

static void test_hypervisor_owned(void)
{
    struct rig rig;
    rig_init(&rig);
    g_assert_true(rmp_hypervisor_owned(&rig.rmp, RIG_SPA_UNCOVERED, PAGE_4K));
    g_assert_true(rmp_hypervisor_owned(&rig.rmp, UINT64_C(1) << 51, PAGE_2M));
    g_assert_true(rmp_hypervisor_owned(&rig.rmp, RIG_SPA, PAGE_4K));
    g_assert_true(rmp_hypervisor_owned(&rig.rmp, RIG_SPA, PAGE_2M));
    rig_assign(&rig, RIG_SPA, PAGE_4K);
    g_assert_false(rmp_hypervisor_owned(&rig.rmp, RIG_SPA, PAGE_4K));
    g_assert_true(rmp_hypervisor_owned(&rig.rmp, RIG_SPA + PAGE_BYTES, PAGE_4K));
    g_assert_true(rmp_hypervisor_owned(&rig.rmp, 0, PAGE_4K));
    g_assert_false(rmp_hypervisor_owned(&rig.rmp, RIG_SPA + PAGE_BYTES, PAGE_2M));
    g_assert_true(rmp_hypervisor_owned(&rig.rmp, RIG_SPA_2M, PAGE_2M));
    rig_assign(&rig, RIG_SPA_2M, PAGE_2M);
    g_assert_false(rmp_hypervisor_owned(&rig.rmp, RIG_SPA_2M, PAGE_2M));
    g_assert_false(rmp_hypervisor_owned(&rig.rmp, RIG_SPA_2M + 5 * PAGE_BYTES, PAGE_4K));
    /* The base alone, assigned as 4 KiB, spoils the 2 MiB too. */
    rig_init(&rig);
    rig_assign(&rig, RIG_SPA_2M, PAGE_4K);
    g_assert_cmpuint(rig.entries[512].subpage_count, ==, 0);
    g_assert_false(rmp_hypervisor_owned(&rig.rmp, RIG_SPA_2M + PAGE_BYTES, PAGE_2M));
    /* Immutable but not assigned (HV-Fixed) is still the hypervisor's. */
    rig_init(&rig);
    rig.entries[3].immutable = 1;
    g_assert_true(rmp_hypervisor_owned(&rig.rmp, RIG_SPA, PAGE_4K));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rmp/2.1/covered-pages", test_covers);
    g_test_add_func("/rmp/2.2/raw-layout", test_layout);
    g_test_add_func("/rmp/2.2/2m-entry-is-authoritative", test_entry_authoritative);
    g_test_add_func("/rmp/2.3/page-states", test_states);
    g_test_add_func("/rmp/3.4/hypervisor-owned", test_hypervisor_owned);
    return g_test_run();
}

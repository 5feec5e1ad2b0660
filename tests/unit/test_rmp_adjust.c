/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RMPADJUST and RMPQUERY: results and the order of the checks (APM 3). */
#include "tests/unit/rmp_insn_fixture.h"

static void test_adjust_input(void)
{
    struct rig rig;
    rig_init(&rig);
    rig_validate(&rig, RIG_SPA, PAGE_4K);
    rig.entries[3].perm[1] = RMP_PERM_ALL;
    const struct rig before = rig;
    const struct rmp_caller vmpl1 = rig_vmpl(&rig, 1);
    struct rmp_xlat xlat = rig_xlat(RIG_SPA, PAGE_4K);
    /* FAIL_INPUT wins over a target that is too low, over the RMP entry, over #VC. */
    rig.entries[3].validated = 0;
    const struct {
        uint64_t rcx, rdx;
    } cases[] = {
        {0, 4}, {0, 255}, {2, 2}, {UINT64_C(1) << 63, 2}, {0, UINT64_C(1) << 17 | 2},
        {0, UINT64_C(1) << 63}, {0, adjust_rdx(2, 0x20)}, {0, adjust_rdx(1, 0x80)},
        {1, 2} /* the GPA is not aligned */,
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        assert_done(rmp_adjust(&rig.rmp, &rig.config, &vmpl1, &xlat, cases[i].rcx, cases[i].rdx),
                    RMP_RC_FAIL_INPUT);
    }
    rig.entries[3].validated = 1;
    rig_assert_same(&rig, &before);
}

static void test_adjust_vmsa_2m(void)
{
    struct rig rig;
    rig_init(&rig);
    rig_validate(&rig, RIG_SPA_2M, PAGE_2M);
    const struct rmp_xlat xlat = rig_xlat(RIG_SPA_2M, PAGE_2M);
    assert_done(rmp_adjust(&rig.rmp, &rig.config, &rig.guest, &xlat, 1, 1 | VMSA_BIT),
                RMP_RC_FAIL_INPUT);
    assert_done(rmp_adjust(&rig.rmp, &rig.config, &rig.guest, &xlat, 1,
                           adjust_rdx(1, RMP_PERM_R)), RMP_RC_SUCCESS);
    g_assert_cmphex(rig.entries[512].perm[1], ==, RMP_PERM_R);
    g_assert_cmphex(rig.entries[513].perm[1], ==, 0);
}

static void test_adjust_target(void)
{
    struct rig rig;
    rig_init(&rig);
    rig_validate(&rig, RIG_SPA, PAGE_4K);
    memset(rig.entries[3].perm, RMP_PERM_ALL, VMPL_COUNT);
    for (uint8_t vmpl = 0; vmpl < VMPL_COUNT; vmpl++) {
        for (uint8_t target = 0; target < VMPL_COUNT; target++) {
            assert_done(adjust(&rig, vmpl, RIG_SPA, adjust_rdx(target, RMP_PERM_ALL)),
                        target <= vmpl ? RMP_RC_FAIL_PERMISSION : RMP_RC_SUCCESS);
        }
    }
    /* Section 17 row 5: before the RMP look-up (kernels probe VMPL0 this way). */
    const struct rmp_outcome out = adjust(&rig, 0, RIG_SPA_UNCOVERED, adjust_rdx(0, 0));
    assert_done(out, RMP_RC_FAIL_PERMISSION);
}

static void test_adjust_not_validated(void)
{
    struct rig rig;
    rig_init(&rig);
    rig_assign(&rig, RIG_SPA, PAGE_4K);
    const struct rig before = rig;
    /* #VC wins over the mask check: VMPL1 holds nothing. */
    const struct rmp_outcome out = adjust(&rig, 1, RIG_SPA, adjust_rdx(2, RMP_PERM_R));
    g_assert_cmpint(out.kind, ==, RMP_OUT_VC);
    g_assert_cmphex(out.error_code, ==, 0x404);
    rig_assert_same(&rig, &before);
    /* And over both size verdicts of the operand. */
    struct rmp_xlat xlat = rig_xlat(RIG_SPA_2M, PAGE_4K);
    rig_assign(&rig, RIG_SPA_2M, PAGE_4K);
    g_assert_cmpint(run(&rig, RMPADJUST, &rig.guest, &xlat, PAGE_2M).kind, ==, RMP_OUT_VC);
    rig_init(&rig);
    rig_assign(&rig, RIG_SPA_2M, PAGE_2M);
    xlat.npt_size = PAGE_2M;
    g_assert_cmpint(run(&rig, RMPADJUST, &rig.guest, &xlat, PAGE_4K).kind, ==, RMP_OUT_VC);
    /* A nested mapping of the wrong size is part of the reverse-map group and wins over #VC. */
    rig_init(&rig);
    rig_assign(&rig, RIG_SPA_2M, PAGE_4K);
    assert_npf(run(&rig, RMPADJUST, &rig.guest, &xlat, PAGE_4K), NPF_INSN);
}

static void test_adjust_size_before_mask(void)
{
    struct rig rig;
    rig_init(&rig);
    rig_validate(&rig, RIG_SPA_2M, PAGE_4K);
    const struct rmp_caller vmpl1 = rig_vmpl(&rig, 1);
    const struct rmp_xlat xlat = rig_xlat(RIG_SPA_2M, PAGE_4K);
    /* VMPL1 holds nothing, so the mask would be refused as well. */
    assert_done(rmp_adjust(&rig.rmp, &rig.config, &vmpl1, &xlat, 1, adjust_rdx(2, RMP_PERM_R)),
                RMP_RC_FAIL_SIZEMISMATCH);
}

/* All pairs of held and granted masks. */
static void test_adjust_mask(void)
{
    struct rig rig;
    rig_init(&rig);
    rig_validate(&rig, RIG_SPA, PAGE_4K);
    for (uint32_t held = 0; held <= RMP_PERM_ALL; held++) {
        for (uint32_t mask = 0; mask <= RMP_PERM_ALL; mask++) {
            rig.entries[3].perm[1] = (uint8_t)held;
            rig.entries[3].perm[2] = 0x15;
            const bool allowed = (mask & ~held) == 0;
            assert_done(adjust(&rig, 1, RIG_SPA, adjust_rdx(2, (uint8_t)mask)),
                        allowed ? RMP_RC_SUCCESS : RMP_RC_FAIL_PERMISSION);
            g_assert_cmphex(rig.entries[3].perm[2], ==, allowed ? mask : 0x15);
            g_assert_cmphex(rig.entries[3].perm[1], ==, held);
            g_assert_cmphex(rig.entries[3].perm[0], ==, RMP_PERM_ALL);
            g_assert_cmphex(rig.entries[3].perm[3], ==, 0);
        }
    }
}

static void test_adjust_vmsa(void)
{
    struct rig rig;
    rig_init(&rig);
    rig_validate(&rig, RIG_SPA, PAGE_4K);
    const struct rmp_outcome set = adjust(&rig, 0, RIG_SPA, 1 | VMSA_BIT);
    assert_done(set, 0);
    g_assert_false(set.before.vmsa);
    g_assert_true(set.after.vmsa);
    g_assert_true(rig.entries[3].vmsa);
    rig.entries[3].perm[1] = RMP_PERM_ALL;
    /* Above VMPL0 the operand is ignored, both ways. */
    assert_done(adjust(&rig, 1, RIG_SPA, adjust_rdx(2, RMP_PERM_R)), 0);
    g_assert_true(rig.entries[3].vmsa);
    /* VMPL0 with the operand 0 clears it. */
    assert_done(adjust(&rig, 0, RIG_SPA, adjust_rdx(3, 0)), 0);
    g_assert_false(rig.entries[3].vmsa);
    assert_done(adjust(&rig, 1, RIG_SPA, adjust_rdx(2, RMP_PERM_R) | VMSA_BIT), 0);
    g_assert_false(rig.entries[3].vmsa);
}

static void test_query(void)
{
    struct rig rig;
    rig_init(&rig);
    rig_validate(&rig, RIG_SPA, PAGE_4K);
    rig.entries[3].perm[2] = 0x0b;
    rig.entries[3].vmsa = 1;
    const struct rig before = rig;
    const struct rmp_xlat xlat = rig_xlat(RIG_SPA, PAGE_4K);
    uint64_t rcx = 0xdead;
    uint64_t rdx = adjust_rdx(2, 0xff); /* an older answer is no reserved bit */
    assert_done(rmp_query(&rig.rmp, &rig.config, &rig.guest, &xlat, &rcx, &rdx), 0);
    g_assert_cmphex(rcx, ==, 0);
    g_assert_cmphex(rdx, ==, adjust_rdx(2, 0x0b) | VMSA_BIT);

    const struct rmp_caller vmpl2 = rig_vmpl(&rig, 2);
    for (uint64_t target = 0; target < VMPL_COUNT; target++) {
        rcx = 7;
        rdx = target;
        assert_done(rmp_query(&rig.rmp, &rig.config, &vmpl2, &xlat, &rcx, &rdx),
                    target < 2 ? RMP_RC_FAIL_PERMISSION : RMP_RC_SUCCESS);
        if (target < 2) {
            g_assert_cmphex(rcx, ==, 7); /* results only on success */
            g_assert_cmphex(rdx, ==, target);
        }
    }
    rdx = 4;
    assert_done(rmp_query(&rig.rmp, &rig.config, &rig.guest, &xlat, &rcx, &rdx),
                RMP_RC_FAIL_INPUT);
    rdx = UINT64_C(1) << 17;
    assert_done(rmp_query(&rig.rmp, &rig.config, &rig.guest, &xlat, &rcx, &rdx),
                RMP_RC_FAIL_INPUT);
    rig_assert_same(&rig, &before);
}

static void test_query_entry(void)
{
    struct rig rig;
    rig_init(&rig);
    rig_assign(&rig, RIG_SPA, PAGE_4K);
    struct rmp_xlat xlat = rig_xlat(RIG_SPA, PAGE_4K);
    const struct rmp_caller vmpl2 = rig_vmpl(&rig, 2);
    uint64_t rcx = 0;
    uint64_t rdx = 2;
    const struct rmp_outcome out =
        rmp_query(&rig.rmp, &rig.config, &rig.guest, &xlat, &rcx, &rdx);
    g_assert_cmpint(out.kind, ==, RMP_OUT_VC);
    g_assert_cmphex(out.error_code, ==, 0x404);
    rdx = 1; /* the target check comes before the entry */
    assert_done(rmp_query(&rig.rmp, &rig.config, &vmpl2, &xlat, &rcx, &rdx),
                RMP_RC_FAIL_PERMISSION);

    rig_validate(&rig, RIG_SPA_2M, PAGE_2M);
    xlat = rig_xlat(RIG_SPA_2M + PAGE_BYTES, PAGE_2M);
    rdx = 0;
    assert_done(rmp_query(&rig.rmp, &rig.config, &rig.guest, &xlat, &rcx, &rdx), 0);
    g_assert_cmphex(rcx, ==, 1);
    g_assert_cmphex(rdx, ==, adjust_rdx(0, RMP_PERM_ALL));
    xlat.npt_size = PAGE_4K;
    rig.entries[512].validated = 0; /* the size wins over #VC, as for any access */
    assert_npf(rmp_query(&rig.rmp, &rig.config, &rig.guest, &xlat, &rcx, &rdx), NPF_INSN);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rmp/rmpadjust/17.3/fail-input-first", test_adjust_input);
    g_test_add_func("/rmp/rmpadjust/17.10/vmsa-with-2m", test_adjust_vmsa_2m);
    g_test_add_func("/rmp/rmpadjust/17.5/target-not-below-caller", test_adjust_target);
    g_test_add_func("/rmp/rmpadjust/4.2/not-validated-vc", test_adjust_not_validated);
    g_test_add_func("/rmp/rmpadjust/4.2/size-before-mask", test_adjust_size_before_mask);
    g_test_add_func("/rmp/rmpadjust/4.2/no-grant-beyond-own-mask", test_adjust_mask);
    g_test_add_func("/rmp/rmpadjust/4.2/vmsa-only-by-vmpl0", test_adjust_vmsa);
    g_test_add_func("/rmp/rmpquery/4.3/results-and-targets", test_query);
    g_test_add_func("/rmp/rmpquery/4.3/entry-checks", test_query_entry);
    return g_test_run();
}

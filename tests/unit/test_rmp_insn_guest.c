/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the guest's RMP instructions share, and PVALIDATE: results, order, open points (APM 3). */
#include "tests/unit/rmp_insn_fixture.h"

static struct rmp_outcome pvalidate(struct rig *rig, uint64_t spa, uint32_t ecx, uint32_t edx)
{
    const struct rmp_xlat xlat = rig_xlat(spa, (ecx & 1) ? PAGE_2M : PAGE_4K);
    return rmp_pvalidate(&rig->rmp, &rig->config, &rig->guest, &xlat, ecx, edx);
}

static void test_undefined_without_snp(void)
{
    struct rig rig;
    rig_init(&rig);
    rig_validate(&rig, RIG_SPA, PAGE_4K);
    const struct rig before = rig;
    const struct rmp_xlat xlat = rig_xlat(RIG_SPA, PAGE_4K);
    struct rmp_caller caller = {.asid = RIG_ASID, .cpl = 3, .vmpl = 1}; /* #UD beats the #GPs */
    for (enum insn insn = PVALIDATE; insn <= RMPQUERY; insn++) {
        g_assert_cmpint(run(&rig, insn, &caller, &xlat, PAGE_4K).kind, ==, RMP_OUT_UD);
        g_assert_cmpint(rmp_guest_insn_precheck(&rig.config, &caller, insn == PVALIDATE).kind, ==,
                        RMP_OUT_UD);
    }
    rig_assert_same(&rig, &before);
}

static void test_cpl_gp(void)
{
    struct rig rig;
    rig_init(&rig);
    rig_validate(&rig, RIG_SPA, PAGE_4K);
    const struct rig before = rig;
    struct rmp_xlat xlat = rig_xlat(RIG_SPA, PAGE_4K);
    xlat.c = false; /* #GP is decided before the translation */
    for (uint8_t cpl = 1; cpl <= 3; cpl++) {
        struct rmp_caller caller = rig.guest;
        caller.cpl = cpl;
        for (enum insn insn = PVALIDATE; insn <= RMPQUERY; insn++) {
            g_assert_cmpint(run(&rig, insn, &caller, &xlat, PAGE_4K).kind, ==, RMP_OUT_GP);
        }
    }
    rig_assert_same(&rig, &before);
}

static void test_precheck_passes(void)
{
    struct rig rig;
    rig_init(&rig);
    assert_done(rmp_guest_insn_precheck(&rig.config, &rig.guest, true), 0);
    const struct rmp_caller vmpl3 = rig_vmpl(&rig, 3);
    assert_done(rmp_guest_insn_precheck(&rig.config, &vmpl3, false), 0);
}

static void test_pvalidate_vmpl(void)
{
    struct rig rig;
    rig_init(&rig);
    rig_assign(&rig, RIG_SPA, PAGE_4K);
    const struct rig before = rig;
    struct rmp_xlat xlat = rig_xlat(RIG_SPA, PAGE_4K);
    for (uint8_t vmpl = 1; vmpl < VMPL_COUNT; vmpl++) {
        const struct rmp_caller caller = rig_vmpl(&rig, vmpl);
        rig.config.pval_vmpl = RMP_PVAL_VMPL_GP;
        g_assert_cmpint(run(&rig, PVALIDATE, &caller, &xlat, PAGE_4K).kind, ==, RMP_OUT_GP);
        g_assert_cmpint(rmp_guest_insn_precheck(&rig.config, &caller, true).kind, ==, RMP_OUT_GP);
        rig.config.pval_vmpl = RMP_PVAL_VMPL_PERMISSION;
        assert_done(rmp_guest_insn_precheck(&rig.config, &caller, true),
                    RMP_RC_FAIL_PERMISSION);
        xlat.c = false; /* it is decided before the C-bit too */
        assert_done(run(&rig, PVALIDATE, &caller, &xlat, PAGE_4K), RMP_RC_FAIL_PERMISSION);
        xlat.c = true;
        assert_done(run(&rig, PVALIDATE, &caller, &xlat, PAGE_4K), RMP_RC_FAIL_PERMISSION);
    }
    rig_assert_same(&rig, &before);
}

static void test_c0(void)
{
    struct rig rig;
    rig_init(&rig);
    rig_validate(&rig, RIG_SPA, PAGE_4K);
    const struct rig before = rig;
    for (enum insn insn = PVALIDATE; insn <= RMPQUERY; insn++) {
        struct rmp_xlat xlat = rig_xlat(RIG_SPA, PAGE_4K);
        xlat.c = false;
        rig.config.pval_c0 = RMP_PVAL_C0_PF;
        const struct rmp_outcome pf = run(&rig, insn, &rig.guest, &xlat, PAGE_4K);
        g_assert_cmpint(pf.kind, ==, RMP_OUT_PF);
        g_assert_cmphex(pf.error_code, ==, 0x9);
        rig.config.pval_c0 = RMP_PVAL_C0_GP;
        g_assert_cmpint(run(&rig, insn, &rig.guest, &xlat, PAGE_4K).kind, ==, RMP_OUT_GP);
        rig.config.pval_c0 = RMP_PVAL_C0_FAIL_INPUT;
        assert_done(run(&rig, insn, &rig.guest, &xlat, PAGE_4K), RMP_RC_FAIL_INPUT);
        /* Before every RMP check: the page is not even covered. */
        xlat.spa = RIG_SPA_UNCOVERED;
        assert_done(run(&rig, insn, &rig.guest, &xlat, PAGE_4K), RMP_RC_FAIL_INPUT);
    }
    rig_assert_same(&rig, &before);
}

static void test_npt_write(void)
{
    struct rig rig;
    rig_init(&rig);
    rig_validate(&rig, RIG_SPA, PAGE_4K);
    struct rmp_xlat xlat = rig_xlat(RIG_SPA, PAGE_4K);
    xlat.npt_writable = false;
    for (enum insn insn = PVALIDATE; insn <= RMPQUERY; insn++) {
        rig.config.pval_npt = RMP_PVAL_NPT_READ;
        assert_done(run(&rig, insn, &rig.guest, &xlat, PAGE_4K), RMP_RC_SUCCESS);
        rig.config.pval_npt = RMP_PVAL_NPT_WRITE;
        assert_npf(run(&rig, insn, &rig.guest, &xlat, PAGE_4K),
                   NPF_P | NPF_W | NPF_FINAL | NPF_ENC);
        struct rmp_xlat shared = xlat; /* the walk comes before the C-bit rule */
        shared.c = false;
        assert_npf(run(&rig, insn, &rig.guest, &shared, PAGE_4K), NPF_P | NPF_W | NPF_FINAL);
    }
}

/* Each condition of the reverse-map group alone, on a page that is otherwise right. */
static void test_reverse_map(void)
{
    for (enum insn insn = PVALIDATE; insn <= RMPQUERY; insn++) {
        for (int broken = 0; broken < 6; broken++) {
            struct rig rig;
            rig_init(&rig);
            rig_validate(&rig, RIG_SPA, PAGE_4K);
            struct rmp_xlat xlat = rig_xlat(RIG_SPA, PAGE_4K);
            switch (broken) {
            case 0: xlat.spa = RIG_SPA_UNCOVERED; break;
            case 1: rig.entries[3].assigned = 0; break;
            case 2: rig.entries[3].asid = RIG_ASID + 1; break;
            case 3: rig.entries[3].immutable = 1; break;
            case 4: xlat.gpa += PAGE_BYTES; break;
            case 5: xlat.spa += PAGE_BYTES; break; /* the page of somebody else */
            }
            rig.entries[3].validated = broken % 2 == 0; /* wins over #VC */
            const struct rig before = rig;
            assert_npf(run(&rig, insn, &rig.guest, &xlat, PAGE_4K), NPF_INSN);
            rig_assert_same(&rig, &before);
        }
    }
}

static void test_in_use(void)
{
    struct rig rig;
    rig_init(&rig);
    rig_validate(&rig, RIG_SPA, PAGE_4K);
    rig.entries[3].vmsa = 1;
    rig.entries[3].in_use = 1;
    const struct rig before = rig;
    const struct rmp_xlat xlat = rig_xlat(RIG_SPA, PAGE_4K);
    assert_npf(run(&rig, PVALIDATE, &rig.guest, &xlat, PAGE_4K), NPF_INSN);
    assert_npf(run(&rig, RMPADJUST, &rig.guest, &xlat, PAGE_4K), NPF_INSN);
    rig_assert_same(&rig, &before);
    assert_done(run(&rig, RMPQUERY, &rig.guest, &xlat, PAGE_4K), RMP_RC_SUCCESS);
    /* FAIL_INPUT and the target check need no entry, so they come first. */
    assert_done(pvalidate(&rig, RIG_SPA, 2, 0), RMP_RC_FAIL_INPUT);
    assert_done(adjust(&rig, 1, RIG_SPA, adjust_rdx(1, 0)), RMP_RC_FAIL_PERMISSION);
    rig.entries[3].in_use = 0;
    assert_done(run(&rig, RMPADJUST, &rig.guest, &xlat, PAGE_4K), RMP_RC_SUCCESS);
}

static void test_pvalidate_carry(void)
{
    static const struct {
        uint8_t was, wanted;
        bool cf;
    } cases[] = {{0, 1, false}, {1, 1, true}, {1, 0, false}, {0, 0, true}};
    for (enum page_size size = PAGE_4K; size <= PAGE_2M; size++) {
        const uint64_t spa = size == PAGE_2M ? RIG_SPA_2M : RIG_SPA;
        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
            struct rig rig;
            rig_init(&rig);
            rig_assign(&rig, spa, size);
            struct rmp_entry *entry = rmp_slot_at(&rig.rmp, spa);
            entry->validated = cases[i].was;
            const struct rmp_outcome out = pvalidate(&rig, spa, (uint32_t)size, cases[i].wanted);
            assert_done(out, RMP_RC_SUCCESS);
            g_assert_true(out.cf == cases[i].cf);
            g_assert_true(out.changed);
            g_assert_cmpuint(out.before.validated, ==, cases[i].was);
            g_assert_cmpuint(out.after.validated, ==, cases[i].wanted);
            g_assert_cmpuint(entry->validated, ==, cases[i].wanted);
            g_assert_cmphex(out.spa, ==, spa);
            g_assert_cmpint(out.size, ==, size);
        }
    }
}

static void test_pvalidate_keeps_perms(void)
{
    struct rig rig;
    rig_init(&rig);
    rig_validate(&rig, RIG_SPA, PAGE_4K);
    assert_done(adjust(&rig, 0, RIG_SPA, adjust_rdx(2, RMP_PERM_R) | VMSA_BIT), 0);
    assert_done(pvalidate(&rig, RIG_SPA, 0, 0), 0);
    assert_done(pvalidate(&rig, RIG_SPA, 0, 1), 0);
    g_assert_cmphex(rig.entries[3].perm[2], ==, RMP_PERM_R);
    g_assert_true(rig.entries[3].vmsa);
}

static void test_pvalidate_input(void)
{
    struct rig rig;
    rig_init(&rig);
    const struct rig before = rig;
    /* The page is not assigned: FAIL_INPUT comes before the reverse map. */
    assert_done(pvalidate(&rig, RIG_SPA, 2, 0), RMP_RC_FAIL_INPUT);
    assert_done(pvalidate(&rig, RIG_SPA, UINT32_C(1) << 31, 1), RMP_RC_FAIL_INPUT);
    assert_done(pvalidate(&rig, RIG_SPA, 0, 2), RMP_RC_FAIL_INPUT);
    assert_done(pvalidate(&rig, RIG_SPA, 0, UINT32_C(1) << 31 | 1), RMP_RC_FAIL_INPUT);
    assert_done(pvalidate(&rig, RIG_SPA_2M + PAGE_BYTES, 1, 1), RMP_RC_FAIL_INPUT);
    assert_done(pvalidate(&rig, RIG_SPA_2M + 256 * PAGE_BYTES, 1, 1), RMP_RC_FAIL_INPUT);
    assert_npf(pvalidate(&rig, RIG_SPA_2M, 1, 1), NPF_INSN); /* aligned: goes on */
    rig_assert_same(&rig, &before);
}

/* Section 3.5. The operand's GPA is 2 MiB-aligned, so that only sizes differ. */
static void test_size_matrix(void)
{
    static const struct {
        enum page_size npt, rmp, operand;
        enum rmp_outcome_kind kind;
        uint32_t eax;
        uint64_t bits;
    } rows[] = {
        {PAGE_4K, PAGE_4K, PAGE_4K, RMP_OUT_DONE, 0, 0},
        {PAGE_4K, PAGE_4K, PAGE_2M, RMP_OUT_DONE, RMP_RC_FAIL_SIZEMISMATCH, 0},
        {PAGE_2M, PAGE_2M, PAGE_4K, RMP_OUT_NPF, 0, NPF_SIZEM},
        {PAGE_2M, PAGE_2M, PAGE_2M, RMP_OUT_DONE, 0, 0},
        {PAGE_2M, PAGE_4K, PAGE_4K, RMP_OUT_NPF, 0, 0},
        {PAGE_2M, PAGE_4K, PAGE_2M, RMP_OUT_DONE, RMP_RC_FAIL_SIZEMISMATCH, 0},
        {PAGE_4K, PAGE_2M, PAGE_4K, RMP_OUT_NPF, 0, NPF_SIZEM},
        {PAGE_4K, PAGE_2M, PAGE_2M, RMP_OUT_NPF, 0, 0},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        for (enum insn insn = PVALIDATE; insn <= RMPADJUST; insn++) {
            struct rig rig;
            rig_init(&rig);
            rig_validate(&rig, RIG_SPA_2M, rows[i].rmp);
            const struct rmp_xlat xlat = rig_xlat(RIG_SPA_2M, rows[i].npt);
            const struct rig before = rig;
            const struct rmp_outcome out = run(&rig, insn, &rig.guest, &xlat, rows[i].operand);
            g_assert_cmpint(out.kind, ==, rows[i].kind);
            g_assert_cmpuint(out.eax, ==, rows[i].eax);
            g_assert_cmphex(out.exitinfo1, ==,
                            rows[i].kind == RMP_OUT_NPF ? NPF_INSN | rows[i].bits : 0);
            const bool success = rows[i].kind == RMP_OUT_DONE && rows[i].eax == 0;
            g_assert_true(out.changed == success);
            if (!success) {
                rig_assert_same(&rig, &before);
            }
        }
    }
}

static void test_pvalidate_4k_inside_2m(void)
{
    struct rig rig;
    rig_init(&rig);
    rig_assign(&rig, RIG_SPA_2M, PAGE_2M);
    const struct rmp_xlat xlat = rig_xlat(RIG_SPA_2M + 9 * PAGE_BYTES, PAGE_2M);
    const struct rmp_outcome out =
        rmp_pvalidate(&rig.rmp, &rig.config, &rig.guest, &xlat, 0, 1);
    assert_npf(out, NPF_INSN | NPF_SIZEM);
    g_assert_cmphex(out.spa, ==, RIG_SPA_2M);
    g_assert_cmpint(out.size, ==, PAGE_2M);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rmp/guest-insn/apm3/ud-without-snp", test_undefined_without_snp);
    g_test_add_func("/rmp/guest-insn/apm3/cpl-above-0-gp", test_cpl_gp);
    g_test_add_func("/rmp/guest-insn/apm3/precheck-passes", test_precheck_passes);
    g_test_add_func("/rmp/guest-insn/17.2/c-bit-clear", test_c0);
    g_test_add_func("/rmp/guest-insn/17.17/nested-mapping-without-write", test_npt_write);
    g_test_add_func("/rmp/guest-insn/4.1/reverse-map-npf", test_reverse_map);
    g_test_add_func("/rmp/guest-insn/17.6/in-use-vmsa-retries", test_in_use);
    g_test_add_func("/rmp/guest-insn/3.5/size-matrix", test_size_matrix);
    g_test_add_func("/rmp/pvalidate/17.1/vmpl-above-0", test_pvalidate_vmpl);
    g_test_add_func("/rmp/pvalidate/4.1/carry-tells-no-change", test_pvalidate_carry);
    g_test_add_func("/rmp/pvalidate/4.1/keeps-permissions-and-vmsa", test_pvalidate_keeps_perms);
    g_test_add_func("/rmp/pvalidate/17.3/fail-input-before-rmp", test_pvalidate_input);
    g_test_add_func("/rmp/pvalidate/3.5/4k-inside-2m-sizem", test_pvalidate_4k_inside_2m);
    return g_test_run();
}

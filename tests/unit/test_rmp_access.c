/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The access check of APM 2 15.36.10: order, permissions, EXITINFO1, host and shared accesses. */
#include "tests/unit/rmp_fixture.h"

#include "rmp/access.h"

enum { SLOT = 3 };

static const enum rmp_access_type TYPES[] = {
    RMP_ACCESS_READ, RMP_ACCESS_WRITE, RMP_ACCESS_FETCH, RMP_ACCESS_SSS_READ, RMP_ACCESS_SSS_WRITE,
};

static struct rmp_outcome check(const struct rig *rig, const struct rmp_caller *caller,
                                const struct rmp_xlat *xlat, enum rmp_access_type type, bool table)
{
    const struct rmp_access access = {.type = type, .table = table};
    return rmp_access_check(&rig->rmp, &rig->config, caller, xlat, &access);
}

/* Literal EXITINFO1 of section 3.2 for a private access to a final GPA at CPL 0. */
static uint64_t base_bits(enum rmp_access_type type)
{
    switch (type) {
    case RMP_ACCESS_READ: return UINT64_C(0x500000001);
    case RMP_ACCESS_WRITE: return UINT64_C(0x500000003);
    case RMP_ACCESS_FETCH: return UINT64_C(0x500000011);
    case RMP_ACCESS_SSS_READ: return UINT64_C(0x500000041);
    case RMP_ACCESS_SSS_WRITE: return UINT64_C(0x500000043);
    }
    g_assert_not_reached();
}

#define BIT_RMP (UINT64_C(1) << 31)
#define BIT_VMPL (UINT64_C(1) << 36)
#define BIT_SSS (UINT64_C(1) << 37)

static void assert_npf(struct rmp_outcome out, uint64_t exitinfo1)
{
    g_assert_cmpint(out.kind, ==, RMP_OUT_NPF);
    g_assert_cmphex(out.exitinfo1, ==, exitinfo1);
}

static void test_base_bits(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(TYPES); i++) {
        struct rmp_access access = {.type = TYPES[i]};
        const uint64_t bits = base_bits(TYPES[i]);
        g_assert_cmphex(npf_base_bits(&access, false, true), ==, bits);
        g_assert_cmphex(npf_base_bits(&access, true, true), ==, bits | 4);
        const uint64_t enc = TYPES[i] == RMP_ACCESS_FETCH ? 0 : UINT64_C(1) << 34;
        g_assert_cmphex(npf_base_bits(&access, false, false), ==, bits & ~enc);
        access.table = true; /* a table access is private, whatever c says */
        const uint64_t table = bits ^ (UINT64_C(3) << 32);
        g_assert_cmphex(npf_base_bits(&access, false, false), ==, table);
    }
}

static void test_allowed(void)
{
    for (enum page_size size = PAGE_4K; size <= PAGE_2M; size++) {
        struct rig rig;
        rig_init(&rig);
        const uint64_t spa = size == PAGE_2M ? RIG_SPA_2M : RIG_SPA;
        rig_validate(&rig, spa, size);
        struct rmp_xlat xlat = rig_xlat(spa + 0x123, size);
        for (size_t i = 0; i < G_N_ELEMENTS(TYPES); i++) {
            const struct rmp_outcome out = check(&rig, &rig.guest, &xlat, TYPES[i], false);
            g_assert_cmpint(out.kind, ==, RMP_OUT_DONE);
            g_assert_cmphex(out.spa, ==, spa);
            g_assert_cmpint(out.size, ==, size);
            g_assert_false(out.changed);
        }
        xlat.spa += size == PAGE_2M ? 300 * PAGE_BYTES : 0;
        xlat.gpa += size == PAGE_2M ? 300 * PAGE_BYTES : 0;
        g_assert_cmpint(check(&rig, &rig.guest, &xlat, RMP_ACCESS_READ, true).kind, ==,
                        RMP_OUT_DONE);
    }
}

/* Step 5: each condition alone is an NPF with RMP and nothing more, and wins over #VC and VMPL. */
static void test_reverse_map(void)
{
    for (int broken = 0; broken < 7; broken++) {
        for (size_t i = 0; i < G_N_ELEMENTS(TYPES); i++) {
            for (int later = 0; later < 3; later++) {
                struct rig rig;
                rig_init(&rig);
                rig_validate(&rig, RIG_SPA_2M, PAGE_4K);
                struct rmp_entry *entry = &rig.entries[PAGES_PER_2M];
                struct rmp_xlat xlat = rig_xlat(RIG_SPA_2M, PAGE_4K);
                switch (broken) {
                case 0: xlat.spa = RIG_SPA_UNCOVERED; break;
                case 1: entry->assigned = 0; break;
                case 2: entry->asid++; break;
                case 3: entry->gpn++; break;
                case 4: entry->immutable = 1; break;
                case 5: entry->size = PAGE_2M; break;    /* NPT 4 KiB, RMP 2 MiB */
                case 6: xlat.npt_size = PAGE_2M; break;  /* NPT 2 MiB, RMP 4 KiB */
                }
                entry->validated = later != 1;
                entry->perm[0] = later == 2 ? 0 : RMP_PERM_ALL;
                assert_npf(check(&rig, &rig.guest, &xlat, TYPES[i], false),
                           base_bits(TYPES[i]) | BIT_RMP);
                g_assert_cmphex(rmp_access_perms(&rig.rmp, &rig.guest, &xlat), ==, 0);
            }
        }
    }
}

static void test_not_validated(void)
{
    struct rig rig;
    rig_init(&rig);
    rig_assign(&rig, RIG_SPA, PAGE_4K);
    const struct rmp_xlat xlat = rig_xlat(RIG_SPA, PAGE_4K);
    const struct rmp_caller vmpl3 = rig_vmpl(&rig, 3); /* #VC wins over the VMPL check */
    for (size_t i = 0; i < G_N_ELEMENTS(TYPES); i++) {
        const struct rmp_outcome out = check(&rig, &vmpl3, &xlat, TYPES[i], false);
        g_assert_cmpint(out.kind, ==, RMP_OUT_VC);
        g_assert_cmphex(out.error_code, ==, 0x404);
    }
    g_assert_cmphex(rmp_access_perms(&rig.rmp, &rig.guest, &xlat), ==, 0);
}

/* Table 15-36 and the illegal W without R, written out independently of the model. */
static bool mask_allows(uint32_t mask, enum rmp_access_type type, int cpl)
{
    const bool r = mask & 1, w = mask & 2, xu = mask & 4, xs = mask & 8, sss = mask & 16;
    switch (type) {
    case RMP_ACCESS_READ: return r;
    case RMP_ACCESS_WRITE: return w && r;
    case RMP_ACCESS_FETCH: return cpl == 3 ? xu : xs;
    case RMP_ACCESS_SSS_READ: return sss && r;
    case RMP_ACCESS_SSS_WRITE: return sss && w && r;
    }
    return false;
}

static void test_permissions(void)
{
    struct rig rig;
    rig_init(&rig);
    rig_validate(&rig, RIG_SPA, PAGE_4K);
    const struct rmp_xlat xlat = rig_xlat(RIG_SPA, PAGE_4K);
    for (uint8_t vmpl = 0; vmpl < VMPL_COUNT; vmpl++) {
        for (uint32_t mask = 0; mask <= RMP_PERM_ALL; mask++) {
            memset(rig.entries[SLOT].perm, (int)(~mask & RMP_PERM_ALL), VMPL_COUNT);
            rig.entries[SLOT].perm[vmpl] = (uint8_t)mask;
            for (uint8_t cpl = 0; cpl <= 3; cpl++) {
                struct rmp_caller caller = rig_vmpl(&rig, vmpl);
                caller.cpl = cpl;
                uint8_t usable = 0;
                for (size_t i = 0; i < G_N_ELEMENTS(TYPES); i++) {
                    const struct rmp_outcome out = check(&rig, &caller, &xlat, TYPES[i], false);
                    if (mask_allows(mask, TYPES[i], cpl)) {
                        g_assert_cmpint(out.kind, ==, RMP_OUT_DONE);
                        continue;
                    }
                    const bool sss = i >= 3 && (mask & RMP_PERM_SSS) != 0;
                    assert_npf(out, base_bits(TYPES[i]) | BIT_RMP | BIT_VMPL |
                                        (sss ? BIT_SSS : 0) | (cpl == 3 ? 4 : 0));
                }
                usable |= mask_allows(mask, RMP_ACCESS_READ, 0) ? RMP_PERM_R : 0;
                usable |= mask_allows(mask, RMP_ACCESS_WRITE, 0) ? RMP_PERM_W : 0;
                usable |= mask_allows(mask, RMP_ACCESS_FETCH, 3) ? RMP_PERM_XU : 0;
                usable |= mask_allows(mask, RMP_ACCESS_FETCH, 0) ? RMP_PERM_XS : 0;
                usable |= mask_allows(mask, RMP_ACCESS_SSS_READ, 0) ? RMP_PERM_SSS : 0;
                g_assert_cmphex(rmp_access_perms(&rig.rmp, &caller, &xlat), ==, usable);
            }
        }
    }
}

static void test_table_walk(void)
{
    struct rig rig;
    rig_init(&rig);
    rig_validate(&rig, RIG_SPA, PAGE_4K);
    struct rmp_xlat xlat = rig_xlat(RIG_SPA, PAGE_4K);
    xlat.c = false; /* tables are private whatever the entry that points to them says */
    struct rmp_caller caller = rig_vmpl(&rig, 3);
    rig.entries[SLOT].perm[3] = RMP_PERM_R;
    g_assert_cmpint(check(&rig, &caller, &xlat, RMP_ACCESS_READ, true).kind, ==, RMP_OUT_DONE);
    /* The update of A or D is a data write. */
    assert_npf(check(&rig, &caller, &xlat, RMP_ACCESS_WRITE, true),
               UINT64_C(0x600000003) | BIT_RMP | BIT_VMPL);
    rig.entries[SLOT].validated = 0;
    g_assert_cmpint(check(&rig, &caller, &xlat, RMP_ACCESS_READ, true).kind, ==, RMP_OUT_VC);
    rig.entries[SLOT].assigned = 0;
    assert_npf(check(&rig, &caller, &xlat, RMP_ACCESS_READ, true),
               UINT64_C(0x600000001) | BIT_RMP);
}

static void test_shared(void)
{
    struct rig rig;
    rig_init(&rig);
    rig_validate(&rig, RIG_SPA, PAGE_4K);
    struct rmp_xlat xlat = rig_xlat(RIG_SPA, PAGE_4K);
    xlat.c = false;
    xlat.gpa += PAGE_BYTES; /* no reverse map on shared accesses */
    /* Read: no check, ciphertext comes back. Write: hypervisor-owned only. */
    g_assert_cmpint(check(&rig, &rig.guest, &xlat, RMP_ACCESS_READ, false).kind, ==, RMP_OUT_DONE);
    assert_npf(check(&rig, &rig.guest, &xlat, RMP_ACCESS_WRITE, false),
               UINT64_C(0x100000003) | BIT_RMP);
    g_assert_cmphex(rmp_access_perms(&rig.rmp, &rig.guest, &xlat), ==, RMP_PERM_R);
    xlat.spa += PAGE_BYTES;
    g_assert_cmpint(check(&rig, &rig.guest, &xlat, RMP_ACCESS_WRITE, false).kind, ==,
                    RMP_OUT_DONE);
    g_assert_cmphex(rmp_access_perms(&rig.rmp, &rig.guest, &xlat), ==, RMP_PERM_R | RMP_PERM_W);
    /* The same page through a 2 MiB nested mapping: one assigned neighbour is enough. */
    xlat.npt_size = PAGE_2M;
    assert_npf(check(&rig, &rig.guest, &xlat, RMP_ACCESS_WRITE, false),
               UINT64_C(0x100000003) | BIT_RMP);
    /* Uncovered memory belongs to the hypervisor for ever. */
    xlat.npt_size = PAGE_4K;
    xlat.spa = RIG_SPA_UNCOVERED;
    g_assert_cmpint(check(&rig, &rig.guest, &xlat, RMP_ACCESS_WRITE, false).kind, ==,
                    RMP_OUT_DONE);
    /* A fetch is private: the C-bit in the guest's entry does not matter. */
    assert_npf(check(&rig, &rig.guest, &xlat, RMP_ACCESS_FETCH, false),
               UINT64_C(0x500000011) | BIT_RMP);
    xlat = rig_xlat(RIG_SPA, PAGE_4K);
    xlat.c = false;
    g_assert_cmpint(check(&rig, &rig.guest, &xlat, RMP_ACCESS_FETCH, false).kind, ==,
                    RMP_OUT_DONE);
}

static void test_shadow_stack_shared(void)
{
    struct rig rig;
    rig_init(&rig);
    struct rmp_xlat xlat = rig_xlat(RIG_SPA, PAGE_4K);
    xlat.c = false;
    struct rmp_outcome out = check(&rig, &rig.guest, &xlat, RMP_ACCESS_SSS_READ, false);
    g_assert_cmpint(out.kind, ==, RMP_OUT_PF);
    g_assert_cmphex(out.error_code, ==, 0x49);
    struct rmp_caller user = rig.guest;
    user.cpl = 3;
    out = check(&rig, &user, &xlat, RMP_ACCESS_SSS_WRITE, false);
    g_assert_cmphex(out.error_code, ==, 0x4f);
}

static void test_in_use_store(void)
{
    struct rig rig;
    rig_init(&rig);
    rig_validate(&rig, RIG_SPA, PAGE_4K);
    rig.entries[SLOT].vmsa = 1;
    const struct rmp_xlat xlat = rig_xlat(RIG_SPA, PAGE_4K);
    /* VMSA alone has no effect on data accesses. */
    g_assert_cmpint(check(&rig, &rig.guest, &xlat, RMP_ACCESS_WRITE, false).kind, ==,
                    RMP_OUT_DONE);
    g_assert_cmphex(rmp_access_perms(&rig.rmp, &rig.guest, &xlat), ==, RMP_PERM_ALL);
    rig.entries[SLOT].in_use = 1;
    g_assert_cmpint(check(&rig, &rig.guest, &xlat, RMP_ACCESS_READ, false).kind, ==, RMP_OUT_DONE);
    assert_npf(check(&rig, &rig.guest, &xlat, RMP_ACCESS_WRITE, false),
               base_bits(RMP_ACCESS_WRITE) | BIT_RMP);
    g_assert_cmphex(rmp_access_perms(&rig.rmp, &rig.guest, &xlat), ==,
                    RMP_PERM_ALL & ~RMP_PERM_W);
    const struct rmp_caller vmpl1 = rig_vmpl(&rig, 1); /* the VMPL check comes first */
    assert_npf(check(&rig, &vmpl1, &xlat, RMP_ACCESS_WRITE, false),
               base_bits(RMP_ACCESS_WRITE) | BIT_RMP | BIT_VMPL);
    rig.config.inuse_write = RMP_INUSE_WRITE_ALLOW;
    g_assert_cmpint(check(&rig, &rig.guest, &xlat, RMP_ACCESS_WRITE, false).kind, ==,
                    RMP_OUT_DONE);
}

static void test_guest_without_snp(void)
{
    struct rig rig;
    rig_init(&rig);
    rig_validate(&rig, RIG_SPA, PAGE_4K);
    const struct rmp_caller caller = {.asid = RIG_ASID};
    struct rmp_xlat xlat = rig_xlat(RIG_SPA, PAGE_4K);
    g_assert_cmpint(check(&rig, &caller, &xlat, RMP_ACCESS_READ, false).kind, ==, RMP_OUT_DONE);
    g_assert_cmpint(check(&rig, &caller, &xlat, RMP_ACCESS_FETCH, false).kind, ==, RMP_OUT_DONE);
    g_assert_cmpint(check(&rig, &caller, &xlat, RMP_ACCESS_WRITE, false).kind, ==, RMP_OUT_NPF);
    g_assert_cmpint(check(&rig, &caller, &xlat, RMP_ACCESS_READ, true).kind, ==, RMP_OUT_NPF);
    g_assert_cmphex(rmp_access_perms(&rig.rmp, &caller, &xlat), ==,
                    RMP_PERM_R | RMP_PERM_XU | RMP_PERM_XS);
    xlat.spa += PAGE_BYTES;
    g_assert_cmpint(check(&rig, &caller, &xlat, RMP_ACCESS_WRITE, false).kind, ==, RMP_OUT_DONE);
}

static void test_host_write(void)
{
    struct rig rig;
    rig_init(&rig);
    rig_validate(&rig, RIG_SPA, PAGE_4K);
    rig_assign(&rig, RIG_SPA_2M, PAGE_2M);
    const struct rmp *rmp = &rig.rmp;
    g_assert_true(rmp_host_write_allowed(rmp, 0, RIG_SPA));
    g_assert_false(rmp_host_write_allowed(rmp, 0, RIG_SPA + 1));
    g_assert_false(rmp_host_write_allowed(rmp, RIG_SPA + PAGE_MASK, 1));
    g_assert_true(rmp_host_write_allowed(rmp, RIG_SPA + PAGE_BYTES, 8));
    g_assert_true(rmp_host_write_allowed(rmp, RIG_SPA, 0));
    g_assert_true(rmp_host_write_allowed(rmp, 0, 0));
    g_assert_false(rmp_host_write_allowed(rmp, RIG_SPA - 4, 8)); /* crosses into it */
    g_assert_false(rmp_host_write_allowed(rmp, RIG_SPA_2M + 100 * PAGE_BYTES, 8));
    g_assert_true(rmp_host_write_allowed(rmp, RIG_SPA_UNCOVERED, UINT64_MAX));
    g_assert_true(rmp_host_write_allowed(rmp, UINT64_MAX - 3, 4));
    g_assert_true(rmp_host_write_allowed(rmp, RIG_SPA_UNCOVERED - PAGE_BYTES, UINT64_MAX));
    g_assert_false(rmp_host_write_allowed(rmp, 0, UINT64_MAX));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rmp/access/3.2/exitinfo1-base-bits", test_base_bits);
    g_test_add_func("/rmp/access/3.1/allowed", test_allowed);
    g_test_add_func("/rmp/access/3.1.5/reverse-map-npf-first", test_reverse_map);
    g_test_add_func("/rmp/access/3.3/not-validated-vc-404", test_not_validated);
    g_test_add_func("/rmp/access/2.2/permission-masks", test_permissions);
    g_test_add_func("/rmp/access/3.1.1/table-walk", test_table_walk);
    g_test_add_func("/rmp/access/3.1.8/shared", test_shared);
    g_test_add_func("/rmp/access/3.1/shadow-stack-must-be-private", test_shadow_stack_shared);
    g_test_add_func("/rmp/access/17.16/store-to-running-vmsa", test_in_use_store);
    g_test_add_func("/rmp/access/3.4/guest-without-snp", test_guest_without_snp);
    g_test_add_func("/rmp/access/3.4/host-write", test_host_write);
    return g_test_run();
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SNP_LAUNCH_START and SNP_LAUNCH_UPDATE: policy, page types, RMP, memory, digest. */
#include <string.h>

#include "rmp/insn.h"
#include "tests/unit/psp_fixture.h"

static struct machine *machine_launching(uint64_t seed)
{
    struct machine *m = machine_new(seed);

    guest_create(m);
    guest_start(m, PSP_POLICY_DEFAULT);
    return m;
}

static enum psp_status start_with(uint64_t platform_info, uint64_t policy)
{
    struct psp_launch_start start = {.gctx_spa = GCTX_SPA, .policy = policy};
    struct psp_config config;
    struct machine *m;
    enum psp_status status;

    psp_config_default(&config, 1);
    config.platform_info = platform_info;
    m = machine_new_config(&config);
    guest_create(m);
    status = psp_launch_start(&m->psp, &m->bus, &start);
    g_assert_cmpint(psp_gctx_find(&m->psp, GCTX_SPA)->state, ==,
                    status == PSP_SUCCESS ? PSP_GUEST_LAUNCH : PSP_GUEST_INIT);
    machine_free(m);
    return status;
}

/* SEV-SNP ABI 56860, guest policy. The firmware is ABI 1.55. */
static void test_policy(void)
{
    static const struct {
        uint64_t platform, policy;
        bool allowed;
    } cases[] = {
        {PSP_PLATFORM_SMT, 0x30000, true},
        {PSP_PLATFORM_SMT, 0x20000, false}, /* SMT not allowed, but on */
        {0, 0x20000, true},
        {0, 0x10000, false},          /* bit 17 must be one */
        {0, 0x20000 | 0x0137, true},  /* 1.55 */
        {0, 0x20000 | 0x0138, false}, /* 1.56 */
        {0, 0x20000 | 0x00ff, true},  /* 0.255 */
        {0, 0x20000 | 0x0200, false}, /* 2.0 */
        {0, 0x20000 | PSP_POLICY_DEBUG | PSP_POLICY_SINGLE_SOCKET | PSP_POLICY_CXL, true},
        {0, 0x20000 | PSP_POLICY_PAGE_SWAP_DISABLE | PSP_POLICY_MIGRATE_MA, true},
        {0, 0x20000 | PSP_POLICY_AES_256_XTS, false},
        {0, 0x20000 | PSP_POLICY_RAPL_DIS, false},
        {PSP_PLATFORM_RAPL_DIS, 0x20000 | PSP_POLICY_RAPL_DIS, true},
        {0, 0x20000 | PSP_POLICY_CIPHERTEXT_HIDING, false},
        {PSP_PLATFORM_CIPHERTEXT_HIDING, 0x20000 | PSP_POLICY_CIPHERTEXT_HIDING, true},
        {0, 0x20000 | UINT64_C(1) << 26, false}, /* reserved */
        {0, 0x20000 | UINT64_C(1) << 63, false},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        g_assert_cmpint(start_with(cases[i].platform, cases[i].policy), ==,
                        cases[i].allowed ? PSP_SUCCESS : PSP_POLICY_FAILURE);
}

static void test_migration_agent(void)
{
    struct machine *m = machine_running(1);
    const uint64_t other = GCTX_SPA + PAGE_BYTES, third = other + PAGE_BYTES;
    struct psp_launch_start start = {.gctx_spa = other,
                                     .policy = PSP_POLICY_DEFAULT | PSP_POLICY_MIGRATE_MA,
                                     .ma_en = true,
                                     .ma_gctx_spa = GCTX_SPA};

    page_firmware(m, other);
    g_assert_cmpint(psp_gctx_create(&m->psp, &m->bus, other), ==, PSP_SUCCESS);
    start.policy = PSP_POLICY_DEFAULT;
    g_assert_cmpint(psp_launch_start(&m->psp, &m->bus, &start), ==, PSP_POLICY_FAILURE);
    start.policy |= PSP_POLICY_MIGRATE_MA;
    start.ma_gctx_spa = REQ_SPA;
    g_assert_cmpint(psp_launch_start(&m->psp, &m->bus, &start), ==, PSP_INVALID_GUEST);
    start.ma_gctx_spa = other;
    g_assert_cmpint(psp_launch_start(&m->psp, &m->bus, &start), ==, PSP_INVALID_GUEST_STATE);
    start.ma_gctx_spa = GCTX_SPA;
    g_assert_cmpint(psp_launch_start(&m->psp, &m->bus, &start), ==, PSP_SUCCESS);
    g_assert_cmpmem(psp_gctx_find(&m->psp, other)->report_id_ma, 32,
                    psp_gctx_find(&m->psp, GCTX_SPA)->report_id, 32);

    /* That guest can be migrated, so it can be nobody's agent. */
    g_assert_cmpint(
        psp_launch_finish(&m->psp, &m->bus, &(struct psp_launch_finish){.gctx_spa = other}), ==,
        PSP_SUCCESS);
    page_firmware(m, third);
    g_assert_cmpint(psp_gctx_create(&m->psp, &m->bus, third), ==, PSP_SUCCESS);
    start.gctx_spa = third;
    start.ma_gctx_spa = other;
    g_assert_cmpint(psp_launch_start(&m->psp, &m->bus, &start), ==, PSP_POLICY_FAILURE);
    machine_free(m);
}

static const struct psp_perms perms = {RMP_PERM_R, RMP_PERM_R | RMP_PERM_W, RMP_PERM_ALL};

/* Type by type: what the guest reads afterwards, the RMP entry, and what the hypervisor sees. */
static void test_page_types(void)
{
    uint8_t plain[4096], guest[4096], host[4096];
    static const uint8_t zeros[4096];

    for (uint8_t type = 1; type <= 4; type++) {
        struct machine *m = machine_launching(1);
        const struct rmp_entry *entry = rmp_slot_at(&m->rmp, PAGE_SPA);

        page_fill(plain, type);
        put_le(plain + 0x3b0, 1, 8); /* as a VMSA: SEV_FEATURES without Secure TSC */
        g_assert_cmpint(page_launch(m, PAGE_SPA, 0x7000, type, perms, plain), ==, PSP_SUCCESS);
        memory_peek(&m->memory, PAGE_SPA, GUEST_ASID, guest, sizeof guest);
        memory_peek(&m->memory, PAGE_SPA, ASID_HV, host, sizeof host);
        g_assert_cmpmem(guest, 4096, type == PSP_PAGE_ZERO ? zeros : plain, 4096);
        for (unsigned at = 0; at < 4096; at += 16)
            g_assert_cmpint(memcmp(host + at, guest + at, 16), !=, 0);
        g_assert_cmpint(rmp_state_of(&m->rmp, PAGE_SPA), ==, RMP_STATE_GUEST_VALID);
        g_assert_cmpuint(entry->vmsa, ==, type == PSP_PAGE_VMSA);
        g_assert_cmphex((uint64_t)entry->gpn << 12, ==, 0x7000);
        g_assert_cmphex(entry->perm[0], ==, RMP_PERM_ALL);
        g_assert_cmphex(entry->perm[1], ==, perms.vmpl1);
        g_assert_cmphex(entry->perm[2], ==, perms.vmpl2);
        g_assert_cmphex(entry->perm[3], ==, perms.vmpl3);
        machine_free(m);
    }
}

static void test_secrets_page(void)
{
    struct psp_launch_start start = {
        .gctx_spa = GCTX_SPA, .policy = PSP_POLICY_DEFAULT, .gosvw = {1, 2, 3, 4, 5, 6, 7, 8, 9}};
    struct psp_config config;
    struct machine *m;
    const struct psp_gctx *gctx;
    uint8_t junk[4096], page[4096];

    psp_config_default(&config, 1);
    config.tsc_factor = 200;
    m = machine_new_config(&config);
    guest_create(m);
    g_assert_cmpint(psp_launch_start(&m->psp, &m->bus, &start), ==, PSP_SUCCESS);
    g_assert_cmpint(psp_activate(&m->psp, &m->bus, GCTX_SPA, GUEST_ASID), ==, PSP_SUCCESS);
    gctx = psp_gctx_find(&m->psp, GCTX_SPA);
    page_fill(junk, 1);
    g_assert_cmpint(page_launch(m, PAGE_SPA, 0x7000, PSP_PAGE_SECRETS, perms, junk), ==,
                    PSP_SUCCESS);
    memory_read(&m->memory, PAGE_SPA, GUEST_ASID, page, sizeof page);
    g_assert_cmpuint(get_le32(page), ==, 3);
    g_assert_cmpuint(get_le32(page + 4), ==, 0);
    g_assert_cmphex(get_le32(page + 8), ==, 0xa00f11);
    g_assert_cmpmem(page + 0x10, 16, start.gosvw, 16);
    for (unsigned i = 0; i < 4; i++)
        g_assert_cmpmem(page + 0x20 + 0x20 * i, 32, gctx->vmpck[i], 32);
    g_assert_cmpuint(get_le32(page + 0x160), ==, 200);
    for (unsigned at = 0xa0; at < 4096; at++) {
        if (at < 0x160 || at >= 0x164)
            g_assert_cmpuint(page[at], ==, 0);
    }
    machine_free(m);
}

/* GUEST_TSC_SCALE and GUEST_TSC_OFFSET are the firmware's if the VMSA asks for Secure TSC. */
static void test_vmsa_tsc(void)
{
    for (unsigned secure = 0; secure <= 1; secure++) {
        struct machine *m = machine_launching(1);
        uint8_t vmsa[4096], got[4096];

        page_fill(vmsa, 1);
        put_le(vmsa + 0x3b0, 1 | secure << 9, 8);
        g_assert_cmpint(page_launch(m, PAGE_SPA, 0x7000, PSP_PAGE_VMSA, perms, vmsa), ==,
                        PSP_SUCCESS);
        memory_read(&m->memory, PAGE_SPA, GUEST_ASID, got, sizeof got);
        if (secure) {
            put_le(vmsa + 0x2f0, UINT64_C(1) << 32, 8);
            put_le(vmsa + 0x2f8, 0, 8);
        }
        g_assert_cmpmem(got, 4096, vmsa, 4096);
        machine_free(m);
    }
}

/* The digest of the commands is that of measure_pages(), which test_psp_measure.c checks. */
static void test_digest(void)
{
    struct machine *m = machine_launching(1);
    struct measure_page list[6];
    uint8_t contents[6][4096] = {{0}}, wanted[48];

    for (unsigned i = 0; i < 6; i++) {
        uint8_t type = (uint8_t)(i + 1);
        if (type != PSP_PAGE_CPUID) /* the CPUID page stays an empty list */
            page_fill(contents[i], i);
        list[i] = (struct measure_page){.gpa = 0x100000 - i * PAGE_BYTES,
                                        .type = type,
                                        .perms = perms,
                                        .contents = contents[i]};
        g_assert_cmpint(
            page_launch(m, PAGE_SPA + i * PAGE_BYTES, list[i].gpa, type, perms, contents[i]), ==,
            PSP_SUCCESS);
    }
    g_assert_cmpint(measure_pages(list, 6, wanted, NULL), ==, MEASURE_OK);
    g_assert_cmpmem(psp_gctx_find(&m->psp, GCTX_SPA)->ld.digest, 48, wanted, 48);
    machine_free(m);
}

static void test_large(void)
{
    struct machine *m = machine_launching(1);
    uint8_t *large = g_malloc(PAGE_BYTES_2M), *got = g_malloc(PAGE_BYTES_2M), wanted[48];
    const struct measure_page page = {.gpa = 0x40000000,
                                      .size = PAGE_2M,
                                      .type = PSP_PAGE_NORMAL,
                                      .perms = perms,
                                      .contents = large};
    const struct psp_launch_update update = {.gctx_spa = GCTX_SPA,
                                             .dst_spa = LARGE_SPA,
                                             .page_size = PAGE_2M,
                                             .page_type = PSP_PAGE_NORMAL,
                                             .perms = perms};

    for (uint32_t i = 0; i < 512; i++)
        page_fill(large + i * PAGE_BYTES, i);
    memory_write(&m->memory, LARGE_SPA, ASID_HV, large, PAGE_BYTES_2M);
    page_pre_guest(m, LARGE_SPA, 0x40000000, GUEST_ASID, PAGE_2M);
    g_assert_cmpint(psp_launch_update(&m->psp, &m->bus, &update), ==, PSP_SUCCESS);
    memory_read(&m->memory, LARGE_SPA, GUEST_ASID, got, PAGE_BYTES_2M);
    g_assert_cmpmem(got, PAGE_BYTES_2M, large, PAGE_BYTES_2M);
    g_assert_cmpint(measure_pages(&page, 1, wanted, NULL), ==, MEASURE_OK);
    g_assert_cmpmem(psp_gctx_find(&m->psp, GCTX_SPA)->ld.digest, 48, wanted, 48);
    g_assert_cmpint(rmp_state_of(&m->rmp, LARGE_SPA + 5 * PAGE_BYTES), ==, RMP_STATE_GUEST_VALID);
    g_assert_cmpuint(rmp_entry_at(&m->rmp, LARGE_SPA + 5 * PAGE_BYTES)->size, ==, PAGE_2M);
    g_free(large);
    g_free(got);
    machine_free(m);
}

/* Nothing changes when LAUNCH_UPDATE refuses. */
static void refused(struct machine *m, const struct psp_launch_update *update,
                    enum psp_status wanted)
{
    const struct psp before = m->psp;
    struct rmp_entry *entries = g_new(struct rmp_entry, MACHINE_PAGES);
    uint8_t *dram = g_malloc(m->memory.bytes);

    memcpy(entries, m->rmp.entries, MACHINE_PAGES * sizeof *entries);
    memcpy(dram, m->memory.dram, m->memory.bytes);
    g_assert_cmpint(psp_launch_update(&m->psp, &m->bus, update), ==, wanted);
    g_assert_cmpmem(&m->psp, sizeof before, &before, sizeof before);
    g_assert_cmpmem(m->rmp.entries, MACHINE_PAGES * sizeof *entries, entries,
                    MACHINE_PAGES * sizeof *entries);
    g_assert_cmpmem(m->memory.dram, m->memory.bytes, dram, m->memory.bytes);
    g_free(entries);
    g_free(dram);
}

static void test_update_errors(void)
{
    struct machine *m = machine_launching(1);
    const struct psp_launch_update good = {
        .gctx_spa = GCTX_SPA, .dst_spa = PAGE_SPA, .page_type = PSP_PAGE_NORMAL};
    struct psp_launch_update bad = good;
    const struct rmp_caller host = {.asid = ASID_HV};
    const struct rmp_operand mutable_page = {.gpa = 0x1000, .assigned = 1, .asid = GUEST_ASID};

    refused(m, &good, PSP_INVALID_PAGE_STATE); /* Hypervisor */
    rmp_update(&m->rmp, &host, PAGE_SPA, &mutable_page);
    refused(m, &good, PSP_INVALID_PAGE_STATE); /* Guest-Invalid */
    page_release(m, PAGE_SPA, PAGE_4K);
    page_pre_guest(m, PAGE_SPA, 0x1000, GUEST_ASID + 1, PAGE_4K);
    refused(m, &good, PSP_INVALID_PAGE_OWNER);
    page_release(m, PAGE_SPA + PAGE_BYTES, PAGE_4K);
    page_pre_guest(m, PAGE_SPA + PAGE_BYTES, 0x2000, GUEST_ASID, PAGE_4K);
    bad.dst_spa = PAGE_SPA + PAGE_BYTES;
    bad.page_type = 0;
    refused(m, &bad, PSP_INVALID_PARAM);
    bad.page_type = 7;
    refused(m, &bad, PSP_INVALID_PARAM);
    bad.page_type = PSP_PAGE_NORMAL;
    bad.perms.vmpl2 = 0x20;
    refused(m, &bad, PSP_INVALID_PARAM);
    bad.perms.vmpl2 = 0;
    bad.imi = true; /* not an IMI launch */
    refused(m, &bad, PSP_INVALID_PARAM);
    bad.imi = false;
    bad.dst_spa++;
    refused(m, &bad, PSP_INVALID_ADDRESS);
    bad.dst_spa = MACHINE_PAGES * PAGE_BYTES;
    refused(m, &bad, PSP_INVALID_ADDRESS);
    bad.dst_spa = LARGE_SPA;
    bad.page_size = PAGE_2M;
    refused(m, &bad, PSP_INVALID_PAGE_SIZE); /* a small entry there */
    page_pre_guest(m, LARGE_SPA, 0x200000, GUEST_ASID, PAGE_2M);
    bad.page_size = PAGE_4K;
    refused(m, &bad, PSP_INVALID_PAGE_SIZE);
    bad.page_size = PAGE_2M;
    for (unsigned i = 0; i < 3; i++) {
        bad.page_type = (const uint8_t[]){PSP_PAGE_VMSA, PSP_PAGE_SECRETS, PSP_PAGE_CPUID}[i];
        refused(m, &bad, PSP_INVALID_PAGE_SIZE);
    }
    machine_free(m);
}

/* An IMI launch takes IMI pages only, and both digests grow. */
static void test_imi(void)
{
    struct machine *m = machine_new(1);
    const struct psp_launch_start start = {
        .gctx_spa = GCTX_SPA, .policy = PSP_POLICY_DEFAULT, .imi_en = true};
    struct psp_launch_update update = {
        .gctx_spa = GCTX_SPA, .dst_spa = PAGE_SPA, .page_type = PSP_PAGE_NORMAL};
    uint8_t head[8];
    const struct psp_gctx *gctx;

    guest_create(m);
    g_assert_cmpint(psp_launch_start(&m->psp, &m->bus, &start), ==, PSP_SUCCESS);
    g_assert_cmpint(psp_activate(&m->psp, &m->bus, GCTX_SPA, GUEST_ASID), ==, PSP_SUCCESS);
    page_pre_guest(m, PAGE_SPA, 0x1000, GUEST_ASID, PAGE_4K);
    g_assert_cmpint(psp_launch_update(&m->psp, &m->bus, &update), ==, PSP_INVALID_PARAM);
    update.imi = true;
    g_assert_cmpint(psp_launch_update(&m->psp, &m->bus, &update), ==, PSP_SUCCESS);
    update.page_type = PSP_PAGE_SECRETS;
    update.dst_spa += PAGE_BYTES;
    page_pre_guest(m, update.dst_spa, 0x2000, GUEST_ASID, PAGE_4K);
    g_assert_cmpint(psp_launch_update(&m->psp, &m->bus, &update), ==, PSP_SUCCESS);
    memory_read(&m->memory, update.dst_spa, GUEST_ASID, head, sizeof head);
    g_assert_cmpuint(get_le32(head + 4), ==, 1); /* IMI_EN */
    gctx = psp_gctx_find(&m->psp, GCTX_SPA);
    g_assert_cmpmem(gctx->imd.digest, 48, gctx->ld.digest, 48);
    machine_free(m);
}

/* The same seed gives the same firmware, page images and memory; another seed another. */
static void test_determinism(void)
{
    struct machine *a = machine_launching(9), *b = machine_launching(9), *c = machine_launching(10);
    uint8_t page[4096];

    page_fill(page, 1);
    g_assert_cmpint(page_launch(a, PAGE_SPA, 0x1000, PSP_PAGE_SECRETS, perms, page), ==, 0);
    g_assert_cmpint(page_launch(b, PAGE_SPA, 0x1000, PSP_PAGE_SECRETS, perms, page), ==, 0);
    g_assert_cmpint(page_launch(c, PAGE_SPA, 0x1000, PSP_PAGE_SECRETS, perms, page), ==, 0);
    memory_view_set(&a->memory, PAGE_SPA, ASID_HV);
    memory_view_set(&b->memory, PAGE_SPA, ASID_HV);
    memory_view_set(&c->memory, PAGE_SPA, ASID_HV);
    g_assert_cmpmem(&a->psp, sizeof a->psp, &b->psp, sizeof b->psp);
    g_assert_cmpmem(a->memory.dram, a->memory.bytes, b->memory.dram, b->memory.bytes);
    g_assert_cmpint(memcmp(a->psp.gctx[0].vmpck, c->psp.gctx[0].vmpck, 32), !=, 0);
    g_assert_cmpint(memcmp(a->psp.chip_id, c->psp.chip_id, 64), !=, 0);
    g_assert_cmpint(memcmp(a->psp.vcek.scalar, c->psp.vcek.scalar, 48), !=, 0);
    g_assert_cmpint(memcmp(a->memory.dram + PAGE_SPA, c->memory.dram + PAGE_SPA, 4096), !=, 0);
    machine_free(a);
    machine_free(b);
    machine_free(c);
}

/* All secrets of a launch differ, and the list for secret-containment is complete. */
static void test_secrets_list(void)
{
    struct machine *m = machine_new(1);
    const struct psp_gctx *gctx;
    struct psp_secret secret, other;

    guest_create(m);
    gctx = psp_gctx_find(&m->psp, GCTX_SPA);
    g_assert_cmpuint(psp_secret_count(gctx), ==, 0);
    guest_start(m, PSP_POLICY_DEFAULT);
    g_assert_cmpuint(psp_secret_count(gctx), ==, 4);
    for (uint32_t i = 0; i < 4; i++) {
        char *name = g_strdup_printf("VMPCK%u", i);
        g_assert_true(psp_secret_get(gctx, i, &secret));
        g_assert_cmpstr(secret.name, ==, name);
        g_assert_cmpmem(secret.bytes, 32, gctx->vmpck[i], 32);
        g_assert_cmpuint(secret.vmpl, ==, i);
        for (uint32_t k = 0; k < i; k++) {
            g_assert_true(psp_secret_get(gctx, k, &other));
            g_assert_cmpint(memcmp(secret.bytes, other.bytes, 32), !=, 0);
        }
        g_free(name);
    }
    g_assert_false(psp_secret_get(gctx, 4, &secret));
    machine_free(m);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/psp/launch-start/policy", test_policy);
    g_test_add_func("/psp/launch-start/migration-agent", test_migration_agent);
    g_test_add_func("/psp/launch-update/page-types", test_page_types);
    g_test_add_func("/psp/launch-update/secrets-page", test_secrets_page);
    g_test_add_func("/psp/launch-update/vmsa-secure-tsc", test_vmsa_tsc);
    g_test_add_func("/psp/launch-update/digest", test_digest);
    g_test_add_func("/psp/launch-update/2m", test_large);
    g_test_add_func("/psp/launch-update/errors-change-nothing", test_update_errors);
    g_test_add_func("/psp/launch-update/imi", test_imi);
    g_test_add_func("/psp/determinism/launch", test_determinism);
    g_test_add_func("/psp/secrets/list", test_secrets_list);
    return g_test_run();
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Platform, guest context, ASID and page commands: states, errors, effects on the RMP. */
#include <string.h>

#include "rmp/insn.h"
#include "tests/unit/psp_fixture.h"

static const struct psp_launch_start start = {.gctx_spa = GCTX_SPA, .policy = PSP_POLICY_DEFAULT};
static const struct psp_launch_update update = {
    .gctx_spa = GCTX_SPA, .dst_spa = PAGE_SPA, .page_type = PSP_PAGE_NORMAL};
static const struct psp_launch_finish finish = {.gctx_spa = GCTX_SPA};

/* Every command on a guest, with the context page at spa. */
static void all_commands(struct machine *m, uint64_t spa, enum psp_status wanted)
{
    struct psp_launch_start s = start;
    struct psp_launch_update u = update;
    struct psp_launch_finish f = finish;
    struct psp_guest_status status;

    s.gctx_spa = u.gctx_spa = f.gctx_spa = spa;
    g_assert_cmpint(psp_launch_start(&m->psp, &m->bus, &s), ==, wanted);
    g_assert_cmpint(psp_activate(&m->psp, &m->bus, spa, 1), ==, wanted);
    g_assert_cmpint(psp_launch_update(&m->psp, &m->bus, &u), ==, wanted);
    g_assert_cmpint(psp_launch_finish(&m->psp, &m->bus, &f), ==, wanted);
    g_assert_cmpint(psp_guest_status(&m->psp, &m->bus, spa, &status), ==, wanted);
    g_assert_cmpint(psp_guest_request(&m->psp, &m->bus, spa, REQ_SPA, RESP_SPA, NULL), ==, wanted);
    g_assert_cmpint(psp_decommission(&m->psp, &m->bus, spa), ==, wanted);
}

static void test_platform_state(void)
{
    struct machine *m = machine_new(1);
    struct psp_config config = m->psp.config;
    struct psp_platform_status status;

    g_assert_cmpint(psp_platform_init(&m->psp), ==, PSP_INVALID_PLATFORM_STATE);
    g_assert_cmpint(psp_platform_status(&m->psp, &status), ==, PSP_SUCCESS);
    g_assert_cmpint(status.state, ==, PSP_PLATFORM_INIT);

    psp_init(&m->psp, &config);
    g_assert_cmpint(psp_platform_status(&m->psp, &status), ==, PSP_SUCCESS);
    g_assert_cmpint(status.state, ==, PSP_PLATFORM_UNINIT);
    g_assert_cmpint(status.api_major, ==, 1);
    page_firmware(m, GCTX_SPA);
    g_assert_cmpint(psp_gctx_create(&m->psp, &m->bus, GCTX_SPA), ==, PSP_INVALID_PLATFORM_STATE);
    g_assert_cmpint(psp_df_flush(&m->psp), ==, PSP_INVALID_PLATFORM_STATE);
    g_assert_cmpint(psp_page_reclaim(&m->psp, &m->bus, GCTX_SPA, PAGE_4K), ==,
                    PSP_INVALID_PLATFORM_STATE);
    all_commands(m, GCTX_SPA, PSP_INVALID_PLATFORM_STATE);
    machine_free(m);
}

static void test_config(void)
{
    struct psp_config config;
    struct psp psp;

    psp_config_default(&config, 1);
    config.committed_tcb += UINT64_C(1) << PSP_TCB_SNP; /* above current */
    psp_init(&psp, &config);
    g_assert_cmpint(psp_platform_init(&psp), ==, PSP_INVALID_CONFIG);
    psp_config_default(&config, 1);
    config.reported_tcb = UINT64_C(1) << PSP_TCB_TEE; /* smaller as a number, larger in one part */
    psp_init(&psp, &config);
    g_assert_cmpint(psp_platform_init(&psp), ==, PSP_INVALID_CONFIG);
    psp_config_default(&config, 1);
    config.cpuid.count = PSP_CPUID_LIMITS_MAX + 1;
    psp_init(&psp, &config);
    g_assert_cmpint(psp_platform_init(&psp), ==, PSP_INVALID_CONFIG);
    psp_config_default(&config, 1);
    config.reported_tcb = 0;
    psp_init(&psp, &config);
    g_assert_cmpint(psp_platform_init(&psp), ==, PSP_SUCCESS);
}

static void test_addresses(void)
{
    struct machine *m = machine_new(1);

    page_firmware(m, GCTX_SPA);
    g_assert_cmpint(psp_gctx_create(&m->psp, &m->bus, GCTX_SPA + 8), ==, PSP_INVALID_ADDRESS);
    g_assert_cmpint(psp_gctx_create(&m->psp, &m->bus, m->memory.bytes), ==, PSP_INVALID_ADDRESS);
    g_assert_cmpint(psp_gctx_create(&m->psp, &m->bus, ~PAGE_MASK), ==, PSP_INVALID_ADDRESS);
    all_commands(m, GCTX_SPA + 8, PSP_INVALID_ADDRESS);
    all_commands(m, ~PAGE_MASK, PSP_INVALID_ADDRESS);
    all_commands(m, GCTX_SPA, PSP_INVALID_GUEST); /* Firmware, not Context */
    all_commands(m, REQ_SPA, PSP_INVALID_GUEST);  /* Hypervisor */
    machine_free(m);
}

static void test_create(void)
{
    struct machine *m = machine_new(1);
    const struct rmp_caller host = {.asid = ASID_HV};
    const struct rmp_operand large = {.assigned = 1, .size = PAGE_2M, .immutable = 1};
    uint8_t image[4096];
    static const uint8_t zeros[4096];

    g_assert_cmpint(psp_gctx_create(&m->psp, &m->bus, GCTX_SPA), ==, PSP_INVALID_PAGE_STATE);
    page_pre_guest(m, PAGE_SPA, 0x1000, GUEST_ASID, PAGE_4K);
    g_assert_cmpint(psp_gctx_create(&m->psp, &m->bus, PAGE_SPA), ==, PSP_INVALID_PAGE_STATE);
    rmp_update(&m->rmp, &host, LARGE_SPA, &large);
    g_assert_cmpint(rmp_state_of(&m->rmp, LARGE_SPA), ==, RMP_STATE_FIRMWARE);
    g_assert_cmpint(psp_gctx_create(&m->psp, &m->bus, LARGE_SPA), ==, PSP_INVALID_PAGE_SIZE);
    guest_create(m);
    g_assert_cmpint(rmp_state_of(&m->rmp, GCTX_SPA), ==, RMP_STATE_CONTEXT);
    g_assert_cmpint(psp_gctx_create(&m->psp, &m->bus, GCTX_SPA), ==, PSP_INVALID_PAGE_STATE);
    memory_read(&m->memory, GCTX_SPA, ASID_HV, image, sizeof image);
    g_assert_cmpint(memcmp(image, zeros, sizeof zeros), !=, 0);
    for (unsigned i = 1; i < PSP_GCTX_MAX; i++) {
        page_firmware(m, GCTX_SPA + i * PAGE_BYTES);
        g_assert_cmpint(psp_gctx_create(&m->psp, &m->bus, GCTX_SPA + i * PAGE_BYTES), ==,
                        PSP_SUCCESS);
    }
    page_firmware(m, GCTX_SPA + PSP_GCTX_MAX * PAGE_BYTES);
    g_assert_cmpint(psp_gctx_create(&m->psp, &m->bus, GCTX_SPA + PSP_GCTX_MAX * PAGE_BYTES), ==,
                    PSP_RESOURCE_LIMIT);
    machine_free(m);
}

static void image_check(struct machine *m, uint8_t image[4096])
{
    const struct psp_gctx *gctx = psp_gctx_find(&m->psp, GCTX_SPA);
    static const uint8_t zeros[32];

    memory_read(&m->memory, GCTX_SPA, ASID_HV, image, 4096);
    for (size_t at = 0; at + 32 <= 4096; at++) {
        g_assert_cmpint(memcmp(image + at, gctx->vek, 32), !=, 0);
        g_assert_cmpint(memcmp(image + at, zeros, 32), !=, 0);
        for (unsigned i = 0; i < VMPL_COUNT; i++)
            g_assert_cmpint(memcmp(image + at, gctx->vmpck[i], 32), !=, 0);
    }
}

/* The context page holds an image that changes with the state, and none of the keys. */
static void test_image(void)
{
    struct machine *m = machine_new(1);
    uint8_t created[4096], started[4096], running[4096];

    guest_create(m);
    image_check(m, created);
    guest_start(m, PSP_POLICY_DEFAULT);
    image_check(m, started);
    guest_run(m);
    image_check(m, running);
    g_assert_cmpint(memcmp(created, started, 4096), !=, 0);
    g_assert_cmpint(memcmp(started, running, 4096), !=, 0);
    machine_free(m);
}

static void test_guest_states(void)
{
    struct machine *m = machine_new(1);
    struct psp_guest_status status;

    guest_create(m); /* INIT */
    page_firmware(m, RESP_SPA);
    g_assert_cmpint(psp_activate(&m->psp, &m->bus, GCTX_SPA, 1), ==, PSP_INVALID_GUEST_STATE);
    g_assert_cmpint(psp_launch_update(&m->psp, &m->bus, &update), ==, PSP_INVALID_GUEST_STATE);
    g_assert_cmpint(psp_launch_finish(&m->psp, &m->bus, &finish), ==, PSP_INVALID_GUEST_STATE);
    g_assert_cmpint(psp_guest_request(&m->psp, &m->bus, GCTX_SPA, REQ_SPA, RESP_SPA, NULL), ==,
                    PSP_INVALID_GUEST_STATE);
    g_assert_cmpint(psp_launch_start(&m->psp, &m->bus, &start), ==, PSP_SUCCESS); /* LAUNCH */
    g_assert_cmpint(psp_launch_start(&m->psp, &m->bus, &start), ==, PSP_INVALID_GUEST_STATE);
    g_assert_cmpint(psp_launch_update(&m->psp, &m->bus, &update), ==, PSP_INACTIVE);
    g_assert_cmpint(psp_guest_request(&m->psp, &m->bus, GCTX_SPA, REQ_SPA, RESP_SPA, NULL), ==,
                    PSP_INVALID_GUEST_STATE);
    g_assert_cmpint(psp_launch_finish(&m->psp, &m->bus, &finish), ==, PSP_SUCCESS); /* RUNNING */
    g_assert_cmpint(psp_launch_start(&m->psp, &m->bus, &start), ==, PSP_INVALID_GUEST_STATE);
    g_assert_cmpint(psp_launch_update(&m->psp, &m->bus, &update), ==, PSP_INVALID_GUEST_STATE);
    g_assert_cmpint(psp_launch_finish(&m->psp, &m->bus, &finish), ==, PSP_INVALID_GUEST_STATE);
    g_assert_cmpint(psp_activate(&m->psp, &m->bus, GCTX_SPA, 3), ==, PSP_SUCCESS);
    g_assert_cmpint(psp_guest_status(&m->psp, &m->bus, GCTX_SPA, &status), ==, PSP_SUCCESS);
    g_assert_cmpuint(status.asid, ==, 3);
    g_assert_cmphex(status.policy, ==, PSP_POLICY_DEFAULT);
    g_assert_cmpint(status.state, ==, PSP_GUEST_RUNNING);
    machine_free(m);
}

static void test_activate(void)
{
    struct machine *m = machine_new(1);
    struct psp_launch_start second = start;
    const uint64_t other = GCTX_SPA + PAGE_BYTES;

    second.gctx_spa = other;
    guest_create(m);
    page_firmware(m, other);
    g_assert_cmpint(psp_gctx_create(&m->psp, &m->bus, other), ==, PSP_SUCCESS);
    g_assert_cmpint(psp_launch_start(&m->psp, &m->bus, &start), ==, PSP_SUCCESS);
    g_assert_cmpint(psp_launch_start(&m->psp, &m->bus, &second), ==, PSP_SUCCESS);
    g_assert_cmpint(psp_activate(&m->psp, &m->bus, GCTX_SPA, 0), ==, PSP_INVALID_ASID);
    g_assert_cmpint(psp_activate(&m->psp, &m->bus, GCTX_SPA, MEMORY_ASID_MAX + 1), ==,
                    PSP_INVALID_ASID);
    g_assert_cmpint(psp_activate(&m->psp, &m->bus, GCTX_SPA, GUEST_ASID), ==, PSP_SUCCESS);
    g_assert_true(m->memory.key_set[GUEST_ASID]);
    g_assert_cmpmem(m->memory.key[GUEST_ASID], 32, psp_gctx_find(&m->psp, GCTX_SPA)->vek, 32);
    g_assert_cmpint(psp_activate(&m->psp, &m->bus, GCTX_SPA, 6), ==, PSP_ACTIVE);
    g_assert_cmpint(psp_activate(&m->psp, &m->bus, other, GUEST_ASID), ==, PSP_ASID_OWNED);
    g_assert_cmpint(psp_decommission(&m->psp, &m->bus, GCTX_SPA), ==, PSP_SUCCESS);
    g_assert_cmpint(psp_activate(&m->psp, &m->bus, other, GUEST_ASID), ==, PSP_DFFLUSH_REQUIRED);
    g_assert_cmpint(psp_df_flush(&m->psp), ==, PSP_SUCCESS);
    g_assert_cmpint(psp_activate(&m->psp, &m->bus, other, GUEST_ASID), ==, PSP_SUCCESS);
    machine_free(m);
}

/* After DECOMMISSION the page is firmware's, the context is gone and no plaintext is left. */
static void test_decommission(void)
{
    struct machine *m = machine_new(1);
    uint8_t plain[4096], got[4096];
    static const uint8_t zeros[4096];
    struct psp_platform_status status;

    guest_create(m);
    guest_start(m, PSP_POLICY_DEFAULT);
    page_fill(plain, 7);
    g_assert_cmpint(page_launch(m, PAGE_SPA, 0x1000, PSP_PAGE_NORMAL, (struct psp_perms){0}, plain),
                    ==, PSP_SUCCESS);
    g_assert_cmpmem(m->memory.dram + PAGE_SPA, 4096, plain, 4096); /* held in the guest's view */
    g_assert_cmpint(psp_decommission(&m->psp, &m->bus, GCTX_SPA), ==, PSP_SUCCESS);
    g_assert_cmpint(rmp_state_of(&m->rmp, GCTX_SPA), ==, RMP_STATE_FIRMWARE);
    g_assert_null(psp_gctx_find(&m->psp, GCTX_SPA));
    memory_read(&m->memory, GCTX_SPA, ASID_HV, got, sizeof got);
    g_assert_cmpmem(got, sizeof got, zeros, sizeof zeros);
    g_assert_cmpint(memcmp(m->memory.dram + PAGE_SPA, plain, 4096), !=, 0);
    memory_read(&m->memory, PAGE_SPA, GUEST_ASID, got, sizeof got); /* the key is the old one yet */
    g_assert_cmpmem(got, 4096, plain, 4096);
    g_assert_cmpint(rmp_state_of(&m->rmp, PAGE_SPA), ==, RMP_STATE_GUEST_VALID);
    psp_platform_status(&m->psp, &status);
    g_assert_cmpuint(status.guest_count, ==, 0);
    g_assert_cmpint(psp_page_reclaim(&m->psp, &m->bus, GCTX_SPA, PAGE_4K), ==, PSP_SUCCESS);
    page_release(m, GCTX_SPA, PAGE_4K);
    g_assert_cmpint(rmp_state_of(&m->rmp, GCTX_SPA), ==, RMP_STATE_HYPERVISOR);
    machine_free(m);
}

static void test_reclaim(void)
{
    struct machine *m = machine_new(1);
    struct rmp_entry *entry = rmp_slot_at(&m->rmp, PAGE_SPA);
    static const struct {
        struct rmp_entry before;
        enum psp_status status;
        enum rmp_state after;
    } cases[] = {
        {{0}, PSP_INVALID_PAGE_STATE, RMP_STATE_HYPERVISOR},
        {{.immutable = 1}, PSP_INVALID_PAGE_STATE, RMP_STATE_HV_FIXED},
        {{.assigned = 1, .immutable = 1}, PSP_SUCCESS, RMP_STATE_RECLAIM},
        {{.assigned = 1, .immutable = 1, .gpn = 5}, PSP_SUCCESS, RMP_STATE_RECLAIM},
        {{.assigned = 1, .immutable = 1, .vmsa = 1}, PSP_INVALID_PAGE_STATE, RMP_STATE_CONTEXT},
        {{.assigned = 1}, PSP_INVALID_PAGE_STATE, RMP_STATE_RECLAIM},
        {{.assigned = 1, .immutable = 1, .asid = 3, .gpn = 9},
         PSP_SUCCESS,
         RMP_STATE_GUEST_INVALID},
        {{.assigned = 1, .immutable = 1, .asid = 3, .gpn = 9, .validated = 1},
         PSP_SUCCESS,
         RMP_STATE_GUEST_VALID},
        {{.assigned = 1, .asid = 3}, PSP_INVALID_PAGE_STATE, RMP_STATE_GUEST_INVALID},
        {{.assigned = 1, .asid = 3, .validated = 1}, PSP_INVALID_PAGE_STATE, RMP_STATE_GUEST_VALID},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        *entry = cases[i].before;
        g_assert_cmpint(psp_page_reclaim(&m->psp, &m->bus, PAGE_SPA, PAGE_4K), ==, cases[i].status);
        g_assert_cmpint(rmp_state_of(&m->rmp, PAGE_SPA), ==, cases[i].after);
        if (cases[i].before.asid || cases[i].status != PSP_SUCCESS)
            g_assert_cmpuint(entry->gpn, ==, cases[i].before.gpn);
        else
            g_assert_cmpuint(entry->gpn, ==, 0);
    }
    *entry = (struct rmp_entry){0};
    g_assert_cmpint(psp_page_reclaim(&m->psp, &m->bus, PAGE_SPA + 1, PAGE_4K), ==,
                    PSP_INVALID_ADDRESS);
    g_assert_cmpint(psp_page_reclaim(&m->psp, &m->bus, PAGE_SPA, PAGE_2M), ==, PSP_INVALID_ADDRESS);
    g_assert_cmpint(psp_page_reclaim(&m->psp, &m->bus, MACHINE_PAGES * PAGE_BYTES, PAGE_4K), ==,
                    PSP_INVALID_ADDRESS);
    g_assert_cmpint(psp_page_reclaim(&m->psp, &m->bus, PAGE_SPA, (enum page_size)2), ==,
                    PSP_INVALID_PARAM);
    page_pre_guest(m, LARGE_SPA, 0x200000, GUEST_ASID, PAGE_2M);
    g_assert_cmpint(psp_page_reclaim(&m->psp, &m->bus, LARGE_SPA, PAGE_4K), ==,
                    PSP_INVALID_PAGE_SIZE);
    g_assert_cmpint(psp_page_reclaim(&m->psp, &m->bus, LARGE_SPA, PAGE_2M), ==, PSP_SUCCESS);
    g_assert_cmpint(rmp_state_of(&m->rmp, LARGE_SPA), ==, RMP_STATE_GUEST_INVALID);
    machine_free(m);
}

static void test_names(void)
{
    g_assert_cmpstr(psp_status_name(PSP_AEAD_OFLOW), ==, "AEAD_OFLOW");
    g_assert_cmpstr(psp_status_name(0x1234), ==, "unknown");
    g_assert_cmpstr(psp_command_name(PSP_CMD_GUEST_REQUEST), ==, "GUEST_REQUEST");
    g_assert_cmpstr(psp_command_name(0), ==, "unknown");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/psp/platform/uninit-refuses-all", test_platform_state);
    g_test_add_func("/psp/platform/config", test_config);
    g_test_add_func("/psp/gctx/addresses", test_addresses);
    g_test_add_func("/psp/gctx/create", test_create);
    g_test_add_func("/psp/gctx/image-holds-no-key", test_image);
    g_test_add_func("/psp/gctx/guest-states", test_guest_states);
    g_test_add_func("/psp/gctx/activate", test_activate);
    g_test_add_func("/psp/gctx/decommission", test_decommission);
    g_test_add_func("/psp/page-reclaim", test_reclaim);
    g_test_add_func("/psp/names", test_names);
    return g_test_run();
}

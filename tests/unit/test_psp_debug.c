/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SNP_DBG_DECRYPT (SEV-SNP ABI 56860): refused unless the guest's policy has the DEBUG bit. */
#include <string.h>

#include "tests/unit/psp_fixture.h"

enum { TAG = 77 };

static struct machine *machine_with_page(uint64_t policy, uint8_t page[4096])
{
    const struct psp_perms none = {0};
    struct machine *m = machine_new(3);
    guest_create(m);
    guest_start(m, policy);
    page_fill(page, TAG);
    g_assert_cmpint(page_launch(m, PAGE_SPA, 0x1000, PSP_PAGE_NORMAL, none, page), ==, PSP_SUCCESS);
    guest_run(m);
    return m;
}

static enum psp_status decrypt(struct machine *m, uint64_t src, uint64_t dst)
{
    return psp_dbg_decrypt(&m->psp, &m->bus, GCTX_SPA, src, dst);
}

static void test_policy(void)
{
    uint8_t page[4096], out[4096];
    struct machine *m = machine_with_page(PSP_POLICY_DEFAULT, page);
    memory_peek(&m->memory, RESP_SPA, ASID_HV, page, sizeof(page));
    g_assert_cmpint(decrypt(m, PAGE_SPA, RESP_SPA), ==, PSP_POLICY_FAILURE);
    memory_peek(&m->memory, RESP_SPA, ASID_HV, out, sizeof(out));
    g_assert_cmpmem(out, sizeof(out), page, sizeof(page)); /* nothing was written */
    machine_free(m);

    m = machine_with_page(PSP_POLICY_DEFAULT | PSP_POLICY_DEBUG, page);
    g_assert_cmpint(decrypt(m, PAGE_SPA, RESP_SPA), ==, PSP_SUCCESS);
    memory_peek(&m->memory, RESP_SPA, ASID_HV, out, sizeof(out));
    g_assert_cmpmem(out, sizeof(out), page, sizeof(page));
    machine_free(m);
}

static void test_pages(void)
{
    uint8_t page[4096];
    struct machine *m = machine_with_page(PSP_POLICY_DEFAULT | PSP_POLICY_DEBUG, page);
    g_assert_cmpint(decrypt(m, PAGE_SPA + 1, RESP_SPA), ==, PSP_INVALID_ADDRESS);
    g_assert_cmpint(decrypt(m, UINT64_C(1) << 40, RESP_SPA), ==, PSP_INVALID_ADDRESS);
    g_assert_cmpint(decrypt(m, REQ_SPA, RESP_SPA), ==, PSP_INVALID_PAGE_STATE); /* no guest page */
    g_assert_cmpint(decrypt(m, PAGE_SPA, PAGE_SPA), ==, PSP_INVALID_PAGE_STATE);
    rmp_entry_at(&m->rmp, PAGE_SPA)->asid = GUEST_ASID + 1;
    g_assert_cmpint(decrypt(m, PAGE_SPA, RESP_SPA), ==, PSP_INVALID_PAGE_OWNER);
    g_assert_cmpint(psp_dbg_decrypt(&m->psp, &m->bus, REQ_SPA, PAGE_SPA, RESP_SPA), !=,
                    PSP_SUCCESS);
    machine_free(m);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/psp/debug/abi56860/policy-bit-19", test_policy);
    g_test_add_func("/psp/debug/abi56860/page-states", test_pages);
    return g_test_run();
}

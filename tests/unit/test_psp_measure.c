/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The launch digest against PAGE_INFO (SNP_LAUNCH_UPDATE) laid out by hand and hashed by GLib. */
#include <string.h>

#include "tests/unit/psp_fixture.h"

struct plan {
    uint8_t type;
    bool imi;
    struct psp_perms perms;
    uint64_t gpa;
    uint32_t tag;
};

/* PAGE_INFO: 0x00 LD, 0x30 contents, 0x60 length, 0x62 type, 0x63 IMI, 0x65 VMPL1-3, 0x68 GPA. */
static void chain(uint8_t ld[48], const struct plan *plan, const uint8_t contents[48])
{
    uint8_t info[0x70] = {0};

    memcpy(info, ld, 48);
    memcpy(info + 0x30, contents, 48);
    put_le(info + 0x60, 0x70, 2);
    info[0x62] = plan->type;
    info[0x63] = plan->imi;
    info[0x65] = plan->perms.vmpl1;
    info[0x66] = plan->perms.vmpl2;
    info[0x67] = plan->perms.vmpl3;
    put_le(info + 0x68, plan->gpa, 8);
    digest_sha384(info, sizeof info, ld);
}

static void chain_page(uint8_t ld[48], const struct plan *plan)
{
    uint8_t page[4096], contents[48] = {0};

    page_fill(page, plan->tag);
    if (plan->type == 2)
        memset(page + 0x2f0, 0, 16);
    if (plan->type <= 2)
        digest_sha384(page, sizeof page, contents);
    chain(ld, plan, contents);
}

static const struct plan plans[] = {
    {1, false, {0, 0, 0}, 0x1000, 1},          {2, false, {0, 0, 0}, 0xfffffffff000, 2},
    {3, false, {1, 2, 4}, 0x2000, 3},          {4, false, {0x1f, 3, 1}, 0x3000, 4},
    {5, false, {0, 0, 0}, 0x4000, 5},          {6, false, {0, 0, 0}, 0x5000, 6},
    {1, true, {0xb, 0x17, 0}, 0x123456000, 7},
};

static void test_chain(void)
{
    struct measure_page list[G_N_ELEMENTS(plans)];
    uint8_t contents[G_N_ELEMENTS(plans)][4096], ld[48] = {0}, got[48];

    for (size_t i = 0; i < G_N_ELEMENTS(plans); i++) {
        page_fill(contents[i], plans[i].tag);
        list[i] = (struct measure_page){.gpa = plans[i].gpa,
                                        .type = plans[i].type,
                                        .imi = plans[i].imi,
                                        .perms = plans[i].perms,
                                        .contents = contents[i]};
        chain_page(ld, &plans[i]);
        g_assert_cmpint(measure_pages(list, i + 1, got, NULL), ==, MEASURE_OK);
        g_assert_cmpmem(got, 48, ld, 48);
    }
}

static void test_empty(void)
{
    static const uint8_t zeros[48];
    uint8_t got[48];

    g_assert_cmpint(measure_pages(NULL, 0, got, NULL), ==, MEASURE_OK);
    g_assert_cmpmem(got, 48, zeros, 48);
}

static void digest_of(const struct measure_page *page, uint8_t out[48])
{
    g_assert_cmpint(measure_pages(page, 1, out, NULL), ==, MEASURE_OK);
}

/* Types 1 and 2 depend on the contents, the others do not and need none. */
static void test_contents(void)
{
    uint8_t a[4096], b[4096], da[48], db[48], none[48];

    page_fill(a, 1);
    page_fill(b, 2);
    for (int type = 1; type <= 6; type++) {
        struct measure_page page = {.gpa = 0x1000, .type = type, .contents = a};
        digest_of(&page, da);
        page.contents = b;
        digest_of(&page, db);
        page.contents = NULL;
        if (type <= 2) {
            g_assert_cmpint(memcmp(da, db, 48), !=, 0);
            g_assert_cmpint(measure_pages(&page, 1, none, NULL), ==, MEASURE_NO_CONTENTS);
        } else {
            digest_of(&page, none);
            g_assert_cmpmem(da, 48, db, 48);
            g_assert_cmpmem(da, 48, none, 48);
        }
    }
}

/* Only bytes 2F0-2FF of a VMSA are left out. */
static void test_vmsa_tsc(void)
{
    uint8_t vmsa[4096], clean[48], dirty[48];
    struct measure_page page = {.type = PSP_PAGE_VMSA, .contents = vmsa};

    page_fill(vmsa, 3);
    digest_of(&page, clean);
    for (unsigned at = 0x2ef; at <= 0x300; at++) {
        vmsa[at] ^= 0xff;
        digest_of(&page, dirty);
        vmsa[at] ^= 0xff;
        g_assert_cmpint(memcmp(clean, dirty, 48) == 0, ==, at >= 0x2f0 && at < 0x300);
    }
}

static void test_order_gpa_perms(void)
{
    uint8_t a[4096], b[4096], first[48], second[48];
    struct measure_page pages[2] = {{.gpa = 0x1000, .type = 1, .contents = a},
                                    {.gpa = 0x2000, .type = 1, .contents = b}};
    struct measure_page swapped[2] = {pages[1], pages[0]}, one;

    page_fill(a, 1);
    page_fill(b, 2);
    g_assert_cmpint(measure_pages(pages, 2, first, NULL), ==, MEASURE_OK);
    g_assert_cmpint(measure_pages(swapped, 2, second, NULL), ==, MEASURE_OK);
    g_assert_cmpint(memcmp(first, second, 48), !=, 0);

    digest_of(&pages[0], first);
    one = pages[0];
    one.gpa = 0x3000;
    digest_of(&one, second);
    g_assert_cmpint(memcmp(first, second, 48), !=, 0);
    one = pages[0];
    one.perms.vmpl2 = RMP_PERM_R;
    digest_of(&one, second);
    g_assert_cmpint(memcmp(first, second, 48), !=, 0);
}

/* A 2 MiB page is its 512 small pages. */
static void test_large(void)
{
    uint8_t *large = g_malloc(PAGE_BYTES_2M), ld[48] = {0}, got[48];
    struct measure_page page = {
        .gpa = 0x200000, .size = PAGE_2M, .type = PSP_PAGE_NORMAL, .contents = large};

    for (uint32_t i = 0; i < 512; i++) {
        const struct plan plan = {.type = 1, .gpa = 0x200000 + i * 4096u, .tag = i};
        page_fill(large + i * 4096, i);
        chain_page(ld, &plan);
    }
    digest_of(&page, got);
    g_assert_cmpmem(got, 48, ld, 48);
    g_free(large);
}

static void test_refused(void)
{
    static const uint8_t contents[4096];
    static const struct {
        struct measure_page page;
        enum measure_status status;
    } cases[] = {
        {{.type = 0, .contents = contents}, MEASURE_BAD_TYPE},
        {{.type = 7, .contents = contents}, MEASURE_BAD_TYPE},
        {{.type = 2, .size = PAGE_2M, .contents = contents}, MEASURE_BAD_SIZE},
        {{.type = 5, .size = PAGE_2M}, MEASURE_BAD_SIZE},
        {{.type = 6, .size = PAGE_2M}, MEASURE_BAD_SIZE},
        {{.type = 3, .size = 2}, MEASURE_BAD_SIZE},
        {{.type = 3, .gpa = 0x800}, MEASURE_BAD_ADDRESS},
        {{.type = 3, .size = PAGE_2M, .gpa = 0x1000}, MEASURE_BAD_ADDRESS},
        {{.type = 3, .gpa = UINT64_C(1) << 52}, MEASURE_BAD_ADDRESS},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct measure_page pages[2] = {{.type = PSP_PAGE_ZERO}, cases[i].page};
        uint8_t got[48];
        size_t bad = 99;
        g_assert_cmpint(measure_pages(pages, 2, got, &bad), ==, cases[i].status);
        g_assert_cmpuint(bad, ==, 1);
        g_assert_cmpstr(measure_status_text(cases[i].status), !=, "unknown");
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/psp/measure/abi-page-info/chain", test_chain);
    g_test_add_func("/psp/measure/empty-is-zero", test_empty);
    g_test_add_func("/psp/measure/types/measured-contents", test_contents);
    g_test_add_func("/psp/measure/vmsa/tsc-left-out", test_vmsa_tsc);
    g_test_add_func("/psp/measure/order-gpa-and-permissions-count", test_order_gpa_perms);
    g_test_add_func("/psp/measure/2m-is-512-pages", test_large);
    g_test_add_func("/psp/measure/refused", test_refused);
    return g_test_run();
}

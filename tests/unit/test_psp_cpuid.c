/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CPUID policy (SEV-SNP ABI 56860, CPUID reporting): rules one by one, then page and message. */
#include <string.h>

#include "tests/unit/psp_fixture.h"

static const struct psp_cpuid_limit limits[] = {
    {.leaf = 0,
     .any_subleaf = true,
     .eax = {.rule = PSP_CPUID_MAX, .value = 0x10},
     .ebx = {.rule = PSP_CPUID_EXACT, .value = 0x68747541},
     .ecx = {.rule = PSP_CPUID_EXACT, .value = 0x444d4163},
     .edx = {.rule = PSP_CPUID_EXACT, .value = 0x69746e65}},
    {.leaf = 1,
     .any_subleaf = true,
     .eax = {.rule = PSP_CPUID_EXACT, .value = 0xa00f11},
     .ebx = {.rule = PSP_CPUID_EXACT, .value = 0x0800, .free = 0xffff0000},
     .ecx = {.rule = PSP_CPUID_BITS, .value = 0x00000201},
     .edx = {.rule = PSP_CPUID_BITS, .value = 0x07808111}},
    {.leaf = 7,
     .subleaf = 0,
     .ebx = {.rule = PSP_CPUID_BITS, .value = 0x20},
     .ecx = {.rule = PSP_CPUID_FREE},
     .edx = {.rule = PSP_CPUID_FREE}},
    {.leaf = 0xd,
     .subleaf = 0,
     .eax = {.rule = PSP_CPUID_BITS, .value = 0x207},
     .ebx = {.rule = PSP_CPUID_XSAVE},
     .ecx = {.rule = PSP_CPUID_EXACT, .value = 0x988}},
    {.leaf = 0xd,
     .subleaf = 1,
     .eax = {.rule = PSP_CPUID_BITS, .value = 0xf},
     .ebx = {.rule = PSP_CPUID_XSAVE},
     .ecx = {.rule = PSP_CPUID_BITS, .value = 0x1800}},
    {.leaf = 0xd,
     .subleaf = 2,
     .eax = {.rule = PSP_CPUID_EXACT, .value = 256},
     .ebx = {.rule = PSP_CPUID_EXACT, .value = 576}},
    {.leaf = 0xd,
     .subleaf = 9,
     .eax = {.rule = PSP_CPUID_EXACT, .value = 8},
     .ebx = {.rule = PSP_CPUID_EXACT, .value = 2432}},
    {.leaf = 0xd,
     .subleaf = 11,
     .eax = {.rule = PSP_CPUID_EXACT, .value = 16},
     .ecx = {.rule = PSP_CPUID_EXACT, .value = 3}},
};

static void table_fill(struct psp_cpuid_table *table)
{
    memset(table, 0, sizeof *table);
    table->count = G_N_ELEMENTS(limits);
    memcpy(table->limit, limits, sizeof limits);
}

/* a, b, c, d are what is claimed; wa..wd what it is corrected to. */
struct claim {
    const char *what;
    uint32_t leaf, subleaf;
    uint64_t xcr0, xss;
    uint32_t a, b, c, d;
    uint32_t wa, wb, wc, wd;
};

static const struct claim claims[] = {
    {"max: equal", 0, 0, 0, 0, 0x10, 0x68747541, 0x444d4163, 0x69746e65, 0x10, 0x68747541,
     0x444d4163, 0x69746e65},
    {"max: less", 0, 0, 0, 0, 1, 0x68747541, 0x444d4163, 0x69746e65, 1, 0x68747541, 0x444d4163,
     0x69746e65},
    {"max: above", 0, 0, 0, 0, 0x11, 0x68747541, 0x444d4163, 0x69746e65, 0x10, 0x68747541,
     0x444d4163, 0x69746e65},
    {"exact: other", 0, 0, 0, 0, 1, 0x756e6547, 0x444d4163, 0x69746e65, 1, 0x68747541, 0x444d4163,
     0x69746e65},
    {"free bits and any subleaf", 1, 77, 0, 0, 0xa00f11, 0x12340800, 0, 0, 0xa00f11, 0x12340800, 0,
     0},
    {"exact beside free bits", 1, 0, 0, 0, 0xa00f11, 0x12340900, 0, 0, 0xa00f11, 0x12340800, 0, 0},
    {"bits: subset", 1, 0, 0, 0, 0xa00f11, 0x800, 0x200, 0x111, 0xa00f11, 0x800, 0x200, 0x111},
    {"bits: one too many", 1, 0, 0, 0, 0xa00f11, 0x800, 0x1201, 0, 0xa00f11, 0x800, 0x201, 0},
    {"free register", 7, 0, 0, 0, 0, 0x20, 0xffffffff, 1, 0, 0x20, 0xffffffff, 1},
    {"a register left out of a limit is free", 7, 0, 0, 0, 5, 0, 0, 0, 5, 0, 0, 0},
    {"other subleaf is unknown: zero", 7, 1, 0, 0, 1, 2, 3, 4, 0, 0, 0, 0},
    {"unknown leaf as zero", 0x80000099, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
    {"unknown leaf not zero", 0x80000099, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0},
    {"hypervisor range is free", 0x40000000, 0, 0, 0, 1, 2, 3, 4, 1, 2, 3, 4},
    {"hypervisor range, last", 0x4fffffff, 3, 0, 0, 1, 2, 3, 4, 1, 2, 3, 4},
    {"above the hypervisor range", 0x50000000, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0},
    {"xsave: x87 and SSE", 0xd, 0, 3, 0, 7, 576, 0x988, 0, 7, 576, 0x988, 0},
    {"xsave: AVX", 0xd, 0, 7, 0, 7, 832, 0x988, 0, 7, 832, 0x988, 0},
    {"xsave: PKRU, standard format", 0xd, 0, 0x207, 0, 7, 0, 0x988, 0, 7, 2440, 0x988, 0},
    {"xsave: PKRU, compacted", 0xd, 1, 0x207, 0, 0xf, 840, 0x1800, 0, 0xf, 840, 0x1800, 0},
    {"xsave: aligned supervisor state", 0xd, 1, 0x207, 0x800, 0xf, 840, 0x1800, 0, 0xf, 912, 0x1800,
     0},
};

static void test_rules(void)
{
    struct psp_cpuid_table table;

    table_fill(&table);
    for (size_t i = 0; i < G_N_ELEMENTS(claims); i++) {
        const struct claim *c = &claims[i];
        struct psp_cpuid_fn fn = {c->leaf, c->subleaf, c->xcr0, c->xss, c->a, c->b, c->c, c->d, 0};
        bool right = c->a == c->wa && c->b == c->wb && c->c == c->wc && c->d == c->wd;

        g_test_message("%s", c->what);
        g_assert_cmpint(psp_cpuid_check_fn(&table, &fn), ==, right);
        g_assert_cmphex(fn.eax, ==, c->wa);
        g_assert_cmphex(fn.ebx, ==, c->wb);
        g_assert_cmphex(fn.ecx, ==, c->wc);
        g_assert_cmphex(fn.edx, ==, c->wd);
        g_assert_true(psp_cpuid_check_fn(&table, &fn)); /* what was corrected is right */
    }
}

/* Omitted leaves, order and duplicates do not matter; reserved fields do. */
static void test_list(void)
{
    struct psp_cpuid_table table;
    struct psp_cpuid_fn right = {.eax_in = 1, .eax = 0xa00f11, .ebx = 0x800};
    struct psp_cpuid_fn wrong = {.eax_in = 1, .eax = 0xa00f12, .ebx = 0x800};
    struct psp_cpuid_fn list[4] = {right, {.eax_in = 0x40000000, .eax = 1}, right, right};
    uint32_t bad = 99;

    table_fill(&table);
    g_assert_true(psp_cpuid_check(&table, list, 4, &bad));
    g_assert_true(psp_cpuid_check(&table, list, 0, &bad));
    g_assert_cmpuint(bad, ==, 99);
    list[1].reserved = 1;
    list[3] = wrong;
    g_assert_false(psp_cpuid_check(&table, list, 4, &bad));
    g_assert_cmpuint(bad, ==, 1);
    g_assert_cmpuint(list[1].reserved, ==, 0);
    g_assert_cmphex(list[3].eax, ==, 0xa00f11);
}

static struct machine *machine_with_table(void)
{
    struct psp_config config;
    struct machine *m;

    psp_config_default(&config, 1);
    table_fill(&config.cpuid);
    m = machine_new_config(&config);
    guest_create(m);
    guest_start(m, PSP_POLICY_DEFAULT);
    return m;
}

/* A good page becomes the guest's as it is. */
static void test_page_accepted(void)
{
    struct machine *m = machine_with_table();
    struct psp_cpuid_page page = {.count = 1}, got;

    page.fn[0] = (struct psp_cpuid_fn){.eax_in = 1, .eax = 0xa00f11, .ebx = 0x800};
    g_assert_cmpint(page_launch(m, PAGE_SPA, 0x5000, PSP_PAGE_CPUID, (struct psp_perms){0},
                                (const uint8_t *)&page),
                    ==, PSP_SUCCESS);
    g_assert_cmpint(rmp_state_of(&m->rmp, PAGE_SPA), ==, RMP_STATE_GUEST_VALID);
    memory_read(&m->memory, PAGE_SPA, GUEST_ASID, &got, sizeof got);
    g_assert_cmpmem(&got, sizeof got, &page, sizeof page);
    machine_free(m);
}

/* A bad one is corrected in the hypervisor's sight, not measured, and accepted when tried again. */
static void test_page_refused(void)
{
    struct machine *m = machine_with_table();
    struct psp_cpuid_page page = {.count = 2}, got;
    const struct psp_launch_update again = {
        .gctx_spa = GCTX_SPA, .dst_spa = PAGE_SPA, .page_type = PSP_PAGE_CPUID};
    static const uint8_t zeros[48];

    page.fn[0] = (struct psp_cpuid_fn){.eax_in = 1, .eax = 0xa00f11, .ebx = 0x800, .ecx = 0x1001};
    page.fn[1] = (struct psp_cpuid_fn){.eax_in = 0x40000000, .eax = 7};
    g_assert_cmpint(page_launch(m, PAGE_SPA, 0x5000, PSP_PAGE_CPUID, (struct psp_perms){0},
                                (const uint8_t *)&page),
                    ==, PSP_INVALID_PARAM);
    g_assert_cmpint(rmp_state_of(&m->rmp, PAGE_SPA), ==, RMP_STATE_PRE_GUEST);
    g_assert_cmpmem(psp_gctx_find(&m->psp, GCTX_SPA)->ld.digest, 48, zeros, 48);
    memory_read(&m->memory, PAGE_SPA, ASID_HV, &got, sizeof got);
    page.fn[0].ecx = 1;
    g_assert_cmpmem(&got, sizeof got, &page, sizeof page);
    g_assert_cmpint(psp_launch_update(&m->psp, &m->bus, &again), ==, PSP_SUCCESS);
    machine_free(m);
}

/* Count above 64 and reserved fields of the head. */
static void test_page_head(void)
{
    struct psp_cpuid_page pages[3] = {{.count = 65}, {.reserved1 = 1}, {.reserved2 = 1}}, got;

    for (size_t i = 0; i < G_N_ELEMENTS(pages); i++) {
        struct machine *m = machine_with_table();
        g_assert_cmpint(page_launch(m, PAGE_SPA, 0x5000, PSP_PAGE_CPUID, (struct psp_perms){0},
                                    (const uint8_t *)&pages[i]),
                        ==, PSP_INVALID_PARAM);
        memory_read(&m->memory, PAGE_SPA, ASID_HV, &got, sizeof got);
        g_assert_cmpuint(got.count, <=, 64);
        g_assert_cmpuint(got.reserved1, ==, 0);
        g_assert_cmpuint(got.reserved2, ==, 0);
        machine_free(m);
    }
}

/* MSG_CPUID_REQ: status in the payload, corrected functions in the answer. */
static void test_message(void)
{
    struct machine *m = machine_with_table();
    struct {
        struct psp_cpuid_req_head head;
        struct psp_cpuid_fn fn[64];
    } req = {.head.count = 64};
    struct guest_msg answer;
    struct psp_cpuid_fn got;

    guest_run(m);
    for (unsigned i = 0; i < 64; i++)
        req.fn[i] = (struct psp_cpuid_fn){.eax_in = 0x40000000 + i, .eax = i};
    answer = message_ask(m, 0, PSP_MSG_CPUID_REQ, &req, sizeof req);
    g_assert_cmpuint(get_le32(answer.payload), ==, PSP_SUCCESS);
    g_assert_cmpuint(get_le32(answer.payload + 4), ==, 64);
    g_assert_cmpmem(answer.payload + 16, sizeof req.fn, req.fn, sizeof req.fn);

    req.head.count = 1;
    req.fn[0] = (struct psp_cpuid_fn){.eax_in = 1, .eax = 0xa00f11, .ebx = 0x800, .ecx = 0x1001};
    answer = message_ask(m, 0, PSP_MSG_CPUID_REQ, &req, 16 + 48);
    g_assert_cmpuint(get_le32(answer.payload), ==, PSP_INVALID_PARAM);
    g_assert_cmpuint(answer.size, ==, 16 + 48);
    memcpy(&got, answer.payload + 16, sizeof got);
    g_assert_cmphex(got.ecx, ==, 1);

    /* A count that does not fit the size of the message, and one that is too large. */
    req.head.count = 2;
    answer = message_ask(m, 0, PSP_MSG_CPUID_REQ, &req, 16 + 48);
    g_assert_cmpuint(get_le32(answer.payload), ==, PSP_INVALID_PARAM);
    g_assert_cmpuint(get_le32(answer.payload + 4), ==, 0);
    g_assert_cmpuint(answer.size, ==, 16);
    req.head.count = 0xffffffff;
    answer = message_ask(m, 0, PSP_MSG_CPUID_REQ, &req, 16 + 48);
    g_assert_cmpuint(get_le32(answer.payload), ==, PSP_INVALID_PARAM);
    g_assert_cmpuint(answer.size, ==, 16);
    machine_free(m);
}

/* The table made from a chip's answers: those are right, and each kind of lie is found. */
static void test_table_init(void)
{
    static const struct psp_cpuid_fn chip[] = {
        {.eax_in = 0, .eax = 0x10, .ebx = 1, .ecx = 2, .edx = 3},
        {.eax_in = 1, .eax = 0xa00f11, .ebx = 0x0800, .ecx = 0x201, .edx = 0x111},
        {.eax_in = 7, .ecx_in = 0, .ebx = 0x20, .ecx = 0x8},
        {.eax_in = 0xb, .ecx_in = 0, .eax = 1},
        {.eax_in = 0xd, .ecx_in = 0, .xcr0_in = 7, .eax = 7, .ebx = 832, .ecx = 832},
        {.eax_in = 0xd, .ecx_in = 1, .xcr0_in = 7, .eax = 1, .ebx = 832},
        {.eax_in = 0xd, .ecx_in = 2, .eax = 256, .ebx = 576},
        {.eax_in = 0x80000000, .eax = 0x8000001f},
        {.eax_in = 0x80000001, .ebx = 5, .ecx = 0x100, .edx = 0x20000000},
        {.eax_in = 0x80000002, .eax = 0x41424344},
        {.eax_in = 0x80000007, .edx = 0x100},
        {.eax_in = 0x80000008, .eax = 0x3030, .ebx = 0x1000, .ecx = 3},
        {.eax_in = 0x8000001f, .eax = 0x1f, .ebx = 51, .ecx = 15, .edx = 1},
        {.eax_in = 0x80000021, .eax = 1},
    };
    static const struct {
        uint32_t leaf, subleaf;
        char reg;
        uint32_t value; /* claimed instead of the chip's */
        bool right;
    } lies[] = {
        {0, 0, 'a', 0xd, true},
        {0, 0, 'a', 0x11, false},
        {0, 0, 'b', 0, false},
        {1, 0, 'a', 0, false},
        {1, 0, 'b', 0x03040800, true},
        {1, 0, 'b', 0x0900, false},
        {1, 0, 'c', 0x88000001, true},
        {1, 0, 'c', 0x40000000, false},
        {1, 0, 'd', 0, true},
        {1, 0, 'd', 0x113, false},
        {7, 0, 'b', 0, true},
        {7, 0, 'b', 0x21, false},
        {7, 0, 'c', 0x10, true},
        {7, 0, 'a', 1, false},
        {0xb, 0, 'd', 77, true},
        {0xd, 0, 'a', 3, true},
        {0xd, 0, 'a', 0xf, false},
        {0xd, 0, 'b', 576, false},
        {0xd, 0, 'c', 833, false},
        {0xd, 1, 'b', 576, false},
        {0xd, 2, 'a', 255, false},
        {0x80000000, 0, 'a', 0x80000008, true},
        {0x80000001, 0, 'd', 0, true},
        {0x80000001, 0, 'b', 0, false},
        {0x80000002, 0, 'b', 9, true},
        {0x80000007, 0, 'd', 0, true},
        {0x80000007, 0, 'a', 1, false},
        {0x80000008, 0, 'c', 99, true},
        {0x80000008, 0, 'a', 0x2f30, false},
        {0x80000008, 0, 'b', 0x1001, false},
        {0x8000001f, 0, 'a', 0x0f, true},
        {0x8000001f, 0, 'a', 0x3f, false},
        {0x8000001f, 0, 'b', 47, false},
        {0x8000001f, 0, 'c', 16, false},
        {0x8000001f, 0, 'd', 0, true},
        {0x80000021, 0, 'a', 0, false},
        {0x80000022, 0, 'a', 1, false},
        {0x40000001, 0, 'a', 1, true},
    };
    struct psp_cpuid_table table;
    struct psp_cpuid_fn many[PSP_CPUID_LIMITS_MAX + 1] = {{0}};

    g_assert_true(psp_cpuid_table_init(&table, chip, G_N_ELEMENTS(chip)));
    for (size_t i = 0; i < G_N_ELEMENTS(chip); i++) {
        struct psp_cpuid_fn fn = chip[i];
        g_assert_true(psp_cpuid_check_fn(&table, &fn));
    }
    for (size_t i = 0; i < G_N_ELEMENTS(lies); i++) {
        struct psp_cpuid_fn fn = {.eax_in = lies[i].leaf, .ecx_in = lies[i].subleaf};
        for (size_t k = 0; k < G_N_ELEMENTS(chip); k++) {
            if (chip[k].eax_in == lies[i].leaf && chip[k].ecx_in == lies[i].subleaf)
                fn = chip[k];
        }
        switch (lies[i].reg) {
        case 'a': fn.eax = lies[i].value; break;
        case 'b': fn.ebx = lies[i].value; break;
        case 'c': fn.ecx = lies[i].value; break;
        case 'd': fn.edx = lies[i].value; break;
        }
        g_test_message("leaf %x.%x %c = %x", lies[i].leaf, lies[i].subleaf, lies[i].reg,
                       lies[i].value);
        g_assert_cmpint(psp_cpuid_check_fn(&table, &fn), ==, lies[i].right);
    }
    g_assert_false(psp_cpuid_table_init(&table, many, G_N_ELEMENTS(many)));
    g_assert_cmpuint(table.count, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/psp/cpuid/rules", test_rules);
    g_test_add_func("/psp/cpuid/table-of-a-chip", test_table_init);
    g_test_add_func("/psp/cpuid/list", test_list);
    g_test_add_func("/psp/cpuid/page/accepted-as-it-is", test_page_accepted);
    g_test_add_func("/psp/cpuid/page/refused-and-corrected", test_page_refused);
    g_test_add_func("/psp/cpuid/page/head", test_page_head);
    g_test_add_func("/psp/cpuid/message", test_message);
    return g_test_run();
}

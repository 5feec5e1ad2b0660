/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which bytes VMPL0 has overwritten since PVALIDATE, by whatever instructions. */
#include "tests/unit/cpu_fixture.h"

#include <string.h>

#define PAGE (FIXTURE_DATA + 0x5000)

struct scrub_case {
    const char *name;
    const uint8_t *code, *end;
    uint64_t rcx;
    uint32_t scrubbed;
    uint64_t insns;
};

extern const uint8_t code_scrub_rep[], code_scrub_rep_end[], code_scrub_sse[], code_scrub_sse_end[],
    code_scrub_bytes[], code_scrub_bytes_end[];

static const struct scrub_case cases[] = {
    { "rep-stos", code_scrub_rep, code_scrub_rep_end, 0, 4096, 2 + 513 + 1 },
    { "sse", code_scrub_sse, code_scrub_sse_end, 0, 4096, 2 + 256 * 4 + 1 },
    { "bytes", code_scrub_bytes, code_scrub_bytes_end, 4096, 4096, 4096 * 4 + 1 },
    { "all-but-one", code_scrub_bytes, code_scrub_bytes_end, 4095, 4095, 4095 * 4 + 1 },
    { "one-byte", code_scrub_bytes, code_scrub_bytes_end, 1, 1, 5 },
};

static void page_poison(struct fixture *f)
{
    uint8_t page[4096];

    memset(page, 0xaa, sizeof(page));
    fixture_write(f, PAGE, page, sizeof(page));
    memory_scrub_begin(&f->memory, PAGE);
}

static void test_case(const void *data)
{
    const struct scrub_case *c = data;
    struct fixture *f = fixture_new();

    page_poison(f);
    fixture_code(f, c->code, c->end);
    f->vmsa.rdi = PAGE;
    f->vmsa.rcx = c->rcx;
    fixture_start(f);
    g_assert_cmphex(f->exit.code, ==, SVM_EXIT_VMGEXIT);
    g_assert_cmpuint(memory_scrub_count(&f->memory, PAGE), ==, c->scrubbed);
    g_assert_cmpuint(fixture_event_count(f, EVENT_SCRUB), ==, c->scrubbed == 4096);
    g_assert_cmpuint(fixture_event_count(f, EVENT_STORE), >=, 1);
    g_assert_cmpuint(f->exit.insns, ==, c->insns);
    for (uint32_t i = 0; i < 4096; i += 8) {
        const uint64_t want = i + 8 <= c->scrubbed ? 0
                              : i < c->scrubbed    ? UINT64_C(0xaaaaaaaaaaaaaaaa)
                                                     << 8 * (c->scrubbed - i)
                                                   : UINT64_C(0xaaaaaaaaaaaaaaaa);
        g_assert_cmphex(fixture_read64(f, PAGE + i), ==, want);
    }
    if (c->scrubbed == 4096)
        g_assert_cmphex(fixture_event(f, EVENT_SCRUB, 0)->page.gpa, ==, PAGE);
    fixture_free(f);
}

/* A store that crosses from one tracked page into another needs both at once. */
static void test_crossing(void)
{
    struct fixture *f = fixture_new();
    static const uint8_t code[] = { 0x48, 0x89, 0x07, 0xf4 };

    page_poison(f);
    memory_scrub_begin(&f->memory, PAGE + 0x1000);
    fixture_code(f, code, code + sizeof(code));
    f->vmsa.rdi = PAGE + 0xffd;
    fixture_start(f);
    g_assert_cmphex(f->exit.code, ==, SVM_EXIT_HLT);
    g_assert_cmpuint(memory_scrub_count(&f->memory, PAGE), ==, 3);
    g_assert_cmpuint(memory_scrub_count(&f->memory, PAGE + 0x1000), ==, 5);
    fixture_free(f);
}

/* One block completes more pages than the alias is open for. */
static void test_many_at_once(void)
{
    enum { PAGES = 40, INSN_BYTES = 7 };
    struct fixture *f = fixture_new();
    uint8_t code[2 * PAGES * INSN_BYTES + 1];
    uint8_t *at = code;

    /* mov byte [rdi + offset], 0: into each page, and then the last byte of each */
    for (uint32_t i = 0; i < 2 * PAGES; i++, at += INSN_BYTES) {
        const uint32_t offset = i % PAGES * 4096 + (i < PAGES ? 0 : 4095);
        at[0] = 0xc6;
        at[1] = 0x87;
        memcpy(at + 2, &offset, sizeof(offset));
        at[6] = 0;
    }
    *at = 0xf4;
    for (uint32_t i = 0; i < PAGES; i++) {
        memory_scrub_begin(&f->memory, PAGE + i * 4096);
        memory_scrub_note(&f->memory, PAGE + i * 4096 + 1, 4094);
    }
    fixture_code(f, code, code + sizeof(code));
    f->vmsa.rdi = PAGE;
    fixture_start(f);
    g_assert_cmphex(f->exit.code, ==, SVM_EXIT_HLT);
    g_assert_cmpuint(fixture_event_count(f, EVENT_SCRUB), ==, PAGES);
    g_assert_cmpuint(f->exit.insns, ==, 2 * PAGES + 1);
    fixture_free(f);
}

/* A lower VMPL's stores do not count. */
static void test_lower_vmpl(void)
{
    struct fixture *f = fixture_new();

    page_poison(f);
    for (uint64_t spa = 0; spa < FIXTURE_PRIVATE_END; spa += PAGE_BYTES)
        rmp_slot_at(&f->rmp, spa)->perm[1] = RMP_PERM_ALL;
    FIXTURE_CODE_OF(f, scrub_rep);
    f->vmsa.rdi = PAGE;
    f->vmsa.vmpl = 1;
    fixture_start(f);
    g_assert_cmphex(f->exit.code, ==, SVM_EXIT_VMGEXIT);
    g_assert_cmpuint(memory_scrub_count(&f->memory, PAGE), ==, 0);
    g_assert_cmpuint(fixture_event_count(f, EVENT_SCRUB), ==, 0);
    g_assert_cmphex(fixture_read64(f, PAGE + 4088), ==, 0);
    fixture_free(f);
}

/* PVALIDATE 0 -> 1 starts the tracking, and RMPADJUST reports how far it got. */
static void test_pvalidate_to_rmpadjust(void)
{
    struct fixture *f = fixture_new();
    /* pvalidate; mov byte [rax'], 0 (rdi); rmpadjust of rdi for VMPL1 */
    static const uint8_t code[] = { 0xf2, 0x0f, 0x01, 0xff, 0xc6, 0x07, 0x00, 0x48,
                                    0x89, 0xf8, 0x31, 0xc9, 0xba, 0x01, 0x01, 0x00,
                                    0x00, 0xf3, 0x0f, 0x01, 0xfe, 0xf4 };

    fixture_code(f, code, code + sizeof(code));
    f->vmsa.rax = f->vmsa.rdi = FIXTURE_UNVALIDATED;
    f->vmsa.rdx = 1;
    fixture_start(f);
    g_assert_cmphex(f->exit.code, ==, SVM_EXIT_HLT);
    g_assert_cmpuint(fixture_state(f)->rax, ==, 0);
    const struct event *pvalidate = fixture_event(f, EVENT_RMP, 0);
    const struct event *rmpadjust = fixture_event(f, EVENT_RMP, 1);
    g_assert_cmpuint(pvalidate->rmp.insn, ==, RMP_INSN_PVALIDATE);
    g_assert_cmphex(pvalidate->rmp.gpa, ==, FIXTURE_UNVALIDATED);
    g_assert_cmphex(pvalidate->rip, ==, FIXTURE_CODE);
    g_assert_cmpuint(rmpadjust->rmp.insn, ==, RMP_INSN_RMPADJUST);
    g_assert_cmpuint(rmpadjust->rmp.tracked, ==, 1);
    g_assert_cmpuint(rmpadjust->rmp.scrubbed_bytes, ==, 1);
    g_assert_cmpuint(rmpadjust->rmp.target_vmpl, ==, 1);
    g_assert_cmpuint(rmpadjust->rmp.operand, ==, 1);
    g_assert_cmpuint(rmp_slot_at(&f->rmp, FIXTURE_UNVALIDATED)->perm[1], ==, RMP_PERM_R);
    fixture_free(f);
}

/* A budget in the middle of it changes nothing. */
static void test_budgets(void)
{
    for (uint64_t budget = 1; budget < 700; budget += 37) {
        struct fixture *f = fixture_new();
        page_poison(f);
        FIXTURE_CODE_OF(f, scrub_rep);
        f->vmsa.rdi = PAGE;
        g_assert_cmpint(fixture_enter(f), ==, VCPU_ENTERED);
        uint64_t insns = 0;
        do {
            vcpu_run(f->vcpu, budget, &f->exit);
            insns += f->exit.insns;
        } while (f->exit.reason == VCPU_EXIT_BUDGET);
        g_assert_cmphex(f->exit.code, ==, SVM_EXIT_VMGEXIT);
        g_assert_cmpuint(insns, ==, 2 + 513 + 1);
        g_assert_cmpuint(fixture_event_count(f, EVENT_SCRUB), ==, 1);
        fixture_free(f);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strdup_printf("/cpu/scrub/%s", cases[i].name);
        g_test_add_data_func(path, &cases[i], test_case);
    }
    g_test_add_func("/cpu/scrub/crossing-store", test_crossing);
    g_test_add_func("/cpu/scrub/many-at-once", test_many_at_once);
    g_test_add_func("/cpu/scrub/lower-vmpl-does-not-count", test_lower_vmpl);
    g_test_add_func("/cpu/scrub/pvalidate-to-rmpadjust", test_pvalidate_to_rmpadjust);
    g_test_add_func("/cpu/scrub/any-budget", test_budgets);
    return g_test_run();
}

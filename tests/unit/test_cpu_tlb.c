/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stays usable and what does not; code that changes; shared pages. */
#include "tests/unit/cpu_fixture.h"

#include <string.h>

#define PAGE (FIXTURE_DATA + 0x5000)

static void go_on(struct fixture *f)
{
    g_assert_cmpint(fixture_reenter(f), ==, VCPU_ENTERED);
    fixture_run(f);
}

static struct fixture *loop_start(bool write, uint64_t gva)
{
    struct fixture *f = fixture_new();

    fixture_idt(f);
    if (write)
        FIXTURE_CODE_OF(f, write_loop);
    else
        FIXTURE_CODE_OF(f, read_loop);
    f->vmsa.rdi = gva;
    fixture_start(f);
    g_assert_cmphex(f->exit.code, ==, SVM_EXIT_VMGEXIT);
    return f;
}

/* APM 2 15.36.15: RMPADJUST does not flush, so a stale entry goes on working ... */
static void test_stale_entry(const void *data)
{
    const bool hw = GPOINTER_TO_INT(data);
    struct fixture *f = loop_start(true, PAGE);

    f->env.tlb_mode = hw ? TLB_HW : TLB_ARCH;
    rmp_slot_at(&f->rmp, PAGE)->perm[0] = RMP_PERM_R;
    if (hw)
        cpu_flush_all(&f->env);
    go_on(f);
    g_assert_cmphex(f->exit.code, ==, hw ? SVM_EXIT_NPF : SVM_EXIT_VMGEXIT);
    fixture_free(f);
}

/* ... until RMPUPDATE of the page flushes it everywhere ... */
static void test_stale_entry_rmpupdate(void)
{
    struct fixture *f = loop_start(true, PAGE);

    rmp_slot_at(&f->rmp, PAGE)->perm[0] = RMP_PERM_R;
    cpu_flush_spa(&f->env, PAGE, PAGE_BYTES);
    go_on(f);
    g_assert_cmphex(f->exit.code, ==, SVM_EXIT_NPF);
    g_assert_cmphex(f->exit.info1 & NPF_VMPL, ==, NPF_VMPL);
    fixture_free(f);
}

/* ... or the software asks for it with PCPU_ID 0. */
static void test_stale_entry_pcpu_id(void)
{
    struct fixture *f = loop_start(true, PAGE);
    const uint64_t zero = 0;

    rmp_slot_at(&f->rmp, PAGE)->perm[0] = RMP_PERM_R;
    fixture_write(f, FIXTURE_VMSA + offsetof(struct vmsa, pcpu_id), &zero, sizeof(zero));
    go_on(f);
    g_assert_cmphex(f->exit.code, ==, SVM_EXIT_NPF);
    g_assert_cmphex(fixture_state(f)->pcpu_id, !=, 0);
    fixture_free(f);
}

static void test_tlb_control(void)
{
    struct fixture *f = loop_start(true, PAGE);

    rmp_slot_at(&f->rmp, PAGE)->perm[0] = RMP_PERM_R;
    f->vmcb.tlb_control = 3;
    go_on(f);
    g_assert_cmphex(f->exit.code, ==, SVM_EXIT_NPF);
    fixture_free(f);
}

/* Another nested mapping is not seen while the entry lives (APM 2 15.16). */
static void test_stale_npt(void)
{
    struct fixture *f = loop_start(false, PAGE);
    const uint64_t one = 1, two = 2;

    fixture_write(f, PAGE, &one, sizeof(one));
    fixture_write(f, PAGE + 0x1000, &two, sizeof(two));
    npt_map(&f->npt, PAGE, PAGE + 0x1000, PAGE_4K, NPT_RWX);
    go_on(f);
    g_assert_cmpuint(fixture_state(f)->rax, ==, 1);
    f->vmcb.tlb_control = 1;
    go_on(f);
    g_assert_cmphex(f->exit.code, ==, SVM_EXIT_NPF); /* the reverse map does not agree */
    fixture_free(f);
}

/* A guest entry that was only read is walked again for the store, which sets D. */
static void test_dirty(void)
{
    struct fixture *f = loop_start(false, PAGE);

    g_assert_cmphex(fixture_pte(f, PAGE) & 0x60, ==, 0x20);
    FIXTURE_CODE_OF(f, write_loop);
    fixture_state(f);
    f->vmsa.rip = FIXTURE_CODE;
    g_assert_cmpint(fixture_enter(f), ==, VCPU_ENTERED);
    fixture_run(f);
    g_assert_cmphex(fixture_pte(f, PAGE) & 0x60, ==, 0x60);
    g_assert_nonnull(fixture_event(f, EVENT_STORE, 0));
    fixture_free(f);
}

/* The hypervisor's write to memory is seen by the guest at once, in its own view. */
static void test_page_changed(void)
{
    struct fixture *f = loop_start(false, PAGE);
    const uint64_t value = 77;
    uint8_t raw[4096];

    fixture_write(f, PAGE, &value, sizeof(value));
    go_on(f);
    g_assert_cmpuint(fixture_state(f)->rax, ==, 77);
    /* The raw view is another text; the guest's next access decrypts it again. */
    memory_read(&f->memory, PAGE, ASID_HV, raw, sizeof(raw));
    cpu_page_changed(&f->env, PAGE);
    g_assert_cmphex(*(uint64_t *)(void *)raw, !=, 77);
    go_on(f);
    g_assert_cmpuint(fixture_state(f)->rax, ==, 77);
    fixture_free(f);
}

/* ------------------------------------------------------------------ code */

static void test_self_modifying(void)
{
    struct fixture *f = fixture_new();
    extern const uint8_t code_self_modify_function[], code_self_modify_function_end[];

    FIXTURE_CODE_OF(f, self_modify);
    fixture_write(f, PAGE, code_self_modify_function,
                  (size_t)(code_self_modify_function_end - code_self_modify_function));
    f->vmsa.rdi = PAGE;
    fixture_start(f);
    g_assert_cmphex(fixture_state(f)->rbx, ==, 0x2222222211111111);
    g_assert_cmphex(f->vmsa.rax, ==, 0x33333333);
    g_assert_cmpuint(f->exit.insns, ==, 9 + 3 * 2 - 0);
    fixture_free(f);
}

/* The same through an alias: the store goes to another address of the same page. */
static void test_self_modifying_alias(void)
{
    struct fixture *f = fixture_new();
    extern const uint8_t code_self_modify_function[], code_self_modify_function_end[];
    /* call rdi; mov ebx, eax; mov dword [rsi+1], 0x22222222; call rdi; vmgexit */
    static const uint8_t code[] = { 0xff, 0xd7, 0x89, 0xc3, 0xc7, 0x46, 0x01, 0x22, 0x22,
                                    0x22, 0x22, 0xff, 0xd7, 0xf3, 0x0f, 0x01, 0xd9 };

    fixture_code(f, code, code + sizeof(code));
    fixture_write(f, PAGE, code_self_modify_function,
                  (size_t)(code_self_modify_function_end - code_self_modify_function));
    fixture_pte_set(f, PAGE + 0x1000, fixture_pte(f, PAGE));
    f->vmsa.rdi = PAGE;
    f->vmsa.rsi = PAGE + 0x1000;
    fixture_start(f);
    g_assert_cmphex(fixture_state(f)->rbx, ==, 0x11111111);
    g_assert_cmphex(f->vmsa.rax, ==, 0x22222222);
    fixture_free(f);
}

static void test_self_patching(void)
{
    struct fixture *f = fixture_new();

    FIXTURE_CODE_OF(f, self_patch);
    fixture_start(f);
    g_assert_cmphex(f->exit.code, ==, SVM_EXIT_VMGEXIT);
    g_assert_cmphex(fixture_state(f)->rax, ==, 0x12345678);
    g_assert_cmpuint(f->vmsa.rbx, ==, 43);
    g_assert_cmpuint(f->exit.insns, ==, 5 + 3 * 3 + 2);
    fixture_free(f);
}

/* The host rewrites code between two exits: what traps changes with it. */
static void test_host_rewrites_code(void)
{
    struct fixture *f = fixture_new();
    /* vmgexit; then four bytes that change; hlt */
    static const uint8_t code[] = { 0xf3, 0x0f, 0x01, 0xd9, 0x90, 0x90, 0x90, 0x90, 0xf4 };
    static const uint8_t rdrand[] = { 0x48, 0x0f, 0xc7, 0xf0 };
    static const uint8_t nops[] = { 0x90, 0x90, 0x90, 0x90 };

    fixture_idt(f);
    fixture_code(f, code, code + sizeof(code));
    fixture_start(f);
    for (unsigned round = 0; round < 4; round++) {
        const bool random = round % 2 != 0;
        fixture_write(f, FIXTURE_CODE + 4, random ? rdrand : nops, 4);
        fixture_state(f);
        f->vmsa.rip = FIXTURE_CODE;
        f->vmsa.rax = 0;
        g_assert_cmpint(fixture_enter(f), ==, VCPU_ENTERED);
        fixture_run(f);
        go_on(f);
        g_assert_cmphex(f->exit.code, ==, SVM_EXIT_HLT);
        g_assert_cmpuint(fixture_state(f)->rax != 0, ==, random);
        g_assert_cmpuint(f->exit.insns, ==, random ? 2 : 5);
    }
    fixture_free(f);
}

/* More translated code than the engine has room for: it is dropped in time, and nobody sees it. */
static void test_much_code(void)
{
    enum { ROUNDS = 12, BYTES = 0x10000 };
    struct fixture *f = fixture_new();
    g_autofree uint8_t *code = g_malloc(BYTES);

    for (uint32_t round = 0; round < ROUNDS; round++) {
        for (uint32_t i = 0; i < BYTES; i += 2) {
            code[i] = 0x00; /* add [rax], al */
            code[i + 1] = 0x00;
        }
        code[BYTES - 1] = 0xf4;
        code[BYTES - 2] = 0x90;
        fixture_code(f, code, code + BYTES);
        if (round > 0)
            fixture_state(f);
        f->vmsa.rip = FIXTURE_CODE;
        f->vmsa.rax = FIXTURE_DATA;
        fixture_start(f);
        g_assert_cmphex(f->exit.code, ==, SVM_EXIT_HLT);
        g_assert_cmpuint(f->exit.insns, ==, BYTES / 2 + 1);
    }
    fixture_free(f);
}

/* ------------------------------------------------------------------ shared pages */

static void test_shared(void)
{
    struct fixture *f = loop_start(true, FIXTURE_SHARED + FIXTURE_HV + 0x18);
    const struct event *event = fixture_event(f, EVENT_SHARED_WRITE, 0);

    g_assert_nonnull(event);
    g_assert_cmphex(event->page.gpa, ==, FIXTURE_HV);
    g_assert_cmphex(event->page.offset, ==, 0x18);
    g_assert_cmpuint(event->page.length, ==, 8);
    g_assert_cmphex(event->rip, ==, FIXTURE_CODE);
    /* One event a slice. */
    go_on(f);
    g_assert_cmpuint(fixture_event_count(f, EVENT_SHARED_WRITE), ==, 2);
    g_assert_cmpuint(f->memory.dram[FIXTURE_HV + 0x18], ==, 1);
    fixture_free(f);
}

/* A visible operation stops the slice before it happens, once. */
static void test_visible(void)
{
    struct fixture *f = fixture_new();

    FIXTURE_CODE_OF(f, read_loop);
    f->env.visible = VISIBLE_ALL;
    f->vmsa.rdi = FIXTURE_SHARED + FIXTURE_HV + 0x20;
    fixture_start(f);
    g_assert_cmpint(f->exit.reason, ==, VCPU_EXIT_VISIBLE);
    g_assert_cmpint(f->exit.visible, ==, VISIBLE_SHARED_READ);
    g_assert_cmphex(f->exit.gpa, ==, FIXTURE_HV + 0x20);
    g_assert_cmpuint(f->exit.insns, ==, 0);
    f->memory.dram[FIXTURE_HV + 0x20] = 99; /* between the decision and the read */
    fixture_run(f);
    g_assert_cmpint(f->exit.reason, ==, VCPU_EXIT_VISIBLE);
    g_assert_cmpint(f->exit.visible, ==, VISIBLE_VMGEXIT);
    g_assert_cmpuint(f->exit.insns, ==, 1);
    fixture_run(f);
    g_assert_cmphex(f->exit.code, ==, SVM_EXIT_VMGEXIT);
    g_assert_cmpuint(fixture_state(f)->rax, ==, 99);
    fixture_free(f);
}

/* A breakpoint at an instruction that is announced for what it reads as well: each once. */
static void test_visible_breakpoint(void)
{
    static const enum vcpu_visible expected[] = {VISIBLE_BREAKPOINT, VISIBLE_SHARED_READ,
                                                 VISIBLE_VMGEXIT};
    struct fixture *f = fixture_new();

    FIXTURE_CODE_OF(f, read_loop);
    f->env.visible = VISIBLE_ALL;
    f->vmsa.rdi = FIXTURE_SHARED + FIXTURE_HV + 0x20;
    g_assert_true(vcpu_breakpoint_set(f->vcpu, FIXTURE_CODE));
    fixture_start(f);
    for (size_t i = 0; i < G_N_ELEMENTS(expected); i++) {
        g_assert_cmpint(f->exit.reason, ==, VCPU_EXIT_VISIBLE);
        g_assert_cmpint(f->exit.visible, ==, expected[i]);
        fixture_run(f);
    }
    g_assert_cmphex(f->exit.code, ==, SVM_EXIT_VMGEXIT);
    fixture_free(f);
}

/*
 * Each access of an instruction is announced once, although the instruction begins anew each time.
 */
static void test_visible_twice(void)
{
    static const enum vcpu_visible expected[] = {
        VISIBLE_SHARED_READ, VISIBLE_SHARED_WRITE, /* XCHG */
        VISIBLE_SHARED_WRITE, /* MOVS: the destination; the source is not new in this slice */
    };
    const uint64_t from = FIXTURE_HV + 0x20, to = FIXTURE_HV + 0x1040;
    struct fixture *f = fixture_new();
    uint64_t copied;

    FIXTURE_CODE_OF(f, shared_twice);
    f->env.visible = VISIBLE_SHARED_READ | VISIBLE_SHARED_WRITE;
    f->vmsa.rax = 77;
    f->vmsa.rdi = FIXTURE_SHARED + from;
    f->vmsa.rsi = FIXTURE_SHARED + to;
    fixture_start(f);
    for (size_t i = 0; i < G_N_ELEMENTS(expected); i++) {
        g_assert_cmpint(f->exit.reason, ==, VCPU_EXIT_VISIBLE);
        g_assert_cmpint(f->exit.visible, ==, expected[i]);
        fixture_run(f);
    }
    g_assert_cmphex(f->exit.code, ==, SVM_EXIT_VMGEXIT);
    memcpy(&copied, f->memory.dram + to, sizeof(copied));
    g_assert_cmpuint(copied, ==, 77);
    fixture_free(f);
}

/* C=0 sees the ciphertext of an assigned page (APM 2 15.34.6). */
static void test_shared_ciphertext(void)
{
    struct fixture *f = loop_start(false, FIXTURE_SHARED + PAGE);

    g_assert_cmphex(fixture_state(f)->rax, !=, 0);
    fixture_free(f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_data_func("/cpu/tlb/apm2-15.36.15/stale-after-rmpadjust-arch", GINT_TO_POINTER(0),
                         test_stale_entry);
    g_test_add_data_func("/cpu/tlb/apm2-15.36.15/not-stale-after-rmpadjust-hw", GINT_TO_POINTER(1),
                         test_stale_entry);
    g_test_add_func("/cpu/tlb/rmpupdate-flushes", test_stale_entry_rmpupdate);
    g_test_add_func("/cpu/tlb/apm2-15.36.15/pcpu-id-zero-flushes", test_stale_entry_pcpu_id);
    g_test_add_func("/cpu/tlb/apm2-15.16/tlb-control-flushes", test_tlb_control);
    g_test_add_func("/cpu/tlb/stale-nested-mapping", test_stale_npt);
    g_test_add_func("/cpu/tlb/store-to-a-clean-page-walks-again", test_dirty);
    g_test_add_func("/cpu/tlb/host-changes-a-page", test_page_changed);
    g_test_add_func("/cpu/code/self-modifying", test_self_modifying);
    g_test_add_func("/cpu/code/self-modifying-through-an-alias", test_self_modifying_alias);
    g_test_add_func("/cpu/code/store-to-the-own-page", test_self_patching);
    g_test_add_func("/cpu/code/host-rewrites-it", test_host_rewrites_code);
    g_test_add_func("/cpu/code/more-than-the-engine-holds", test_much_code);
    g_test_add_func("/cpu/shared/one-event-a-slice", test_shared);
    g_test_add_func("/cpu/shared/visible-before-it-happens", test_visible);
    g_test_add_func("/cpu/shared/breakpoint-announced-beside-it", test_visible_breakpoint);
    g_test_add_func("/cpu/shared/each-access-announced-once", test_visible_twice);
    g_test_add_func("/cpu/shared/assigned-page-reads-as-ciphertext", test_shared_ciphertext);
    return g_test_run();
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Second loads of VMPL0 from memory that the hypervisor or a guest may change. */
#include "tests/unit/cpu_fixture.h"

#include <string.h>

#define PAGE   (FIXTURE_DATA + 0x5000)
#define SHARED (FIXTURE_SHARED + FIXTURE_HV)

struct code {
    const char *name;
    uint8_t bytes[24];
    uint64_t rcx;
    uint32_t refetches;
};

static const struct code codes[] = {
    /* mov rax, [rdi]; jmp 1f; 1: mov rax, [rdi]; jmp 1f; 1: hlt */
    { "twice", { 0x48, 0x8b, 0x07, 0xeb, 0, 0x48, 0x8b, 0x07, 0xeb, 0, 0xf4 }, 0, 1 },
    /* ... mov rax, [rdi + 8] the second time */
    { "elsewhere", { 0x48, 0x8b, 0x07, 0xeb, 0, 0x48, 0x8b, 0x47, 8, 0xeb, 0, 0xf4 }, 0, 0 },
    /* mov rax, [rdi]; mov [rdi], rax; jmp 1f; 1: mov rax, [rdi]; jmp 1f; 1: hlt */
    { "stored-between",
      { 0x48, 0x8b, 0x07, 0x48, 0x89, 0x07, 0xeb, 0, 0x48, 0x8b, 0x07, 0xeb, 0, 0xf4 }, 0, 0 },
    /* mov rax, [rdi]; jmp 1f; 1: xchg [rdi], rax; jmp 1f; 1: hlt */
    { "exchange", { 0x48, 0x8b, 0x07, 0xeb, 0, 0x48, 0x87, 0x07, 0xeb, 0, 0xf4 }, 0, 0 },
    /* 1: mov al, [rdi]; dec ecx; jnz 1b; hlt */
    { "poll", { 0x8a, 0x07, 0xff, 0xc9, 0x75, 0xfa, 0xf4 }, 100, 0 },
    /* rep movsb; hlt */
    { "copy", { 0xf3, 0xa4, 0xf4 }, 64, 0 },
    /* mov rax, [rdi]; jmp 1f; 1: mov rax, [rdi]; jmp 1f; 1: mov rax, [rdi]; jmp 1f; 1: hlt */
    { "once-told",
      { 0x48, 0x8b, 0x07, 0xeb, 0, 0x48, 0x8b, 0x07, 0xeb, 0, 0x48, 0x8b, 0x07, 0xeb, 0, 0xf4 },
      0, 1 },
    /* mov rax, [rdi]; jmp 1f; 1: push rax (refused at first); mov rax, [rdi]; jmp 1f; 1: hlt */
    { "store-refused-between", { 0x48, 0x8b, 0x07, 0xeb, 0, 0x50, 0x48, 0x8b, 0x07, 0xeb, 0, 0xf4 },
      0, 1 },
};

static struct fixture *fixture_of_code(const uint8_t *bytes, size_t len, uint64_t at)
{
    struct fixture *f = fixture_new();

    rmp_slot_at(&f->rmp, PAGE)->perm[3] = RMP_PERM_R | RMP_PERM_W;
    fixture_code(f, bytes, bytes + len);
    f->vmsa.rdi = f->vmsa.rsi = at;
    return f;
}

static void test_code(const void *data)
{
    const struct code *c = data;
    static const uint64_t pages[] = { SHARED, PAGE };

    for (unsigned i = 0; i < 2; i++) {
        struct fixture *f = fixture_of_code(c->bytes, sizeof(c->bytes), pages[i] + 0x120);
        f->vmsa.rcx = c->rcx;
        if (strcmp(c->name, "copy") == 0)
            f->vmsa.rdi = FIXTURE_DATA;
        fixture_start(f);
        g_assert_cmphex(f->exit.code, ==, SVM_EXIT_HLT);
        g_assert_cmpuint(fixture_event_count(f, EVENT_REFETCH), ==, c->refetches);
        const struct event *event = fixture_event(f, EVENT_REFETCH, 0);
        if (c->refetches > 0) {
            g_assert_cmphex(event->refetch.gva, ==, pages[i]);
            g_assert_cmphex(event->refetch.gpa, ==, i == 0 ? FIXTURE_HV : PAGE);
            g_assert_cmphex(event->refetch.offset, ==, 0x120);
            g_assert_cmpuint(event->refetch.length, ==, 8);
            g_assert_cmpuint(event->refetch.writer, ==,
                             i == 0 ? REFETCH_HYPERVISOR : REFETCH_GUEST);
        }
        fixture_free(f);
    }
}

/* Nobody else may write the page. */
static void test_private(void)
{
    struct fixture *f = fixture_of_code(codes[0].bytes, sizeof(codes[0].bytes), FIXTURE_DATA);

    fixture_start(f);
    g_assert_cmpuint(fixture_event_count(f, EVENT_REFETCH), ==, 0);
    fixture_free(f);
}

/* mov rax, [rdi]; vmgexit; mov rax, [rdi]; jmp 1f; 1: hlt */
static uint32_t refetches_over_vmgexit(uint64_t at)
{
    static const uint8_t code[] = { 0x48, 0x8b, 0x07, 0xf3, 0x0f, 0x01, 0xd9,
                                    0x48, 0x8b, 0x07, 0xeb, 0x00, 0xf4 };
    struct fixture *f = fixture_of_code(code, sizeof(code), at);

    fixture_start(f);
    g_assert_cmphex(f->exit.code, ==, SVM_EXIT_VMGEXIT);
    g_assert_cmpint(fixture_reenter(f), ==, VCPU_ENTERED);
    fixture_run(f);
    g_assert_cmphex(f->exit.code, ==, SVM_EXIT_HLT);
    const uint32_t count = fixture_event_count(f, EVENT_REFETCH);
    fixture_free(f);
    return count;
}

/* An answer of the hypervisor may be read anew; what a guest gave is still the same request. */
static void test_activations(void)
{
    g_assert_cmpuint(refetches_over_vmgexit(SHARED), ==, 0);
    g_assert_cmpuint(refetches_over_vmgexit(PAGE), ==, 1);
}

/*
 * The hypervisor takes the processor while XCHG stands before its store, which has been announced:
 * the instruction has not happened, and its load is none.
 */
static void test_announced(void)
{
    const struct code *c = &codes[3];
    struct fixture *f = fixture_of_code(c->bytes, sizeof(c->bytes), SHARED + 0x120);

    g_assert_cmpstr(c->name, ==, "exchange");
    f->env.visible = VISIBLE_SHARED_READ | VISIBLE_SHARED_WRITE;
    fixture_start(f);
    while (f->exit.reason == VCPU_EXIT_VISIBLE && f->exit.visible != VISIBLE_SHARED_WRITE)
        fixture_run(f);
    g_assert_cmpint(f->exit.reason, ==, VCPU_EXIT_VISIBLE);
    vcpu_preempt(f->vcpu, &f->exit);
    g_assert_cmphex(f->exit.code, ==, SVM_EXIT_INTR);
    g_assert_cmpuint(fixture_event_count(f, EVENT_REFETCH), ==, 0);
    fixture_free(f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(codes); i++) {
        char *name = g_strconcat("/cpu/loads/", codes[i].name, NULL);
        g_test_add_data_func(name, &codes[i], test_code);
        g_free(name);
    }
    g_test_add_func("/cpu/loads/private", test_private);
    g_test_add_func("/cpu/loads/activations", test_activations);
    g_test_add_func("/cpu/loads/announced", test_announced);
    return g_test_run();
}

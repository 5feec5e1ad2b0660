/* SPDX-License-Identifier: GPL-2.0-or-later */
/* EVENT_PTE: what changes in VMPL0's leaf entries between two walks of a page. */
#include "tests/unit/cpu_fixture.h"

#define PAGE (FIXTURE_DATA + 0x5000)
#define P    UINT64_C(1)
#define W    UINT64_C(2)
#define NX   (UINT64_C(1) << 63)

/* Reads the page, has its entry changed and the TLB flushed, reads it again. */
static struct fixture *read_change_read(uint64_t toggled)
{
    struct fixture *f = fixture_new();
    fixture_idt(f);
    FIXTURE_CODE_OF(f, read_loop);
    f->vmsa.rdi = PAGE;
    fixture_start(f);
    g_assert_cmphex(f->exit.code, ==, SVM_EXIT_VMGEXIT);
    g_assert_cmpuint(fixture_event_count(f, EVENT_PTE), ==, 0);
    fixture_pte_set(f, PAGE, fixture_pte(f, PAGE) ^ toggled);
    f->vmcb.tlb_control = 3;
    g_assert_cmpint(fixture_reenter(f), ==, VCPU_ENTERED);
    fixture_run(f);
    return f;
}

static void test_changes(void)
{
    static const uint64_t toggles[] = {P, W, NX, W | NX};
    for (size_t i = 0; i < G_N_ELEMENTS(toggles); i++) {
        struct fixture *f = read_change_read(toggles[i]);
        const struct event *event = fixture_event(f, EVENT_PTE, 0);
        g_assert_nonnull(event);
        g_assert_cmpuint(fixture_event_count(f, EVENT_PTE), ==, 1);
        g_assert_cmphex(event->pte.gva, ==, PAGE);
        const uint64_t now = toggles[i] == P ? 0 : event->pte.old_pte ^ toggles[i];
        g_assert_cmphex(event->pte.new_pte & (P | W | NX), ==, now & (P | W | NX));
        g_assert_cmpuint(event->vmpl, ==, 0);
        g_assert_cmphex(event->rip, !=, 0);
        fixture_free(f);
    }
}

/* A and D are the processor's own, and the rest of the entry is not attributes. */
static void test_not_changes(void)
{
    static const uint64_t toggles[] = {0, UINT64_C(1) << 5, UINT64_C(1) << 6, UINT64_C(1) << 9};
    for (size_t i = 0; i < G_N_ELEMENTS(toggles); i++) {
        struct fixture *f = read_change_read(toggles[i]);
        g_assert_cmpuint(fixture_event_count(f, EVENT_PTE), ==, 0);
        fixture_free(f);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cpu/pte/changes-of-p-w-nx", test_changes);
    g_test_add_func("/cpu/pte/other-bits-are-silent", test_not_changes);
    return g_test_run();
}

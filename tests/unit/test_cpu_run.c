/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entering, running and leaving a vCPU. */
#include "tests/unit/cpu_fixture.h"

static void test_vmgexit(void)
{
    struct fixture *f = fixture_new();

    FIXTURE_CODE_OF(f, sum);
    fixture_start(f);
    g_assert_cmpint(f->exit.reason, ==, VCPU_EXIT_AUTO);
    g_assert_cmphex(f->exit.code, ==, SVM_EXIT_VMGEXIT);
    g_assert_cmpuint(fixture_state(f)->rax, ==, 5050);
    g_assert_cmpuint(f->exit.insns, ==, 2 + 300 + 1);
    g_assert_cmphex(f->vmsa.guest_exitcode, ==, SVM_EXIT_VMGEXIT);
    g_assert_cmpint(fixture_reenter(f), ==, VCPU_ENTERED);
    fixture_run(f);
    g_assert_cmphex(f->exit.code, ==, SVM_EXIT_HLT);
    g_assert_cmpuint(f->exit.insns, ==, 1);
    fixture_free(f);
}

static void test_store(void)
{
    struct fixture *f = fixture_new();

    FIXTURE_CODE_OF(f, store);
    fixture_start(f);
    g_assert_cmphex(f->exit.code, ==, SVM_EXIT_VMGEXIT);
    g_assert_cmpint(fixture_reenter(f), ==, VCPU_ENTERED);
    fixture_run(f);
    g_assert_cmphex(f->exit.code, ==, SVM_EXIT_VMGEXIT);
    g_assert_cmphex(fixture_state(f)->rbx, ==, 0x1122334455667788);
    g_assert_cmphex(fixture_read64(f, FIXTURE_DATA + 8), ==, 0x1122334455667788);
    g_assert_cmphex(fixture_pte(f, FIXTURE_DATA) & 0x60, ==, 0x60);
    fixture_free(f);
}

static void test_pvalidate(void)
{
    struct fixture *f = fixture_new();

    FIXTURE_CODE_OF(f, pvalidate);
    f->vmsa.rax = FIXTURE_UNVALIDATED;
    f->vmsa.rdx = 1;
    fixture_start(f);
    g_assert_cmphex(f->exit.code, ==, SVM_EXIT_VMGEXIT);
    g_assert_cmpuint(fixture_state(f)->rax, ==, 0);
    g_assert_cmpuint(f->vmsa.rbx & 1, ==, 0);
    g_assert_true(rmp_slot_at(&f->rmp, FIXTURE_UNVALIDATED)->validated);
    g_assert_cmpuint(fixture_event_count(f, EVENT_RMP), ==, 1);
    fixture_free(f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cpu/run/vmgexit-leaves-with-state", test_vmgexit);
    g_test_add_func("/cpu/run/store-sets-accessed-and-dirty", test_store);
    g_test_add_func("/cpu/run/pvalidate", test_pvalidate);
    return g_test_run();
}

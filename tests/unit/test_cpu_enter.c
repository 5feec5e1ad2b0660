/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VMRUN's checks in their order, injection, and what an automatic exit leaves behind. */
#include "tests/unit/cpu_fixture.h"

#include <string.h>

#define EVENT(vector, type) (EVENTINJ_VALID | (uint64_t)(type) << 8 | (vector))
enum { RESTRICTED = 1 << 3, ALTERNATE = 1 << 4, VTOM = 1 << 1 };

static void assert_refused(struct fixture *f, enum vcpu_enter_result want)
{
    g_assert_cmpint(fixture_enter(f), ==, want);
    g_assert_false(vcpu_in_guest(f->vcpu));
    const struct event *world = fixture_event(f, EVENT_WORLD, 0);
    g_assert_nonnull(world);
    g_assert_cmpuint(world->world.result, ==, want == VCPU_ENTER_INVALID ? 1 : 2);
    g_assert_cmpuint(fixture_event_count(f, EVENT_FAULT), ==, want == VCPU_ENTER_INVALID);
    fixture_free(f);
}

static void test_page_not_vmsa(void)
{
    struct fixture *f = fixture_new();

    rmp_slot_at(&f->rmp, FIXTURE_VMSA)->vmsa = 0;
    assert_refused(f, VCPU_ENTER_INVALID);
}

static void test_page_other_asid(void)
{
    struct fixture *f = fixture_new();

    f->vmcb.asid = 2;
    assert_refused(f, VCPU_ENTER_INVALID);
}

static void test_page_immutable(void)
{
    struct fixture *f = fixture_new();

    rmp_slot_at(&f->rmp, FIXTURE_VMSA)->immutable = 1;
    assert_refused(f, VCPU_ENTER_INVALID);
}

static void test_page_in_use(void)
{
    struct fixture *f = fixture_new();

    rmp_slot_at(&f->rmp, FIXTURE_VMSA)->in_use = 1;
    assert_refused(f, VCPU_ENTER_BUSY);
}

static void test_svme_clear(void)
{
    struct fixture *f = fixture_new();

    f->vmsa.efer &= ~(UINT64_C(1) << 12);
    assert_refused(f, VCPU_ENTER_INVALID);
}

static void test_vmpl_too_high(void)
{
    struct fixture *f = fixture_new();

    f->vmsa.vmpl = 4;
    assert_refused(f, VCPU_ENTER_INVALID);
}

static void test_both_injection_modes(void)
{
    struct fixture *f = fixture_new();

    f->vmsa.sev_features |= RESTRICTED | ALTERNATE;
    assert_refused(f, VCPU_ENTER_INVALID);
}

static void test_features_not_allowed(void)
{
    struct fixture *f = fixture_new();

    f->vmsa.sev_features |= RESTRICTED;
    f->vmcb.allow_features = 1;
    f->vmcb.sev_features_mask = 1;
    assert_refused(f, VCPU_ENTER_INVALID);
}

static void test_unsupported_feature(void)
{
    struct fixture *f = fixture_new();

    f->vmsa.sev_features |= 1u << 2;
    fixture_start(f);
    g_assert_cmpint(f->exit.reason, ==, VCPU_EXIT_ENGINE);
    g_assert_nonnull(strstr(f->exit.message, "SEV_FEATURES"));
    fixture_free(f);
}

/* in_use while it runs, and not afterwards. */
static void test_in_use(void)
{
    struct fixture *f = fixture_new();

    FIXTURE_CODE_OF(f, sum);
    g_assert_cmpint(fixture_enter(f), ==, VCPU_ENTERED);
    g_assert_true(rmp_slot_at(&f->rmp, FIXTURE_VMSA)->in_use);
    g_assert_cmpint(fixture_reenter(f), ==, VCPU_ENTER_BUSY);
    fixture_run(f);
    g_assert_false(rmp_slot_at(&f->rmp, FIXTURE_VMSA)->in_use);
    fixture_free(f);
}

/* ------------------------------------------------------------------ EVENTINJ */

struct inject_case {
    const char *name;
    uint64_t features, eventinj;
    int vector; /* -1: refused */
};

static const struct inject_case inject_cases[] = {
    { "none/interrupt", 0, EVENT(0x30, EVENTINJ_INTR), 0x30 },
    { "none/nmi", 0, EVENT(2, EVENTINJ_NMI), 2 },
    { "none/gp", 0, EVENT(13, EVENTINJ_EXCEPTION) | EVENTINJ_ERROR_VALID | UINT64_C(5) << 32, 13 },
    { "none/vc-can-be-injected", 0,
      EVENT(29, EVENTINJ_EXCEPTION) | EVENTINJ_ERROR_VALID | UINT64_C(0x81) << 32, 29 },
    { "none/bp-refused", 0, EVENT(3, EVENTINJ_EXCEPTION), -1 },
    { "none/of-refused", 0, EVENT(4, EVENTINJ_EXCEPTION), -1 },
    { "none/soft-refused", 0, EVENT(0x80, EVENTINJ_SOFT), -1 },
    { "none/reserved-type-refused", 0, EVENT(0x80, 1), -1 },
    { "none/exception-above-31-refused", 0, EVENT(32, EVENTINJ_EXCEPTION), -1 },
    { "restricted/hv", RESTRICTED, EVENT(28, EVENTINJ_EXCEPTION), 28 },
    { "restricted/interrupt-refused", RESTRICTED, EVENT(0x30, EVENTINJ_INTR), -1 },
    { "restricted/vc-refused", RESTRICTED,
      EVENT(29, EVENTINJ_EXCEPTION) | EVENTINJ_ERROR_VALID, -1 },
    { "restricted/hv-with-error-refused", RESTRICTED,
      EVENT(28, EVENTINJ_EXCEPTION) | EVENTINJ_ERROR_VALID, -1 },
    { "alternate/any-refused", ALTERNATE, EVENT(28, EVENTINJ_EXCEPTION), -1 },
};

static void test_inject(const void *data)
{
    const struct inject_case *c = data;
    struct fixture *f = fixture_new();

    fixture_idt(f);
    FIXTURE_CODE_OF(f, sum);
    f->vmsa.sev_features |= c->features;
    f->vmcb.eventinj = c->eventinj;
    if (c->vector < 0) {
        g_assert_cmpint(fixture_enter(f), ==, VCPU_ENTER_INVALID);
        g_assert_cmpuint(fixture_event(f, EVENT_INJECT, 0)->inject.result, ==, 1);
    } else {
        fixture_start(f);
        g_assert_cmpint(fixture_vector(f), ==, c->vector);
        g_assert_cmphex(fixture_fault_rip(f), ==, FIXTURE_CODE);
        g_assert_cmpuint(fixture_event(f, EVENT_INJECT, 0)->inject.result, ==, 0);
        g_assert_cmphex(f->vmcb.eventinj, ==, 0);
    }
    fixture_free(f);
}

/* APM 2 15.36.16: of all that EVENTINJ can say, #HV as exception without error code is legal. */
static void test_restricted_is_hv_only(void)
{
    struct fixture *f = fixture_new();

    fixture_idt(f);
    FIXTURE_CODE_OF(f, sum);
    f->vmsa.sev_features |= RESTRICTED;
    for (uint64_t event = 0; event < 0x1000; event++) {
        f->vmcb.eventinj = EVENTINJ_VALID | event;
        if (event == (EVENTINJ_EXCEPTION << 8 | 28))
            continue; /* the case "restricted/hv" */
        g_assert_cmpint(fixture_enter(f), ==, VCPU_ENTER_INVALID);
    }
    fixture_free(f);
}

/* V_IRQ waits for RFLAGS.IF, and for the instruction behind STI. */
static void test_v_irq(void)
{
    struct fixture *f = fixture_new();
    /* nop; nop; sti; nop; nop; hlt */
    static const uint8_t code[] = { 0x90, 0x90, 0xfb, 0x90, 0x90, 0xf4 };

    fixture_idt(f);
    fixture_code(f, code, code + sizeof(code));
    f->vmcb.v_irq = 1;
    f->vmcb.v_irq_vector = 0x41;
    fixture_start(f);
    g_assert_cmpint(fixture_vector(f), ==, 0x41);
    g_assert_cmphex(fixture_fault_rip(f), >=, FIXTURE_CODE + 4);
    g_assert_cmpuint(f->vmcb.v_irq, ==, 0);
    fixture_free(f);
}

/* STI; HLT with a pending interrupt: taken behind the HLT, not lost. */
static void test_v_irq_halt(void)
{
    struct fixture *f = fixture_new();
    static const uint8_t code[] = { 0xfb, 0xf4 };

    fixture_idt(f);
    fixture_code(f, code, code + sizeof(code));
    f->vmcb.v_irq = 1;
    f->vmcb.v_irq_vector = 0x41;
    fixture_start(f);
    g_assert_cmpint(fixture_vector(f), ==, 0x41);
    g_assert_cmphex(fixture_fault_rip(f), ==, FIXTURE_CODE + 2);
    fixture_free(f);
}

static void test_no_idt_is_shutdown(void)
{
    struct fixture *f = fixture_new();
    static const uint8_t code[] = { 0x0f, 0x0b };

    f->vmsa.idtr.limit = 0;
    fixture_code(f, code, code + sizeof(code));
    fixture_start(f);
    g_assert_cmphex(f->exit.code, ==, SVM_EXIT_SHUTDOWN);
    fixture_free(f);
}

static void test_preempt(void)
{
    struct fixture *f = fixture_new();

    FIXTURE_CODE_OF(f, sum);
    g_assert_cmpint(fixture_enter(f), ==, VCPU_ENTERED);
    vcpu_run(f->vcpu, 50, &f->exit);
    g_assert_cmpint(f->exit.reason, ==, VCPU_EXIT_BUDGET);
    g_assert_cmpuint(f->exit.insns, >=, 50);
    const uint64_t first = f->exit.insns;
    vcpu_preempt(f->vcpu, &f->exit);
    g_assert_cmphex(f->exit.code, ==, SVM_EXIT_INTR);
    g_assert_cmphex(fixture_state(f)->guest_exitcode, ==, SVM_EXIT_INTR);
    g_assert_cmpint(fixture_reenter(f), ==, VCPU_ENTERED);
    fixture_run(f);
    g_assert_cmpuint(fixture_state(f)->rax, ==, 5050);
    g_assert_cmpuint(first + f->exit.insns, ==, 303);
    fixture_free(f);
}

static void test_breakpoint(void)
{
    struct fixture *f = fixture_new();

    FIXTURE_CODE_OF(f, sum);
    g_assert_true(vcpu_breakpoint_set(f->vcpu, FIXTURE_CODE + 7)); /* add rcx, rax */
    g_assert_cmpint(fixture_enter(f), ==, VCPU_ENTERED);
    for (uint64_t hit = 0; hit < 3; hit++) {
        fixture_run(f);
        g_assert_cmpint(f->exit.reason, ==, VCPU_EXIT_VISIBLE);
        g_assert_cmpint(f->exit.visible, ==, VISIBLE_BREAKPOINT);
        g_assert_cmphex(f->exit.rip, ==, FIXTURE_CODE + 7);
        g_assert_cmpuint(f->insns, ==, 2 + hit * 3);
    }
    vcpu_breakpoint_clear(f->vcpu, FIXTURE_CODE + 7);
    fixture_run(f);
    g_assert_cmphex(f->exit.code, ==, SVM_EXIT_VMGEXIT);
    g_assert_cmpuint(f->insns, ==, 303);
    g_assert_cmpuint(fixture_state(f)->rax, ==, 5050);
    fixture_free(f);
}

/* APM 2 15.36.8: below VIRTUAL_TOM data is private without any C-bit; a C-bit is reserved. */
static void test_vtom(void)
{
    struct fixture *f = fixture_new();

    for (uint64_t gva = 0; gva < FIXTURE_MEMORY; gva += PAGE_BYTES)
        fixture_pte_set(f, gva, gva | 3);
    for (uint64_t table = FIXTURE_TABLES; table < FIXTURE_TABLES + 0x4000; table += 8) {
        const uint64_t entry = fixture_read64(f, table) & ~FIXTURE_C_BIT;
        fixture_write(f, table, &entry, sizeof(entry));
    }
    FIXTURE_CODE_OF(f, store);
    f->vmsa.sev_features |= VTOM;
    f->vmsa.virtual_tom = FIXTURE_HV;
    fixture_start(f);
    g_assert_cmphex(f->exit.code, ==, SVM_EXIT_VMGEXIT);
    g_assert_cmpint(fixture_reenter(f), ==, VCPU_ENTERED);
    fixture_run(f);
    g_assert_cmphex(fixture_read64(f, FIXTURE_DATA + 8), ==, 0x1122334455667788);
    fixture_free(f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cpu/enter/apm2-15.36.12/vmsa-bit", test_page_not_vmsa);
    g_test_add_func("/cpu/enter/apm2-15.36.12/asid", test_page_other_asid);
    g_test_add_func("/cpu/enter/apm2-15.36.12/immutable", test_page_immutable);
    g_test_add_func("/cpu/enter/apm2-15.36.12/in-use-is-busy", test_page_in_use);
    g_test_add_func("/cpu/enter/apm2-15.5.1/svme", test_svme_clear);
    g_test_add_func("/cpu/enter/vmpl", test_vmpl_too_high);
    g_test_add_func("/cpu/enter/apm2-15.36.16/both-injection-modes", test_both_injection_modes);
    g_test_add_func("/cpu/enter/apm2-15.36.21/allowed-features", test_features_not_allowed);
    g_test_add_func("/cpu/enter/unsupported-feature-says-so", test_unsupported_feature);
    g_test_add_func("/cpu/enter/in-use-while-running", test_in_use);
    for (size_t i = 0; i < G_N_ELEMENTS(inject_cases); i++) {
        g_autofree char *path =
            g_strdup_printf("/cpu/enter/apm2-15.36.16/inject/%s", inject_cases[i].name);
        g_test_add_data_func(path, &inject_cases[i], test_inject);
    }
    g_test_add_func("/cpu/enter/apm2-15.36.16/restricted-is-hv-only", test_restricted_is_hv_only);
    g_test_add_func("/cpu/enter/apm2-15.21/v-irq-waits-for-if", test_v_irq);
    g_test_add_func("/cpu/enter/apm2-15.21/v-irq-behind-sti-hlt", test_v_irq_halt);
    g_test_add_func("/cpu/exit/no-idt-is-shutdown", test_no_idt_is_shutdown);
    g_test_add_func("/cpu/exit/preempt", test_preempt);
    g_test_add_func("/cpu/exit/breakpoint", test_breakpoint);
    g_test_add_func("/cpu/enter/apm2-15.36.8/vtom", test_vtom);
    return g_test_run();
}

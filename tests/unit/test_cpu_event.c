/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One exception during another, injection, and exceptions that the engine raises. */
#include "tests/unit/cpu_bench.h"

/* ---- one exception during another (APM 2 8.2.9) ---- */

struct double_case {
    uint8_t first;
    uint8_t second;
    uint8_t delivered;
};

static bool has_error_code(uint8_t vector)
{
    return vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 29;
}

static void test_double_faults(void)
{
    static const struct double_case cases[] = {
        /* benign first: the second one goes its way */
        { 6, 13, 13 }, { 6, 14, 14 }, { 6, 29, 29 }, { 1, 14, 14 }, { 17, 13, 13 }, { 28, 14, 14 },
        /* contributory first */
        { 0, 13, 8 }, { 10, 11, 8 }, { 11, 12, 8 }, { 12, 10, 8 }, { 13, 13, 8 }, { 13, 29, 8 },
        { 29, 13, 8 }, { 29, 29, 8 }, { 13, 14, 14 }, { 29, 14, 14 }, { 13, 17, 17 },
        /* page fault first */
        { 14, 14, 8 }, { 14, 13, 8 }, { 14, 29, 8 }, { 14, 0, 8 }, { 14, 17, 17 },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        const struct double_case *c = &cases[i];
        struct exception first = bench_hardware(c->first, has_error_code(c->first), 0x30);
        struct fault second = fault_exception(c->second, has_error_code(c->second), 6);
        g_test_message("%u during %u", c->second, c->first);
        bench_open(0);
        second.sets_cr2 = c->second == 14;
        bench_gate_set(c->first, SEL_CODE0, GATE_INTERRUPT, 1, HANDLER_VA);
        bench_refuse(IST_STACK - 8, second);
        bench_deliver(&first);
        g_assert_cmpuint(bench_handler(), ==, c->delivered);
        if (has_error_code(c->delivered))
            g_assert_cmphex(bench_stack(0), ==, c->delivered == 8 ? 0 : 6);
        g_assert_cmphex(bench_stack(has_error_code(c->delivered) ? 1 : 0), ==, CODE_VA);
        g_assert_cmpuint(bench->seen_count, ==, 1);
        g_assert_cmpuint(bench->seen[0].fault.vector, ==, c->delivered);
        if (c->second == 14)
            g_assert_cmphex(bench_state().cr2, ==, IST_STACK - 8);
        bench_close();
    }
}

/* An exception during the delivery of #DF: shutdown, an automatic exit. */
static void test_triple_fault(void)
{
    struct exception gp = bench_hardware(CPU_VECTOR_GP, true, 0);
    struct fault fault = { 0 };
    bench_open(0);
    bench_gate_set(CPU_VECTOR_GP, SEL_CODE0, 0x0e, 0, HANDLER_VA);
    bench_gate_set(CPU_VECTOR_DF, SEL_CODE0, 0x0e, 0, HANDLER_VA);
    struct vmsa before = bench_state();
    g_assert_false(exception_deliver(&bench->vcpu, &gp, &fault));
    g_assert_cmpint(fault.kind, ==, FAULT_EXIT);
    g_assert_cmphex(fault.exit_code, ==, SVM_EXIT_SHUTDOWN);
    g_assert_cmpuint(bench->seen_count, ==, 1);
    g_assert_cmpuint(bench->seen[0].fault.class, ==, FAULT_SHUTDOWN);
    struct vmsa after = bench_state();
    g_assert_cmpmem(&after, sizeof(after), &before, sizeof(before));
    bench_close();
}

/* #PF, then #PF on its stack, then #PF on that of #DF. */
static void test_triple_fault_by_stack(void)
{
    struct exception pf = bench_hardware(CPU_VECTOR_PF, true, 2);
    struct fault refusal = fault_exception(CPU_VECTOR_PF, true, 2), fault = { 0 };
    bench_open(0);
    bench_refuse(KERNEL_STACK - 24, refusal);
    g_assert_false(exception_deliver(&bench->vcpu, &pf, &fault));
    g_assert_cmphex(fault.exit_code, ==, SVM_EXIT_SHUTDOWN);
    bench_close();
}

/* The first quadword that cannot be pushed is the address of the fault. */
static void test_push_address(void)
{
    struct fault refusal = fault_exception(CPU_VECTOR_PF, true, 2);
    struct exception ud = bench_hardware(CPU_VECTOR_UD, false, 0);
    bench_open(0);
    refusal.sets_cr2 = true;
    bench_gate_set(CPU_VECTOR_UD, SEL_CODE0, GATE_INTERRUPT, 1, HANDLER_VA);
    bench_put64(TSS_VA + 0x24, 0x15010); /* two quadwords fit, the third is at 0x14ff8 */
    bench_refuse(0x14000, refusal);
    bench_deliver(&ud);
    g_assert_cmpuint(bench_handler(), ==, CPU_VECTOR_PF);
    g_assert_cmphex(bench_state().cr2, ==, 0x14ff8);
    bench_close();
}

/* APM 2 15.7.2: a nested page fault during a delivery leaves with EXITINTINFO and the old state. */
static void test_npf_during_delivery(void)
{
    static const uint64_t wanted[] = { UINT64_C(0x0000007280000b1d), 0x8000001c | 3 << 8 };
    struct exception events[] = { bench_hardware(CPU_VECTOR_VC, true, 0x72),
                                  bench_hardware(CPU_VECTOR_HV, false, 0) };
    for (size_t i = 0; i < G_N_ELEMENTS(events); i++) {
        struct fault npf = fault_exit(SVM_EXIT_NPF, NPF_RMP | NPF_W, 0x15ff8), fault = { 0 };
        bench_open(3);
        bench_gate_set(events[i].vector, SEL_CODE0, GATE_INTERRUPT, 1,
                 HANDLER_VA + events[i].vector * 16u);
        bench_refuse(IST_STACK - 8, npf);
        struct vmsa before = bench_state();
        g_assert_false(exception_deliver(&bench->vcpu, &events[i], &fault));
        g_assert_cmphex(fault.exit_code, ==, SVM_EXIT_NPF);
        g_assert_cmphex(fault.exitinfo2, ==, 0x15ff8);
        g_assert_cmphex(bench->vcpu.state.exitintinfo, ==, wanted[i]);
        g_assert_cmpuint(bench->seen_count, ==, 0);
        struct vmsa after = bench_state();
        g_assert_cmpmem(&after, sizeof(after), &before, sizeof(before));
        /* The hypervisor repairs it and the same event comes again. */
        bench_refuse(IST_STACK - 8, (struct fault){ 0 });
        bench_deliver(&events[i]);
        g_assert_cmpuint(bench_handler(), ==, events[i].vector);
        g_assert_cmphex(bench->vcpu.state.exitintinfo, ==, 0);
        bench_close();
    }
}

/* ---- injection (APM 2 15.20) ---- */

static void test_injection(void)
{
    struct fault fault = { 0 };
    bench_open(0);
    g_assert_true(exception_inject(&bench->vcpu, EVENTINJ_VALID | EVENTINJ_EXCEPTION << 8 | 28,
                                   &fault));
    g_assert_cmpuint(bench_handler(), ==, CPU_VECTOR_HV);
    g_assert_cmphex(bench_stack(0), ==, CODE_VA);
    g_assert_cmphex(bench_stack(2), ==, 0x202); /* #HV is no fault of an instruction */
    g_assert_cmpuint(bench->seen[0].fault.source, ==, EXCEPTION_INJECTED);
    bench_close();
    /* The hypervisor chooses the error code of an injected #VC. */
    bench_open(0);
    g_assert_true(exception_inject(&bench->vcpu,
                                   EVENTINJ_VALID | EVENTINJ_ERROR_VALID | EVENTINJ_EXCEPTION << 8
                                       | 29 | UINT64_C(0x81) << 32,
                                   &fault));
    g_assert_cmpuint(bench_handler(), ==, CPU_VECTOR_VC);
    g_assert_cmphex(bench_stack(0), ==, 0x81);
    g_assert_cmphex(bench_stack(3), ==, 0x202 | RFLAGS_RF);
    bench_close();
    /* A software interrupt is checked against the gate's DPL. */
    bench_open(3);
    g_assert_true(exception_inject(&bench->vcpu, EVENTINJ_VALID | EVENTINJ_SOFT << 8 | 0x80,
                                   &fault));
    g_assert_cmpuint(bench_handler(), ==, CPU_VECTOR_GP);
    bench_close();
}

/* APM 2 8.2.3: from an NMI to the next IRET. */
static void test_nmi_mask(void)
{
    static const uint8_t iretq[] = { 0x48, 0xcf };
    struct fault fault = { 0 };
    bench_open(0);
    memcpy(bench->ram + (HANDLER_VA + 2 * 16 - RAM_VA), iretq, sizeof(iretq));
    g_assert_true(exception_inject(&bench->vcpu, EVENTINJ_VALID | EVENTINJ_NMI << 8 | 2, &fault));
    struct vmsa now = bench_state();
    g_assert_cmpuint(bench_handler(), ==, 2);
    g_assert_cmphex(now.vintr_ctrl & VMSA_VINTR_NMI_MASK, !=, 0);
    g_assert_cmpint(uc_emu_start(bench->vcpu.uc, now.rip, CODE_VA, 0, 0), ==, UC_ERR_OK);
    g_assert_cmphex(bench_state().vintr_ctrl & VMSA_VINTR_NMI_MASK, ==, 0);
    bench_close();
}

static void test_cr2_and_event(void)
{
    struct fault pf = fault_exception(CPU_VECTOR_PF, true, 5), fault = { 0 };
    bench_open(3);
    pf.sets_cr2 = true;
    pf.gva = UINT64_C(0xffff800012345678);
    pf.gpa = 0x5678;
    g_assert_true(exception_deliver_fault(&bench->vcpu, &pf, &fault));
    g_assert_cmphex(bench_state().cr2, ==, pf.gva);
    const struct event *event = &bench->seen[0];
    g_assert_cmphex(event->rip, ==, CODE_VA);
    g_assert_cmphex(event->fault.address, ==, pf.gva);
    g_assert_cmphex(event->fault.gpa, ==, 0x5678);
    g_assert_cmphex(event->fault.error, ==, 5);
    g_assert_cmpuint(event->fault.class, ==, FAULT_EXCEPTION);
    g_assert_cmpuint(event->fault.cpl, ==, 3);
    bench_close();
}

/* ---- exceptions of the engine ---- */

/* Left alone, the engine makes #DF of the second #GP of its life, and hangs at the third. */
static void test_engine_gp_stays_gp(void)
{
    static const uint8_t mov_ds_ax[] = { 0x8e, 0xd8 };
    bench_open(0);
    memcpy(bench->ram + (CODE_VA - RAM_VA), mov_ds_ax, sizeof(mov_ds_ax));
    for (unsigned i = 0; i < 10; i++) {
        struct fault fault = { 0 };
        vcpu_reg_set(&bench->vcpu, UC_X86_REG_RAX, 0x4008 + 8 * i); /* beyond the GDT */
        bench->engine_vector = UINT32_MAX;
        uc_emu_start(bench->vcpu.uc, CODE_VA, CODE_VA + 2, 0, 0);
        g_assert_cmpuint(bench->engine_vector, ==, CPU_VECTOR_GP);
        g_assert_true(exception_engine(&bench->vcpu, CPU_VECTOR_GP, &fault));
        g_assert_cmpuint(bench_handler(), ==, CPU_VECTOR_GP);
        g_assert_cmphex(bench_stack(0), ==, 0x4008 + 8 * i);
        g_assert_cmphex(bench_stack(1), ==, CODE_VA);
    }
    bench_close();
}

/* APM 3, SYSCALL */
static void test_syscall(void)
{
    struct fault fault = { 0 };
    struct vmsa vmsa;
    bench_open(3);
    bench_state_fill(&vmsa, 3);
    vmsa.star = UINT64_C(0x001b000800000000);
    vmsa.lstar = HANDLER_VA;
    vmsa.sfmask = 0x200;
    vmsa.rflags = 0x247;
    vmsa_load(&bench->vcpu.hidden, &bench->vcpu.state.cache, &vmsa);
    g_assert_true(exception_syscall(&bench->vcpu, CODE_VA + 2, &fault));
    struct vmsa now = bench_state();
    g_assert_cmphex(now.rip, ==, HANDLER_VA);
    g_assert_cmphex(now.rcx, ==, CODE_VA + 2);
    g_assert_cmphex(now.r11, ==, 0x247);
    g_assert_cmphex(now.rflags, ==, 0x47);
    g_assert_cmpuint(now.cpl, ==, 0);
    g_assert_cmphex(now.cs.selector, ==, 8);
    g_assert_cmphex(now.ss.selector, ==, 16);
    g_assert_cmphex(now.rsp, ==, USER_STACK - 24);
    bench_close();
    /* Without EFER.SCE it is #UD, at the instruction. */
    bench_open(3);
    bench->vcpu.control.efer &= ~UINT64_C(1);
    vcpu_reg_set(&bench->vcpu, UC_X86_REG_RIP, CODE_VA + 2);
    g_assert_true(exception_syscall(&bench->vcpu, CODE_VA + 2, &fault));
    g_assert_cmpuint(bench_handler(), ==, CPU_VECTOR_UD);
    g_assert_cmphex(bench_stack(0), ==, CODE_VA);
    bench_close();
}

/* Outside long mode the emulator says so instead of guessing. */
static void test_outside_long_mode(void)
{
    struct exception ud = bench_hardware(CPU_VECTOR_UD, false, 0);
    struct fault fault = { 0 };
    bench_open(0);
    bench->vcpu.control.efer = 0;
    bench->vcpu.control.cr0 = 1; /* protected mode */
    g_assert_false(exception_deliver(&bench->vcpu, &ud, &fault));
    g_assert_cmpint(fault.kind, ==, FAULT_ENGINE);
    g_assert_nonnull(strstr(bench->vcpu.message, "outside long mode"));
    bench_close();
}

/* Tables full of nonsense: every delivery ends, in a handler or in a shutdown. */
static void test_garbage_tables(void)
{
    GRand *rand = g_rand_new_with_seed(11);
    unsigned delivered = 0, shut_down = 0;

    for (unsigned round = 0; round < 40; round++) {
        bench_open(round % 2 == 0 ? 0 : 3);
        for (unsigned i = 0; i < 500; i++) {
            struct fault fault = { 0 };
            struct exception exception =
                bench_hardware((uint8_t)g_rand_int(rand), g_rand_boolean(rand), g_rand_int(rand));
            exception.source = (uint8_t)g_rand_int_range(rand, 0, 3);
            for (unsigned k = 0; k < 20; k++)
                bench->ram[g_rand_int_range(rand, 0, TSS_VA + 0x68 - RAM_VA)] =
                    (uint8_t)g_rand_int(rand);
            if (exception_deliver(&bench->vcpu, &exception, &fault)) {
                delivered++;
                continue;
            }
            g_assert_cmpint(fault.kind, ==, FAULT_EXIT);
            g_assert_cmphex(fault.exit_code, ==, SVM_EXIT_SHUTDOWN);
            shut_down++;
        }
        bench_close();
    }
    g_assert_cmpuint(delivered, >, 1000);
    g_assert_cmpuint(shut_down, >, 100);
    g_rand_free(rand);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cpu/exception/apm2-8.2.9/double-faults", test_double_faults);
    g_test_add_func("/cpu/exception/apm2-8.2.9/triple-fault", test_triple_fault);
    g_test_add_func("/cpu/exception/apm2-8.2.9/triple-fault-by-stack", test_triple_fault_by_stack);
    g_test_add_func("/cpu/exception/push-address", test_push_address);
    g_test_add_func("/cpu/exception/apm2-15.7.2/npf-during-delivery", test_npf_during_delivery);
    g_test_add_func("/cpu/exception/apm2-15.20/injection", test_injection);
    g_test_add_func("/cpu/exception/apm2-8.2.3/nmi-mask", test_nmi_mask);
    g_test_add_func("/cpu/exception/cr2-and-event", test_cr2_and_event);
    g_test_add_func("/cpu/exception/engine-gp-stays-gp", test_engine_gp_stays_gp);
    g_test_add_func("/cpu/exception/apm3-syscall", test_syscall);
    g_test_add_func("/cpu/exception/outside-long-mode", test_outside_long_mode);
    g_test_add_func("/cpu/exception/garbage-tables", test_garbage_tables);
    return g_test_run();
}

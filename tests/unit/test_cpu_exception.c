/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Delivery through a long-mode IDT: frames, privilege, and what can be wrong with a gate. */
#include "tests/unit/cpu_bench.h"

/* ---- frames and privilege ---- */

/* APM 2 8.9.3: RSP is aligned to 16, SS:RSP is always pushed. */
static void test_same_privilege(void)
{
    bench_open(0);
    struct exception ud = bench_hardware(CPU_VECTOR_UD, false, 0);
    bench_deliver(&ud);
    struct vmsa now = bench_state();
    g_assert_cmpuint(bench_handler(), ==, 6);
    g_assert_cmphex(now.rsp, ==, ((KERNEL_STACK - 24) & ~15) - 40);
    g_assert_cmphex(bench_stack(0), ==, CODE_VA);
    g_assert_cmphex(bench_stack(1), ==, SEL_CODE0);
    g_assert_cmphex(bench_stack(2), ==, 0x202 | RFLAGS_RF);
    g_assert_cmphex(bench_stack(3), ==, KERNEL_STACK - 24);
    g_assert_cmphex(bench_stack(4), ==, SEL_DATA0);
    g_assert_cmphex(now.ss.selector, ==, SEL_DATA0);
    g_assert_cmphex(now.rflags & (RFLAGS_IF | RFLAGS_RF), ==, 0);
    g_assert_cmpuint(bench->clock.cycles, ==, 100);
    bench_close();
}

static void test_trap_gate_keeps_if(void)
{
    bench_open(0);
    bench_gate_set(CPU_VECTOR_UD, SEL_CODE0, GATE_TRAP, 0, HANDLER_VA + 6 * 16);
    struct exception ud = bench_hardware(CPU_VECTOR_UD, false, 0);
    bench_deliver(&ud);
    g_assert_cmphex(bench_state().rflags & RFLAGS_IF, ==, RFLAGS_IF);
    bench_close();
}

static void test_flags_cleared(void)
{
    bench_open(0);
    vcpu_reg_set(&bench->vcpu, UC_X86_REG_RFLAGS, 0x4302 | RFLAGS_RF); /* NT, IF, TF, RF */
    hidden_fetch(&bench->vcpu.hidden);
    hidden_shadow_set(&bench->vcpu.hidden, true);
    hidden_commit(&bench->vcpu.hidden);
    struct exception gp = bench_hardware(CPU_VECTOR_GP, true, 0x1234);
    bench_deliver(&gp);
    struct vmsa now = bench_state();
    g_assert_cmphex(now.rflags, ==, 2);
    g_assert_cmphex(now.vintr_ctrl & VMSA_VINTR_INT_SHADOW, ==, 0);
    g_assert_cmphex(bench_stack(0), ==, 0x1234);
    g_assert_cmphex(bench_stack(3), ==, 0x4302 | RFLAGS_RF);
    bench_close();
}

/* From ring 3 to ring 0 by TSS.RSP0 with a null SS, and back by the engine's own IRETQ. */
static void test_inner_privilege_and_back(void)
{
    static const uint8_t iretq[] = { 0x48, 0xcf };
    bench_open(3);
    memcpy(bench->ram + (HANDLER_VA + 6 * 16 - RAM_VA), iretq, sizeof(iretq));
    struct exception ud = bench_hardware(CPU_VECTOR_UD, false, 0);
    bench_deliver(&ud);
    struct vmsa now = bench_state();
    g_assert_cmpuint(now.cpl, ==, 0);
    g_assert_cmphex(now.cs.selector, ==, SEL_CODE0);
    g_assert_cmphex(now.ss.selector, ==, 0);
    g_assert_cmphex(now.rsp, ==, KERNEL_STACK - 40);
    g_assert_cmphex(bench_stack(1), ==, SEL_CODE3 | 3);
    g_assert_cmphex(bench_stack(3), ==, USER_STACK - 24);
    g_assert_cmphex(bench_stack(4), ==, SEL_DATA3 | 3);
    g_assert_cmphex(bench->seen[0].fault.cpl, ==, 3);
    g_assert_cmpint(uc_emu_start(bench->vcpu.uc, now.rip, CODE_VA, 0, 0), ==, UC_ERR_OK);
    now = bench_state();
    g_assert_cmpuint(now.cpl, ==, 3);
    g_assert_cmphex(now.rip, ==, CODE_VA);
    g_assert_cmphex(now.rsp, ==, USER_STACK - 24);
    g_assert_cmphex(now.cs.selector, ==, SEL_CODE3 | 3);
    g_assert_cmphex(now.ss.selector, ==, SEL_DATA3 | 3);
    bench_close();
}

static void test_conforming_keeps_cpl(void)
{
    bench_open(3);
    bench_gate_set(CPU_VECTOR_UD, SEL_CONFORMING, GATE_INTERRUPT, 0, HANDLER_VA + 6 * 16);
    struct exception ud = bench_hardware(CPU_VECTOR_UD, false, 0);
    bench_deliver(&ud);
    struct vmsa now = bench_state();
    g_assert_cmpuint(now.cpl, ==, 3);
    g_assert_cmphex(now.cs.selector, ==, SEL_CONFORMING | 3);
    g_assert_cmphex(now.rsp, ==, ((USER_STACK - 24) & ~15) - 40);
    bench_close();
}

/* APM 2 8.9.4: an IST stack is used without a change of CPL, too; SS then stays. */
static void test_ist(void)
{
    for (uint8_t cpl = 0; cpl <= 3; cpl += 3) {
        bench_open(cpl);
        bench_gate_set(CPU_VECTOR_VC, SEL_CODE0, GATE_INTERRUPT, 3, HANDLER_VA + 29 * 16);
        bench_put64(TSS_VA + 0x24 + 8 * 2, IST_STACK - 8);
        struct exception vc = bench_hardware(CPU_VECTOR_VC, true, 0x72);
        bench_deliver(&vc);
        struct vmsa now = bench_state();
        g_assert_cmphex(now.rsp, ==, IST_STACK - 16 - 48);
        g_assert_cmphex(bench_stack(0), ==, 0x72);
        g_assert_cmphex(now.ss.selector, ==, cpl == 3 ? 0 : SEL_DATA0);
        bench_close();
    }
}

/* ---- what can be wrong with a gate (APM 2 8.9.1, 8.9.2) ---- */

struct gate_case {
    const char *name;
    uint16_t selector;
    uint8_t attrib, ist;
    uint64_t offset;
    uint8_t vector; /* of the exception that comes of it */
    uint32_t error; /* without EXT */
};

static void test_gate_checks(void)
{
    enum { V = 0x41 };
    static const struct gate_case cases[] = {
        { "not present", SEL_CODE0, 0x0e, 0, HANDLER_VA, CPU_VECTOR_NP, V * 8 + 2 },
        { "call gate", SEL_CODE0, 0x8c, 0, HANDLER_VA, CPU_VECTOR_GP, V * 8 + 2 },
        { "code descriptor", SEL_CODE0, 0x9e, 0, HANDLER_VA, CPU_VECTOR_GP, V * 8 + 2 },
        { "null selector", 0, GATE_INTERRUPT, 0, HANDLER_VA, CPU_VECTOR_GP, 0 },
        { "beyond the GDT", 0x1000, GATE_INTERRUPT, 0, HANDLER_VA, CPU_VECTOR_GP, 0x1000 },
        { "in no LDT", 0x0c, GATE_INTERRUPT, 0, HANDLER_VA, CPU_VECTOR_GP, 0x0c },
        { "data segment", SEL_DATA0, GATE_INTERRUPT, 0, HANDLER_VA, CPU_VECTOR_GP, SEL_DATA0 },
        { "outer ring", SEL_CODE3, GATE_INTERRUPT, 0, HANDLER_VA, CPU_VECTOR_GP, SEL_CODE3 },
        { "segment absent", SEL_ABSENT, GATE_INTERRUPT, 0, HANDLER_VA, CPU_VECTOR_NP, SEL_ABSENT },
        { "32-bit", SEL_CODE32, GATE_INTERRUPT, 0, HANDLER_VA, CPU_VECTOR_GP, SEL_CODE32 },
        { "handler", SEL_CODE0, GATE_INTERRUPT, 0, UINT64_C(1) << 63, CPU_VECTOR_GP, 0 },
        { "stack", SEL_CODE0, GATE_INTERRUPT, 2, HANDLER_VA, CPU_VECTOR_SS, 0 },
        { "beyond the TSS", SEL_CODE0, GATE_INTERRUPT, 7, HANDLER_VA, CPU_VECTOR_TS, SEL_TSS },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        for (unsigned external = 0; external < 2; external++) {
            const struct gate_case *c = &cases[i];
            struct fault fault = { 0 };
            struct exception soft = { .vector = V, .source = EXCEPTION_SOFTWARE,
                                      .return_rip = CODE_VA + 2 };
            g_test_message("%s, %s", c->name, external ? "interrupt" : "INT n");
            bench_open(0);
            bench_gate_set(V, c->selector, c->attrib, c->ist, c->offset);
            bench_put64(TSS_VA + 0x24 + 8, UINT64_C(0x8000000000000000)); /* IST2: not canonical */
            if (c->ist == 7) {
                uc_x86_mmr tr = { SEL_TSS, TSS_VA, 0x5a, 0x8b00 };
                uc_reg_write(bench->vcpu.uc, UC_X86_REG_TR, &tr);
            }
            if (external)
                g_assert_true(exception_inject(&bench->vcpu, EVENTINJ_VALID | V, &fault));
            else
                bench_deliver(&soft);
            g_assert_cmpuint(bench_handler(), ==, c->vector);
            g_assert_cmphex(bench_stack(0), ==, c->error | external);
            g_assert_cmphex(bench_stack(1), ==, CODE_VA); /* of the fault, at the instruction */
            bench_close();
        }
}

static void test_idt_limit(void)
{
    bench_open(0);
    uc_x86_mmr idtr = { .base = IDT_VA, .limit = 32 * 16 - 1 };
    uc_reg_write(bench->vcpu.uc, UC_X86_REG_IDTR, &idtr);
    struct fault fault = { 0 };
    g_assert_true(exception_inject(&bench->vcpu, EVENTINJ_VALID | 32, &fault));
    g_assert_cmpuint(bench_handler(), ==, CPU_VECTOR_GP);
    g_assert_cmphex(bench_stack(0), ==, 32 * 8 + 3);
    bench_close();
}

/* INT n looks at the gate's DPL, exceptions and interrupts do not. */
static void test_gate_dpl(void)
{
    struct exception soft = { .vector = 0x80, .source = EXCEPTION_SOFTWARE,
                              .return_rip = CODE_VA + 2 };
    struct fault fault = { 0 };
    bench_open(3);
    bench_deliver(&soft);
    g_assert_cmpuint(bench_handler(), ==, CPU_VECTOR_GP);
    g_assert_cmphex(bench_stack(0), ==, 0x80 * 8 + 2);
    g_assert_cmphex(bench_stack(1), ==, CODE_VA);
    bench_close();
    bench_open(3);
    bench_gate_set(0x80, SEL_CODE0, GATE_INTERRUPT | 0x60, 0, HANDLER_VA + 0x80 * 16);
    bench_deliver(&soft);
    g_assert_cmpuint(bench_handler(), ==, 0x80);
    g_assert_cmphex(bench_stack(0), ==, CODE_VA + 2);
    g_assert_cmphex(bench_stack(2), ==, 0x202); /* a trap: no RF */
    g_assert_cmpuint(bench->seen[0].fault.source, ==, EXCEPTION_SOFTWARE);
    bench_close();
    bench_open(3);
    g_assert_true(exception_inject(&bench->vcpu, EVENTINJ_VALID | 0x80, &fault));
    g_assert_cmpuint(bench_handler(), ==, 0x80);
    bench_close();
}

/* A code descriptor's Accessed bit is set in memory. */
static void test_accessed_bit(void)
{
    bench_open(0);
    bench->ram[GDT_VA + SEL_CODE0 + 5 - RAM_VA] = 0x9a;
    struct exception ud = bench_hardware(CPU_VECTOR_UD, false, 0);
    bench_deliver(&ud);
    g_assert_cmphex(bench->ram[GDT_VA + SEL_CODE0 + 5 - RAM_VA], ==, 0x9b);
    bench_close();
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cpu/exception/apm2-8.9.3/same-privilege", test_same_privilege);
    g_test_add_func("/cpu/exception/apm2-8.9/trap-gate-keeps-if", test_trap_gate_keeps_if);
    g_test_add_func("/cpu/exception/apm2-8.9/flags-cleared", test_flags_cleared);
    g_test_add_func("/cpu/exception/apm2-8.9.3/to-ring-0-and-back", test_inner_privilege_and_back);
    g_test_add_func("/cpu/exception/apm2-8.9.2/conforming", test_conforming_keeps_cpl);
    g_test_add_func("/cpu/exception/apm2-8.9.4/ist", test_ist);
    g_test_add_func("/cpu/exception/apm2-8.9.1/gate-checks", test_gate_checks);
    g_test_add_func("/cpu/exception/apm2-8.9.1/idt-limit", test_idt_limit);
    g_test_add_func("/cpu/exception/apm2-8.9.1/gate-dpl", test_gate_dpl);
    g_test_add_func("/cpu/exception/accessed-bit", test_accessed_bit);
    return g_test_run();
}

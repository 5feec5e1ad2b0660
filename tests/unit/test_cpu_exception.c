/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Delivery through a long-mode IDT on a real engine. Guest memory is a flat array that stands in for
 * cpu/mmu.c: every page can be made to refuse with any fault, at any step of a delivery.
 */
#include <glib.h>
#include <string.h>

#include "cpu/internal.h"

enum {
    RAM_VA = 0x10000,
    RAM_BYTES = 0x10000,
    GDT_VA = 0x10000,
    IDT_VA = 0x11000,
    TSS_VA = 0x12000,
    KERNEL_STACK = 0x14000, /* tops */
    IST_STACK = 0x16000,
    USER_STACK = 0x18000,
    CODE_VA = 0x19000,
    HANDLER_VA = 0x1a000, /* + 16 a vector */
    SEL_CODE0 = 0x08,
    SEL_DATA0 = 0x10,
    SEL_CODE3 = 0x18,
    SEL_DATA3 = 0x20,
    SEL_CONFORMING = 0x28,
    SEL_ABSENT = 0x30,
    SEL_CODE32 = 0x38,
    SEL_TSS = 0x50,
    GDT_BYTES = 0x60,
    GATE_INTERRUPT = 0x8e,
    GATE_TRAP = 0x8f,
};

#define RFLAGS_IF UINT64_C(0x200)
#define RFLAGS_RF UINT64_C(0x10000)

struct bench {
    struct vcpu vcpu;
    struct cpu_env env;
    struct cpu_clock clock;
    uint8_t *ram;
    struct fault page_fault[RAM_BYTES / 4096]; /* kind FAULT_NONE: the page is there */
    struct event seen[64];
    unsigned seen_count;
    uint32_t engine_vector;
};

static struct bench *bench; /* of the running test: what the stand-ins below work on */

/* ---- instead of cpu/mmu.c and cpu/vcpu.c ---- */

static bool memory_locate(uint64_t gva, size_t len, uint8_t **at, struct fault *fault)
{
    for (uint64_t byte = gva; byte < gva + len; byte++) {
        g_assert_true(byte >= RAM_VA && byte < RAM_VA + RAM_BYTES);
        const struct fault *refusal = &bench->page_fault[(byte - RAM_VA) >> PAGE_SHIFT];
        if (refusal->kind == FAULT_NONE)
            continue;
        *fault = *refusal;
        fault->gva = byte;
        return false;
    }
    *at = bench->ram + (gva - RAM_VA);
    return true;
}

bool mmu_read(struct vcpu *vcpu, uint64_t gva, void *out, size_t len, enum mmu_privilege privilege,
              struct fault *fault)
{
    uint8_t *at;
    (void)vcpu, (void)privilege;
    if (!memory_locate(gva, len, &at, fault))
        return false;
    memcpy(out, at, len);
    return true;
}

bool mmu_write(struct vcpu *vcpu, uint64_t gva, const void *in, size_t len,
               enum mmu_privilege privilege, struct fault *fault)
{
    uint8_t *at;
    (void)vcpu, (void)privilege;
    if (!memory_locate(gva, len, &at, fault))
        return false;
    memcpy(at, in, len);
    return true;
}

uint8_t vcpu_cpl(const struct vcpu *vcpu)
{
    hidden_fetch((struct hidden *)(uintptr_t)&vcpu->hidden);
    return hidden_cpl(&vcpu->hidden);
}

/* ---- the bench ---- */

static bool on_fill(uc_engine *uc, uint64_t va, uc_mem_type type, uc_tlb_entry *entry, void *user)
{
    (void)uc, (void)user;
    if (va < RAM_VA || va >= RAM_VA + RAM_BYTES)
        return false;
    entry->paddr = va;
    entry->perms = type == UC_MEM_FETCH ? UC_PROT_READ | UC_PROT_EXEC
                                        : UC_PROT_READ | UC_PROT_WRITE;
    return true;
}

static void on_interrupt(uc_engine *uc, uint32_t vector, void *user)
{
    (void)user;
    bench->engine_vector = vector;
    uc_emu_stop(uc);
}

static void on_event(void *user, const struct event *event)
{
    (void)user;
    if (event->kind == EVENT_FAULT && bench->seen_count < G_N_ELEMENTS(bench->seen))
        bench->seen[bench->seen_count++] = *event;
}

static void put64(uint64_t gva, uint64_t value)
{
    memcpy(bench->ram + (gva - RAM_VA), &value, 8);
}

static uint64_t get64(uint64_t gva)
{
    uint64_t value;
    memcpy(&value, bench->ram + (gva - RAM_VA), 8);
    return value;
}

static void gate_set(uint8_t vector, uint16_t selector, uint8_t attrib, uint8_t ist,
                     uint64_t offset)
{
    uint64_t at = IDT_VA + vector * 16u;
    put64(at, (offset & 0xffff) | (uint64_t)selector << 16 | (uint64_t)ist << 32
                  | (uint64_t)attrib << 40 | ((offset >> 16) & 0xffff) << 48);
    put64(at + 8, offset >> 32);
}

static void tables_fill(void)
{
    static const uint64_t gdt[] = {
        0,
        UINT64_C(0x00af9b000000ffff), UINT64_C(0x00cf93000000ffff), /* ring 0 */
        UINT64_C(0x00affb000000ffff), UINT64_C(0x00cff3000000ffff), /* ring 3 */
        UINT64_C(0x00af9f000000ffff), /* conforming */
        UINT64_C(0x00af1b000000ffff), /* not present */
        UINT64_C(0x00cf9b000000ffff), /* 32-bit */
    };
    memcpy(bench->ram + (GDT_VA - RAM_VA), gdt, sizeof(gdt));
    for (unsigned vector = 0; vector < 256; vector++)
        gate_set((uint8_t)vector, SEL_CODE0, GATE_INTERRUPT, 0, HANDLER_VA + vector * 16);
    put64(TSS_VA + 4, KERNEL_STACK);
    for (unsigned ist = 1; ist <= 7; ist++)
        put64(TSS_VA + 0x24 + 8 * (ist - 1), IST_STACK);
}

static void state_fill(struct vmsa *vmsa, uint8_t cpl)
{
    vmsa_init_long_mode(vmsa);
    vmsa->cpl = cpl;
    vmsa->rip = CODE_VA;
    vmsa->rflags = 0x202;
    vmsa->rsp = cpl == 3 ? USER_STACK - 24 : KERNEL_STACK - 24;
    vmsa->gdtr = (struct vmsa_segment){ .base = GDT_VA, .limit = GDT_BYTES - 1 };
    vmsa->idtr = (struct vmsa_segment){ .base = IDT_VA, .limit = 0xfff };
    vmsa->tr = (struct vmsa_segment){ SEL_TSS, 0x8b, 0x67, TSS_VA };
    if (cpl == 3) {
        vmsa->cs = (struct vmsa_segment){ SEL_CODE3 | 3, 0xafb, 0xffffffff, 0 };
        vmsa->ss = (struct vmsa_segment){ SEL_DATA3 | 3, 0xcf3, 0xffffffff, 0 };
    }
}

static void bench_open(uint8_t cpl)
{
    GError *error = NULL;
    struct vmsa vmsa;
    uc_hook hook;
    uc_engine *uc;

    bench = g_new0(struct bench, 1);
    g_assert_cmpint(uc_open(UC_ARCH_X86, UC_MODE_64, &uc), ==, UC_ERR_OK);
    uc_ctl_set_cpu_model(uc, UC_CPU_X86_EPYC_ROME);
    uc_ctl_tlb_mode(uc, UC_TLB_VIRTUAL);
    bench->ram = g_aligned_alloc0(1, RAM_BYTES, 4096);
    g_assert_cmpint(uc_mem_map_ptr(uc, RAM_VA, RAM_BYTES, UC_PROT_ALL, bench->ram), ==, UC_ERR_OK);
    uc_hook_add(uc, &hook, UC_HOOK_TLB_FILL, (void *)on_fill, NULL, 1, 0);
    uc_hook_add(uc, &hook, UC_HOOK_INTR, (void *)on_interrupt, NULL, 1, 0);
    bench->env.trace = trace_new();
    bench->env.costs.exception = 100;
    trace_attach(bench->env.trace, on_event, NULL);
    bench->vcpu.env = &bench->env;
    bench->vcpu.clock = &bench->clock;
    bench->vcpu.uc = uc;
    g_assert_true(hidden_open(&bench->vcpu.hidden, uc, &error));
    tables_fill();
    state_fill(&vmsa, cpl);
    bench->vcpu.control.efer = vmsa.efer;
    vmsa_load(&bench->vcpu.hidden, &bench->vcpu.state.cache, &vmsa);
}

static void bench_close(void)
{
    hidden_close(&bench->vcpu.hidden);
    uc_close(bench->vcpu.uc);
    trace_free(bench->env.trace);
    g_aligned_free(bench->ram);
    g_free(bench);
    bench = NULL;
}

static struct vmsa state_now(void)
{
    struct vmsa vmsa = bench->vcpu.state.cache.image;
    struct vmsa_cache unused;
    vmsa_store(&bench->vcpu.hidden, &unused, &vmsa);
    return vmsa;
}

static void page_refuse(uint64_t gva, struct fault fault)
{
    bench->page_fault[(gva - RAM_VA) >> PAGE_SHIFT] = fault;
}

static struct exception hardware(uint8_t vector, bool has_error, uint32_t error)
{
    return (struct exception){ .vector = vector, .has_error = has_error, .error_code = error };
}

static void deliver(const struct exception *exception)
{
    struct fault fault = { 0 };
    g_assert_true(exception_deliver(&bench->vcpu, exception, &fault));
}

/* The vector whose handler the engine stands at. */
static unsigned handler_now(void)
{
    uint64_t rip = vcpu_reg(&bench->vcpu, UC_X86_REG_RIP);
    g_assert_cmphex(rip, >=, HANDLER_VA);
    g_assert_cmphex((rip - HANDLER_VA) % 16, ==, 0);
    return (unsigned)((rip - HANDLER_VA) / 16);
}

static uint64_t stack(unsigned slot)
{
    return get64(vcpu_reg(&bench->vcpu, UC_X86_REG_RSP) + slot * 8);
}

/* ---- frames and privilege ---- */

/* APM 2 8.9.3: RSP is aligned to 16, SS:RSP is always pushed. */
static void test_same_privilege(void)
{
    bench_open(0);
    struct exception ud = hardware(CPU_VECTOR_UD, false, 0);
    deliver(&ud);
    struct vmsa now = state_now();
    g_assert_cmpuint(handler_now(), ==, 6);
    g_assert_cmphex(now.rsp, ==, ((KERNEL_STACK - 24) & ~15) - 40);
    g_assert_cmphex(stack(0), ==, CODE_VA);
    g_assert_cmphex(stack(1), ==, SEL_CODE0);
    g_assert_cmphex(stack(2), ==, 0x202 | RFLAGS_RF);
    g_assert_cmphex(stack(3), ==, KERNEL_STACK - 24);
    g_assert_cmphex(stack(4), ==, SEL_DATA0);
    g_assert_cmphex(now.ss.selector, ==, SEL_DATA0);
    g_assert_cmphex(now.rflags & (RFLAGS_IF | RFLAGS_RF), ==, 0);
    g_assert_cmpuint(bench->clock.cycles, ==, 100);
    bench_close();
}

static void test_trap_gate_keeps_if(void)
{
    bench_open(0);
    gate_set(CPU_VECTOR_UD, SEL_CODE0, GATE_TRAP, 0, HANDLER_VA + 6 * 16);
    struct exception ud = hardware(CPU_VECTOR_UD, false, 0);
    deliver(&ud);
    g_assert_cmphex(state_now().rflags & RFLAGS_IF, ==, RFLAGS_IF);
    bench_close();
}

static void test_flags_cleared(void)
{
    bench_open(0);
    vcpu_reg_set(&bench->vcpu, UC_X86_REG_RFLAGS, 0x4302 | RFLAGS_RF); /* NT, IF, TF, RF */
    hidden_fetch(&bench->vcpu.hidden);
    hidden_shadow_set(&bench->vcpu.hidden, true);
    hidden_commit(&bench->vcpu.hidden);
    struct exception gp = hardware(CPU_VECTOR_GP, true, 0x1234);
    deliver(&gp);
    struct vmsa now = state_now();
    g_assert_cmphex(now.rflags, ==, 2);
    g_assert_cmphex(now.vintr_ctrl & VMSA_VINTR_INT_SHADOW, ==, 0);
    g_assert_cmphex(stack(0), ==, 0x1234);
    g_assert_cmphex(stack(3), ==, 0x4302 | RFLAGS_RF);
    bench_close();
}

/* From ring 3 to ring 0 by TSS.RSP0 with a null SS, and back by the engine's own IRETQ. */
static void test_inner_privilege_and_back(void)
{
    static const uint8_t iretq[] = { 0x48, 0xcf };
    bench_open(3);
    memcpy(bench->ram + (HANDLER_VA + 6 * 16 - RAM_VA), iretq, sizeof(iretq));
    struct exception ud = hardware(CPU_VECTOR_UD, false, 0);
    deliver(&ud);
    struct vmsa now = state_now();
    g_assert_cmpuint(now.cpl, ==, 0);
    g_assert_cmphex(now.cs.selector, ==, SEL_CODE0);
    g_assert_cmphex(now.ss.selector, ==, 0);
    g_assert_cmphex(now.rsp, ==, KERNEL_STACK - 40);
    g_assert_cmphex(stack(1), ==, SEL_CODE3 | 3);
    g_assert_cmphex(stack(3), ==, USER_STACK - 24);
    g_assert_cmphex(stack(4), ==, SEL_DATA3 | 3);
    g_assert_cmphex(bench->seen[0].fault.cpl, ==, 3);
    g_assert_cmpint(uc_emu_start(bench->vcpu.uc, now.rip, CODE_VA, 0, 0), ==, UC_ERR_OK);
    now = state_now();
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
    gate_set(CPU_VECTOR_UD, SEL_CONFORMING, GATE_INTERRUPT, 0, HANDLER_VA + 6 * 16);
    struct exception ud = hardware(CPU_VECTOR_UD, false, 0);
    deliver(&ud);
    struct vmsa now = state_now();
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
        gate_set(CPU_VECTOR_VC, SEL_CODE0, GATE_INTERRUPT, 3, HANDLER_VA + 29 * 16);
        put64(TSS_VA + 0x24 + 8 * 2, IST_STACK - 8);
        struct exception vc = hardware(CPU_VECTOR_VC, true, 0x72);
        deliver(&vc);
        struct vmsa now = state_now();
        g_assert_cmphex(now.rsp, ==, IST_STACK - 16 - 48);
        g_assert_cmphex(stack(0), ==, 0x72);
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
            gate_set(V, c->selector, c->attrib, c->ist, c->offset);
            put64(TSS_VA + 0x24 + 8, UINT64_C(0x8000000000000000)); /* IST2: not canonical */
            if (c->ist == 7) {
                uc_x86_mmr tr = { SEL_TSS, TSS_VA, 0x5a, 0x8b00 };
                uc_reg_write(bench->vcpu.uc, UC_X86_REG_TR, &tr);
            }
            if (external)
                g_assert_true(exception_inject(&bench->vcpu, EVENTINJ_VALID | V, &fault));
            else
                deliver(&soft);
            g_assert_cmpuint(handler_now(), ==, c->vector);
            g_assert_cmphex(stack(0), ==, c->error | external);
            g_assert_cmphex(stack(1), ==, CODE_VA); /* of the fault, at the instruction */
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
    g_assert_cmpuint(handler_now(), ==, CPU_VECTOR_GP);
    g_assert_cmphex(stack(0), ==, 32 * 8 + 3);
    bench_close();
}

/* INT n looks at the gate's DPL, exceptions and interrupts do not. */
static void test_gate_dpl(void)
{
    struct exception soft = { .vector = 0x80, .source = EXCEPTION_SOFTWARE,
                              .return_rip = CODE_VA + 2 };
    struct fault fault = { 0 };
    bench_open(3);
    deliver(&soft);
    g_assert_cmpuint(handler_now(), ==, CPU_VECTOR_GP);
    g_assert_cmphex(stack(0), ==, 0x80 * 8 + 2);
    g_assert_cmphex(stack(1), ==, CODE_VA);
    bench_close();
    bench_open(3);
    gate_set(0x80, SEL_CODE0, GATE_INTERRUPT | 0x60, 0, HANDLER_VA + 0x80 * 16);
    deliver(&soft);
    g_assert_cmpuint(handler_now(), ==, 0x80);
    g_assert_cmphex(stack(0), ==, CODE_VA + 2);
    g_assert_cmphex(stack(2), ==, 0x202); /* a trap: no RF */
    g_assert_cmpuint(bench->seen[0].fault.source, ==, EXCEPTION_SOFTWARE);
    bench_close();
    bench_open(3);
    g_assert_true(exception_inject(&bench->vcpu, EVENTINJ_VALID | 0x80, &fault));
    g_assert_cmpuint(handler_now(), ==, 0x80);
    bench_close();
}

/* A code descriptor's Accessed bit is set in memory. */
static void test_accessed_bit(void)
{
    bench_open(0);
    bench->ram[GDT_VA + SEL_CODE0 + 5 - RAM_VA] = 0x9a;
    struct exception ud = hardware(CPU_VECTOR_UD, false, 0);
    deliver(&ud);
    g_assert_cmphex(bench->ram[GDT_VA + SEL_CODE0 + 5 - RAM_VA], ==, 0x9b);
    bench_close();
}

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
        struct exception first = hardware(c->first, has_error_code(c->first), 0x30);
        struct fault second = fault_exception(c->second, has_error_code(c->second), 6);
        g_test_message("%u during %u", c->second, c->first);
        bench_open(0);
        second.sets_cr2 = c->second == 14;
        gate_set(c->first, SEL_CODE0, GATE_INTERRUPT, 1, HANDLER_VA);
        page_refuse(IST_STACK - 8, second);
        deliver(&first);
        g_assert_cmpuint(handler_now(), ==, c->delivered);
        if (has_error_code(c->delivered))
            g_assert_cmphex(stack(0), ==, c->delivered == 8 ? 0 : 6);
        g_assert_cmphex(stack(has_error_code(c->delivered) ? 1 : 0), ==, CODE_VA);
        g_assert_cmpuint(bench->seen_count, ==, 1);
        g_assert_cmpuint(bench->seen[0].fault.vector, ==, c->delivered);
        if (c->second == 14)
            g_assert_cmphex(state_now().cr2, ==, IST_STACK - 8);
        bench_close();
    }
}

/* An exception during the delivery of #DF: shutdown, an automatic exit. */
static void test_triple_fault(void)
{
    struct exception gp = hardware(CPU_VECTOR_GP, true, 0);
    struct fault fault = { 0 };
    bench_open(0);
    gate_set(CPU_VECTOR_GP, SEL_CODE0, 0x0e, 0, HANDLER_VA);
    gate_set(CPU_VECTOR_DF, SEL_CODE0, 0x0e, 0, HANDLER_VA);
    struct vmsa before = state_now();
    g_assert_false(exception_deliver(&bench->vcpu, &gp, &fault));
    g_assert_cmpint(fault.kind, ==, FAULT_EXIT);
    g_assert_cmphex(fault.exit_code, ==, SVM_EXIT_SHUTDOWN);
    g_assert_cmpuint(bench->seen_count, ==, 1);
    g_assert_cmpuint(bench->seen[0].fault.class, ==, FAULT_SHUTDOWN);
    struct vmsa after = state_now();
    g_assert_cmpmem(&after, sizeof(after), &before, sizeof(before));
    bench_close();
}

/* #PF, then #PF on its stack, then #PF on that of #DF. */
static void test_triple_fault_by_stack(void)
{
    struct exception pf = hardware(CPU_VECTOR_PF, true, 2);
    struct fault refusal = fault_exception(CPU_VECTOR_PF, true, 2), fault = { 0 };
    bench_open(0);
    page_refuse(KERNEL_STACK - 24, refusal);
    g_assert_false(exception_deliver(&bench->vcpu, &pf, &fault));
    g_assert_cmphex(fault.exit_code, ==, SVM_EXIT_SHUTDOWN);
    bench_close();
}

/* The first quadword that cannot be pushed is the address of the fault. */
static void test_push_address(void)
{
    struct fault refusal = fault_exception(CPU_VECTOR_PF, true, 2);
    struct exception ud = hardware(CPU_VECTOR_UD, false, 0);
    bench_open(0);
    refusal.sets_cr2 = true;
    gate_set(CPU_VECTOR_UD, SEL_CODE0, GATE_INTERRUPT, 1, HANDLER_VA);
    put64(TSS_VA + 0x24, 0x15010); /* two quadwords fit, the third is at 0x14ff8 */
    page_refuse(0x14000, refusal);
    deliver(&ud);
    g_assert_cmpuint(handler_now(), ==, CPU_VECTOR_PF);
    g_assert_cmphex(state_now().cr2, ==, 0x14ff8);
    bench_close();
}

/* APM 2 15.7.2: a nested page fault during a delivery leaves with EXITINTINFO and the old state. */
static void test_npf_during_delivery(void)
{
    static const uint64_t wanted[] = { UINT64_C(0x0000007280000b1d), 0x8000001c | 3 << 8 };
    struct exception events[] = { hardware(CPU_VECTOR_VC, true, 0x72),
                                  hardware(CPU_VECTOR_HV, false, 0) };
    for (size_t i = 0; i < G_N_ELEMENTS(events); i++) {
        struct fault npf = fault_exit(SVM_EXIT_NPF, NPF_RMP | NPF_W, 0x15ff8), fault = { 0 };
        bench_open(3);
        gate_set(events[i].vector, SEL_CODE0, GATE_INTERRUPT, 1,
                 HANDLER_VA + events[i].vector * 16u);
        page_refuse(IST_STACK - 8, npf);
        struct vmsa before = state_now();
        g_assert_false(exception_deliver(&bench->vcpu, &events[i], &fault));
        g_assert_cmphex(fault.exit_code, ==, SVM_EXIT_NPF);
        g_assert_cmphex(fault.exitinfo2, ==, 0x15ff8);
        g_assert_cmphex(bench->vcpu.state.exitintinfo, ==, wanted[i]);
        g_assert_cmpuint(bench->seen_count, ==, 0);
        struct vmsa after = state_now();
        g_assert_cmpmem(&after, sizeof(after), &before, sizeof(before));
        /* The hypervisor repairs it and the same event comes again. */
        page_refuse(IST_STACK - 8, (struct fault){ 0 });
        deliver(&events[i]);
        g_assert_cmpuint(handler_now(), ==, events[i].vector);
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
    g_assert_cmpuint(handler_now(), ==, CPU_VECTOR_HV);
    g_assert_cmphex(stack(0), ==, CODE_VA);
    g_assert_cmphex(stack(2), ==, 0x202); /* #HV is no fault of an instruction */
    g_assert_cmpuint(bench->seen[0].fault.source, ==, EXCEPTION_INJECTED);
    bench_close();
    /* The hypervisor chooses the error code of an injected #VC. */
    bench_open(0);
    g_assert_true(exception_inject(&bench->vcpu,
                                   EVENTINJ_VALID | EVENTINJ_ERROR_VALID | EVENTINJ_EXCEPTION << 8
                                       | 29 | UINT64_C(0x81) << 32,
                                   &fault));
    g_assert_cmpuint(handler_now(), ==, CPU_VECTOR_VC);
    g_assert_cmphex(stack(0), ==, 0x81);
    g_assert_cmphex(stack(3), ==, 0x202 | RFLAGS_RF);
    bench_close();
    /* A software interrupt is checked against the gate's DPL. */
    bench_open(3);
    g_assert_true(exception_inject(&bench->vcpu, EVENTINJ_VALID | EVENTINJ_SOFT << 8 | 0x80,
                                   &fault));
    g_assert_cmpuint(handler_now(), ==, CPU_VECTOR_GP);
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
    struct vmsa now = state_now();
    g_assert_cmpuint(handler_now(), ==, 2);
    g_assert_cmphex(now.vintr_ctrl & VMSA_VINTR_NMI_MASK, !=, 0);
    g_assert_cmpint(uc_emu_start(bench->vcpu.uc, now.rip, CODE_VA, 0, 0), ==, UC_ERR_OK);
    g_assert_cmphex(state_now().vintr_ctrl & VMSA_VINTR_NMI_MASK, ==, 0);
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
    g_assert_cmphex(state_now().cr2, ==, pf.gva);
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
        struct vmsa vmsa;
        state_fill(&vmsa, 0);
        vmsa.rax = 0x4008 + 8 * i; /* beyond the GDT */
        bench->vcpu.state.cache.valid = FALSE;
        vmsa_load(&bench->vcpu.hidden, &bench->vcpu.state.cache, &vmsa);
        bench->engine_vector = UINT32_MAX;
        uc_emu_start(bench->vcpu.uc, CODE_VA, CODE_VA + 2, 0, 0);
        g_assert_cmpuint(bench->engine_vector, ==, CPU_VECTOR_GP);
        g_assert_true(exception_engine(&bench->vcpu, CPU_VECTOR_GP, &fault));
        g_assert_cmpuint(handler_now(), ==, CPU_VECTOR_GP);
        g_assert_cmphex(stack(0), ==, 0x4008 + 8 * i);
        g_assert_cmphex(stack(1), ==, CODE_VA);
    }
    bench_close();
}

/* APM 3, SYSCALL */
static void test_syscall(void)
{
    struct fault fault = { 0 };
    struct vmsa vmsa;
    bench_open(3);
    state_fill(&vmsa, 3);
    vmsa.star = UINT64_C(0x001b000800000000);
    vmsa.lstar = HANDLER_VA;
    vmsa.sfmask = 0x200;
    vmsa.rflags = 0x247;
    vmsa_load(&bench->vcpu.hidden, &bench->vcpu.state.cache, &vmsa);
    g_assert_true(exception_syscall(&bench->vcpu, CODE_VA + 2, &fault));
    struct vmsa now = state_now();
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
    g_assert_cmpuint(handler_now(), ==, CPU_VECTOR_UD);
    g_assert_cmphex(stack(0), ==, CODE_VA);
    bench_close();
}

/* Outside long mode the emulator says so instead of guessing. */
static void test_outside_long_mode(void)
{
    struct exception ud = hardware(CPU_VECTOR_UD, false, 0);
    struct fault fault = { 0 };
    bench_open(0);
    bench->vcpu.control.efer = 0;
    g_assert_false(exception_deliver(&bench->vcpu, &ud, &fault));
    g_assert_cmpint(fault.kind, ==, FAULT_ENGINE);
    g_assert_nonnull(strstr(bench->vcpu.message, "long mode"));
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
    return g_test_run();
}

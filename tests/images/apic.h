/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the images apic.c and devices.c have in common: GHCB events with registers, an APIC on every
 * processor, a log of the interrupts that each has taken.
 */
#ifndef PROVA_TESTS_APIC_H
#define PROVA_TESTS_APIC_H

#include "tests/images/idt.h"

enum {
    LOG_MAX = 64,
    MSR_GS_BASE = (int)0xc0000101,
    MSR_APIC_BASE = 0x1b,
    MSR_TSC_DEADLINE = 0x6e0,
    APIC_ID = 0x802,
    APIC_TPR = 0x808,
    APIC_PPR = 0x80a,
    APIC_EOI = 0x80b,
    APIC_SPURIOUS = 0x80f,
    APIC_ICR = 0x830,
    APIC_LVT_TIMER = 0x832,
    APIC_INITIAL_COUNT = 0x838,
    APIC_DIVIDE = 0x83e,
    APIC_SELF_IPI = 0x83f,
    TIMER_PERIODIC = 1 << 17,
    TIMER_DEADLINE = 2 << 17,
};
#define NAE_CPUID UINT64_C(0x72)
#define NAE_MSR   UINT64_C(0x7c)

struct taken {
    uint8_t vector;
    uint64_t rip, tsc;
};

static uint8_t stack[CPUS_MAX][PAGE] __attribute__((aligned(4096)));
static uint8_t vmsa[CPUS_MAX + 1][PAGE] __attribute__((aligned(4096)));
static volatile struct taken log[CPUS_MAX][LOG_MAX];
static volatile uint32_t logged[CPUS_MAX];
static volatile uint32_t ready;

/* The image's own part of a handler, between the vector's entry in the log and EOI. */
static void serve(uint32_t index, uint8_t vector);

static uint64_t tsc(void)
{
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
    return low | (uint64_t)high << 32;
}

static uint32_t self(void)
{
    return (uint32_t)insn_rdmsr((uint32_t)MSR_GS_BASE);
}

static volatile uint8_t *ghcb(void)
{
    return (volatile uint8_t *)(SHARED_GPA + (uint64_t)self() * PAGE);
}

/* ------------------------------------------------------------------ GHCB events */

/* No handler gets between: it has the same GHCB. */
static uint64_t mask(void)
{
    uint64_t flags;
    __asm__ volatile("pushfq; pop %0; cli" : "=r"(flags) : : "memory");
    return flags;
}

static void unmask(uint64_t flags)
{
    __asm__ volatile("push %0; popfq" : : "r"(flags) : "memory", "cc");
}

/* Registers in and out; returns SW_EXITINFO1 of the answer. */
struct regs {
    uint64_t rax, rbx, rcx, rdx;
};

static uint32_t event(uint64_t code, uint64_t info1, uint64_t info2, struct regs *regs)
{
    const uint64_t flags = mask();
    volatile uint8_t *page = ghcb();
    ghcb_begin(page, code, info1, info2);
    ghcb_put(page, GHCB_RAX, regs->rax);
    ghcb_put(page, GHCB_RCX, regs->rcx);
    ghcb_put(page, GHCB_RDX, regs->rdx);
    ghcb_put(page, GHCB_SCRATCH, (uint64_t)page + GHCB_BUFFER);
    const uint32_t result = ghcb_call(page);
    *regs = (struct regs){ghcb_get(page, GHCB_RAX), ghcb_get(page, GHCB_RBX),
                          ghcb_get(page, GHCB_RCX), ghcb_get(page, GHCB_RDX)};
    unmask(flags);
    return result;
}

static int msr_write(uint32_t msr, uint64_t value)
{
    struct regs regs = {.rax = (uint32_t)value, .rcx = msr, .rdx = value >> 32};
    return event(NAE_MSR, 1, 0, &regs) == 0;
}

static void msr_set(uint32_t msr, uint64_t value)
{
    must(msr_write(msr, value), 200);
}

static uint64_t msr_get(uint32_t msr)
{
    struct regs regs = {.rcx = msr};
    must(event(NAE_MSR, 0, 0, &regs) == 0, 201);
    return (uint32_t)regs.rax | regs.rdx << 32;
}

/* ------------------------------------------------------------------ handlers */

static uint32_t count(uint32_t index, uint8_t vector)
{
    uint32_t taken = 0;
    for (uint32_t i = 0; i < logged[index]; i++)
        taken += log[index][i].vector == vector;
    return taken;
}

static void take(uint8_t vector, const struct frame *frame)
{
    const uint32_t index = self();
    must(logged[index] < LOG_MAX, 208);
    volatile struct taken *entry = &log[index][logged[index]];
    entry->vector = vector;
    entry->rip = frame->rip;
    entry->tsc = tsc();
    logged[index]++;
    serve(index, vector);
    msr_set(APIC_EOI, 0);
}

#define VECTOR(name, number)                                                                       \
    static __attribute__((interrupt)) void on_##name(struct frame *frame)                          \
    {                                                                                              \
        take(number, frame);                                                                       \
    }
/* ------------------------------------------------------------------ processors */

/* By both ways to ask the hypervisor for CPUID, the APIC id is the processor's own. */
static void identity_check(void)
{
    struct regs regs = {.rax = 1};
    must(event(NAE_CPUID, 0, 0, &regs) == 0 && regs.rbx >> 24 == self(), 10);
    const uint64_t flags = mask();
    must(msr_call(UINT64_C(1) << 32 | 1 << 30 | 0x004) >> 56 == self(), 11);
    unmask(flags);
    must(msr_get(MSR_APIC_BASE) == (0xfee00c00 | (self() == 0 ? 0x100 : 0)), 12);
}

/* On a processor that has the handlers of the image. */
static void processor_begin(uint32_t index)
{
    tables_load();
    must(ghcb_register((uint64_t)ghcb()), 3);
    must(msr_get(APIC_ID) == index, 4);
    identity_check();
    must(msr_get(APIC_SPURIOUS) == 0xff, 5); /* as after INIT */
    msr_set(APIC_SPURIOUS, 0x1ff);
    msr_set(APIC_DIVIDE, 0xb);
    sti();
}

static void ap_main(uint64_t index)
{
    processor_begin((uint32_t)index);
    __atomic_fetch_add(&ready, 1, __ATOMIC_SEQ_CST);
    for (;;)
        halt();
}

enum ap_request { AP_CREATE = 1, AP_DESTROY = 2 };

static void ap_request(uint32_t apic_id, enum ap_request what, uint8_t *page)
{
    ghcb_begin(ghcb(), NAE_AP_CREATION, (uint64_t)apic_id << 32 | what, (uint64_t)page);
    ghcb_put(ghcb(), GHCB_RAX, 1);
    must(ghcb_call(ghcb()) == 0, 7);
}

static void ap_create(uint32_t index, uint32_t apic_id, uint8_t *page)
{
    vmsa_build(page, (uint64_t)ap_main, (uint64_t)stack[index] + PAGE, index, 1);
    put(page, SAVE_GS_BASE, index);
    must(insn_rmpadjust((uint64_t)page, 0, 1 | RMPADJUST_VMSA) == 0, 6);
    ap_request(apic_id, AP_CREATE, page);
}

/* All processors are there, with an APIC; the others halt. */
static void processors_start(const struct params *params)
{
    for (uint32_t index = 1; index < params->vcpu_count; index++)
        ap_create(index, params->apic_id[index], vmsa[index]);
    while (ready < params->vcpu_count - 1)
        insn_pause();
}

static void image_begin(const struct params *params)
{
    must(params->vcpu_count >= 1 && params->vcpu_count <= CPUS_MAX, 1);
    shared_map();
    for (uint32_t index = 0; index < params->vcpu_count; index++)
        must(page_share(SHARED_GPA + (uint64_t)index * PAGE), 2);
    processor_begin(0);
}

#endif

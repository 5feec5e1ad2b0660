/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A VMPL0 image for the tests of the APIC and its timer, on any number of processors. It ends with
 * the code of the step that went wrong; if all is well, with 0 at the debug exit port, and on one
 * processor by a HLT for ever.
 */
#include "tests/images/apic.h"

enum { VECTOR_LOW = 0x50, VECTOR_MIDDLE = 0x60, VECTOR_HIGH = 0x70, VECTOR_TIMER = 0x80 };
enum { PORT_DEBUG_EXIT = 0xf4 };
#define NAE_IOIO    UINT64_C(0x7b)
#define EVENT_GP    UINT64_C(0x80000b0d)
/* An exit takes 51,000 cycles, and what follows the interrupt some more. */
#define LATE_CYCLES UINT64_C(70000)

enum command { COMMAND_NONE, COMMAND_NEST, COMMAND_TIMER, COMMAND_SLEEP };

static volatile uint32_t asleep, woken;
static volatile enum command command;
static volatile uint64_t deadline;

/* ------------------------------------------------------------------ handlers */

VECTOR(low, VECTOR_LOW)
VECTOR(middle, VECTOR_MIDDLE)
VECTOR(middle_1, VECTOR_MIDDLE + 1)
VECTOR(high, VECTOR_HIGH)
VECTOR(timer, VECTOR_TIMER)

static void idt_make(void)
{
    gate_set(VECTOR_LOW, (uint64_t)on_low);
    gate_set(VECTOR_MIDDLE, (uint64_t)on_middle);
    gate_set(VECTOR_MIDDLE + 1, (uint64_t)on_middle_1);
    gate_set(VECTOR_HIGH, (uint64_t)on_high);
    gate_set(VECTOR_TIMER, (uint64_t)on_timer);
}

static volatile struct taken *last(uint32_t index)
{
    must(logged[index] > 0, 206);
    return &log[index][logged[index] - 1];
}

/* Inside a handler whose interrupt is in service: only a higher class gets in. */
static void nest(uint32_t index)
{
    sti();
    msr_set(APIC_SELF_IPI, VECTOR_LOW);
    msr_set(APIC_SELF_IPI, VECTOR_MIDDLE + 1);
    must(count(index, VECTOR_LOW) == 0 && count(index, VECTOR_MIDDLE + 1) == 0, 210);
    must(msr_get(APIC_PPR) == VECTOR_MIDDLE, 211);
    msr_set(APIC_SELF_IPI, VECTOR_HIGH);
    must(count(index, VECTOR_HIGH) == 1, 212);
    must(count(index, VECTOR_LOW) == 0 && count(index, VECTOR_MIDDLE + 1) == 0, 213);
    cli();
}

static void serve(uint32_t index, uint8_t vector)
{
    if (vector != VECTOR_MIDDLE)
        return;
    const enum command what = command;
    command = COMMAND_NONE;
    if (what == COMMAND_NEST)
        nest(index);
    if (what == COMMAND_TIMER) {
        msr_set(APIC_LVT_TIMER, TIMER_DEADLINE | VECTOR_TIMER);
        deadline = tsc() + 5000000;
        msr_set(MSR_TSC_DEADLINE, deadline);
    }
    if (what == COMMAND_SLEEP) { /* interrupts are masked here: nothing ends it */
        msr_set(APIC_LVT_TIMER, TIMER_PERIODIC | VECTOR_TIMER);
        msr_set(APIC_INITIAL_COUNT, 500000);
        asleep = 1;
        halt();
        woken = 1;
    }
}

/* ------------------------------------------------------------------ checks of one processor */

/* Processor configuration that the hypervisor swallows; what it does not know is #GP. */
static void check_msrs(void)
{
    static const uint32_t ignored[] = {0x8b, 0xc0010010, 0xc0010015, 0xc001001f, 0xc0011029};
    static const uint32_t unknown[] = {0x82f, 0x80e, 0xc0010000, 0x200};
    for (uint32_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++) {
        msr_set(ignored[i], UINT64_MAX);
        must(msr_get(ignored[i]) == 0, 13);
    }
    for (uint32_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
        struct regs regs = {.rcx = unknown[i]};
        must(event(NAE_MSR, 0, 0, &regs) == 1, 14);
        must(ghcb_get(ghcb(), GHCB_INFO2) == EVENT_GP, 15);
        must(!msr_write(unknown[i], 0), 16);
    }
}

/* In the middle of a slice: no later than the exit that it takes. */
static void check_deadline(void)
{
    msr_set(APIC_LVT_TIMER, TIMER_DEADLINE | VECTOR_TIMER);
    for (uint64_t ahead = 1010000; ahead <= 1070000; ahead += 20000) {
        const uint32_t before = count(0, VECTOR_TIMER);
        const uint64_t due = tsc() + ahead;
        msr_set(MSR_TSC_DEADLINE, due);
        while (count(0, VECTOR_TIMER) == before)
            insn_pause();
        must(last(0)->tsc >= due && last(0)->tsc - due < LATE_CYCLES, 20);
        must(msr_get(MSR_TSC_DEADLINE) == 0, 21);
    }
}

static void check_masked(void)
{
    const uint32_t before = logged[0];
    cli();
    const uint64_t due = tsc() + 100000;
    msr_set(MSR_TSC_DEADLINE, due);
    while (tsc() < due + 300000)
        insn_pause();
    must(logged[0] == before, 22);
    __asm__ volatile("sti; nop" : : : "memory");
    must(logged[0] == before + 1, 23);
}

/* Nobody runs: time jumps to the deadline, a second away. */
static void check_idle(void)
{
    const uint64_t due = tsc() + 1000000000;
    const uint32_t before = logged[0];
    cli();
    msr_set(MSR_TSC_DEADLINE, due);
    __asm__ volatile("sti; hlt" : : : "memory");
    must(logged[0] == before + 1, 24);
    must(last(0)->tsc >= due && last(0)->tsc - due < 2 * LATE_CYCLES, 25);
}

static void check_periodic(void)
{
    const uint64_t period = 400000;
    msr_set(APIC_LVT_TIMER, TIMER_PERIODIC | VECTOR_TIMER);
    const uint64_t start = tsc();
    msr_set(APIC_INITIAL_COUNT, period);
    const uint64_t end = tsc();
    for (uint64_t n = 1; n <= 5; n++) {
        const uint32_t before = logged[0];
        while (logged[0] == before)
            halt();
        must(last(0)->tsc >= start + n * period, 26);
        must(last(0)->tsc < end + n * period + 2 * LATE_CYCLES, 27);
    }
    msr_set(APIC_INITIAL_COUNT, 0);
}

/* An interrupt that waits is not taken between STI and the instruction behind it. */
static void check_shadow(void)
{
    uint64_t behind;
    cli();
    msr_set(APIC_SELF_IPI, VECTOR_LOW);
    __asm__ volatile("lea 1f(%%rip), %0; sti; nop; 1: nop; nop"
                     : "=r"(behind) : : "memory");
    must(last(0)->vector == VECTOR_LOW && last(0)->rip == behind, 30);
    cli();
    msr_set(APIC_SELF_IPI, VECTOR_LOW); /* it ends HLT; were it taken before, HLT is for ever */
    __asm__ volatile("lea 1f(%%rip), %0; sti; hlt; 1:" : "=r"(behind) : : "memory");
    must(last(0)->vector == VECTOR_LOW && last(0)->rip == behind, 31);
}

static void check_priority(void)
{
    const uint32_t before = logged[0];
    cli(); /* the highest first, whatever came first */
    msr_set(APIC_SELF_IPI, VECTOR_LOW);
    msr_set(APIC_SELF_IPI, VECTOR_HIGH);
    msr_set(APIC_SELF_IPI, VECTOR_MIDDLE);
    must(logged[0] == before, 40);
    sti();
    insn_pause();
    while (logged[0] < before + 3)
        insn_pause();
    must(log[0][before].vector == VECTOR_HIGH && log[0][before + 1].vector == VECTOR_MIDDLE &&
             log[0][before + 2].vector == VECTOR_LOW, 41);
    msr_set(APIC_TPR, VECTOR_MIDDLE);
    msr_set(APIC_SELF_IPI, VECTOR_MIDDLE);
    pauses(100);
    must(logged[0] == before + 3, 42);
    msr_set(APIC_SELF_IPI, VECTOR_HIGH);
    must(logged[0] == before + 4 && last(0)->vector == VECTOR_HIGH, 43);
    msr_set(APIC_TPR, 0);
    must(logged[0] == before + 5 && last(0)->vector == VECTOR_MIDDLE, 44);
}

static void check_nesting(void)
{
    logged[0] = 0;
    command = COMMAND_NEST;
    msr_set(APIC_SELF_IPI, VECTOR_MIDDLE);
    pauses(100);
    must(logged[0] == 4, 45);
    must(log[0][2].vector == VECTOR_MIDDLE + 1 && log[0][3].vector == VECTOR_LOW, 46);
}

/* ------------------------------------------------------------------ the others */

static void ipi(uint32_t apic_id, uint8_t vector)
{
    msr_set(APIC_ICR, (uint64_t)apic_id << 32 | vector);
}

static void check_others(uint32_t cpus, const struct params *params)
{
    for (uint32_t index = 1; index < cpus; index++) {
        ipi(params->apic_id[index], VECTOR_LOW);
        while (count(index, VECTOR_LOW) == 0)
            insn_pause();
        command = COMMAND_TIMER; /* that one idles, this one does not */
        deadline = 0;
        ipi(params->apic_id[index], VECTOR_MIDDLE);
        while (count(index, VECTOR_TIMER) == 0)
            insn_pause();
        must(last(index)->tsc >= deadline && last(index)->tsc - deadline < 2 * LATE_CYCLES, 80);
        must(logged[index] == 3, 81);
    }
}

/* One that is taken away and made again begins with its APIC as after INIT (processor_begin()). */
static void check_restart(uint32_t index, uint32_t apic_id)
{
    const uint32_t before = ready;
    ap_request(apic_id, AP_DESTROY, vmsa[index]);
    ap_create(index, apic_id, vmsa[CPUS_MAX]);
    while (ready == before)
        insn_pause();
    const uint32_t taken_before = count(index, VECTOR_HIGH);
    ipi(apic_id, VECTOR_HIGH);
    while (count(index, VECTOR_HIGH) == taken_before)
        insn_pause();
}

/* A processor that halts with interrupts masked sleeps on, whatever is sent to it. */
static void check_asleep(uint32_t index, uint32_t apic_id)
{
    command = COMMAND_SLEEP;
    ipi(apic_id, VECTOR_MIDDLE);
    while (!asleep)
        insn_pause();
    pauses(2000);
    ipi(apic_id, VECTOR_HIGH);
    pauses(400000);
    must(!woken && count(index, VECTOR_HIGH) == 1, 82); /* that of check_restart() */
}

void image_main(const struct params *params)
{
    const uint32_t last_one = params->vcpu_count - 1;
    idt_make();
    image_begin(params);
    check_msrs();
    check_deadline();
    check_masked();
    check_idle();
    check_periodic();
    check_shadow();
    check_priority();
    check_nesting();
    processors_start(params);
    check_others(params->vcpu_count, params);
    if (last_one == 0) {
        command = COMMAND_SLEEP;
        msr_set(APIC_SELF_IPI, VECTOR_MIDDLE);
    } else {
        struct regs regs = {.rax = 0};
        check_restart(last_one, params->apic_id[last_one]);
        check_asleep(last_one, params->apic_id[last_one]);
        event(NAE_IOIO, PORT_DEBUG_EXIT << 16 | 1 << 4, 0, &regs);
    }
    terminate(99);
}

BARE_ENTRY;

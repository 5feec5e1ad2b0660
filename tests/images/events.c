/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A VMPL0 image for the tests of interrupts: every processor takes what the others send it,
 * spinning, halted or in AP reset hold, by the doorbell page if it was launched with restricted
 * injection and through its IDT otherwise. It ends with code 0, or with the number of the step that
 * went wrong. ask() has the test's own hypervisor do something: tests/unit/test_emu_event.c.
 */
#include "tests/images/events.h"
#include "tests/images/idt.h"

enum {
    VECTOR_NMI = 2,
    VECTOR_HV = 28,
    VECTOR_WAKE = 0x40,
    LOG_MAX = 64,
    TABLES_PAGES = 6,
    MSR_GS_BASE = (int)0xc0000101,
    MSR_SEV_STATUS = (int)0xc0010131,
    X2APIC_EOI = 0x80b,
};
#define NAE_MSR          UINT64_C(0x7c)
#define NAE_NMI_COMPLETE UINT64_C(0x80000003)
#define NAE_DOORBELL     UINT64_C(0x80000014)
#define NAE_IPI          UINT64_C(0x80000015)
#define NAE_RUN_VMPL     UINT64_C(0x80000018)
#define ICR_OTHERS       (UINT64_C(3) << 18)
#define ICR_ALL          (UINT64_C(2) << 18)
#define ICR_SELF         (UINT64_C(1) << 18)
#define ICR_MODE_NMI     (UINT64_C(4) << 8)
#define ICR_MODE_STARTUP (UINT64_C(6) << 8)

extern const uint8_t layout_memory_start[], layout_launch_page_tables[], image_end[];

enum state { SPIN, HALT, HOLD };

static uint8_t stack[CPUS_MAX][PAGE] __attribute__((aligned(4096)));
static uint8_t vmsa[CPUS_MAX + 1][PAGE] __attribute__((aligned(4096)));
static uint8_t stack_vmpl1[PAGE] __attribute__((aligned(4096)));
static uint8_t saved[CPUS_MAX][GHCB_BUFFER] __attribute__((aligned(8)));
static int restricted;

static volatile uint8_t serving[CPUS_MAX];
static volatile uint8_t log[CPUS_MAX][LOG_MAX];
static volatile uint32_t logged[CPUS_MAX], nmis[CPUS_MAX], released[CPUS_MAX];
static volatile uint32_t entered[CPUS_MAX]; /* the state in which the processor is */
static volatile uint32_t ready;
static volatile enum state state;
static volatile uint32_t vmpl1_steps;

static uint32_t self(void)
{
    return (uint32_t)insn_rdmsr((uint32_t)MSR_GS_BASE);
}

static volatile uint8_t *ghcb_of(uint32_t index)
{
    return (volatile uint8_t *)(SHARED_GPA + (uint64_t)index * 2 * PAGE);
}

static volatile uint16_t *doorbell_of(uint32_t index)
{
    return (volatile uint16_t *)(SHARED_GPA + ((uint64_t)index * 2 + 1) * PAGE);
}

static void ask(enum ask what)
{
    msr_call((uint64_t)what << 12 | 0x010);
}

/* ------------------------------------------------------------------ events arrive */

/* A handler's use of the GHCB, in the middle of somebody else's. */
static void handler_call(uint32_t index, uint64_t code, uint64_t info1, uint64_t msr)
{
    volatile uint8_t *ghcb = ghcb_of(index);
    const uint64_t ghcb_msr = insn_rdmsr((uint32_t)MSR_GHCB);
    for (uint32_t offset = 0; offset < GHCB_BUFFER; offset += 8)
        put(saved[index], offset, ghcb_get(ghcb, offset));
    ghcb_begin(ghcb, code, info1, 0);
    ghcb_put(ghcb, GHCB_RCX, msr);
    ghcb_put(ghcb, GHCB_RAX, 0);
    ghcb_put(ghcb, GHCB_RDX, 0);
    must(ghcb_call(ghcb) == 0, 100);
    for (uint32_t offset = 0; offset < GHCB_BUFFER; offset += 8)
        *(volatile uint64_t *)(ghcb + offset) = ghcb_get(saved[index], offset);
    insn_wrmsr((uint32_t)MSR_GHCB, ghcb_msr);
}

static void event_log(uint32_t index, uint8_t vector)
{
    must(logged[index] < LOG_MAX, 101);
    log[index][logged[index]] = vector;
    logged[index]++;
}

/* 56421 section 5: first NoFurtherSignal goes, then the events are taken. */
static void doorbell_serve(uint32_t index)
{
    volatile uint16_t *doorbell = doorbell_of(index);
    for (;;) {
        __atomic_and_fetch(doorbell, 0x7fff, __ATOMIC_SEQ_CST);
        const uint16_t events = __atomic_exchange_n(doorbell, 0, __ATOMIC_SEQ_CST);
        if ((events & 0x3ff) == 0)
            return;
        if (events & 0x100)
            nmis[index]++;
        if (events & 0xff) {
            event_log(index, (uint8_t)events);
            volatile uint8_t *no_eoi = (volatile uint8_t *)(doorbell + 1);
            if (!(__atomic_exchange_n(no_eoi, 0, __ATOMIC_SEQ_CST) & 1))
                handler_call(index, NAE_MSR, 1, X2APIC_EOI);
        }
    }
}

/* #HV comes whenever it likes: one that interrupts the serving leaves its event to it. */
static __attribute__((interrupt)) void on_hv(struct frame *frame)
{
    (void)frame;
    const uint32_t index = self();
    if (serving[index])
        return;
    do {
        serving[index] = 1;
        doorbell_serve(index);
        serving[index] = 0;
    } while (*doorbell_of(index) & 0x3ff);
}

static __attribute__((interrupt)) void on_nmi(struct frame *frame)
{
    (void)frame;
    const uint32_t index = self();
    nmis[index]++;
    if (nmis[index] == 1) { /* another one waits until this one is complete */
        handler_call(index, NAE_IPI, ICR_SELF | ICR_MODE_NMI, 0);
        must(nmis[index] == 1, 102);
    }
    handler_call(index, NAE_NMI_COMPLETE, 0, 0);
}

static void vector_taken(uint8_t vector)
{
    event_log(self(), vector);
    handler_call(self(), NAE_MSR, 1, X2APIC_EOI);
}

#define VECTOR(number)                                                                             \
    static __attribute__((interrupt)) void on_##number(struct frame *frame)                        \
    {                                                                                              \
        (void)frame;                                                                               \
        vector_taken(number);                                                                      \
    }
VECTOR(0x40)
VECTOR(0x41)
VECTOR(0x42)
VECTOR(0x43)
VECTOR(0x44)
VECTOR(0x45)
VECTOR(0x46)
VECTOR(0x4e)
VECTOR(0x56)
VECTOR(0x62)

/* VMPL 1 runs without restricted injection, and cannot use VMPL 0's GHCB. */
static __attribute__((interrupt)) void on_0x60(struct frame *frame)
{
    (void)frame;
    event_log(0, 0x60);
}
VECTOR(0x61)

static void idt_make(void)
{
    static const struct {
        uint8_t vector;
        handler *entry;
    } gates[] = {
        {VECTOR_HV, on_hv}, {VECTOR_NMI, on_nmi}, {0x40, on_0x40}, {0x41, on_0x41}, {0x42, on_0x42},
        {0x43, on_0x43},    {0x44, on_0x44},      {0x45, on_0x45}, {0x46, on_0x46}, {0x4e, on_0x4e},
        {0x56, on_0x56},    {0x60, on_0x60},      {0x61, on_0x61}, {0x62, on_0x62},
    };
    for (uint32_t i = 0; i < sizeof(gates) / sizeof(gates[0]); i++)
        gate_set(gates[i].vector, (uint64_t)gates[i].entry);
}

static uint64_t doorbell_call(uint32_t index, uint64_t what, uint64_t gpa, uint64_t step)
{
    volatile uint8_t *ghcb = ghcb_of(index);
    ghcb_begin(ghcb, NAE_DOORBELL, what, gpa);
    must(ghcb_call(ghcb) == 0, step);
    return ghcb_get(ghcb, GHCB_INFO2);
}

static void processor_begin(uint32_t index)
{
    tables_load();
    must(ghcb_register((uint64_t)ghcb_of(index)), 3);
    if (restricted) {
        const uint64_t gpa = (uint64_t)doorbell_of(index);
        must(doorbell_call(index, 1, gpa, 4) == gpa, 5);
        must(doorbell_call(index, 2, 0, 6) == gpa, 7);
    }
    sti();
}

static void ap_main(uint64_t index)
{
    processor_begin((uint32_t)index);
    __atomic_fetch_add(&ready, 1, __ATOMIC_SEQ_CST);
    for (;;) {
        const enum state now = state;
        entered[index] = now;
        if (now == SPIN)
            insn_pause();
        else if (now == HALT)
            halt();
        else if (msr_call(0x006) >> 12 != 0)
            released[index]++;
    }
}

static void ap_create(uint32_t index, uint32_t vmpl, uint32_t apic_id, uint64_t entry,
                      uint8_t *stack_page, uint64_t features)
{
    uint8_t *page = vmsa[vmpl ? CPUS_MAX : index];
    volatile uint8_t *ghcb = ghcb_of(0);
    vmsa_build(page, entry, (uint64_t)stack_page + PAGE, index, features);
    put(page, SAVE_GS_BASE, index);
    page[SAVE_VMPL] = (uint8_t)vmpl;
    must(insn_rmpadjust((uint64_t)page, 0, 1 | RMPADJUST_VMSA) == 0, 8);
    ghcb_begin(ghcb, NAE_AP_CREATION, (uint64_t)apic_id << 32 | vmpl << 16 | 1, (uint64_t)page);
    ghcb_put(ghcb, GHCB_RAX, features);
    must(ghcb_call(ghcb) == 0, 9);
}

static uint32_t ipi(uint64_t icr)
{
    ghcb_begin(ghcb_of(0), NAE_IPI, icr, 0);
    return ghcb_call(ghcb_of(0));
}

/* How often the processor has taken the vector. */
static uint32_t taken(uint32_t index, uint8_t vector)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < logged[index]; i++)
        count += log[index][i] == vector;
    return count;
}

/* All others go to another state, and have some time to arrive there. */
static void others_to(uint32_t cpus, enum state to)
{
    state = to;
    ipi(ICR_OTHERS | VECTOR_WAKE);
    for (uint32_t index = 1; index < cpus; index++)
        while (entered[index] != to)
            insn_pause();
    pauses(2000);
}

static void others_take(uint32_t cpus, uint8_t vector)
{
    must(ipi(ICR_OTHERS | vector) == 0, 10);
    for (uint32_t index = 1; index < cpus; index++)
        while (taken(index, vector) == 0)
            insn_pause();
    pauses(200);
    for (uint32_t index = 1; index < cpus; index++)
        must(taken(index, vector) == 1, 11);
    must(taken(0, vector) == 0, 12);
}

static void check_states(uint32_t cpus, const struct params *params)
{
    others_to(cpus, HALT);
    must(ipi((uint64_t)params->apic_id[1] << 32 | 0x41) == 0, 20);
    while (taken(1, 0x41) == 0)
        insn_pause();
    pauses(2000);
    must(taken(1, 0x41) == 1, 21);
    for (uint32_t index = 0; index < cpus; index++)
        must(index == 1 || taken(index, 0x41) == 0, 22);
    others_to(cpus, HALT);
    others_take(cpus, 0x42);
    others_to(cpus, SPIN);
    others_take(cpus, 0x43);
    others_to(cpus, HOLD);
    others_take(cpus, 0x44);
    for (uint32_t index = 1; index < cpus; index++)
        must(released[index] == 0, 23); /* it was no startup */
    for (uint32_t index = 1; index < cpus; index++) {
        while (released[index] == 0) { /* one that comes between two holds is lost */
            must(ipi((uint64_t)params->apic_id[index] << 32 | ICR_MODE_STARTUP) == 0, 24);
            pauses(1000);
        }
    }
    others_to(cpus, SPIN);
}

static void check_nmi(uint32_t cpus)
{
    const uint32_t more = restricted ? 0 : 1; /* the one that on_nmi() sends */
    for (uint32_t round = 1; round <= 2; round++) {
        must(ipi((uint64_t)(cpus - 1) << 32 | ICR_MODE_NMI) == 0, 30);
        while (nmis[cpus - 1] < round + more)
            insn_pause();
        pauses(200);
        must(nmis[cpus - 1] == round + more, 31);
    }
}

static void check_self(uint32_t cpus)
{
    must(ipi(ICR_SELF | 0x45) == 0, 40);
    must(taken(0, 0x45) == 1, 41); /* before the next instruction */
    must(ipi(ICR_ALL | VECTOR_WAKE) == 0, 42);
    must(taken(0, VECTOR_WAKE) == 1, 43);
    must(ipi(ICR_SELF | 15) != 0, 44);              /* no legal vector */
    must(ipi(ICR_SELF | 2 << 8 | 0x45) != 0, 45);   /* SMI */
    must(ipi(UINT64_C(200) << 32 | 0x45) == 0, 46); /* nobody has that id */
    must(taken(0, 0x45) == 1, 47);
    for (uint32_t index = 1; index < cpus; index++)
        must(taken(index, 0x45) == 0, 48);
}

/* The highest first, whatever came first. */
static void check_priority(void)
{
    const uint32_t before = logged[0];
    if (restricted)
        __atomic_or_fetch(doorbell_of(0), 0x8000, __ATOMIC_SEQ_CST); /* no further signal */
    else
        cli();
    must(ipi(ICR_SELF | 0x46) == 0, 50);
    must(ipi(ICR_SELF | 0x56) == 0, 50);
    must(ipi(ICR_SELF | 0x4e) == 0, 50);
    must(logged[0] == before, 51);
    if (restricted) {
        must(*doorbell_of(0) == (0x8000 | 0x56), 52);
        must((*(doorbell_of(0) + 1) & 1) == 0, 53); /* EOI is wanted: more waits */
        doorbell_serve(0);
    } else {
        sti();
        insn_pause();
        while (logged[0] < before + 3)
            insn_pause();
    }
    must(logged[0] == before + 3, 54);
    must(log[0][before] == 0x56 && log[0][before + 1] == 0x4e && log[0][before + 2] == 0x46, 55);
}

/* An event in front of a processor that wants no signal ends its HLT, once. */
static void check_halt_with_event(void)
{
    if (!restricted)
        return;
    const uint32_t before = logged[0];
    __atomic_or_fetch(doorbell_of(0), 0x8000, __ATOMIC_SEQ_CST);
    must(ipi(ICR_SELF | 0x46) == 0, 60);
    halt();
    must(logged[0] == before, 61);
    doorbell_serve(0);
    must(logged[0] == before + 1, 62);
}

static void vmpl1_main(void)
{
    tables_load();
    must(taken(0, 0x60) == 0, 70);
    sti();
    insn_pause();
    must(taken(0, 0x60) == 1, 71); /* it has waited for this VMPL */
    vmpl1_steps = 1;
    ask(ASK_INTERRUPT_VMPL0); /* VMPL 0 takes over, and comes back */
    vmpl1_steps = 2;
    for (;;)
        msr_call(0x016);
}

static void run_vmpl1(void)
{
    must(msr_call(UINT64_C(1) << 32 | 0x016) == 0x017, 72);
}

/* VMPL 1 may use the pages, but for those that hold VMSAs. */
static void pages_give(uint64_t from, uint64_t to)
{
    for (uint64_t gpa = from & ~UINT64_C(0xfff); gpa < to; gpa += PAGE)
        if (gpa < (uint64_t)vmsa || gpa >= (uint64_t)vmsa + sizeof(vmsa))
            must(insn_rmpadjust(gpa, 0, 1 | 0xf00) == 0, 75);
}

static void check_vmpls(void)
{
    const uint64_t tables = (uint64_t)layout_launch_page_tables;
    must(msr_call(UINT64_C(2) << 32 | 0x016) == (UINT64_C(1) << 32 | 0x017), 73); /* no VMSA */
    ghcb_begin(ghcb_of(0), NAE_RUN_VMPL, 2, 0);
    must(ghcb_call(ghcb_of(0)) == 2, 74);
    ap_create(0, 1, 0, (uint64_t)vmpl1_main, stack_vmpl1, 1);
    pages_give((uint64_t)layout_memory_start, (uint64_t)image_end);
    pages_give(tables, tables + TABLES_PAGES * PAGE);
    ask(ASK_INTERRUPT_VMPL1);
    pauses(100);
    must(taken(0, 0x60) == 0, 76);
    run_vmpl1();
    must(vmpl1_steps == 1, 77);
    must(taken(0, 0x61) == 1, 78);
    run_vmpl1();
    must(vmpl1_steps == 2, 79);
}

/* The delivery of an event meets a nested fault: it is not lost, and comes once. */
static void check_interrupted_delivery(void)
{
    const uint32_t before = logged[0];
    ask(ASK_INTERRUPT_FAULTING);
    pauses(100);
    must(logged[0] == before + 1 && taken(0, 0x62) == 1, 80);
}

void image_main(const struct params *params)
{
    const uint32_t cpus = params->vcpu_count;
    must(cpus >= 1 && cpus <= CPUS_MAX, 1);
    restricted = insn_rdmsr((uint32_t)MSR_SEV_STATUS) >> 5 & 1;
    const uint64_t features = restricted ? 9 : 1;
    shared_map();
    for (uint32_t index = 0; index < cpus; index++)
        must(page_share((uint64_t)ghcb_of(index)) && page_share((uint64_t)doorbell_of(index)), 2);
    idt_make();
    processor_begin(0);
    for (uint32_t index = 1; index < cpus; index++)
        ap_create(index, 0, params->apic_id[index], (uint64_t)ap_main, stack[index], features);
    while (ready < cpus - 1)
        insn_pause();
    if (cpus > 1) {
        check_states(cpus, params);
        check_nmi(cpus);
    }
    check_self(cpus);
    check_priority();
    check_halt_with_event();
    check_interrupted_delivery();
    check_vmpls();
    terminate(0);
}

BARE_ENTRY;

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupts and NMIs on their way to one VMPL of a processor. They wait in the books until they
 * can be posted: under restricted injection on the doorbell page (56421 section 5), otherwise in
 * the VMCB (APM 2 15.20, 15.21). A VMPL that is more privileged than the one at work takes over
 * the processor; what is for a less privileged one waits until that one runs.
 *
 * A VMPL that has enabled its APIC has that one's priorities, and its vectors are in service until
 * EOI. Without it, and on the doorbell page, a vector counts as served when the guest has taken it.
 */
#include "emu/honest_internal.h"

/*
 * The doorbell page:  15             14:10  9    8    7:0
 *                    |NoFurtherSignal|  0  |#MC|NMI|vector|  then NoEoiRequired in bit 0 of byte 2
 */
enum doorbell_pending {
    DOORBELL_VECTOR = 0xff,
    DOORBELL_NMI = 1 << 8,
    DOORBELL_MC = 1 << 9,
    DOORBELL_NO_FURTHER_SIGNAL = 1 << 15,
};
struct doorbell {
    uint16_t pending;
    uint8_t no_eoi_required;
    uint8_t vmpl_events;
};
_Static_assert(sizeof(struct doorbell) == 4, "the part of the doorbell page that is written");

/* #HV: the one event that restricted injection lets through (APM 2 15.36.16). */
#define EVENT_HV  (EVENTINJ_VALID | (uint64_t)EVENTINJ_EXCEPTION << 8 | 28)
#define EVENT_NMI (EVENTINJ_VALID | (uint64_t)EVENTINJ_NMI << 8 | 2)

enum post {
    POST_NOTHING,
    POST_QUIET,  /* on the doorbell page, whose owner wants no further signal */
    POST_SIGNAL, /* the next VMRUN makes the guest notice */
};

static bool restricted(const struct machine *machine, uint32_t cpu, uint8_t vmpl)
{
    return machine->honest.cpu[cpu].sev_features[vmpl] & SEV_FEATURE_RESTRICTED_INJECTION;
}

/* Vectors of the VMPL go through its APIC. */
static bool apic_used(const struct machine *machine, uint32_t cpu, uint8_t vmpl)
{
    return lapic_enabled(&machine->honest.cpu[cpu].lapic[vmpl]) && !restricted(machine, cpu, vmpl);
}

/* The highest vector that waits; 0 if none. */
static uint8_t vector_highest(const struct honest_events *events)
{
    for (int word = HONEST_VECTOR_WORDS - 1; word >= 0; word--)
        if (events->vectors[word] != 0)
            return (uint8_t)(word * 64 + 63 - __builtin_clzll(events->vectors[word]));
    return 0;
}

static void vector_set(struct honest_events *events, uint8_t vector)
{
    events->vectors[vector / 64] |= UINT64_C(1) << vector % 64;
}

static void vector_clear(struct honest_events *events, uint8_t vector)
{
    events->vectors[vector / 64] &= ~(UINT64_C(1) << vector % 64);
}

/* The higher of the posted vector and those that wait; the other one waits. */
static uint8_t vector_exchange(struct honest_events *events, uint8_t posted)
{
    uint8_t vector = vector_highest(events);
    if (vector <= posted)
        return posted;
    vector_clear(events, vector);
    if (posted != 0)
        vector_set(events, posted);
    return vector;
}

/*
 * While more waits than the page can show, the guest shall say when it is done: NoEoiRequired is 0,
 * and its EOI brings the next vector.
 */
static enum post doorbell_post(struct machine *machine, uint32_t cpu, uint8_t vmpl)
{
    struct honest_events *events = &machine->honest.cpu[cpu].events[vmpl];
    uint64_t spa = honest_doorbell_spa(machine, cpu, vmpl);
    struct doorbell page;
    if (spa == UINT64_MAX || hv_read(machine, spa, &page, sizeof(page)) != HV_OK)
        return POST_NOTHING;
    uint16_t before = page.pending;
    uint8_t vector = vector_exchange(events, before & DOORBELL_VECTOR);
    page.pending =
        (uint16_t)((before & ~DOORBELL_VECTOR) | vector | (events->nmi ? DOORBELL_NMI : 0));
    page.no_eoi_required &= 0xfe;
    page.no_eoi_required |= vector_highest(events) == 0;
    events->nmi = false;
    bool news = page.pending != before;
    bool signal = news && !(before & DOORBELL_NO_FURTHER_SIGNAL);
    if (signal)
        page.pending |= DOORBELL_NO_FURTHER_SIGNAL;
    hv_write(machine, spa, &page, sizeof(page));
    if (!news)
        return POST_NOTHING;
    events->halt_seen = 0;
    if (!signal)
        return POST_QUIET;
    struct vmcb *vmcb = hv_vmcb(machine, honest_vmsa(machine, cpu, vmpl));
    if (!(vmcb->eventinj & EVENTINJ_VALID))
        vmcb->eventinj = EVENT_HV;
    return POST_SIGNAL;
}

void honest_events_sync(struct machine *machine, uint32_t cpu, uint8_t vmpl)
{
    struct honest_cpu *books = &machine->honest.cpu[cpu];
    struct honest_events *events = &books->events[vmpl];
    if (events->posted == 0 || hv_vmcb(machine, books->vmsa[vmpl])->v_irq)
        return;
    lapic_take(&books->lapic[vmpl], events->posted);
    events->posted = 0;
}

/* What is posted stays requested until the guest has taken it, and may be replaced or withdrawn. */
static bool apic_post(struct machine *machine, uint32_t cpu, uint8_t vmpl, struct vmcb *vmcb)
{
    struct honest_events *events = &machine->honest.cpu[cpu].events[vmpl];
    honest_events_sync(machine, cpu, vmpl);
    uint8_t vector = lapic_pending(&machine->honest.cpu[cpu].lapic[vmpl]);
    if (vector == events->posted)
        return false;
    events->posted = vector;
    vmcb->v_irq = vector != 0;
    vmcb->v_irq_vector = vector;
    return vector != 0;
}

/* One NMI at a time: the next when the guest has said that the last is complete. */
static bool nmi_due(const struct honest_events *events)
{
    return events->nmi && !events->nmi_masked;
}

static enum post vmcb_post(struct machine *machine, uint32_t cpu, uint8_t vmpl)
{
    struct honest_events *events = &machine->honest.cpu[cpu].events[vmpl];
    struct vmcb *vmcb = hv_vmcb(machine, honest_vmsa(machine, cpu, vmpl));
    enum post result = POST_NOTHING;
    if (nmi_due(events) && !(vmcb->eventinj & EVENTINJ_VALID)) {
        vmcb->eventinj = EVENT_NMI;
        events->nmi = false;
        events->nmi_masked = true;
        result = POST_SIGNAL;
    }
    if (apic_used(machine, cpu, vmpl))
        return apic_post(machine, cpu, vmpl, vmcb) ? POST_SIGNAL : result;
    uint8_t posted = vmcb->v_irq ? vmcb->v_irq_vector : 0;
    uint8_t vector = vector_exchange(events, posted);
    if (vector == posted)
        return result;
    vmcb->v_irq = 1;
    vmcb->v_irq_vector = vector;
    return POST_SIGNAL;
}

/* Whether something waits for the VMPL, and its VMSA can be given events by a hypervisor. */
static bool waits(struct machine *machine, uint32_t cpu, uint8_t vmpl)
{
    const struct honest_cpu *books = &machine->honest.cpu[cpu];
    const struct honest_events *events = &books->events[vmpl];
    uint8_t vector = apic_used(machine, cpu, vmpl) ? lapic_pending(&books->lapic[vmpl])
                                                   : vector_highest(events);
    bool something = vector != 0 || events->nmi || events->posted != 0;
    return something && books->vmsa[vmpl] != 0 &&
           hv_vmcb(machine, books->vmsa[vmpl]) != NULL &&
           !(books->sev_features[vmpl] & SEV_FEATURE_ALTERNATE_INJECTION);
}

static enum post post(struct machine *machine, uint32_t cpu, uint8_t vmpl)
{
    return restricted(machine, cpu, vmpl) ? doorbell_post(machine, cpu, vmpl)
                                          : vmcb_post(machine, cpu, vmpl);
}

static void kick(struct machine *machine, uint32_t cpu)
{
    if (machine->processor[cpu].state == PROCESSOR_GUEST)
        hv_kick(machine, cpu);
}

/* The VMPL takes what is posted, as far as the VMCB says (APM 2 table B-1, GUEST_INTERRUPT_MASK).
 */
static bool takes(struct machine *machine, uint32_t cpu, uint8_t vmpl)
{
    const struct vmcb *vmcb = hv_vmcb(machine, machine->honest.cpu[cpu].vmsa[vmpl]);
    return !apic_used(machine, cpu, vmpl) || vmcb == NULL || vmcb->guest_interrupts ||
           vmcb->eventinj & EVENTINJ_VALID;
}

bool honest_event_wakes(struct machine *machine, uint32_t cpu, uint8_t vmpl)
{
    return machine->honest.cpu[cpu].runnable || takes(machine, cpu, vmpl);
}

/* The VMPL has news and is not less privileged than the one at work: it is what runs next. */
static void rouse(struct machine *machine, uint32_t cpu, uint8_t vmpl)
{
    struct honest_cpu *target = &machine->honest.cpu[cpu];
    target->vmpl = vmpl;
    target->runnable = true;
    target->roused = machine->processor[cpu].exit_pending &&
                     (target->roused || takes(machine, cpu, vmpl));
    target->hold[vmpl] = HONEST_HOLD_NONE;
    processor_wake(machine, cpu);
}

/* An event has been noted. The VMCB of a processor in the guest is not touched: it leaves first. */
static void deliver(struct machine *machine, uint32_t cpu, uint8_t vmpl)
{
    bool reaches = vmpl <= machine->honest.cpu[cpu].vmpl;
    if (!waits(machine, cpu, vmpl))
        return;
    if (reaches && !restricted(machine, cpu, vmpl))
        kick(machine, cpu);
    enum post result = post(machine, cpu, vmpl);
    if (result == POST_NOTHING || !reaches || !honest_event_wakes(machine, cpu, vmpl))
        return;
    if (result == POST_SIGNAL || vmpl < machine->honest.cpu[cpu].vmpl)
        kick(machine, cpu);
    rouse(machine, cpu, vmpl);
}

/* The vector may be the one that has just been taken: first is seen what has, then it is requested
 * anew. */
static void apic_accept(struct machine *machine, uint32_t cpu, uint8_t vmpl, uint8_t vector,
                        bool level)
{
    if (vmpl <= machine->honest.cpu[cpu].vmpl)
        kick(machine, cpu);
    honest_events_sync(machine, cpu, vmpl);
    lapic_accept(&machine->honest.cpu[cpu].lapic[vmpl], vector, level);
}

void honest_interrupt_accept(struct machine *machine, uint32_t cpu, uint8_t vmpl, uint8_t vector,
                             bool level)
{
    if (apic_used(machine, cpu, vmpl))
        apic_accept(machine, cpu, vmpl, vector, level);
    else if (vector >= LAPIC_VECTOR_LEGAL_MIN)
        vector_set(&machine->honest.cpu[cpu].events[vmpl], vector);
    deliver(machine, cpu, vmpl);
}

void honest_interrupt(struct machine *machine, uint32_t cpu, uint8_t vmpl, uint8_t vector)
{
    honest_interrupt_accept(machine, cpu, vmpl, vector, false);
}

void honest_nmi(struct machine *machine, uint32_t cpu, uint8_t vmpl)
{
    machine->honest.cpu[cpu].events[vmpl].nmi = true;
    deliver(machine, cpu, vmpl);
}

void honest_events_post(struct machine *machine, uint32_t cpu)
{
    honest_timers(machine, cpu);
    for (uint8_t vmpl = 0; vmpl < VMPL_COUNT; vmpl++) {
        if (!waits(machine, cpu, vmpl))
            continue;
        enum post result = post(machine, cpu, vmpl);
        if (result != POST_NOTHING && vmpl <= machine->honest.cpu[cpu].vmpl &&
            honest_event_wakes(machine, cpu, vmpl))
            rouse(machine, cpu, vmpl);
    }
}

bool honest_events_due(const struct machine *machine, uint32_t cpu)
{
    uint8_t vmpl = machine->honest.cpu[cpu].vmpl;
    return nmi_due(&machine->honest.cpu[cpu].events[vmpl]) && !restricted(machine, cpu, vmpl);
}

/*
 * An event that came between the guest's last look at the doorbell and its HLT, while it wanted no
 * signal: HLT ends at once. A guest that halts again with the same event in front of it means it.
 */
static bool doorbell_waits(struct machine *machine, uint32_t cpu, uint8_t vmpl)
{
    struct honest_events *events = &machine->honest.cpu[cpu].events[vmpl];
    uint64_t spa = honest_doorbell_spa(machine, cpu, vmpl);
    struct doorbell page = {0};
    if (spa == UINT64_MAX || hv_read(machine, spa, &page, sizeof(page)) != HV_OK)
        return false;
    uint16_t pending = page.pending & (DOORBELL_VECTOR | DOORBELL_NMI | DOORBELL_MC);
    bool news = pending != 0 && pending != events->halt_seen;
    events->halt_seen = pending;
    return news;
}

void honest_halt(struct machine *machine, const struct hv_exit *exit, enum honest_hold hold)
{
    struct honest_cpu *books = &machine->honest.cpu[exit->cpu];
    bool stays = books->roused || hv_vmcb(machine, exit->vmsa_spa)->eventinj & EVENTINJ_VALID ||
                 (restricted(machine, exit->cpu, exit->vmpl) &&
                  doorbell_waits(machine, exit->cpu, exit->vmpl));
    if (stays)
        return;
    books->runnable = false;
    books->hold[exit->vmpl] = hold;
}

/*
 * APM 2 15.7.2: the exit came while an event was being delivered, and the hypervisor injects it
 * again. What comes back by itself, because the registers are those before the instruction, is left
 * alone: #VC, software interrupts, and under restricted injection all but #HV.
 */
void honest_reinject(struct machine *machine, const struct hv_exit *exit)
{
    enum { VECTOR_BP = 3, VECTOR_OF = 4, VECTOR_VC = 29 };
    struct vmcb *vmcb = hv_vmcb(machine, exit->vmsa_spa);
    if (vmcb == NULL)
        return;
    uint64_t info = vmcb->exitintinfo;
    unsigned vector = info & 0xff, type = info >> 8 & 7;
    vmcb->exitintinfo = 0;
    if (!(info & EVENTINJ_VALID) || vmcb->eventinj & EVENTINJ_VALID || type == EVENTINJ_SOFT)
        return;
    if (type == EVENTINJ_EXCEPTION &&
        (vector == VECTOR_BP || vector == VECTOR_OF || vector == VECTOR_VC))
        return;
    uint64_t features = machine->honest.cpu[exit->cpu].sev_features[exit->vmpl];
    if (features & SEV_FEATURE_ALTERNATE_INJECTION ||
        (features & SEV_FEATURE_RESTRICTED_INJECTION && info != EVENT_HV))
        return;
    vmcb->eventinj = info;
}

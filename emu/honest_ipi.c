/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inter-processor interrupts: NAE 0x80000015 and the x2APIC's registers, which write the same
 * command (APM 2 16.5, 16.11), and the IOAPIC's messages. An interrupt goes to its sender's VMPL
 * on the other processor.
 */
#include "emu/honest_internal.h"

/*
 * ICR:  63:32     19:18      15     11      10:8  7:0
 *      |APIC id| shorthand |level|logical|mode |vector|
 */
enum icr_mode { ICR_FIXED = 0, ICR_LOWEST = 1, ICR_NMI = 4, ICR_INIT = 5, ICR_STARTUP = 6 };
enum icr_shorthand { ICR_NONE, ICR_SELF, ICR_ALL, ICR_OTHERS };
enum { ICR_LOGICAL = 1 << 11, VECTOR_LEGAL_MIN = 16 };
#define ICR_BROADCAST UINT64_C(0xffffffff)

/* The processors that the command names, as a mask; an APIC id is the processor's number. */
static uint64_t icr_targets(const struct machine *machine, uint32_t cpu, uint64_t icr)
{
    uint64_t all = (UINT64_C(1) << machine->cpus) - 1, self = UINT64_C(1) << cpu;
    uint64_t id = icr >> 32;
    switch ((enum icr_shorthand)(icr >> 18 & 3)) {
    case ICR_SELF: return self;
    case ICR_ALL: return all;
    case ICR_OTHERS: return all & ~self;
    case ICR_NONE: break;
    }
    if (id == ICR_BROADCAST)
        return all;
    if (icr & ICR_LOGICAL) /* cluster in 31:16, its members in 15:0 */
        return id >> 16 == 0 ? all & id : 0;
    return id < machine->cpus ? UINT64_C(1) << id : 0;
}

/* 56421 section 4.1.4: the hold is over, and its answer says that a startup came. */
static void startup(struct machine *machine, uint32_t cpu)
{
    struct honest_cpu *target = &machine->honest.cpu[cpu];
    uint8_t vmpl = target->vmpl;
    if (target->hold[vmpl] == HONEST_HOLD_NONE || honest_vmsa(machine, cpu, vmpl) == 0)
        return;
    if (target->hold[vmpl] == HONEST_HOLD_MSR) {
        hv_vmcb(machine, honest_vmsa(machine, cpu, vmpl))->ghcb_msr = GHCB_MSR_AP_RELEASED;
    } else {
        const uint64_t released = 1;
        uint64_t spa = honest_shared_spa(machine, target->ghcb_gpa[vmpl]);
        if (spa != UINT64_MAX)
            hv_write(machine, spa + offsetof(struct ghcb, sw_exitinfo2), &released,
                     sizeof(released));
    }
    target->hold[vmpl] = HONEST_HOLD_NONE;
    target->runnable = true;
    processor_wake(machine, cpu);
}

bool honest_ipi(struct machine *machine, uint32_t cpu, uint8_t vmpl, uint64_t icr)
{
    enum icr_mode mode = (enum icr_mode)(icr >> 8 & 7);
    uint8_t vector = icr & 0xff;
    bool interrupt = mode == ICR_FIXED || mode == ICR_LOWEST;
    if (interrupt ? vector < VECTOR_LEGAL_MIN
                  : mode != ICR_NMI && mode != ICR_INIT && mode != ICR_STARTUP)
        return false;
    uint64_t targets = icr_targets(machine, cpu, icr);
    if (mode == ICR_LOWEST)
        targets &= ~targets + 1; /* one of them: the first */
    for (uint32_t target = 0; target < machine->cpus; target++) {
        if (!(targets >> target & 1))
            continue;
        if (interrupt)
            honest_interrupt(machine, target, vmpl, vector);
        else if (mode == ICR_NMI)
            honest_nmi(machine, target, vmpl);
        else if (mode == ICR_STARTUP)
            startup(machine, target);
        /* INIT does nothing: an SNP processor starts on a VMSA that the guest makes. */
    }
    return true;
}

void honest_message(struct machine *machine, const struct ioapic_message *message)
{
    uint8_t vmpl = machine->honest.ioapic_vmpl;
    enum { BROADCAST = 0xff };
    bool all = message->destination == BROADCAST;
    uint64_t icr = (uint64_t)(message->logical ? ICR_LOGICAL : 0) |
                   (all ? ICR_BROADCAST : message->destination) << 32;
    uint64_t targets = icr_targets(machine, 0, icr);
    bool fixed = message->mode == ICR_FIXED || message->mode == ICR_LOWEST;
    if (message->vector == 0 || (!fixed && message->mode != ICR_NMI))
        return;
    if (message->mode == ICR_LOWEST)
        targets &= ~targets + 1;
    for (uint32_t target = 0; target < machine->cpus; target++) {
        if (!(targets >> target & 1))
            continue;
        if (fixed)
            honest_interrupt_accept(machine, target, vmpl, message->vector, message->level);
        else
            honest_nmi(machine, target, vmpl);
    }
}

void honest_pins_send(struct machine *machine, uint32_t pins)
{
    for (unsigned pin = 0; pin < IOAPIC_PINS; pin++) {
        if (!(pins >> pin & 1))
            continue;
        struct ioapic_message message = ioapic_level_send(&machine->honest.ioapic, pin);
        honest_message(machine, &message);
    }
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The x2APIC's registers, which a guest reaches by the MSR event, and its timer. */
#include "emu/honest_internal.h"

enum { X2APIC_SELF = 1 << 18 }; /* the ICR's shorthand */

static struct lapic *lapic_of(struct machine *machine, const struct hv_exit *exit)
{
    /* What the guest has taken counts before it asks. */
    honest_timers(machine, exit->cpu);
    honest_events_sync(machine, exit->cpu, exit->vmpl);
    return &machine->honest.cpu[exit->cpu].lapic[exit->vmpl];
}

bool honest_x2apic_read(struct machine *machine, const struct hv_exit *exit, uint64_t index,
                        uint64_t *value)
{
    return index <= UINT32_MAX && lapic_read(lapic_of(machine, exit), exit->cpu,
                                             hv_time(machine, exit->cpu), (uint32_t)index, value);
}

/* What waits is posted at the end of every exit. */
static void end_of_interrupt(struct machine *machine, struct lapic *lapic)
{
    bool level;
    uint8_t vector = lapic_eoi(lapic, &level);
    if (level)
        honest_pins_send(machine, ioapic_eoi(&machine->honest.ioapic, vector));
}

bool honest_x2apic_write(struct machine *machine, const struct hv_exit *exit, uint64_t index,
                         uint64_t value)
{
    struct lapic *lapic = lapic_of(machine, exit);
    switch (index) {
    case LAPIC_EOI:
        if (value == 0)
            end_of_interrupt(machine, lapic);
        return value == 0;
    case LAPIC_ICR:
        if (!honest_ipi(machine, exit->cpu, exit->vmpl, value))
            return false;
        lapic->icr = value;
        return true;
    case LAPIC_SELF_IPI:
        return value <= 0xff && honest_ipi(machine, exit->cpu, exit->vmpl, X2APIC_SELF | value);
    default:
        return index <= UINT32_MAX &&
               lapic_write(lapic, hv_time(machine, exit->cpu), (uint32_t)index, value);
    }
}

/* The timer of a less privileged VMPL than the one at work waits until that one runs. */
uint64_t honest_deadline(struct machine *machine, uint32_t cpu)
{
    const struct honest_cpu *books = &machine->honest.cpu[cpu];
    uint64_t earliest = UINT64_MAX;
    for (uint8_t vmpl = 0; vmpl <= books->vmpl; vmpl++)
        if (books->vmsa[vmpl] != 0 && honest_event_wakes(machine, cpu, vmpl))
            earliest = MIN(earliest, lapic_deadline(&books->lapic[vmpl]));
    return earliest;
}

void honest_timers(struct machine *machine, uint32_t cpu)
{
    for (uint8_t vmpl = 0; vmpl < VMPL_COUNT; vmpl++) {
        struct lapic *lapic = &machine->honest.cpu[cpu].lapic[vmpl];
        uint8_t vector;
        if (lapic_advance(lapic, hv_time(machine, cpu), &vector))
            honest_interrupt(machine, cpu, vmpl, vector);
    }
}

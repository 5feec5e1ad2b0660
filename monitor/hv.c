/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/hv.h"

#include "monitor/ghcb.h"
#include "monitor/idt.h"
#include "monitor/monitor.h"
#include "monitor/terminate.h"

enum {
    DOORBELL_SET = 1,     /* 56421 section 4.1.10: action in SW_EXITINFO1 */
    EVENTS_AT_ONCE = 256, /* a page that never empties: the caller looks again */
    ICR_VECTOR = 0xf0,    /* any one: being here is all that the signal is for */
    ICR_ASSERT = 1 << 14,
    ICR_DESTINATION_SHIFT = 32,
    MSR_X2APIC_EOI = 0x80b,
    MSR_WRITE = 1, /* SW_EXITINFO1 of the MSR event */
};

bool hv_halt_unless(const struct cpu *cpu, const volatile uint16_t *pending);

static const uint16_t never_pending;

const volatile uint16_t *hv_pending_word(const struct cpu *cpu)
{
    return cpu->doorbell != NULL ? &cpu->doorbell->pending : &never_pending;
}

void hv_doorbell_make(struct monitor *monitor, struct cpu *cpu)
{
    if ((monitor->sev_features & SEV_FEATURE_RESTRICTED_INJECTION) != 0) {
        cpu->doorbell = heap_shared_page(monitor);
    }
}

void hv_start(struct cpu *cpu)
{
    if (cpu->doorbell == NULL) {
        return;
    }
    uint64_t gpa = (uint64_t)cpu->doorbell;
    struct ghcb_reply reply;
    enum ghcb_status status =
        ghcb_call(cpu, GHCB_EXIT_HV_DOORBELL, DOORBELL_SET, gpa, NULL, 0, &reply);
    if (status != GHCB_OK || !ghcb_reply_has(&reply, GHCB_EXIT_INFO_2) ||
        reply.exit_info_2 != gpa) {
        terminate_because(TERMINATE_DOORBELL, "#HV doorbell page refused", reply.exit_info_2);
    }
}

/* The vector is served by having been taken. Unless the hypervisor says that it needs no EOI, it
 * waits for one before it shows the next; its answer changes nothing. */
static void end_of_interrupt(struct cpu *cpu)
{
    const struct ghcb_input inputs[] = {{GHCB_RCX, MSR_X2APIC_EOI}, {GHCB_RAX, 0}, {GHCB_RDX, 0}};
    struct ghcb_reply reply;
    if ((__atomic_exchange_n(&cpu->doorbell->no_eoi_required, 0, __ATOMIC_SEQ_CST) & 1) == 0) {
        ghcb_call(cpu, GHCB_EXIT_MSR, MSR_WRITE, 0, inputs, sizeof inputs / sizeof inputs[0],
                  &reply);
    }
}

void hv_events_take(struct cpu *cpu)
{
    cpu->hv_signal = false; /* first: a signal from here on finds the flag clear and sets it */
    if (cpu->doorbell == NULL) {
        return;
    }
    for (unsigned i = 0; i < EVENTS_AT_ONCE; i++) {
        /* NoFurtherSignal goes with the rest, so the next event is signalled again. */
        uint16_t pending = __atomic_exchange_n(&cpu->doorbell->pending, 0, __ATOMIC_SEQ_CST);
        if ((pending & HV_PENDING_MC) != 0) {
            terminate_because(TERMINATE_FAULT + VECTOR_MC, "machine check, doorbell", pending);
        }
        if ((pending & HV_PENDING_NMI) != 0) {
            terminate_because(TERMINATE_FAULT + VECTOR_NMI, "NMI, doorbell", pending);
        }
        if ((pending & HV_PENDING_VECTOR) == 0) {
            return;
        }
        end_of_interrupt(cpu);
    }
}

void hv_halt(struct cpu *cpu)
{
    hv_events_take(cpu);
    hv_halt_unless(cpu, hv_pending_word(cpu));
}

/* 56421 section 4.1.11: SW_EXITINFO1 is the ICR's value. */
void hv_nudge(struct cpu *cpu, const struct cpu *target)
{
    struct ghcb_reply reply;
    if (cpu->doorbell != NULL) {
        ghcb_call(cpu, GHCB_EXIT_HV_IPI,
                  (uint64_t)target->apic_id << ICR_DESTINATION_SHIFT | ICR_ASSERT | ICR_VECTOR, 0,
                  NULL, 0, &reply);
    }
}

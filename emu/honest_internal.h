/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pieces of the honest hypervisor, one file each: the MSR protocol, the events of the GHCB
 * page, page-state change, VMSAs (AP creation, RUN_VMPL), nested page faults, APICs, devices.
 */
#ifndef PROVA_EMU_HONEST_INTERNAL_H
#define PROVA_EMU_HONEST_INTERNAL_H

#include "emu/ghcb.h"
#include "emu/machine_internal.h"

/* GHCB protocol versions that are spoken, and the features of MSR 0x080 / NAE 0x8000fffd. */
enum { GHCB_VERSION_MIN = 1, GHCB_VERSION_MAX = 2 };
enum ghcb_hv_feature {
    HV_FEATURE_SNP = 1 << 0,
    HV_FEATURE_AP_CREATION = 1 << 1,
    HV_FEATURE_RESTRICTED_INJECTION = 1 << 2,
    HV_FEATURE_APIC_ID_LIST = 1 << 4,
    HV_FEATURE_MULTI_VMPL = 1 << 5,
};
enum {
    HV_FEATURES = HV_FEATURE_SNP | HV_FEATURE_AP_CREATION | HV_FEATURE_RESTRICTED_INJECTION |
                  HV_FEATURE_APIC_ID_LIST | HV_FEATURE_MULTI_VMPL,
};
#define GHCB_MSR_AP_RELEASED UINT64_C(0x1007) /* answer to AP reset hold: a startup came */

/* emu/honest_msr.c: answers a request of the MSR protocol. */
void honest_msr(struct machine *machine, const struct hv_exit *exit);

/* emu/honest_page.c: answers an event of the GHCB page. */
void honest_page(struct machine *machine, const struct hv_exit *exit);

/* emu/honest_psc.c. Change one page; false if it is impossible (bad address, RMP refusal). */
bool honest_psc_one(struct machine *machine, uint64_t gpa, enum page_size size, uint8_t op);
/* The list in a GHCB's shared buffer, updated in place; returns SW_EXITINFO2. */
uint64_t honest_psc_list(struct machine *machine, struct ghcb *ghcb);

/* emu/honest_vmsa.c. Both return false if the request makes no sense. */
bool honest_ap_creation(struct machine *machine, const struct hv_exit *exit);
bool honest_run_vmpl(struct machine *machine, uint32_t cpu, uint8_t vmpl);

/* emu/honest_event.c. Posts what waits for any VMPL of a processor that is out; a VMPL that must
 * take over becomes the one that runs next. */
void honest_events_post(struct machine *machine, uint32_t cpu);
/* A fixed interrupt for the APIC of a VMPL: honest_interrupt(), edge or level. */
void honest_interrupt_accept(struct machine *machine, uint32_t cpu, uint8_t vmpl, uint8_t vector,
                             bool level);
/* What the guest has taken of what was posted since it was last looked at; it must have left. */
void honest_events_sync(struct machine *machine, uint32_t cpu, uint8_t vmpl);
/* Whether a posted event ends the processor's HLT or hold: one that halts with interrupts masked
 * sleeps on. */
bool honest_event_wakes(struct machine *machine, uint32_t cpu, uint8_t vmpl);
/* Whether something waits that could not be posted because another event goes first. */
bool honest_events_due(const struct machine *machine, uint32_t cpu);
/* HLT (no hold) or AP reset hold: the processor idles, unless an event is in front of it. */
void honest_halt(struct machine *machine, const struct hv_exit *exit, enum honest_hold hold);
/* The event whose delivery the exit interrupted is injected at the next VMRUN. */
void honest_reinject(struct machine *machine, const struct hv_exit *exit);

/* emu/honest_ipi.c. The command of an APIC's ICR, from a VMPL of a processor; false: it is none. */
bool honest_ipi(struct machine *machine, uint32_t cpu, uint8_t vmpl, uint64_t icr);
/* Delivers what a pin of the IOAPIC sends; vector 0 is nothing. */
void honest_message(struct machine *machine, const struct ioapic_message *message);
/* What those pins, a bit each, have to send. */
void honest_pins_send(struct machine *machine, uint32_t pins);

/* emu/honest_apic.c. Registers of the x2APIC; false: #GP. */
bool honest_x2apic_read(struct machine *machine, const struct hv_exit *exit, uint64_t index,
                        uint64_t *value);
bool honest_x2apic_write(struct machine *machine, const struct hv_exit *exit, uint64_t index,
                         uint64_t value);
/* The earliest time at which an APIC timer of the processor interrupts what it is doing;
 * UINT64_MAX: none does. */
uint64_t honest_deadline(struct machine *machine, uint32_t cpu);
/* The timers of a processor that is not in the guest, up to its time. */
void honest_timers(struct machine *machine, uint32_t cpu);

/* emu/honest_cpuid.c. CPUID as that processor has it: its APIC id is the hypervisor's word. */
void honest_cpuid(const struct machine *machine, uint32_t cpu, uint32_t leaf, uint32_t subleaf,
                  struct cpuid_entry *out);

/* emu/honest_device.c. One byte of a port; false: there is no such port. */
bool device_port_read(struct machine *machine, uint32_t cpu, uint16_t port, uint8_t *value);
bool device_port_write(struct machine *machine, uint32_t cpu, uint16_t port, uint8_t value);
/* Characters typed at the serial port by that actor, in that turn (struct event_text). Returns for
 * how many there was room. */
size_t device_type(struct machine *machine, enum actor actor, uint32_t turn, const char *bytes,
                   size_t len);
/* Guest addresses that are no memory, which an access of 1 to 8 bytes names. */
bool device_mmio_has(const struct machine *machine, uint64_t gpa, uint64_t bytes);
uint64_t device_mmio_read(struct machine *machine, uint64_t gpa);
void device_mmio_write(struct machine *machine, uint8_t vmpl, uint64_t gpa, uint32_t value);

/* emu/honest_npf.c */
void honest_npf(struct machine *machine, const struct hv_exit *exit);

/* Whether [gpa, gpa + bytes) is guest RAM in the books. */
bool honest_is_ram(const struct machine *machine, uint64_t gpa, uint64_t bytes);

/* The system page behind a GPA that the guest names; UINT64_MAX if it is no shared page. */
uint64_t honest_shared_spa(struct machine *machine, uint64_t gpa);

/* A processor that idles is out again, at the time of the one that acts: its program's step is
 * due. */
void processor_wake(struct machine *machine, uint32_t cpu);

void honest_answer_event(struct machine *machine, const struct hv_exit *exit, uint64_t answer1,
                         uint64_t answer2);

#endif

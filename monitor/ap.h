/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The other processors. All they need is made during start-up: area, stacks, GHCB, doorbell page,
 * a VMPL 0 VMSA that begins in C with everything loaded, and a page for a guest VMSA. Such a
 * processor runs from the moment on in which the guest has a vCPU for it: then it registers its
 * pages and goes into its request loop.
 */
#ifndef MONITOR_AP_H
#define MONITOR_AP_H

#include <stdint.h>

struct cpu;
struct monitor;

/* Start-up, on the first processor, which has its GHCB. */
void ap_make_all(struct monitor *monitor, struct cpu *first);

/* The processor with that APIC ID; NULL if the launch parameters name none. */
struct cpu *ap_find(struct monitor *monitor, uint64_t apic_id);

/* Starts VMPL 0 on a processor, once. */
void ap_start(struct cpu *cpu, struct cpu *target);

/* Tells the hypervisor which VMSA is the guest's on the target processor. If that one waits, the
 * hypervisor lets it run. */
void ap_announce_vcpu(struct cpu *cpu, struct cpu *target);

/* The same with the lock of its vCPU held, and a vCPU there. */
void ap_announce_attached(struct cpu *cpu, const struct cpu *target);

/* Tells the hypervisor that the target processor has no VMSA of the guest's any more. The lock of
 * its vCPU is held. */
void ap_withdraw_vcpu(struct cpu *cpu, const struct cpu *target);

/* After a vCPU was attached to a processor that runs or waits since earlier: makes it run. */
void ap_wake(struct cpu *cpu, struct cpu *target);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's vCPUs, one at most on each processor. Whoever changes a vCPU holds its lock; no
 * processor holds two of them.
 *
 * A store to a VMSA page that runs does not complete before the VMSA has left the guest: the page
 * is in use (APM 2 15.36.12), and the store exits with a nested page fault until then. So a VMSA
 * whose EFER.SVME was cleared by a store is at rest and stays so, and one whose PCPU_ID was cleared
 * by a store drops its translations before it runs again (APM 2 15.36.15). Whether the hypervisor
 * hurries does not matter for that. Such a store needs a translation of its own (vcpu.c).
 */
#ifndef MONITOR_VCPU_H
#define MONITOR_VCPU_H

#include <stdbool.h>
#include <stdint.h>

struct cpu;
struct monitor;
struct vmsa;

/* On its own processor: takes the vCPU out of the hypervisor's reach; the VMSA, mapped until
 * vcpu_release(). NULL if there is none. */
struct vmsa *vcpu_seize(struct cpu *cpu);

/* The vCPU may run again; translations that were made before the last flush are dropped first.
 * Returns the number of changes for vcpu_is_same(). */
uint64_t vcpu_release(struct cpu *cpu, struct vmsa *vmsa);

/* False: the processor's vCPU has been deleted or replaced since. */
bool vcpu_is_same(struct cpu *cpu, uint64_t changes);

/* True if the target's vCPU has run at all, or does not wait for that: it serves, or is gone. */
bool vcpu_has_run(struct cpu *cpu, struct cpu *target);

enum vcpu_result {
    VCPU_OK,
    VCPU_BUSY,  /* serves a call, or somebody else is at it */
    VCPU_TAKEN, /* has a vCPU already */
};

/* Of a processor without a vCPU: nobody else attaches one until it is attached or unclaimed. */
enum vcpu_result vcpu_claim(struct cpu *target);
void vcpu_unclaim(struct cpu *target);

/*
 * The VMSA at vmsa_gpa, a VMSA page that is complete but for EFER.SVME, which is set here, is the
 * vCPU of the claimed processor. True: the processor itself has never been started (ap.h).
 */
bool vcpu_attach_claimed(struct cpu *cpu, struct cpu *target, uint64_t vmsa_gpa, uint64_t area_gpa);

struct vcpu_change {
    uint64_t old_area; /* calling area that is nobody's any more; 0 = none */
    bool first;        /* the processor itself has never been started */
};

/* The target has a vCPU that does not serve a call, and this is its calling area. It may serve one,
 * and take another area, as soon as the answer is there: vcpu_replace() asks again. */
enum vcpu_result vcpu_has_area(struct cpu *target, uint64_t area_gpa);

/*
 * The same for a processor that may have a vCPU: its VMSA stays a VMSA page but cannot run. With
 * keep_area, area_gpa has to be that vCPU's calling area, which becomes the new one's.
 */
enum vcpu_result vcpu_replace(struct cpu *cpu, struct cpu *target, uint64_t vmsa_gpa,
                              uint64_t area_gpa, bool keep_area, struct vcpu_change *change);

/*
 * Takes the VMSA at gpa from the processor whose vCPU it is, if any: it cannot run any more.
 * VCPU_BUSY: not done. *old_area gets the GPA of its calling area (else 0).
 */
enum vcpu_result vcpu_detach(struct cpu *cpu, uint64_t vmsa_gpa, uint64_t *old_area);

/*
 * No translation that a guest made before this call is used after it, on any processor: waits for
 * vCPUs that run. The caller's own vCPU, and all that serve a call, drop theirs before they run
 * again.
 */
void vcpu_translations_flush(struct cpu *cpu);

#endif

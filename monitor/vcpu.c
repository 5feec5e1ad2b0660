/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/vcpu.h"

#include "monitor/ap.h"
#include "monitor/defect.h"
#include "monitor/guest_vmsa.h"
#include "monitor/hv.h"
#include "monitor/monitor.h"

/*
 * Always by a window, the monitor's own pages too: whether a VMSA runs is looked at when a store is
 * translated, and nothing says that a translation from when it was at rest ends with VMRUN. The
 * window is mapped anew for each store, so the store is translated anew.
 */
static struct vmsa *vmsa_map(struct cpu *cpu, enum window_slot slot, uint64_t gpa)
{
    return window_map(&cpu->monitor->space, cpu->index, slot, gpa);
}

static void vmsa_unmap(struct cpu *cpu, enum window_slot slot)
{
    window_unmap(&cpu->monitor->space, cpu->index, slot);
}

struct vmsa *vcpu_seize(struct cpu *cpu)
{
    struct vcpu *vcpu = &cpu->vcpu;
    struct vmsa *vmsa = NULL;
    lock_acquire(&vcpu->lock);
    if (vcpu->state == VCPU_RUNNABLE) {
        vmsa = vmsa_map(cpu, WINDOW_VMSA, vcpu->vmsa_gpa);
        guest_vmsa_seize(vmsa);
        vcpu->state = VCPU_STOPPED;
    }
    lock_release(&vcpu->lock);
    return vmsa;
}

uint64_t vcpu_release(struct cpu *cpu, struct vmsa *vmsa)
{
    struct vcpu *vcpu = &cpu->vcpu;
    lock_acquire(&vcpu->lock);
    uint64_t changes = vcpu->changes;
    uint64_t flushes = __atomic_load_n(&cpu->monitor->flushes, __ATOMIC_SEQ_CST);
    if (vcpu->flushes != flushes) {
        guest_vmsa_flush(vmsa);
        vcpu->flushes = flushes;
    }
    guest_vmsa_release(vmsa);
    vmsa_unmap(cpu, WINDOW_VMSA);
    vcpu->state = VCPU_RUNNABLE;
    lock_release(&vcpu->lock);
    return changes;
}

bool vcpu_is_same(struct cpu *cpu, uint64_t changes)
{
    lock_acquire(&cpu->vcpu.lock);
    bool same = cpu->vcpu.changes == changes;
    lock_release(&cpu->vcpu.lock);
    return same;
}

/* The lock is held. The hypervisor is asked not to run the VMSA any more, so that a guest that
 * deletes a vCPU at work does not leave it with a VMRUN that fails; what counts is the store. */
static void vmsa_stop(struct cpu *cpu, struct cpu *target)
{
    struct vcpu *vcpu = &target->vcpu;
    ap_withdraw_vcpu(cpu, target);
    vcpu->changes++;
    if (monitor_defect == DEFECT_DELETE_RUNNING) {
        return;
    }
    guest_vmsa_seize(vmsa_map(cpu, WINDOW_OTHER_VMSA, vcpu->vmsa_gpa));
    vmsa_unmap(cpu, WINDOW_OTHER_VMSA);
}

enum vcpu_result vcpu_claim(struct cpu *target)
{
    struct vcpu *vcpu = &target->vcpu;
    enum vcpu_result result = VCPU_OK;
    lock_acquire(&vcpu->lock);
    switch (vcpu->state) {
    case VCPU_NONE: vcpu->state = VCPU_CLAIMED; break;
    case VCPU_CLAIMED: result = VCPU_BUSY; break;
    case VCPU_STOPPED:
    case VCPU_RUNNABLE: result = VCPU_TAKEN; break;
    }
    lock_release(&vcpu->lock);
    return result;
}

void vcpu_unclaim(struct cpu *target)
{
    lock_acquire(&target->vcpu.lock);
    target->vcpu.state = VCPU_NONE;
    lock_release(&target->vcpu.lock);
}

/* The lock is held. True: the hypervisor has to be told of the processor itself. */
static bool attach(struct cpu *cpu, struct cpu *target, uint64_t vmsa_gpa, uint64_t area_gpa)
{
    bool first = !target->started;
    /* Runnable not before it stands where a flush finds it: the lock makes one step of it. */
    guest_vmsa_release(vmsa_map(cpu, WINDOW_OTHER_VMSA, vmsa_gpa));
    vmsa_unmap(cpu, WINDOW_OTHER_VMSA);
    target->vcpu.vmsa_gpa = vmsa_gpa;
    target->vcpu.state = VCPU_RUNNABLE;
    target->vcpu.changes++;
    target->calling_area_gpa = area_gpa;
    target->started = true;
    if (!first) {
        /* It may see the vCPU as soon as the lock is free, and ask for it to be run. */
        ap_announce_attached(cpu, target);
    }
    return first;
}

bool vcpu_attach_claimed(struct cpu *cpu, struct cpu *target, uint64_t vmsa_gpa, uint64_t area_gpa)
{
    lock_acquire(&target->vcpu.lock);
    bool first = attach(cpu, target, vmsa_gpa, area_gpa);
    lock_release(&target->vcpu.lock);
    return first;
}

enum vcpu_result vcpu_has_area(struct cpu *target, uint64_t area_gpa)
{
    struct vcpu *vcpu = &target->vcpu;
    enum vcpu_result result = VCPU_TAKEN;
    lock_acquire(&vcpu->lock);
    if (vcpu->state == VCPU_STOPPED) {
        result = VCPU_BUSY;
    } else if (vcpu->state == VCPU_RUNNABLE && target->calling_area_gpa == area_gpa) {
        result = VCPU_OK;
    }
    lock_release(&vcpu->lock);
    return result;
}

enum vcpu_result vcpu_replace(struct cpu *cpu, struct cpu *target, uint64_t vmsa_gpa,
                              uint64_t area_gpa, bool keep_area, struct vcpu_change *change)
{
    struct vcpu *vcpu = &target->vcpu;
    *change = (struct vcpu_change){0};
    lock_acquire(&vcpu->lock);
    bool changed = keep_area && target->calling_area_gpa != area_gpa;
    if (vcpu->state == VCPU_STOPPED || vcpu->state == VCPU_CLAIMED || changed) {
        lock_release(&vcpu->lock);
        return VCPU_BUSY;
    }
    if (vcpu->state == VCPU_RUNNABLE) {
        vmsa_stop(cpu, target);
        change->old_area = keep_area ? 0 : target->calling_area_gpa;
    }
    change->first = attach(cpu, target, vmsa_gpa, area_gpa);
    lock_release(&vcpu->lock);
    return VCPU_OK;
}

/* Looks at one processor. VCPU_TAKEN: another vCPU is there, or none. */
static enum vcpu_result detach_from(struct cpu *cpu, struct cpu *target, uint64_t vmsa_gpa,
                                    uint64_t *old_area)
{
    struct vcpu *vcpu = &target->vcpu;
    enum vcpu_result result = VCPU_TAKEN;
    lock_acquire(&vcpu->lock);
    if (vcpu->state != VCPU_NONE && vcpu->vmsa_gpa == vmsa_gpa) {
        result = VCPU_BUSY;
        if (vcpu->state == VCPU_RUNNABLE) {
            vmsa_stop(cpu, target);
            *old_area = target->calling_area_gpa;
            target->calling_area_gpa = 0;
            vcpu->vmsa_gpa = 0;
            vcpu->state = VCPU_NONE;
            result = VCPU_OK;
        }
    }
    lock_release(&vcpu->lock);
    return result;
}

enum vcpu_result vcpu_detach(struct cpu *cpu, uint64_t vmsa_gpa, uint64_t *old_area)
{
    struct monitor *monitor = cpu->monitor;
    *old_area = 0;
    for (uint32_t i = 0; i < monitor->params.vcpu_count; i++) {
        enum vcpu_result result = detach_from(cpu, monitor->cpu[i], vmsa_gpa, old_area);
        if (result != VCPU_TAKEN) {
            return result;
        }
    }
    return VCPU_OK; /* replaced long ago: at rest since then */
}

/* A vCPU that is let run by its processor after the counter went up sees the new count there. */
static void flush_one(struct cpu *cpu, struct cpu *target)
{
    struct vcpu *vcpu = &target->vcpu;
    lock_acquire(&vcpu->lock);
    if (vcpu->state == VCPU_RUNNABLE) {
        guest_vmsa_flush(vmsa_map(cpu, WINDOW_OTHER_VMSA, vcpu->vmsa_gpa));
        vmsa_unmap(cpu, WINDOW_OTHER_VMSA);
    }
    lock_release(&vcpu->lock);
}

void vcpu_translations_flush(struct cpu *cpu)
{
    struct monitor *monitor = cpu->monitor;
    if (monitor_defect == DEFECT_FLUSH_OWN) {
        cpu->vcpu.flushes = UINT64_MAX; /* another number than the machine's: vcpu_release() */
        return;
    }
    __atomic_add_fetch(&monitor->flushes, 1, __ATOMIC_SEQ_CST);
    for (uint32_t i = 0; i < monitor->params.vcpu_count; i++) {
        struct cpu *target = monitor->cpu[i];
        /* A look without the lock: whom to hurry is no question of safety. */
        if (target != cpu && *(volatile enum vcpu_state *)&target->vcpu.state == VCPU_RUNNABLE) {
            hv_nudge(cpu, target);
        }
    }
    for (uint32_t i = 0; i < monitor->params.vcpu_count; i++) {
        if (monitor->cpu[i] != cpu) {
            flush_one(cpu, monitor->cpu[i]);
        }
    }
}

bool vcpu_has_run(struct cpu *cpu, struct cpu *target)
{
    struct vcpu *vcpu = &target->vcpu;
    bool has_run = true;
    lock_acquire(&vcpu->lock);
    if (vcpu->state == VCPU_RUNNABLE) {
        has_run = guest_vmsa_has_run(vmsa_map(cpu, WINDOW_OTHER_VMSA, vcpu->vmsa_gpa));
        vmsa_unmap(cpu, WINDOW_OTHER_VMSA);
    }
    lock_release(&vcpu->lock);
    return has_run;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/ap.h"

#include "monitor/ghcb.h"
#include "monitor/guest_vmsa.h"
#include "monitor/hv.h"
#include "monitor/insn.h"
#include "monitor/monitor.h"
#include "monitor/pvalidate.h"
#include "monitor/request.h"
#include "monitor/terminate.h"
#include "monitor/vcpu.h"

enum ap_action { AP_CREATE_NOW = 1, AP_DESTROY = 2 };

enum {
    WAKES_MAX = 64,
    WAKE_PAUSES = 1000,
    AP_CREATE_VMPL_SHIFT = 16,
    AP_CREATE_APIC_SHIFT = 32,
    SEGMENT_TSS_BUSY = 0x08b,
};

/* A page of its own; hosts have trouble with a VMSA at a 2 MiB boundary. */
static struct vmsa *vmsa_page(struct monitor *monitor)
{
    struct vmsa *vmsa = heap_pages(monitor, 1);
    return (uint64_t)vmsa % LARGE_PAGE_BYTES == 0 ? heap_pages(monitor, 1) : vmsa;
}

/* The first C function of a processor, as if it had been called. */
static _Noreturn void ap_main(struct cpu *cpu)
{
    ghcb_start(cpu);
    hv_start(cpu);
    cpu->has_console = true;
    console_milestone(cpu, "vCPU %u up, APIC ID %u", cpu->index, cpu->apic_id);
    ap_announce_vcpu(cpu, cpu);
    request_loop(cpu);
}

/* As cpu_area_use() and cpu_stack_enter() leave the first processor. */
static void own_vmsa_fill(const struct monitor *monitor, struct cpu *cpu)
{
    const struct guest_start start = {
        .entry = (uint64_t)ap_main,
        .cr3 = (uint64_t)monitor->space.tables->level4 | monitor->space.c_bit_mask,
        .rdi = (uint64_t)cpu,
        .code_selector = SELECTOR_CODE,
        .data_selector = SELECTOR_DATA,
        .vmpl = 0,
        .sev_features = monitor->sev_features,
    };
    struct vmsa *vmsa = cpu->own_vmsa;
    guest_vmsa_init(vmsa, &start);
    vmsa->fs.base = (uint64_t)cpu;
    vmsa->gdtr = (struct vmsa_segment){.limit = sizeof cpu->gdt - 1, .base = (uint64_t)cpu->gdt};
    vmsa->idtr =
        (struct vmsa_segment){.limit = idt_limit(), .base = (uint64_t)monitor->idt};
    vmsa->tr = (struct vmsa_segment){.selector = SELECTOR_TSS,
                                     .attributes = SEGMENT_TSS_BUSY,
                                     .limit = sizeof cpu->tss - 1,
                                     .base = (uint64_t)&cpu->tss};
    vmsa->rsp = cpu->stack_top - sizeof(uint64_t); /* a return address, 0 */
}

void ap_make_all(struct monitor *monitor, struct cpu *first)
{
    first->spare_vmsa = vmsa_page(monitor);
    first->started = true;
    for (uint32_t i = 1; i < monitor->params.vcpu_count; i++) {
        struct cpu *cpu = cpu_area_create(monitor, i, monitor->params.apic_id[i]);
        ghcb_make(monitor, cpu);
        hv_doorbell_make(monitor, cpu);
        cpu->spare_vmsa = vmsa_page(monitor);
        cpu->own_vmsa = vmsa_page(monitor);
        own_vmsa_fill(monitor, cpu);
        page_make_vmsa(cpu->own_vmsa); /* EFER.SVME is clear: it cannot run yet */
        monitor->cpu[i] = cpu;
    }
}

struct cpu *ap_find(struct monitor *monitor, uint64_t apic_id)
{
    for (uint32_t i = 0; i < monitor->params.vcpu_count; i++) {
        if (monitor->params.apic_id[i] == apic_id) {
            return monitor->cpu[i];
        }
    }
    return NULL;
}

/* AP creation, 56421 section 4.1.9: the hypervisor learns which VMSA runs a VMPL there. */
static enum ghcb_status vmsa_announce(struct cpu *cpu, const struct cpu *target, unsigned vmpl,
                                      enum ap_action action, uint64_t gpa)
{
    uint64_t info = (uint64_t)action | (uint64_t)vmpl << AP_CREATE_VMPL_SHIFT |
                    (uint64_t)target->apic_id << AP_CREATE_APIC_SHIFT;
    const struct monitor *monitor = cpu->monitor;
    const struct ghcb_input features = {GHCB_RAX, vmpl == 0 ? monitor->sev_features
                                                            : monitor->info.guest_sev_features};
    struct ghcb_reply reply;
    return ghcb_call(cpu, GHCB_EXIT_AP_CREATION, info, gpa, &features, 1, &reply);
}

static void vmsa_announce_must(struct cpu *cpu, const struct cpu *target, unsigned vmpl,
                               uint64_t gpa)
{
    if (vmsa_announce(cpu, target, vmpl, AP_CREATE_NOW, gpa) != GHCB_OK) {
        terminate_because(TERMINATE_AP_CREATION, "AP creation refused, APIC ID", target->apic_id);
    }
}

void ap_start(struct cpu *cpu, struct cpu *target)
{
    guest_vmsa_release(target->own_vmsa);
    vmsa_announce_must(cpu, target, 0, (uint64_t)target->own_vmsa);
}

void ap_announce_attached(struct cpu *cpu, const struct cpu *target)
{
    vmsa_announce_must(cpu, target, cpu->monitor->info.guest_vmpl, target->vcpu.vmsa_gpa);
}

/* Under the lock, so that of two who announce the one with the newer VMSA is the last. */
void ap_announce_vcpu(struct cpu *cpu, struct cpu *target)
{
    struct vcpu *vcpu = &target->vcpu;
    lock_acquire(&vcpu->lock);
    if (vcpu->vmsa_gpa != 0) {
        ap_announce_attached(cpu, target);
    }
    lock_release(&vcpu->lock);
}

void ap_withdraw_vcpu(struct cpu *cpu, const struct cpu *target)
{
    vmsa_announce(cpu, target, cpu->monitor->info.guest_vmpl, AP_DESTROY, target->vcpu.vmsa_gpa);
}

/*
 * The processor may be on its way into HLT at VMPL 0 and not have seen the vCPU. Restricted
 * injection gets it out of there; without it, saying it again does, once it halts. A hypervisor
 * that never runs it makes a vCPU that does not run, nothing worse.
 */
void ap_wake(struct cpu *cpu, struct cpu *target)
{
    for (unsigned i = 0; i < WAKES_MAX; i++) {
        if (i > 0) {
            ap_announce_vcpu(cpu, target); /* the first time was when it was attached */
        }
        hv_nudge(cpu, target);
        for (unsigned j = 0; j < WAKE_PAUSES; j++) {
            if (vcpu_has_run(cpu, target)) {
                return;
            }
            insn_pause();
        }
    }
}

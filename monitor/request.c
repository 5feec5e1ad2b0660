/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/request.h"

#include "monitor/call.h"
#include "monitor/ghcb.h"
#include "monitor/guest_vmsa.h"
#include "monitor/hv.h"
#include "monitor/monitor.h"
#include "monitor/terminate.h"
#include "monitor/vcpu.h"

static enum svsm_result call_serve(struct cpu *cpu, struct call *call)
{
    switch (call->protocol) {
    case SVSM_PROTOCOL_CORE: return call_core(cpu, call);
    case SVSM_PROTOCOL_ATTESTATION: return call_attestation(cpu, call);
    case SVSM_PROTOCOL_VERISMO: return call_verismo(cpu, call);
    default: return SVSM_UNSUPPORTED_PROTOCOL;
    }
}

/* SVSM 58019 section 5: the call counts if the guest marked it, and it counts once. */
static void request_serve(struct cpu *cpu, struct vmsa *vmsa)
{
    struct monitor *monitor = cpu->monitor;
    struct svsm_calling_area *area =
        window_map(&monitor->space, cpu->index, WINDOW_CALLING_AREA, cpu->calling_area_gpa);
    if (__atomic_exchange_n(&area->call_pending, 0, __ATOMIC_SEQ_CST) != 0) {
        struct call call = call_decode(vmsa->rax, vmsa->rcx, vmsa->rdx, vmsa->r8, vmsa->r9);
        call.area = area;
        enum svsm_result result = call_serve(cpu, &call);
        vmsa->rax = (uint32_t)result;
        vmsa->rcx = call.rcx;
        vmsa->rdx = call.rdx;
        vmsa->r8 = call.r8;
    }
    window_unmap(&monitor->space, cpu->index, WINDOW_CALLING_AREA);
}

/* Until the hypervisor runs VMPL 0 again. It may refuse only what another processor has just taken
 * away from this one. */
static void guest_run(struct cpu *cpu, uint64_t changes)
{
    enum ghcb_run run;
    do {
        hv_events_take(cpu);
        run = ghcb_run_vmpl(cpu, cpu->monitor->info.guest_vmpl);
    } while (run == GHCB_RUN_EVENT);
    if (run == GHCB_RUN_REFUSED && vcpu_is_same(cpu, changes)) {
        terminate_because(TERMINATE_RUN_VMPL, "RUN_VMPL refused, vCPU", cpu->index);
    }
}

_Noreturn void request_loop(struct cpu *cpu)
{
    for (;;) {
        terminate_if_ended(cpu->monitor);
        /* First the VMSA must be at rest; only then its registers and exit code mean anything. */
        struct vmsa *vmsa = vcpu_seize(cpu);
        if (vmsa == NULL) {
            hv_halt(cpu);
            continue;
        }
        if (guest_vmsa_left_by_vmgexit(vmsa)) {
            request_serve(cpu, vmsa);
        }
        guest_run(cpu, vcpu_release(cpu, vmsa));
    }
}

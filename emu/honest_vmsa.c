/* SPDX-License-Identifier: GPL-2.0-or-later */
/* AP creation and RUN_VMPL: which VMSA runs where (56421 section 4.1.9, VMPL switching). */
#include "emu/honest_internal.h"

enum ap_request { AP_CREATE_ON_INIT = 0, AP_CREATE = 1, AP_DESTROY = 2 };

static void emit_vmsa(struct machine *machine, const struct hv_exit *exit, uint64_t spa,
                      enum vmsa_action action, bool accepted)
{
    struct event event = {.vmsa = {
                              .spa = spa == UINT64_MAX ? 0 : spa,
                              .gpa = exit->nae_info2,
                              .sev_features = exit->nae_rax,
                              .apic_id = (uint32_t)(exit->nae_info1 >> 32),
                              .action = (uint8_t)action,
                              .vmsa_vmpl = exit->nae_info1 >> 16 & 0xf,
                              .result = !accepted,
                          }};
    machine_emit(machine, EVENT_VMSA, (enum actor)(ACTOR_E0 + exit->vmpl), &event);
}

/* A new VMSA knows of no doorbell, nothing has been sent to it, and its APIC is as after INIT. */
static void vmsa_register(struct machine *machine, uint32_t cpu, uint8_t vmpl, uint64_t spa,
                          uint64_t sev_features)
{
    struct honest_cpu *target = &machine->honest.cpu[cpu];
    /* Said again, as by a guest whose SVSM has said it before: what runs there goes on. */
    if (spa != 0 && target->vmsa[vmpl] == spa && target->sev_features[vmpl] == sev_features)
        return;
    if (target->events[vmpl].posted != 0) /* a page that comes back begins without it */
        hv_vmcb(machine, target->vmsa[vmpl])->v_irq = 0;
    lapic_init(&target->lapic[vmpl]);
    target->vmsa[vmpl] = spa;
    target->sev_features[vmpl] = sev_features;
    target->doorbell_gpa[vmpl] = UINT64_MAX;
    target->events[vmpl] = (struct honest_events){0};
    target->hold[vmpl] = HONEST_HOLD_NONE;
}

bool honest_ap_creation(struct machine *machine, const struct hv_exit *exit)
{
    uint32_t request = exit->nae_info1 & 0xffff;
    uint32_t vmpl = exit->nae_info1 >> 16 & 0xf;
    uint32_t cpu = (uint32_t)(exit->nae_info1 >> 32);
    uint64_t spa = honest_spa_of(machine, exit->nae_info2);
    enum vmsa_action action = request == AP_DESTROY  ? VMSA_DESTROY
                              : request == AP_CREATE ? VMSA_CREATE
                                                     : VMSA_ON_INIT;
    bool accepted = request <= AP_DESTROY && vmpl < VMPL_COUNT && cpu < machine->cpus &&
                    (request == AP_DESTROY || (spa != UINT64_MAX && !(spa & PAGE_MASK)));
    emit_vmsa(machine, exit, spa, action, accepted);
    if (!accepted)
        return false;

    struct honest_cpu *target = &machine->honest.cpu[cpu];
    bool at_work = target->vmpl == vmpl;
    if (at_work && machine->processor[cpu].state == PROCESSOR_GUEST)
        hv_kick(machine, cpu); /* what runs there is not registered any more */
    const bool features = ghcb_bitmap_valid(exit->valid_bitmap, offsetof(struct ghcb, rax));
    vmsa_register(machine, cpu, (uint8_t)vmpl, request == AP_DESTROY ? 0 : spa,
                  features ? exit->nae_rax : 0);
    if (request == AP_DESTROY) {
        target->runnable = target->runnable && !at_work;
        return true;
    }
    /* A processor that waits, or has never run, starts with what it was created with. */
    bool started = target->runnable || cpu == exit->cpu;
    if (!started) {
        target->vmpl = (uint8_t)vmpl;
        target->runnable = true;
        processor_wake(machine, cpu);
    }
    return true;
}

bool honest_run_vmpl(struct machine *machine, uint32_t cpu, uint8_t vmpl)
{
    if (honest_vmsa(machine, cpu, vmpl) == 0)
        return false;
    machine->honest.cpu[cpu].vmpl = vmpl;
    return true;
}

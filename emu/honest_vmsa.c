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
    machine_emit(machine, EVENT_VMSA, ACTOR_HV, &event);
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
    target->vmsa[vmpl] = request == AP_DESTROY ? 0 : spa;
    /* A processor that has never run starts with what it was created with. */
    bool started = target->runnable || cpu == exit->cpu;
    if (request != AP_DESTROY && !started) {
        target->vmpl = (uint8_t)vmpl;
        target->runnable = true;
        machine->processor[cpu].clock.cycles =
            MAX(machine->processor[cpu].clock.cycles, hv_time(machine, exit->cpu));
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

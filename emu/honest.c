/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "emu/honest.h"

#include "emu/honest_internal.h"

void honest_init(struct machine *machine)
{
    struct honest *honest = &machine->honest;
    *honest = (struct honest){
        .guest_base = MACHINE_GUEST_BASE,
        .guest_bytes = machine->config.memory_bytes,
        .launch_vmsa_gpa = UINT64_MAX,
    };
    for (uint32_t cpu = 0; cpu < HONEST_CPUS_MAX; cpu++) {
        for (uint8_t vmpl = 0; vmpl < VMPL_COUNT; vmpl++) {
            honest->cpu[cpu].ghcb_gpa[vmpl] = UINT64_MAX;
            honest->cpu[cpu].doorbell_gpa[vmpl] = UINT64_MAX;
            lapic_init(&honest->cpu[cpu].lapic[vmpl]);
        }
    }
    ioapic_init(&honest->ioapic);
    rtc_init(&honest->rtc);
    /* The pool is fresh: these two cannot fail. */
    hv_page_alloc(machine, PAGE_4K, &honest->bounce_request);
    hv_page_alloc(machine, PAGE_4K, &honest->bounce_response);
}

bool honest_is_ram(const struct machine *machine, uint64_t gpa, uint64_t bytes)
{
    return gpa < machine->honest.guest_bytes && bytes <= machine->honest.guest_bytes - gpa;
}

uint64_t honest_spa_of(const struct machine *machine, uint64_t gpa)
{
    if (honest_is_ram(machine, gpa, 1))
        return machine->honest.guest_base + gpa;
    if (page_base(gpa) == machine->honest.launch_vmsa_gpa)
        return machine->honest.launch_vmsa_spa + (gpa & PAGE_MASK);
    if (page_base(gpa) == LAUNCH_EXTRA_VMSA_GPA && machine->honest.extra_vmsa_spa != 0)
        return machine->honest.extra_vmsa_spa + (gpa & PAGE_MASK);
    return UINT64_MAX;
}

uint64_t honest_vmsa(const struct machine *machine, uint32_t cpu, uint8_t vmpl)
{
    return cpu < machine->cpus && vmpl < VMPL_COUNT ? machine->honest.cpu[cpu].vmsa[vmpl] : 0;
}

uint64_t honest_next_vmsa(const struct machine *machine, uint32_t cpu)
{
    if (cpu >= machine->cpus || !machine->honest.cpu[cpu].runnable)
        return 0;
    return machine->honest.cpu[cpu].vmsa[machine->honest.cpu[cpu].vmpl];
}

bool honest_idle(const struct machine *machine, uint32_t cpu)
{
    return honest_next_vmsa(machine, cpu) == 0;
}

uint64_t honest_shared_spa(struct machine *machine, uint64_t gpa)
{
    struct npt_mapping map = hv_npt_lookup(machine, gpa);
    if (gpa & PAGE_MASK || !map.present)
        return UINT64_MAX;
    uint64_t spa = map.spa + (gpa - map.gpa);
    return rmp_hypervisor_owned(&machine->rmp, spa, PAGE_4K) ? spa : UINT64_MAX;
}

uint64_t honest_doorbell(const struct machine *machine, uint32_t cpu, uint8_t vmpl)
{
    return cpu < machine->cpus && vmpl < VMPL_COUNT ? machine->honest.cpu[cpu].doorbell_gpa[vmpl]
                                                    : UINT64_MAX;
}

uint64_t honest_doorbell_spa(struct machine *machine, uint32_t cpu, uint8_t vmpl)
{
    uint64_t gpa = honest_doorbell(machine, cpu, vmpl);
    return gpa == UINT64_MAX ? UINT64_MAX : honest_shared_spa(machine, gpa);
}

uint64_t honest_ghcb(struct machine *machine, uint32_t cpu, uint8_t vmpl)
{
    if (cpu >= machine->cpus || vmpl >= VMPL_COUNT ||
        machine->honest.cpu[cpu].ghcb_gpa[vmpl] == UINT64_MAX)
        return UINT64_MAX;
    return honest_shared_spa(machine, machine->honest.cpu[cpu].ghcb_gpa[vmpl]);
}

bool honest_wake(struct machine *machine, uint32_t cpu)
{
    if (cpu >= machine->cpus)
        return false;
    struct honest_cpu *target = &machine->honest.cpu[cpu];
    if (target->vmsa[target->vmpl] == 0)
        return false;
    target->runnable = true;
    target->hold[target->vmpl] = HONEST_HOLD_NONE;
    processor_wake(machine, cpu);
    return true;
}

void processor_wake(struct machine *machine, uint32_t cpu)
{
    struct processor *processor = &machine->processor[cpu];
    if (processor->state != PROCESSOR_IDLE)
        return;
    processor->state = PROCESSOR_OUT;
    if (machine->acting_cpu >= 0)
        processor->clock.cycles =
            MAX(processor->clock.cycles, hv_time(machine, (uint32_t)machine->acting_cpu));
}

void honest_answer_event(struct machine *machine, const struct hv_exit *exit, uint64_t answer1,
                         uint64_t answer2)
{
    struct event event = {.vmgexit = {
                              .code = exit->page_protocol ? exit->nae : exit->ghcb_msr & 0xfff,
                              .info1 = exit->nae_info1,
                              .info2 = exit->nae_info2,
                              .ghcb = exit->ghcb_msr,
                              .answer1 = answer1,
                              .answer2 = answer2,
                              .protocol = exit->page_protocol ? VMGEXIT_PAGE : VMGEXIT_MSR,
                              .phase = 1,
                          }};
    machine_emit(machine, EVENT_VMGEXIT, ACTOR_HV, &event);
}

static void terminated(struct machine *machine, const struct hv_exit *exit)
{
    char *text = g_strdup_printf("VMPL%u asked for termination, reason set %u, code %u", exit->vmpl,
                                 exit->reason_set, exit->reason_code);
    machine_end(machine, RUN_END_TERMINATED, (uint64_t)exit->reason_set << 8 | exit->reason_code,
                text);
    g_free(text);
}

static void answer(struct machine *machine, const struct hv_exit *exit)
{
    switch (exit->kind) {
    case HV_EXIT_INTR: break;
    case HV_EXIT_HLT: honest_halt(machine, exit, HONEST_HOLD_NONE); break;
    case HV_EXIT_SHUTDOWN:
        machine_end(machine, RUN_END_SHUTDOWN, exit->vmpl,
                    "triple fault: the guest could not deliver an exception");
        break;
    case HV_EXIT_NPF: honest_npf(machine, exit); break;
    case HV_EXIT_TERMINATE: terminated(machine, exit); break;
    case HV_EXIT_BAD_GHCB:
        machine_end(machine, RUN_END_STOPPED, exit->ghcb_gpa,
                    "VMGEXIT with a GHCB that is not shared memory: the hypervisor gives up");
        break;
    case HV_EXIT_INVALID:
    case HV_EXIT_OTHER:
        machine_end(machine, RUN_END_INVALID, exit->code, "an exit nobody can answer");
        break;
    default:
        if (exit->page_protocol)
            honest_page(machine, exit);
        else
            honest_msr(machine, exit);
        break;
    }
}

void honest_handle(struct machine *machine, const struct hv_exit *exit)
{
    honest_reinject(machine, exit);
    answer(machine, exit);
    machine->honest.cpu[exit->cpu].roused = false;
    if (machine->end_reason == RUN_END_NONE)
        honest_events_post(machine, exit->cpu);
}

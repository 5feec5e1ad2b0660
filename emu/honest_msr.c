/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The GHCB MSR protocol, 56421 section 2.3.1. */
#include "emu/honest_internal.h"

static uint64_t sev_info(const struct machine *machine)
{
    return (uint64_t)GHCB_VERSION_MAX << 48 | (uint64_t)GHCB_VERSION_MIN << 32 |
           (uint64_t)machine->env.cbit << 24 | 0x001;
}

static uint64_t cpuid(const struct machine *machine, uint32_t cpu, uint64_t request)
{
    struct cpuid_entry entry;
    honest_cpuid(machine, cpu, (uint32_t)(request >> 32), 0, &entry);
    const uint32_t regs[4] = {entry.eax, entry.ebx, entry.ecx, entry.edx};
    uint32_t value = regs[request >> 30 & 3];
    return (uint64_t)value << 32 | (request & UINT64_C(0xc0000000)) | 0x005;
}

static uint64_t ghcb_register(struct machine *machine, const struct hv_exit *exit)
{
    uint64_t gpa = exit->ghcb_msr & ~PAGE_MASK;
    if (!honest_is_ram(machine, gpa, PAGE_BYTES))
        return ~PAGE_MASK | 0x013; /* refused */
    machine->honest.cpu[exit->cpu].ghcb_gpa[exit->vmpl] = gpa;
    return gpa | 0x013;
}

static uint64_t psc(struct machine *machine, const struct hv_exit *exit)
{
    bool done = honest_psc_one(machine, exit->psc_gpa, PAGE_4K, exit->psc_op);
    return (done ? 0 : UINT64_C(1) << 32) | 0x015;
}

static uint64_t run_vmpl(struct machine *machine, const struct hv_exit *exit)
{
    bool done = honest_run_vmpl(machine, exit->cpu, exit->target_vmpl);
    return (done ? 0 : UINT64_C(1) << 32) | 0x017;
}

void honest_msr(struct machine *machine, const struct hv_exit *exit)
{
    uint64_t answer;
    switch (exit->ghcb_msr & PAGE_MASK) {
    case GHCB_MSR_SEV_INFO_REQ: answer = sev_info(machine); break;
    case GHCB_MSR_CPUID_REQ: answer = cpuid(machine, exit->cpu, exit->ghcb_msr); break;
    case GHCB_MSR_AP_RESET_HOLD:
        /* Until AP creation, a startup, which changes the answer, or an event. */
        honest_halt(machine, exit, HONEST_HOLD_MSR);
        answer = GHCB_MSR_AP_RELEASED & PAGE_MASK;
        break;
    case GHCB_MSR_PREF_GPA_REQ:
        answer = ~PAGE_MASK | 0x011; /* no preference */
        break;
    case GHCB_MSR_REGISTER_REQ: answer = ghcb_register(machine, exit); break;
    case GHCB_MSR_PSC_REQ: answer = psc(machine, exit); break;
    case GHCB_MSR_RUN_VMPL_REQ: answer = run_vmpl(machine, exit); break;
    case GHCB_MSR_HV_FEATURES_REQ: answer = (uint64_t)HV_FEATURES << 12 | 0x081; break;
    default:
        machine_end(machine, RUN_END_STOPPED, exit->ghcb_msr,
                    "unknown request of the GHCB MSR protocol");
        return;
    }
    hv_vmcb(machine, exit->vmsa_spa)->ghcb_msr = answer;
    honest_answer_event(machine, exit, answer, 0);
}

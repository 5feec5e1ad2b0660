/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/guest/team.h"

#include "monitor/guest/stack.h"
#include "monitor/guest_vmsa.h"
#include "monitor/insn.h"
#include "monitor/lib/string.h"

static struct vmsa state __attribute__((aligned(4096), section(".bss.page")));
static struct svsm_calling_area areas[LAUNCH_CPUS_MAX]
    __attribute__((aligned(4096), section(".bss.page")));
static team_work *team_function;
static uint32_t members = 1;
static uint32_t arrived, generation;

_Noreturn void team_start(uint64_t index);

struct svsm_calling_area *team_area(uint32_t index)
{
    return &areas[index];
}

struct vmsa *team_state_make(const struct guest *first, uint32_t index)
{
    const struct guest_start start = {
        .entry = (uint64_t)team_entry,
        .cr3 = insn_cr3(),
        .rdi = index,
        .code_selector = GUEST_SELECTOR_CODE,
        .data_selector = GUEST_SELECTOR_DATA,
        .vmpl = (uint8_t)first->boot->vmpl,
        .sev_features = insn_rdmsr(MSR_SEV_STATUS) >> SEV_STATUS_FEATURES_SHIFT,
    };
    memset(&state, 0, sizeof state);
    guest_vmsa_init(&state, &start);
    state.rsp = (uint64_t)stacks[index + 1];
    return &state;
}

uint32_t team_wake(struct guest *guest, uint32_t apic_id, uint64_t state_gpa, uint64_t area_gpa)
{
    struct guest_call regs = {.rcx = apic_id, .rdx = state_gpa, .r8 = area_gpa};
    return guest_call_must(guest, SVSM_PROTOCOL_VERISMO, SVSM_VERISMO_WAKE_UP_AP, &regs);
}

void team_function_set(team_work *work)
{
    __atomic_store_n(&team_function, work, __ATOMIC_SEQ_CST);
}

uint32_t team_gather(struct guest *first, team_work *work, uint32_t *started)
{
    const struct guest_boot *boot = first->boot;
    team_function_set(work);
    __atomic_store_n(&members, boot->vcpu_count, __ATOMIC_SEQ_CST);
    for (*started = 1; *started < boot->vcpu_count; (*started)++) {
        uint32_t index = *started;
        guest_vcpu(index)->area = &areas[index];
        uint32_t code = team_wake(first, boot->apic_id[index],
                                  (uint64_t)team_state_make(first, index), (uint64_t)&areas[index]);
        if (code != SVSM_SUCCESS) {
            return code;
        }
    }
    return SVSM_SUCCESS;
}

_Noreturn void team_start(uint64_t index)
{
    struct guest *guest = guest_vcpu((uint32_t)index);
    guest_vcpu_start(guest);
    team_function(guest);
    for (;;) {
        insn_hlt();
    }
}

void team_barrier(void)
{
    uint32_t now = __atomic_load_n(&generation, __ATOMIC_SEQ_CST);
    if (__atomic_add_fetch(&arrived, 1, __ATOMIC_SEQ_CST) ==
        __atomic_load_n(&members, __ATOMIC_SEQ_CST)) {
        __atomic_store_n(&arrived, 0, __ATOMIC_SEQ_CST);
        __atomic_store_n(&generation, now + 1, __ATOMIC_SEQ_CST);
        return;
    }
    while (__atomic_load_n(&generation, __ATOMIC_SEQ_CST) == now) {
        guest_yield();
    }
}

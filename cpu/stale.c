/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Accesses through translations whose rights the RMP no longer gives. RMPADJUST and PVALIDATE flush
 * nothing (APM 2 15.36.5 says what does), so an entry of the model TLB goes on permitting what it
 * was made with. Each change that takes something away counts up the page's generation; an entry of
 * an earlier one is compared with the RMP at each fill of the engine, until its use is an event.
 */
#include "cpu/seen.h"
#include "rmp/access.h"

static uint8_t right_of(const struct access *access)
{
    switch (access->type) {
    case MMU_READ: return RMP_PERM_R;
    case MMU_WRITE: return RMP_PERM_W;
    default: return access->user ? RMP_PERM_XU : RMP_PERM_XS;
    }
}

/* What the RMP gives of the entry's page now. */
static uint8_t rights_now(const struct vcpu *vcpu, const struct tlb_entry *entry)
{
    const struct rmp_caller caller = { .asid = vcpu->state.asid, .vmpl = vcpu->state.vmpl,
                                       .cpl = entry->user ? 3 : 0, .snp_active = true };
    const struct rmp_xlat xlat = { .gva = entry->gvn << PAGE_SHIFT, .gpa = entry->gpa,
                                   .spa = entry->spa, .c = entry->c, .npt_writable = true,
                                   .npt_size = entry->nested_large ? PAGE_2M : PAGE_4K };

    return rmp_access_perms(vcpu->env->rmp, &caller, &xlat);
}

static bool older(const struct vcpu *vcpu, const struct tlb_entry *entry)
{
    return entry->generation
           != vcpu->env->memory->pages[entry->spa >> PAGE_SHIFT].rmp_generation;
}

uint8_t stale_rights(const struct vcpu *vcpu, const struct tlb_entry *entry)
{
    return older(vcpu, entry) ? rights_now(vcpu, entry) : RMP_PERM_ALL;
}

bool stale_use(const struct vcpu *vcpu, const struct tlb_entry *entry, const struct access *access)
{
    return (stale_rights(vcpu, entry) & right_of(access)) == 0;
}

void stale_event(struct vcpu *vcpu, struct tlb_entry *entry, const struct access *access)
{
    static const uint8_t accesses[] = { [MMU_READ] = STALE_READ, [MMU_WRITE] = STALE_WRITE,
                                        [MMU_FETCH] = STALE_FETCH };
    struct event event;

    if (!stale_use(vcpu, entry, access))
        return;
    vcpu_event_init(vcpu, &event, EVENT_STALE);
    event.stale = (struct event_stale){ .spa = entry->spa, .gpa = entry->gpa,
                                        .gva = entry->gvn << PAGE_SHIFT,
                                        .access = accesses[access->type], .had = entry->perms,
                                        .has = rights_now(vcpu, entry) };
    entry->generation = vcpu->env->memory->pages[entry->spa >> PAGE_SHIFT].rmp_generation;
    trace_emit(vcpu->env->trace, &event);
}

/* All engines: what an older entry of another VMPL gives may have changed before, unnoticed. */
void stale_begin(struct cpu_env *env, uint64_t spa)
{
    env->memory->pages[spa >> PAGE_SHIFT].rmp_generation++;
    stale_forget(env, spa, STALE_VMPLS_ALL);
}

void stale_forget(struct cpu_env *env, uint64_t spa, uint8_t vmpls)
{
    for (uint32_t i = 0; i < env->vcpu_count; i++) {
        struct vcpu *vcpu = env->vcpus[i];
        if ((vmpls >> vcpu->state.vmpl & 1) != 0 && page_bit(vcpu->filled, spa >> PAGE_SHIFT))
            fill_flush(vcpu);
    }
}

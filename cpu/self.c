/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Code that stores to the page it is in. The page cannot be writable and executable, and the
 * instruction needs both: it runs alone in a block of its own, and the page's translations are
 * dropped before and after.
 */
#include "cpu/internal.h"

/* One at a time costs two translations of the whole block; where one such store follows another,
 * longer and longer stretches are run as blocks of one instruction. */
enum { SELF_NEAR_INSNS = 64, SELF_MAX_INSNS = 1023 };

bool fill_self_is(struct vcpu *vcpu, uint64_t spa)
{
    const uint64_t gva = mode_code_gva(vcpu);
    const struct tlb_entry *first = tlb_lookup(&vcpu->state.tlb, gva);
    const struct tlb_entry *last = tlb_lookup(&vcpu->state.tlb, gva + 14);

    return (first != NULL && first->spa == spa) || (last != NULL && last->spa == spa);
}

void fill_self_begin(struct vcpu *vcpu, uint64_t spa)
{
    const bool again = vcpu->state.insns_world - vcpu->self_last < SELF_NEAR_INSNS;

    vcpu->self_length = again ? MIN(vcpu->self_length * 2 + 1, SELF_MAX_INSNS) : 0;
    vcpu->self_left = vcpu->self_length;
    vcpu->self_spa = spa;
    vcpu->self_from = vcpu->retired;
    fill_code_drop(vcpu->env, spa);
}

void fill_self_end(struct vcpu *vcpu, bool slice_over)
{
    const uint64_t spa = vcpu->self_spa;

    if (spa == UINT64_MAX || (vcpu->retired == vcpu->self_from && !slice_over))
        return;
    fill_code_drop(vcpu->env, spa);
    vcpu->self_from = vcpu->retired;
    if (!slice_over && vcpu->self_left > 0 && fill_self_is(vcpu, spa)) {
        vcpu->self_left--;
        return;
    }
    vcpu->self_spa = UINT64_MAX;
    vcpu->self_last = vcpu->state.insns_world;
}

/*
 * For one instruction that stores to its own page: executable when it is fetched, writable when it
 * stores. Never both at once: the engine's own way of noticing such stores is not to be relied on.
 */
uint32_t fill_self_perms(struct vcpu *vcpu, const struct tlb_entry *entry,
                         const struct access *access)
{
    struct access read = *access;

    read.type = MMU_READ;
    const uint32_t perms = mmu_permits(vcpu, entry, &read) ? UC_PROT_READ : 0;
    if (access->type == MMU_FETCH)
        return perms | UC_PROT_EXEC;
    page_bit_set(vcpu->write_filled, entry->spa >> PAGE_SHIFT);
    return access->type == MMU_WRITE ? perms | UC_PROT_WRITE : perms;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu/saved.h"

#include "cpu/loads.h"

enum { TLB_SLOTS = 1 << VCPU_TLB_SLOTS_LOG2 };

/* What would differ later if it were forgotten, beside struct vcpu_state and the tables. */
struct vcpu_rest {
    uint64_t vmsa_spa;
    uint64_t alias_spa[VCPU_ALIASES];
    uint64_t self_last, implicit_gva;
    uint32_t alias_next, self_length;
};

static struct vcpu_rest rest_of(const struct vcpu *vcpu)
{
    struct vcpu_rest rest = { .vmsa_spa = vcpu->vmsa_spa, .self_last = vcpu->self_last,
                              .implicit_gva = vcpu->implicit_gva, .alias_next = vcpu->alias_next,
                              .self_length = vcpu->self_length };

    memcpy(rest.alias_spa, vcpu->alias_spa, sizeof(rest.alias_spa));
    return rest;
}

void vcpu_save(const struct vcpu *vcpu, GByteArray *out)
{
    const struct vcpu_rest rest = rest_of(vcpu);
    struct vcpu_state state;

    g_assert(!vcpu->state.in_guest && vcpu->loads->due_count == 0 && vcpu->scrub_done_count == 0);
    memcpy(&state, &vcpu->state, sizeof(state));
    state.tlb.slots = NULL; /* an address of this process */
    saved_add(out, &rest, sizeof(rest));
    saved_add(out, &state, sizeof(state));
    saved_add(out, &vcpu->image, sizeof(vcpu->image));
    saved_add(out, vcpu->tlb_slots, TLB_SLOTS * sizeof(*vcpu->tlb_slots));
    saved_add(out, vcpu->pte_seen, VCPU_PTE_SLOTS * sizeof(*vcpu->pte_seen));
    loads_save(vcpu->loads, out);
}

static bool state_take(struct vcpu *vcpu, struct saved *saved)
{
    struct vcpu_state *state = &vcpu->state;

    if (!saved_take(saved, state, sizeof(*state)) || state->in_guest || state->breakpoint_count != 0
        || state->tlb.slots_log2 != VCPU_TLB_SLOTS_LOG2 || state->shared_count > VCPU_SHARED_MAX)
        return false;
    state->tlb.slots = vcpu->tlb_slots;
    return saved_take(saved, &vcpu->image, sizeof(vcpu->image))
           && saved_take(saved, vcpu->tlb_slots, TLB_SLOTS * sizeof(*vcpu->tlb_slots))
           && saved_take(saved, vcpu->pte_seen, VCPU_PTE_SLOTS * sizeof(*vcpu->pte_seen))
           && loads_take(vcpu->loads, saved);
}

/*
 * VMRUN would load the VMSA. But DR0 to DR3 are in none without DebugSwap, and a VMRUN that is
 * refused tells where the engine stood.
 */
static void engine_load(struct vcpu *vcpu)
{
    if (!vcpu->state.cache.valid)
        return;
    vmsa_reload(&vcpu->hidden, &vcpu->state.cache);
    vcpu_control_refresh(vcpu);
    mode_refresh(vcpu);
}

struct vcpu *vcpu_restore(struct cpu_env *env, struct vmcb *vmcb, struct cpu_clock *clock,
                          struct saved *saved, GError **error)
{
    struct vcpu_rest rest;
    struct vcpu *vcpu = NULL;
    const bool whole = saved_take(saved, &rest, sizeof(rest));

    if (whole)
        vcpu = vcpu_new(env, rest.vmsa_spa, error);
    if (whole && vcpu == NULL)
        return NULL;
    if (!whole || !state_take(vcpu, saved)) {
        g_set_error(error, g_quark_from_static_string("prova-cpu"), 0,
                    "this is no saved state of a vCPU");
        vcpu_free(vcpu);
        return NULL;
    }
    memcpy(vcpu->alias_spa, rest.alias_spa, sizeof(rest.alias_spa));
    vcpu->alias_next = rest.alias_next;
    vcpu->self_last = rest.self_last;
    vcpu->self_length = rest.self_length;
    vcpu->implicit_gva = rest.implicit_gva;
    vcpu->vmcb = vmcb;
    vcpu->clock = clock;
    engine_load(vcpu);
    return vcpu;
}

const struct cpu_clock *vcpu_clock(const struct vcpu *vcpu)
{
    return vcpu->clock;
}

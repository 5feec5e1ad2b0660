/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VMRUN of an SNP guest and the automatic exit that ends it (APM 2 15.35.4, 15.36.12, 15.36.15).
 */
#include "cpu/loads.h"
#include "cpu/seen.h"

#define RFLAGS_IF (UINT64_C(1) << 9)
#define SEV_SNP_ACTIVE (UINT64_C(1) << 0)
#define SEV_VTOM (UINT64_C(1) << 1)
#define SEV_RESTRICTED_INJECTION (UINT64_C(1) << 3)
#define SEV_ALTERNATE_INJECTION (UINT64_C(1) << 4)
/* DebugSwap (vmsa.c), and those that change nothing a guest can see: IBS, BTB, SMT, IBPB. */
#define SEV_SILENT                                                                                 \
    (UINT64_C(1) << 5 | UINT64_C(1) << 6 | UINT64_C(1) << 7 | UINT64_C(1) << 15                    \
     | UINT64_C(1) << 21)
#define SEV_MODELLED                                                                               \
    (SEV_SNP_ACTIVE | SEV_VTOM | SEV_RESTRICTED_INJECTION | SEV_ALTERNATE_INJECTION | SEV_SILENT)

/* ------------------------------------------------------------------ checks */

/* APM 2 table 15-41, VMSA page. The reverse map is not compared (docs/limits.md). */
static enum vcpu_enter_result page_check(const struct vcpu *vcpu, const struct vmcb *vmcb)
{
    const struct rmp_entry *entry = rmp_entry_at(vcpu->env->rmp, vcpu->vmsa_spa);

    if (entry == NULL || !entry->assigned || entry->size != PAGE_4K || entry->asid != vmcb->asid
        || entry->immutable || !entry->vmsa)
        return VCPU_ENTER_INVALID;
    return entry->in_use ? VCPU_ENTER_BUSY : VCPU_ENTERED;
}

/* What may be in EVENTINJ (APM 2 15.20, 15.36.16, 15.36.17). */
static bool eventinj_legal(uint64_t eventinj, uint64_t features)
{
    const unsigned vector = eventinj & 0xff;
    const unsigned type = (eventinj >> 8) & 7;

    if ((eventinj & EVENTINJ_VALID) == 0)
        return true;
    if ((features & SEV_ALTERNATE_INJECTION) != 0)
        return false;
    if ((features & SEV_RESTRICTED_INJECTION) != 0)
        return vector == CPU_VECTOR_HV && type == EVENTINJ_EXCEPTION
               && (eventinj & EVENTINJ_ERROR_VALID) == 0;
    switch (type) {
    case EVENTINJ_INTR: case EVENTINJ_NMI: return true;
    case EVENTINJ_EXCEPTION:
        return vector < 32 && vector != CPU_VECTOR_NMI && vector != CPU_VECTOR_BP
               && vector != CPU_VECTOR_OF;
    default: return false; /* software interrupts, reserved types */
    }
}

static enum vcpu_enter_result state_check(const struct vmsa *vmsa, const struct vmcb *vmcb,
                                          bool unchecked, const char **unsupported)
{
    const uint64_t features = vmsa->sev_features;
    const uint64_t exclusive = SEV_RESTRICTED_INJECTION | SEV_ALTERNATE_INJECTION;

    if (vmsa_check(vmsa, unsupported) == VMSA_ILLEGAL || vmsa->vmpl >= VMPL_COUNT
        || (features & exclusive) == exclusive
        || (vmcb->allow_features && (features & ~vmcb->sev_features_mask) != 0))
        return VCPU_ENTER_INVALID;
    if ((features & SEV_ALTERNATE_INJECTION) != 0 && (vmsa->vintr_ctrl & VMSA_VINTR_BUSY) != 0)
        return VCPU_ENTER_BUSY;
    if (!eventinj_legal(vmcb->eventinj, unchecked ? features & ~exclusive : features))
        return VCPU_ENTER_INVALID;
    return VCPU_ENTERED;
}

/* ------------------------------------------------------------------ events */

/* Of the VMPL that runs; 0 if it has none. */
static uint64_t doorbell_spa(const struct vcpu *vcpu)
{
    const struct cpu_env *env = vcpu->env;

    return env->doorbell != NULL ? env->doorbell(env->user, vcpu->state.apic_id, vcpu->state.vmpl)
                                 : 0;
}

/* The first word of the doorbell page (56421 section 5), as the hypervisor sees it. */
static uint16_t doorbell_pending(const struct vcpu *vcpu, uint64_t spa)
{
    uint16_t pending = 0;

    if (spa != 0 && memory_holds(vcpu->env->memory, spa, sizeof(pending)))
        memory_peek(vcpu->env->memory, spa, ASID_HV, &pending, sizeof(pending));
    return pending;
}

static void event_world(struct vcpu *vcpu, uint8_t phase, enum vcpu_enter_result result,
                        const struct fault *leave)
{
    struct event event;

    vcpu_event_init(vcpu, &event, EVENT_WORLD);
    event.rip = result == VCPU_ENTERED ? event.rip : 0;
    event.world = (struct event_world){ .vmsa_spa = vcpu->vmsa_spa, .apic_id = vcpu->state.apic_id,
                                        .phase = phase, .result = (uint8_t)result };
    if (result == VCPU_ENTERED)
        event.world.doorbell_spa = doorbell_spa(vcpu);
    if (phase == 0 && result == VCPU_ENTERED)
        event.world.vmsa_hash = vmsa_hash(&vcpu->image);
    if (leave != NULL) {
        event.world.doorbell = doorbell_pending(vcpu, event.world.doorbell_spa);
        event.world.exit_code = leave->exit_code;
        event.world.exitinfo1 = leave->exitinfo1;
        event.world.exitinfo2 = leave->exitinfo2;
        event.world.insns = vcpu->state.insns_world;
    }
    trace_emit(vcpu->env->trace, &event);
}

static void event_refused(struct vcpu *vcpu, enum vcpu_enter_result result)
{
    struct event event;

    if (result == VCPU_ENTER_INVALID) {
        vcpu_event_init(vcpu, &event, EVENT_FAULT);
        event.rip = 0;
        event.fault = (struct event_fault){ .class = FAULT_INVALID, .error = SVM_EXIT_INVALID,
                                            .spa = vcpu->vmsa_spa };
        trace_emit(vcpu->env->trace, &event);
    }
    event_world(vcpu, 0, result, NULL);
}

static void event_inject(struct vcpu *vcpu, uint64_t eventinj, bool refused)
{
    struct event event;

    if ((eventinj & EVENTINJ_VALID) == 0)
        return;
    vcpu_event_init(vcpu, &event, EVENT_INJECT);
    event.inject = (struct event_inject){ .eventinj = eventinj,
                                          .sev_features = vcpu->image.sev_features,
                                          .result = refused };
    trace_emit(vcpu->env->trace, &event);
}

/* ------------------------------------------------------------------ the VMSA page */

static void page_write(struct vcpu *vcpu, size_t offset, const void *in, size_t len)
{
    struct cpu_env *env = vcpu->env;

    fill_view(vcpu, vcpu->vmsa_spa, vcpu->state.asid);
    if (env->memory->pages[vcpu->vmsa_spa >> PAGE_SHIFT].code)
        fill_code_drop(env, vcpu->vmsa_spa);
    memory_write(env->memory, vcpu->vmsa_spa + offset, vcpu->state.asid, in, len);
}

/*
 * TLB obligations of VMRUN (APM 2 15.16, 15.36.15): TLB_CONTROL, another ASID, another processor,
 * or PCPU_ID zeroed by software flush; PCPU_ID becomes non-zero at once, so that software can poll
 * it.
 */
static void tlb_obligations(struct vcpu *vcpu, const struct vmcb *vmcb)
{
    struct vmsa *image = &vcpu->image;
    const uint64_t pcpu = UINT64_C(1) + vcpu->state.apic_id;

    if (vmcb->tlb_control != 0 || image->pcpu_id != pcpu || image->tlb_id == 0
        || vcpu->state.tlb_asid != vmcb->asid)
        mmu_flush(vcpu, false);
    vcpu->state.tlb_asid = vmcb->asid;
    if (image->pcpu_id == pcpu && image->tlb_id == 1)
        return;
    image->pcpu_id = pcpu;
    image->tlb_id = 1;
    page_write(vcpu, offsetof(struct vmsa, tlb_id), &image->tlb_id, 2 * sizeof(uint64_t));
}

/* ------------------------------------------------------------------ VMRUN */

static void state_begin(struct vcpu *vcpu, const struct vmcb *vmcb)
{
    struct vcpu_state *state = &vcpu->state;

    state->in_guest = true;
    state->perform = false;
    state->stopped_at = UINT64_MAX;
    state->vmpl = vcpu->image.vmpl;
    state->sev_features = vcpu->image.sev_features;
    state->virtual_tom = vcpu->image.virtual_tom;
    state->exitintinfo = 0;
    state->insns_world = 0;
    state->carried_at = UINT64_MAX;
    fill_slice_begin(vcpu);
    state->enter_count++;
    if (state->intercepts != vmcb->intercepts) {
        state->intercepts = vmcb->intercepts;
        scan_forget(vcpu);
    }
}

/* Events from EVENTINJ, or under alternate injection from the VMSA (APM 2 15.36.17). */
static void inject(struct vcpu *vcpu, struct vmcb *vmcb)
{
    uint64_t eventinj = vmcb->eventinj;

    vmcb->eventinj = 0;
    const bool bug = vcpu->env->inject_unchecked && (eventinj & EVENTINJ_VALID) != 0;
    if ((vcpu->state.sev_features & SEV_ALTERNATE_INJECTION) != 0 && !bug) {
        eventinj = vcpu->image.eventinj;
        vcpu->image.eventinj = 0;
    }
    if ((eventinj & EVENTINJ_VALID) == 0)
        return;
    event_inject(vcpu, eventinj, false);
    if (!exception_inject(vcpu, eventinj, &vcpu->entry_fault))
        return; /* vcpu_run() leaves with it */
    vcpu->entry_fault = (struct fault){ .kind = FAULT_NONE };
}

static void unsupported_check(struct vcpu *vcpu, const char *reason)
{
    const uint64_t features = vcpu->image.sev_features;

    vcpu->entry_fault = (struct fault){ .kind = FAULT_NONE };
    if (reason != NULL)
        vcpu->entry_fault = fault_engine(vcpu, "this entry state is not supported: %s", reason);
    else if ((features & SEV_SNP_ACTIVE) == 0 || (features & ~SEV_MODELLED) != 0)
        vcpu->entry_fault = fault_engine(vcpu, "SEV_FEATURES 0x%" G_GINT64_MODIFIER "x: only bits "
                                         "0x%" G_GINT64_MODIFIER "x are modelled, and SNPActive "
                                         "must be set", features, SEV_MODELLED);
}

/* A lower VMPL begins to run: what VMPL0 was doing for it on this processor is done. */
static void activations_end(const struct vcpu *vcpu)
{
    const struct cpu_env *env = vcpu->env;

    for (uint32_t i = 0; vcpu->state.vmpl != 0 && i < env->vcpu_count; i++) {
        if (env->vcpus[i]->state.apic_id == vcpu->state.apic_id)
            loads_end(env->vcpus[i], true);
    }
}

enum vcpu_enter_result vcpu_enter(struct vcpu *vcpu, struct vmcb *vmcb, struct cpu_clock *clock,
                                  uint32_t apic_id)
{
    struct memory *memory = vcpu->env->memory;
    const char *reason = NULL;
    struct fault none = { .kind = FAULT_NONE };

    g_assert(!vcpu->state.in_guest || page_check(vcpu, vmcb) != VCPU_ENTERED);
    if (vcpu->state.in_guest) {
        return VCPU_ENTER_BUSY; /* runs on another processor */
    }
    vcpu->vmcb = vmcb;
    vcpu->clock = clock;
    vcpu->state.apic_id = apic_id;
    vcpu->state.asid = vmcb->asid;
    vcpu->entry_fault = none;
    enum vcpu_enter_result result = page_check(vcpu, vmcb);
    if (result == VCPU_ENTERED && (vmcb->npt == NULL || vmcb->asid > MEMORY_ASID_MAX))
        result = VCPU_ENTER_INVALID;
    if (result == VCPU_ENTERED) {
        fill_view(vcpu, vcpu->vmsa_spa, vmcb->asid);
        memory_read(memory, vcpu->vmsa_spa, vmcb->asid, &vcpu->image, sizeof(vcpu->image));
        result = state_check(&vcpu->image, vmcb, vcpu->env->inject_unchecked, &reason);
        if (result == VCPU_ENTER_INVALID)
            event_inject(vcpu, vmcb->eventinj, true);
    }
    if (result != VCPU_ENTERED) {
        event_refused(vcpu, result);
        vcpu->vmcb = NULL;
        return result;
    }
    rmp_entry_at(vcpu->env->rmp, vcpu->vmsa_spa)->in_use = 1;
    stale_forget(vcpu->env, vcpu->vmsa_spa, STALE_VMPLS_ALL); /* it is not to be stored to */
    state_begin(vcpu, vmcb);
    tlb_obligations(vcpu, vmcb);
    unsupported_check(vcpu, reason);
    if (vcpu->entry_fault.kind == FAULT_NONE) {
        vmsa_load(&vcpu->hidden, &vcpu->state.cache, &vcpu->image);
        vcpu_control_refresh(vcpu);
        mode_refresh(vcpu);
    }
    activations_end(vcpu);
    event_world(vcpu, 0, VCPU_ENTERED, NULL);
    if (vcpu->entry_fault.kind == FAULT_NONE)
        inject(vcpu, vmcb);
    return VCPU_ENTERED;
}

/* ------------------------------------------------------------------ #VMEXIT */

static void event_nested_fault(struct vcpu *vcpu, const struct fault *fault)
{
    struct event event;

    vcpu_event_init(vcpu, &event, EVENT_FAULT);
    event.fault = (struct event_fault){ .address = fault->exitinfo2, .error = fault->exitinfo1,
                                        .gpa = fault->gpa, .spa = fault->spa, .class = FAULT_NPF,
                                        .cpl = vcpu_cpl(vcpu) };
    trace_emit(vcpu->env->trace, &event);
}

/* The registers and what GUEST_EXITCODE and its kin say, which the hypervisor cannot forge. */
static void image_store(struct vcpu *vcpu, const struct fault *fault)
{
    struct vmsa *image = &vcpu->image;

    vmsa_store(&vcpu->hidden, &vcpu->state.cache, image);
    if (run_shadow_over(vcpu))
        image->vintr_ctrl &= ~VMSA_VINTR_INT_SHADOW;
    image->virtual_tom = vcpu->state.virtual_tom;
    image->guest_exitcode = fault->exit_code;
    image->guest_exitinfo1 = fault->exitinfo1;
    image->guest_exitinfo2 = fault->exitinfo2;
    image->guest_exitintinfo = vcpu->state.exitintinfo;
    image->guest_nrip = image->rip;
    page_write(vcpu, 0, image, sizeof(*image));
}

void enter_leave(struct vcpu *vcpu, const struct fault *fault, struct vcpu_exit *exit)
{
    struct rmp_entry *entry = rmp_entry_at(vcpu->env->rmp, vcpu->vmsa_spa);

    run_sync(vcpu);
    loads_left(vcpu);
    if (fault->exit_code == SVM_EXIT_NPF)
        event_nested_fault(vcpu, fault);
    image_store(vcpu, fault);
    vcpu->vmcb->exitintinfo = vcpu->state.exitintinfo;
    vcpu->vmcb->guest_interrupts = (vcpu->image.rflags & RFLAGS_IF) != 0;
    vcpu->clock->cycles += vcpu->env->costs.vmexit;
    vcpu->state.last_exit_code = fault->exit_code;
    vcpu->state.last_info1 = fault->exitinfo1;
    vcpu->state.last_info2 = fault->exitinfo2;
    event_world(vcpu, 1, VCPU_ENTERED, fault);
    if (entry != NULL)
        entry->in_use = 0;
    vcpu->state.in_guest = false;
    vcpu->state.perform = false;
    exit->reason = VCPU_EXIT_AUTO;
    exit->code = fault->exit_code;
    exit->info1 = fault->exitinfo1;
    exit->info2 = fault->exitinfo2;
    exit->gva = fault->gva;
    exit->gpa = fault->gpa;
    exit->spa = fault->spa;
    exit->rip = vcpu->image.rip;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PVALIDATE, RMPADJUST, RMPQUERY (APM 3; APM 2 15.36.5 ff.) and VMGEXIT, by prefix:
 *
 *   0F 01 FF   F2 PVALIDATE   F3 PSMASH (host only: #UD)      0F 01 D9   F2, F3 VMGEXIT
 *   0F 01 FE   F3 RMPADJUST   F2 RMPUPDATE (host only: #UD)
 *   0F 01 FD   F3 RMPQUERY    F2 RMPREAD (host only: #UD)
 *
 * The rules are rmp/insn.h's; here are operands, the operand's translation, events and time.
 */
#include "cpu/insn.h"
#include "cpu/seen.h"

#define RFLAGS_CF UINT64_C(1)
#define RFLAGS_ARITHMETIC UINT64_C(0x8d5) /* OF SF ZF AF PF CF */

struct operation {
    enum rmp_insn insn;
    enum vcpu_visible visible;
    uint64_t gva, rcx, rdx;
    struct rmp_xlat xlat;
    struct rmp_outcome outcome;
};

static bool operation_kind(const struct insn *insn, struct operation *op)
{
    if (insn->modrm == 0xff && insn->repne) {
        op->insn = RMP_INSN_PVALIDATE;
        op->visible = VISIBLE_PVALIDATE;
    } else if (insn->modrm == 0xfe && insn->rep) {
        op->insn = RMP_INSN_RMPADJUST;
        op->visible = VISIBLE_RMPADJUST;
    } else if (insn->modrm == 0xfd && insn->rep) {
        op->insn = RMP_INSN_RMPQUERY;
        op->visible = VISIBLE_RMPQUERY;
    } else {
        return false;
    }
    return true;
}

/* Where the entry's pages end, or memory does. */
static uint64_t entry_end(const struct memory *memory, const struct rmp_outcome *outcome)
{
    return MIN(outcome->spa + page_bytes(outcome->size), memory->bytes);
}

/*
 * How much of the operand's page has been overwritten since PVALIDATE; the least of all its pages.
 */
static uint32_t scrubbed_bytes(const struct memory *memory, const struct rmp_outcome *outcome)
{
    const uint64_t end = entry_end(memory, outcome);
    uint32_t least = PAGE_BYTES;

    for (uint64_t at = outcome->spa; at < end; at += PAGE_BYTES) {
        const uint32_t count = memory_scrub_count(memory, at);
        least = MIN(least, count);
    }
    return least;
}

/* Whether VMPL0 said that the page is a VMSA: then its state is what it has checked. */
static bool sets_vmsa(const struct operation *op)
{
    return op->insn == RMP_INSN_RMPADJUST && op->outcome.kind == RMP_OUT_DONE
           && op->outcome.eax == RMP_RC_SUCCESS && op->outcome.after.vmsa;
}

static uint64_t state_hash(const struct vcpu *vcpu, uint64_t spa)
{
    const struct memory *memory = vcpu->env->memory;
    struct vmsa vmsa;

    if (!memory_holds(memory, spa, sizeof(vmsa)))
        return 0;
    memory_peek(memory, spa, vcpu->state.asid, &vmsa, sizeof(vmsa));
    return vmsa_hash(&vmsa);
}

/* What the entry's pages hold, of what must not get out. */
static void contents_count(const struct vcpu *vcpu, const struct operation *op,
                           struct event_rmp *rmp)
{
    const struct cpu_env *env = vcpu->env;
    const uint64_t end = entry_end(env->memory, &op->outcome);

    if (op->insn == RMP_INSN_RMPQUERY || op->outcome.kind != RMP_OUT_DONE)
        return;
    for (uint64_t at = rmp->spa; at < end; at += PAGE_BYTES)
        rmp->bytes_monitor += labels_count_monitor(env->memory, at, vcpu->state.asid);
    if (env->secret_bytes != NULL)
        rmp->bytes_secret = env->secret_bytes(env->user, rmp->spa, op->outcome.size);
}

static void operation_event(struct vcpu *vcpu, const struct operation *op)
{
    const struct rmp_outcome *outcome = &op->outcome;
    const struct rmp_raw before = rmp_raw_of(&outcome->before);
    const struct rmp_raw after = rmp_raw_of(&outcome->after);
    const bool pvalidate = op->insn == RMP_INSN_PVALIDATE;
    struct event event;

    vcpu_event_init(vcpu, &event, EVENT_RMP);
    event.rmp = (struct event_rmp){
        .spa = outcome->spa, .gpa = op->xlat.gpa, .gva = op->gva,
        .before_lo = before.lo, .before_hi = before.hi, .after_lo = after.lo, .after_hi = after.hi,
        .rc = outcome->eax, .insn = (uint8_t)op->insn, .cf = outcome->cf,
        .size = (uint8_t)outcome->size, .outcome = (uint8_t)outcome->kind,
        .target_vmpl = pvalidate ? 0xff : (uint8_t)op->rdx,
        .operand = pvalidate ? op->rdx & 1 : (uint8_t)(op->rdx >> 8),
        .scrubbed_bytes = scrubbed_bytes(vcpu->env->memory, outcome),
    };
    event.rmp.tracked = event.rmp.scrubbed_bytes < PAGE_BYTES;
    contents_count(vcpu, op, &event.rmp);
    if (sets_vmsa(op))
        event.rmp.vmsa_hash = state_hash(vcpu, outcome->spa);
    trace_emit(vcpu->env->trace, &event);
}

/* PVALIDATE 0->1 by VMPL0 starts the tracking of the page's bytes, 1->0 ends it. */
static void operation_track(struct vcpu *vcpu, const struct operation *op)
{
    const struct rmp_outcome *outcome = &op->outcome;
    struct cpu_env *env = vcpu->env;
    const uint64_t end = entry_end(env->memory, outcome);

    if (op->insn != RMP_INSN_PVALIDATE || outcome->kind != RMP_OUT_DONE || outcome->cf
        || outcome->eax != RMP_RC_SUCCESS || vcpu->state.vmpl != 0)
        return;
    for (uint64_t at = outcome->spa; at < end; at += PAGE_BYTES) {
        if (outcome->after.validated)
            memory_scrub_begin(env->memory, at);
        else
            memory_scrub_end(env->memory, at);
        /* Writable mappings that an engine still has would not be noted. */
        cpu_page_changed(env, at);
    }
}

static void operation_run(struct vcpu *vcpu, const struct rmp_caller *caller, struct operation *op)
{
    struct cpu_env *env = vcpu->env;

    switch (op->insn) {
    case RMP_INSN_PVALIDATE:
        op->outcome = rmp_pvalidate(env->rmp, &env->rmp_config, caller, &op->xlat,
                                    (uint32_t)op->rcx, (uint32_t)op->rdx);
        break;
    case RMP_INSN_RMPADJUST:
        op->outcome = rmp_adjust(env->rmp, &env->rmp_config, caller, &op->xlat, op->rcx, op->rdx);
        break;
    default:
        op->outcome = rmp_query(env->rmp, &env->rmp_config, caller, &op->xlat, &op->rcx, &op->rdx);
        break;
    }
}

static enum step outcome_fault(const struct operation *op, struct fault *fault)
{
    const struct rmp_outcome *outcome = &op->outcome;

    switch (outcome->kind) {
    case RMP_OUT_GP: *fault = fault_exception(CPU_VECTOR_GP, true, 0); break;
    case RMP_OUT_PF:
        *fault = fault_exception(CPU_VECTOR_PF, true, outcome->error_code);
        fault->sets_cr2 = true;
        break;
    case RMP_OUT_VC:
        *fault = fault_vc(outcome->error_code);
        fault->sets_cr2 = true;
        break;
    case RMP_OUT_NPF:
        *fault = fault_exit(SVM_EXIT_NPF, outcome->exitinfo1, op->xlat.gpa);
        break;
    default: *fault = fault_exception(CPU_VECTOR_UD, false, 0); break;
    }
    fault->gva = op->gva;
    fault->gpa = op->xlat.gpa;
    fault->spa = op->xlat.spa;
    return STEP_FAULT;
}

static uint32_t operation_cost(const struct vcpu *vcpu, const struct operation *op)
{
    const struct cpu_costs *costs = &vcpu->env->costs;

    return op->insn == RMP_INSN_PVALIDATE   ? costs->pvalidate
           : op->insn == RMP_INSN_RMPADJUST ? costs->rmpadjust : costs->rmpquery;
}

/* Who else may reach the page now: what is in it is not VMPL0's alone any more, or is again. */
static void operation_labels(struct vcpu *vcpu, const struct operation *op)
{
    const struct rmp_outcome *outcome = &op->outcome;
    struct cpu_env *env = vcpu->env;
    const uint64_t end = entry_end(env->memory, outcome);
    uint8_t lower = 0;

    if (op->insn != RMP_INSN_RMPADJUST || outcome->eax != RMP_RC_SUCCESS)
        return;
    for (unsigned vmpl = 1; vmpl < VMPL_COUNT; vmpl++)
        lower |= outcome->after.perm[vmpl];
    for (uint64_t at = outcome->spa; at < end; at += PAGE_BYTES) {
        if (labels_permit(env->memory, at, vcpu->state.asid, lower))
            fill_unwrite(env, at);
        if ((lower & RMP_PERM_W) != 0)
            stale_forget(env, at, 1 << 0); /* from now on VMPL0's loads are noted */
    }
}

/* Translations that were made before go on giving what the RMP no longer does. */
static void operation_stale(struct vcpu *vcpu, const struct operation *op)
{
    const struct rmp_outcome *outcome = &op->outcome;
    const uint64_t end = entry_end(vcpu->env->memory, outcome);
    bool less = outcome->before.validated && !outcome->after.validated;

    for (unsigned vmpl = 0; vmpl < VMPL_COUNT; vmpl++)
        less |= (outcome->before.perm[vmpl] & ~outcome->after.perm[vmpl]) != 0;
    if (!outcome->changed || !less)
        return;
    for (uint64_t at = outcome->spa; at < end; at += PAGE_BYTES)
        stale_begin(vcpu->env, at);
}

static void operation_commit(struct vcpu *vcpu, const struct insn *insn, const struct operation *op)
{
    const struct rmp_outcome *outcome = &op->outcome;
    struct cpu_env *env = vcpu->env;

    operation_track(vcpu, op);
    operation_labels(vcpu, op);
    operation_stale(vcpu, op);
    insn_gpr_set(vcpu, 0, outcome->eax);
    if (op->insn == RMP_INSN_PVALIDATE) {
        const uint64_t flags = vcpu_reg(vcpu, UC_X86_REG_RFLAGS);
        const uint64_t cleared = outcome->eax == RMP_RC_SUCCESS ? RFLAGS_ARITHMETIC : RFLAGS_CF;
        vcpu_reg_set(vcpu, UC_X86_REG_RFLAGS, (flags & ~cleared) | (outcome->cf ? RFLAGS_CF : 0));
    } else if (op->insn == RMP_INSN_RMPQUERY && outcome->eax == RMP_RC_SUCCESS) {
        insn_gpr_set(vcpu, 1, op->rcx);
        insn_gpr_set(vcpu, 2, op->rdx);
    }
    if (op->insn == RMP_INSN_RMPADJUST && outcome->eax == RMP_RC_SUCCESS
        && env->page_granted != NULL && (outcome->after.perm[op->rdx & 3] & RMP_PERM_R) != 0)
        env->page_granted(env->user, outcome->spa, outcome->size, (uint8_t)op->rdx);
    if (outcome->changed && env->tlb_mode == TLB_HW)
        cpu_flush_all(env);
    insn_done(vcpu, insn, operation_cost(vcpu, op));
}

/* An entry may be written with what it had; that is no change. */
static bool rmp_done_changed(const struct rmp_outcome *outcome)
{
    const struct rmp_raw before = rmp_raw_of(&outcome->before);
    const struct rmp_raw after = rmp_raw_of(&outcome->after);

    return outcome->changed && (before.lo != after.lo || before.hi != after.hi);
}

enum step snp_insn(struct vcpu *vcpu, const struct insn *insn, enum vcpu_visible *visible,
                   struct fault *fault)
{
    struct cpu_env *env = vcpu->env;
    struct operation op = { .gva = insn_value(insn, insn_gpr(vcpu, 0)),
                            .rcx = insn_value(insn, insn_gpr(vcpu, 1)),
                            .rdx = insn_value(insn, insn_gpr(vcpu, 2)) };
    struct insn sized = *insn;

    if (!operation_kind(insn, &op)) {
        *fault = fault_exception(CPU_VECTOR_UD, false, 0);
        return STEP_FAULT;
    }
    sized.length = (uint8_t)(insn->opcode_at + 3);
    const struct rmp_caller caller = { .asid = vcpu->state.asid, .vmpl = vcpu->state.vmpl,
                                       .cpl = vcpu_cpl(vcpu), .snp_active = true };
    op.outcome = rmp_guest_insn_precheck(&env->rmp_config, &caller, op.insn == RMP_INSN_PVALIDATE);
    if (op.outcome.kind != RMP_OUT_DONE)
        return outcome_fault(&op, fault);
    if (!vcpu_visible_pass(vcpu, op.visible)) {
        *visible = op.visible;
        return STEP_VISIBLE;
    }
    const struct access access = access_current(vcpu, op.gva, MMU_READ, MMU_CURRENT);
    if (walk_operand(vcpu, &access, &op.xlat, fault) != WALK_OK) {
        fault->gva_exact = true;
        return STEP_FAULT;
    }
    operation_run(vcpu, &caller, &op);
    operation_event(vcpu, &op);
    if (op.outcome.kind != RMP_OUT_DONE)
        return outcome_fault(&op, fault);
    operation_commit(vcpu, &sized, &op);
    if ((env->visible & VISIBLE_RMP_DONE) == 0)
        return STEP_NEXT;
    vcpu->rmp_done = (struct rmp_done){ .gva = op.gva, .gpa = op.xlat.gpa, .spa = op.xlat.spa,
                                        .insn = (uint8_t)op.insn,
                                        .changed = rmp_done_changed(&op.outcome) };
    *visible = VISIBLE_RMP_DONE;
    return STEP_VISIBLE;
}

/* APM 2 15.35.6: trap-like, not interceptable; the GHCB MSR is in the VMCB all the time. */
enum step snp_vmgexit(struct vcpu *vcpu, const struct insn *insn, enum vcpu_visible *visible,
                      struct fault *fault)
{
    struct insn sized = *insn;

    if (!vcpu_visible_pass(vcpu, VISIBLE_VMGEXIT)) {
        *visible = VISIBLE_VMGEXIT;
        return STEP_VISIBLE;
    }
    sized.length = (uint8_t)(insn->opcode_at + 3);
    insn_done(vcpu, &sized, 0);
    *fault = fault_exit(SVM_EXIT_VMGEXIT, 0, 0);
    return STEP_FAULT;
}

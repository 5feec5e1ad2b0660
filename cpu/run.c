/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The slice loop: run the engine until something stops it, do that, run on.
 *
 * Retired instructions: the block hook adds a whole block before it runs; when the engine stops
 * inside a block, what was not executed is taken off again. So the count is exact at every stop and
 * does not depend on how the engine cut its blocks. An iteration of a repeated string instruction
 * counts one, and so does the last look at RCX.
 */
#include "cpu/insn.h"
#include "cpu/loads.h"

#define NO_PAGE UINT64_MAX
#define RFLAGS_TF (UINT64_C(1) << 8)
#define RFLAGS_IF (UINT64_C(1) << 9)
#define DR6_BS (UINT64_C(1) << 14)
#define SEV_INJECTION_MODES (UINT64_C(3) << 3)

enum { STUCK_LIMIT = 64 };

void run_sync(struct vcpu *vcpu)
{
    const uint64_t insns = vcpu->retired - vcpu->retired_synced;

    vcpu->retired_synced = vcpu->retired;
    vcpu->state.insns_world += insns;
    vcpu->clock->insns += insns;
    vcpu->clock->cycles += insns * vcpu->env->costs.insn;
}

/* The engine stopped at gva: of the block it was in, only what lies before gva was executed. */
static void retire_partial(struct vcpu *vcpu, uint64_t gva)
{
    const struct block_info *block = scan_block_last(vcpu);

    if (block == NULL || vcpu->stop == STOP_SYSCALL || gva - block->known_gva >= block->size)
        return;
    vcpu->retired -= block->insns - scan_count_before(vcpu, block, gva - block->known_gva);
}

static void scrub_events(struct vcpu *vcpu)
{
    loads_stopped(vcpu, vcpu->stop == STOP_FILL);
    if (vcpu->scrub_done_count == 0)
        return;
    for (uint32_t i = 0; i < vcpu->scrub_done_count; i++)
        mmu_scrubbed(vcpu, 0, vcpu->scrub_done[i]);
    vcpu->scrub_done_count = 0;
    fill_flush(vcpu); /* back to plain mappings */
}

/* Blocks end at the address where uc_emu_start() would: one instruction alone if it stores to its
 * own page, whose translations have been dropped. */
static uint64_t run_until(struct vcpu *vcpu)
{
    struct insn insn;

    if (vcpu->self_spa == NO_PAGE)
        return ENGINE_UNTIL_GVA;
    insn_fetch(vcpu, &insn);
    return insn.length > 0 ? mode_code_gva(vcpu) + insn.length : ENGINE_UNTIL_GVA;
}

static uc_err engine_run(struct vcpu *vcpu)
{
    vcpu->stop = STOP_NONE;
    vcpu->block_gva = BLOCK_STALE;
    scan_count_begin(vcpu);
    const uint64_t from = vcpu_reg(vcpu, UC_X86_REG_RIP);
    const uint64_t until = run_until(vcpu);
    virtualize_msr_guard(vcpu, true);
    vcpu->running = vcpu->translated = true;
    const uc_err err = uc_emu_start(vcpu->uc, from, until, 0, 0);
    vcpu->running = false;
    virtualize_msr_guard(vcpu, false);

    scan_count_end(vcpu);
    if (vcpu->mode_unsure)
        mode_refresh(vcpu);
    /* The engine ends at `until` by a HLT of its own, which its guest mode intercepts. */
    if (vcpu->stop == STOP_EXIT && vcpu->stop_code == SVM_EXIT_HLT
        && mode_code_gva(vcpu) == until) {
        vcpu->stop = STOP_SELF;
        vcpu->stop_gva = until;
    }
    if (vcpu->stop >= STOP_BUDGET && vcpu->stop <= STOP_SELF)
        vcpu_reg_set(vcpu, UC_X86_REG_RIP, mode_rip_of(vcpu, vcpu->stop_gva));
    retire_partial(vcpu, mode_code_gva(vcpu));
    run_sync(vcpu);
    scrub_events(vcpu);
    if (mode_code_gva(vcpu) != vcpu->skip_gva)
        vcpu->skip_gva = NO_PAGE;
    fill_self_end(vcpu, false);
    if (vcpu->implicit_gva != NO_PAGE) {
        vcpu->implicit_gva = NO_PAGE;
        fill_flush(vcpu);
    }
    return err;
}

static bool canonical(uint64_t gva)
{
    return (uint64_t)((int64_t)(gva << 16) >> 16) == gva;
}

/* ------------------------------------------------------------------ virtual interrupts */

bool run_shadow_over(const struct vcpu *vcpu)
{
    return vcpu->state.insns_world == vcpu->state.carried_at;
}

static bool interrupt_pending(const struct vcpu *vcpu)
{
    return vcpu->vmcb->v_irq && (vcpu->state.sev_features & SEV_INJECTION_MODES) == 0;
}

static bool interrupt_open(struct vcpu *vcpu)
{
    if ((vcpu_reg(vcpu, UC_X86_REG_RFLAGS) & RFLAGS_IF) == 0)
        return false;
    if (run_shadow_over(vcpu))
        return true;
    hidden_fetch(&vcpu->hidden);
    return !hidden_shadow(&vcpu->hidden);
}

/* V_IRQ (APM 2 15.21): taken as soon as RFLAGS.IF and the interrupt shadow allow. */
static enum step interrupt_take(struct vcpu *vcpu, bool halted, struct fault *fault)
{
    vcpu->watch_if = false;
    if (!interrupt_pending(vcpu))
        return STEP_NEXT;
    if (!halted && !interrupt_open(vcpu)) {
        vcpu->watch_if = true;
        vcpu->watch_from = vcpu->retired;
        return STEP_NEXT;
    }
    const uint64_t eventinj = EVENTINJ_VALID | (uint64_t)EVENTINJ_INTR << 8
                              | vcpu->vmcb->v_irq_vector;
    vcpu->vmcb->v_irq = 0;
    return exception_inject(vcpu, eventinj, fault) ? STEP_NEXT : STEP_FAULT;
}

/* ------------------------------------------------------------------ one stop */

void fault_complete(struct vcpu *vcpu, struct fault *fault)
{
    if (fault->gva_exact)
        return;
    fault->gva_exact = true;
    fault->gva = decode_fault_gva(vcpu, page_base(fault->gva), fault->type, NULL);
    const uint64_t low = fault->gva & PAGE_MASK;
    if (fault->table)
        return;
    fault->gpa = fault->gpa != 0 ? page_base(fault->gpa) | low : 0;
    fault->spa = fault->spa != 0 ? page_base(fault->spa) | low : 0;
    if (fault->kind == FAULT_EXIT)
        fault->exitinfo2 = page_base(fault->exitinfo2) | low;
}

static enum step fill_step(struct vcpu *vcpu, enum vcpu_visible *visible, struct fault *fault)
{
    *visible = 0;
    *fault = (struct fault){ .kind = FAULT_NONE };
    if (fill_resolve(vcpu, visible, fault))
        return STEP_NEXT;
    return *visible != 0 ? STEP_VISIBLE : STEP_FAULT;
}

/*
 * The single-step trap behind an instruction that cpu/ carried out (APM 2 13.1.4): the engine
 * raises its own. INT n and exceptions have cleared TF.
 */
static enum step single_step(struct vcpu *vcpu, enum step step, uint64_t retired_before,
                             struct fault *fault)
{
    if (step != STEP_NEXT || vcpu->retired == retired_before
        || (vcpu_reg(vcpu, UC_X86_REG_RFLAGS) & RFLAGS_TF) == 0)
        return step;
    vcpu_reg_set(vcpu, UC_X86_REG_DR6, vcpu_reg(vcpu, UC_X86_REG_DR6) | DR6_BS);
    *fault = fault_exception(CPU_VECTOR_DB, false, 0);
    return STEP_FAULT;
}

static enum step engine_step(struct vcpu *vcpu, enum vcpu_visible *visible, struct fault *fault)
{
    const uint64_t before = vcpu->retired;
    const uc_err err = engine_run(vcpu);
    const uint64_t rip = vcpu_reg(vcpu, UC_X86_REG_RIP), retired = vcpu->retired;

    if (mode_lacks(vcpu, fault))
        return STEP_FAULT;
    /* A branch to a non-canonical address (the engine does not check): the fetch faults. */
    if (!canonical(rip) && (vcpu->control.efer & (1u << 10)) != 0) {
        *fault = fault_exception(CPU_VECTOR_GP, true, 0);
        return STEP_FAULT;
    }
    switch (vcpu->stop) {
    case STOP_BUDGET: case STOP_SCRUBBED: case STOP_MODE: case STOP_SELF: return STEP_NEXT;
    case STOP_WATCHED:
        fill_watch_end(vcpu);
        return STEP_NEXT;
    case STOP_RESCAN:
        if (scan_install(vcpu))
            return STEP_NEXT;
        *fault = fault_engine(vcpu, "more than %d hooked instructions", VCPU_HOOKS_MAX);
        return STEP_FAULT;
    case STOP_FULL:
        scan_translations_drop(vcpu);
        return STEP_NEXT;
    case STOP_INTERRUPT: return interrupt_take(vcpu, false, fault);
    case STOP_TRAP:
        return single_step(vcpu, intercept_trap(vcpu, visible, fault), retired, fault);
    case STOP_EXIT:
        return single_step(vcpu, intercept_exit(vcpu, vcpu->stop_code, visible, fault), retired,
                           fault);
    case STOP_SYSCALL:
        if (!exception_syscall(vcpu, rip, fault))
            return STEP_FAULT;
        return single_step(vcpu, STEP_NEXT, before, fault);
    case STOP_FILL: return fill_step(vcpu, visible, fault);
    case STOP_NONE: break;
    }
    if (err == UC_ERR_OK)
        return STEP_NEXT;
    *fault = fault_engine(vcpu, "the engine stopped at 0x%" G_GINT64_MODIFIER "x: %s", rip,
                          uc_strerror(err));
    return STEP_FAULT;
}

/* An exception goes to the guest; returns false if the slice is over. */
static bool fault_handle(struct vcpu *vcpu, struct fault *fault, struct vcpu_exit *exit)
{
    struct fault next = { .kind = FAULT_NONE };

    fault_complete(vcpu, fault);
    if (fault->kind == FAULT_GUEST) {
        if (exception_deliver_fault(vcpu, fault, &next))
            return true;
        *fault = next;
        fault_complete(vcpu, fault);
    }
    if (fault->kind == FAULT_EXIT && fault->exit_code == SVM_EXIT_HLT && interrupt_pending(vcpu)
        && (vcpu_reg(vcpu, UC_X86_REG_RFLAGS) & RFLAGS_IF) != 0) {
        if (interrupt_take(vcpu, true, fault) == STEP_NEXT)
            return true;
    }
    if (fault->kind == FAULT_EXIT) {
        enter_leave(vcpu, fault, exit);
        return false;
    }
    exit->reason = VCPU_EXIT_ENGINE;
    g_strlcpy(exit->message, vcpu->message, sizeof(exit->message));
    return false;
}

/* The page that an RMP instruction is going to address, as far as the tables lead to it. */
static void operand_exit(struct vcpu *vcpu, struct vcpu_exit *exit)
{
    struct fault fault;
    struct rmp_xlat xlat;

    exit->gva = vcpu_reg(vcpu, UC_X86_REG_RAX);
    struct access access = access_current(vcpu, exit->gva, MMU_READ, MMU_CURRENT);
    access.look = true;
    if (walk_operand(vcpu, &access, &xlat, &fault) != WALK_OK)
        return;
    exit->gpa = xlat.gpa;
    exit->spa = xlat.spa;
}

static void visible_exit(struct vcpu *vcpu, enum vcpu_visible visible, struct vcpu_exit *exit)
{
    exit->reason = VCPU_EXIT_VISIBLE;
    exit->visible = visible;
    exit->vmpl = vcpu->state.vmpl;
    switch (visible) {
    case VISIBLE_PVALIDATE: case VISIBLE_RMPADJUST: case VISIBLE_RMPQUERY:
        operand_exit(vcpu, exit);
        break;
    case VISIBLE_RMP_DONE:
        exit->gva = vcpu->rmp_done.gva;
        exit->gpa = vcpu->rmp_done.gpa;
        exit->spa = vcpu->rmp_done.spa;
        exit->insn = vcpu->rmp_done.insn;
        exit->changed = vcpu->rmp_done.changed;
        break;
    case VISIBLE_SHARED_READ: case VISIBLE_SHARED_WRITE: {
        const enum mmu_type type = visible == VISIBLE_SHARED_READ ? MMU_READ : MMU_WRITE;
        const struct tlb_entry *entry = tlb_lookup(&vcpu->state.tlb, vcpu->stop_gva);
        size_t bytes = 0;
        exit->gva = decode_fault_gva(vcpu, vcpu->stop_gva, type, &bytes);
        exit->bytes = bytes;
        exit->again = vcpu->shared_again;
        if (entry != NULL) {
            exit->gpa = entry->gpa | (exit->gva & PAGE_MASK);
            exit->spa = entry->spa | (exit->gva & PAGE_MASK);
        }
        break;
    }
    default: break;
    }
}

/* ------------------------------------------------------------------ slices */

static void slice_run(struct vcpu *vcpu, struct vcpu_exit *exit)
{
    struct fault fault = vcpu->entry_fault;
    enum vcpu_visible visible = 0;
    uint64_t last_rip = UINT64_MAX, last_retired = 0;
    unsigned stuck = 0;
    bool delivered = false;

    if (fault.kind != FAULT_NONE && fault.kind != FAULT_ENGINE)
        vcpu->entry_fault = (struct fault){ .kind = FAULT_NONE };
    if (fault.kind != FAULT_NONE && !fault_handle(vcpu, &fault, exit))
        return;
    if (interrupt_take(vcpu, false, &fault) == STEP_FAULT && !fault_handle(vcpu, &fault, exit))
        return;
    while (vcpu->retired < vcpu->budget) {
        const enum step step = engine_step(vcpu, &visible, &fault);
        const uint64_t rip = vcpu_reg(vcpu, UC_X86_REG_RIP);

        if (step == STEP_VISIBLE) {
            visible_exit(vcpu, visible, exit);
            return;
        }
        if (step == STEP_FAULT && !fault_handle(vcpu, &fault, exit))
            return;
        const bool same = rip == last_rip && vcpu->retired == last_retired;
        stuck = same ? stuck + 1 : 0;
        delivered = step == STEP_FAULT || (same && delivered);
        last_rip = rip;
        last_retired = vcpu->retired;
        /* A handler that faults at once retires nothing, but takes time, and stacks have an end. */
        if (stuck == STUCK_LIMIT && delivered)
            break;
        if (stuck == STUCK_LIMIT) {
            fault = fault_engine(vcpu, "no progress at 0x%" G_GINT64_MODIFIER "x (stop %d, page 0x%"
                                 G_GINT64_MODIFIER "x)", rip, (int)vcpu->stop, vcpu->stop_gva);
            fault_handle(vcpu, &fault, exit);
            return;
        }
    }
    exit->reason = VCPU_EXIT_BUDGET;
}

void vcpu_run(struct vcpu *vcpu, uint64_t budget_insns, struct vcpu_exit *exit)
{
    g_assert(vcpu->state.in_guest);
    *exit = (struct vcpu_exit){ 0 };
    vcpu->budget = MAX(budget_insns, 1);
    vcpu->retired = 0;
    vcpu->retired_synced = 0;
    fill_slice_begin(vcpu);
    slice_run(vcpu, exit);
    fill_self_end(vcpu, true);
    run_sync(vcpu);
    exit->insns = vcpu->retired;
    if (exit->reason != VCPU_EXIT_AUTO)
        exit->rip = vcpu_reg(vcpu, UC_X86_REG_RIP);
}

void vcpu_preempt(struct vcpu *vcpu, struct vcpu_exit *exit)
{
    const struct fault interrupt = fault_exit(SVM_EXIT_INTR, 0, 0);

    g_assert(vcpu->state.in_guest);
    *exit = (struct vcpu_exit){ 0 };
    vcpu->retired = 0;
    vcpu->retired_synced = 0;
    enter_leave(vcpu, &interrupt, exit);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Instructions that leave the engine: what each of them is for an SNP guest. CPUID and port I/O are
 * always #VC (APM 2 15.36.12), the others if the hypervisor intercepts them (15.35.5); what nobody
 * intercepts is carried out here. The error code of #VC is the SVM exit code (appendix C).
 */
#include "cpu/insn.h"

enum {
    EXIT_CR_WRITE_END = 0x20, EXIT_DR_END = 0x40, EXIT_EXCEPTION = 0x40, EXIT_EXCEPTION_END = 0x60,
    EXIT_RDTSC = 0x6e, EXIT_RDPMC = 0x6f, EXIT_PUSHF = 0x70, EXIT_POPF = 0x71, EXIT_CPUID = 0x72,
    EXIT_IRET = 0x74, EXIT_SWINT = 0x75, EXIT_INVD = 0x76, EXIT_INVLPG = 0x79, EXIT_IOIO = 0x7b,
    EXIT_MSR = 0x7c, EXIT_VMMCALL = 0x81, EXIT_RDTSCP = 0x87, EXIT_WBINVD = 0x89,
    EXIT_MONITOR = 0x8a, EXIT_MWAIT = 0x8b, EXIT_MWAIT_ARMED = 0x8c,
};

#define RFLAGS_ARITHMETIC UINT64_C(0x8d5) /* OF SF ZF AF PF CF */
#define CR4_TSD (UINT64_C(1) << 2)

bool vcpu_visible_pass(struct vcpu *vcpu, enum vcpu_visible what)
{
    if ((vcpu->env->visible & what) == 0)
        return true;
    const bool announced = vcpu->state.perform;
    vcpu->state.perform = !announced;
    return announced;
}

static enum step step_fault(struct fault *fault, struct fault what)
{
    *fault = what;
    return STEP_FAULT;
}

static enum step undefined(struct fault *fault)
{
    return step_fault(fault, fault_exception(CPU_VECTOR_UD, false, 0));
}

/* ------------------------------------------------------------------ found by cpu/scan.c */

static bool is_io(const struct insn *insn)
{
    return insn->map == 0 && ((insn->opcode & 0xfc) == 0xe4 || (insn->opcode & 0xfc) == 0xec
                              || (insn->opcode & 0xfc) == 0x6c);
}

static bool is_random(const struct insn *insn)
{
    return insn->map == 1 && insn->opcode == 0xc7 && insn->modrm >= 0xf0;
}

/* VEX, and XOP (8F with a register field that POP does not have): executed as something else. */
static bool is_vex(const struct insn *insn)
{
    if (insn->map != 0)
        return false;
    /* LES and LDS of 16- and 32-bit code have a memory operand. */
    if (insn->opcode == 0xc4 || insn->opcode == 0xc5)
        return insn->mode == DECODE_64 || insn->modrm >= 0xc0;
    return insn->opcode == 0x8f && (insn->modrm & 0x38) != 0;
}

/* The #VC code of IRET, PUSHF and POPF; 0 for other instructions. */
static uint32_t flags_exit(const struct insn *insn, uint32_t intercepts)
{
    if (insn->map != 0)
        return 0;
    if (insn->opcode == 0xcf)
        return (intercepts & INTERCEPT_IRET) != 0 ? EXIT_IRET : 0;
    if (insn->opcode == 0x9c)
        return (intercepts & INTERCEPT_PUSHF_POPF) != 0 ? EXIT_PUSHF : 0;
    if (insn->opcode == 0x9d)
        return (intercepts & INTERCEPT_PUSHF_POPF) != 0 ? EXIT_POPF : 0;
    return 0;
}

/* In 64-bit code the engine gives #UD itself, in compatibility mode it would run it. */
static bool is_sysenter(const struct insn *insn)
{
    return insn->map == 1 && (insn->opcode & 0xfe) == 0x34 && insn->mode != DECODE_64;
}

bool intercept_is_trap(const struct insn *insn, uint32_t intercepts)
{
    return is_io(insn) || is_random(insn) || is_vex(insn) || is_sysenter(insn)
           || flags_exit(insn, intercepts) != 0;
}

/* A bijective mixer (the finaliser of SplitMix64): every seed and count gives another number. */
static uint64_t mix(uint64_t value)
{
    value ^= value >> 30;
    value *= UINT64_C(0xbf58476d1ce4e5b9);
    value ^= value >> 27;
    value *= UINT64_C(0x94d049bb133111eb);
    return value ^ (value >> 31);
}

static uint64_t random_next(struct vcpu *vcpu)
{
    const uint64_t count = ++vcpu->state.rdrand_count;
    const uint64_t stream = mix(vcpu->env->seed + UINT64_C(0x9e3779b97f4a7c15))
                            ^ mix(vcpu->vmsa_spa + UINT64_C(0x632be59bd9b4e019));

    return mix(stream + count * UINT64_C(0x9e3779b97f4a7c15));
}

/* RDRAND; RDSEED if CPUID has it (APM 3): always succeeds, CF=1, the other flags 0. */
static enum step random_insn(struct vcpu *vcpu, const struct insn *insn, struct fault *fault)
{
    const bool seed = (insn->modrm & 0x38) == 0x38;
    const struct cpuid_entry *leaf = cpuid_find(vcpu->env->cpuid, seed ? 7 : 1, 0);
    const bool known = leaf != NULL && (seed ? leaf->ebx >> 18 : leaf->ecx >> 30) & 1;
    const unsigned number = insn_rm(insn);

    if (!known || insn->rep || insn->lock || insn->length == 0)
        return undefined(fault);
    uint64_t value = random_next(vcpu);
    if ((insn->rex & 8) == 0)
        value = insn_operand16(insn)
                    ? (insn_gpr(vcpu, number) & ~UINT64_C(0xffff)) | (value & 0xffff)
                    : value & 0xffffffff;
    insn_gpr_set(vcpu, number, value);
    const uint64_t flags = vcpu_reg(vcpu, UC_X86_REG_RFLAGS);
    vcpu_reg_set(vcpu, UC_X86_REG_RFLAGS, (flags & ~RFLAGS_ARITHMETIC) | 1);
    insn_done(vcpu, insn, vcpu->env->costs.rdrand);
    return STEP_NEXT;
}

/* SYSENTER, SYSEXIT: AMD has them outside long mode only (APM 3 SYSENTER). */
static enum step sysenter(struct vcpu *vcpu, struct fault *fault)
{
    if ((vcpu->control.efer & (1u << 10)) != 0)
        return undefined(fault);
    return step_fault(fault, fault_engine(vcpu, "SYSENTER and SYSEXIT outside long mode are not "
                                          "supported"));
}

/* Port I/O: the I/O permission check comes first (APM 2 12.2.1), then always #VC. */
static enum step io_insn(struct vcpu *vcpu, struct fault *fault)
{
    const uint64_t iopl = vcpu_reg(vcpu, UC_X86_REG_RFLAGS) >> 12 & 3;

    if (vcpu_cpl(vcpu) > iopl)
        return step_fault(fault, fault_exception(CPU_VECTOR_GP, true, 0));
    return step_fault(fault, fault_vc(EXIT_IOIO));
}

/*
 * False once for each time that the instruction is reached. What else of it is announced after the
 * breakpoint, and so begins it anew, is another matter than state.perform is about.
 */
static bool breakpoint_pass(struct vcpu *vcpu, uint64_t rip)
{
    struct vcpu_state *state = &vcpu->state;

    if (state->stopped_rip == rip && state->stopped_at == state->insns_world)
        return true;
    state->stopped_rip = rip;
    state->stopped_at = state->insns_world;
    return false;
}

enum step intercept_trap(struct vcpu *vcpu, enum vcpu_visible *visible, struct fault *fault)
{
    const uint64_t gva = mode_code_gva(vcpu);
    struct insn insn;

    if (vcpu->watch_shared && gva == vcpu->watch_next) {
        fill_watch_end(vcpu);
        return STEP_NEXT;
    }
    if (vcpu_breakpoint_at(vcpu, gva) && vcpu->skip_gva != gva) {
        if (!breakpoint_pass(vcpu, gva)) {
            *visible = VISIBLE_BREAKPOINT;
            return STEP_VISIBLE;
        }
        vcpu->skip_gva = gva;
    }
    insn_fetch(vcpu, &insn);
    if (is_io(&insn))
        return io_insn(vcpu, fault);
    if (is_random(&insn))
        return random_insn(vcpu, &insn, fault);
    if (is_vex(&insn))
        return undefined(fault);
    if (is_sysenter(&insn))
        return sysenter(vcpu, fault);
    const uint32_t code = flags_exit(&insn, vcpu->state.intercepts);
    if (code != 0)
        return step_fault(fault, fault_vc(code));
    return STEP_NEXT; /* a breakpoint that was announced: the engine may pass it once */
}

/* ------------------------------------------------------------------ found by the engine */

/* RDTSC, RDTSCP (APM 3): the processor's virtual clock. */
static enum step time_stamp(struct vcpu *vcpu, const struct insn *insn, struct fault *fault)
{
    const bool rdtscp = insn->opcode == 0x01;
    const uint32_t bit = rdtscp ? INTERCEPT_RDTSCP : INTERCEPT_RDTSC;
    uc_x86_msr aux = { .rid = 0xc0000103 };

    if ((vcpu->control.cr4 & CR4_TSD) != 0 && vcpu_cpl(vcpu) > 0)
        return step_fault(fault, fault_exception(CPU_VECTOR_GP, true, 0));
    if ((vcpu->state.intercepts & bit) != 0)
        return step_fault(fault, fault_vc(rdtscp ? EXIT_RDTSCP : EXIT_RDTSC));
    const uint64_t tsc = vcpu->clock->cycles + vcpu->env->tsc_offset;
    insn_gpr_set(vcpu, 0, (uint32_t)tsc);
    insn_gpr_set(vcpu, 2, tsc >> 32);
    if (rdtscp) {
        uc_reg_read(vcpu->uc, UC_X86_REG_MSR, &aux);
        insn_gpr_set(vcpu, 1, (uint32_t)aux.value);
    }
    insn_done(vcpu, insn, 0);
    return STEP_NEXT;
}

/* INT n, INT3, INT1 (APM 3): through the IDT, with the address behind the instruction. */
static enum step software_interrupt(struct vcpu *vcpu, const struct insn *insn, struct fault *fault)
{
    struct exception exception = { .source = EXCEPTION_SOFTWARE };

    if (insn->opcode == 0xcd && (vcpu->state.intercepts & INTERCEPT_INTN) != 0)
        return step_fault(fault, fault_vc(EXIT_SWINT));
    exception.vector = insn->opcode == 0xcc ? CPU_VECTOR_BP
                       : insn->opcode == 0xf1 ? CPU_VECTOR_DB : insn->bytes[insn->opcode_at + 1];
    exception.return_rip = mode_rip_behind(vcpu, insn->length);
    vcpu->retired++;
    run_sync(vcpu);
    return exception_deliver(vcpu, &exception, fault) ? STEP_NEXT : STEP_FAULT;
}

/* INVLPG flushes whatever page size the guest used (APM 2 5.5.2). */
static enum step invalidate_page(struct vcpu *vcpu, const struct insn *insn, struct fault *fault)
{
    uint64_t gva = 0;

    if ((vcpu->state.intercepts & INTERCEPT_INVLPG) != 0)
        return step_fault(fault, fault_vc(EXIT_INVLPG));
    if (!decode_operand_gva(vcpu, &gva))
        return undefined(fault);
    tlb_flush_gva(&vcpu->state.tlb, gva);
    fill_flush(vcpu);
    insn_done(vcpu, insn, 0);
    return STEP_NEXT;
}

/* INVD, WBINVD: caches are not modelled. */
static enum step cache_insn(struct vcpu *vcpu, const struct insn *insn, struct fault *fault)
{
    const bool invd = insn->opcode == 0x08;

    if ((vcpu->state.intercepts & (invd ? INTERCEPT_INVD : INTERCEPT_WBINVD)) != 0)
        return step_fault(fault, fault_vc(invd ? EXIT_INVD : EXIT_WBINVD));
    insn_done(vcpu, insn, 0);
    return STEP_NEXT;
}

static enum step halt(struct vcpu *vcpu, const struct insn *insn, struct fault *fault)
{
    insn_done(vcpu, insn, 0);
    return step_fault(fault, fault_exit(SVM_EXIT_HLT, 0, 0));
}

/* Not in CPUID: #UD unless intercepted. */
static enum step absent(struct vcpu *vcpu, uint32_t bit, uint32_t code, struct fault *fault)
{
    return (vcpu->state.intercepts & bit) != 0 ? step_fault(fault, fault_vc(code))
                                               : undefined(fault);
}

/* What the engine does not know: RMP instructions, VMGEXIT, VMMCALL; the rest is #UD. */
static enum step unknown_insn(struct vcpu *vcpu, const struct insn *insn,
                              enum vcpu_visible *visible, struct fault *fault)
{
    if (insn->map == 1 && insn->opcode == 0x01 && !insn->lock) {
        const bool prefixed = insn->rep || insn->repne;
        if (insn->modrm == 0xd9 && prefixed)
            return snp_vmgexit(vcpu, insn, visible, fault);
        if (insn->modrm == 0xd9)
            return absent(vcpu, INTERCEPT_VMMCALL, EXIT_VMMCALL, fault);
        if (insn->modrm >= 0xfd && prefixed)
            return snp_insn(vcpu, insn, visible, fault);
    }
    if (insn->map == 0 && insn->opcode == 0xf1)
        return software_interrupt(vcpu, insn, fault);
    return undefined(fault);
}

enum step intercept_exit(struct vcpu *vcpu, uint32_t code, enum vcpu_visible *visible,
                         struct fault *fault)
{
    struct insn insn;

    if (code >= EXIT_EXCEPTION && code < EXIT_EXCEPTION_END
        && code != EXIT_EXCEPTION + CPU_VECTOR_UD)
        return exception_engine(vcpu, (uint8_t)(code - EXIT_EXCEPTION), fault) ? STEP_NEXT
                                                                               : STEP_FAULT;
    insn_fetch(vcpu, &insn);
    if (insn.map == 1 && insn.opcode == 0x01 && insn.modrm == 0xd9)
        return unknown_insn(vcpu, &insn, visible, fault); /* its length may be unknown to us */
    if (code < EXIT_CR_WRITE_END)
        return control_register(vcpu, &insn, fault);
    if (code < EXIT_DR_END)
        return debug_register(vcpu, &insn, fault);
    switch (code) {
    case EXIT_RDTSC: case EXIT_RDTSCP: return time_stamp(vcpu, &insn, fault);
    case EXIT_RDPMC:
        if ((vcpu->state.intercepts & INTERCEPT_RDPMC) != 0)
            return step_fault(fault, fault_vc(EXIT_RDPMC));
        return step_fault(fault, fault_exception(CPU_VECTOR_GP, true, 0));
    case EXIT_CPUID: return step_fault(fault, fault_vc(EXIT_CPUID));
    case EXIT_SWINT: return software_interrupt(vcpu, &insn, fault);
    case EXIT_INVD: case EXIT_WBINVD: return cache_insn(vcpu, &insn, fault);
    case SVM_EXIT_HLT: return halt(vcpu, &insn, fault);
    case EXIT_INVLPG: return invalidate_page(vcpu, &insn, fault);
    case EXIT_MSR: return msr_access(vcpu, &insn, fault);
    case EXIT_MONITOR: return absent(vcpu, INTERCEPT_MONITOR, EXIT_MONITOR, fault);
    case EXIT_MWAIT: case EXIT_MWAIT_ARMED:
        return absent(vcpu, INTERCEPT_MWAIT, EXIT_MWAIT, fault);
    default: return unknown_insn(vcpu, &insn, visible, fault);
    }
}

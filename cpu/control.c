/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes to CR0, CR3, CR4, CR8 and all debug-register accesses (APM 2 3.1, 13.1). The engine checks
 * nothing of it, so the reserved bits are checked here; they follow CPUID: what it does not
 * advertise is reserved.
 */
#include "cpu/insn.h"

#define CR0_PE (UINT64_C(1) << 0)
#define CR0_TS (UINT64_C(1) << 3)
#define CR0_ET (UINT64_C(1) << 4)
#define CR0_NW (UINT64_C(1) << 29)
#define CR0_CD (UINT64_C(1) << 30)
#define CR0_PG (UINT64_C(1) << 31)
#define CR0_KNOWN UINT64_C(0xe005003f)
#define CR4_PAE (UINT64_C(1) << 5)
#define EFER_LME (UINT64_C(1) << 8)
#define EFER_LMA (UINT64_C(1) << 10)
#define DR6_RESERVED UINT64_C(0xffff0ff0)
#define DR7_GD (UINT64_C(1) << 13)

/*
 *  21   20   16        10         9      8   7   6   5   4   3  2   1   0
 *  SMAP SMEP FSGSBASE  OSXMMEXCPT OSFXSR PCE PGE MCE PAE PSE DE TSD PVI VME
 */
static uint64_t cr4_known(void)
{
    return UINT64_C(0x7ff) | UINT64_C(1) << 16 | UINT64_C(3) << 20;
}

static enum step general_protection(struct fault *fault)
{
    *fault = fault_exception(CPU_VECTOR_GP, true, 0);
    return STEP_FAULT;
}

void vcpu_control_refresh(struct vcpu *vcpu)
{
    uc_x86_msr efer = { .rid = 0xc0000080 };

    uc_reg_read(vcpu->uc, UC_X86_REG_MSR, &efer);
    vcpu->control = (struct vcpu_control){
        .cr0 = vcpu_reg(vcpu, UC_X86_REG_CR0),
        .cr3 = vcpu_reg(vcpu, UC_X86_REG_CR3),
        .cr4 = vcpu_reg(vcpu, UC_X86_REG_CR4),
        .efer = efer.value,
    };
    /* SMEP and SMAP are about paging. */
    if ((vcpu->control.cr0 & CR0_PG) == 0)
        vcpu->control.cr4 &= ~(UINT64_C(3) << 20);
}

static void control_write(struct vcpu *vcpu, int reg, uint64_t value, bool keep_global)
{
    vcpu_reg_set(vcpu, reg, value);
    vcpu_control_refresh(vcpu);
    mmu_flush(vcpu, keep_global);
    if (reg == UC_X86_REG_CR0)
        mode_refresh(vcpu); /* the engine's EFER.LMA follows CR0.PG */
}

static bool code_segment_is_long(struct vcpu *vcpu)
{
    struct vmsa_segment cs;

    hidden_fetch(&vcpu->hidden);
    hidden_segment_read(&vcpu->hidden, HIDDEN_CS, &cs);
    return (cs.attrib & VMSA_ATTRIB_L) != 0;
}

/* APM 2 3.1.1, and long mode's consistency checks (14.6.2). */
static bool cr0_write(struct vcpu *vcpu, uint64_t value)
{
    const struct vcpu_control *old = &vcpu->control;
    const bool paging = (value & CR0_PG) != 0;

    value |= CR0_ET;
    if ((value & ~UINT64_C(0xffffffff)) != 0 || (paging && (value & CR0_PE) == 0)
        || ((value & CR0_NW) != 0 && (value & CR0_CD) == 0))
        return false;
    value &= CR0_KNOWN;
    if (paging && (old->cr0 & CR0_PG) == 0 && (old->efer & EFER_LME) != 0
        && ((vcpu_reg(vcpu, UC_X86_REG_CR4) & CR4_PAE) == 0 || code_segment_is_long(vcpu)))
        return false;
    /* Long mode cannot be left from 64-bit code (APM 2 14.6.2: through compatibility mode). */
    if (!paging && (old->cr0 & CR0_PG) != 0 && (old->efer & EFER_LMA) != 0) {
        hidden_fetch(&vcpu->hidden);
        if (hidden_long(&vcpu->hidden))
            return false;
    }
    control_write(vcpu, UC_X86_REG_CR0, value, false);
    return true;
}

/* Bits 51:12 are an address, C-bit included; 4:3 are cache controls; the rest is reserved. */
static bool cr3_write(struct vcpu *vcpu, uint64_t value)
{
    if ((vcpu->control.efer & EFER_LMA) != 0 && value >> 52 != 0)
        return false;
    control_write(vcpu, UC_X86_REG_CR3, value, true);
    return true;
}

static bool cr4_write(struct vcpu *vcpu, uint64_t value)
{
    if ((value & ~cr4_known()) != 0
        || ((vcpu->control.efer & EFER_LMA) != 0 && (value & CR4_PAE) == 0))
        return false;
    control_write(vcpu, UC_X86_REG_CR4, value, false);
    return true;
}

/* CR8 is the TPR; without a local APIC of its own the engine has none: writes are kept nowhere. */
static bool cr8_access(struct vcpu *vcpu, const struct insn *insn, bool write)
{
    if (write)
        return (insn_gpr(vcpu, insn_rm(insn)) & ~UINT64_C(0xf)) == 0;
    insn_gpr_set(vcpu, insn_rm(insn), 0);
    return true;
}

/* LMSW: bits 3:0 of CR0, PE can only be set (APM 2 3.1.1). */
static bool lmsw(struct vcpu *vcpu, const struct insn *insn, struct fault *fault)
{
    uint64_t gva;
    uint16_t value;

    if (insn->modrm >= 0xc0)
        value = (uint16_t)insn_gpr(vcpu, insn_rm(insn));
    else if (!decode_operand_gva(vcpu, &gva)
             || !mmu_read(vcpu, gva, &value, sizeof(value), MMU_CURRENT, fault))
        return false;
    const uint64_t cr0 = vcpu->control.cr0;
    return cr0_write(vcpu, (cr0 & ~UINT64_C(0xe)) | (value & 0xf) | (cr0 & CR0_PE));
}

enum step control_register(struct vcpu *vcpu, const struct insn *insn, struct fault *fault)
{
    bool good = false;

    *fault = (struct fault){ .kind = FAULT_NONE };
    if (insn->map == 1 && insn->opcode == 0x06) {
        vcpu_reg_set(vcpu, UC_X86_REG_CR0, vcpu->control.cr0 & ~CR0_TS);
        vcpu_control_refresh(vcpu);
        good = true;
    } else if (insn->map == 1 && insn->opcode == 0x01) {
        good = lmsw(vcpu, insn, fault);
    } else if (insn->map == 1 && (insn->opcode == 0x22 || insn->opcode == 0x20)) {
        const uint64_t value = insn_value(insn, insn_gpr(vcpu, insn_rm(insn)));
        /* AMD: LOCK makes CR0 into CR8 (APM 3 MOV CRn). */
        const unsigned number = insn->lock && insn_reg(insn) == 0 ? 8 : insn_reg(insn);
        switch (number) {
        case 0: good = cr0_write(vcpu, value); break;
        case 3: good = cr3_write(vcpu, value); break;
        case 4: good = cr4_write(vcpu, value); break;
        case 8: good = cr8_access(vcpu, insn, insn->opcode == 0x22); break;
        default: break;
        }
    }
    if (fault->kind != FAULT_NONE)
        return STEP_FAULT;
    if (!good)
        return general_protection(fault);
    if ((vcpu->control.cr0 & CR0_PG) != 0 && (vcpu->control.efer & EFER_LMA) == 0) {
        *fault = fault_engine(vcpu, "the guest turned on 32-bit or PAE paging (CR0.PG without "
                              "EFER.LME), which is not supported");
        return STEP_FAULT;
    }
    insn_done(vcpu, insn, 0);
    return STEP_NEXT;
}

/*
 * DR4 and DR5 are DR6 and DR7 unless CR4.DE (APM 2 13.1.1). Breakpoints never fire
 * (docs/limits.md).
 */
enum step debug_register(struct vcpu *vcpu, const struct insn *insn, struct fault *fault)
{
    static const int ids[8] = { UC_X86_REG_DR0, UC_X86_REG_DR1, UC_X86_REG_DR2, UC_X86_REG_DR3,
                                UC_X86_REG_DR6, UC_X86_REG_DR7, UC_X86_REG_DR6, UC_X86_REG_DR7 };
    const unsigned number = insn_reg(insn);
    const bool write = insn->opcode == 0x23;
    const bool de = (vcpu->control.cr4 & 8) != 0;

    if (number > 7 || ((number == 4 || number == 5) && de)) {
        *fault = fault_exception(CPU_VECTOR_UD, false, 0);
        return STEP_FAULT;
    }
    if (ids[number] == UC_X86_REG_DR7 && (vcpu->state.intercepts & INTERCEPT_DR7) != 0) {
        *fault = fault_vc(write ? 0x37 : 0x27);
        return STEP_FAULT;
    }
    if (!write) {
        insn_gpr_set(vcpu, insn_rm(insn), insn_value(insn, vcpu_reg(vcpu, ids[number])));
    } else {
        uint64_t value = insn_value(insn, insn_gpr(vcpu, insn_rm(insn)));
        if (ids[number] == UC_X86_REG_DR6 || ids[number] == UC_X86_REG_DR7) {
            if (value >> 32 != 0)
                return general_protection(fault);
            value = ids[number] == UC_X86_REG_DR6 ? (value & 0xe00f) | DR6_RESERVED
                                                  : (value & ~DR7_GD & ~UINT64_C(0xd800)) | 0x400;
        }
        vcpu_reg_set(vcpu, ids[number], value);
    }
    insn_done(vcpu, insn, 0);
    return STEP_NEXT;
}

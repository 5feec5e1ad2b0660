/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RDMSR and WRMSR. The hypervisor's permission map lets these MSRs through to the guest; all others
 * are #VC(0x7c), for the guest to ask for in a GHCB (APM 2 15.35.5, GHCB 56421 4.1.2):
 *
 *   00000010 TSC (read)         c0000080 EFER              c0000100 FS_BASE
 *   00000174-176 SYSENTER       c0000081-84 STAR...SFMASK  c0000101 GS_BASE
 *   00000277 PAT                c0010130 GHCB              c0000102 KERNEL_GS_BASE
 *   00000da0 XSS                c0010131 SEV_STATUS        c0000103 TSC_AUX
 *                               c0010135 VIRTUAL_TOM
 */
#include "cpu/insn.h"

enum {
    MSR_TSC = 0x10, MSR_SYSENTER_CS = 0x174, MSR_SYSENTER_ESP = 0x175, MSR_SYSENTER_EIP = 0x176,
    MSR_PAT = 0x277, MSR_XSS = 0xda0,
};
#define MSR_EFER 0xc0000080u
#define MSR_STAR 0xc0000081u
#define MSR_LSTAR 0xc0000082u
#define MSR_CSTAR 0xc0000083u
#define MSR_SFMASK 0xc0000084u
#define MSR_FS_BASE 0xc0000100u
#define MSR_GS_BASE 0xc0000101u
#define MSR_KERNEL_GS_BASE 0xc0000102u
#define MSR_TSC_AUX 0xc0000103u
#define MSR_GHCB 0xc0010130u
#define MSR_SEV_STATUS 0xc0010131u
#define MSR_VIRTUAL_TOM 0xc0010135u

#define EXIT_MSR 0x7c
#define EFER_SCE (UINT64_C(1) << 0)
#define EFER_LME (UINT64_C(1) << 8)
#define EFER_LMA (UINT64_C(1) << 10)
#define EFER_NXE (UINT64_C(1) << 11)
#define EFER_SVME (UINT64_C(1) << 12)
#define EFER_FFXSR (UINT64_C(1) << 14)
#define CR0_PG (UINT64_C(1) << 31)
#define SEV_VTOM (UINT64_C(1) << 1)
#define VTOM_MASK UINT64_C(0x003fffffffe00000) /* bits 53:21 */

enum msr_result { MSR_OK, MSR_GP, MSR_VC };

static uint64_t engine_read(struct vcpu *vcpu, uint32_t number)
{
    uc_x86_msr msr = { .rid = number };

    uc_reg_read(vcpu->uc, UC_X86_REG_MSR, &msr);
    return msr.value;
}

static void engine_write(struct vcpu *vcpu, uint32_t number, uint64_t value)
{
    uc_x86_msr msr = { .rid = number, .value = value };

    uc_reg_write(vcpu->uc, UC_X86_REG_MSR, &msr);
}

static bool canonical(uint64_t value)
{
    return (uint64_t)((int64_t)(value << 16) >> 16) == value;
}

/* SEV_FEATURES bit n is SEV_STATUS bit n + 2; bits 0 and 1 say SEV and SEV-ES (APM 2 15.34.10). */
static uint64_t sev_status(const struct vcpu *vcpu)
{
    return 3 | (vcpu->state.sev_features & UINT64_C(0x1fffffffffffffff)) << 2;
}

static enum msr_result msr_read(struct vcpu *vcpu, uint32_t number, uint64_t *value)
{
    switch (number) {
    case MSR_TSC: *value = vcpu->clock->cycles + vcpu->env->tsc_offset; return MSR_OK;
    case MSR_XSS: *value = 0; return MSR_OK;
    /* VMRUN of an SNP guest needs SVME, and the guest sees it set. */
    case MSR_EFER: *value = engine_read(vcpu, number) | EFER_SVME; return MSR_OK;
    case MSR_GHCB: *value = vcpu->vmcb->ghcb_msr; return MSR_OK;
    case MSR_SEV_STATUS: *value = sev_status(vcpu); return MSR_OK;
    case MSR_VIRTUAL_TOM:
        *value = vcpu->state.virtual_tom;
        return (vcpu->state.sev_features & SEV_VTOM) != 0 ? MSR_OK : MSR_GP;
    case MSR_SYSENTER_CS: case MSR_SYSENTER_ESP: case MSR_SYSENTER_EIP: case MSR_PAT:
    case MSR_STAR: case MSR_LSTAR: case MSR_CSTAR: case MSR_SFMASK:
    case MSR_FS_BASE: case MSR_GS_BASE: case MSR_KERNEL_GS_BASE: case MSR_TSC_AUX:
        *value = engine_read(vcpu, number);
        return MSR_OK;
    default: return MSR_VC;
    }
}

/* A guest's writes to SVME are ignored (APM 2 15.35.7), LMA follows LME and PG. */
static enum msr_result efer_write(struct vcpu *vcpu, uint64_t value)
{
    const uint64_t known = EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE | EFER_SVME | EFER_FFXSR;
    const uint64_t old = engine_read(vcpu, MSR_EFER);

    if ((value & ~known) != 0)
        return MSR_GP;
    if ((vcpu->control.cr0 & CR0_PG) != 0 && ((value ^ old) & EFER_LME) != 0)
        return MSR_GP;
    engine_write(vcpu, MSR_EFER, (value & ~(EFER_LMA | EFER_SVME)) | (old & EFER_LMA));
    vcpu_control_refresh(vcpu);
    if (((value ^ old) & EFER_NXE) != 0)
        mmu_flush(vcpu, false);
    return MSR_OK;
}

/* Each of eight types is 0, 1, 4, 5, 6 or 7 (APM 2 7.8.1). */
static bool pat_legal(uint64_t value)
{
    for (unsigned i = 0; i < 8; i++, value >>= 8) {
        const uint8_t type = (uint8_t)value;
        if (type > 7 || type == 2 || type == 3)
            return false;
    }
    return true;
}

static enum msr_result msr_write(struct vcpu *vcpu, uint32_t number, uint64_t value)
{
    switch (number) {
    case MSR_XSS: return value == 0 ? MSR_OK : MSR_GP;
    case MSR_EFER: return efer_write(vcpu, value);
    case MSR_GHCB: vcpu->vmcb->ghcb_msr = value; return MSR_OK;
    case MSR_SEV_STATUS: return MSR_GP;
    case MSR_VIRTUAL_TOM:
        if ((vcpu->state.sev_features & SEV_VTOM) == 0)
            return MSR_GP;
        vcpu->state.virtual_tom = value & VTOM_MASK;
        mmu_flush(vcpu, false); /* APM 2 15.36.8 */
        return MSR_OK;
    case MSR_PAT:
        if (!pat_legal(value))
            return MSR_GP;
        break;
    case MSR_LSTAR: case MSR_CSTAR: case MSR_SYSENTER_ESP: case MSR_SYSENTER_EIP:
    case MSR_FS_BASE: case MSR_GS_BASE: case MSR_KERNEL_GS_BASE:
        if (!canonical(value))
            return MSR_GP;
        break;
    case MSR_STAR: case MSR_SFMASK: case MSR_SYSENTER_CS: case MSR_TSC_AUX: break;
    default: return MSR_VC;
    }
    engine_write(vcpu, number, value);
    return MSR_OK;
}

/* A hostile permission map may also intercept what is passed through, but never SEV_STATUS. */
static bool intercepted(const struct vcpu *vcpu, uint32_t number)
{
    return number == MSR_GHCB && (vcpu->state.intercepts & INTERCEPT_GHCB_MSR) != 0;
}

enum step msr_access(struct vcpu *vcpu, const struct insn *insn, struct fault *fault)
{
    const bool write = insn->opcode == 0x30;
    const uint32_t number = (uint32_t)insn_gpr(vcpu, 1);
    uint64_t value = (insn_gpr(vcpu, 0) & 0xffffffff) | insn_gpr(vcpu, 2) << 32;
    enum msr_result result = MSR_VC;

    if (vcpu_cpl(vcpu) != 0)
        result = MSR_GP;
    else if (!intercepted(vcpu, number))
        result = write ? msr_write(vcpu, number, value) : msr_read(vcpu, number, &value);
    if (result != MSR_OK) {
        *fault = result == MSR_GP ? fault_exception(CPU_VECTOR_GP, true, 0) : fault_vc(EXIT_MSR);
        return STEP_FAULT;
    }
    if (!write) {
        insn_gpr_set(vcpu, 0, (uint32_t)value);
        insn_gpr_set(vcpu, 2, value >> 32);
    }
    insn_done(vcpu, insn, vcpu->env->costs.msr);
    return STEP_NEXT;
}

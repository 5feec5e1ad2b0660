/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/guest_vmsa.h"

enum {
    SEGMENT_CODE_64 = 0xa9b, /* G, L, present, code, accessed */
    SEGMENT_DATA = 0xc93,    /* G, B, present, data, writable, accessed */
    SEGMENT_LDT = 0x082,
    SEGMENT_TSS_BUSY = 0x08b,
    CR0_START = 0x33,  /* PE, MP, ET, NE */
    CR4_START = 0x620, /* PAE, OSFXSR, OSXMMEXCPT */
    RFLAGS_FIXED = 2,
    DR7_START = 0x400,
    XCR0_X87 = 1,
    MXCSR_START = 0x1f80,
    FCW_START = 0x37f,
};
#define CR0_PG_WP       (UINT64_C(0x80010000))
#define CR0_PE          (UINT64_C(1) << 0)
#define CR0_NW          (UINT64_C(1) << 29)
#define CR0_CD          (UINT64_C(1) << 30)
#define CR0_PG          (UINT64_C(1) << 31)
#define CR4_PAE         (UINT64_C(1) << 5)
#define SEGMENT_L_AND_D (3 << 9)
/* SCE, LME, LMA, NXE, SVME, LMSLE, FFXSR, TCE, MCOMMIT, INTWB, UAIE, AIBRSE: APM 2 3.1.7 */
#define EFER_DEFINED UINT64_C(0x36fd01)
#define DR6_START    UINT64_C(0xffff0ff0)
#define PAT_START    UINT64_C(0x0007040600070406)

void guest_vmsa_init(struct vmsa *vmsa, const struct guest_start *start)
{
    const struct vmsa_segment data = {
        .selector = start->data_selector, .attributes = SEGMENT_DATA, .limit = 0xffffffff};
    vmsa->cs = (struct vmsa_segment){
        .selector = start->code_selector, .attributes = SEGMENT_CODE_64, .limit = 0xffffffff};
    vmsa->ds = data;
    vmsa->es = data;
    vmsa->ss = data;
    vmsa->fs = data;
    vmsa->gs = data;
    vmsa->ldtr = (struct vmsa_segment){.attributes = SEGMENT_LDT};
    vmsa->tr = (struct vmsa_segment){.attributes = SEGMENT_TSS_BUSY, .limit = 0xffff};
    vmsa->vmpl = start->vmpl;
    vmsa->efer = EFER_LME | EFER_LMA | EFER_NXE;
    vmsa->cr0 = CR0_PG_WP | CR0_START;
    vmsa->cr3 = start->cr3;
    vmsa->cr4 = CR4_START;
    vmsa->dr6 = DR6_START;
    vmsa->dr7 = DR7_START;
    vmsa->rflags = RFLAGS_FIXED;
    vmsa->rip = start->entry;
    vmsa->rdi = start->rdi;
    vmsa->rsi = start->rsi;
    vmsa->guest_pat = PAT_START;
    vmsa->xcr0 = XCR0_X87;
    vmsa->mxcsr = MXCSR_START;
    vmsa->x87_fcw = FCW_START;
    vmsa->sev_features = start->sev_features;
}

void guest_vmsa_seize(struct vmsa *vmsa)
{
    __atomic_and_fetch(&vmsa->efer, ~EFER_SVME, __ATOMIC_SEQ_CST);
}

void guest_vmsa_release(struct vmsa *vmsa)
{
    __atomic_or_fetch(&vmsa->efer, EFER_SVME, __ATOMIC_SEQ_CST);
}

void guest_vmsa_flush(struct vmsa *vmsa)
{
    __atomic_store_n(&vmsa->pcpu_id, 0, __ATOMIC_SEQ_CST);
}

/* Every VMRUN leaves a TLB tag. A flush clears PCPU_ID only. */
bool guest_vmsa_has_run(const struct vmsa *vmsa)
{
    return *(const volatile uint64_t *)&vmsa->tlb_id != 0;
}

/* APM 2 15.5.1, and what the architecture reserves whatever the processor has. */
static bool state_is_legal(const struct vmsa *vmsa)
{
    bool paging = (vmsa->cr0 & CR0_PG) != 0;
    bool long_mode = (vmsa->efer & EFER_LME) != 0 && paging;
    if (vmsa->cr0 >> 32 != 0 || vmsa->dr6 >> 32 != 0 || vmsa->dr7 >> 32 != 0 ||
        vmsa->cr4 >> 32 != 0 || vmsa->cr3 >> 52 != 0 || (vmsa->efer & ~EFER_DEFINED) != 0) {
        return false;
    }
    if ((vmsa->cr0 & CR0_NW) != 0 && (vmsa->cr0 & CR0_CD) == 0) {
        return false;
    }
    if (paging && (vmsa->cr0 & CR0_PE) == 0) {
        return false;
    }
    return !long_mode || ((vmsa->cr4 & CR4_PAE) != 0 &&
                          (vmsa->cs.attributes & SEGMENT_L_AND_D) != SEGMENT_L_AND_D);
}

bool guest_vmsa_check(const struct vmsa *vmsa, unsigned vmpl, uint64_t sev_features)
{
    return vmsa->vmpl == vmpl && vmsa->sev_features == sev_features && vmsa->virtual_tom == 0 &&
           (vmsa->vintr_ctrl & VINTR_CTRL_BUSY) == 0 && vmsa->event_inj == 0 &&
           state_is_legal(vmsa);
}

void guest_vmsa_reset_exit(struct vmsa *vmsa)
{
    vmsa->guest_exit_info_1 = 0;
    vmsa->guest_exit_info_2 = 0;
    vmsa->guest_exit_int_info = 0;
    vmsa->guest_nrip = 0;
    vmsa->guest_exit_code = 0;
    vmsa->tlb_id = 0;
    vmsa->pcpu_id = 0;
}

bool guest_vmsa_left_by_vmgexit(const struct vmsa *vmsa)
{
    return *(const volatile uint64_t *)&vmsa->guest_exit_code == EXIT_CODE_VMGEXIT;
}

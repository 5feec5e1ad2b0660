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
#define CR0_PG_WP (UINT64_C(0x80010000))
#define DR6_START UINT64_C(0xffff0ff0)
#define PAT_START UINT64_C(0x0007040600070406)

void guest_vmsa_init(struct vmsa *vmsa, const struct guest_start *start)
{
    const struct vmsa_segment data = {
        .selector = 0x10, .attributes = SEGMENT_DATA, .limit = 0xffffffff};
    vmsa->cs =
        (struct vmsa_segment){.selector = 0x08, .attributes = SEGMENT_CODE_64, .limit = 0xffffffff};
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
    vmsa->rdi = start->boot_gpa;
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

bool guest_vmsa_left_by_vmgexit(const struct vmsa *vmsa)
{
    return *(const volatile uint64_t *)&vmsa->guest_exit_code == EXIT_CODE_VMGEXIT;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What VMRUN says about the contents of a VMSA, and two states to start from. */
#include "cpu/vmsa.h"

#include <stdbool.h>
#include <string.h>

#include "rmp/addr.h"

#define BIT(n) (UINT64_C(1) << (n))

enum {
    CR0_PE = 0, CR0_NW = 29, CR0_CD = 30, CR0_PG = 31,
    CR4_PAE = 5, RFLAGS_VM = 17,
    EFER_SCE = 0, EFER_LME = 8, EFER_LMA = 10, EFER_NXE = 11, EFER_SVME = 12,
};

/*
 * What the emulated processor has (cpu/cpuid.c): anything else must be zero. CR4.MCE is taken, as
 * systems set it without looking.
 */
#define CR4_LEGAL (BIT(11) - 1 + BIT(16) + BIT(20) + BIT(21))
#define EFER_LEGAL                                                                                 \
    (BIT(EFER_SCE) + BIT(EFER_LME) + BIT(EFER_LMA) + BIT(EFER_NXE) + BIT(EFER_SVME))

/* APM 2 15.5.1 "Canonicalization and Consistency Checks", 15.36.12 for the VMPL. */
static const char *illegal(const struct vmsa *vmsa)
{
    bool lme = (vmsa->efer & BIT(EFER_LME)) != 0, pg = (vmsa->cr0 & BIT(CR0_PG)) != 0;
    if ((vmsa->efer & BIT(EFER_SVME)) == 0)
        return "EFER.SVME is 0";
    if ((vmsa->efer & ~EFER_LEGAL) != 0)
        return "a reserved bit of EFER is set";
    if ((vmsa->cr0 & BIT(CR0_CD)) == 0 && (vmsa->cr0 & BIT(CR0_NW)) != 0)
        return "CR0.NW is set without CR0.CD";
    if (vmsa->cr0 >> 32 != 0)
        return "a bit of CR0[63:32] is set";
    if ((vmsa->cr4 & ~CR4_LEGAL) != 0)
        return "a reserved bit of CR4 is set";
    if (vmsa->cr3 >> 52 != 0)
        return "a reserved bit of CR3 is set";
    if (vmsa->dr6 >> 32 != 0 || vmsa->dr7 >> 32 != 0)
        return "a bit of DR6[63:32] or DR7[63:32] is set";
    if (lme && pg && (vmsa->cr4 & BIT(CR4_PAE)) == 0)
        return "long mode with paging but without CR4.PAE";
    if (pg && (vmsa->cr0 & BIT(CR0_PE)) == 0)
        return "CR0.PG without CR0.PE";
    if (lme && pg && (vmsa->cs.attrib & VMSA_ATTRIB_L) != 0
        && (vmsa->cs.attrib & VMSA_ATTRIB_D) != 0)
        return "CS.L and CS.D are both set in long mode";
    if (vmsa->vmpl >= VMPL_COUNT)
        return "VMPL is above 3";
    return NULL;
}

static const char *unsupported(const struct vmsa *vmsa)
{
    bool lme = (vmsa->efer & BIT(EFER_LME)) != 0, pg = (vmsa->cr0 & BIT(CR0_PG)) != 0;
    bool is_protected = (vmsa->cr0 & BIT(CR0_PE)) != 0;
    if (pg && !lme)
        return "entry with 32-bit or PAE paging (CR0.PG without EFER.LME) is not supported";
    if ((lme && pg) != ((vmsa->efer & BIT(EFER_LMA)) != 0))
        return "entry with an EFER.LMA that is not EFER.LME and CR0.PG is not supported";
    if ((vmsa->rflags & BIT(RFLAGS_VM)) != 0)
        return "entry in virtual-8086 mode (RFLAGS.VM) is not supported";
    if (is_protected && vmsa->cpl != 0 && vmsa->cpl != 3)
        return "entry at CPL 1 or 2 is not supported";
    return NULL;
}

enum vmsa_status vmsa_check(const struct vmsa *vmsa, const char **why)
{
    const char *reason = illegal(vmsa);
    enum vmsa_status status = VMSA_ILLEGAL;
    if (reason == NULL) {
        reason = unsupported(vmsa);
        status = reason == NULL ? VMSA_OK : VMSA_UNSUPPORTED;
    }
    if (why != NULL)
        *why = reason;
    return status;
}

/* APM 2 table 14-1. */
static void init_common(struct vmsa *vmsa)
{
    *vmsa = (struct vmsa){
        .efer = BIT(EFER_SVME),
        .dr6 = 0xffff0ff0,
        .dr7 = 0x400,
        .rflags = 2,
        .g_pat = UINT64_C(0x0007040600070406),
        .xcr0 = 1,
        .mxcsr = 0x1f80,
        .x87_fcw = 0x037f,
        .x87_ftw = 0xffff,
        .gdtr = { .limit = 0xffff },
        .idtr = { .limit = 0xffff },
        .ldtr = { .limit = 0xffff, .attrib = 0x82 },
        .tr = { .limit = 0xffff, .attrib = 0x8b },
    };
}

void vmsa_init_long_mode(struct vmsa *vmsa)
{
    init_common(vmsa);
    vmsa->efer |= BIT(EFER_LME) + BIT(EFER_LMA) + BIT(EFER_NXE) + BIT(EFER_SCE);
    vmsa->cr0 = BIT(CR0_PG) + BIT(16) + BIT(5) + BIT(4) + BIT(1) + BIT(CR0_PE);
    vmsa->cr4 = BIT(CR4_PAE) + BIT(7) + BIT(9) + BIT(10); /* PGE, OSFXSR, OSXMMEXCPT */
    vmsa->cs = (struct vmsa_segment){ .selector = 8, .attrib = 0xa9b, .limit = 0xffffffff };
    vmsa->ss = (struct vmsa_segment){ .selector = 16, .attrib = 0xc93, .limit = 0xffffffff };
    vmsa->ds = vmsa->ss;
    vmsa->es = vmsa->ss;
    vmsa->fs = vmsa->ss;
    vmsa->gs = vmsa->ss;
}

void vmsa_init_reset(struct vmsa *vmsa)
{
    init_common(vmsa);
    vmsa->cr0 = BIT(CR0_CD) + BIT(CR0_NW) + BIT(4); /* ET */
    vmsa->rip = 0xfff0;
    vmsa->rdx = 0x00a00f11; /* family, model, stepping as in CPUID 1 */
    vmsa->cs = (struct vmsa_segment){ .selector = 0xf000, .attrib = 0x9b, .limit = 0xffff,
                                      .base = 0xffff0000 };
    vmsa->ss = (struct vmsa_segment){ .attrib = 0x93, .limit = 0xffff };
    vmsa->ds = vmsa->ss;
    vmsa->es = vmsa->ss;
    vmsa->fs = vmsa->ss;
    vmsa->gs = vmsa->ss;
}

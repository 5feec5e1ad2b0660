/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the hypervisor hands to VMRUN and gets back: the part of the VMCB that exists for an SNP
 * guest (APM 2 15.35, 15.36). Guest registers are in the VMSA and not here.
 */
#ifndef PROVA_CPU_VMCB_H
#define PROVA_CPU_VMCB_H

#include "rmp/npt.h"

/* Intercepts that turn an instruction into #VC (APM 2 15.35.5), bit set = intercepted. CPUID and
 * port I/O always are. */
enum vmcb_intercept {
    INTERCEPT_MSR = 1 << 0, /* all MSRs but those the hypervisor passes through, see cpu/msr.c */
    INTERCEPT_RDTSC = 1 << 1,
    INTERCEPT_RDTSCP = 1 << 2,
    INTERCEPT_WBINVD = 1 << 3,
    INTERCEPT_INVD = 1 << 4,
    INTERCEPT_DR7 = 1 << 5,
    INTERCEPT_MONITOR = 1 << 6,
    INTERCEPT_MWAIT = 1 << 7,
    INTERCEPT_RDPMC = 1 << 8,
    INTERCEPT_INVLPG = 1 << 9,
    INTERCEPT_XSETBV = 1 << 10,
    INTERCEPT_IRET = 1 << 11,
    INTERCEPT_PUSHF_POPF = 1 << 12,
    INTERCEPT_INTN = 1 << 13,
    INTERCEPT_VMMCALL = 1 << 14, /* plain VMMCALL; VMGEXIT is never intercepted, it exits */
    INTERCEPT_GHCB_MSR = 1 << 15, /* a hostile MSRPM: even C001_0130 */
};

#define EVENTINJ_VALID (UINT64_C(1) << 31)
#define EVENTINJ_ERROR_VALID (UINT64_C(1) << 11)
enum eventinj_type {
    EVENTINJ_INTR = 0,
    EVENTINJ_NMI = 2,
    EVENTINJ_EXCEPTION = 3,
    EVENTINJ_SOFT = 4,
};

struct vmcb {
    uint32_t asid;
    uint32_t intercepts;    /* enum vmcb_intercept */
    const struct npt *npt;  /* hCR3 */
    uint64_t eventinj;      /* APM 2 15.20; consumed by VMRUN */
    uint64_t ghcb_msr;      /* VMCB+0xA0: in and out */
    uint8_t v_irq;          /* virtual interrupt requested */
    uint8_t v_irq_vector;
    uint8_t tlb_control;    /* 0 nothing, 1 or 3 or 7 flush the guest's entries */
    uint8_t allow_features; /* 1: sev_features_mask is checked */
    uint64_t sev_features_mask;
    /* VMCB+0x88, out (APM 2 15.7.2): the event whose delivery the exit interrupted, in the format
     * of eventinj; 0 if none. It is the hypervisor that injects it again. */
    uint64_t exitintinfo;
    /* VMCB+0x68 bit 1, out: GUEST_INTERRUPT_MASK, RFLAGS.IF of the guest at the exit. */
    uint8_t guest_interrupts;
};

#endif

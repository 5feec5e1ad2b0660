/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The VM save area of an SEV-ES/SNP guest (APM 2 appendix B, table B-4): all registers of one vCPU
 * at one VMPL, in one page. VMRUN loads it into the engine and every automatic exit stores it back
 * (APM 2 15.35.4).
 */
#ifndef PROVA_CPU_VMSA_H
#define PROVA_CPU_VMSA_H

#include <glib.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Segment register. attrib holds bits 55:52 and 47:40 of the descriptor:
 *
 *   11  10  9   8    7  6:5  4  3:0
 *   G | D | L | AVL | P |DPL| S |type
 */
struct vmsa_segment {
    uint16_t selector;
    uint16_t attrib;
    uint32_t limit; /* bytes, granularity applied */
    uint64_t base;
};
_Static_assert(sizeof(struct vmsa_segment) == 16, "16 bytes a segment register");

enum vmsa_attrib {
    VMSA_ATTRIB_TYPE = 0xf,
    VMSA_ATTRIB_S = 1 << 4,
    VMSA_ATTRIB_DPL_SHIFT = 5,
    VMSA_ATTRIB_P = 1 << 7,
    VMSA_ATTRIB_L = 1 << 9,
    VMSA_ATTRIB_D = 1 << 10,
    VMSA_ATTRIB_G = 1 << 11,
};

/* VINTR_CTRL */
#define VMSA_VINTR_INT_SHADOW (UINT64_C(1) << 10)
#define VMSA_VINTR_NMI_MASK (UINT64_C(1) << 12)
#define VMSA_VINTR_BUSY (UINT64_C(1) << 63)

struct vmsa {
    struct vmsa_segment es, cs, ss, ds, fs, gs, gdtr, ldtr, idtr, tr;
    uint64_t pl_ssp[4];
    uint64_t u_cet;
    uint8_t reserved_0c8[2];
    uint8_t vmpl;
    uint8_t cpl;
    uint8_t reserved_0cc[4];
    uint64_t efer;
    uint8_t reserved_0d8[0x140 - 0xd8];
    uint64_t xss, cr4, cr3, cr0, dr7, dr6, rflags, rip;
    uint64_t dr[4], dr_mask[4];
    uint8_t reserved_1c0[0x1d8 - 0x1c0];
    uint64_t rsp, s_cet, ssp, isst_addr, rax;
    uint64_t star, lstar, cstar, sfmask, kernel_gs_base;
    uint64_t sysenter_cs, sysenter_esp, sysenter_eip, cr2;
    uint8_t reserved_248[0x268 - 0x248];
    uint64_t g_pat, dbgctl, br_from, br_to, excp_from, excp_to;
    uint8_t reserved_298[0x2e0 - 0x298];
    uint64_t spec_ctrl;
    uint32_t pkru, tsc_aux;
    uint64_t guest_tsc_scale, guest_tsc_offset, reg_prot_nonce;
    uint64_t rcx, rdx, rbx, secure_avic_ctl, rbp, rsi, rdi;
    uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
    uint8_t reserved_380[0x390 - 0x380];
    uint64_t guest_exitinfo1, guest_exitinfo2, guest_exitintinfo, guest_nrip;
    uint64_t sev_features, vintr_ctrl, guest_exitcode, virtual_tom, tlb_id, pcpu_id;
    uint64_t eventinj, xcr0;
    uint8_t reserved_3f0[0x400 - 0x3f0];
    uint64_t x87_dp;
    uint32_t mxcsr;
    uint16_t x87_ftw; /* two bits a register; stored: 3 empty, else by the contents */
    uint16_t x87_fsw, x87_fcw, x87_fop, x87_ds, x87_cs;
    uint64_t x87_rip;
    uint8_t x87[8][10]; /* ST0 to ST7 */
    uint8_t xmm[16][16];
    uint8_t ymm_hi[16][16];
    uint8_t lbr_stack[0x900 - 0x670];
    uint8_t intercept_vectors[0x940 - 0x900];
    uint8_t reserved_940[0x980 - 0x940];
    uint8_t avx512[0xfc0 - 0x980];
    uint8_t reserved_fc0[0x1000 - 0xfc0];
};

#define VMSA_AT(field, offset)                                                                     \
    _Static_assert(offsetof(struct vmsa, field) == (offset), "VMSA " #field)
VMSA_AT(es, 0x000);
VMSA_AT(cs, 0x010);
VMSA_AT(ss, 0x020);
VMSA_AT(ds, 0x030);
VMSA_AT(fs, 0x040);
VMSA_AT(gs, 0x050);
VMSA_AT(gdtr, 0x060);
VMSA_AT(ldtr, 0x070);
VMSA_AT(idtr, 0x080);
VMSA_AT(tr, 0x090);
VMSA_AT(pl_ssp, 0x0a0);
VMSA_AT(u_cet, 0x0c0);
VMSA_AT(vmpl, 0x0ca);
VMSA_AT(cpl, 0x0cb);
VMSA_AT(efer, 0x0d0);
VMSA_AT(xss, 0x140);
VMSA_AT(cr4, 0x148);
VMSA_AT(cr3, 0x150);
VMSA_AT(cr0, 0x158);
VMSA_AT(dr7, 0x160);
VMSA_AT(dr6, 0x168);
VMSA_AT(rflags, 0x170);
VMSA_AT(rip, 0x178);
VMSA_AT(dr, 0x180);
VMSA_AT(dr_mask, 0x1a0);
VMSA_AT(rsp, 0x1d8);
VMSA_AT(s_cet, 0x1e0);
VMSA_AT(ssp, 0x1e8);
VMSA_AT(isst_addr, 0x1f0);
VMSA_AT(rax, 0x1f8);
VMSA_AT(star, 0x200);
VMSA_AT(lstar, 0x208);
VMSA_AT(cstar, 0x210);
VMSA_AT(sfmask, 0x218);
VMSA_AT(kernel_gs_base, 0x220);
VMSA_AT(sysenter_cs, 0x228);
VMSA_AT(sysenter_esp, 0x230);
VMSA_AT(sysenter_eip, 0x238);
VMSA_AT(cr2, 0x240);
VMSA_AT(g_pat, 0x268);
VMSA_AT(dbgctl, 0x270);
VMSA_AT(excp_to, 0x290);
VMSA_AT(spec_ctrl, 0x2e0);
VMSA_AT(pkru, 0x2e8);
VMSA_AT(tsc_aux, 0x2ec);
VMSA_AT(guest_tsc_scale, 0x2f0);
VMSA_AT(guest_tsc_offset, 0x2f8);
VMSA_AT(reg_prot_nonce, 0x300);
VMSA_AT(rcx, 0x308);
VMSA_AT(rdx, 0x310);
VMSA_AT(rbx, 0x318);
VMSA_AT(secure_avic_ctl, 0x320);
VMSA_AT(rbp, 0x328);
VMSA_AT(rsi, 0x330);
VMSA_AT(rdi, 0x338);
VMSA_AT(r8, 0x340);
VMSA_AT(r15, 0x378);
VMSA_AT(guest_exitinfo1, 0x390);
VMSA_AT(guest_exitinfo2, 0x398);
VMSA_AT(guest_exitintinfo, 0x3a0);
VMSA_AT(guest_nrip, 0x3a8);
VMSA_AT(sev_features, 0x3b0);
VMSA_AT(vintr_ctrl, 0x3b8);
VMSA_AT(guest_exitcode, 0x3c0);
VMSA_AT(virtual_tom, 0x3c8);
VMSA_AT(tlb_id, 0x3d0);
VMSA_AT(pcpu_id, 0x3d8);
VMSA_AT(eventinj, 0x3e0);
VMSA_AT(xcr0, 0x3e8);
VMSA_AT(x87_dp, 0x400);
VMSA_AT(mxcsr, 0x408);
VMSA_AT(x87_ftw, 0x40c);
VMSA_AT(x87_fsw, 0x40e);
VMSA_AT(x87_fcw, 0x410);
VMSA_AT(x87_fop, 0x412);
VMSA_AT(x87_ds, 0x414);
VMSA_AT(x87_cs, 0x416);
VMSA_AT(x87_rip, 0x418);
VMSA_AT(x87, 0x420);
VMSA_AT(xmm, 0x470);
VMSA_AT(ymm_hi, 0x570);
VMSA_AT(lbr_stack, 0x670);
VMSA_AT(intercept_vectors, 0x900);
VMSA_AT(avx512, 0x980);
#undef VMSA_AT
_Static_assert(sizeof(struct vmsa) == 4096, "a VMSA is one page");

enum vmsa_status {
    VMSA_OK,
    VMSA_ILLEGAL,     /* VMRUN consistency checks fail: VMEXIT_INVALID (APM 2 15.5.1) */
    VMSA_UNSUPPORTED, /* legal, but this emulator cannot enter such a state */
};

/*
 * The VMRUN consistency checks that concern only the contents of the save area (APM 2 15.5.1):
 * EFER.SVME, CR0, CR4, EFER, DR6, DR7, the mode they select. why (may be NULL) gets the reason.
 */
enum vmsa_status vmsa_check(const struct vmsa *vmsa, const char **why);

/*
 * Moves the state between an image and an engine (struct hidden of cpu/hidden.h: the engine and the
 * places of the state that its register interface cannot set). load writes what differs from the
 * engine's known state, which the previous load or store left in cache; cache->valid false means
 * that nothing is known. The engine must be idle. Registers that the engine does not have (CET,
 * PKRU, masks, LBR, YMM) stay in the image: store leaves them as they are in *out.
 */
struct hidden;
struct vmsa_cache {
    gboolean valid;
    struct vmsa image;
};
void vmsa_load(struct hidden *hidden, struct vmsa_cache *cache, const struct vmsa *vmsa);
void vmsa_store(struct hidden *hidden, struct vmsa_cache *cache, struct vmsa *out);
/* An engine that was just opened gets all that a valid cache knows of another, DR0-3 among it. */
void vmsa_reload(struct hidden *hidden, struct vmsa_cache *cache);

/*
 * Hash of the state that a VMRUN would start with; never 0. Left out is what VMPL0 and the
 * processor change between VMPL0's check and the first run: EFER.SVME (set when the state may run),
 * VINTR_CTRL.BUSY, the GUEST_EXIT fields, TLB_ID and PCPU_ID (APM 2 15.36.12, 15.36.15).
 */
uint64_t vmsa_hash(const struct vmsa *vmsa);

/* The state of a processor that starts in 64-bit mode at CPL 0 with flat segments: for tests. */
void vmsa_init_long_mode(struct vmsa *vmsa);

/* The state at INIT (APM 2 table 14-1), with EFER.SVME as a VMSA needs it. */
void vmsa_init_reset(struct vmsa *vmsa);

#endif

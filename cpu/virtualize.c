/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The engine in its own SVM guest mode.
 *
 * The engine is a whole processor, AMD's virtualization included. Each engine executes one VMRUN
 * when it is made and never leaves guest mode: from then on CPUID, MSRs, RDTSC, HLT, INVLPG,
 * WBINVD, INT n, control and debug registers, and every exception stop it exactly before the
 * instruction, at no cost elsewhere. The engine reports "exit code c" as interrupt 0x100 + c
 * (UC_HOOK_INTR) and does nothing else about it: no state is swapped, and the exits below are
 * served with the engine idle.
 *
 * Not intercepted this way (the engine lacks it): IN/OUT, SYSCALL, RDRAND, VEX. Those are
 * cpu/scan.c's.
 *
 *   page 0    the VMRUN, and at 0x800 the address where uc_emu_start() would end
 *   page 1    the VMCB            page 2    the host save area
 *   page 3-4  MSR permission map, all MSRs pass     page 5-6  the same, none passes
 */
#include "cpu/internal.h"

#include <stdlib.h>
#include <string.h>

enum {
    PAGE_CODE, PAGE_VMCB, PAGE_HSAVE, PAGE_MSR_OPEN, PAGE_MSR_GUARDED = 5, PAGES = 7,
    VMCB_CR_READ = 0x000, VMCB_CR_WRITE = 0x002, VMCB_DR = 0x004, VMCB_EXCEPTIONS = 0x008,
    VMCB_INTERCEPT = 0x00c, VMCB_MSRPM = 0x048, VMCB_ASID = 0x058, VMCB_SAVE = 0x400,
};

#define MSR_EFER 0xc0000080u
#define MSR_VM_HSAVE_PA 0xc0010117u
#define EFER_LONG_SVME UINT64_C(0x1500) /* SVME, LMA, LME */
#define CR0_LONG UINT64_C(0x80010031)   /* PG, WP, NE, ET, PE */
#define CR4_LONG UINT64_C(0x20)         /* PAE */

/* APM 2 appendix B, VMCB offsets 00Ch and 010h: bit n is exit code 0x60 + n. */
#define INTERCEPT_BIT(code) (UINT64_C(1) << ((code)-0x60))
static const uint64_t intercepts =
    INTERCEPT_BIT(0x6e)   /* RDTSC, RDTSCP */
    | INTERCEPT_BIT(0x6f) /* RDPMC */
    | INTERCEPT_BIT(0x72) /* CPUID */
    | INTERCEPT_BIT(0x73) /* RSM */
    | INTERCEPT_BIT(0x75) /* INT n, INT3 */
    | INTERCEPT_BIT(0x76) /* INVD */
    | INTERCEPT_BIT(0x78) /* HLT */
    | INTERCEPT_BIT(0x79) /* INVLPG */
    | INTERCEPT_BIT(0x7a) /* INVLPGA */
    | INTERCEPT_BIT(0x7c) /* MSR */
    | INTERCEPT_BIT(0x7d) /* task switch */
    | INTERCEPT_BIT(0x80) | INTERCEPT_BIT(0x81) | INTERCEPT_BIT(0x82) /* VMRUN, VMMCALL, VMLOAD */
    | INTERCEPT_BIT(0x83) | INTERCEPT_BIT(0x84) | INTERCEPT_BIT(0x85) /* VMSAVE, STGI, CLGI */
    | INTERCEPT_BIT(0x86) | INTERCEPT_BIT(0x87) | INTERCEPT_BIT(0x88) /* SKINIT, RDTSCP, ICEBP */
    | INTERCEPT_BIT(0x89) | INTERCEPT_BIT(0x8a) | INTERCEPT_BIT(0x8b) /* WBINVD, MONITOR, MWAIT */
    | INTERCEPT_BIT(0x8c);

struct engine_pages {
    uint8_t page[PAGES][4096];
};

static void put16(uint8_t *at, uint16_t value)
{
    memcpy(at, &value, sizeof(value));
}

static void put32(uint8_t *at, uint32_t value)
{
    memcpy(at, &value, sizeof(value));
}

static void put64(uint8_t *at, uint64_t value)
{
    memcpy(at, &value, sizeof(value));
}

static uint64_t page_spa(unsigned page)
{
    return ENGINE_PAGES_SPA + page * UINT64_C(4096);
}

/* A flat 64-bit state at CPL 0; vmsa_load() replaces all of it. */
static void save_area_fill(uint8_t *save)
{
    static const struct vmsa_segment code = { 8, 0xa9b, 0xffffffff, 0 };
    static const struct vmsa_segment data = { 16, 0xc93, 0xffffffff, 0 };
    const struct vmsa_segment segments[4] = { data, code, data, data };

    memcpy(save, segments, sizeof(segments));
    put64(save + offsetof(struct vmsa, efer), EFER_LONG_SVME);
    put64(save + offsetof(struct vmsa, cr4), CR4_LONG);
    put64(save + offsetof(struct vmsa, cr0), CR0_LONG);
    put64(save + offsetof(struct vmsa, dr7), 0x400);
    put64(save + offsetof(struct vmsa, dr6), 0xffff0ff0);
    put64(save + offsetof(struct vmsa, rflags), 2);
    put64(save + offsetof(struct vmsa, rip), ENGINE_UNTIL_GVA);
}

static void vmcb_fill(uint8_t *vmcb)
{
    put16(vmcb + VMCB_CR_READ, 1u << 8);
    put16(vmcb + VMCB_CR_WRITE, 1u << 0 | 1u << 3 | 1u << 4 | 1u << 8);
    put32(vmcb + VMCB_DR, 0xffffffff);
    put32(vmcb + VMCB_EXCEPTIONS, 0xffffffff);
    put64(vmcb + VMCB_INTERCEPT, intercepts);
    put64(vmcb + VMCB_MSRPM, page_spa(PAGE_MSR_OPEN));
    put32(vmcb + VMCB_ASID, 1);
    save_area_fill(vmcb + VMCB_SAVE);
}

static bool engine_enter_guest_mode(struct vcpu *vcpu)
{
    uc_x86_msr hsave = { .rid = MSR_VM_HSAVE_PA, .value = page_spa(PAGE_HSAVE) };
    uc_x86_msr efer = { .rid = MSR_EFER, .value = EFER_LONG_SVME };

    vcpu_reg_set(vcpu, UC_X86_REG_CR4, CR4_LONG);
    vcpu_reg_set(vcpu, UC_X86_REG_CR0, CR0_LONG);
    uc_reg_write(vcpu->uc, UC_X86_REG_MSR, &efer);
    uc_reg_write(vcpu->uc, UC_X86_REG_MSR, &hsave);
    vcpu_reg_set(vcpu, UC_X86_REG_RAX, page_spa(PAGE_VMCB));
    uc_err err = uc_emu_start(vcpu->uc, ENGINE_PAGES_SPA, ENGINE_UNTIL_GVA, 0, 0);
    if (err != UC_ERR_OK || vcpu_reg(vcpu, UC_X86_REG_RIP) != ENGINE_UNTIL_GVA)
        return false;

    /* The proof: in guest mode CPUID stops the engine. */
    vcpu->stop = STOP_NONE;
    uc_emu_start(vcpu->uc, ENGINE_PAGES_SPA + 0x10, ENGINE_UNTIL_GVA, 0, 0);
    return vcpu->stop == STOP_EXIT && vcpu->stop_code == 0x72
           && vcpu_reg(vcpu, UC_X86_REG_RIP) == ENGINE_PAGES_SPA + 0x10;
}

bool virtualize_open(struct vcpu *vcpu, GError **error)
{
    static const uint8_t vmrun[] = { 0x0f, 0x01, 0xd8 };
    static const uint8_t cpuid[] = { 0x0f, 0xa2 };

    vcpu->pages = aligned_alloc(4096, sizeof(*vcpu->pages));
    g_assert(vcpu->pages != NULL);
    memset(vcpu->pages, 0, sizeof(*vcpu->pages));
    memset(vcpu->pages->page[PAGE_CODE], 0xf4, 4096); /* HLT */
    memcpy(vcpu->pages->page[PAGE_CODE], vmrun, sizeof(vmrun));
    memcpy(vcpu->pages->page[PAGE_CODE] + 0x10, cpuid, sizeof(cpuid));
    vmcb_fill(vcpu->pages->page[PAGE_VMCB]);
    memset(vcpu->pages->page[PAGE_MSR_GUARDED], 0xff, 2 * 4096);
    uc_err err = uc_mem_map_ptr(vcpu->uc, ENGINE_PAGES_SPA, sizeof(*vcpu->pages), UC_PROT_ALL,
                                vcpu->pages);
    if (err == UC_ERR_OK && engine_enter_guest_mode(vcpu))
        return true;
    g_set_error(error, g_quark_from_static_string("prova-cpu"), 0,
                "this Unicorn (%u.%u) does not enter SVM guest mode (%s): build Prova with Unicorn "
                "2.1.1 or a later 2.x that has x86 virtualization",
                uc_version(NULL, NULL) >> 24, (uc_version(NULL, NULL) >> 16) & 0xff,
                uc_strerror(err));
    return false;
}

void virtualize_close(struct vcpu *vcpu)
{
    free(vcpu->pages);
    vcpu->pages = NULL;
}

void virtualize_msr_guard(struct vcpu *vcpu, bool guarded)
{
    put64(vcpu->pages->page[PAGE_VMCB] + VMCB_MSRPM,
          page_spa(guarded ? PAGE_MSR_GUARDED : PAGE_MSR_OPEN));
}

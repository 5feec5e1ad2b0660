/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Registers between a VMSA image and an engine: tables of which field is which register. */
#include "cpu/vmsa.h"

#include <string.h>

#include "cpu/hidden.h"

#define CR0_PE (UINT64_C(1) << 0)
#define CR0_PG (UINT64_C(1) << 31)
#define CR4_PAE (UINT64_C(1) << 5)
#define EFER_LMA (UINT64_C(1) << 10)
#define EFER_SVME (UINT64_C(1) << 12)
#define RFLAGS_VM (UINT64_C(1) << 17)
#define SEV_DEBUG_SWAP (UINT64_C(1) << 5)
#define MSR_EFER 0xc0000080u

struct field {
    int reg;
    uint16_t offset, bytes;
};

#define FIELD_OF(reg_id, name)                                                                     \
    { (reg_id), offsetof(struct vmsa, name), sizeof(((struct vmsa *)0)->name) }

static const struct field plain_fields[] = {
    FIELD_OF(UC_X86_REG_RAX, rax), FIELD_OF(UC_X86_REG_RCX, rcx), FIELD_OF(UC_X86_REG_RDX, rdx),
    FIELD_OF(UC_X86_REG_RBX, rbx), FIELD_OF(UC_X86_REG_RSP, rsp), FIELD_OF(UC_X86_REG_RBP, rbp),
    FIELD_OF(UC_X86_REG_RSI, rsi), FIELD_OF(UC_X86_REG_RDI, rdi), FIELD_OF(UC_X86_REG_R8, r8),
    FIELD_OF(UC_X86_REG_R9, r9), FIELD_OF(UC_X86_REG_R10, r10), FIELD_OF(UC_X86_REG_R11, r11),
    FIELD_OF(UC_X86_REG_R12, r12), FIELD_OF(UC_X86_REG_R13, r13), FIELD_OF(UC_X86_REG_R14, r14),
    FIELD_OF(UC_X86_REG_R15, r15), FIELD_OF(UC_X86_REG_RIP, rip),
    FIELD_OF(UC_X86_REG_RFLAGS, rflags),
    FIELD_OF(UC_X86_REG_DR0, dr[0]), FIELD_OF(UC_X86_REG_DR1, dr[1]),
    FIELD_OF(UC_X86_REG_DR2, dr[2]), FIELD_OF(UC_X86_REG_DR3, dr[3]),
    FIELD_OF(UC_X86_REG_DR6, dr6), FIELD_OF(UC_X86_REG_DR7, dr7),
    FIELD_OF(UC_X86_REG_MXCSR, mxcsr), FIELD_OF(UC_X86_REG_FPCW, x87_fcw),
    FIELD_OF(UC_X86_REG_FPSW, x87_fsw), FIELD_OF(UC_X86_REG_FPTAG, x87_ftw),
    FIELD_OF(UC_X86_REG_FIP, x87_rip), FIELD_OF(UC_X86_REG_FDP, x87_dp),
    FIELD_OF(UC_X86_REG_FCS, x87_cs), FIELD_OF(UC_X86_REG_FDS, x87_ds),
    FIELD_OF(UC_X86_REG_FOP, x87_fop),
    FIELD_OF(UC_X86_REG_XMM0, xmm[0]), FIELD_OF(UC_X86_REG_XMM1, xmm[1]),
    FIELD_OF(UC_X86_REG_XMM2, xmm[2]), FIELD_OF(UC_X86_REG_XMM3, xmm[3]),
    FIELD_OF(UC_X86_REG_XMM4, xmm[4]), FIELD_OF(UC_X86_REG_XMM5, xmm[5]),
    FIELD_OF(UC_X86_REG_XMM6, xmm[6]), FIELD_OF(UC_X86_REG_XMM7, xmm[7]),
    FIELD_OF(UC_X86_REG_XMM8, xmm[8]), FIELD_OF(UC_X86_REG_XMM9, xmm[9]),
    FIELD_OF(UC_X86_REG_XMM10, xmm[10]), FIELD_OF(UC_X86_REG_XMM11, xmm[11]),
    FIELD_OF(UC_X86_REG_XMM12, xmm[12]), FIELD_OF(UC_X86_REG_XMM13, xmm[13]),
    FIELD_OF(UC_X86_REG_XMM14, xmm[14]), FIELD_OF(UC_X86_REG_XMM15, xmm[15]),
};

/* reg is the MSR's number. */
static const struct field msr_fields[] = {
    FIELD_OF((int)0xc0000081, star), FIELD_OF((int)0xc0000082, lstar),
    FIELD_OF((int)0xc0000083, cstar), FIELD_OF((int)0xc0000084, sfmask),
    FIELD_OF((int)0xc0000102, kernel_gs_base), FIELD_OF((int)0xc0000103, tsc_aux),
    FIELD_OF(0x174, sysenter_cs), FIELD_OF(0x175, sysenter_esp), FIELD_OF(0x176, sysenter_eip),
    FIELD_OF(0x277, g_pat),
};
#undef FIELD_OF

/* In the order of enum hidden_segment. */
static const uint16_t segment_offset[HIDDEN_SEGMENTS] = {
    offsetof(struct vmsa, es), offsetof(struct vmsa, cs), offsetof(struct vmsa, ss),
    offsetof(struct vmsa, ds), offsetof(struct vmsa, fs), offsetof(struct vmsa, gs),
    offsetof(struct vmsa, ldtr), offsetof(struct vmsa, tr),
};

enum { PLAIN_FIELDS = G_N_ELEMENTS(plain_fields) };

static bool differs(const struct vmsa_cache *cache, const struct vmsa *vmsa, size_t offset,
                    size_t len)
{
    return !cache->valid
           || memcmp((const uint8_t *)&cache->image + offset, (const uint8_t *)vmsa + offset, len);
}

static void msr_write(uc_engine *uc, uint32_t number, uint64_t value)
{
    uc_x86_msr msr = { .rid = number, .value = value };
    uc_reg_write(uc, UC_X86_REG_MSR, &msr);
}

static uint64_t msr_read(uc_engine *uc, uint32_t number)
{
    uc_x86_msr msr = { .rid = number };
    uc_reg_read(uc, UC_X86_REG_MSR, &msr);
    return msr.value;
}

static void cr_write(uc_engine *uc, int reg, uint64_t value)
{
    uc_reg_write(uc, reg, &value);
}

/*
 * Paging and long mode. Only a change of CR0.PG makes the engine enter or leave long mode, and it
 * wants CR4.PAE for both; an engine that was just opened claims LMA without paging.
 */
static void control_load(uc_engine *uc, const struct vmsa *vmsa)
{
    uint64_t cr0 = 0, cr4 = 0;
    uc_reg_read(uc, UC_X86_REG_CR0, &cr0);
    uc_reg_read(uc, UC_X86_REG_CR4, &cr4);
    if (((msr_read(uc, MSR_EFER) ^ vmsa->efer) & EFER_LMA) != 0 || (cr0 & CR0_PG) == 0) {
        cr_write(uc, UC_X86_REG_CR4, cr4 | CR4_PAE);
        cr_write(uc, UC_X86_REG_CR0, cr0 | CR0_PG | CR0_PE);
        cr_write(uc, UC_X86_REG_CR0, (cr0 & ~CR0_PG) | CR0_PE);
    }
    /* The engine's own SVME is cpu/'s business: it stays as it is. */
    uint64_t efer = vmsa->efer & ~(EFER_SVME | EFER_LMA);
    msr_write(uc, MSR_EFER, efer | (msr_read(uc, MSR_EFER) & EFER_SVME));
    cr_write(uc, UC_X86_REG_CR4, vmsa->cr4);
    cr_write(uc, UC_X86_REG_CR0, vmsa->cr0);
    cr_write(uc, UC_X86_REG_CR3, vmsa->cr3);
}

/*
 * DR0 to DR3 are in the VMSA with DebugSwap alone (SEV_FEATURES bit 5; APM 2 table B-4). Without it
 * they are the hypervisor's to save: the engine keeps them for its VMSA, as a hypervisor would.
 */
static bool swaps_debug(const struct vmsa *vmsa)
{
    return (vmsa->sev_features & SEV_DEBUG_SWAP) != 0;
}

static bool is_debug_address(const struct field *field)
{
    return field->offset >= offsetof(struct vmsa, dr)
           && field->offset < offsetof(struct vmsa, dr) + sizeof(((struct vmsa *)0)->dr);
}

static void debug_addresses_read(uc_engine *uc, uint64_t dr[4])
{
    for (unsigned i = 0; i < 4; i++)
        uc_reg_read(uc, UC_X86_REG_DR0 + (int)i, &dr[i]);
}

static void plain_load(uc_engine *uc, const struct vmsa_cache *cache, const struct vmsa *vmsa)
{
    int regs[PLAIN_FIELDS];
    void *values[PLAIN_FIELDS];
    int count = 0;
    for (size_t i = 0; i < PLAIN_FIELDS; i++) {
        const struct field *field = &plain_fields[i];
        if (!differs(cache, vmsa, field->offset, field->bytes)
            || (is_debug_address(field) && !swaps_debug(vmsa)))
            continue;
        regs[count] = field->reg;
        values[count++] = (uint8_t *)(uintptr_t)vmsa + field->offset;
    }
    if (count > 0) {
        uc_err err = uc_reg_write_batch(uc, regs, values, count);
        g_assert(err == UC_ERR_OK);
    }
}

/* ST0 is the physical register TOP (bits 13:11 of the status word). */
static int x87_reg(const struct vmsa *vmsa, unsigned st)
{
    return UC_X86_REG_FP0 + (int)((((vmsa->x87_fsw >> 11) & 7u) + st) & 7u);
}

static void x87_load(uc_engine *uc, const struct vmsa_cache *cache, const struct vmsa *vmsa)
{
    if (!differs(cache, vmsa, offsetof(struct vmsa, x87), sizeof(vmsa->x87))
        && !differs(cache, vmsa, offsetof(struct vmsa, x87_fsw), sizeof(vmsa->x87_fsw)))
        return;
    for (unsigned st = 0; st < 8; st++)
        uc_reg_write(uc, x87_reg(vmsa, st), vmsa->x87[st]);
}

static void table_load(uc_engine *uc, int reg, const struct vmsa_segment *table)
{
    uc_x86_mmr mmr = { .base = table->base, .limit = table->limit };
    uc_reg_write(uc, reg, &mmr);
}

/* The mode bits depend on segments, CPL, CR0 and EFER alike, so they are derived whenever one of
 * these changed. */
static void hidden_load(struct hidden *hidden, const struct vmsa *vmsa)
{
    hidden_fetch(hidden);
    for (unsigned i = 0; i < HIDDEN_SEGMENTS; i++)
        hidden_segment_write(hidden, i,
                             (const struct vmsa_segment *)((const uint8_t *)vmsa
                                                           + segment_offset[i]));
    const bool is_protected = (vmsa->cr0 & CR0_PE) != 0;
    hidden_mode_update(hidden, is_protected ? vmsa->cpl : 0, is_protected,
                       (vmsa->rflags & RFLAGS_VM) != 0);
    hidden_shadow_set(hidden, (vmsa->vintr_ctrl & VMSA_VINTR_INT_SHADOW) != 0);
    hidden_nmi_mask_set(hidden, (vmsa->vintr_ctrl & VMSA_VINTR_NMI_MASK) != 0);
    hidden_cr2_set(hidden, vmsa->cr2);
    hidden_exception_clear(hidden);
    hidden_commit(hidden);
}

static bool hidden_differs(const struct vmsa_cache *cache, const struct vmsa *vmsa)
{
    const uint64_t vintr = VMSA_VINTR_INT_SHADOW | VMSA_VINTR_NMI_MASK;
    return differs(cache, vmsa, 0, offsetof(struct vmsa, pl_ssp))
           || differs(cache, vmsa, offsetof(struct vmsa, cpl), 1)
           || differs(cache, vmsa, offsetof(struct vmsa, cr2), 8)
           || ((cache->image.rflags ^ vmsa->rflags) & RFLAGS_VM) != 0
           || ((cache->image.vintr_ctrl ^ vmsa->vintr_ctrl) & vintr) != 0;
}

void vmsa_load(struct hidden *hidden, struct vmsa_cache *cache, const struct vmsa *vmsa)
{
    uc_engine *uc = hidden->uc;
    bool control = differs(cache, vmsa, offsetof(struct vmsa, cr4), 3 * 8) /* CR4, CR3, CR0 */
                   || differs(cache, vmsa, offsetof(struct vmsa, efer), 8);
    if (control)
        control_load(uc, vmsa);
    plain_load(uc, cache, vmsa);
    x87_load(uc, cache, vmsa);
    for (size_t i = 0; i < G_N_ELEMENTS(msr_fields); i++) {
        const struct field *field = &msr_fields[i];
        uint64_t value = 0;
        memcpy(&value, (const uint8_t *)vmsa + field->offset, field->bytes);
        if (differs(cache, vmsa, field->offset, field->bytes))
            msr_write(uc, (uint32_t)field->reg, value);
    }
    if (differs(cache, vmsa, offsetof(struct vmsa, gdtr), sizeof(vmsa->gdtr)))
        table_load(uc, UC_X86_REG_GDTR, &vmsa->gdtr);
    if (differs(cache, vmsa, offsetof(struct vmsa, idtr), sizeof(vmsa->idtr)))
        table_load(uc, UC_X86_REG_IDTR, &vmsa->idtr);
    if (control || hidden_differs(cache, vmsa))
        hidden_load(hidden, vmsa);
    cache->image = *vmsa;
    debug_addresses_read(uc, cache->image.dr);
    cache->valid = TRUE;
}

void vmsa_reload(struct hidden *hidden, struct vmsa_cache *cache)
{
    const struct vmsa known = cache->image;

    cache->valid = FALSE;
    vmsa_load(hidden, cache, &known);
    for (unsigned i = 0; i < 4; i++)
        uc_reg_write(hidden->uc, UC_X86_REG_DR0 + (int)i, &known.dr[i]);
    memcpy(cache->image.dr, known.dr, sizeof(known.dr));
}

static void plain_store(uc_engine *uc, struct vmsa *out)
{
    int regs[PLAIN_FIELDS];
    void *values[PLAIN_FIELDS];
    for (size_t i = 0; i < PLAIN_FIELDS; i++) {
        regs[i] = plain_fields[i].reg;
        values[i] = (uint8_t *)out + plain_fields[i].offset;
    }
    uc_err err = uc_reg_read_batch(uc, regs, values, PLAIN_FIELDS);
    g_assert(err == UC_ERR_OK);
}

static void table_store(uc_engine *uc, int reg, struct vmsa_segment *table)
{
    uc_x86_mmr mmr = { 0 };
    uc_reg_read(uc, reg, &mmr);
    *table = (struct vmsa_segment){ .base = mmr.base, .limit = mmr.limit };
}

void vmsa_store(struct hidden *hidden, struct vmsa_cache *cache, struct vmsa *out)
{
    uc_engine *uc = hidden->uc;
    uint64_t dr[4];
    memcpy(dr, out->dr, sizeof(dr));
    plain_store(uc, out);
    for (unsigned st = 0; st < 8; st++)
        uc_reg_read(uc, x87_reg(out, st), out->x87[st]);
    for (size_t i = 0; i < G_N_ELEMENTS(msr_fields); i++) {
        uint64_t value = msr_read(uc, (uint32_t)msr_fields[i].reg);
        memcpy((uint8_t *)out + msr_fields[i].offset, &value, msr_fields[i].bytes);
    }
    uc_reg_read(uc, UC_X86_REG_CR0, &out->cr0);
    uc_reg_read(uc, UC_X86_REG_CR2, &out->cr2);
    uc_reg_read(uc, UC_X86_REG_CR3, &out->cr3);
    uc_reg_read(uc, UC_X86_REG_CR4, &out->cr4);
    /* A guest's write of SVME is ignored, and VMRUN needs it set: it stays as it was. */
    out->efer = (msr_read(uc, MSR_EFER) & ~EFER_SVME) | (out->efer & EFER_SVME);
    table_store(uc, UC_X86_REG_GDTR, &out->gdtr);
    table_store(uc, UC_X86_REG_IDTR, &out->idtr);
    hidden_fetch(hidden);
    for (unsigned i = 0; i < HIDDEN_SEGMENTS; i++)
        hidden_segment_read(hidden, i,
                            (struct vmsa_segment *)((uint8_t *)out + segment_offset[i]));
    out->cpl = hidden_cpl(hidden);
    out->vintr_ctrl &= ~(VMSA_VINTR_INT_SHADOW | VMSA_VINTR_NMI_MASK);
    out->vintr_ctrl |= hidden_shadow(hidden) ? VMSA_VINTR_INT_SHADOW : 0;
    out->vintr_ctrl |= hidden_nmi_mask(hidden) ? VMSA_VINTR_NMI_MASK : 0;
    cache->image = *out;
    cache->valid = TRUE;
    if (!swaps_debug(out))
        memcpy(out->dr, dr, sizeof(dr));
}

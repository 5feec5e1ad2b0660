/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PVALIDATE, RMPADJUST and RMPQUERY (APM 3). The three share everything up to their own fields:
 * opcode checks, the translation's left-overs (nested write permission, C-bit), and the reverse-map
 * check, which is the one of an ordinary access without the validated and VMPL parts.
 */
#include "rmp/insn.h"

#include <stddef.h>

#include "rmp/access.h"

enum {
    GPA_2M_OFFSET_PAGES = PAGES_PER_2M - 1,
    PF_P = 1 << 0,
    PF_RSVD = 1 << 3,
};

#define RDX_MASK_SBZ UINT64_C(0xe000)   /* RDX[15:13]: the mask's unused bits */
#define RDX_RESERVED (~UINT64_C(0x1ffff)) /* RDX[63:17] */

/* NPT size against RMP size against operand size; see rmp_size_verdict(). */
enum size_verdict { SIZE_OK, SIZE_NPF_MAPPING, SIZE_NPF_SIZEM, SIZE_FAIL };

static uint64_t insn_npf_bits(const struct rmp_xlat *xlat, enum rmp_access_type type)
{
    const struct rmp_access access = {.type = type};
    return npf_base_bits(&access, false, xlat->c);
}

static void outcome_npf_rmp(struct rmp_outcome *out, const struct rmp_xlat *xlat, uint64_t bits)
{
    out->kind = RMP_OUT_NPF;
    out->exitinfo1 = insn_npf_bits(xlat, RMP_ACCESS_READ) | NPF_RMP | bits;
}

static void outcome_vc(struct rmp_outcome *out)
{
    out->kind = RMP_OUT_VC;
    out->error_code = VC_PAGE_NOT_VALIDATED;
}

struct rmp_outcome rmp_guest_insn_precheck(const struct rmp_config *config,
                                           const struct rmp_caller *caller, bool is_pvalidate)
{
    struct rmp_outcome out = {.kind = RMP_OUT_DONE};
    if (!caller->snp_active) {
        out.kind = RMP_OUT_UD;
    } else if (caller->cpl != 0) {
        out.kind = RMP_OUT_GP;
    } else if (is_pvalidate && caller->vmpl != 0) {
        if (config->pval_vmpl == RMP_PVAL_VMPL_GP) {
            out.kind = RMP_OUT_GP;
        } else {
            out.eax = RMP_RC_FAIL_PERMISSION;
        }
    }
    return out;
}

/*
 * What is left of "the same segmentation and paging checks as a 1-byte read" (APM 3): a nested
 * mapping that must be writable, then the C-bit. False if out is final.
 */
static bool translation_check(const struct rmp_config *config, const struct rmp_xlat *xlat,
                              struct rmp_outcome *out)
{
    if (config->pval_npt == RMP_PVAL_NPT_WRITE && !xlat->npt_writable) {
        out->kind = RMP_OUT_NPF;
        out->exitinfo1 = insn_npf_bits(xlat, RMP_ACCESS_WRITE);
        return false;
    }
    if (xlat->c) {
        return true;
    }
    switch (config->pval_c0) {
    case RMP_PVAL_C0_PF:
        out->kind = RMP_OUT_PF;
        out->error_code = PF_P | PF_RSVD;
        break;
    case RMP_PVAL_C0_GP:
        out->kind = RMP_OUT_GP;
        break;
    case RMP_PVAL_C0_FAIL_INPUT:
        out->eax = RMP_RC_FAIL_INPUT;
        break;
    }
    return false;
}

/*
 * Covered, assigned, ASID, immutable, reverse map (APM 2 15.36.10). The GPA is compared at the
 * entry's own size. NULL: out is the nested page fault.
 */
static struct rmp_entry *reverse_map_check(const struct rmp *rmp, const struct rmp_caller *caller,
                                           const struct rmp_xlat *xlat, struct rmp_outcome *out)
{
    struct rmp_entry *entry = rmp_entry_at(rmp, xlat->spa);
    if (entry == NULL) {
        out->spa = page_base(xlat->spa);
        outcome_npf_rmp(out, xlat, 0);
        return NULL;
    }
    out->size = (enum page_size)entry->size;
    out->spa = page_base_of(xlat->spa, out->size);
    out->before = out->after = *entry;
    if (!entry->assigned || entry->asid != caller->asid || entry->immutable ||
        (uint64_t)entry->gpn << PAGE_SHIFT != page_base_of(xlat->gpa, out->size)) {
        outcome_npf_rmp(out, xlat, 0);
        return NULL;
    }
    return entry;
}

/*
 * The matrix of PVALIDATE and RMPADJUST sizes (APM 2 15.36.6, 15.36.7):
 *
 *   NPT  RMP | 4K operand    2M operand
 *   4K   4K  | ok            FAIL_SIZEMISMATCH
 *   2M   2M  | NPF, SIZEM    ok
 *   2M   4K  | NPF           FAIL_SIZEMISMATCH
 *   4K   2M  | NPF, SIZEM    NPF
 */
static enum size_verdict size_check(enum page_size npt, enum page_size rmp, enum page_size operand)
{
    if (rmp == PAGE_4K) {
        if (operand == PAGE_2M) {
            return SIZE_FAIL;
        }
        return npt == PAGE_4K ? SIZE_OK : SIZE_NPF_MAPPING;
    }
    if (operand == PAGE_4K) {
        return SIZE_NPF_SIZEM;
    }
    return npt == PAGE_2M ? SIZE_OK : SIZE_NPF_MAPPING;
}

/* The instruction's verdict on sizes put into out; true if it may go on. */
static bool size_verdict_apply(enum size_verdict verdict, const struct rmp_xlat *xlat,
                               struct rmp_outcome *out)
{
    switch (verdict) {
    case SIZE_OK:
        return true;
    case SIZE_NPF_MAPPING:
        outcome_npf_rmp(out, xlat, 0);
        return false;
    case SIZE_NPF_SIZEM:
        outcome_npf_rmp(out, xlat, NPF_SIZEM);
        return false;
    case SIZE_FAIL:
        out->eax = RMP_RC_FAIL_SIZEMISMATCH;
        return false;
    }
    return false;
}

static bool gpa_aligned(const struct rmp_xlat *xlat, enum page_size size)
{
    return size == PAGE_4K || ((xlat->gpa >> PAGE_SHIFT) & GPA_2M_OFFSET_PAGES) == 0;
}

/* APM 3 PVALIDATE, APM 2 15.36.6. */
struct rmp_outcome rmp_pvalidate(struct rmp *rmp, const struct rmp_config *config,
                                 const struct rmp_caller *caller, const struct rmp_xlat *xlat,
                                 uint32_t ecx, uint32_t edx)
{
    struct rmp_outcome out = rmp_guest_insn_precheck(config, caller, true);
    out.spa = page_base(xlat->spa);
    if (out.kind != RMP_OUT_DONE || out.eax != RMP_RC_SUCCESS ||
        !translation_check(config, xlat, &out)) {
        return out;
    }
    const enum page_size size = (ecx & 1) ? PAGE_2M : PAGE_4K;
    if (ecx >> 1 != 0 || edx >> 1 != 0 || !gpa_aligned(xlat, size)) {
        out.eax = RMP_RC_FAIL_INPUT;
        return out;
    }
    struct rmp_entry *entry = reverse_map_check(rmp, caller, xlat, &out);
    if (entry == NULL) {
        return out;
    }
    /* APM 2 15.36.12: the entry of a running VMSA is held; the hypervisor lets the guest retry. */
    if (entry->in_use || entry->lock) {
        outcome_npf_rmp(&out, xlat, 0);
        return out;
    }
    if (!size_verdict_apply(size_check(xlat->npt_size, out.size, size), xlat, &out)) {
        return out;
    }
    out.cf = entry->validated == edx;
    entry->validated = edx & 1;
    out.after = *entry;
    out.changed = true;
    return out;
}

/* Operand checks of RMPADJUST that need no RMP entry, in their order. */
static enum rmp_rc adjust_operand_check(const struct rmp_caller *caller,
                                        const struct rmp_xlat *xlat, uint64_t rcx, uint64_t rdx)
{
    const enum page_size size = (rcx & 1) ? PAGE_2M : PAGE_4K;
    const uint8_t target = (uint8_t)rdx;
    const bool vmsa = (rdx >> 16) & 1;
    if (rcx >> 1 != 0 || (rdx & (RDX_RESERVED | RDX_MASK_SBZ)) != 0 || target >= VMPL_COUNT ||
        !gpa_aligned(xlat, size) || (vmsa && size == PAGE_2M)) {
        return RMP_RC_FAIL_INPUT;
    }
    return target <= caller->vmpl ? RMP_RC_FAIL_PERMISSION : RMP_RC_SUCCESS;
}

/* APM 3 RMPADJUST, APM 2 15.36.7. */
struct rmp_outcome rmp_adjust(struct rmp *rmp, const struct rmp_config *config,
                              const struct rmp_caller *caller, const struct rmp_xlat *xlat,
                              uint64_t rcx, uint64_t rdx)
{
    struct rmp_outcome out = rmp_guest_insn_precheck(config, caller, false);
    out.spa = page_base(xlat->spa);
    if (out.kind != RMP_OUT_DONE || !translation_check(config, xlat, &out)) {
        return out;
    }
    out.eax = adjust_operand_check(caller, xlat, rcx, rdx);
    if (out.eax != RMP_RC_SUCCESS) {
        return out;
    }
    struct rmp_entry *entry = reverse_map_check(rmp, caller, xlat, &out);
    if (entry == NULL) {
        return out;
    }
    const enum size_verdict verdict =
        size_check(xlat->npt_size, out.size, (rcx & 1) ? PAGE_2M : PAGE_4K);
    /* A nested mapping of the wrong size belongs to the reverse-map group, before "validated". */
    if (entry->in_use || entry->lock || verdict == SIZE_NPF_MAPPING) {
        outcome_npf_rmp(&out, xlat, 0);
        return out;
    }
    if (!entry->validated) {
        outcome_vc(&out);
        return out;
    }
    if (!size_verdict_apply(verdict, xlat, &out)) {
        return out;
    }
    /* Nobody grants what he does not hold. */
    const uint8_t mask = (uint8_t)(rdx >> 8);
    if ((mask & ~entry->perm[caller->vmpl]) != 0) {
        out.eax = RMP_RC_FAIL_PERMISSION;
        return out;
    }
    entry->perm[(uint8_t)rdx] = mask;
    if (caller->vmpl == 0) {
        entry->vmsa = (rdx >> 16) & 1;
    }
    out.after = *entry;
    out.changed = true;
    return out;
}

/* APM 3 RMPQUERY. */
struct rmp_outcome rmp_query(const struct rmp *rmp, const struct rmp_config *config,
                             const struct rmp_caller *caller, const struct rmp_xlat *xlat,
                             uint64_t *rcx, uint64_t *rdx)
{
    struct rmp_outcome out = rmp_guest_insn_precheck(config, caller, false);
    out.spa = page_base(xlat->spa);
    if (out.kind != RMP_OUT_DONE || !translation_check(config, xlat, &out)) {
        return out;
    }
    /* RDX[16:8] come back as results, so a caller may leave an older answer in them. */
    const uint8_t target = (uint8_t)*rdx;
    if ((*rdx & RDX_RESERVED) != 0 || target >= VMPL_COUNT) {
        out.eax = RMP_RC_FAIL_INPUT;
        return out;
    }
    if (target < caller->vmpl) {
        out.eax = RMP_RC_FAIL_PERMISSION;
        return out;
    }
    const struct rmp_entry *entry = reverse_map_check(rmp, caller, xlat, &out);
    if (entry == NULL) {
        return out;
    }
    if (xlat->npt_size != out.size) {
        outcome_npf_rmp(&out, xlat, 0);
        return out;
    }
    if (!entry->validated) {
        outcome_vc(&out);
        return out;
    }
    *rcx = entry->size;
    *rdx = target | (uint64_t)entry->perm[target] << 8 | (uint64_t)entry->vmsa << 16;
    return out;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rmp/access.h"

#include <stddef.h>

enum {
    PF_P = 1 << 0,
    PF_W = 1 << 1,
    PF_U = 1 << 2,
    PF_RSVD = 1 << 3,
    PF_SS = 1 << 6,
};

static bool access_is_write(const struct rmp_access *access)
{
    return access->type == RMP_ACCESS_WRITE || access->type == RMP_ACCESS_SSS_WRITE;
}

static bool access_is_sss(const struct rmp_access *access)
{
    return access->type == RMP_ACCESS_SSS_READ || access->type == RMP_ACCESS_SSS_WRITE;
}

/* APM 2 15.34.5: instruction fetches and page-table walks are private whatever the C-bit says. */
static bool access_is_private(const struct rmp_access *access, bool c)
{
    return c || access->table || access->type == RMP_ACCESS_FETCH;
}

/* APM 2 15.25.6 for the low bits, 15.36.10 for ENC. */
uint64_t npf_base_bits(const struct rmp_access *access, bool user, bool c)
{
    uint64_t bits = NPF_P | (access->table ? NPF_TABLE : NPF_FINAL);
    bits |= access_is_write(access) ? NPF_W : 0;
    bits |= user ? NPF_U : 0;
    bits |= access->type == RMP_ACCESS_FETCH ? NPF_ID : 0;
    bits |= access_is_sss(access) ? NPF_SS : 0;
    bits |= access_is_private(access, c) ? NPF_ENC : 0;
    return bits;
}

/*
 * The reverse-map group of APM 2 15.36.10: covered, assigned, ASID, GPA, not immutable, and the
 * nested mapping's size that of the entry. NULL if one of them fails.
 */
static const struct rmp_entry *entry_bound(const struct rmp *rmp, const struct rmp_caller *caller,
                                           const struct rmp_xlat *xlat)
{
    const struct rmp_entry *entry = rmp_entry_at(rmp, xlat->spa);
    if (entry == NULL || !entry->assigned || entry->asid != caller->asid || entry->immutable ||
        entry->size != (uint64_t)xlat->npt_size) {
        return NULL;
    }
    const uint64_t gpa = page_base_of(xlat->gpa, xlat->npt_size);
    return (uint64_t)entry->gpn << PAGE_SHIFT == gpa ? entry : NULL;
}

/* APM 2 table 15-36; write without read is illegal and leaves no data access at all. */
static uint8_t perms_usable(uint8_t mask)
{
    if ((mask & RMP_PERM_R) == 0) {
        return mask & (RMP_PERM_XU | RMP_PERM_XS);
    }
    return mask & RMP_PERM_ALL;
}

static uint8_t perms_needed(const struct rmp_access *access, uint8_t cpl)
{
    switch (access->type) {
    case RMP_ACCESS_READ: return RMP_PERM_R;
    case RMP_ACCESS_WRITE: return RMP_PERM_R | RMP_PERM_W;
    case RMP_ACCESS_FETCH: return cpl == 3 ? RMP_PERM_XU : RMP_PERM_XS;
    case RMP_ACCESS_SSS_READ: return RMP_PERM_R | RMP_PERM_SSS;
    case RMP_ACCESS_SSS_WRITE: return RMP_PERM_R | RMP_PERM_W | RMP_PERM_SSS;
    }
    return RMP_PERM_ALL;
}

static void outcome_entry(struct rmp_outcome *out, const struct rmp *rmp,
                          const struct rmp_xlat *xlat)
{
    const struct rmp_entry *entry = rmp_entry_at(rmp, xlat->spa);
    out->spa = page_base(xlat->spa);
    if (entry != NULL) {
        out->size = (enum page_size)entry->size;
        out->spa = page_base_of(xlat->spa, out->size);
        out->before = out->after = *entry;
    }
}

/* Private access of an SNP-active guest, steps in the order of table 15-39. */
static void private_check(const struct rmp *rmp, const struct rmp_config *config,
                          const struct rmp_caller *caller, const struct rmp_xlat *xlat,
                          const struct rmp_access *access, struct rmp_outcome *out)
{
    const uint64_t base = npf_base_bits(access, caller->cpl == 3, true) | NPF_RMP;
    const struct rmp_entry *entry = entry_bound(rmp, caller, xlat);
    if (entry == NULL) {
        out->kind = RMP_OUT_NPF;
        out->exitinfo1 = base;
        return;
    }
    if (!entry->validated) {
        out->kind = RMP_OUT_VC;
        out->error_code = VC_PAGE_NOT_VALIDATED;
        return;
    }
    const uint8_t mask = entry->perm[caller->vmpl];
    const uint8_t need = perms_needed(access, caller->cpl);
    if ((need & ~perms_usable(mask)) != 0) {
        const bool sss = access_is_sss(access) && (mask & RMP_PERM_SSS) != 0;
        out->kind = RMP_OUT_NPF;
        out->exitinfo1 = base | NPF_VMPL | (sss ? NPF_SSS : 0);
        return;
    }
    /* APM 2 15.36.12: a store to the VMSA of a running vCPU waits until it leaves. */
    if (entry->in_use && access_is_write(access) &&
        config->inuse_write == RMP_INUSE_WRITE_NPF_RETRY) {
        out->kind = RMP_OUT_NPF;
        out->exitinfo1 = base;
    }
}

struct rmp_outcome rmp_access_check(const struct rmp *rmp, const struct rmp_config *config,
                                    const struct rmp_caller *caller, const struct rmp_xlat *xlat,
                                    const struct rmp_access *access)
{
    struct rmp_outcome out = {.kind = RMP_OUT_DONE};
    outcome_entry(&out, rmp, xlat);
    if (caller->snp_active && access_is_private(access, xlat->c)) {
        private_check(rmp, config, caller, xlat, access, &out);
        return out;
    }
    if (caller->snp_active && access_is_sss(access)) {
        /* A shadow stack must be private: #PF with the reserved bit. */
        out.kind = RMP_OUT_PF;
        out.error_code = (uint32_t)(PF_P | PF_RSVD | PF_SS) |
                         (access_is_write(access) ? (uint32_t)PF_W : 0) |
                         (caller->cpl == 3 ? (uint32_t)PF_U : 0);
        return out;
    }
    /* Shared data, and all of a guest without SNP: only stores and table accesses are checked. */
    const bool checked = access_is_write(access) || access->table;
    if (checked && !rmp_hypervisor_owned(rmp, xlat->spa, xlat->npt_size)) {
        out.kind = RMP_OUT_NPF;
        out.exitinfo1 = npf_base_bits(access, caller->cpl == 3, xlat->c) | NPF_RMP;
    }
    return out;
}

uint8_t rmp_access_perms(const struct rmp *rmp, const struct rmp_caller *caller,
                         const struct rmp_xlat *xlat)
{
    if (!caller->snp_active || !xlat->c) {
        const bool owned = rmp_hypervisor_owned(rmp, xlat->spa, xlat->npt_size);
        const uint8_t exec = caller->snp_active ? 0 : RMP_PERM_XU | RMP_PERM_XS;
        return (uint8_t)(RMP_PERM_R | exec | (owned ? RMP_PERM_W : 0));
    }
    const struct rmp_entry *entry = entry_bound(rmp, caller, xlat);
    if (entry == NULL || !entry->validated) {
        return 0;
    }
    uint8_t perms = perms_usable(entry->perm[caller->vmpl]);
    if (entry->in_use) {
        perms &= (uint8_t)~RMP_PERM_W;
    }
    return perms;
}

bool rmp_host_write_allowed(const struct rmp *rmp, uint64_t spa, uint64_t len)
{
    if (len == 0 || spa >> PAGE_SHIFT >= rmp->covered_pages) {
        return true;
    }
    const uint64_t room = (rmp->covered_pages << PAGE_SHIFT) - spa;
    const uint64_t last = (spa + (len < room ? len : room) - 1) >> PAGE_SHIFT;
    for (uint64_t spn = spa >> PAGE_SHIFT; spn <= last; spn++) {
        if (!rmp_hypervisor_owned(rmp, spn << PAGE_SHIFT, PAGE_4K)) {
            return false;
        }
    }
    return true;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RMPUPDATE, PSMASH and RMPREAD (APM 3).
 *
 * An assigned 2 MiB page lives in the entry of its first 4 KiB; the other 511 are {assigned, rest
 * 0} and their count, subpage_count, is kept as the number of entries that are 4 KiB pages of their
 * own: 0 under a 2 MiB page, 511 after PSMASH.
 */
#include "rmp/insn.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

enum {
    OPERAND_ASID_BITS = 10,
    OPERAND_GPA_BITS = 51,
};

const char *rmp_rc_name(enum rmp_rc rc)
{
    switch (rc) {
    case RMP_RC_SUCCESS: return "SUCCESS";
    case RMP_RC_FAIL_INPUT: return "FAIL_INPUT";
    case RMP_RC_FAIL_PERMISSION: return "FAIL_PERMISSION";
    case RMP_RC_FAIL_INUSE: return "FAIL_INUSE";
    case RMP_RC_FAIL_OVERLAP: return "FAIL_OVERLAP";
    case RMP_RC_FAIL_SIZEMISMATCH: return "FAIL_SIZEMISMATCH";
    case RMP_RC_FAIL_NOT_QUALIFIED: return "FAIL_NOT_QUALIFIED";
    }
    return "?";
}

static bool page_busy(const struct rmp_entry *entries, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (entries[i].in_use || entries[i].lock) {
            return true;
        }
    }
    return false;
}

/* Values an entry cannot hold and bits that must be zero; region_2m_status is RMPREAD's. */
static bool operand_valid(const struct rmp_operand *op)
{
    return op->assigned <= 1 && op->immutable <= 1 && op->size_reserved == 0 &&
           op->reserved == 0 && op->asid >> OPERAND_ASID_BITS == 0 &&
           op->gpa >> OPERAND_GPA_BITS == 0;
}

/* The checks of RMPUPDATE in their order (APM 3); slot is set once the page is known covered. */
static enum rmp_rc update_check(const struct rmp *rmp, const struct rmp_caller *caller,
                                uint64_t spa, const struct rmp_operand *op,
                                struct rmp_entry **slot)
{
    const enum page_size size = (enum page_size)op->size;
    if (caller->asid != ASID_HV) {
        return RMP_RC_FAIL_PERMISSION;
    }
    if (spa != page_base_of(spa, size) || !operand_valid(op) ||
        (!op->assigned && (op->immutable || op->asid != ASID_HV)) || !rmp_covers(rmp, spa, size)) {
        return RMP_RC_FAIL_INPUT;
    }
    struct rmp_entry *entry = rmp_slot_at(rmp, spa);
    struct rmp_entry *base = rmp_slot_at(rmp, page_base_of(spa, PAGE_2M));
    *slot = entry;
    const bool large = base->assigned && base->size == PAGE_2M;
    if (page_busy(entry, size == PAGE_2M ? PAGES_PER_2M : 1)) {
        return RMP_RC_FAIL_INUSE;
    }
    if (entry->immutable) {
        return RMP_RC_FAIL_PERMISSION;
    }
    if (size == PAGE_4K) {
        return large ? RMP_RC_FAIL_OVERLAP : RMP_RC_SUCCESS;
    }
    if (!large && base->subpage_count != 0) {
        return RMP_RC_FAIL_OVERLAP;
    }
    /* HV-Fixed pages are immutable and not assigned: a 2 MiB page must not swallow one. */
    for (uint32_t i = 1; i < PAGES_PER_2M; i++) {
        if (entry[i].immutable) {
            return RMP_RC_FAIL_PERMISSION;
        }
    }
    return RMP_RC_SUCCESS;
}

/*
 * The new entry. A page that stays bound exactly as it was keeps what the guest made of it, so that
 * the hypervisor can set the immutable bit (Guest-Valid -> Pre-Swap); any other change resets it.
 */
static struct rmp_entry update_entry(const struct rmp_entry *old, const struct rmp_operand *op)
{
    struct rmp_entry entry = {0};
    if (!op->assigned) {
        return entry;
    }
    entry.assigned = 1;
    entry.size = op->size;
    entry.immutable = op->immutable != 0;
    entry.gpn = (op->gpa >> PAGE_SHIFT) & ((UINT64_C(1) << (OPERAND_GPA_BITS - PAGE_SHIFT)) - 1);
    entry.asid = op->asid & ((1u << OPERAND_ASID_BITS) - 1);
    const bool keep = old->assigned && op->asid != ASID_HV && entry.asid == old->asid &&
                      entry.gpn == old->gpn && entry.size == old->size;
    if (keep) {
        entry.validated = old->validated;
        entry.vmsa = old->vmsa;
        memcpy(entry.perm, old->perm, sizeof(entry.perm));
    } else {
        entry.perm[0] = RMP_PERM_ALL;
    }
    return entry;
}

/* APM 3 RMPUPDATE, APM 2 15.36.5. */
struct rmp_outcome rmp_update(struct rmp *rmp, const struct rmp_caller *caller, uint64_t spa,
                              const struct rmp_operand *operand)
{
    const enum page_size size = (enum page_size)operand->size;
    struct rmp_outcome out = {.kind = RMP_OUT_DONE, .size = size, .spa = page_base(spa)};
    struct rmp_entry *slot = NULL;
    if (caller->cpl != 0) {
        out.kind = RMP_OUT_GP;
        return out;
    }
    out.eax = update_check(rmp, caller, out.spa, operand, &slot);
    if (slot != NULL) {
        out.before = out.after = *slot;
    }
    if (out.eax != RMP_RC_SUCCESS) {
        return out;
    }
    struct rmp_entry entry = update_entry(slot, operand);
    if (size == PAGE_4K) {
        struct rmp_entry *base = rmp_slot_at(rmp, page_base_of(out.spa, PAGE_2M));
        if (slot == base) {
            entry.subpage_count = base->subpage_count;
        } else {
            const uint32_t before = base->subpage_count;
            const uint32_t count = before + (entry.assigned ? 1u : 0u) - (slot->assigned ? 1u : 0u);
            assert(count < PAGES_PER_2M);
            base->subpage_count = count & (PAGES_PER_2M - 1);
        }
    } else {
        memset(slot + 1, 0, (PAGES_PER_2M - 1) * sizeof(*slot));
        for (uint32_t i = 1; i < PAGES_PER_2M; i++) {
            slot[i].assigned = entry.assigned;
        }
    }
    *slot = entry;
    out.after = entry;
    out.changed = true;
    return out;
}

/* APM 3 PSMASH, APM 2 15.36.11. */
struct rmp_outcome rmp_psmash(struct rmp *rmp, const struct rmp_caller *caller, uint64_t spa)
{
    struct rmp_outcome out = {.kind = RMP_OUT_DONE, .size = PAGE_2M, .spa = page_base(spa)};
    if (caller->cpl != 0) {
        out.kind = RMP_OUT_GP;
        return out;
    }
    if (caller->asid != ASID_HV) {
        out.eax = RMP_RC_FAIL_PERMISSION;
        return out;
    }
    if ((out.spa & PAGE_MASK_2M) != 0 || !rmp_covers(rmp, out.spa, PAGE_2M)) {
        out.eax = RMP_RC_FAIL_INPUT;
        return out;
    }
    struct rmp_entry *slots = rmp_slot_at(rmp, out.spa);
    out.before = out.after = slots[0];
    if (page_busy(slots, PAGES_PER_2M)) {
        out.eax = RMP_RC_FAIL_INUSE;
        return out;
    }
    if (!slots[0].assigned || slots[0].size != PAGE_2M) {
        out.eax = RMP_RC_FAIL_NOT_QUALIFIED;
        return out;
    }
    struct rmp_entry piece = slots[0];
    piece.size = PAGE_4K;
    piece.subpage_count = 0;
    for (uint32_t i = 0; i < PAGES_PER_2M; i++) {
        slots[i] = piece;
        piece.gpn++;
    }
    slots[0].subpage_count = PAGES_PER_2M - 1;
    out.after = slots[0];
    out.changed = true;
    return out;
}

/*
 * APM 3 RMPREAD: the entry of the page itself; of a page inside an assigned 2 MiB page that is the
 * bare {assigned}. region_2m_status: some 4 KiB page of the 2 MiB region is assigned.
 */
struct rmp_outcome rmp_read(const struct rmp *rmp, const struct rmp_caller *caller, uint64_t spa,
                            struct rmp_operand *out_operand)
{
    struct rmp_outcome out = {.kind = RMP_OUT_DONE, .spa = page_base(spa)};
    if (caller->cpl != 0) {
        out.kind = RMP_OUT_GP;
        return out;
    }
    if (caller->asid != ASID_HV) {
        out.eax = RMP_RC_FAIL_PERMISSION;
        return out;
    }
    const struct rmp_entry *slot = rmp_slot_at(rmp, spa);
    if (slot == NULL) {
        out.eax = RMP_RC_FAIL_INPUT;
        return out;
    }
    out.size = (enum page_size)slot->size;
    out.before = out.after = *slot;
    *out_operand = (struct rmp_operand){
        .gpa = (uint64_t)slot->gpn << PAGE_SHIFT,
        .assigned = slot->assigned,
        .size = slot->size & 1,
        .region_2m_status = !rmp_hypervisor_owned(rmp, spa, PAGE_2M),
        .immutable = slot->immutable,
        .asid = slot->asid,
    };
    return out;
}

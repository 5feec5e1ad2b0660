/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rmp/rmp.h"

#include <string.h>

void rmp_init(struct rmp *rmp)
{
    memset(rmp->entries, 0, rmp->covered_pages * sizeof(rmp->entries[0]));
}

bool rmp_covers(const struct rmp *rmp, uint64_t spa, enum page_size size)
{
    uint64_t pages = page_bytes(size) >> PAGE_SHIFT;
    uint64_t spn = page_base_of(spa, size) >> PAGE_SHIFT;
    return pages <= rmp->covered_pages && spn <= rmp->covered_pages - pages;
}

struct rmp_entry *rmp_slot_at(const struct rmp *rmp, uint64_t spa)
{
    uint64_t spn = spa >> PAGE_SHIFT;
    return spn < rmp->covered_pages ? &rmp->entries[spn] : NULL;
}

struct rmp_entry *rmp_entry_at(const struct rmp *rmp, uint64_t spa)
{
    struct rmp_entry *slot = rmp_slot_at(rmp, spa);
    if (slot == NULL) {
        return NULL;
    }
    struct rmp_entry *base = &rmp->entries[page_base_of(spa, PAGE_2M) >> PAGE_SHIFT];
    return base->assigned && base->size == PAGE_2M ? base : slot;
}

/* SEV-SNP ABI 56860, page states: the first match of the fields that tell them apart. */
enum rmp_state rmp_state_of(const struct rmp *rmp, uint64_t spa)
{
    const struct rmp_entry *entry = rmp_entry_at(rmp, spa);
    if (entry == NULL) {
        return RMP_STATE_DEFAULT;
    }
    if (!entry->assigned) {
        return entry->immutable ? RMP_STATE_HV_FIXED : RMP_STATE_HYPERVISOR;
    }
    if (entry->asid != ASID_HV) {
        if (entry->immutable) {
            return entry->validated ? RMP_STATE_PRE_SWAP : RMP_STATE_PRE_GUEST;
        }
        return entry->validated ? RMP_STATE_GUEST_VALID : RMP_STATE_GUEST_INVALID;
    }
    if (!entry->immutable) {
        return RMP_STATE_RECLAIM;
    }
    if (entry->gpn != 0) {
        return RMP_STATE_METADATA;
    }
    return entry->vmsa ? RMP_STATE_CONTEXT : RMP_STATE_FIRMWARE;
}

const char *rmp_state_name(enum rmp_state state)
{
    switch (state) {
    case RMP_STATE_DEFAULT: return "Default";
    case RMP_STATE_HYPERVISOR: return "Hypervisor";
    case RMP_STATE_HV_FIXED: return "HV-Fixed";
    case RMP_STATE_FIRMWARE: return "Firmware";
    case RMP_STATE_CONTEXT: return "Context";
    case RMP_STATE_METADATA: return "Metadata";
    case RMP_STATE_RECLAIM: return "Reclaim";
    case RMP_STATE_PRE_GUEST: return "Pre-Guest";
    case RMP_STATE_PRE_SWAP: return "Pre-Swap";
    case RMP_STATE_GUEST_INVALID: return "Guest-Invalid";
    case RMP_STATE_GUEST_VALID: return "Guest-Valid";
    }
    return "?";
}

/* APM 2 15.36.10, Hypervisor-Owned. The sub-page count makes the 2 MiB form one look-up. */
bool rmp_hypervisor_owned(const struct rmp *rmp, uint64_t spa, enum page_size size)
{
    if (size == PAGE_4K) {
        const struct rmp_entry *entry = rmp_entry_at(rmp, spa);
        return entry == NULL || !entry->assigned;
    }
    const struct rmp_entry *base = rmp_slot_at(rmp, page_base_of(spa, PAGE_2M));
    return base == NULL || (!base->assigned && base->subpage_count == 0);
}

struct rmp_raw rmp_raw_of(const struct rmp_entry *entry)
{
    struct rmp_raw raw = {
        .lo = (uint64_t)entry->assigned | (uint64_t)entry->size << 1 |
              (uint64_t)entry->immutable << 2 | (uint64_t)entry->subpage_count << 3 |
              (uint64_t)entry->gpn << 12 | (uint64_t)entry->asid << 51 |
              (uint64_t)entry->vmsa << 61 | (uint64_t)entry->validated << 62 |
              (uint64_t)entry->lock << 63,
        .hi = (uint64_t)entry->perm[0] | (uint64_t)entry->perm[1] << 8 |
              (uint64_t)entry->perm[2] << 16 | (uint64_t)entry->perm[3] << 24 |
              (uint64_t)entry->in_use << 32 | (uint64_t)entry->reserved << 33,
    };
    return raw;
}

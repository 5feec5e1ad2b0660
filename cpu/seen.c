/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the guest's translations led to before: a page that is reached at another system address,
 * a page that VMPL0 has mapped twice, pages that serve as its tables. Noted when an entry of the
 * model TLB is made and when a walk reads a table: it depends on the guest's accesses and flushes.
 */
#include "cpu/seen.h"

static bool kept(const struct cpu_seen *seen, uint64_t gpa)
{
    return gpa >> PAGE_SHIFT < seen->pages;
}

static bool moved(const struct cpu_seen *seen, uint64_t gpa, uint64_t spa)
{
    const uint32_t before = seen->spn_1[gpa >> PAGE_SHIFT];

    return before != 0 && before != (spa >> PAGE_SHIFT) + 1;
}

static void move_note(struct vcpu *vcpu, uint64_t gpa, uint64_t spa, uint64_t gva)
{
    struct cpu_seen *seen = &vcpu->env->seen;
    uint32_t *spn_1 = &seen->spn_1[gpa >> PAGE_SHIFT];
    struct event event;

    if (moved(seen, gpa, spa)) {
        vcpu_event_init(vcpu, &event, EVENT_MOVE);
        event.move = (struct event_move){ .gpa = page_base(gpa), .spa = page_base(spa),
                                          .old_spa = (uint64_t)(*spn_1 - 1) << PAGE_SHIFT,
                                          .gva = page_base(gva) };
        trace_emit(vcpu->env->trace, &event);
    }
    *spn_1 = (uint32_t)(spa >> PAGE_SHIFT) + 1;
}

/*
 * Addresses count for VMPL0, and not of VMSAs: nothing promises that a translation from when one
 * was at rest ends with VMRUN, so a monitor maps a VMSA elsewhere for each store to it.
 */
static bool address_counts(const struct vcpu *vcpu, uint64_t spa)
{
    const struct rmp_entry *entry = rmp_entry_at(vcpu->env->rmp, spa);

    return vcpu->state.vmpl == 0 && (entry == NULL || !entry->vmsa);
}

/* Whether VMPL0 used the page at another address, which may be mapped there no more. */
static bool elsewhere(const struct vcpu *vcpu, const struct tlb_entry *entry)
{
    const uint64_t before = vcpu->env->seen.gvn_1[entry->gpa >> PAGE_SHIFT];

    return address_counts(vcpu, entry->spa) && before != 0 && before != entry->gvn + 1;
}

static void alias_event(struct vcpu *vcpu, const struct event_alias *alias)
{
    struct event event;

    vcpu_event_init(vcpu, &event, EVENT_ALIAS);
    event.alias = *alias;
    trace_emit(vcpu->env->trace, &event);
}

static void address_note(struct vcpu *vcpu, const struct tlb_entry *entry, bool c)
{
    uint64_t *gvn_1 = &vcpu->env->seen.gvn_1[entry->gpa >> PAGE_SHIFT];
    const uint64_t other = (*gvn_1 - 1) << PAGE_SHIFT;
    uint64_t gpa = 0;
    bool other_c = false;

    if (elsewhere(vcpu, entry) && walk_mapped(vcpu, other, &gpa, &other_c)
        && page_base(gpa) == entry->gpa)
        alias_event(vcpu, &(struct event_alias){
            .spa = entry->spa, .gpa = entry->gpa, .gva = entry->gvn << PAGE_SHIFT,
            .other_gva = other, .c = c, .other_c = other_c, .what = ALIAS_TWO_ADDRESSES });
    *gvn_1 = entry->gvn + 1;
}

/*
 * The guest's own page: assigned and validated, at this address. The hypervisor may lead an address
 * that is shared to any page.
 */
static bool validated(const struct vcpu *vcpu, uint64_t gpa, uint64_t spa)
{
    const struct rmp_entry *entry = rmp_entry_at(vcpu->env->rmp, spa);

    return entry != NULL && entry->assigned && entry->asid == vcpu->state.asid && entry->validated
           && (uint64_t)entry->gpn << PAGE_SHIFT == page_base_of(gpa, (enum page_size)entry->size);
}

void seen_unencrypted(struct vcpu *vcpu, uint64_t gva, uint64_t gpa, uint64_t spa)
{
    if (vcpu->env->seen.pages != 0 && vcpu->state.vmpl == 0 && validated(vcpu, gpa, spa))
        alias_event(vcpu, &(struct event_alias){ .spa = page_base(spa), .gpa = page_base(gpa),
                                                 .gva = page_base(gva),
                                                 .what = ALIAS_UNENCRYPTED });
}

bool seen_is_news(const struct vcpu *vcpu, const struct tlb_entry *entry)
{
    const struct cpu_seen *seen = &vcpu->env->seen;

    if (!kept(seen, entry->gpa))
        return false;
    return (entry->c && moved(seen, entry->gpa, entry->spa)) || elsewhere(vcpu, entry);
}

void seen_entry(struct vcpu *vcpu, const struct tlb_entry *entry)
{
    const uint64_t gva = entry->gvn << PAGE_SHIFT;
    uint64_t gpa;
    bool c = entry->c;

    if (!kept(&vcpu->env->seen, entry->gpa))
        return;
    if (entry->c)
        move_note(vcpu, entry->gpa, entry->spa, gva);
    if (!address_counts(vcpu, entry->spa))
        return;
    /* An entry for fetches is private whatever the mapping says. */
    if (elsewhere(vcpu, entry) && !walk_mapped(vcpu, gva, &gpa, &c))
        c = entry->c;
    address_note(vcpu, entry, c);
}

bool seen_table_is_news(const struct vcpu *vcpu, uint64_t gpa, uint64_t spa, unsigned level)
{
    const struct cpu_seen *seen = &vcpu->env->seen;
    const uint64_t gpn = gpa >> PAGE_SHIFT;

    if (!kept(seen, gpa))
        return false;
    return seen->spn_1[gpn] != (spa >> PAGE_SHIFT) + 1
           || (vcpu->state.vmpl == 0 && (seen->table[gpn] >> level & 1) == 0);
}

void seen_table(struct vcpu *vcpu, uint64_t gpa, uint64_t spa, uint64_t gva, unsigned level)
{
    struct cpu_seen *seen = &vcpu->env->seen;
    struct event event;

    move_note(vcpu, gpa, spa, gva);
    if (vcpu->state.vmpl != 0 || (seen->table[gpa >> PAGE_SHIFT] >> level & 1) != 0)
        return;
    seen->table[gpa >> PAGE_SHIFT] |= (uint8_t)(1 << level);
    vcpu_event_init(vcpu, &event, EVENT_TABLE);
    event.table = (struct event_table){ .spa = page_base(spa), .gpa = page_base(gpa),
                                        .level = (uint8_t)(level + 1) };
    trace_emit(vcpu->env->trace, &event);
}

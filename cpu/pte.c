/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Changes in the monitor's page tables, as its own walks meet them: software writes an entry with a
 * plain store, so the moment that counts is when the processor uses it. A page's entry is compared
 * with the one of the walk before; two pages that share a slot forget each other, which loses an
 * event and never makes one up.
 */
#include "cpu/internal.h"

#define PTE_PRESENT  UINT64_C(1)
#define PTE_WRITABLE (UINT64_C(1) << 1)
#define PTE_NX       (UINT64_C(1) << 63)

static struct pte_seen *slot_of(const struct vcpu *vcpu, uint64_t gvn)
{
    return &vcpu->pte_seen[(gvn ^ gvn >> 12) % VCPU_PTE_SLOTS];
}

static bool differs(const struct vcpu *vcpu, uint64_t a, uint64_t b)
{
    const uint64_t watched =
        PTE_PRESENT | PTE_WRITABLE | PTE_NX | UINT64_C(1) << vcpu->env->cbit;
    return ((a ^ b) & watched) != 0;
}

bool pte_known(const struct vcpu *vcpu, uint64_t gva, uint64_t pte)
{
    const struct pte_seen *slot = slot_of(vcpu, gva >> PAGE_SHIFT);
    return slot->gvn_1 == (gva >> PAGE_SHIFT) + 1 && !differs(vcpu, slot->pte, pte);
}

void pte_seen(struct vcpu *vcpu, uint64_t gva, uint64_t pte, uint64_t table_gpa)
{
    struct pte_seen *slot = slot_of(vcpu, gva >> PAGE_SHIFT);
    const struct pte_seen old = *slot;

    *slot = (struct pte_seen){ .gvn_1 = (gva >> PAGE_SHIFT) + 1, .pte = pte };
    if (old.gvn_1 != slot->gvn_1 || !differs(vcpu, old.pte, pte))
        return;
    struct event event;
    vcpu_event_init(vcpu, &event, EVENT_PTE);
    event.pte = (struct event_pte){ .gva = page_base(gva), .old_pte = old.pte, .new_pte = pte,
                                    .table_gpa = table_gpa };
    trace_emit(vcpu->env->trace, &event);
}

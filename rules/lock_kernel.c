/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rmp/addr.h"
#include "rules/rule.h"

/* W is bit 1 of a VMPL's permissions, XS bit 3. */
enum { LOWER_XS = 0x08080800, W_TO_XS = 2 };

/* Places where VMPL0 has locked code, by ASID and guest page. */
enum {
    LOCKED,
    CHANGED, /* pages that VMPL0 changed by PVALIDATE or RMPADJUST after the first lock */
};

/* The VMPLs, one bit each, that have both W and XS, and one of the two only now. */
static uint32_t writable_code(const struct change *change)
{
    uint32_t both = (change->lower & LOWER_WRITE) << W_TO_XS & change->lower & LOWER_XS;

    return both & (change->raised | (change->raised & LOWER_WRITE) << W_TO_XS);
}

/*
 * VMPL0 has had the page in hand after the first lock. Until then a grant may be one that it had
 * decided on before: the sweep has not come to the page.
 */
static bool changed_since(const struct rule_view *view, uint64_t *spa)
{
    const struct change *change = view->change;

    for (uint64_t i = 0; i < change->count; i++) {
        *spa = (change->first + i) << PAGE_SHIFT;
        if (word_map_has(&view->state->map[CHANGED], change->first + i))
            return true;
    }
    return false;
}

static bool check(const struct rule_view *view, uint64_t *spa)
{
    const struct change *change = view->change;
    const struct word_map *locked = &view->state->map[LOCKED];

    if (change == NULL || change->raised == 0 || change->passed_on || locked->used == 0)
        return false;
    *spa = change->first << PAGE_SHIFT;
    if (change->insn == RMP_INSN_RMPADJUST && writable_code(change) != 0 &&
        changed_since(view, spa))
        return true;
    *spa = change->first << PAGE_SHIFT;
    if (!change->validated || (change->raised & LOWER_WRITE) == 0)
        return false;
    for (uint64_t i = 0; i < change->count; i++) {
        *spa = (change->first + i) << PAGE_SHIFT;
        if (word_map_has(locked, change_place(change, i)))
            return true;
    }
    return false;
}

static void apply(const struct rule_view *view, struct rule_state *state)
{
    const struct change *change = view->change;
    uint32_t kept = change != NULL ? change->lower & ~change->raised & LOWER_XS : 0;

    if (change == NULL || view->event->vmpl != 0)
        return;
    if (state->map[LOCKED].used != 0 &&
        (change->insn == RMP_INSN_RMPADJUST || change->insn == RMP_INSN_PVALIDATE))
        for (uint64_t i = 0; i < change->count; i++)
            word_map_set(&state->map[CHANGED], change->first + i, 1);
    if (change->insn != RMP_INSN_RMPADJUST ||
        ((change->dropped & LOWER_WRITE) << W_TO_XS & kept) == 0)
        return;
    for (uint64_t i = 0; i < change->count; i++)
        word_map_set(&state->map[LOCKED], change_place(change, i), 1);
}

const struct rule rule_lock_kernel = {
    .moment = RULE_BEFORE,
    .kinds = RULE_KIND(EVENT_RMP),
    .check = check,
    .apply = apply,
};

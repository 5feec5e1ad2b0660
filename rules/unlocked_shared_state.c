/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rmp/addr.h"
#include "rules/rule.h"

enum { MAP_OPEN }; /* (ASID, guest page) -> processor + 1 that validated and has not granted it */

static bool is_vmpl0s(const struct rule_view *view)
{
    return view->change != NULL && view->event->vmpl == 0 &&
           (view->change->insn == RMP_INSN_PVALIDATE || view->change->insn == RMP_INSN_RMPADJUST);
}

static bool check(const struct rule_view *view, uint64_t *spa)
{
    for (uint64_t i = 0; is_vmpl0s(view) && i < view->change->count; i++) {
        uint64_t place = change_place(view->change, i);
        uint64_t owner = word_map_get(&view->state->map[MAP_OPEN], place, 0);

        if (owner != 0 && owner != view->event->vcpu + 1u) {
            *spa = (view->change->first + i) << PAGE_SHIFT;
            return true;
        }
    }
    return false;
}

static void apply(const struct rule_view *view, struct rule_state *state)
{
    const struct change *change = view->change;
    struct word_map *map = &state->map[MAP_OPEN];
    uint64_t self = view->event->vcpu + 1u;

    if (!is_vmpl0s(view))
        return;
    for (uint64_t i = 0; i < change->count; i++) {
        uint64_t place = change_place(change, i);
        uint64_t owner = word_map_get(map, place, 0);

        if (change->validates)
            word_map_set(map, place, self);
        else if (owner != 0 && (owner != self || change->raised != 0 ||
                                change->insn == RMP_INSN_PVALIDATE))
            word_map_set(map, place, 0);
    }
}

const struct rule rule_unlocked_shared_state = {
    .moment = RULE_BEFORE,
    .kinds = RULE_KIND(EVENT_RMP),
    .check = check,
    .apply = apply,
};

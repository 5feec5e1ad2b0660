/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rmp/addr.h"
#include "rmp/insn.h"
#include "rules/rule.h"

/* By page, 1: VMPL0's last PVALIDATE found it valid already, and nothing has happened since. */
enum { CARRIED };

static bool check(const struct rule_view *view, uint64_t *spa)
{
    const struct change *change = view->change;
    const struct word_map *carried = &view->state->map[CARRIED];

    if (change == NULL || change->insn != RMP_INSN_RMPADJUST || change->raised == 0 ||
        view->event->vmpl != 0 || carried->used == 0)
        return false;
    for (uint64_t i = 0; i < change->count; i++) {
        *spa = (change->first + i) << PAGE_SHIFT;
        if (word_map_get(carried, change->first + i, 0) != 0)
            return true;
    }
    return false;
}

static bool found_valid(const struct event *event)
{
    const struct event_rmp *rmp = &event->rmp;

    return event->kind == EVENT_RMP && event->vmpl == 0 && rmp->insn == RMP_INSN_PVALIDATE &&
           (rmp->operand & 1) != 0 && rmp->outcome == RMP_OUT_DONE &&
           rmp->rc == RMP_RC_SUCCESS && rmp->cf != 0;
}

static void mark(struct word_map *carried, uint64_t first, uint64_t count, uint64_t value)
{
    for (uint64_t i = first; i < first + count; i++)
        if (value != 0 || word_map_has(carried, i))
            word_map_set(carried, i, value);
}

static void apply(const struct rule_view *view, struct rule_state *state)
{
    struct word_map *carried = &state->map[CARRIED];
    const struct change *change = view->change;
    uint64_t first, count;

    if (found_valid(view->event)) {
        count = entry_pages(&view->event->rmp, view->pages->count, &first);
        mark(carried, first, count, 1);
    } else if (view->event->kind == EVENT_SCRUB) {
        mark(carried, view->event->page.spa >> PAGE_SHIFT, 1, 0);
    } else if (change != NULL && carried->used != 0 &&
               (change->rebound || change->insn == 0 || change->insn == RMP_INSN_PVALIDATE)) {
        mark(carried, change->first, change->count, 0);
    }
}

const struct rule rule_carry_ignored = {
    .moment = RULE_BEFORE,
    .kinds = RULE_KIND(EVENT_RMP) | RULE_KIND(EVENT_LAUNCH_PAGE) | RULE_KIND(EVENT_SCRUB),
    .check = check,
    .apply = apply,
};

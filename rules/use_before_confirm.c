/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rmp/addr.h"
#include "rmp/insn.h"
#include "rules/rule.h"
#include "rules/span.h"

enum { MAP_CONFIRMED }; /* guest page -> 1: VMPL0's latest word on it is that it is valid */

static bool check(const struct rule_view *view, uint64_t *spa)
{
    const struct event_fault *fault = &view->event->fault;

    if (!event_is_not_validated(view->event))
        return false;
    *spa = page_base(fault->spa);
    return word_map_get(&view->state->map[MAP_CONFIRMED], fault->gpa >> PAGE_SHIFT, 0) == 0;
}

static void confirmed_set(struct rule_state *state, uint64_t gpn, uint64_t count, bool confirmed)
{
    for (uint64_t i = 0; i < count; i++)
        word_map_set(&state->map[MAP_CONFIRMED], gpn + i, confirmed);
}

static void apply(const struct rule_view *view, struct rule_state *state)
{
    const struct event_launch_page *launch = &view->event->launch_page;
    const struct event_rmp *rmp = &view->event->rmp;

    if (view->event->kind == EVENT_LAUNCH_PAGE) {
        confirmed_set(state, launch->gpa >> PAGE_SHIFT,
                      launch->size == PAGE_2M ? PAGES_PER_2M : 1, true);
    } else if (view->event->kind == EVENT_RMP && rmp->insn == RMP_INSN_PVALIDATE &&
               view->event->vmpl == 0) {
        struct span span = span_of(rmp);

        confirmed_set(state, span.gpn, span.count,
                      (rmp->operand & 1) != 0 && rmp->outcome == RMP_OUT_DONE &&
                          rmp->rc == RMP_RC_SUCCESS);
    }
}

const struct rule rule_use_before_confirm = {
    .moment = RULE_BEFORE,
    .kinds = RULE_KIND(EVENT_FAULT) | RULE_KIND(EVENT_RMP) | RULE_KIND(EVENT_LAUNCH_PAGE),
    .check = check,
    .apply = apply,
};

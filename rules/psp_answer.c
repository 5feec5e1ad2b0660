/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/rule.h"

/* SEV-SNP ABI 56860 8.26: an answer has the next number, the next request the one after it. */
enum { STEP = 2 };

static bool check(const struct rule_view *view, uint64_t *spa)
{
    const struct event_psp *psp = &view->event->psp;
    const struct word_map *answered = &view->state->map[0];
    uint64_t highest = word_map_get(answered, psp->vmpck, 0);

    *spa = 0;
    if (psp->command != PSP_GUEST_MESSAGE || psp->phase != 1)
        return false;
    if (!word_map_has(answered, psp->vmpck))
        return psp->seqno > 1;
    return psp->seqno > highest && psp->seqno - highest > STEP;
}

static void apply(const struct rule_view *view, struct rule_state *state)
{
    const struct event_psp *psp = &view->event->psp;

    if (psp->command == PSP_GUEST_MESSAGE && psp->phase == 0 && psp->status == 0 &&
        psp->seqno >= word_map_get(&state->map[0], psp->vmpck, 0))
        word_map_set(&state->map[0], psp->vmpck, psp->seqno);
}

const struct rule rule_psp_answer = {
    .moment = RULE_BEFORE,
    .kinds = RULE_KIND(EVENT_PSP),
    .check = check,
    .apply = apply,
};

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/rule.h"

#include <string.h>

/* SEV-SNP ABI 56860 8.26: an answer has the next number, the next request the one after it. */
enum { STEP = 2 };

/* Else the shared page may hold what somebody else put there after VMPL0. */
static bool is_authentic(const struct event_psp *psp)
{
    uint64_t hash[2];

    memcpy(hash, psp->plaintext_hash, sizeof(psp->plaintext_hash));
    return (hash[0] | hash[1]) != 0;
}

static bool check(const struct rule_view *view, uint64_t *spa)
{
    const struct event_psp *psp = &view->event->psp;
    const struct word_map *answered = &view->state->map[0];
    uint64_t highest = word_map_get(answered, psp->vmpck, 0);

    *spa = 0;
    if (!event_is_own_message(view->event) || psp->phase != 1 || view->event->vmpl != 0 ||
        !is_authentic(psp))
        return false;
    if (!word_map_has(answered, psp->vmpck))
        return psp->seqno > 1;
    return psp->seqno > highest && psp->seqno - highest > STEP;
}

static void apply(const struct rule_view *view, struct rule_state *state)
{
    const struct event_psp *psp = &view->event->psp;

    if (event_is_own_message(view->event) && psp->phase == 0 && psp->status == 0 &&
        psp->seqno >= word_map_get(&state->map[0], psp->vmpck, 0))
        word_map_set(&state->map[0], psp->vmpck, psp->seqno);
}

const struct rule rule_psp_answer = {
    .moment = RULE_BEFORE,
    .kinds = RULE_KIND(EVENT_PSP),
    .check = check,
    .apply = apply,
};

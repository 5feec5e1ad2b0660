/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "rules/rule.h"

/*
 * NUMBERS gives each sequence number that was ever used a small number, so that it and the key fit
 * into one word. Of each such pair: the first plaintext in two words, whether there were others.
 */
enum { NUMBERS, FIRST_LOW, FIRST_HIGH, OTHERS };

static bool message_of(const struct event *event, uint64_t hash[2])
{
    memcpy(hash, event->psp.plaintext_hash, sizeof(event->psp.plaintext_hash));
    return event_is_own_message(event) && (hash[0] | hash[1]) != 0;
}

/* False if the pair was not used before. */
static bool pair_of(const struct rule_state *state, const struct event_psp *psp, uint64_t *pair)
{
    uint64_t number = word_map_get(&state->map[NUMBERS], psp->seqno, state->map[NUMBERS].used);

    *pair = number << 8 | psp->vmpck;
    return word_map_has(&state->map[FIRST_LOW], *pair);
}

static bool differs(const struct rule_state *state, uint64_t pair, const uint64_t hash[2])
{
    return word_map_get(&state->map[FIRST_LOW], pair, 0) != hash[0] ||
           word_map_get(&state->map[FIRST_HIGH], pair, 0) != hash[1];
}

static bool check(const struct rule_view *view, uint64_t *spa)
{
    uint64_t hash[2], pair;

    *spa = 0;
    return message_of(view->event, hash) && pair_of(view->state, &view->event->psp, &pair) &&
           (differs(view->state, pair, hash) || word_map_has(&view->state->map[OTHERS], pair));
}

static void apply(const struct rule_view *view, struct rule_state *state)
{
    uint64_t hash[2], pair;

    if (!message_of(view->event, hash))
        return;
    if (pair_of(state, &view->event->psp, &pair)) {
        if (differs(state, pair, hash))
            word_map_set(&state->map[OTHERS], pair, 1);
        return;
    }
    word_map_set(&state->map[NUMBERS], view->event->psp.seqno, pair >> 8);
    word_map_set(&state->map[FIRST_LOW], pair, hash[0]);
    word_map_set(&state->map[FIRST_HIGH], pair, hash[1]);
}

const struct rule rule_psp_sequence = {
    .moment = RULE_BEFORE,
    .kinds = RULE_KIND(EVENT_PSP),
    .check = check,
    .apply = apply,
};

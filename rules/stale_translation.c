/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rmp/addr.h"
#include "rules/rule.h"

enum {
    MAP_DROPS,   /* page -> the act that last took something from it; 0 if it was not VMPL0's */
    MAP_SEALS,   /* page -> when it was last made a VMSA page */
    MAP_RETURNS, /* processor -> when VMPL0 last asked there for a lower VMPL to be run */
};

static bool check(const struct rule_view *view, uint64_t *spa)
{
    const struct word_map *map = view->state->map;
    uint64_t number = view->event->stale.spa >> PAGE_SHIFT, drop;

    if (view->event->kind != EVENT_STALE)
        return false;
    *spa = number << PAGE_SHIFT;
    drop = word_map_get(&map[MAP_DROPS], number, 0);
    return drop != 0 && (act_is_over(drop, &map[MAP_RETURNS]) ||
                         word_map_get(&map[MAP_SEALS], number, 0) >= act_seq(drop));
}

static void apply_change(const struct event *event, const struct change *change,
                         struct rule_state *state)
{
    uint64_t gone = event->rmp.before_lo & ~event->rmp.after_lo;
    uint64_t set = event->rmp.after_lo & ~event->rmp.before_lo;
    bool dropped = change->dropped != 0 || (gone >> 62 & 1) != 0;
    bool sealed = change->insn == RMP_INSN_RMPADJUST && (set >> 61 & 1) != 0;

    for (uint64_t i = 0; i < change->count && (dropped || sealed); i++) {
        if (dropped)
            word_map_set(&state->map[MAP_DROPS], change->first + i,
                         event->vmpl == 0 ? act_of(event) : 0);
        if (sealed)
            word_map_set(&state->map[MAP_SEALS], change->first + i, event->seq);
    }
}

static void apply(const struct rule_view *view, struct rule_state *state)
{
    const struct event *event = view->event;

    if (view->change != NULL && (view->change->insn == RMP_INSN_PVALIDATE ||
                                 view->change->insn == RMP_INSN_RMPADJUST))
        apply_change(event, view->change, state);
    else if (event_runs_vmpl(event))
        word_map_set(&state->map[MAP_RETURNS], event->vcpu, event->seq);
}

const struct rule rule_stale_translation = {
    .moment = RULE_BEFORE,
    .kinds = RULE_KIND(EVENT_STALE) | RULE_KIND(EVENT_RMP) | RULE_KIND(EVENT_VMGEXIT),
    .check = check,
    .apply = apply,
};

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rmp/addr.h"
#include "rules/rule.h"

enum {
    MAP_DROPS,   /* page -> when something was last taken from it, and by what processor */
    MAP_SEALS,   /* page -> when it was last made a VMSA page */
    MAP_RETURNS, /* processor -> when VMPL0 last asked there for a lower VMPL to be run */
};

/* Sequence number and processor in one word; 0 where it was not VMPL0's doing. */
enum { VCPU_BITS = 16 };

static bool check(const struct rule_view *view, uint64_t *spa)
{
    const struct word_map *map = view->state->map;
    uint64_t number = view->event->stale.spa >> PAGE_SHIFT, drop, seq;

    if (view->event->kind != EVENT_STALE)
        return false;
    *spa = number << PAGE_SHIFT;
    drop = word_map_get(&map[MAP_DROPS], number, 0);
    seq = drop >> VCPU_BITS;
    return seq != 0 &&
           (word_map_get(&map[MAP_RETURNS], drop & ((1u << VCPU_BITS) - 1), 0) > seq ||
            word_map_get(&map[MAP_SEALS], number, 0) >= seq);
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
                         event->vmpl == 0 ? event->seq << VCPU_BITS | event->vcpu : 0);
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

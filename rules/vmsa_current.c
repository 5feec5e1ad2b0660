/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rmp/addr.h"
#include "rules/rule.h"

enum {
    MAP_LATEST,  /* page -> what VMPL0 last said of it: DESTROYED, or the place it was made for */
    MAP_CURRENT, /* place -> page + 1 that was last made for it */
    MAP_GONE,    /* page -> the act that destroyed or replaced it, else 0 */
    MAP_RETURNS, /* processor -> when VMPL0 last asked there for a lower VMPL to be run */
};
enum { UNKNOWN = 0, DESTROYED = 1, PLACE_FIRST = 2 };

/* A processor and a VMPL of it: a VMSA's place. */
static uint64_t place_of(const struct event_vmsa *vmsa)
{
    return PLACE_FIRST + ((uint64_t)vmsa->apic_id << 8 | vmsa->vmsa_vmpl);
}

static bool check(const struct rule_view *view, uint64_t *spa)
{
    const struct event_world *world = &view->event->world;
    const struct word_map *map = view->state->map;
    uint64_t number = world->vmsa_spa >> PAGE_SHIFT, gone;

    if (view->event->kind != EVENT_WORLD || world->phase != 0 || world->result != 0)
        return false;
    *spa = number << PAGE_SHIFT;
    gone = word_map_get(&map[MAP_GONE], number, 0);
    return gone != 0 && act_is_over(gone, &map[MAP_RETURNS]);
}

/* VMPL0 made the page for a place; another that was there is so no more. */
static void apply_made(struct rule_state *state, uint64_t number, uint64_t place, uint64_t act)
{
    uint64_t before = word_map_get(&state->map[MAP_CURRENT], place, 0);

    if (before != 0 && before != number + 1 &&
        word_map_get(&state->map[MAP_LATEST], before - 1, UNKNOWN) == place)
        word_map_set(&state->map[MAP_GONE], before - 1, act);
    word_map_set(&state->map[MAP_GONE], number, 0);
    word_map_set(&state->map[MAP_LATEST], number, place);
    word_map_set(&state->map[MAP_CURRENT], place, number + 1);
}

static void apply(const struct rule_view *view, struct rule_state *state)
{
    const struct event_vmsa *vmsa = &view->event->vmsa;
    uint64_t number = vmsa->spa >> PAGE_SHIFT;
    uint64_t act = act_of(view->event);

    if (event_runs_vmpl(view->event))
        word_map_set(&state->map[MAP_RETURNS], view->event->vcpu, view->event->seq);
    if (view->event->kind != EVENT_VMSA || view->event->vmpl != 0 || vmsa->result != 0)
        return;
    if (vmsa->action == VMSA_DESTROY) {
        word_map_set(&state->map[MAP_LATEST], number, DESTROYED);
        word_map_set(&state->map[MAP_GONE], number, act);
    } else if (vmsa->action == VMSA_CREATE || vmsa->action == VMSA_ON_INIT) {
        apply_made(state, number, place_of(vmsa), act);
    }
}

const struct rule rule_vmsa_current = {
    .moment = RULE_BEFORE,
    .kinds = RULE_KIND(EVENT_VMSA) | RULE_KIND(EVENT_VMGEXIT) | RULE_KIND(EVENT_WORLD),
    .check = check,
    .apply = apply,
};

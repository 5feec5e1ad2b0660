/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rmp/addr.h"
#include "rules/rule.h"

enum {
    MAP_LATEST,  /* page -> what VMPL0 last said of it: DESTROYED, or the place it was made for */
    MAP_CURRENT, /* place -> page + 1 that was last made for it */
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
    uint64_t number = world->vmsa_spa >> PAGE_SHIFT, latest;

    if (view->event->kind != EVENT_WORLD || world->phase != 0 || world->result != 0)
        return false;
    *spa = number << PAGE_SHIFT;
    latest = word_map_get(&view->state->map[MAP_LATEST], number, UNKNOWN);
    if (latest == UNKNOWN || latest == DESTROYED)
        return latest == DESTROYED;
    return word_map_get(&view->state->map[MAP_CURRENT], latest, 0) != number + 1;
}

static void apply(const struct rule_view *view, struct rule_state *state)
{
    const struct event_vmsa *vmsa = &view->event->vmsa;
    uint64_t number = vmsa->spa >> PAGE_SHIFT;

    if (view->event->kind != EVENT_VMSA || view->event->vmpl != 0 || vmsa->result != 0)
        return;
    if (vmsa->action == VMSA_DESTROY) {
        word_map_set(&state->map[MAP_LATEST], number, DESTROYED);
    } else if (vmsa->action == VMSA_CREATE || vmsa->action == VMSA_ON_INIT) {
        word_map_set(&state->map[MAP_LATEST], number, place_of(vmsa));
        word_map_set(&state->map[MAP_CURRENT], place_of(vmsa), number + 1);
    }
}

const struct rule rule_vmsa_current = {
    .moment = RULE_BEFORE,
    .kinds = RULE_KIND(EVENT_VMSA) | RULE_KIND(EVENT_WORLD),
    .check = check,
    .apply = apply,
};

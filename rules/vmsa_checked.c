/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rmp/addr.h"
#include "rules/rule.h"

enum { MAP_SEALED }; /* page -> hash of the state that RMPADJUST sealed; 0 once it was entered */

static bool has_entered(const struct event *event)
{
    return event->kind == EVENT_WORLD && event->world.phase == 0 && event->world.result == 0;
}

static bool check(const struct rule_view *view, uint64_t *spa)
{
    const struct event_world *world = &view->event->world;
    uint64_t sealed;

    if (!has_entered(view->event))
        return false;
    *spa = page_base(world->vmsa_spa);
    sealed = word_map_get(&view->state->map[MAP_SEALED], world->vmsa_spa >> PAGE_SHIFT, 0);
    return sealed != 0 && sealed != world->vmsa_hash;
}

static void apply(const struct rule_view *view, struct rule_state *state)
{
    const struct event *event = view->event;
    struct word_map *map = &state->map[MAP_SEALED];

    if (event->kind == EVENT_RMP && event->rmp.vmsa_hash != 0)
        word_map_set(map, event->rmp.spa >> PAGE_SHIFT, event->rmp.vmsa_hash);
    else if (has_entered(event) && word_map_has(map, event->world.vmsa_spa >> PAGE_SHIFT))
        word_map_set(map, event->world.vmsa_spa >> PAGE_SHIFT, 0);
}

const struct rule rule_vmsa_checked = {
    .moment = RULE_BEFORE,
    .kinds = RULE_KIND(EVENT_RMP) | RULE_KIND(EVENT_WORLD),
    .check = check,
    .apply = apply,
};

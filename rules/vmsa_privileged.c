/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rmp/addr.h"
#include "rules/rule.h"

/* Who could write to the page decides what the processor does at the VMPL that it gives. */
static bool check(const struct rule_view *view, uint64_t *spa)
{
    const struct event_world *world = &view->event->world;
    uint64_t number = world->vmsa_spa >> PAGE_SHIFT;

    if (world->phase != 0 || world->result != 0 || view->event->vmpl > 3 ||
        number >= view->pages->count)
        return false;
    *spa = number << PAGE_SHIFT;
    return view->pages->page[number].writers >> view->event->vmpl != 0;
}

const struct rule rule_vmsa_privileged = {
    .moment = RULE_BEFORE,
    .kinds = RULE_KIND(EVENT_WORLD),
    .check = check,
};

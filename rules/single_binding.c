/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rmp/addr.h"
#include "rules/rule.h"

/* A page has become valid where another one is. */
static bool check(const struct rule_view *view, uint64_t *spa)
{
    const struct change *change = view->change;

    for (uint64_t i = 0; change != NULL && i < change->count; i++) {
        uint64_t number = change->first + i;

        if (view->pages->page[number].moved && pages_bound_twice(view->pages, number)) {
            *spa = number << PAGE_SHIFT;
            return true;
        }
    }
    return false;
}

const struct rule rule_single_binding = {
    .moment = RULE_AFTER,
    .kinds = RULE_KIND(EVENT_RMP) | RULE_KIND(EVENT_LAUNCH_PAGE),
    .check = check,
};

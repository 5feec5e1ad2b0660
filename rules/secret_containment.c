/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/rule.h"

static bool check(const struct rule_view *view, uint64_t *spa)
{
    if (view->event->kind != EVENT_SECRET || view->event->secret.allowed != 0)
        return false;
    *spa = view->event->secret.spa;
    return true;
}

const struct rule rule_secret_containment = {
    .moment = RULE_BEFORE,
    .kinds = RULE_KIND(EVENT_SECRET),
    .check = check,
};

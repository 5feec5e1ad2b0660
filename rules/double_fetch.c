/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rmp/addr.h"
#include "rules/rule.h"

static bool check(const struct rule_view *view, uint64_t *spa)
{
    *spa = page_base(view->event->refetch.spa);
    return true;
}

const struct rule rule_double_fetch = {
    .moment = RULE_BEFORE,
    .kinds = RULE_KIND(EVENT_REFETCH),
    .check = check,
};

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rmp/addr.h"
#include "rules/rule.h"

static bool check(const struct rule_view *view, uint64_t *spa)
{
    const struct change *change = view->change;

    if (change == NULL || !change->vmsa || change->lower == 0)
        return false;
    *spa = change->first << PAGE_SHIFT;
    return true;
}

const struct rule rule_vmsa_grant = {
    .moment = RULE_BEFORE,
    .kinds = RULE_KIND(EVENT_RMP) | RULE_KIND(EVENT_LAUNCH_PAGE),
    .check = check,
};

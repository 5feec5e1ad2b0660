/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/rule.h"

static bool check(const struct rule_view *view, uint64_t *spa)
{
    return private_page_raised(view, LOWER_WRITE, spa);
}

const struct rule rule_vmpl0_integrity = {
    .moment = RULE_BEFORE,
    .kinds = RULE_KIND(EVENT_RMP) | RULE_KIND(EVENT_LAUNCH_PAGE),
    .check = check,
};

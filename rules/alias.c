/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rmp/addr.h"
#include "rules/rule.h"

/* Two mappings that differ in the C-bit, or plaintext access to a private page. */
static bool check(const struct rule_view *view, uint64_t *spa)
{
    const struct event_alias *alias = &view->event->alias;

    *spa = page_base(alias->spa);
    return (alias->what == ALIAS_TWO_ADDRESSES && alias->c != alias->other_c) ||
           alias->what == ALIAS_UNENCRYPTED;
}

const struct rule rule_alias = {
    .moment = RULE_BEFORE,
    .kinds = RULE_KIND(EVENT_ALIAS),
    .check = check,
};

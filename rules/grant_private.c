/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rmp/addr.h"
#include "rules/rule.h"

static bool check(const struct rule_view *view, uint64_t *spa)
{
    const struct change *change = view->change;

    if (change == NULL || change->insn != RMP_INSN_RMPADJUST || change->raised == 0 ||
        view->event->rmp.bytes_monitor == 0)
        return false;
    for (uint64_t i = 0; i < change->count; i++) {
        *spa = (change->first + i) << PAGE_SHIFT;
        if (view->pages->page[change->first + i].launch)
            return true;
    }
    return false;
}

const struct rule rule_grant_private = {
    .moment = RULE_BEFORE,
    .kinds = RULE_KIND(EVENT_RMP),
    .check = check,
};

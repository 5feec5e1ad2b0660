/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rmp/addr.h"
#include "rules/rule.h"

static bool check(const struct rule_view *view, uint64_t *spa)
{
    const struct event_hv_access *access = &view->event->hv_access;

    *spa = page_base(access->spa);
    return access->write == 0 && access->refused == 0 && access->plain != 0;
}

const struct rule rule_hv_confidentiality = {
    .moment = RULE_BEFORE,
    .kinds = RULE_KIND(EVENT_HV_ACCESS),
    .check = check,
};

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rmp/addr.h"
#include "rules/rule.h"

static bool check(const struct rule_view *view, uint64_t *spa)
{
    const struct event_fetch *fetch = &view->event->fetch;

    *spa = page_base(fetch->spa);
    return fetch->bytes_guest != 0 || fetch->bytes_hypervisor != 0;
}

const struct rule rule_measured_code = {
    .moment = RULE_BEFORE,
    .kinds = RULE_KIND(EVENT_FETCH),
    .check = check,
};

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/rule.h"

/* SEV_FEATURES of a VMSA, APM 2 table B-4. */
enum { RESTRICTED_INJECTION = 1 << 3, ALTERNATE_INJECTION = 1 << 4 };
/* EVENTINJ, APM 2 15.20: vector 7:0, type 10:8. */
enum { VECTOR_HV = 28, TYPE_EXCEPTION = 3 };

/* APM 2 15.36.16 and 15.36.17: what the hypervisor may inject is #HV, or nothing. */
static bool check(const struct rule_view *view, uint64_t *spa)
{
    const struct event_inject *inject = &view->event->inject;
    unsigned vector = inject->eventinj & 0xff, type = inject->eventinj >> 8 & 7;

    *spa = 0;
    if (inject->result != 0)
        return false;
    if ((inject->sev_features & ALTERNATE_INJECTION) != 0)
        return true;
    return (inject->sev_features & RESTRICTED_INJECTION) != 0 &&
           (vector != VECTOR_HV || type != TYPE_EXCEPTION);
}

const struct rule rule_injection = {
    .moment = RULE_BEFORE,
    .kinds = RULE_KIND(EVENT_INJECT),
    .check = check,
};

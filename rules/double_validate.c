/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rmp/insn.h"
#include "rules/rule.h"

/* APM 3 PVALIDATE: CF says that the bit was set already; it says nothing about other pages. */
static bool validated_again(const struct event *event, uint64_t *spa)
{
    const struct event_rmp *rmp = &event->rmp;

    if (event->kind != EVENT_RMP || rmp->insn != RMP_INSN_PVALIDATE || (rmp->operand & 1) == 0 ||
        rmp->outcome != RMP_OUT_DONE || rmp->rc != RMP_RC_SUCCESS || !rmp->cf)
        return false;
    *spa = page_base(rmp->spa);
    return true;
}

static bool check(const struct rule_view *view, uint64_t *spa)
{
    uint64_t other;
    bool found = validated_again(view->event, spa);

    if (view->change != NULL && view->change->validates &&
        rule_single_binding.check(view, &other)) {
        *spa = found && *spa < other ? *spa : other;
        found = true;
    }
    return found;
}

const struct rule rule_double_validate = {
    .moment = RULE_AFTER,
    .kinds = RULE_KIND(EVENT_RMP),
    .check = check,
};

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rmp/addr.h"
#include "rmp/insn.h"
#include "rules/rule.h"

/* VMPL0 gives a page back, most often to share it with the hypervisor, and a secret lies in it. */
static bool check(const struct rule_view *view, uint64_t *spa)
{
    const struct event_rmp *rmp = &view->event->rmp;

    *spa = page_base(rmp->spa);
    return view->event->vmpl == 0 && rmp->insn == RMP_INSN_PVALIDATE && (rmp->operand & 1) == 0 &&
           rmp->outcome == RMP_OUT_DONE && rmp->rc == RMP_RC_SUCCESS && rmp->cf == 0 &&
           rmp->bytes_secret > 0;
}

const struct rule rule_share_secret = {
    .moment = RULE_BEFORE,
    .kinds = RULE_KIND(EVENT_RMP),
    .check = check,
};

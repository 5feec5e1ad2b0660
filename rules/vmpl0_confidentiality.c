/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rmp/addr.h"
#include "rules/rule.h"

bool private_page_raised(const struct rule_view *view, uint32_t perms, uint64_t *spa)
{
    const struct change *change = view->change;

    if (change == NULL || (change->raised & perms) == 0)
        return false;
    for (uint64_t i = 0; i < change->count; i++) {
        const struct page *page = &view->pages->page[change->first + i];

        /* What it stored in this binding VMPL0 may grant itself; nobody else may. */
        if (page->launch || page->old || (page->stored && change->insn != RMP_INSN_RMPADJUST)) {
            *spa = (change->first + i) << PAGE_SHIFT;
            return true;
        }
    }
    return false;
}

static bool check(const struct rule_view *view, uint64_t *spa)
{
    return private_page_raised(view, LOWER_READ_OR_EXECUTE, spa);
}

const struct rule rule_vmpl0_confidentiality = {
    .moment = RULE_BEFORE,
    .kinds = RULE_KIND(EVENT_RMP) | RULE_KIND(EVENT_LAUNCH_PAGE),
    .check = check,
};

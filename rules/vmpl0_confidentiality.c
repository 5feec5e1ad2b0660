/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rmp/addr.h"
#include "rules/rule.h"

/*
 * What VMPL0 itself grants is judged by the labels of the bytes; what it stored in this binding
 * they leave out, that is its own decision. Nobody else may open a page that holds anything of
 * VMPL0's.
 */
bool private_page_raised(const struct rule_view *view, uint32_t perms, uint64_t *spa)
{
    const struct change *change = view->change;

    if (change == NULL || (change->raised & perms) == 0)
        return false;
    if (change->insn == RMP_INSN_RMPADJUST) {
        *spa = change->first << PAGE_SHIFT;
        return view->event->rmp.bytes_monitor > 0;
    }
    for (uint64_t i = 0; i < change->count; i++) {
        const struct page *page = &view->pages->page[change->first + i];

        if (page->launch || page->old || page->stored) {
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

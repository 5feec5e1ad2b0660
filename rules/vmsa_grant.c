/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rmp/addr.h"
#include "rules/rule.h"

enum { PERMISSIONS = 0x1f, READ = 1 };

/* A VMPL may go on reading a page that was its own to write: it says what it is to be made of. */
static bool permits_too_much(uint32_t lower, unsigned writers)
{
    for (unsigned vmpl = 1; vmpl <= 3; vmpl++) {
        uint32_t permissions = lower >> 8 * vmpl & PERMISSIONS;

        if (permissions != 0 && (permissions != READ || (writers >> (vmpl - 1) & 1) == 0))
            return true;
    }
    return false;
}

static bool check(const struct rule_view *view, uint64_t *spa)
{
    const struct change *change = view->change;

    if (change == NULL || !change->vmsa || change->lower == 0)
        return false;
    for (uint64_t i = 0; i < change->count; i++) {
        *spa = (change->first + i) << PAGE_SHIFT;
        if (permits_too_much(change->lower, view->pages->page[change->first + i].writers))
            return true;
    }
    return false;
}

const struct rule rule_vmsa_grant = {
    .moment = RULE_BEFORE,
    .kinds = RULE_KIND(EVENT_RMP) | RULE_KIND(EVENT_LAUNCH_PAGE),
    .check = check,
};

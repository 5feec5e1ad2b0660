/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rmp/addr.h"
#include "rules/rule.h"

static bool writable_vmsa(const struct rule_view *view, uint64_t *spa)
{
    const struct change *change = view->change;

    *spa = change->first << PAGE_SHIFT;
    return change->vmsa && (change->lower & LOWER_WRITE) != 0;
}

static bool runs_elsewhere(const struct rule_view *view, uint64_t vmsa_spa)
{
    for (uint32_t vcpu = 0; vcpu < view->running_count; vcpu++)
        if (vcpu != view->event->vcpu && view->running[vcpu] == vmsa_spa + 1)
            return true;
    return false;
}

/* VMRUN that entered: of a page that a lower VMPL may write to, or of one that runs already. */
static bool check(const struct rule_view *view, uint64_t *spa)
{
    const struct event_world *world = &view->event->world;
    uint64_t number = world->vmsa_spa >> PAGE_SHIFT;

    if (view->change != NULL)
        return writable_vmsa(view, spa);
    if (view->event->kind != EVENT_WORLD || world->phase != 0 || world->result != 0)
        return false;
    *spa = number << PAGE_SHIFT;
    return runs_elsewhere(view, world->vmsa_spa) ||
           (number < view->pages->count &&
            (view->pages->page[number].lower & LOWER_WRITE) != 0);
}

const struct rule rule_vmsa_sealed = {
    .moment = RULE_BEFORE,
    .kinds = RULE_KIND(EVENT_RMP) | RULE_KIND(EVENT_LAUNCH_PAGE) | RULE_KIND(EVENT_WORLD),
    .check = check,
};

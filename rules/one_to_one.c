/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rmp/addr.h"
#include "rules/rule.h"

/* VMPL0 has two addresses for a page of its own. */
static bool check(const struct rule_view *view, uint64_t *spa)
{
    const struct event_alias *alias = &view->event->alias;
    uint64_t number = alias->spa >> PAGE_SHIFT;
    const struct page *page;

    if (alias->what != ALIAS_TWO_ADDRESSES || number >= view->pages->count)
        return false;
    page = &view->pages->page[number];
    *spa = page_base(alias->spa);
    return (page->launch || page->stored) && page->lower == 0;
}

const struct rule rule_one_to_one = {
    .moment = RULE_BEFORE,
    .kinds = RULE_KIND(EVENT_ALIAS),
    .check = check,
};

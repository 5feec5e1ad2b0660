/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rmp/addr.h"
#include "rules/rule.h"

/*
 * Of guest pages that have moved: MOVED is the last `move` event of each, BOUND the event with
 * which a system page was last bound at one of them. A binding at a page that never moved need not
 * be remembered: the page's first `move` asks only whether there is one.
 */
enum { MOVED, BOUND };

/* The new page has been bound there by VMPL0 or the launch since the last time. */
static bool move_is_fair(const struct rule_view *view)
{
    const struct event_move *move = &view->event->move;
    uint64_t number = move->spa >> PAGE_SHIFT, gpn = move->gpa >> PAGE_SHIFT;
    uint64_t moved = word_map_get(&view->state->map[MOVED], gpn, 0);
    const struct page *page;

    if (number >= view->pages->count)
        return false;
    page = &view->pages->page[number];
    if (!page->validated || page->gpn != gpn)
        return false;
    return moved == 0 || word_map_get(&view->state->map[BOUND], number, 0) > moved;
}

/* The first page of the range that is valid. */
static bool valid_page_written(const struct rule_view *view, uint64_t *spa)
{
    const struct event_hv_access *access = &view->event->hv_access;
    uint64_t end;

    if (access->write == 0 || access->refused != 0 || access->length == 0)
        return false;
    end = (access->spa + access->length - 1) >> PAGE_SHIFT;
    for (uint64_t i = access->spa >> PAGE_SHIFT; i <= end && i < view->pages->count; i++) {
        if (view->pages->page[i].validated) {
            *spa = i << PAGE_SHIFT;
            return true;
        }
    }
    return false;
}

static bool check(const struct rule_view *view, uint64_t *spa)
{
    if (view->event->kind == EVENT_HV_ACCESS)
        return valid_page_written(view, spa);
    if (view->event->kind != EVENT_MOVE || move_is_fair(view))
        return false;
    *spa = page_base(view->event->move.spa);
    return true;
}

static void apply(const struct rule_view *view, struct rule_state *state)
{
    const struct change *change = view->change;

    if (view->event->kind == EVENT_MOVE)
        word_map_set(&state->map[MOVED], view->event->move.gpa >> PAGE_SHIFT, view->event->seq);
    if (change == NULL || state->map[MOVED].used == 0)
        return;
    for (uint64_t i = 0; i < change->count; i++) {
        const struct page *page = &view->pages->page[change->first + i];

        if (page->moved && word_map_has(&state->map[MOVED], page->gpn))
            word_map_set(&state->map[BOUND], change->first + i, view->event->seq);
    }
}

const struct rule rule_vm_integrity = {
    .moment = RULE_BEFORE,
    .kinds = RULE_KIND(EVENT_MOVE) | RULE_KIND(EVENT_HV_ACCESS) | RULE_KIND(EVENT_RMP) |
             RULE_KIND(EVENT_LAUNCH_PAGE),
    .check = check,
    .apply = apply,
};

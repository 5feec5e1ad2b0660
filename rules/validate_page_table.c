/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rmp/addr.h"
#include "rmp/insn.h"
#include "rules/rule.h"
#include "rules/span.h"

enum { MAP_TABLES }; /* guest page -> 1: a page_table event named it */

static bool check(const struct rule_view *view, uint64_t *spa)
{
    const struct event_rmp *rmp = &view->event->rmp;
    struct span span;

    if (view->event->kind != EVENT_RMP || view->event->vmpl != 0 ||
        rmp->insn != RMP_INSN_PVALIDATE || rmp->outcome != RMP_OUT_DONE ||
        rmp->rc != RMP_RC_SUCCESS)
        return false;
    span = span_of(rmp);
    for (uint64_t i = 0; i < span.count; i++) {
        if (word_map_has(&view->state->map[MAP_TABLES], span.gpn + i)) {
            *spa = (span.spn + i) << PAGE_SHIFT;
            return true;
        }
    }
    return false;
}

static void apply(const struct rule_view *view, struct rule_state *state)
{
    if (view->event->kind == EVENT_TABLE)
        word_map_set(&state->map[MAP_TABLES], view->event->table.gpa >> PAGE_SHIFT, 1);
}

const struct rule rule_validate_page_table = {
    .moment = RULE_BEFORE,
    .kinds = RULE_KIND(EVENT_RMP) | RULE_KIND(EVENT_TABLE),
    .check = check,
    .apply = apply,
};

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/rule.h"

enum { MAP_GATES }; /* vector -> 1: VMPL0 reached it by INT n */

enum { SOURCE_INJECTED = 1, SOURCE_SOFTWARE = 2, VECTOR_FIRST = 32 };

static bool is_vmpl0s(const struct event *event, uint8_t source)
{
    return event->vmpl == 0 && event->fault.class == FAULT_EXCEPTION &&
           event->fault.source == source && event->fault.vector >= VECTOR_FIRST;
}

static bool check(const struct rule_view *view, uint64_t *spa)
{
    *spa = 0;
    return is_vmpl0s(view->event, SOURCE_INJECTED) &&
           word_map_has(&view->state->map[MAP_GATES], view->event->fault.vector);
}

static void apply(const struct rule_view *view, struct rule_state *state)
{
    if (is_vmpl0s(view->event, SOURCE_SOFTWARE))
        word_map_set(&state->map[MAP_GATES], view->event->fault.vector, 1);
}

const struct rule rule_gate_source = {
    .moment = RULE_BEFORE,
    .kinds = RULE_KIND(EVENT_FAULT),
    .check = check,
    .apply = apply,
};

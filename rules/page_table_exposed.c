/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rmp/addr.h"
#include "rules/rule.h"

/* Guest pages that have served VMPL0's walks. */
enum { TABLES };

static bool check(const struct rule_view *view, uint64_t *spa)
{
    const struct change *change = view->change;
    const struct word_map *tables = &view->state->map[TABLES];

    if (change == NULL || change->insn != RMP_INSN_RMPADJUST || change->raised == 0 ||
        tables->used == 0)
        return false;
    for (uint64_t i = 0; i < change->count; i++) {
        *spa = (change->first + i) << PAGE_SHIFT;
        if (word_map_has(tables, change->gpn + i))
            return true;
    }
    return false;
}

static void apply(const struct rule_view *view, struct rule_state *state)
{
    if (view->event->kind == EVENT_TABLE)
        word_map_set(&state->map[TABLES], view->event->table.gpa >> PAGE_SHIFT, 1);
}

const struct rule rule_page_table_exposed = {
    .moment = RULE_BEFORE,
    .kinds = RULE_KIND(EVENT_RMP) | RULE_KIND(EVENT_TABLE),
    .check = check,
    .apply = apply,
};

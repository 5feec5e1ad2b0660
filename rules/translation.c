/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rmp/addr.h"
#include "rmp/insn.h"
#include "rules/rule.h"

/* The last event of each: by guest page, and by 2 MiB of them. */
enum { MOVED, RESCINDED, RESCINDED_2M };

static bool check(const struct rule_view *view, uint64_t *spa)
{
    const struct event_move *move = &view->event->move;
    const struct word_map *map = view->state->map;
    uint64_t gpn = move->gpa >> PAGE_SHIFT;
    uint64_t moved = word_map_get(&map[MOVED], gpn, 0);

    if (view->event->kind != EVENT_MOVE || view->event->vmpl != 0)
        return false;
    *spa = page_base(move->spa);
    return word_map_get(&map[RESCINDED], gpn, 0) <= moved &&
           word_map_get(&map[RESCINDED_2M], gpn / PAGES_PER_2M, 0) <= moved;
}

static void apply(const struct rule_view *view, struct rule_state *state)
{
    const struct event *event = view->event;
    const struct event_rmp *rmp = &event->rmp;

    if (event->kind == EVENT_MOVE) {
        word_map_set(&state->map[MOVED], event->move.gpa >> PAGE_SHIFT, event->seq);
        return;
    }
    if (event->vmpl != 0 || rmp->insn != RMP_INSN_PVALIDATE || (rmp->operand & 1) != 0 ||
        rmp->outcome != RMP_OUT_DONE || rmp->rc != RMP_RC_SUCCESS || rmp->cf != 0)
        return;
    if (rmp->size == PAGE_2M)
        word_map_set(&state->map[RESCINDED_2M], rmp->gpa >> PAGE_SHIFT_2M, event->seq);
    else
        word_map_set(&state->map[RESCINDED], rmp->gpa >> PAGE_SHIFT, event->seq);
}

const struct rule rule_translation = {
    .moment = RULE_BEFORE,
    .kinds = RULE_KIND(EVENT_MOVE) | RULE_KIND(EVENT_RMP),
    .check = check,
    .apply = apply,
};

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rmp/addr.h"
#include "rules/rule.h"

enum {
    MAP_EXITS,     /* processor -> doorbell page and its word at the latest #VMEXIT */
    MAP_DELIVERED, /* processor -> when VMPL0 was last given an #HV */
    MAP_WRITTEN,   /* page -> when somebody else last wrote to it, or mapped it */
};

enum { VECTOR_HV = 28, EXIT_HLT = 0x78, WORD_BITS = 16 };
enum { DOORBELL_PENDING = 0x7fff }; /* all but NoFurtherSignal */

static uint64_t exit_word(const struct event_world *world)
{
    return world->doorbell_spa >> PAGE_SHIFT << WORD_BITS | world->doorbell;
}

/* What the doorbell said when VMPL0 gave the processor away: halted, or handed to a lower VMPL. */
static bool gives_away(const struct rule_view *view, uint64_t *word)
{
    const struct event *event = view->event;

    if (event->vmpl != 0)
        return false;
    if (event->kind == EVENT_WORLD) {
        *word = exit_word(&event->world);
        return event->world.phase == 1 && event->world.exit_code == EXIT_HLT;
    }
    *word = word_map_get(&view->state->map[MAP_EXITS], event->vcpu, 0);
    return event_runs_vmpl(event);
}

static bool check(const struct rule_view *view, uint64_t *spa)
{
    const struct word_map *map = view->state->map;
    uint64_t word, doorbell;

    if (!gives_away(view, &word) || (word & DOORBELL_PENDING) == 0)
        return false;
    doorbell = word >> WORD_BITS;
    *spa = doorbell << PAGE_SHIFT;
    return word_map_get(&map[MAP_DELIVERED], view->event->vcpu, 0) >
           word_map_get(&map[MAP_WRITTEN], doorbell, 0);
}

static void note(const struct rule_view *view, struct word_map *map, uint64_t spa, uint64_t length)
{
    uint64_t end = page_base(spa + length + PAGE_BYTES - 1) >> PAGE_SHIFT;

    for (uint64_t i = spa >> PAGE_SHIFT; i < end && i < view->pages->count; i++)
        word_map_set(map, i, view->event->seq);
}

/* Others put something there: by a store, or by leading the guest's address to the page. */
static void apply_write(const struct rule_view *view, struct word_map *map)
{
    const struct event *event = view->event;
    const struct event_hv_access *access = &event->hv_access;

    if (event->kind == EVENT_HV_ACCESS && access->write && !access->refused && access->length > 0)
        note(view, map, access->spa, access->length);
    else if (event->kind == EVENT_SHARED_WRITE && event->vmpl >= 1 && event->vmpl <= 3)
        note(view, map, page_base(event->page.spa), PAGE_BYTES);
    else if (event->kind == EVENT_NPT && event->npt.present)
        note(view, map, page_base_of(event->npt.spa, (enum page_size)(event->npt.size & 1)),
             page_bytes((enum page_size)(event->npt.size & 1)));
}

static void apply(const struct rule_view *view, struct rule_state *state)
{
    const struct event *event = view->event;

    apply_write(view, &state->map[MAP_WRITTEN]);
    if (event->kind == EVENT_WORLD && event->world.phase == 1)
        word_map_set(&state->map[MAP_EXITS], event->vcpu, exit_word(&event->world));
    else if (event->kind == EVENT_FAULT && event->vmpl == 0 &&
             event->fault.class == FAULT_EXCEPTION && event->fault.vector == VECTOR_HV)
        word_map_set(&state->map[MAP_DELIVERED], event->vcpu, event->seq);
}

const struct rule rule_lost_event = {
    .moment = RULE_BEFORE,
    .kinds = RULE_KIND(EVENT_WORLD) | RULE_KIND(EVENT_VMGEXIT) | RULE_KIND(EVENT_FAULT) |
             RULE_KIND(EVENT_HV_ACCESS) | RULE_KIND(EVENT_SHARED_WRITE) | RULE_KIND(EVENT_NPT),
    .check = check,
    .apply = apply,
};

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rmp/addr.h"
#include "rules/rule.h"

enum {
    MAP_EXITS,     /* processor -> doorbell page and its word at the latest #VMEXIT */
    MAP_DELIVERED, /* processor -> when VMPL0 was last given an #HV */
    MAP_WRITTEN,   /* page -> when the hypervisor last wrote to it */
};

enum { VECTOR_HV = 28, EXIT_HLT = 0x78, WORD_BITS = 16 };
enum { DOORBELL_PENDING = 0x7fff }; /* all but NoFurtherSignal */
#define EXIT_RUN_VMPL UINT64_C(0x80000018)

static uint64_t exit_word(const struct event_world *world)
{
    return world->doorbell_spa >> PAGE_SHIFT << WORD_BITS | world->doorbell;
}

/* What the doorbell said when VMPL0 gave the processor away: halted, or handed to a lower VMPL. */
static bool gives_away(const struct rule_view *view, uint64_t *word)
{
    const struct event *event = view->event;
    const struct event_vmgexit *request = &event->vmgexit;

    if (event->vmpl != 0)
        return false;
    if (event->kind == EVENT_WORLD) {
        *word = exit_word(&event->world);
        return event->world.phase == 1 && event->world.exit_code == EXIT_HLT;
    }
    *word = word_map_get(&view->state->map[MAP_EXITS], event->vcpu, 0);
    return event->kind == EVENT_VMGEXIT && request->phase == 0 &&
           request->protocol == VMGEXIT_PAGE && request->code == EXIT_RUN_VMPL;
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

static void apply_write(const struct rule_view *view, struct word_map *map)
{
    const struct event_hv_access *access = &view->event->hv_access;
    uint64_t end = page_base(access->spa + access->length + PAGE_BYTES - 1) >> PAGE_SHIFT;

    if (!access->write || access->refused || access->length == 0)
        return;
    for (uint64_t i = access->spa >> PAGE_SHIFT; i < end && i < view->pages->count; i++)
        word_map_set(map, i, view->event->seq);
}

static void apply(const struct rule_view *view, struct rule_state *state)
{
    const struct event *event = view->event;

    if (event->kind == EVENT_HV_ACCESS)
        apply_write(view, &state->map[MAP_WRITTEN]);
    else if (event->kind == EVENT_WORLD && event->world.phase == 1)
        word_map_set(&state->map[MAP_EXITS], event->vcpu, exit_word(&event->world));
    else if (event->kind == EVENT_FAULT && event->vmpl == 0 &&
             event->fault.class == FAULT_EXCEPTION && event->fault.vector == VECTOR_HV)
        word_map_set(&state->map[MAP_DELIVERED], event->vcpu, event->seq);
}

const struct rule rule_lost_event = {
    .moment = RULE_BEFORE,
    .kinds = RULE_KIND(EVENT_WORLD) | RULE_KIND(EVENT_VMGEXIT) | RULE_KIND(EVENT_FAULT) |
             RULE_KIND(EVENT_HV_ACCESS),
    .check = check,
    .apply = apply,
};

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/event_random.h"

#include <glib.h>
#include <string.h>

#define CLEAR(field) memset(&(field), 0, sizeof(field))

/* Padding and unused bytes are zero by contract (trace/event.h). */
static void padding_clear(struct event *e)
{
    static const uint8_t used[EVENT_KIND_COUNT] = {
        [EVENT_RUN_START] = sizeof(e->run),
        [EVENT_LAUNCH_PAGE] = sizeof(e->launch_page),
        [EVENT_RMP] = sizeof(e->rmp),
        [EVENT_NPT] = sizeof(e->npt),
        [EVENT_PTE] = sizeof(e->pte),
        [EVENT_FAULT] = sizeof(e->fault),
        [EVENT_VMGEXIT] = sizeof(e->vmgexit),
        [EVENT_WORLD] = sizeof(e->world),
        [EVENT_VMSA] = sizeof(e->vmsa),
        [EVENT_INJECT] = sizeof(e->inject),
        [EVENT_PSP] = sizeof(e->psp),
        [EVENT_SHARED_WRITE] = sizeof(e->page),
        [EVENT_STORE] = sizeof(e->page),
        [EVENT_SCRUB] = sizeof(e->page),
        [EVENT_SECRET] = sizeof(e->secret),
        [EVENT_CONSOLE] = sizeof(e->console),
        [EVENT_SCHED] = sizeof(e->sched),
        [EVENT_HV_ACCESS] = sizeof(e->hv_access),
        [EVENT_RUN_END] = sizeof(e->run),
        [EVENT_MOVE] = sizeof(e->move),
        [EVENT_REFETCH] = sizeof(e->refetch),
        [EVENT_STALE] = sizeof(e->stale),
        [EVENT_FETCH] = sizeof(e->fetch),
        [EVENT_ALIAS] = sizeof(e->alias),
        [EVENT_TABLE] = sizeof(e->table),
    };

    g_assert_cmpuint(used[e->kind], !=, 0);
    memset(e->bytes + used[e->kind], 0, sizeof(e->bytes) - used[e->kind]);
    CLEAR(e->pad);
}

static void payload_clear(struct event *e)
{
    switch (e->kind) {
    case EVENT_RMP:
        CLEAR(e->rmp.pad);
        break;
    case EVENT_LAUNCH_PAGE:
        CLEAR(e->launch_page.pad);
        break;
    case EVENT_NPT:
        CLEAR(e->npt.pad);
        break;
    case EVENT_FAULT:
        CLEAR(e->fault.pad);
        break;
    case EVENT_VMGEXIT:
        CLEAR(e->vmgexit.pad);
        break;
    case EVENT_VMSA:
        CLEAR(e->vmsa.pad);
        break;
    case EVENT_INJECT:
        CLEAR(e->inject.pad);
        break;
    case EVENT_PSP:
        CLEAR(e->psp.pad);
        break;
    case EVENT_SECRET:
        CLEAR(e->secret.pad);
        g_snprintf(e->secret.name, sizeof(e->secret.name), "s%u", g_test_rand_int() % 1000u);
        memset(e->secret.name + strlen(e->secret.name), 0,
               sizeof(e->secret.name) - strlen(e->secret.name));
        break;
    case EVENT_CONSOLE:
        e->console.length = (uint16_t)g_test_rand_int_range(0, EVENT_TEXT_BYTES + 1);
        memset(e->console.text + e->console.length, 0, EVENT_TEXT_BYTES - e->console.length);
        break;
    case EVENT_HV_ACCESS:
        CLEAR(e->hv_access.pad);
        break;
    case EVENT_REFETCH:
        CLEAR(e->refetch.pad);
        break;
    case EVENT_STALE:
        CLEAR(e->stale.pad);
        break;
    case EVENT_FETCH:
        CLEAR(e->fetch.pad);
        break;
    case EVENT_ALIAS:
        CLEAR(e->alias.pad);
        break;
    case EVENT_TABLE:
        CLEAR(e->table.pad);
        break;
    }
}

void event_random_of(struct event *event, uint16_t kind)
{
    uint8_t *bytes = (uint8_t *)event;

    for (size_t i = 0; i < sizeof(*event); i++) {
        unsigned number = (unsigned)g_test_rand_int();

        bytes[i] = number & 0x300 ? (uint8_t)number : number & 0x400 ? 0xff : 0;
    }
    event->kind = kind;
    event->actor %= ACTOR_RUN + 1;
    if (kind == EVENT_RMP) {
        event->rmp.insn = (uint8_t)(1 + event->rmp.insn % 7);
        event->rmp.outcome %= 6;
    }
    padding_clear(event);
    payload_clear(event);
}

void event_random(struct event *event)
{
    event_random_of(event, (uint16_t)g_test_rand_int_range(1, EVENT_RULE));
}

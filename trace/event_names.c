/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stddef.h>

#include "trace/event.h"

/* Padding is always explicit: a record has no byte that the compiler may leave undefined. */
_Static_assert(offsetof(struct event, rmp) == 32, "the payload starts at byte 32");
_Static_assert(sizeof(struct event_rmp) == 88, "event_rmp has no hidden padding");
_Static_assert(sizeof(struct event_launch_page) == 72, "event_launch_page has no hidden padding");
_Static_assert(sizeof(struct event_npt) == 32, "event_npt has no hidden padding");
_Static_assert(sizeof(struct event_pte) == 32, "event_pte has no hidden padding");
_Static_assert(sizeof(struct event_fault) == 40, "event_fault has no hidden padding");
_Static_assert(sizeof(struct event_vmgexit) == 72, "event_vmgexit has no hidden padding");
_Static_assert(sizeof(struct event_world) == 64, "event_world has no hidden padding");
_Static_assert(sizeof(struct event_vmsa) == 32, "event_vmsa has no hidden padding");
_Static_assert(sizeof(struct event_inject) == 24, "event_inject has no hidden padding");
_Static_assert(sizeof(struct event_psp) == 72, "event_psp has no hidden padding");
_Static_assert(sizeof(struct event_page) == 40, "event_page has no hidden padding");
_Static_assert(sizeof(struct event_secret) == 64, "event_secret has no hidden padding");
_Static_assert(sizeof(struct event_text) == 88, "event_text has no hidden padding");
_Static_assert(sizeof(struct event_sched) == 24, "event_sched has no hidden padding");
_Static_assert(sizeof(struct event_hv_access) == 40, "event_hv_access has no hidden padding");
_Static_assert(sizeof(struct event_run) == 48, "event_run has no hidden padding");
_Static_assert(sizeof(struct event_move) == 32, "event_move has no hidden padding");
_Static_assert(sizeof(struct event_refetch) == 40, "event_refetch has no hidden padding");
_Static_assert(sizeof(struct event_stale) == 32, "event_stale has no hidden padding");
_Static_assert(sizeof(struct event_fetch) == 40, "event_fetch has no hidden padding");
_Static_assert(sizeof(struct event_alias) == 40, "event_alias has no hidden padding");
_Static_assert(sizeof(struct event_table) == 24, "event_table has no hidden padding");
_Static_assert(sizeof(struct event_rule) == 72, "event_rule has no hidden padding");

static const char *const kind_names[EVENT_KIND_COUNT] = {
    [EVENT_RUN_START] = "run_start",
    [EVENT_LAUNCH_PAGE] = "launch_page",
    [EVENT_RMP] = "rmp",
    [EVENT_NPT] = "npt",
    [EVENT_PTE] = "pte",
    [EVENT_FAULT] = "fault",
    [EVENT_VMGEXIT] = "vmgexit",
    [EVENT_WORLD] = "world",
    [EVENT_VMSA] = "vmsa",
    [EVENT_INJECT] = "inject",
    [EVENT_PSP] = "psp",
    [EVENT_SHARED_WRITE] = "shared_write",
    [EVENT_STORE] = "store",
    [EVENT_SCRUB] = "scrub",
    [EVENT_SECRET] = "secret",
    [EVENT_CONSOLE] = "console",
    [EVENT_SCHED] = "sched",
    [EVENT_HV_ACCESS] = "hv_access",
    [EVENT_RUN_END] = "run_end",
    [EVENT_MOVE] = "move",
    [EVENT_REFETCH] = "refetch",
    [EVENT_STALE] = "stale",
    [EVENT_FETCH] = "fetch",
    [EVENT_ALIAS] = "alias",
    [EVENT_TABLE] = "page_table",
    [EVENT_RULE] = "rule",
    [EVENT_VERDICT] = "verdict",
};

static const char *const actor_names[] = {
    [ACTOR_E0] = "E0", [ACTOR_E1] = "E1",   [ACTOR_E2] = "E2",   [ACTOR_E3] = "E3",
    [ACTOR_HV] = "HV", [ACTOR_PSP] = "PSP", [ACTOR_RUN] = "RUN",
};

const char *event_kind_name(uint16_t kind)
{
    return kind < EVENT_KIND_COUNT ? kind_names[kind] : NULL;
}

const char *actor_name(uint8_t actor)
{
    return actor < sizeof(actor_names) / sizeof(actor_names[0]) ? actor_names[actor] : NULL;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rmp/addr.h"
#include "rules/rule.h"

/* By processor, 1 or 0: it must stop after a fault; it has asked to be terminated. */
enum { FAULTED, TERMINATED };

enum {
    VECTOR_NMI = 2,
    VECTOR_HV = 28,
    VECTOR_VC = 29,
    VECTORS_OF_EXCEPTIONS = 32,
    VC_NPF = 0x400,
    EXIT_IOIO = 0x7b,
    MSR_TERMINATE = 0x100, /* GHCB 56421 2.3.1 */
    MSR_REQUEST = 0xfff,
    SOURCE_HARDWARE = 0,
    SOURCE_INJECTED = 1,
};

/*
 * How much an event says that VMPL0 goes on. That a lower VMPL runs says nothing: the hypervisor
 * may enter what VMSA it likes at any time.
 */
enum step { STEP_NONE, STEP_CONSOLE, STEP_ON, STEP_TERMINATION };

static enum step step_of(const struct event *event)
{
    const struct event_vmgexit *request = &event->vmgexit;

    switch (event->kind) {
    case EVENT_RMP:
        return event->vmpl == 0 && (event->rmp.insn == RMP_INSN_PVALIDATE ||
                                    event->rmp.insn == RMP_INSN_RMPADJUST)
                   ? STEP_ON
                   : STEP_NONE;
    case EVENT_VMGEXIT:
        if (event->vmpl != 0 || request->phase != 0)
            return STEP_NONE;
        if (request->protocol == VMGEXIT_MSR)
            return (request->code & MSR_REQUEST) == MSR_TERMINATE ? STEP_TERMINATION : STEP_ON;
        /* 0: an empty page was put under the GHCB. */
        if (request->code == 0)
            return STEP_NONE;
        return request->code == EXIT_IOIO ? STEP_CONSOLE : STEP_ON;
    default:
        return STEP_NONE;
    }
}

/* The hypervisor has broken its word, or the page tables are not what the monitor thinks. */
static bool fault_is_fatal(const struct event *event, const struct pages *pages)
{
    const struct event_fault *fault = &event->fault;

    if (event_is_not_validated(event))
        return true;
    if (event->kind != EVENT_FAULT || event->vmpl != 0 || fault->class != FAULT_EXCEPTION)
        return false;
    if (fault->source == SOURCE_INJECTED)
        return fault->vector < VECTORS_OF_EXCEPTIONS && fault->vector != VECTOR_NMI &&
               fault->vector != VECTOR_HV;
    return fault->source == SOURCE_HARDWARE && fault->vector == VECTOR_VC &&
           fault->error == VC_NPF && pages_bound_anywhere(pages, fault->gpa >> PAGE_SHIFT);
}

static bool check(const struct rule_view *view, uint64_t *spa)
{
    const struct event *event = view->event;
    const struct word_map *map = view->state->map;
    enum step step = step_of(event);

    if (step == STEP_NONE || step == STEP_TERMINATION)
        return false;
    if (event->kind == EVENT_RMP)
        *spa = page_base(event->rmp.spa);
    return word_map_get(&map[TERMINATED], event->vcpu, 0) != 0 ||
           (step == STEP_ON && word_map_get(&map[FAULTED], event->vcpu, 0) != 0);
}

static void apply(const struct rule_view *view, struct rule_state *state)
{
    const struct event *event = view->event;
    enum step step = step_of(event);

    if (fault_is_fatal(event, view->pages))
        word_map_set(&state->map[FAULTED], event->vcpu, 1);
    else if (step == STEP_ON && word_map_has(&state->map[FAULTED], event->vcpu))
        word_map_set(&state->map[FAULTED], event->vcpu, 0);
    if (step == STEP_TERMINATION)
        word_map_set(&state->map[TERMINATED], event->vcpu, 1);
    else if (step != STEP_NONE && word_map_has(&state->map[TERMINATED], event->vcpu))
        word_map_set(&state->map[TERMINATED], event->vcpu, 0);
}

const struct rule rule_fail_stop = {
    .moment = RULE_BEFORE,
    .kinds = RULE_KIND(EVENT_FAULT) | RULE_KIND(EVENT_RMP) | RULE_KIND(EVENT_VMGEXIT),
    .check = check,
    .apply = apply,
};

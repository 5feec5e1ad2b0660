/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What events say that more than one rule asks. */
#include "rules/rule.h"

#define EXIT_RUN_VMPL UINT64_C(0x80000018) /* SW_EXITCODE, GHCB 56421 */

enum { VECTOR_VC = 29, VC_PAGE_NOT_VALIDATED = 0x404, SOURCE_HARDWARE = 0 };

bool event_runs_vmpl(const struct event *event)
{
    return event->kind == EVENT_VMGEXIT && event->vmpl == 0 && event->vmgexit.phase == 0 &&
           event->vmgexit.protocol == VMGEXIT_PAGE && event->vmgexit.code == EXIT_RUN_VMPL;
}

/* The low bits of an act are its processor. */
enum { ACT_VCPU_BITS = 16 };

uint64_t act_of(const struct event *event)
{
    return event->seq << ACT_VCPU_BITS | event->vcpu;
}

uint64_t act_seq(uint64_t act)
{
    return act >> ACT_VCPU_BITS;
}

bool act_is_over(uint64_t act, const struct word_map *returns)
{
    return word_map_get(returns, act & ((1u << ACT_VCPU_BITS) - 1), 0) > act_seq(act);
}

bool event_is_not_validated(const struct event *event)
{
    const struct event_fault *fault = &event->fault;

    return event->kind == EVENT_FAULT && event->vmpl == 0 && fault->class == FAULT_EXCEPTION &&
           fault->source == SOURCE_HARDWARE && fault->vector == VECTOR_VC &&
           fault->error == VC_PAGE_NOT_VALIDATED;
}

bool event_is_own_message(const struct event *event)
{
    return event->kind == EVENT_PSP && event->psp.command == PSP_GUEST_MESSAGE &&
           event->psp.vmpck == 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What events say that more than one rule asks. */
#include "rules/rule.h"

#define EXIT_RUN_VMPL UINT64_C(0x80000018) /* SW_EXITCODE, GHCB 56421 */

bool event_runs_vmpl(const struct event *event)
{
    return event->kind == EVENT_VMGEXIT && event->vmpl == 0 && event->vmgexit.phase == 0 &&
           event->vmgexit.protocol == VMGEXIT_PAGE && event->vmgexit.code == EXIT_RUN_VMPL;
}

bool event_is_own_message(const struct event *event)
{
    return event->kind == EVENT_PSP && event->psp.command == PSP_GUEST_MESSAGE &&
           event->psp.vmpck == 0;
}

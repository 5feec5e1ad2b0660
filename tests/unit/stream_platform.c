/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/stream_platform.h"

#include <string.h>

enum { COMMAND_GUEST_MESSAGE = 0x94 };

uint64_t s_move(struct stream *s, uint64_t gpn, uint64_t spn)
{
    struct event *event = stream_add(s, EVENT_MOVE, ACTOR_E0);

    event->move.gpa = gpn << PAGE_SHIFT;
    event->move.spa = spn << PAGE_SHIFT;
    return event->seq;
}

uint64_t s_hv_read(struct stream *s, uint64_t spn, bool plain)
{
    struct event *event = stream_add(s, EVENT_HV_ACCESS, ACTOR_HV);

    event->hv_access.spa = (spn << PAGE_SHIFT) + 16;
    event->hv_access.length = 16;
    event->hv_access.plain = plain;
    return event->seq;
}

uint64_t s_inject(struct stream *s, uint64_t eventinj, uint64_t sev_features)
{
    struct event *event = stream_add(s, EVENT_INJECT, ACTOR_HV);

    event->inject.eventinj = eventinj;
    event->inject.sev_features = sev_features;
    return event->seq;
}

uint64_t s_psp(struct stream *s, uint8_t phase, uint8_t vmpck, uint64_t seqno, uint8_t text)
{
    struct event *event = stream_add(s, EVENT_PSP, phase == 0 ? ACTOR_PSP : ACTOR_E0);

    event->psp.command = COMMAND_GUEST_MESSAGE;
    event->psp.phase = phase;
    event->psp.vmpck = vmpck;
    event->psp.seqno = seqno;
    memset(event->psp.plaintext_hash, text, sizeof(event->psp.plaintext_hash));
    return event->seq;
}

uint64_t s_exception(struct stream *s, uint8_t vector, uint8_t source, uint64_t error,
                     uint64_t gpn)
{
    struct event *event = stream_add(s, EVENT_FAULT, ACTOR_E0);

    event->fault.class = FAULT_EXCEPTION;
    event->fault.vector = vector;
    event->fault.source = source;
    event->fault.error = error;
    event->fault.gpa = gpn << PAGE_SHIFT;
    return event->seq;
}

uint64_t s_request(struct stream *s, uint8_t protocol, uint64_t code)
{
    struct event *event = stream_add(s, EVENT_VMGEXIT, ACTOR_E0);

    event->vmgexit.protocol = protocol;
    event->vmgexit.code = code;
    return event->seq;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/stream_monitor.h"

#include "rmp/insn.h"

enum { VECTOR_VC = 29, ERROR_NOT_VALIDATED = 0x404 };

struct event *stream_last(struct stream *s)
{
    return &g_array_index(s->events, struct event, s->events->len - 1);
}

uint64_t s_by(struct stream *s, uint16_t vcpu, uint8_t vmpl)
{
    struct event *event = stream_last(s);

    event->vcpu = vcpu;
    event->vmpl = vmpl;
    return event->seq;
}

uint64_t s_table(struct stream *s, uint64_t gpn)
{
    struct event *event = stream_add(s, EVENT_TABLE, ACTOR_E0);

    event->table.gpa = gpn << PAGE_SHIFT;
    event->table.level = 1;
    return event->seq;
}

uint64_t s_alias(struct stream *s, uint64_t spn, uint8_t what, uint8_t c, uint8_t other_c)
{
    struct event *event = stream_add(s, EVENT_ALIAS, ACTOR_E0);

    event->alias.spa = spn << PAGE_SHIFT;
    event->alias.what = what;
    event->alias.c = c;
    event->alias.other_c = other_c;
    return event->seq;
}

uint64_t s_refetch(struct stream *s, uint64_t spn)
{
    struct event *event = stream_add(s, EVENT_REFETCH, ACTOR_E0);

    event->refetch.spa = spn << PAGE_SHIFT;
    event->refetch.length = 8;
    event->refetch.writer = REFETCH_HYPERVISOR;
    return event->seq;
}

uint64_t s_stale(struct stream *s, uint64_t spn)
{
    struct event *event = stream_add(s, EVENT_STALE, ACTOR_E2);

    event->stale.spa = spn << PAGE_SHIFT;
    event->stale.access = STALE_WRITE;
    event->stale.had = RMP_PERM_R | RMP_PERM_W;
    return event->seq;
}

uint64_t s_fetch(struct stream *s, uint64_t spn, uint32_t guest, uint32_t hypervisor)
{
    struct event *event = stream_add(s, EVENT_FETCH, ACTOR_E0);

    event->fetch.spa = spn << PAGE_SHIFT;
    event->fetch.bytes_guest = guest;
    event->fetch.bytes_hypervisor = hypervisor;
    event->fetch.bytes_trusted = (uint32_t)PAGE_BYTES - guest - hypervisor;
    return event->seq;
}

uint64_t s_fault(struct stream *s, uint16_t vcpu, uint8_t vector, uint8_t source)
{
    struct event *event = stream_add(s, EVENT_FAULT, ACTOR_E0);

    event->vcpu = vcpu;
    event->fault.class = FAULT_EXCEPTION;
    event->fault.vector = vector;
    event->fault.source = source;
    return event->seq;
}

uint64_t s_not_validated(struct stream *s, uint64_t spn, uint64_t gpn)
{
    uint64_t seq = s_fault(s, 0, VECTOR_VC, 0);
    struct event *event = stream_last(s);

    event->fault.error = ERROR_NOT_VALIDATED;
    event->fault.gpa = gpn << PAGE_SHIFT;
    event->fault.spa = spn << PAGE_SHIFT;
    return seq;
}

uint64_t s_seal(struct stream *s, uint64_t spn, uint64_t hash)
{
    uint64_t seq = s_adjust(s, spn, 1, 0, true);

    stream_last(s)->rmp.vmsa_hash = hash;
    return seq;
}

uint64_t s_vmsa(struct stream *s, uint64_t spn, uint8_t action, uint32_t apic_id, uint8_t vmpl)
{
    struct event *event = stream_add(s, EVENT_VMSA, ACTOR_E0);

    event->vmsa.spa = spn << PAGE_SHIFT;
    event->vmsa.action = action;
    event->vmsa.apic_id = apic_id;
    event->vmsa.vmsa_vmpl = vmpl;
    return event->seq;
}

uint64_t s_enter(struct stream *s, uint16_t vcpu, uint8_t vmpl, uint64_t spn, uint64_t hash)
{
    s_vmrun(s, vcpu, spn, 0);
    stream_last(s)->world.vmsa_hash = hash;
    return s_by(s, vcpu, vmpl);
}

uint64_t s_leave(struct stream *s, uint16_t vcpu, uint64_t exit_code, uint64_t doorbell_spn,
                 uint16_t doorbell)
{
    struct event *event;

    s_exit(s, vcpu, 0);
    event = stream_last(s);
    event->world.exit_code = exit_code;
    event->world.doorbell_spa = doorbell_spn << PAGE_SHIFT;
    event->world.doorbell = doorbell;
    return s_by(s, vcpu, 0);
}

uint64_t s_run_vmpl(struct stream *s, uint16_t vcpu)
{
    struct event *event = stream_add(s, EVENT_VMGEXIT, ACTOR_E0);

    event->vmgexit.protocol = VMGEXIT_PAGE;
    event->vmgexit.code = 0x80000018;
    return s_by(s, vcpu, 0);
}

uint64_t s_hv_write(struct stream *s, uint64_t spa, uint64_t length)
{
    struct event *event = stream_add(s, EVENT_HV_ACCESS, ACTOR_HV);

    event->hv_access.spa = spa;
    event->hv_access.length = length;
    event->hv_access.write = 1;
    return event->seq;
}

uint64_t s_shared_write(struct stream *s, uint64_t spn, uint8_t vmpl)
{
    struct event *event = stream_add(s, EVENT_SHARED_WRITE, vmpl);

    event->page.spa = spn << PAGE_SHIFT;
    return event->seq;
}

uint64_t s_map(struct stream *s, uint64_t spn, enum page_size size)
{
    struct event *event = stream_add(s, EVENT_NPT, ACTOR_HV);

    event->npt.spa = spn << PAGE_SHIFT;
    event->npt.size = (uint8_t)size;
    event->npt.present = 1;
    return event->seq;
}

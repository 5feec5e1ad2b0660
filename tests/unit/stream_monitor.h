/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events for the tests of rules: what VMPL0 does and meets besides RMP instructions. */
#ifndef PROVA_TESTS_STREAM_MONITOR_H
#define PROVA_TESTS_STREAM_MONITOR_H

#include "tests/unit/stream_build.h"

/* The last event was this processor's, at this VMPL. Returns its sequence number, as all do. */
uint64_t s_by(struct stream *s, uint16_t vcpu, uint8_t vmpl);
struct event *stream_last(struct stream *s);

uint64_t s_table(struct stream *s, uint64_t gpn);
uint64_t s_alias(struct stream *s, uint64_t spn, uint8_t what, uint8_t c, uint8_t other_c);
uint64_t s_refetch(struct stream *s, uint64_t spn);
uint64_t s_stale(struct stream *s, uint64_t spn);
uint64_t s_fetch(struct stream *s, uint64_t spn, uint32_t guest, uint32_t hypervisor);

/* An exception at VMPL0; source: 0 hardware, 1 injected, 2 software. */
uint64_t s_fault(struct stream *s, uint16_t vcpu, uint8_t vector, uint8_t source);
/* #VC at VMPL0: the page is not validated. */
uint64_t s_not_validated(struct stream *s, uint64_t spn, uint64_t gpn);

/* RMPADJUST that makes the page a VMSA page, of a state with this hash. */
uint64_t s_seal(struct stream *s, uint64_t spn, uint64_t hash);
uint64_t s_vmsa(struct stream *s, uint64_t spn, uint8_t action, uint32_t apic_id, uint8_t vmpl);
uint64_t s_enter(struct stream *s, uint16_t vcpu, uint8_t vmpl, uint64_t spn, uint64_t hash);

/* VMPL0 leaves; its doorbell page, if any, holds this word. */
uint64_t s_leave(struct stream *s, uint16_t vcpu, uint64_t exit_code, uint64_t doorbell_spn,
                 uint16_t doorbell);
uint64_t s_run_vmpl(struct stream *s, uint16_t vcpu);
/* A store with C=0 to a page, and a nested mapping that leads to it. */
uint64_t s_shared_write(struct stream *s, uint64_t spn, uint8_t vmpl);
uint64_t s_map(struct stream *s, uint64_t spn, enum page_size size);
uint64_t s_hv_write(struct stream *s, uint64_t spa, uint64_t length);

#endif

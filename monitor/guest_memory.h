/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest memory changing hands: validated, overwritten, granted; revoked, rescinded, shared. The
 * caller holds the pages (page_state.h), except during start-up.
 */
#ifndef MONITOR_GUEST_MEMORY_H
#define MONITOR_GUEST_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "monitor/svsm.h"

struct cpu;

/* Start-up: the page states from the launch data, then all RAM that was not launched is validated,
 * overwritten and granted. The guest image, which was launched, keeps its contents. */
void guest_memory_start(struct cpu *cpu);

/* Start-up, after it was measured: the guest image is granted. */
void guest_image_grant(struct cpu *cpu);

/* Not validated -> validated, overwritten (if scrub), granted. */
void guest_page_accept(struct cpu *cpu, uint64_t gpa, bool scrub);
/* The same for 2 MiB; false if the RMP holds 4 KiB entries there: nothing done. */
bool guest_large_page_accept(struct cpu *cpu, uint64_t gpa);

/* Granted and validated -> revoked at every VMPL, then not validated. */
void guest_page_withdraw(struct cpu *cpu, uint64_t gpa);
/* False if the RMP holds 4 KiB entries there: nothing done. */
bool guest_large_page_withdraw(struct cpu *cpu, uint64_t gpa);

/* Validated: taken from every VMPL below 0; given to the guest's, as no VMSA page. */
void guest_page_revoke(struct cpu *cpu, uint64_t gpa);
void guest_page_grant(struct cpu *cpu, uint64_t gpa);

/* After permissions were taken: when this returns no vCPU uses a translation from before (vcpu.h).
 * Only then the pages may be relied on or handed over. */
void guest_translations_flush(struct cpu *cpu);

/* SVSM_SUCCESS if guest_copy_out() of that many bytes would be allowed now. */
enum svsm_result guest_buffer_check(struct cpu *cpu, uint64_t gpa, size_t bytes);

/* Copies between the monitor and guest buffers. All pages must be guest memory in state PRIVATE;
 * checked before the first byte is copied. */
enum svsm_result guest_copy_in(struct cpu *cpu, void *to, uint64_t gpa, size_t bytes);
enum svsm_result guest_copy_out(struct cpu *cpu, uint64_t gpa, const void *from, size_t bytes);

#endif

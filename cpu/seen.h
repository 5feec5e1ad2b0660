/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to cpu/: what is noted of translations and told as events (seen.c, stale.c). */
#ifndef PROVA_CPU_SEEN_H
#define PROVA_CPU_SEEN_H

#include "cpu/internal.h"

/* ------------------------------------------------------------------ walk.c, seen.c */

/* Where the tables map gva, without any effect or check: true if there is a leaf. */
bool walk_mapped(struct vcpu *vcpu, uint64_t gva, uint64_t *gpa, bool *c);

/* Whether seen_entry() would emit something for this new entry of the model TLB. */
bool seen_is_news(const struct vcpu *vcpu, const struct tlb_entry *entry);
/* EVENT_MOVE, EVENT_ALIAS of two addresses. */
void seen_entry(struct vcpu *vcpu, const struct tlb_entry *entry);
/* VMPL0 accessed spa with C=0 (or tried to store): EVENT_ALIAS if that is the guest's own page. */
void seen_unencrypted(struct vcpu *vcpu, uint64_t gva, uint64_t gpa, uint64_t spa);
/* The same of a table that a walk reads, level 0 to 3: EVENT_MOVE, EVENT_TABLE. */
bool seen_table_is_news(const struct vcpu *vcpu, uint64_t gpa, uint64_t spa, unsigned level);
void seen_table(struct vcpu *vcpu, uint64_t gpa, uint64_t spa, uint64_t gva, unsigned level);

/* ------------------------------------------------------------------ stale.c */

/* What an entry still may give (RMP_PERM_*): everything, unless the RMP took something away. */
uint8_t stale_rights(const struct vcpu *vcpu, const struct tlb_entry *entry);
/* Whether the access would be an event; emits it, once for an entry and a change. */
bool stale_use(const struct vcpu *vcpu, const struct tlb_entry *entry, const struct access *access);
void stale_event(struct vcpu *vcpu, struct tlb_entry *entry, const struct access *access);
/*
 * The engines that run these VMPLs (a bit each) forget the page. Whatever takes a right away needs
 * it: the use of an older entry is an event at whatever time the engine would have asked again.
 */
enum { STALE_VMPLS_ALL = (1 << VMPL_COUNT) - 1 };
void stale_forget(struct cpu_env *env, uint64_t spa, uint8_t vmpls);
/* The RMP gives some VMPL less of the page than before. */
void stale_begin(struct cpu_env *env, uint64_t spa);

#endif

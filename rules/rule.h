/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What one checker is: a pure predicate over an event and the state that the stream has built up.
 */
#ifndef PROVA_RULES_RULE_H
#define PROVA_RULES_RULE_H

#include "rules/pages.h"
#include "rules/rules.h"
#include "rules/word_map.h"

/* What a rule remembers of the stream; it alone knows what its maps mean. All zero at the start. */
enum { RULE_MAPS = 4 };
struct rule_state {
    struct word_map map[RULE_MAPS];
};

struct rule_view {
    const struct event *event;
    const struct change *change; /* NULL if the event changed no entry */
    const struct pages *pages;
    const uint64_t *running; /* for each vCPU, SPA of the VMSA it has entered, + 1; 0 if none */
    uint32_t running_count;
    const struct rule_state *state; /* the rule's own, as of before the event */
};

/* Sets *spa to the lowest page concerned if the event breaks the rule. */
typedef bool rule_check_fn(const struct rule_view *view, uint64_t *spa);

/* When the state of pages and processors is as before the event, or as after it. */
enum rule_moment { RULE_BEFORE, RULE_AFTER };

/* Takes over what the event says, after all checks; pages and processors are as after it. */
typedef void rule_apply_fn(const struct rule_view *view, struct rule_state *state);

/* The command of a `psp` event that stands for a guest message. */
enum { PSP_GUEST_MESSAGE = 0x94 };

/*
 * VMPL0 asks for a lower VMPL to be run (GHCB 56421, Run VMPL): the call that it was at is over.
 * Nothing else tells that, as the hypervisor may enter a lower VMPL whenever it likes.
 */
bool event_runs_vmpl(const struct event *event);

/*
 * What somebody did: when and on which processor, in one word; never 0. It is over once VMPL0 has
 * asked there for a lower VMPL to be run: `returns` is a rule's map, processor -> when it last did.
 */
uint64_t act_of(const struct event *event);
uint64_t act_seq(uint64_t act);
bool act_is_over(uint64_t act, const struct word_map *returns);

/* VMPL0 has met a page that is not validated: #VC 0x404 that the processor raised. */
bool event_is_not_validated(const struct event *event);

/* A guest message under VMPCK0, which no lower VMPL may hold. */
bool event_is_own_message(const struct event *event);

#define RULE_KIND(kind) (UINT64_C(1) << (kind))

struct rule {
    enum rule_moment moment;
    uint64_t kinds; /* RULE_KIND() of the events that check and apply are called for */
    rule_check_fn *check;
    rule_apply_fn *apply; /* NULL if there is nothing to remember */
};

extern const struct rule rule_single_binding;
extern const struct rule rule_vmpl0_confidentiality;
extern const struct rule rule_vmpl0_integrity;
extern const struct rule rule_vmsa_sealed;
extern const struct rule rule_secret_containment;
extern const struct rule rule_double_validate;
extern const struct rule rule_grant_before_scrub;
extern const struct rule rule_vm_integrity;
extern const struct rule rule_hv_confidentiality;
extern const struct rule rule_translation;
extern const struct rule rule_one_to_one;
extern const struct rule rule_injection;
extern const struct rule rule_psp_sequence;
extern const struct rule rule_psp_answer;
extern const struct rule rule_lock_kernel;
extern const struct rule rule_fail_stop;
extern const struct rule rule_carry_ignored;
extern const struct rule rule_grant_private;
extern const struct rule rule_share_secret;
extern const struct rule rule_page_table_exposed;
extern const struct rule rule_validate_page_table;
extern const struct rule rule_alias;
extern const struct rule rule_double_fetch;
extern const struct rule rule_use_before_confirm;
extern const struct rule rule_vmsa_grant;
extern const struct rule rule_vmsa_privileged;
extern const struct rule rule_vmsa_checked;
extern const struct rule rule_vmsa_current;
extern const struct rule rule_stale_translation;
extern const struct rule rule_measured_code;
extern const struct rule rule_unlocked_shared_state;
extern const struct rule rule_lost_event;
extern const struct rule rule_gate_source;

/*
 * Shared by the two halves of Lemma 3: the event gives lower VMPLs one of `perms` on VMPL0's own.
 */
bool private_page_raised(const struct rule_view *view, uint32_t perms, uint64_t *spa);

#endif

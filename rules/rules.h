/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Online checkers: invariants and ghost rules that watch the event stream while the machine runs.
 * Each is an observer in a file of its own and says the same as its query in db/invariants/, from
 * the same events and nothing else (docs/invariants.md; a test compares the two). A breach emits
 * one EVENT_RULE with the sequence number of the deciding event; at most one for each rule and
 * event.
 *
 * Memory is allocated once, when the size of system memory is known (configuration or run_start).
 */
#ifndef PROVA_RULES_RULES_H
#define PROVA_RULES_RULES_H

#include <stddef.h>

#include "trace/trace.h"

/* Stable numbers: they are stored in traces (event_rule.rule_id). */
enum rule_id {
    RULE_SINGLE_BINDING = 1,
    RULE_VMPL0_CONFIDENTIALITY = 2,
    RULE_VMPL0_INTEGRITY = 3,
    RULE_VMSA_SEALED = 4,
    RULE_SECRET_CONTAINMENT = 5,
    RULE_DOUBLE_VALIDATE = 6,
    RULE_GRANT_BEFORE_SCRUB = 7,
    RULE_VM_INTEGRITY = 8,
    RULE_HV_CONFIDENTIALITY = 9,
    RULE_TRANSLATION = 10,
    RULE_ONE_TO_ONE = 11,
    RULE_INJECTION = 12,
    RULE_PSP_SEQUENCE = 13,
    RULE_PSP_ANSWER = 14,
    RULE_LOCK_KERNEL = 15,
    RULE_FAIL_STOP = 16,
    RULE_CARRY_IGNORED = 17,
    RULE_GRANT_PRIVATE = 18,
    RULE_SHARE_SECRET = 19,
    RULE_PAGE_TABLE_EXPOSED = 20,
    RULE_VALIDATE_PAGE_TABLE = 21,
    RULE_ALIAS = 22,
    RULE_DOUBLE_FETCH = 23,
    RULE_USE_BEFORE_CONFIRM = 24,
    RULE_VMSA_GRANT = 25,
    RULE_VMSA_PRIVILEGED = 26,
    RULE_VMSA_CHECKED = 27,
    RULE_VMSA_CURRENT = 28,
    RULE_STALE_TRANSLATION = 29,
    RULE_MEASURED_CODE = 30,
    RULE_UNLOCKED_SHARED_STATE = 31,
    RULE_LOST_EVENT = 32,
    RULE_GATE_SOURCE = 33,
    RULE_ID_END, /* one more than the last */
};

struct rule_info {
    enum rule_id id;
    enum rule_kind kind; /* RULE_INVARIANT or RULE_GHOST */
    const char *name;    /* as in scenarios, verdicts and db/invariants/NN-name.sql */
    const char *description;
    const char *source; /* lemma or manual section */
};

/* All of them, in order of id. */
const struct rule_info *rules_list(size_t *count);
const struct rule_info *rule_info_of(enum rule_id id); /* NULL if there is none of that number */
const struct rule_info *rule_find(const char *name); /* NULL if there is none of that name */
const char *rule_kind_name(enum rule_kind kind);     /* "invariant", "rule", "expectation" */

struct rules_config {
    uint64_t memory_bytes; /* system memory; 0: taken from run_start */
    uint64_t disabled;     /* bit (1 << id) switches a rule off */
};

struct rules;

/* Attaches one observer. NULL if the trace has no place left. Free after the trace's last event. */
struct rules *rules_attach(struct trace *trace, const struct rules_config *config);
void rules_free(struct rules *rules);

struct rule_status {
    uint64_t breaches;  /* events that broke it */
    uint64_t first_seq; /* the deciding event; 0 if it holds */
    uint64_t first_spa; /* lowest page concerned at that event */
    uint64_t first_gpa; /* its guest physical address, 0 if not known */
    bool enabled;
};
struct rule_status rules_status(const struct rules *rules, enum rule_id id);

/* Emits one EVENT_VERDICT for each enabled rule, in order of id. Call once, after run_end. */
void rules_emit_verdicts(const struct rules *rules);

/* Saved state, for snapshots; restore only into the same struct rules. */
struct rules_mark;
struct rules_mark *rules_mark_new(const struct rules *rules);
void rules_mark_restore(struct rules *rules, const struct rules_mark *mark);
void rules_mark_free(struct rules_mark *mark);

#endif

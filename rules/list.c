/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "rules/rules.h"

/* Wording and sources are those of db/invariants/NN-name.sql; a test compares them. */
static const struct rule_info infos[] = {
    {RULE_SINGLE_BINDING, RULE_INVARIANT, "single-binding",
     "at most one validated system page for each (ASID, GPA) at any time",
     "VeriSMo (OSDI'24) section 5; APM 2 15.36.6: hardware does not enforce it"},
    {RULE_VMPL0_CONFIDENTIALITY, RULE_INVARIANT, "vmpl0-confidentiality",
     "no lower VMPL can read or execute memory private to VMPL0, through any GPA",
     "VeriSMo (OSDI'24) Lemma 3 and section 8.4.1"},
    {RULE_VMPL0_INTEGRITY, RULE_INVARIANT, "vmpl0-integrity",
     "no lower VMPL can write memory private to VMPL0, through any GPA",
     "VeriSMo (OSDI'24) Lemma 3"},
    {RULE_VMSA_SEALED, RULE_INVARIANT, "vmsa-sealed",
     "a VMSA page is writable by no VMPL below 0 and runs on one processor at a time",
     "APM 2 15.36.7 and 15.36.12"},
    {RULE_SECRET_CONTAINMENT, RULE_INVARIANT, "secret-containment",
     "no registered secret is readable by an entity that its list does not allow",
     "AMD SEV-SNP firmware ABI 56860 (VMPCK), GHCB 56421 (shared memory)"},
    {RULE_DOUBLE_VALIDATE, RULE_GHOST, "double-validate",
     "a guest page is validated once: never with CF set, never at a GPA already valid",
     "APM 3 PVALIDATE; APM 2 15.36.6"},
    {RULE_GRANT_BEFORE_SCRUB, RULE_GHOST, "grant-before-scrub",
     "a validated page is granted to a lower VMPL only after VMPL0 overwrote all of it",
     "VeriSMo (OSDI'24) sections 6 and 8.4.1"},
};
enum { INFOS_COUNT = sizeof(infos) / sizeof(infos[0]) };

const struct rule_info *rules_list(size_t *count)
{
    *count = INFOS_COUNT;
    return infos;
}

const struct rule_info *rule_info_of(enum rule_id id)
{
    for (size_t i = 0; i < INFOS_COUNT; i++)
        if (infos[i].id == id)
            return &infos[i];
    return NULL;
}

const struct rule_info *rule_find(const char *name)
{
    for (size_t i = 0; i < INFOS_COUNT; i++)
        if (strcmp(infos[i].name, name) == 0)
            return &infos[i];
    return NULL;
}

const char *rule_kind_name(enum rule_kind kind)
{
    switch (kind) {
    case RULE_INVARIANT:
        return "invariant";
    case RULE_GHOST:
        return "rule";
    case RULE_EXPECTATION:
        return "expectation";
    }
    return NULL;
}

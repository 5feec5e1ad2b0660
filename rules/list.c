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
    {RULE_VALIDATE_PAGE_TABLE, RULE_GHOST, "validate-page-table",
     "VMPL0 executes no PVALIDATE on a page that serves its own walks as a page table",
     "VeriSMo (OSDI'24) section 5; APM 2 15.36.6"},
    {RULE_ALIAS, RULE_GHOST, "alias",
     "VMPL0 reaches no page both encrypted and not, and no private page in plaintext",
     "APM 2 15.34.5 (C-bit), 15.36.10"},
    {RULE_DOUBLE_FETCH, RULE_GHOST, "double-fetch",
     "VMPL0 loads no byte twice that somebody else may have changed in between",
     "GHCB 56421 (shared memory); SVSM 58019 (calling area)"},
    {RULE_USE_BEFORE_CONFIRM, RULE_GHOST, "use-before-confirm",
     "VMPL0 uses a page only after its own PVALIDATE of it succeeded",
     "APM 3 PVALIDATE; APM 2 15.36.10 (#VC, page not validated)"},
    {RULE_VMSA_GRANT, RULE_GHOST, "vmsa-grant",
     "no lower VMPL has any permission on a VMSA page",
     "APM 2 15.36.7 and 15.36.12; SVSM 58019 SVSM_CORE_CREATE_VCPU"},
    {RULE_VMSA_PRIVILEGED, RULE_INVARIANT, "vmsa-privileged",
     "no VMSA runs that a VMPL below its own could have written",
     "APM 2 15.36.7 and 15.36.12"},
    {RULE_VMSA_CHECKED, RULE_INVARIANT, "vmsa-checked",
     "a VMSA first runs with the state that it had when RMPADJUST made it one",
     "APM 2 15.36.7; SVSM 58019 SVSM_CORE_CREATE_VCPU"},
    {RULE_VMSA_CURRENT, RULE_INVARIANT, "vmsa-current",
     "no processor runs a VMSA that VMPL0 has destroyed or replaced",
     "GHCB 56421 AP Creation; SVSM 58019 SVSM_CORE_DELETE_VCPU"},
    {RULE_STALE_TRANSLATION, RULE_INVARIANT, "stale-translation",
     "nobody uses a right that VMPL0 took away once VMPL0 goes on as if it were gone",
     "APM 2 15.36.9 (TLB), 15.36.12"},
    {RULE_MEASURED_CODE, RULE_INVARIANT, "measured-code",
     "VMPL0 executes only what was measured at launch, or what it stored itself",
     "VeriSMo (OSDI'24) section 5; SEV-SNP ABI 56860 SNP_LAUNCH_UPDATE"},
    {RULE_UNLOCKED_SHARED_STATE, RULE_GHOST, "unlocked-shared-state",
     "no processor of VMPL0 changes a page that another one is about to grant",
     "VeriSMo (OSDI'24) section 6 (locks)"},
    {RULE_LOST_EVENT, RULE_GHOST, "lost-event",
     "VMPL0 gives its processor away only with all news read of which it was told",
     "GHCB 56421 #HV doorbell page; APM 2 15.36.16 (restricted injection)"},
    {RULE_GATE_SOURCE, RULE_GHOST, "gate-source",
     "a vector that VMPL0 reaches by INT n is never injected into it",
     "APM 2 15.36.16 (restricted and alternate injection)"},
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

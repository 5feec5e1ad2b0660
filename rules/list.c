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
    {RULE_VM_INTEGRITY, RULE_INVARIANT, "vm-integrity",
     "memory of the guest is moved only with its consent and never written by the hypervisor",
     "SEV-SNP white paper (integrity); APM 2 15.36.6"},
    {RULE_HV_CONFIDENTIALITY, RULE_INVARIANT, "hv-confidentiality",
     "the hypervisor reads no plaintext of a guest",
     "SEV-SNP white paper (confidentiality); AMD SEV-SNP firmware ABI 56860 (debug policy)"},
    {RULE_TRANSLATION, RULE_INVARIANT, "translation",
     "a page that VMPL0 uses lies elsewhere only after VMPL0 rescinded it",
     "VeriSMo (OSDI'24) section 5; APM 2 15.36.6"},
    {RULE_ONE_TO_ONE, RULE_INVARIANT, "one-to-one",
     "a page private to VMPL0 has one address in its page tables",
     "VeriSMo (OSDI'24) section 5"},
    {RULE_INJECTION, RULE_INVARIANT, "injection",
     "a VMSA with restricted injection gets only #HV, with alternate injection nothing",
     "APM 2 15.36.16 and 15.36.17"},
    {RULE_PSP_SEQUENCE, RULE_INVARIANT, "psp-sequence",
     "no two messages to the firmware are encrypted with the same key and sequence number",
     "AMD SEV-SNP firmware ABI 56860 (guest messages; AES-GCM)"},
    {RULE_PSP_ANSWER, RULE_INVARIANT, "psp-answer",
     "the guest goes on only with the sequence number that an answer entitles it to",
     "AMD SEV-SNP firmware ABI 56860 (guest messages: sequence numbers)"},
    {RULE_LOCK_KERNEL, RULE_INVARIANT, "lock-kernel",
     "code that was locked stays so, and no page becomes both writable and executable code",
     "VeriSMo (OSDI'24) section 6 (kernel code integrity)"},
    {RULE_FAIL_STOP, RULE_GHOST, "fail-stop",
     "after a fault that only a hostile hypervisor causes VMPL0 does nothing but terminate",
     "VeriSMo (OSDI'24) section 5; GHCB 56421 2.3.1"},
    {RULE_CARRY_IGNORED, RULE_GHOST, "carry-ignored",
     "a page that PVALIDATE found valid already (CF=1) is not granted as if it were new",
     "APM 3 PVALIDATE; VeriSMo (OSDI'24) section 5"},
    {RULE_GRANT_PRIVATE, RULE_GHOST, "grant-private",
     "VMPL0 does not grant what the launch gave to it alone",
     "VeriSMo (OSDI'24) Lemma 3 and section 6"},
    {RULE_SHARE_SECRET, RULE_GHOST, "share-secret",
     "VMPL0 gives back no page in which a registered secret lies",
     "VeriSMo (OSDI'24) section 6; GHCB 56421 (page state change)"},
    {RULE_PAGE_TABLE_EXPOSED, RULE_GHOST, "page-table-exposed",
     "a guest page that holds VMPL0's page tables is not granted to a lower VMPL",
     "VeriSMo (OSDI'24) section 5"},
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
     "no lower VMPL has a permission on a VMSA page, but R where it had W before",
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
_Static_assert(INFOS_COUNT == RULE_ID_END - 1, "one for each enum rule_id");

const struct rule_info *rules_list(size_t *count)
{
    *count = INFOS_COUNT;
    return infos;
}

const struct rule_info *rule_info_of(enum rule_id id)
{
    return id > 0 && id < RULE_ID_END ? &infos[id - 1] : NULL;
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

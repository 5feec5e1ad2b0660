/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The honest hypervisor: the GHCB protocol (56421, version 2 with the SNP events), page-state
 * change, AP creation, RUN_VMPL, guest requests, a 16550 at 0x3f8. A hypervisor program calls
 * honest_handle() for each exit it does not want to answer itself; every piece it is made of is
 * callable on its own.
 */
#ifndef PROVA_EMU_HONEST_H
#define PROVA_EMU_HONEST_H

#include "emu/exit.h"
#include "emu/hv.h"

/* Answers one exit of a processor as a correct hypervisor does. */
void honest_handle(struct machine *machine, const struct hv_exit *exit);

/*
 * An answer made by hand to a VMGEXIT: values for the GHCB page (given: bit i is field i; they
 * become valid), fields that become invalid, and a value for the GHCB MSR.
 */
enum honest_field {
    HONEST_INFO1,
    HONEST_INFO2,
    HONEST_RAX,
    HONEST_RBX,
    HONEST_RCX,
    HONEST_RDX,
    HONEST_FIELD_COUNT,
};
struct honest_answer {
    uint32_t given, invalid;
    uint64_t value[HONEST_FIELD_COUNT];
    bool msr_given;
    uint64_t msr;
};
/* Instead of honest_handle(). What hv_write() said of the GHCB page. */
enum hv_status honest_answer(struct machine *machine, const struct hv_exit *exit,
                             const struct honest_answer *answer);

/* System address of the GHCB page that (processor, VMPL) has registered, while it is shared memory;
 * UINT64_MAX otherwise. */
uint64_t honest_ghcb(struct machine *machine, uint32_t cpu, uint8_t vmpl);

/* The VMSA that an honest hypervisor would run next on the processor; 0 if the processor idles. */
uint64_t honest_next_vmsa(const struct machine *machine, uint32_t cpu);

/* The VMSA registered for (processor, VMPL); 0 if none. */
uint64_t honest_vmsa(const struct machine *machine, uint32_t cpu, uint8_t vmpl);

/* Where the honest hypervisor put a guest page at launch or since (its own bookkeeping, which a
 * script's remapping does not change): the SPA that belongs to gpa, or UINT64_MAX. */
uint64_t honest_spa_of(const struct machine *machine, uint64_t gpa);

/*
 * An interrupt or NMI for a VMPL of a processor, as a correct hypervisor delivers it: by the
 * doorbell page and #HV if its VMSA has restricted injection, otherwise by V_IRQ or EVENTINJ. A
 * processor in the guest or idle is brought out for it, unless a more privileged VMPL is at work.
 */
void honest_interrupt(struct machine *machine, uint32_t cpu, uint8_t vmpl, uint8_t vector);
void honest_nmi(struct machine *machine, uint32_t cpu, uint8_t vmpl);

/* GPA of the doorbell page that (processor, VMPL) has registered, UINT64_MAX if none. */
uint64_t honest_doorbell(const struct machine *machine, uint32_t cpu, uint8_t vmpl);

/* Its system address; UINT64_MAX if there is none, or the page is shared no more. */
uint64_t honest_doorbell_spa(struct machine *machine, uint32_t cpu, uint8_t vmpl);

/* The processor runs again although nothing happened: HLT and AP reset hold may end at any time.
 * False if it has no VMSA to run. */
bool honest_wake(struct machine *machine, uint32_t cpu);

/* What the processor does when it has nothing to run. */
bool honest_idle(const struct machine *machine, uint32_t cpu);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hypervisor's powers, all of them and no more (design rule 4). The honest hypervisor, the
 * scenario scripts and the search act on the machine through this header only. It offers what
 * hardware gives a hypervisor: run a VMSA, RMPUPDATE/PSMASH, nested page tables, system memory
 * (reads give DRAM bytes, writes are RMP-checked), event injection, the firmware's mailbox. Guest
 * registers and plaintext cannot be reached.
 *
 * Every function emits its event with actor HV (or PSP). spa must be inside system memory.
 */
#ifndef PROVA_EMU_HV_H
#define PROVA_EMU_HV_H

#include <stddef.h>

#include "cpu/vmcb.h"
#include "rmp/insn.h"
#include "rmp/npt.h"

struct machine;

/* SEV_FEATURES bits that a hypervisor has to know of a VMSA (APM 2 table B-4). */
#define SEV_FEATURE_SNP_ACTIVE           (UINT64_C(1) << 0)
#define SEV_FEATURE_RESTRICTED_INJECTION (UINT64_C(1) << 3)
#define SEV_FEATURE_ALTERNATE_INJECTION  (UINT64_C(1) << 4)

enum hv_status {
    HV_OK,
    HV_BAD_ADDRESS, /* not system memory, or not aligned */
    HV_RMP_FAULT,   /* host #PF with the RMP bit: the write did not happen */
    HV_FULL,        /* no nested table or page left */
    HV_BUSY,        /* the processor is in a guest already */
    HV_INVALID,     /* VMRUN refused: VMEXIT_INVALID */
    HV_BAD_ARGUMENT,
};

/* RMP. Results are the instructions' EAX. */
enum rmp_rc hv_rmpupdate(struct machine *machine, uint64_t spa, const struct rmp_operand *operand);
enum rmp_rc hv_psmash(struct machine *machine, uint64_t spa);
enum rmp_rc hv_rmpread(struct machine *machine, uint64_t spa, struct rmp_operand *out);

/* Nested page table of the guest (one, shared by all VMPLs). */
enum hv_status hv_npt_map(struct machine *machine, uint64_t gpa, uint64_t spa, enum page_size size,
                          uint8_t flags);
enum hv_status hv_npt_unmap(struct machine *machine, uint64_t gpa, enum page_size size);
struct npt_mapping hv_npt_lookup(struct machine *machine, uint64_t gpa);

/* System memory as a processor of the host sees it with C=0. len may cross pages. */
enum hv_status hv_read(struct machine *machine, uint64_t spa, void *out, size_t len);
enum hv_status hv_write(struct machine *machine, uint64_t spa, const void *in, size_t len);
uint64_t hv_memory_bytes(const struct machine *machine);

/* Hypervisor-owned pages of the host, for shared buffers and remapping; HV_FULL if none is left. */
enum hv_status hv_page_alloc(struct machine *machine, enum page_size size, uint64_t *spa);

/*
 * VMRUN of the VMSA at vmsa_spa on processor cpu with the VMSA's VMCB. HV_OK: the processor is
 * in the guest and will report an exit. HV_INVALID/HV_BUSY: refused, as hardware would.
 */
enum hv_status hv_vmrun(struct machine *machine, uint32_t cpu, uint64_t vmsa_spa);

/*
 * The VMCB that belongs to a VMSA page (made on first use): intercepts, eventinj, v_irq,
 * tlb_control and ghcb_msr may be set between an exit and the next VMRUN. NULL if vmsa_spa is no
 * page, or there are too many.
 */
struct vmcb *hv_vmcb(struct machine *machine, uint64_t vmsa_spa);

/* Forces a physical interrupt on a processor that is in the guest (the exit is SVM_EXIT_INTR). */
enum hv_status hv_kick(struct machine *machine, uint32_t cpu);

/* A processor that the program left idle is the program's again: its step is due. HV_BAD_ARGUMENT
 * if it does not idle. */
enum hv_status hv_resume(struct machine *machine, uint32_t cpu);

/* The host's timer of a processor: from that time on, if it is in a guest, it leaves with
 * SVM_EXIT_INTR. Once; a later call replaces it. */
enum hv_status hv_timer_set(struct machine *machine, uint32_t cpu, uint64_t time_cycles);

/* Characters typed at the guest's console; they wait until it takes them. Returns for how many
 * there was room. */
size_t hv_console_type(struct machine *machine, const char *bytes, size_t len);

uint32_t hv_cpus(const struct machine *machine);
uint32_t hv_asid(const struct machine *machine);               /* ASID of the one guest */
uint64_t hv_time(const struct machine *machine, uint32_t cpu); /* virtual TSC cycles */

/*
 * The firmware's SNP_GUEST_REQUEST for the guest, on two system pages (the firmware reads and
 * writes them in place, having them in Firmware state for the time). Returns the mailbox status.
 */
uint32_t hv_guest_request(struct machine *machine, uint64_t request_spa, uint64_t response_spa);

/*
 * The firmware's SNP_DBG_DECRYPT: the plaintext of the guest's page at src_spa goes to the
 * hypervisor's page at dst_spa. The firmware refuses unless the guest policy allows debugging.
 * Returns the mailbox status.
 */
uint32_t hv_dbg_decrypt(struct machine *machine, uint64_t src_spa, uint64_t dst_spa);

/* Ends the run as the hypervisor's decision (the VM is destroyed). text is copied. */
void hv_stop(struct machine *machine, const char *text);

#endif

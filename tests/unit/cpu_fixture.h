/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A little machine for tests of cpu/: 16 MiB of memory, one guest (ASID 1), one VMSA at VMPL 0.
 *
 *   GPA = SPA
 *   00001000  VMSA                       00200000  code (FIXTURE_CODE)
 *   00010000  page tables                00300000  data (FIXTURE_DATA)
 *   00080000  GDT, IDT                   00400000  stack top (FIXTURE_STACK)
 *   00000000-00bfffff  private, validated, all permissions for VMPL 0
 *   00c00000-00dfffff  assigned and not validated
 *   00e00000-00ffffff  the hypervisor's
 *
 *   GVA: identity, 4 KiB pages, C=1, supervisor, writable, executable, A and D clear
 *        FIXTURE_SHARED + gpa: the same with C=0
 */
#ifndef PROVA_TESTS_CPU_FIXTURE_H
#define PROVA_TESTS_CPU_FIXTURE_H

#include "cpu/vcpu.h"
#include "cpu/vmsa.h"

enum {
    FIXTURE_MEMORY = 16 << 20,
    FIXTURE_PRIVATE_END = 0xc00000,
    FIXTURE_UNVALIDATED = 0xc00000,
    FIXTURE_HV = 0xe00000,
    FIXTURE_VMSA = 0x1000,
    FIXTURE_VMSA2 = 0x3000,
    FIXTURE_TABLES = 0x10000,
    FIXTURE_GDT = 0x80000,
    FIXTURE_IDT = 0x81000,
    FIXTURE_TSS = 0x82000,
    FIXTURE_CODE = 0x200000,
    FIXTURE_DATA = 0x300000,
    FIXTURE_STACK = 0x400000,
    FIXTURE_ASID = 1,
    FIXTURE_EVENTS_MAX = 4096,
};
#define FIXTURE_SHARED UINT64_C(0x40000000)
#define FIXTURE_C_BIT (UINT64_C(1) << CPU_CBIT)

struct fixture {
    struct cpu_env env;
    struct memory memory;
    struct rmp rmp;
    struct npt npt;
    struct vmcb vmcb;
    struct cpu_clock clock;
    struct cpuid_table cpuid;
    struct vcpu *vcpu;
    struct vmsa vmsa;      /* written to the page by fixture_enter() */
    struct vcpu_exit exit; /* of the last fixture_run() */
    uint64_t insns;        /* of all fixture_run() */
    struct event *events;
    uint32_t event_count;
};

struct fixture *fixture_new(void);
void fixture_free(struct fixture *f);

/* Host access to guest memory in the private view. */
void fixture_write(struct fixture *f, uint64_t gpa, const void *in, size_t len);
void fixture_read(struct fixture *f, uint64_t gpa, void *out, size_t len);
uint64_t fixture_read64(struct fixture *f, uint64_t gpa);

/* The leaf entry of an identity page, or of its C=0 alias. */
uint64_t fixture_pte(struct fixture *f, uint64_t gva);
void fixture_pte_set(struct fixture *f, uint64_t gva, uint64_t pte);

/* An assigned and validated entry with gpa = spa; perms for VMPL 1 to 3. */
void fixture_rmp_private(struct fixture *f, uint64_t spa, uint8_t perms);

/* Copies code to FIXTURE_CODE and points RIP at it; RSP is FIXTURE_STACK. */
void fixture_code(struct fixture *f, const void *begin, const void *end);
#define FIXTURE_CODE_OF(f, name)                                                                   \
    do {                                                                                           \
        extern const uint8_t code_##name[], code_##name##_end[];                                   \
        fixture_code((f), code_##name, code_##name##_end);                                         \
    } while (0)

/* Writes f->vmsa to its page, and VMRUN. */
enum vcpu_enter_result fixture_enter(struct fixture *f);
/* VMRUN again with what is in the page. */
enum vcpu_enter_result fixture_reenter(struct fixture *f);
/* Runs until something else than the budget stops it (limit 10 million instructions). */
void fixture_run(struct fixture *f);
/* fixture_enter() must succeed, then fixture_run(). */
void fixture_start(struct fixture *f);
/* The VMSA page as the last automatic exit left it. */
const struct vmsa *fixture_state(struct fixture *f);

/* The nth (from 0) event of a kind; NULL if there are not that many. */
const struct event *fixture_event(const struct fixture *f, uint16_t kind, uint32_t nth);
uint32_t fixture_event_count(const struct fixture *f, uint16_t kind);

/*
 * An IDT whose 256 handlers HLT: a delivered exception ends the run with HLT. After it,
 * fixture_vector() is the vector, fixture_error() the error code (for those that push one), and
 * fixture_fault_rip() the RIP pushed.
 */
void fixture_idt(struct fixture *f);
int fixture_vector(struct fixture *f);
uint64_t fixture_error(struct fixture *f);
uint64_t fixture_fault_rip(struct fixture *f);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What all vCPUs of a machine share. Owned by the machine; the vCPUs keep a pointer to it.
 */
#ifndef PROVA_CPU_ENV_H
#define PROVA_CPU_ENV_H

#include "cpu/cpuid.h"
#include "rmp/memory.h"
#include "rmp/insn.h"
#include "rmp/tlb.h"
#include "trace/trace.h"

struct vcpu;

enum { CPU_VMSAS_MAX = 64, CPU_WATCHES_MAX = 16 };

/* Virtual time: cycles of the virtual TSC (1 GHz). Costs are inputs of the model, never claims
 * about hardware; the one table is emu/cost.c. */
struct cpu_costs {
    uint32_t insn;      /* per retired instruction */
    uint32_t pvalidate, rmpadjust, rmpquery;
    uint32_t vmexit;    /* #VMEXIT plus VMRUN */
    uint32_t exception; /* delivery through the IDT */
    uint32_t cpuid, msr, rdrand;
};

/* The clock of one processor: every VMSA that runs on it advances the same one. */
struct cpu_clock {
    uint64_t cycles;
    uint64_t insns; /* retired, all VMSAs */
};

/* What was seen of the guest's pages, by gpn below `pages` (seen.c); zeroed, the machine's. */
struct cpu_seen {
    uint64_t pages;  /* 0: nothing is noted, and the pointers may be NULL */
    uint32_t *spn_1; /* one more than the system page of the last private access; 0 none */
    uint64_t *gvn_1; /* one more than the virtual page where VMPL0 made its last entry; 0 none */
    uint8_t *table;  /* bit n: VMPL0's walks have read it as a table of level n + 1 */
};

struct cpu_env {
    struct rmp *rmp;
    struct memory *memory;
    struct rmp_config rmp_config;
    enum tlb_mode tlb_mode;
    struct trace *trace;
    struct cpu_costs costs;
    const struct cpuid_table *cpuid;
    uint8_t cbit;     /* bit number, 51 */
    uint8_t phys_bits; /* MAXPHYADDR of the guest after the reduction, for reserved-bit faults */
    uint64_t seed;    /* RDRAND */
    uint64_t tsc_offset;

    /* Visible operations that end a slice before they are performed (enum vcpu_visible mask). */
    uint32_t visible;

    /*
     * Pages of which every instruction's access with C=0 is announced, not only the first of a
     * slice.
     */
    uint64_t watch_gpa[CPU_WATCHES_MAX];
    uint32_t watch_count;

    /* A hardware bug: any legal EVENTINJ goes into any VMSA (no restricted or alternate injection).
     */
    bool inject_unchecked;

    /* Notices for the machine (secret scans); may be NULL; must not change the models. */
    void *user;
    void (*page_granted)(void *user, uint64_t spa, enum page_size size, uint8_t vmpl);
    void (*page_shared)(void *user, uint64_t spa); /* a C=0 translation of the page was made */
    /* What only the machine knows of an event; may be NULL. Bytes of secrets in an entry: */
    uint32_t (*secret_bytes)(void *user, uint64_t spa, enum page_size size);
    /* the #HV doorbell page that a processor's VMPL has registered, 0 if none. */
    uint64_t (*doorbell)(void *user, uint32_t apic_id, uint8_t vmpl);

    struct cpu_seen seen;
    struct vcpu *vcpus[CPU_VMSAS_MAX]; /* every engine, for cross flushes */
    uint32_t vcpu_count;
};

/*
 * Architectural flush of a system-page range in every model TLB (RMPUPDATE, PSMASH), and of the
 * engines' caches of it.
 */
void cpu_flush_spa(struct cpu_env *env, uint64_t spa, uint64_t len);

/* Flush of everything everywhere: TLB mode `hw`, INVLPGB of all. */
void cpu_flush_all(struct cpu_env *env);

/*
 * The bytes or the view of a page changed under the engines (hypervisor write, PSP command, view
 * conversion): drops engine caches and translated code of it. The model TLBs keep their entries.
 */
void cpu_page_changed(struct cpu_env *env, uint64_t spa);

/*
 * The RMP entry of a 4 KiB page was bound anew (RMPUPDATE, firmware): scrub tracking and the mark
 * of the first store start over. Call cpu_flush_spa() as well.
 */
void cpu_page_rebound(struct cpu_env *env, uint64_t spa);

#endif

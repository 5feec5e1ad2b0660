/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine's insides, shared by the files of emu/ that are the machine. Scripts and hypervisor
 * programs do not include this (a test says so).
 *
 * System memory, by SPA:
 *
 *   0            HV_POOL_BASE              GUEST_BASE                GUEST_BASE + memory_bytes
 *   | firmware:  | hypervisor's own pages: | guest memory: spa = GUEST_BASE + gpa             |
 *   | GCTX       | VMSA of launch, bounce  |                                                   |
 */
#ifndef PROVA_EMU_MACHINE_INTERNAL_H
#define PROVA_EMU_MACHINE_INTERNAL_H

#include <string.h>

#include "cpu/symbols.h"
#include "cpu/vmsa.h"
#include "emu/honest.h"
#include "emu/honest_state.h"
#include "emu/hw_bug.h"
#include "emu/machine.h"
#include "emu/secrets.h"
#include "emu/typist.h"
#include "emu/uart.h"
#include "psp/psp.h"

#define MACHINE_GCTX_SPA     UINT64_C(0x100000)
#define MACHINE_HV_POOL_BASE UINT64_C(0x200000)
#define MACHINE_GUEST_BASE   UINT64_C(0x2000000)
enum { MACHINE_ASID = 1, MACHINE_VMSAS_MAX = CPU_VMSAS_MAX };

enum processor_state {
    PROCESSOR_OUT,   /* outside the guest: the program's step is due */
    PROCESSOR_GUEST, /* in the guest */
    PROCESSOR_IDLE,  /* the program had nothing to run */
};

struct processor {
    enum processor_state state;
    struct cpu_clock clock;
    struct vcpu *vcpu; /* GUEST: the engine that runs */
    struct hv_exit exit;
    bool exit_pending;   /* exit is news for the program */
    uint64_t timer_cycles; /* when it leaves the guest for the host, 0: no timer */
    uint64_t rung_cycles;  /* the APIC timer's time for which it left last */
    uint64_t entered_insns;
    /* The stuck rule: the same nested fault with no instruction retired in between. */
    uint64_t npf_rip, npf_gpa, npf_info1;
    uint32_t npf_repeats;
    uint32_t fruitless; /* slices in a row in which nothing was retired */
};

/* Where a processor is to stop; guest: at VMPL 1 to 3. */
struct machine_breakpoint {
    uint64_t rip;
    bool guest;
};

/* A page as it was written back last, for a modelled hardware bug. */
struct hw_saved {
    uint64_t spa;
    uint8_t bytes[PAGE_BYTES], labels[PAGE_BYTES];
};

/* What the hypervisor keeps of a VMSA page that it may run. */
struct vmsa_record {
    uint64_t spa;
    struct vmcb vmcb;
};

struct machine {
    struct machine_config config;
    char *monitor_path, *guest_path, *kernel_path, *initrd_path, *cmdline;
    struct rmp rmp;
    struct memory memory;
    struct npt npt;
    struct psp psp;
    struct cpuid_table cpuid;
    struct cpu_seen seen; /* the arrays, for env */
    struct cpu_env env;
    struct trace *trace;

    uint32_t cpus;
    struct processor processor[MACHINE_CPUS_MAX];
    uint32_t vmsa_count;
    struct vmsa_record vmsa[MACHINE_VMSAS_MAX];
    uint64_t hv_pool_low, hv_pool_high; /* 4 KiB pages grow up, 2 MiB pages grow down */
    uint64_t sched_random;              /* state of the schedule's generator */
    int32_t acting_cpu;                 /* processor whose program acts, -1 outside the run */

    struct honest honest;
    struct uart uart;
    struct typist typist;
    struct secrets secrets;
    GString *console;
    struct symbols *monitor_symbols, *guest_symbols;
    uint8_t digest[PSP_DIGEST_BYTES];

    struct hv_program program;
    struct machine_breakpoint breakpoint[VCPU_BREAKPOINTS_MAX];
    uint32_t breakpoint_count;
    struct hw_saved hw_saved[HW_SAVED_PAGES_MAX];
    uint32_t hw_saved_count;
    enum run_end_reason end_reason;
    uint64_t end_detail;
    char *end_text;
    uint64_t insns;           /* retired by all */
    uint64_t progress_events; /* the idle rule: trace_count() at the last progress */
    uint64_t progress_insns;
    uint32_t last_cpu; /* for the diagnosis */

    void *host_block[16]; /* mappings to give back */
    size_t host_bytes[16];
    uint32_t host_blocks;
};

/*
 * Fills time, vcpu and actor of an event of the hypervisor, the firmware or the run, and emits it.
 */
uint64_t machine_emit(struct machine *machine, enum event_kind kind, enum actor actor,
                      struct event *event);

static inline bool bytes_are_zero(const uint8_t *bytes, size_t length)
{
    return length == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, length - 1) == 0);
}

/* XXH3-128 in canonical byte order, as in events (emu/hv.c). */
void machine_hash16(uint8_t out[16], const void *bytes, size_t len);

/*
 * emu/hv.c, for what else acts as the hypervisor does: EVENT_HV_ACCESS with the hash of
 * access.length bytes, EVENT_RMP of an entry, and a store to DRAM that nothing checks.
 */
void machine_emit_access(struct machine *machine, struct event_hv_access access, const void *bytes);
void machine_emit_rmp(struct machine *machine, enum rmp_insn insn, uint64_t spa, uint64_t gpa,
                      const struct rmp_outcome *outcome);
void machine_dram_write(struct machine *machine, uint64_t spa, const void *in, size_t len);

/* The record of a VMSA page, made on first use; NULL if there are too many. */
struct vmsa_record *machine_vmsa(struct machine *machine, uint64_t spa);

/* emu/typist.c: whether the console's output has the text in what came since the last search, which
 * did not find it. *searched_bytes is 0 at first. */
bool console_search(const struct machine *machine, const char *text, size_t *searched_bytes);

/* emu/exit.c: decodes an automatic exit (reads shared memory only) and emits EVENT_VMGEXIT. */
void exit_decode(struct machine *machine, uint32_t cpu, const struct vcpu_exit *raw,
                 struct hv_exit *out);

/* emu/sched.c: an automatic exit happened; decodes it for the program. */
void processor_left(struct machine *machine, uint32_t cpu, const struct vcpu_exit *raw);

/* emu/breakpoint.c: an engine gets those that concern what it runs now. */
void breakpoints_apply(struct machine *machine, struct vcpu *vcpu);

/* emu/honest.c: empty books, guest memory and bounce pages placed. */
void honest_init(struct machine *machine);

/* emu/cost.c */
struct cpu_costs machine_costs(void);
enum {
    COST_PAPER_CYCLE = 3, /* our cycles in one of VeriSMo's table 1 */
    COST_PSC_CYCLES = 22000 * COST_PAPER_CYCLE,
    COST_PSP_SIGN_CYCLES = 7300000 * COST_PAPER_CYCLE,
};

/* emu/chip.c: what the firmware is told about the processor. */
void chip_config(struct psp_config *config, const struct cpuid_table *cpuid, uint64_t seed);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine: models, processors, virtual clocks and the deterministic scheduler around them.
 *
 * machine_new() builds it from a configuration, machine_launch() brings the monitor and the guest
 * image in as a platform does, machine_run() schedules until the run ends. Everything that happens
 * goes to the trace.
 */
#ifndef PROVA_EMU_MACHINE_H
#define PROVA_EMU_MACHINE_H

#include <glib.h>

#include "emu/exit.h"
#include "emu/hv.h"
#include "emu/launch.h"
#include "emu/linux.h"
#include "trace/trace.h"

enum { MACHINE_CPUS_MAX = 16 };

enum machine_schedule {
    SCHEDULE_FAIR,   /* the runnable processor whose virtual clock is lowest, ties by number */
    SCHEDULE_RANDOM, /* drawn from the seed at every decision point */
};

/* What shapes a run is part of two keys: the inputs' hash (emu/run.c) and a snapshot's
 * (emu/run_snapshot.c). */
struct machine_config {
    const char *monitor_path; /* ELF, docs/launch-abi.md */
    const char *guest_path;   /* ELF, NULL = no guest */
    const char *kernel_path;  /* Linux, in place of a guest; NULL none */
    const char *initrd_path;  /* of the kernel, NULL none */
    const char *cmdline;      /* of the kernel */
    enum linux_entry linux_entry;
    uint64_t memory_bytes;    /* guest memory, multiple of 2 MiB, 16 MiB .. 16 GiB */
    uint32_t cpus;            /* 1 .. MACHINE_CPUS_MAX */
    uint64_t seed;
    uint8_t guest_vmpl;    /* 1..3 */
    uint64_t sev_features; /* of the monitor's VMSA; SNPActive is added */
    uint64_t guest_sev_features; /* of the guest's; 0: the same */
    enum machine_schedule schedule;
    enum tlb_mode tlb_mode;
    struct rmp_config rmp_config;
    struct launch_lies lies;
    uint32_t hardware_bugs; /* enum hw_bug: outside the architecture, emu/hw_bug.h */
    /* No byte labels, no notes of translations and loads: what they cost is measured against this.
     * The rules that need them see nothing; the stream is another one. */
    bool blind;
    uint64_t slice_insns;       /* budget of one slice, 0 = default */
    uint8_t inputs_hash[16];    /* of everything the run is made from, for run_start; may be 0 */
    uint64_t limit_insns;       /* retired by all processors together, 0 = default */
    uint64_t limit_events;      /* 0 = default */
    uint64_t limit_time_cycles; /* virtual time, 0 = default */
};

struct machine_config machine_config_default(void);

/* How a run ended; each has a default meaning for the exit code (tools/). */
enum run_end_reason {
    RUN_END_NONE,
    RUN_END_TERMINATED, /* GHCB termination request, detail = reason set << 8 | code */
    RUN_END_SHUTDOWN,   /* triple fault */
    RUN_END_HALTED,     /* every processor halts and nothing can wake one */
    RUN_END_STUCK,      /* the same fault again and again: nobody resolves it */
    RUN_END_INVALID,    /* VMRUN refused and the hypervisor has nothing else to run */
    RUN_END_STOPPED,    /* the hypervisor program ended the run */
    RUN_END_LIMIT_INSNS,
    RUN_END_LIMIT_EVENTS,
    RUN_END_LIMIT_TIME,
    RUN_END_IDLE,         /* no progress: no exit, event or new block for the idle limit */
    RUN_END_SCRIPT_ERROR, /* the scenario failed, text in machine_end_text() */
    RUN_END_ENGINE,       /* the engine cannot go on: an emulator limit */
    RUN_END_INTERRUPTED,  /* Ctrl-C */
    RUN_END_POWERED_OFF,  /* the guest switched the machine off */
    RUN_END_REBOOTED,     /* the guest asked for a reset */
    RUN_END_DEBUG_EXIT,   /* the guest wrote to the debug exit port, detail = what */
    RUN_END_PANIC,        /* the console shows a kernel's panic, text = that line */
};
const char *run_end_reason_name(enum run_end_reason reason);

/*
 * The hypervisor program: called on the processor's behalf whenever it is not in the guest. NULL
 * members mean the honest default. Whatever they do, they do through emu/hv.h and emu/honest.h.
 */
struct hv_program {
    void *user;
    /* A processor is outside the guest after an exit (or at its start: exit == NULL). Must either
     * vmrun, or leave it idle. The honest default: honest_handle(), then run honest_next_vmsa(). */
    void (*step)(void *user, struct machine *machine, uint32_t cpu, const struct hv_exit *exit);
    /* Before a visible operation of a processor is performed. */
    void (*visible)(void *user, struct machine *machine, uint32_t cpu,
                    const struct vcpu_exit *operation);
    uint32_t visible_kinds; /* which ones: enum vcpu_visible; 0: VISIBLE_ALL */
    /* No processor can run. The program may bring some out (hv_resume()); false: none, the run
     * ends. */
    bool (*idle)(void *user, struct machine *machine);
};

struct machine *machine_new(const struct machine_config *config, GError **error);
void machine_free(struct machine *machine);

/* Attach observers before the launch, so that they see every event. */
struct trace *machine_trace(struct machine *machine);

/* Loads and measures monitor and guest; errors name the file, what and why. */
bool machine_launch(struct machine *machine, GError **error);

/* The part of it that a machine needs which is not launched but restored (emu/snapshot.h). */
bool machine_symbols_load(struct machine *machine, GError **error);

void machine_program_set(struct machine *machine, const struct hv_program *program);
/* The program that is set: all NULL if it is the honest default. */
const struct hv_program *machine_program(const struct machine *machine);

/*
 * The program's visible() is called (VISIBLE_BREAKPOINT) before the instruction at that address of
 * guest code is executed: VMPL0's, or a lower VMPL's. It counts from the next VMRUN on. False if
 * there are VCPU_BREAKPOINTS_MAX already.
 */
bool machine_breakpoint_set(struct machine *machine, uint64_t rip, bool guest);

/*
 * Accesses with C=0 to the guest's page at gpa are announced (VISIBLE_SHARED_READ, _WRITE) for
 * each instruction, not once a slice. False if there are CPU_WATCHES_MAX such pages already.
 */
bool machine_watch_set(struct machine *machine, uint64_t gpa);

/* The default step, for programs that only watch: honest_handle(), then VMRUN of the next VMSA. */
void machine_step_honest(struct machine *machine, uint32_t cpu, const struct hv_exit *exit);

/* Schedules until the run ends. *interrupted, if not NULL, is polled between slices. */
enum run_end_reason machine_run(struct machine *machine, const volatile int *interrupted);

/*
 * The same up to the first decision point behind which the guest's console has printed the text
 * (NULL: the next one) and the machine rests: no processor is in the guest, and every exit has been
 * answered. Where that has not come by itself 2 s of virtual time after the text, processors that
 * are in the guest are taken out (SVM_EXIT_INTR) and served honestly. What acts on the machine then
 * acts on behalf of the processor that ran last; a later call, or machine_run(), goes on.
 */
enum machine_rest {
    MACHINE_RESTS,
    MACHINE_ENDED,          /* the run has ended before the text was printed */
    MACHINE_ENDED_RESTLESS, /* it has ended behind the text, before the machine rested */
};
enum machine_rest machine_run_to_rest(struct machine *machine, const char *text,
                                      const volatile int *interrupted);

/* Ends the run from inside a program's callback. */
void machine_end(struct machine *machine, enum run_end_reason reason, uint64_t detail,
                 const char *text);

enum run_end_reason machine_end_reason(const struct machine *machine);
uint64_t machine_end_detail(const struct machine *machine);
const char *machine_end_text(const struct machine *machine); /* one line, "" if none */

/* For people: why and where the run ended; last exit, fault, RIP with symbol, registers, code. */
void machine_diagnose(const struct machine *machine, GString *out);

/* The launch digest (48 bytes) after machine_launch(). */
const uint8_t *machine_launch_digest(const struct machine *machine);

/*
 * Symbols of the monitor (guest == false) or guest image; NULL if there is none. The symbol table
 * of a public binary is the hypervisor's knowledge too.
 */
const struct symbols *machine_symbols(const struct machine *machine, bool guest);

uint64_t machine_retired_insns(const struct machine *machine);
uint64_t machine_time_cycles(const struct machine *machine); /* the latest processor's clock */

/* A secret beyond the firmware's own (VMPCKs, derived keys): a symbol of the monitor. The bytes are
 * taken when the symbol's page is first written; found bytes give EVENT_SECRET. */
bool machine_secret_symbol(struct machine *machine, const char *name, GError **error);

/* Everything that went to the serial port so far, NUL-terminated; owned by the machine. */
const char *machine_console(const struct machine *machine);

#endif

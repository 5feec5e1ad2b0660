/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One run put together: configuration, scenario, machine, observers and verdicts.
 *
 * run_new() reads the inputs and builds the machine; the caller attaches its observers to
 * run_trace(); run_execute() launches, runs and judges. Databases and terminals are the caller's.
 */
#ifndef PROVA_EMU_RUN_H
#define PROVA_EMU_RUN_H

#include "emu/script.h"
#include "emu/typist.h"
#include "rules/rules.h"

enum { RUN_SETTINGS_MAX = 16, RUN_SHA256_HEX = 65 };

/* The guest's name in a scenario that wants a kernel: --kernel or its field kernel. */
#define RUN_GUEST_LINUX "linux"

/* What the user asked for. Fields marked "0/NULL: the scenario's" override it otherwise. */
struct run_request {
    const char *scenario_path; /* NULL: no scenario, the honest hypervisor */
    const char *scenario_text; /* not NULL: used in place of the file (replay) */
    size_t scenario_bytes;
    const char *monitor;      /* built-in name or path; NULL: the scenario's */
    const char *guest;        /* the same; "" no guest */
    const char *kernel, *initrd; /* paths; a kernel stands in for the guest; NULL: the scenario's */
    const char *input;       /* path of a text typed on the serial port; NULL none */
    const char *input_after; /* typing starts when that has been printed; NULL: port open */
    const struct typist_source *typist; /* in place of input; kept by the caller; may be NULL */
    const char *starts; /* text on the console from which on scenario and typist act; NULL: the
                         * scenario's */
    const char *append;          /* more of the kernel's command line; may be NULL */
    enum linux_entry linux_entry; /* LINUX_ENTRY_AUTO: the scenario's */
    const char *monitor_name; /* by which expect is chosen; NULL: the file's name without .elf */
    const char *image_dir; /* where built-in images are: NAME.elf and guest/NAME.elf; may be NULL */
    bool seed_given;
    uint64_t seed;
    uint32_t cpus;                                         /* 0: the scenario's */
    uint8_t guest_vmpl;                                    /* 0: the scenario's */
    uint64_t memory_bytes;                                 /* 0: the scenario's */
    uint64_t limit_insns, limit_events, limit_time_cycles; /* 0: the scenario's */
    const char *settings[RUN_SETTINGS_MAX];                /* "name=value", script_setting_set() */
    size_t settings_count;
    /* Only this is asked: every invariant and rule holds, and the run is not cut short. What else
     * the scenario expects is left out. */
    bool rules_only;
    /* Folder where machines at a scenario's start (its field starts) are put away and looked for;
     * it is made if it is not there. Kept by the caller; NULL: none. No stream depends on it. */
    const char *snapshots;
    uint32_t background; /* generators that run behind the scenario: enum background_kind */
    script_log_fn *log; /* output of the script; may be NULL */
    void *log_user;
};

/* A file the run is made from. */
struct run_input {
    const char *role; /* "scenario", "monitor", "guest", "kernel", "initrd", "input" */
    char *path;
    uint64_t bytes;
    uint8_t sha256[32];
    char sha256_hex[RUN_SHA256_HEX];
};

/* The final word on one expectation. */
struct run_verdict {
    enum rule_kind kind;
    char name[40];
    bool holds;
    bool expected;      /* what came is what the scenario wants */
    uint64_t seq;       /* deciding event, 0 if none */
    struct event event; /* it; all zero if seq is 0 */
    char *text;         /* what was wanted and what came; NULL for a rule */
};

struct run;

struct run *run_new(const struct run_request *request, GError **error);
void run_free(struct run *run);

/* NULL without a scenario. */
const struct scenario *run_scenario(const struct run *run);
/* The scenario's text as it was read; NULL without one. */
const char *run_scenario_text(const struct run *run, size_t *bytes);
const struct machine_config *run_config(const struct run *run);
const char *run_monitor_name(const struct run *run); /* built-in name, or file name without .elf */
uint32_t run_background(const struct run *run);
/* What came of request.snapshots, for people; NULL if there was none. */
const char *run_snapshot_text(const struct run *run);
const struct run_input *run_inputs(const struct run *run, size_t *count);
struct machine *run_machine(struct run *run);
struct trace *run_trace(struct run *run);

/*
 * Launches, runs to the end, emits the verdicts. False: the inputs cannot be launched or the
 * scenario's top level failed (error says why); a run that only ends badly is true.
 */
bool run_execute(struct run *run, const volatile int *interrupted, GError **error);

/* After run_execute(). */
const struct run_verdict *run_verdicts(const struct run *run, size_t *count);
/* What the run comes to, as the command's exit code (docs/commands.md). */
enum run_exit {
    RUN_EXIT_OK = 0,
    RUN_EXIT_VIOLATION = 1,
    RUN_EXIT_INPUT = 2,
    RUN_EXIT_LIMIT = 3,
    RUN_EXIT_INTERNAL = 70,
    RUN_EXIT_INTERRUPTED = 130,
};
enum run_exit run_exit_code(const struct run *run);
/* One line that says why; valid until run_free(). */
const char *run_exit_text(const struct run *run);

/* "monitor symbol (file:line)" of an event's RIP; NULL if it has none. */
char *run_event_symbol(struct run *run, const struct event *event);

/* Names that expect.fault understands, with what they mean; ends with a NULL name. */
struct run_fault_name {
    const char *name;
    const char *meaning;
};
const struct run_fault_name *run_fault_names(void);
bool run_fault_name_known(const char *name);

/* The path of a built-in name or path; NULL and error (with the names there are) if there is none.
 * */
char *run_image_path(const char *image_dir, const char *name, bool guest, GError **error);
/* Built-in names, sorted, NULL-terminated; g_strfreev(). */
char **run_image_names(const char *image_dir, bool guest);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The insides of a run, shared by emu/run*.c. */
#ifndef PROVA_EMU_RUN_INTERNAL_H
#define PROVA_EMU_RUN_INTERNAL_H

#include "emu/background.h"
#include "emu/hash.h"
#include "emu/run.h"
#include "emu/run_snapshot.h"

enum { RUN_INPUTS_MAX = 6, RUN_FAULTS_MAX = 64 };

/* What a Linux kernel gets if nobody says otherwise. It is a guest that knows no SecureTSC and no
 * restricted injection, and addresses that stay where they are can be traced. */
#define LINUX_CMDLINE_DEFAULT                                                                      \
    "console=ttyS0 nokaslr no5lvl tsc_early_khz=1000000 tsc=reliable reboot=acpi panic=-1 "        \
    "quiet"
#define LINUX_MEMORY_DEFAULT (UINT64_C(256) << 20)
enum { LINUX_VMPL_DEFAULT = 2 };

/* A fault that the scenario expects, and when it was first seen. */
struct run_fault_watch {
    const struct expect_fault *fault;
    uint64_t low, high; /* [low, high): where; 0, UINT64_MAX: anywhere */
    struct event seen;  /* seq 0: not yet */
};

struct run {
    struct machine_config config;
    char *monitor_path, *guest_path, *monitor_name;
    char *kernel_path, *initrd_path, *cmdline; /* NULL: none */
    char *typed_bytes; /* the text of --input, NULL none */
    struct typist_text typed;
    const char *typed_after; /* the request's */
    char *scenario_text;
    size_t scenario_bytes;
    struct script *script;       /* NULL without a scenario */
    const struct expect *expect; /* of this monitor; NULL: the default expectation */
    struct expect loose;         /* with a background: what can still be asked */
    uint32_t background_kinds;
    struct background background;
    struct run_input inputs[RUN_INPUTS_MAX];
    size_t inputs_count;
    struct machine *machine;
    struct rules *rules;
    const struct typist_source *typist; /* the request's */
    const char *snapshot_folder;        /* the request's */
    const char *starts;                 /* the request's or the scenario's; NULL: at the launch */
    bool starts_given;                  /* the request's */
    struct run_snapshot snapshot;
    enum machine_rest start; /* ENDED, ENDED_RESTLESS: the scenario has not started */

    struct event last;                    /* the event at hand, for rules that it breaks */
    struct event end;                     /* EVENT_RUN_END */
    struct event rule_event[RULE_ID_END]; /* what first broke each rule; seq 0: nothing */
    struct run_fault_watch faults[RUN_FAULTS_MAX];
    size_t faults_count;

    GArray *verdicts; /* struct run_verdict */
    enum run_exit exit_code;
    char *exit_text;
};

/* run_inputs.c: the contents of a regular file, NULL and error otherwise; noted as an input. */
char *run_input_read(const char *role, const char *path, size_t *length, GError **error);
void run_input_describe(struct run *run, const char *role, const char *path, const char *bytes,
                        size_t length);
/* Monitor, and guest or kernel with initrd: into run->config. */
bool run_images_load(struct run *run, const struct run_request *request, GError **error);

/* The text that is typed: into run->typed. */
bool run_typed_load(struct run *run, const struct run_request *request, GError **error);

/* run.c: adds the options that every run has and no script changes. */
void run_config_hash(XXH3_state_t *state, const struct machine_config *config);

/* run_fault.c: does the event show the fault of that name? */
bool run_fault_matches(const char *name, const struct event *event);

/* run_verdict.c: rules and expectations against what was seen; sets exit_code and exit_text. */
void run_judge(struct run *run);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scenarios: Lua programs that are the hypervisor (docs/scenario-reference.md).
 *
 * A scenario is loaded in two steps, because its top level may ask for symbols of a monitor that
 * the command line chooses: script_open() runs it up to the end of scenario{...}, whose fields are
 * then known; script_attach() runs the rest with a launched machine and makes the script the
 * hypervisor program. Everything a script does to the machine goes through emu/hv.h and
 * emu/honest.h.
 *
 * Errors are EMU_ERROR_INPUT (wrong script) or EMU_ERROR_LIMIT (instructions, memory); the message
 * names file and line. During a run they end it with RUN_END_SCRIPT_ERROR.
 */
#ifndef PROVA_EMU_SCRIPT_H
#define PROVA_EMU_SCRIPT_H

#include "emu/machine.h"

/* Which fields the scenario gave; the others keep their defaults. */
enum scenario_field {
    SCENARIO_CPUS = 1 << 0,
    SCENARIO_MEMORY = 1 << 1,
    SCENARIO_SEED = 1 << 2,
    SCENARIO_GUEST_VMPL = 1 << 3,
    SCENARIO_EXPECT = 1 << 4,
};

/* A fault that must be seen. */
struct expect_fault {
    char *name;   /* run_fault_name_known() */
    char *symbol; /* of the monitor, or "guest:NAME"; NULL: use gpa */
    uint64_t gpa; /* UINT64_MAX: any address */
    int vmpl;     /* -1: any */
};

/* What a scenario expects with one monitor variant. NULL lists are empty. */
struct expect {
    char *variant;   /* monitor name, "default", or NULL: with every monitor */
    char **violates; /* exactly these rules are broken */
    char **holds;    /* these are not (all others than violates, if not given) */
    char **ends;     /* one of these; empty: any end that is no limit and no error */
    char **console;  /* all of these are in the console output */
    struct expect_fault *faults;
    size_t faults_count;
    uint32_t line; /* where it stands, for messages */
};

struct scenario {
    char *path; /* as given */
    char *title, *source, *monitor, *guest;
    char *kernel, *initrd, *cmdline, *append; /* of a Linux guest; NULL: not given */
    char *starts; /* text on the console from which on the script is the hypervisor; NULL: launch */
    char **secrets;  /* symbols of the monitor to watch beside the firmware's own secrets */
    uint32_t fields; /* enum scenario_field */
    struct machine_config config; /* paths are NULL; the rest filled from defaults and fields */
    struct expect *expects;
    size_t expects_count;
};

/* What scripts print: hv.log() and print(). No effect on the run. */
typedef void script_log_fn(void *user, const char *line);

struct script_limits {
    uint64_t insns;      /* Lua instructions of the whole script; 0: default */
    size_t memory_bytes; /* of the Lua state; 0: default */
};
enum { SCRIPT_FILE_BYTES_MAX = 4 << 20 };
#define SCRIPT_INSNS_DEFAULT  UINT64_C(100000000)
#define SCRIPT_MEMORY_DEFAULT ((size_t)64 << 20)

struct script;

/*
 * Runs the scenario's text up to scenario{...}. path names it in messages. text need not be
 * NUL-terminated and is copied. limits, log may be NULL.
 */
struct script *script_open(const char *path, const char *text, size_t bytes,
                           const struct script_limits *limits, script_log_fn *log, void *log_user,
                           GError **error);
void script_free(struct script *script);

const struct scenario *script_scenario(const struct script *script);

/*
 * Runs the rest of the top level. seed is the run's. machine is launched (NULL only to check a
 * scenario: then everything that needs a machine is an error, and symbols have address 0).
 * interrupted, if not NULL, is polled while Lua code runs.
 */
bool script_attach(struct script *script, struct machine *machine, uint64_t seed,
                   const volatile int *interrupted, GError **error);

/* The most events that a script may cause without the machine getting on (0: no limit). */
void script_events_limit_set(struct script *script, uint64_t limit_events);

/* The error that ended the run with RUN_END_SCRIPT_ERROR was a limit. */
bool script_limit_reached(const struct script *script);
uint64_t script_insns_used(const struct script *script);

const char *script_language(void); /* "Lua 5.4.4" */

/* "64M", "2G", "0x4000000": bytes. False if it is none. */
bool script_parse_size(const char *text, uint64_t *bytes);

/* The candidate that a misspelt word most likely means, or NULL. candidates ends with NULL. */
const char *script_nearest(const char *word, const char *const *candidates);

/* Settings with a small set of words, shared with the command line ("pval_vmpl=gp"). */
bool script_setting_set(struct machine_config *config, const char *name, const char *value,
                        GError **error);
/* Names of the settings and their words, for help: "pval_vmpl: gp, permission" lines. */
void script_settings_describe(GString *out);

#endif

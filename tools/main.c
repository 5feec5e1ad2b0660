/* SPDX-License-Identifier: GPL-2.0-or-later */
/* prova VERB ...: finds the verb. */
#include <signal.h>
#include <string.h>

#include "tools/tool.h"

static const struct verb verbs[] = {
    {"run", "[SCENARIO]", "run a monitor, honestly or against a scenario", cmd_run},
    {"check", "RUN.DB", "check every invariant and rule in a recorded run", cmd_check},
    {"query", "RUN.DB SQL|NAME", "ask a recorded run a question", cmd_query},
    {"replay", "RUN.DB", "run it again and compare event by event", cmd_replay},
    {"measure", "NAME|FILE", "the launch digest of a monitor", cmd_measure},
    {"verify-report", "REPORT", "verify what a guest got, down to the nonce", cmd_verify_report},
    {"certs", "", "certificates of an emulated chip", cmd_certs},
    {"list", "[WHAT]", "scenarios, monitors, guests, invariants, faults, settings ...", cmd_list},
};

static void usage_print(FILE *out)
{
    fprintf(out, "usage: prova VERB [OPTION...] [ARGUMENT...]\n\n"
                 "Runs a VMPL0 security monitor on an emulated SEV-SNP platform, against a "
                 "hypervisor that\nmay be hostile, and says whether its guarantees hold.\n\n");
    for (size_t i = 0; i < G_N_ELEMENTS(verbs); i++) {
        char *call = g_strdup_printf("%s %s", verbs[i].name, verbs[i].arguments);
        fprintf(out, "  %-24s %s\n", call, verbs[i].summary);
        g_free(call);
    }
    fprintf(out,
            "\n  prova VERB --help      options and examples of a verb\n"
            "  prova --version        versions of the command and its libraries\n\n"
            "Exit codes: 0 everything is as expected; 1 an invariant or expectation does not\n"
            "hold; 2 wrong usage or unusable input; 3 a limit was reached; 70 internal error;\n"
            "130 interrupted.\n");
}

static int verb_unknown(const char *name)
{
    const char *names[G_N_ELEMENTS(verbs) + 1] = {NULL};
    for (size_t i = 0; i < G_N_ELEMENTS(verbs); i++)
        names[i] = verbs[i].name;
    const char *nearest = script_nearest(name, names);
    return tool_usage_error("", "there is no verb '%s'%s%s%s", name,
                            nearest ? "; did you mean '" : "", nearest ? nearest : "",
                            nearest ? "'?" : "");
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        usage_print(stderr);
        return RUN_EXIT_INPUT;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        (strcmp(argv[1], "help") == 0 && argc == 2)) {
        usage_print(stdout);
        return tool_output_close(RUN_EXIT_OK);
    }
    if (strcmp(argv[1], "--version") == 0) {
        char *version = tool_version();
        puts(version);
        g_free(version);
        return tool_output_close(RUN_EXIT_OK);
    }
    /* A file size limit shall be an error of write(), not the end of the process. */
    signal(SIGXFSZ, SIG_IGN);
    for (size_t i = 0; i < G_N_ELEMENTS(verbs); i++)
        if (strcmp(argv[1], verbs[i].name) == 0)
            return tool_output_close(verbs[i].main(argc - 1, argv + 1));
    return verb_unknown(argv[1]);
}

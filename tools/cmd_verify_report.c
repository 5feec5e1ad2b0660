/* SPDX-License-Identifier: GPL-2.0-or-later */
/* prova verify-report: from the root certificate down to the nonce. */
#include <string.h>

#include "emu/error.h"
#include "psp/verify.h"
#include "tools/chip_certs.h"
#include "tools/input_file.h"
#include "tools/report_file.h"
#include "tools/tool.h"

static const char examples[] =
    "Examples:\n"
    "  prova run scenarios/attest.lua > out.txt; prova verify-report out.txt\n"
    "  prova verify-report report.bin --nonce 00ff... --certs chain.pem --ark ark.pem\n"
    "\n"
    "REPORT is what Attest gave, as bytes or as text that a guest printed (docs/attestation.md);\n"
    "- is standard input. Without --certs and --ark the chain is that of the emulated chip of a\n"
    "run with --seed. Exit codes: 0 genuine and as wanted, 1 not, 2 unusable input.";

struct verify_command {
    char *nonce, *measurement, *pcr, *ark, *certs, *seed;
    gboolean allow_debug, quiet;
    struct report report;
    struct psp_certs chain;
    uint8_t nonce_bytes[REPORT_NONCE_BYTES];
    uint8_t measurement_bytes[PSP_DIGEST_BYTES];
    uint8_t pcr_bytes[REPORT_PCR_BYTES];
    struct psp_verify_wanted wanted;
};

static bool report_read(struct verify_command *command, const char *path, GError **error)
{
    char *bytes = NULL;
    size_t len = 0;
    bool fine = input_file_read(path, &bytes, &len, error) &&
                report_file_parse(path, bytes, len, &command->report, error);
    g_free(bytes);
    return fine;
}

/* count certificates at least, in the order of psp_certs_parse(). */
static bool certs_read(const char *path, unsigned count, struct psp_certs *out, GError **error)
{
    char *bytes;
    size_t len;
    if (!input_file_read(path, &bytes, &len, error))
        return false;
    unsigned found = psp_certs_parse(bytes, len, out);
    g_free(bytes);
    if (found >= count)
        return true;
    g_set_error(error, EMU_ERROR, EMU_ERROR_INPUT,
                "%s: %u to 3 certificates (VCEK, ASK, ARK; PEM) are needed, %u usable ones found",
                path, count, found);
    return false;
}

/* The chain; its root comes from --ark, or is that of the emulated chip: never from --certs. */
static bool chain_read(struct verify_command *command, GError **error)
{
    struct psp_certs *file = g_new0(struct psp_certs, 1);
    bool fine = chip_certs(command->seed, &command->chain, error);
    if (fine && command->certs != NULL) {
        fine = certs_read(command->certs, 2, file, error);
        command->chain.vcek = file->vcek;
        command->chain.ask = file->ask;
    }
    if (fine && command->ark != NULL) {
        fine = certs_read(command->ark, 1, file, error);
        /* A root alone, or the last one of a chain. */
        command->chain.ark = file->ark.len ? file->ark : file->ask.len ? file->ask : file->vcek;
    }
    g_free(file);
    return fine;
}

static bool hex_take(const char *option, const char *text, uint8_t *bytes, size_t len,
                     const uint8_t **wanted, GError **error)
{
    if (text == NULL)
        return true;
    if (!report_hex_parse(text, bytes, len)) {
        g_set_error(error, EMU_ERROR, EMU_ERROR_INPUT, "--%s: %zu hexadecimal digits are needed",
                    option, 2 * len);
        return false;
    }
    *wanted = bytes;
    return true;
}

static bool wanted_take(struct verify_command *command, GError **error)
{
    struct psp_verify_wanted *wanted = &command->wanted;
    wanted->debug_allowed = command->allow_debug;
    return hex_take("nonce", command->nonce, command->nonce_bytes, sizeof(command->nonce_bytes),
                    &wanted->nonce, error) &&
           hex_take("measurement", command->measurement, command->measurement_bytes,
                    sizeof(command->measurement_bytes), &wanted->measurement, error) &&
           hex_take("pcr", command->pcr, command->pcr_bytes, sizeof(command->pcr_bytes),
                    &wanted->pcr, error);
}

static void hex_print(const char *name, const uint8_t *bytes, size_t len)
{
    printf("%-12s ", name);
    for (size_t i = 0; i < len; i++)
        printf("%02x", bytes[i]);
    printf("\n");
}

static bool step_is_asked(const struct psp_verify_wanted *wanted, enum psp_verify_step step)
{
    switch (step) {
    case PSP_VERIFY_MEASUREMENT: return wanted->measurement != NULL;
    case PSP_VERIFY_PCR: return wanted->pcr != NULL;
    case PSP_VERIFY_NONCE: return wanted->nonce != NULL;
    default: return true;
    }
}

static void result_print(const struct verify_command *command, enum psp_verify_step failed)
{
    const struct report_monitor *monitor = &command->report.monitor;
    struct psp_report firmware;
    for (enum psp_verify_step step = 0; step < failed; step++) {
        if (step_is_asked(&command->wanted, step))
            printf("%sholds%s   %s\n", tool_colour(COLOUR_GOOD), tool_colour(COLOUR_NONE),
                   psp_verify_step_text(step));
    }
    if (failed != PSP_VERIFY_DONE) {
        printf("%sFAILS%s   %s\n", tool_colour(COLOUR_BAD), tool_colour(COLOUR_NONE),
               psp_verify_step_text(failed));
        return;
    }
    memcpy(&firmware, command->report.firmware, sizeof(firmware));
    printf("\n");
    hex_print("measurement", firmware.measurement, sizeof(firmware.measurement));
    hex_print("pcr", monitor->pcr, sizeof(monitor->pcr));
    printf("%-12s %" G_GUINT64_FORMAT "\n", "extensions", (guint64)monitor->extensions);
    hex_print("nonce", monitor->nonce, sizeof(monitor->nonce));
    printf("%-12s %u\n", "guest vmpl", monitor->guest_vmpl);
    printf("%-12s %s\n", "kernel",
           monitor->flags & REPORT_FLAG_KERNEL_LOCKED ? "locked" : "not locked");
}

static int verify(struct verify_command *command, const char *path)
{
    GError *error = NULL;
    if (!wanted_take(command, &error) || !report_read(command, path, &error) ||
        !chain_read(command, &error))
        return tool_fail(error);
    struct psp_vcek vcek;
    enum psp_verify_step failed = psp_verify_chain(&command->chain, &vcek);
    if (failed == PSP_VERIFY_DONE)
        failed = psp_verify_report(&command->report, &vcek, &command->wanted);
    if (!command->quiet)
        result_print(command, failed);
    if (failed == PSP_VERIFY_DONE)
        return RUN_EXIT_OK;
    tool_complain("%s: not genuine or not as wanted; what fails: %s", path,
                  psp_verify_step_text(failed));
    return RUN_EXIT_VIOLATION;
}

int cmd_verify_report(int argc, char **argv)
{
    struct verify_command *command = g_new0(struct verify_command, 1);
    const GOptionEntry entries[] = {
        {"nonce", 'n', 0, G_OPTION_ARG_STRING, &command->nonce, "must be this one, 64 bytes",
         "HEX"},
        {"measurement", 0, 0, G_OPTION_ARG_STRING, &command->measurement,
         "launch digest must be this one (prova measure)", "HEX"},
        {"pcr", 0, 0, G_OPTION_ARG_STRING, &command->pcr, "must be this one, 64 bytes", "HEX"},
        {"certs", 0, 0, G_OPTION_ARG_FILENAME, &command->certs, "VCEK and ASK, PEM (prova certs)",
         "FILE"},
        {"ark", 0, 0, G_OPTION_ARG_FILENAME, &command->ark, "root that is trusted, PEM or DER",
         "FILE"},
        {"seed", 's', 0, G_OPTION_ARG_STRING, &command->seed,
         "of the run, for the emulated chip's chain (1)", "N"},
        {"allow-debug", 0, 0, G_OPTION_ARG_NONE, &command->allow_debug,
         "accept a policy that allows debugging", NULL},
        {"quiet", 'q', 0, G_OPTION_ARG_NONE, &command->quiet, "only the exit code and errors",
         NULL},
        {0},
    };
    int code = RUN_EXIT_INPUT;
    if (tool_parse("verify-report", "REPORT", "Verifies a report of the monitor's Attest.",
                   examples, entries, &argc, &argv))
        code = argc == 2 ? verify(command, argv[1])
                         : tool_usage_error("verify-report",
                                            argc < 2 ? "name a report" : "one report only");
    g_free(command->nonce);
    g_free(command->measurement);
    g_free(command->pcr);
    g_free(command->ark);
    g_free(command->certs);
    g_free(command->seed);
    g_free(command);
    return code;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* prova verify-report: from the root certificate down to the nonce. */
#include <string.h>

#include "emu/error.h"
#include "tools/input_file.h"
#include "tools/report_chain.h"
#include "tools/report_print.h"
#include "tools/tool.h"

static const char examples[] =
    "Examples:\n"
    "  prova run scenarios/attest.lua > out.txt; prova verify-report out.txt\n"
    "  prova verify-report report.bin --nonce 00ff... --certs chain.pem --ark ark.pem\n"
    "  prova verify-report outblob --vmpl 2 --nonce 00ff...            (of sev-guest)\n"
    "  prova verify-report outblob --manifest manifestblob --certs auxblob --nonce-text abc...\n"
    "\n"
    "REPORT is what Attest gave, or a report of the firmware (1184 bytes; with --manifest one of\n"
    "the SVSM attestation protocol), as bytes or as text that a guest printed; of a text with\n"
    "several each is verified (docs/attestation.md). - is standard input. Without --certs and\n"
    "--ark the chain is that of the emulated chip of a run with --seed; certificates that a text\n"
    "has beside a report take the place of --certs, never that of the root.\n"
    "Exit codes: 0 genuine and as wanted, 1 not, 2 unusable input.";

struct verify_command {
    char *nonce, *nonce_text, *measurement, *pcr, *vmpl, *manifest, *only;
    gboolean allow_debug, quiet;
    struct report_chain chain;
    GByteArray *nonce_bytes, *measurement_bytes, *pcr_bytes; /* NULL: not given */
    uint32_t vmpl_number;
    struct psp_verify_wanted wanted;
};

static bool refuse(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

static bool refuse(GError **error, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    *error = g_error_new_valist(EMU_ERROR, EMU_ERROR_INPUT, format, list);
    va_end(list);
    return false;
}

/* The manifest of the only report, whose file had nothing but its bytes. */
static bool manifest_read(const struct verify_command *command, GPtrArray *items, size_t len,
                          GError **error)
{
    struct report_item *item = g_ptr_array_index(items, 0);
    char *bytes;
    size_t manifest_len;
    if (len != REPORT_FIRMWARE_BYTES)
        return refuse(error, "--manifest goes with a report of %d bytes; a text has its own",
                      REPORT_FIRMWARE_BYTES);
    if (!input_file_read(command->manifest, &bytes, &manifest_len, error))
        return false;
    g_free(item->name);
    item->name = g_strdup(REPORT_NAME_SVSM);
    item->manifest = g_byte_array_new_take((guint8 *)bytes, manifest_len);
    return manifest_len != 0 || refuse(error, "%s: it is empty", command->manifest);
}

/* Takes away those that are not wanted. */
static bool items_choose(const char *only, GPtrArray *items, const char *path, GError **error)
{
    GString *names = g_string_new(NULL);
    for (guint i = 0; i < items->len;) {
        const struct report_item *item = g_ptr_array_index(items, i);
        g_string_append_printf(names, " %s", item->name);
        if (strcmp(item->name, only) == 0)
            i++;
        else
            g_ptr_array_remove_index(items, i);
    }
    bool fine = items->len != 0 ||
                refuse(error, "%s: no report '%s'; there is:%s", path, only, names->str);
    g_string_free(names, TRUE);
    return fine;
}

/* NULL: *error. */
static GPtrArray *items_read(const struct verify_command *command, const char *path, GError **error)
{
    char *bytes = NULL;
    size_t len = 0;
    if (!input_file_read(path, &bytes, &len, error))
        return NULL;
    GPtrArray *items = report_file_parse(path, bytes, len, error);
    g_free(bytes);
    if (items == NULL)
        return NULL;
    if ((command->manifest == NULL || manifest_read(command, items, len, error)) &&
        (command->only == NULL || items_choose(command->only, items, path, error)))
        return items;
    g_ptr_array_unref(items);
    return NULL;
}

static bool hex_take(const char *option, const char *text, size_t len, GByteArray **bytes,
                     const uint8_t **wanted, GError **error)
{
    if (text == NULL)
        return true;
    *bytes = report_hex_parse(text);
    if (*bytes == NULL || (*bytes)->len != len)
        return refuse(error, "--%s: %zu hexadecimal digits are needed", option, 2 * len);
    *wanted = (*bytes)->data;
    return true;
}

static bool nonce_take(struct verify_command *command, GError **error)
{
    if (command->nonce != NULL && command->nonce_text != NULL)
        return refuse(error, "--nonce and --nonce-text: one of them only");
    if (command->nonce_text != NULL) {
        command->nonce_bytes = g_byte_array_new();
        g_byte_array_append(command->nonce_bytes, (const guint8 *)command->nonce_text,
                            (guint)strlen(command->nonce_text));
    } else if (command->nonce != NULL) {
        command->nonce_bytes = report_hex_parse(command->nonce);
        if (command->nonce_bytes == NULL)
            return refuse(error, "--nonce: %d hexadecimal digits are needed",
                          2 * REPORT_NONCE_BYTES);
    }
    if (command->nonce_bytes == NULL)
        return true;
    if (command->nonce_bytes->len == 0 || command->nonce_bytes->len > ATTEST_NONCE_BYTES_MAX)
        return refuse(error, "a nonce has 1 to %d bytes", ATTEST_NONCE_BYTES_MAX);
    command->wanted.nonce = command->nonce_bytes->data;
    command->wanted.nonce_bytes = command->nonce_bytes->len;
    return true;
}

static bool vmpl_take(struct verify_command *command, GError **error)
{
    guint64 number;
    if (command->vmpl == NULL)
        return true;
    if (!g_ascii_string_to_unsigned(command->vmpl, 10, 0, 3, &number, NULL))
        return refuse(error, "--vmpl %s: it must be 0 to 3", command->vmpl);
    command->vmpl_number = (uint32_t)number;
    return true;
}

static bool wanted_take(struct verify_command *command, GError **error)
{
    struct psp_verify_wanted *wanted = &command->wanted;
    wanted->debug_allowed = command->allow_debug;
    return nonce_take(command, error) && vmpl_take(command, error) &&
           hex_take("measurement", command->measurement, PSP_DIGEST_BYTES,
                    &command->measurement_bytes, &wanted->measurement, error) &&
           hex_take("pcr", command->pcr, REPORT_PCR_BYTES, &command->pcr_bytes, &wanted->pcr,
                    error);
}

/* What the options ask of a report is something that it has. */
static bool item_is_usable(const struct verify_command *command, const struct report_item *item,
                           GError **error)
{
    const struct psp_verify_wanted *wanted = &command->wanted;
    const bool svsm = item->manifest != NULL;
    if (svsm && wanted->nonce == NULL)
        return refuse(error,
                      "%s: without --nonce or --nonce-text nobody can tell that its manifest "
                      "belongs to it",
                      item->name);
    if (!svsm && wanted->nonce != NULL && wanted->nonce_bytes != REPORT_NONCE_BYTES)
        return refuse(error, "%s: a nonce of %d bytes (%d hexadecimal digits) is needed, not %zu",
                      item->name, REPORT_NONCE_BYTES, 2 * REPORT_NONCE_BYTES, wanted->nonce_bytes);
    if (!svsm && !item->attest && wanted->pcr != NULL)
        return refuse(error, "%s: the firmware's report has no measurement register for --pcr",
                      item->name);
    return true;
}

/* The others' must be 0 without being asked. */
static bool items_are_usable(const struct verify_command *command, const GPtrArray *items,
                             GError **error)
{
    bool plain = false;
    for (guint i = 0; i < items->len; i++) {
        const struct report_item *item = g_ptr_array_index(items, i);
        plain |= !item->attest && item->manifest == NULL;
        if (!item_is_usable(command, item, error))
            return false;
    }
    return command->vmpl == NULL || plain ||
           refuse(error, "--vmpl is for a report of the firmware alone; here it must be 0 anyway");
}

static bool item_verify(const struct verify_command *command, const struct report_item *item,
                        const struct psp_certs *certs, const char *path, bool several)
{
    const struct psp_evidence evidence = report_item_evidence(item);
    struct psp_verify_wanted wanted = command->wanted;
    struct psp_vcek vcek;
    if (command->vmpl != NULL && evidence.monitor == NULL && evidence.manifest == NULL)
        wanted.vmpl = &command->vmpl_number;
    enum psp_verify_step failed = psp_verify_chain(certs, &vcek);
    if (failed == PSP_VERIFY_DONE)
        failed = psp_verify_report(&evidence, &vcek, &wanted);
    if (!command->quiet) {
        if (several)
            printf("report  %s\n", item->name);
        report_print(&evidence, &wanted, failed);
    }
    if (failed != PSP_VERIFY_DONE)
        tool_complain("%s: %s%snot genuine or not as wanted; what fails: %s", path,
                      several ? item->name : "", several ? ": " : "", psp_verify_step_text(failed));
    return failed == PSP_VERIFY_DONE;
}

static int items_verify(const struct verify_command *command, const GPtrArray *items,
                        const char *path, GError **error)
{
    struct psp_certs *certs = g_new0(struct psp_certs, items->len);
    bool read = true, good = true;
    /* All of them are read before anything is said. */
    for (guint i = 0; read && i < items->len; i++)
        read = report_chain_for(&command->chain, path, g_ptr_array_index(items, i), &certs[i],
                                error);
    for (guint i = 0; read && i < items->len; i++) {
        if (i != 0 && !command->quiet)
            printf("\n");
        good &= item_verify(command, g_ptr_array_index(items, i), &certs[i], path, items->len > 1);
    }
    g_free(certs);
    if (!read)
        return tool_fail(*error);
    return good ? RUN_EXIT_OK : RUN_EXIT_VIOLATION;
}

static int verify(struct verify_command *command, const char *path)
{
    GError *error = NULL;
    if (!wanted_take(command, &error))
        return tool_fail(error);
    GPtrArray *items = items_read(command, path, &error);
    if (items == NULL)
        return tool_fail(error);
    int code = items_are_usable(command, items, &error) &&
                       report_chain_read(&command->chain, &error)
                   ? items_verify(command, items, path, &error)
                   : tool_fail(error);
    g_ptr_array_unref(items);
    return code;
}

static void command_free(struct verify_command *command)
{
    char *const texts[] = {command->nonce,       command->nonce_text,  command->measurement,
                           command->pcr,         command->vmpl,        command->manifest,
                           command->only,        command->chain.certs, command->chain.ark,
                           command->chain.seed};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
    g_clear_pointer(&command->nonce_bytes, g_byte_array_unref);
    g_clear_pointer(&command->measurement_bytes, g_byte_array_unref);
    g_clear_pointer(&command->pcr_bytes, g_byte_array_unref);
    g_free(command);
}

int cmd_verify_report(int argc, char **argv)
{
    struct verify_command *command = g_new0(struct verify_command, 1);
    const GOptionEntry entries[] = {
        {"nonce", 'n', 0, G_OPTION_ARG_STRING, &command->nonce,
         "must be this one, 64 bytes (an SVSM's: any number)", "HEX"},
        {"nonce-text", 0, 0, G_OPTION_ARG_STRING, &command->nonce_text, "the same as text", "TEXT"},
        {"measurement", 0, 0, G_OPTION_ARG_STRING, &command->measurement,
         "launch digest must be this one (prova measure)", "HEX"},
        {"pcr", 0, 0, G_OPTION_ARG_STRING, &command->pcr, "must be this one, 64 bytes", "HEX"},
        {"vmpl", 0, 0, G_OPTION_ARG_STRING, &command->vmpl,
         "must have asked for a report of the firmware alone, 0 to 3", "N"},
        {"manifest", 0, 0, G_OPTION_ARG_FILENAME, &command->manifest,
         "of the SVSM attestation protocol, beside a report of 1184 bytes", "FILE"},
        {"report", 'r', 0, G_OPTION_ARG_STRING, &command->only,
         "of a text with several: only this one (MONITOR, GUEST, SVSM)", "NAME"},
        {"certs", 0, 0, G_OPTION_ARG_FILENAME, &command->chain.certs,
         "VCEK and ASK, PEM (prova certs) or a certificate table (auxblob)", "FILE"},
        {"ark", 0, 0, G_OPTION_ARG_FILENAME, &command->chain.ark,
         "root that is trusted, PEM or DER", "FILE"},
        {"seed", 's', 0, G_OPTION_ARG_STRING, &command->chain.seed,
         "of the run, for the emulated chip's chain (1)", "N"},
        {"allow-debug", 0, 0, G_OPTION_ARG_NONE, &command->allow_debug,
         "accept a policy that allows debugging", NULL},
        {"quiet", 'q', 0, G_OPTION_ARG_NONE, &command->quiet, "only the exit code and errors",
         NULL},
        {0},
    };
    int code = RUN_EXIT_INPUT;
    if (tool_parse("verify-report", "REPORT", "Verifies reports that a guest got.", examples,
                   entries, &argc, &argv))
        code = argc == 2 ? verify(command, argv[1])
                         : tool_usage_error("verify-report",
                                            argc < 2 ? "name a report" : "one report only");
    command_free(command);
    return code;
}

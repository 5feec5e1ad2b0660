/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/report_chain.h"

#include "emu/error.h"
#include "tools/chip_certs.h"
#include "tools/input_file.h"

static bool certs_read(const char *path, struct psp_certs *out, GError **error)
{
    char *bytes;
    size_t len;
    if (!input_file_read(path, &bytes, &len, error))
        return false;
    if (psp_certs_parse(bytes, len, out) < 2 && !psp_certs_table_parse(bytes, len, out))
        out->vcek.len = out->ask.len = 0;
    g_free(bytes);
    if (out->vcek.len != 0 && out->ask.len != 0)
        return true;
    g_set_error(error, EMU_ERROR, EMU_ERROR_INPUT,
                "%s: 2 to 3 certificates (VCEK, ASK, ARK; PEM) are needed, or a certificate table "
                "with VCEK and ASK in it",
                path);
    return false;
}

static bool root_read(const char *path, struct psp_cert *out, GError **error)
{
    struct psp_certs *file = g_new0(struct psp_certs, 1);
    char *bytes;
    size_t len;
    bool fine = input_file_read(path, &bytes, &len, error);
    if (fine) {
        fine = psp_certs_parse(bytes, len, file) != 0;
        g_free(bytes);
        if (!fine)
            g_set_error(error, EMU_ERROR, EMU_ERROR_INPUT,
                        "%s: 1 to 3 certificates (PEM; the last one is the root) are needed, or "
                        "one in DER",
                        path);
    }
    /* A root alone, or the last one of a chain. */
    *out = file->ark.len ? file->ark : file->ask.len ? file->ask : file->vcek;
    g_free(file);
    return fine;
}

bool report_chain_read(struct report_chain *chain, GError **error)
{
    return chip_certs(chain->seed, &chain->chip, error) &&
           (chain->certs == NULL || certs_read(chain->certs, &chain->file, error)) &&
           (chain->ark == NULL || root_read(chain->ark, &chain->chip.ark, error));
}

bool report_chain_for(const struct report_chain *chain, const char *path,
                      const struct report_item *item, struct psp_certs *out, GError **error)
{
    if (chain->certs != NULL) {
        *out = chain->file;
    } else if (item->aux == NULL) {
        *out = chain->chip;
    } else if (!psp_certs_table_parse(item->aux->data, item->aux->len, out) || out->vcek.len == 0 ||
               out->ask.len == 0) {
        g_set_error(error, EMU_ERROR, EMU_ERROR_INPUT,
                    "%s: %s AUX in the text is no certificate table with VCEK and ASK in it", path,
                    item->name);
        return false;
    }
    out->ark = chain->chip.ark;
    return true;
}

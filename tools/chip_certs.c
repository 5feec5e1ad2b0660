/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/chip_certs.h"

#include "emu/error.h"
#include "emu/machine.h"

bool chip_certs(const char *seed, struct psp_certs *out, GError **error)
{
    guint64 number = machine_config_default().seed;
    if (seed != NULL && !g_ascii_string_to_unsigned(seed, 10, 0, INT64_MAX, &number, NULL)) {
        g_set_error(error, EMU_ERROR, EMU_ERROR_INPUT, "--seed %s: not a number from 0 to 2^63 - 1",
                    seed);
        return false;
    }
    /* Of the configuration, only the seed and the TCB go into a certificate. */
    struct psp_config config;
    struct psp *psp = g_new0(struct psp, 1);
    const char *why = "";
    psp_config_default(&config, number);
    psp_init(psp, &config);
    bool made = psp_certs_make(psp, out, &why) == PSP_CERTS_OK;
    g_free(psp);
    if (!made)
        g_set_error(error, EMU_ERROR, EMU_ERROR_INTERNAL, "no certificates could be made: %s", why);
    return made;
}

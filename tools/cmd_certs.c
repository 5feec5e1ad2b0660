/* SPDX-License-Identifier: GPL-2.0-or-later */
/* prova certs: the certificates of an emulated chip, as its maker would publish them. */
#include "psp/certs.h"
#include "tools/chip_certs.h"
#include "tools/tool.h"

static const char examples[] =
    "Examples:\n"
    "  prova certs > chain.pem\n"
    "  prova certs --seed 7 > chain.pem\n"
    "\n"
    "VCEK, ASK and ARK in this order, PEM. The root is emulated: it is not AMD's. A chip is a\n"
    "function of the run's seed.";

int cmd_certs(int argc, char **argv)
{
    char *seed = NULL;
    const GOptionEntry entries[] = {
        {"seed", 's', 0, G_OPTION_ARG_STRING, &seed, "seed of the run (1)", "N"},
        {0},
    };
    int code = RUN_EXIT_INPUT;
    struct psp_certs *certs = g_new0(struct psp_certs, 1);
    GError *error = NULL;
    if (tool_parse("certs", "", "Prints the certificates of an emulated chip.", examples, entries,
                   &argc, &argv)) {
        enum { TEXT_BYTES = 16384 };
        char text[TEXT_BYTES];
        if (argc != 1) {
            code = tool_usage_error("certs", "'%s' is too much", argv[1]);
        } else if (!chip_certs(seed, certs, &error)) {
            code = tool_fail(error);
        } else if (!psp_certs_print(certs, text, sizeof(text))) {
            tool_complain("the certificates cannot be written as text");
            code = RUN_EXIT_INTERNAL;
        } else {
            fputs(text, stdout);
            code = RUN_EXIT_OK;
        }
    }
    g_free(certs);
    g_free(seed);
    return code;
}

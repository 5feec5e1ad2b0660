/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu/version.h"

#include <capstone/capstone.h>
#include <unicorn/unicorn.h>

void cpu_libraries_describe(GString *out)
{
    unsigned unicorn = uc_version(NULL, NULL);
    int major, minor;
    cs_version(&major, &minor);
    g_string_append_printf(out, ", unicorn %u.%u.%u, capstone %d.%d", unicorn >> 24,
                           unicorn >> 16 & 0xff, unicorn >> 8 & 0xff, major, minor);
}

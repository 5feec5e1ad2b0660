/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "db/version.h"

#include <sqlite3.h>

void db_library_describe(GString *out)
{
    g_string_append_printf(out, ", sqlite %s", sqlite3_libversion());
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Version of the library that writes and reads databases. */
#ifndef PROVA_DB_VERSION_H
#define PROVA_DB_VERSION_H

#include <glib.h>

/* Appends ", sqlite 3.40.1". */
void db_library_describe(GString *out);

#endif

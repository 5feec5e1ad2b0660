/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Errors of db/: each message names the file, what is wrong and what to do. */
#ifndef PROVA_DB_ERROR_H
#define PROVA_DB_ERROR_H

#include <glib.h>

#define DB_ERROR db_error_quark()
GQuark db_error_quark(void);

enum db_error {
    DB_ERROR_OPEN,      /* cannot be opened, created or replaced */
    DB_ERROR_FORMAT,    /* not a database, not Prova's, another version, damaged */
    DB_ERROR_WRITE,     /* disk full, I/O */
    DB_ERROR_BUSY,      /* another process has it locked */
    DB_ERROR_SQL,       /* the user's statement is wrong */
    DB_ERROR_FORBIDDEN, /* the user's statement would write, attach or load */
    DB_ERROR_LIMIT,     /* time or rows */
    DB_ERROR_INTERRUPTED,
    DB_ERROR_PARAMETER, /* of a named query: missing, unknown or not a number */
};

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "db/internal.h"

G_DEFINE_QUARK(prova-db-error-quark, db_error)

static const char *advice(int rc)
{
    switch (rc & 0xff) {
    case SQLITE_FULL:
        return "; make room on the disk or choose another place";
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return "; another program has it open, wait or close that";
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
        return "; check that directory and file may be written";
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return "; the file is damaged, run again to get a new one";
    default:
        return "";
    }
}

void db_error_sqlite(GError **error, enum db_error code, sqlite3 *db, const char *path,
                     const char *what)
{
    int rc = sqlite3_extended_errcode(db);

    if ((rc & 0xff) == SQLITE_BUSY)
        code = DB_ERROR_BUSY;
    g_set_error(error, DB_ERROR, (gint)code, "%s: %s: %s%s", path, what, sqlite3_errmsg(db),
                advice(rc));
}

char *db_file_name(const char *path)
{
    return path[0] == '/' ? g_strdup(path) : g_strconcat("./", path, NULL);
}

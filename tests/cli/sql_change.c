/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sql_change FILE STATEMENT: changes a database behind the command's back, for tests. */
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    sqlite3 *db = NULL;
    char *message = NULL;
    if (argc != 3 || sqlite3_open(argv[1], &db) != SQLITE_OK ||
        sqlite3_exec(db, argv[2], NULL, NULL, &message) != SQLITE_OK ||
        (strncmp(argv[2], "PRAGMA", 6) != 0 && sqlite3_changes(db) == 0)) {
        fprintf(stderr, "sql_change: %s\n", message ? message : "nothing changed");
        return 1;
    }
    return sqlite3_close(db) != SQLITE_OK;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows of a statement as an aligned table, CSV (RFC 4180, lines end with \n) or a JSON array. */
#ifndef PROVA_DB_OUTPUT_H
#define PROVA_DB_OUTPUT_H

#include <sqlite3.h>
#include <stdio.h>

#include "db/query.h"

struct db_output;

struct db_output *db_output_new(enum db_format format, sqlite3_stmt *statement, FILE *out);
/* The row that the statement stands on. */
void db_output_row(struct db_output *output);
/* Writes what is held back and the closing. Frees output. */
void db_output_finish(struct db_output *output);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "db/output.h"

#include <string.h>

struct db_output {
    enum db_format format;
    sqlite3_stmt *statement;
    FILE *out;
    int columns_count;
    uint64_t rows_count;
    /* Table only: cells row by row, the header first, and what the columns need. */
    GPtrArray *cells;
    glong *widths;
    bool *numeric; /* all cells of the column are numbers or NULL: aligned to the right */
};

/* A value as text for table and CSV: blobs in hex, NULL empty. Free with g_free(). */
static char *cell_text(sqlite3_stmt *statement, int column)
{
    int type = sqlite3_column_type(statement, column);
    const uint8_t *bytes;
    GString *hex;

    if (type == SQLITE_NULL)
        return g_strdup("");
    if (type != SQLITE_BLOB)
        return g_utf8_make_valid((const char *)sqlite3_column_text(statement, column),
                                 sqlite3_column_bytes(statement, column));
    bytes = sqlite3_column_blob(statement, column);
    hex = g_string_new(NULL);
    for (int i = 0; i < sqlite3_column_bytes(statement, column); i++)
        g_string_append_printf(hex, "%02x", bytes[i]);
    return g_string_free(hex, FALSE);
}

/* Nothing in a cell may move the cursor of a terminal or break the line. Takes text. */
static char *cell_printable(char *text)
{
    GString *clean = g_string_new(NULL);

    for (const char *at = text; *at != '\0'; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);

        if (c == '\n')
            g_string_append(clean, "\\n");
        else if (g_unichar_iscntrl(c))
            g_string_append_printf(clean, "\\x%02x", c);
        else
            g_string_append_unichar(clean, c);
    }
    g_free(text);
    return g_string_free(clean, FALSE);
}

static void table_cell(struct db_output *output, int column, char *text)
{
    output->widths[column] = MAX(output->widths[column], g_utf8_strlen(text, -1));
    g_ptr_array_add(output->cells, text);
}

static void table_print(const struct db_output *output)
{
    for (guint i = 0; i < output->cells->len; i++) {
        int column = (int)i % output->columns_count;
        const char *text = g_ptr_array_index(output->cells, i);
        int pad = (int)(output->widths[column] - g_utf8_strlen(text, -1));
        bool last = column == output->columns_count - 1;

        if (output->numeric[column])
            fprintf(output->out, "%*s%s", pad, "", text);
        else
            fprintf(output->out, "%s%*s", text, last ? 0 : pad, "");
        fputs(last ? "\n" : "  ", output->out);
    }
}

static void csv_cell(FILE *out, const char *text)
{
    if (strpbrk(text, "\",\r\n") == NULL) {
        fputs(text, out);
        return;
    }
    fputc('"', out);
    for (; *text != '\0'; text++) {
        if (*text == '"')
            fputc('"', out);
        fputc(*text, out);
    }
    fputc('"', out);
}

static void json_string(FILE *out, const char *text)
{
    fputc('"', out);
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;

        if (c == '"' || c == '\\')
            fprintf(out, "\\%c", c);
        else if (c < 0x20 || c == 0x7f)
            fprintf(out, "\\u%04x", c);
        else
            fputc(c, out);
    }
    fputc('"', out);
}

static void json_value(FILE *out, sqlite3_stmt *statement, int column)
{
    int type = sqlite3_column_type(statement, column);
    char *text;

    if (type == SQLITE_NULL) {
        fputs("null", out);
        return;
    }
    text = cell_text(statement, column);
    if (type == SQLITE_INTEGER)
        fputs(text, out);
    else if (type == SQLITE_FLOAT) /* infinities are not JSON */
        fputs(strpbrk(text, "0123456789") != NULL ? text : "null", out);
    else
        json_string(out, text);
    g_free(text);
}

struct db_output *db_output_new(enum db_format format, sqlite3_stmt *statement, FILE *out)
{
    struct db_output *output = g_new0(struct db_output, 1);

    output->format = format;
    output->statement = statement;
    output->out = out;
    output->columns_count = sqlite3_column_count(statement);
    output->cells = g_ptr_array_new_with_free_func(g_free);
    output->widths = g_new0(glong, output->columns_count + 1);
    output->numeric = g_new0(bool, output->columns_count + 1);
    if (format == DB_FORMAT_JSON)
        fputs("[", out);
    for (int i = 0; i < output->columns_count; i++) {
        const char *name = sqlite3_column_name(statement, i);

        output->numeric[i] = true;
        if (format == DB_FORMAT_TABLE) {
            table_cell(output, i, cell_printable(g_utf8_make_valid(name, -1)));
        } else if (format == DB_FORMAT_CSV) {
            csv_cell(out, name);
            fputc(i == output->columns_count - 1 ? '\n' : ',', out);
        }
    }
    return output;
}

void db_output_row(struct db_output *output)
{
    sqlite3_stmt *statement = output->statement;

    if (output->format == DB_FORMAT_JSON)
        fputs(output->rows_count == 0 ? "\n  {" : ",\n  {", output->out);
    output->rows_count++;
    for (int i = 0; i < output->columns_count; i++) {
        bool last = i == output->columns_count - 1;
        int type = sqlite3_column_type(statement, i);

        if (output->format == DB_FORMAT_TABLE) {
            if (type != SQLITE_NULL && type != SQLITE_INTEGER && type != SQLITE_FLOAT)
                output->numeric[i] = false;
            table_cell(output, i, cell_printable(cell_text(statement, i)));
        } else if (output->format == DB_FORMAT_CSV) {
            char *text = cell_text(statement, i);

            csv_cell(output->out, text);
            fputc(last ? '\n' : ',', output->out);
            g_free(text);
        } else {
            json_string(output->out, sqlite3_column_name(statement, i));
            fputs(": ", output->out);
            json_value(output->out, statement, i);
            fputs(last ? "}" : ", ", output->out);
        }
    }
}

void db_output_finish(struct db_output *output)
{
    if (output->format == DB_FORMAT_TABLE)
        table_print(output);
    else if (output->format == DB_FORMAT_JSON)
        fputs(output->rows_count == 0 ? "]\n" : "\n]\n", output->out);
    g_ptr_array_unref(output->cells);
    g_free(output->widths);
    g_free(output->numeric);
    g_free(output);
}

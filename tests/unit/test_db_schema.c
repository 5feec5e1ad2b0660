/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The schema agrees with the records (db/columns.c), the enumerations and docs/database.md. */
#include <glib.h>
#include <sqlite3.h>
#include <string.h>

#include "db/columns.h"
#include "db/internal.h"

static sqlite3 *schema_open(void)
{
    sqlite3 *db;

    g_assert_cmpint(sqlite3_open(":memory:", &db), ==, SQLITE_OK);
    if (sqlite3_exec(db, db_schema_sql, NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_exec(db, db_views_sql, NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_exec(db, db_indexes_sql, NULL, NULL, NULL) != SQLITE_OK)
        g_error("%s", sqlite3_errmsg(db));
    return db;
}

static char *query_text(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *statement;
    char *text = NULL;

    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
        g_error("%s: %s", sql, sqlite3_errmsg(db));
    if (sqlite3_step(statement) == SQLITE_ROW)
        text = g_strdup((const char *)sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    return text;
}

static void test_columns(void)
{
    sqlite3 *db = schema_open();

    for (uint16_t kind = 1; kind < EVENT_KIND_COUNT; kind++) {
        const struct db_table *table = db_table_of(kind);
        GString *want = g_string_new(kind < EVENT_RULE ? "seq" : "id");
        char *sql = g_strdup_printf("SELECT group_concat(name) FROM pragma_table_info('%s')",
                                    event_kind_name(kind));
        char *got = query_text(db, sql);

        g_assert_nonnull(table);
        g_assert_cmpstr(table->name, ==, event_kind_name(kind));
        for (unsigned i = 0; i < table->columns_count; i++)
            g_string_append_printf(want, ",%s", table->columns[i].name);
        g_assert_cmpstr(got, ==, want->str);
        g_string_free(want, TRUE);
        g_free(sql);
        g_free(got);
    }
    g_assert_null(db_table_of(0));
    g_assert_null(db_table_of(EVENT_KIND_COUNT));
    sqlite3_close(db);
}

static void assert_name(sqlite3 *db, const char *table, unsigned id, const char *name)
{
    char *sql = g_strdup_printf("SELECT name FROM %s WHERE id = %u", table, id);
    char *got = query_text(db, sql);

    g_assert_cmpstr(got, ==, name);
    g_free(sql);
    g_free(got);
}

static void test_names(void)
{
    sqlite3 *db = schema_open();

    for (uint16_t kind = 1; kind < EVENT_RULE; kind++)
        assert_name(db, "event_kind", kind, event_kind_name(kind));
    assert_name(db, "event_kind", EVENT_RULE, NULL);
    for (uint8_t actor = 0; actor <= ACTOR_RUN; actor++)
        assert_name(db, "actor", actor, actor_name(actor));
    assert_name(db, "rmp_insn", RMP_INSN_PVALIDATE, "PVALIDATE");
    assert_name(db, "rmp_insn", RMP_INSN_RMPADJUST, "RMPADJUST");
    assert_name(db, "rmp_insn", RMP_INSN_RMPQUERY, "RMPQUERY");
    assert_name(db, "rmp_insn", RMP_INSN_RMPUPDATE, "RMPUPDATE");
    assert_name(db, "rmp_insn", RMP_INSN_PSMASH, "PSMASH");
    assert_name(db, "rmp_insn", RMP_INSN_RMPREAD, "RMPREAD");
    assert_name(db, "rmp_insn", RMP_INSN_FIRMWARE, "FIRMWARE");
    assert_name(db, "fault_class", FAULT_NPF, "NPF");
    assert_name(db, "fault_class", FAULT_LIMIT, "limit");
    assert_name(db, "vmsa_action", VMSA_ON_INIT, "on-init");
    assert_name(db, "secret_where", SECRET_IN_REGISTERS, "registers");
    sqlite3_close(db);
}

/* Each table and view has a section, and each of its columns a row in that section. */
static void test_documented(void)
{
    char *path = g_test_build_filename(G_TEST_DIST, "docs/database.md", NULL), *docs;
    sqlite3 *db = schema_open();
    sqlite3_stmt *statement;
    unsigned columns_count = 0;

    g_assert_true(g_file_get_contents(path, &docs, NULL, NULL));
    g_assert_cmpint(sqlite3_prepare_v2(db,
                                       "SELECT s.name, c.name FROM sqlite_schema s, "
                                       "pragma_table_info(s.name) c "
                                       "WHERE s.type IN ('table', 'view')",
                                       -1, &statement, NULL),
                    ==, SQLITE_OK);
    while (sqlite3_step(statement) == SQLITE_ROW) {
        char *title =
            g_strdup_printf("\n### %s\n", (const char *)sqlite3_column_text(statement, 0));
        char *column = g_strdup_printf("`%s`", (const char *)sqlite3_column_text(statement, 1));
        const char *section = strstr(docs, title), *end, *found;

        if (section == NULL)
            g_error("docs/database.md: no section%s", title);
        section += strlen(title);
        end = strstr(section, "\n### ");
        found = strstr(section, column);
        if (found == NULL || (end != NULL && found > end))
            g_error("docs/database.md:%slacks column %s", title, column);
        columns_count++;
        g_free(title);
        g_free(column);
    }
    g_assert_cmpuint(columns_count, >, 200);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    g_free(docs);
    g_free(path);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/db/schema/columns", test_columns);
    g_test_add_func("/db/schema/names", test_names);
    g_test_add_func("/db/schema/documented", test_documented);
    return g_test_run();
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "db/batch.h"

#include <assert.h>
#include <glib.h>
#include <string.h>

#include "db/columns.h"

/* Columns of the virtual table: 0 is seq, then those of the table that is being written. */
enum { BATCH_COLUMNS = 1 + DB_COLUMNS_MAX, TABLE_EVENT = 0 };

struct db_batch {
    sqlite3 *db;
    sqlite3_stmt *inserts[EVENT_KIND_COUNT]; /* [TABLE_EVENT] is the header table's */
    const struct db_record *ring;
    /* What the statement that runs now reads: places in the ring, and the shape of its table. */
    const struct db_table *table;
    const uint32_t *places;
    uint32_t places_count;
    /* Places by kind, in order; [TABLE_EVENT] has all events of the stream. */
    uint32_t *by_kind[EVENT_KIND_COUNT];
    uint32_t by_kind_count[EVENT_KIND_COUNT];
    uint32_t records_max;
};

struct batch_vtab {
    sqlite3_vtab base;
    struct db_batch *batch;
};

struct batch_cursor {
    sqlite3_vtab_cursor base;
    uint32_t at;
};

static struct db_batch *batch_of(sqlite3_vtab_cursor *cursor)
{
    return ((struct batch_vtab *)cursor->pVtab)->batch;
}

static int batch_connect(sqlite3 *db, void *aux, int argc, const char *const *argv,
                         sqlite3_vtab **out, char **error)
{
    struct batch_vtab *vtab;
    GString *sql = g_string_new("CREATE TABLE batch (c0");
    int rc;

    (void)argc, (void)argv, (void)error;
    for (int i = 1; i < BATCH_COLUMNS; i++)
        g_string_append_printf(sql, ", c%d", i);
    g_string_append(sql, ", symbol)");
    rc = sqlite3_declare_vtab(db, sql->str);
    g_string_free(sql, TRUE);
    if (rc != SQLITE_OK)
        return rc;
    vtab = sqlite3_malloc(sizeof(*vtab));
    if (vtab == NULL)
        return SQLITE_NOMEM;
    memset(vtab, 0, sizeof(*vtab));
    vtab->batch = aux;
    *out = &vtab->base;
    return SQLITE_OK;
}

static int batch_disconnect(sqlite3_vtab *vtab)
{
    sqlite3_free(vtab);
    return SQLITE_OK;
}

static int batch_best_index(sqlite3_vtab *vtab, sqlite3_index_info *info)
{
    (void)vtab;
    info->estimatedCost = 1;
    return SQLITE_OK;
}

static int batch_open(sqlite3_vtab *vtab, sqlite3_vtab_cursor **out)
{
    struct batch_cursor *cursor = sqlite3_malloc(sizeof(*cursor));

    (void)vtab;
    if (cursor == NULL)
        return SQLITE_NOMEM;
    memset(cursor, 0, sizeof(*cursor));
    *out = &cursor->base;
    return SQLITE_OK;
}

static int batch_close(sqlite3_vtab_cursor *cursor)
{
    sqlite3_free(cursor);
    return SQLITE_OK;
}

static int batch_filter(sqlite3_vtab_cursor *cursor, int number, const char *string, int argc,
                        sqlite3_value **argv)
{
    (void)number, (void)string, (void)argc, (void)argv;
    ((struct batch_cursor *)cursor)->at = 0;
    return SQLITE_OK;
}

static int batch_next(sqlite3_vtab_cursor *cursor)
{
    ((struct batch_cursor *)cursor)->at++;
    return SQLITE_OK;
}

static int batch_eof(sqlite3_vtab_cursor *cursor)
{
    return ((struct batch_cursor *)cursor)->at >= batch_of(cursor)->places_count;
}

static uint64_t field_u64(const uint8_t *field, uint8_t bytes)
{
    uint64_t value = 0;

    switch (bytes) { /* constant sizes: each is one load */
    case 1:
        return *field;
    case 2:
        memcpy(&value, field, 2);
        return value;
    case 4:
        memcpy(&value, field, 4);
        return value;
    default:
        memcpy(&value, field, 8);
        return value;
    }
}

static const char *rule_kind_text(uint8_t kind)
{
    switch (kind) {
    case RULE_INVARIANT:
        return "invariant";
    case RULE_GHOST:
        return "rule";
    case RULE_EXPECTATION:
        return "expectation";
    }
    return "unknown";
}

static void field_result(sqlite3_context *context, const struct db_column *column,
                         const struct event *event)
{
    const uint8_t *field = (const uint8_t *)event + column->offset;
    uint64_t value;

    switch ((enum db_column_type)column->type) {
    case DB_U8:
    case DB_U16:
    case DB_U32:
    case DB_U64:
        sqlite3_result_int64(context, (sqlite3_int64)field_u64(field, column->bytes));
        return;
    case DB_U8_OR_NULL:
    case DB_U16_OR_NULL:
    case DB_U64_OR_NULL:
        value = field_u64(field, column->bytes);
        if (value != (column->type == DB_U64_OR_NULL  ? 0
                      : column->type == DB_U8_OR_NULL ? EVENT_NO_VMPL
                                                      : EVENT_NO_VCPU))
            sqlite3_result_int64(context, (sqlite3_int64)value);
        return; /* no result is NULL */
    case DB_BLOB:
        sqlite3_result_blob(context, field, column->bytes, SQLITE_STATIC);
        return;
    case DB_TEXT:
        sqlite3_result_text(context, (const char *)field,
                            (int)strnlen((const char *)field, column->bytes), SQLITE_STATIC);
        return;
    case DB_CONSOLE:
        sqlite3_result_blob(context, field, MIN(event->console.length, column->bytes),
                            SQLITE_STATIC);
        return;
    case DB_RULE_KIND:
        sqlite3_result_text(context, rule_kind_text(*field), -1, SQLITE_STATIC);
        return;
    }
}

static int batch_column(sqlite3_vtab_cursor *cursor, sqlite3_context *context, int number)
{
    const struct db_batch *batch = batch_of(cursor);
    const struct db_record *record =
        &batch->ring[batch->places[((struct batch_cursor *)cursor)->at]];

    if (number == 0)
        sqlite3_result_int64(context, (sqlite3_int64)record->event.seq);
    else if (number <= batch->table->columns_count)
        field_result(context, &batch->table->columns[number - 1], &record->event);
    else if (record->symbol != 0)
        sqlite3_result_int64(context, record->symbol);
    return SQLITE_OK;
}

static int batch_rowid(sqlite3_vtab_cursor *cursor, sqlite3_int64 *rowid)
{
    *rowid = ((struct batch_cursor *)cursor)->at;
    return SQLITE_OK;
}

/* No xCreate: the table exists under the module's own name, and only for this connection. */
static const sqlite3_module batch_module = {
    .iVersion = 0,
    .xConnect = batch_connect,
    .xBestIndex = batch_best_index,
    .xDisconnect = batch_disconnect,
    .xOpen = batch_open,
    .xClose = batch_close,
    .xFilter = batch_filter,
    .xNext = batch_next,
    .xEof = batch_eof,
    .xColumn = batch_column,
    .xRowid = batch_rowid,
};

struct db_batch *db_batch_new(sqlite3 *db, uint32_t records_max)
{
    struct db_batch *batch = g_new0(struct db_batch, 1);

    batch->db = db;
    batch->records_max = records_max;
    for (unsigned kind = 0; kind < EVENT_KIND_COUNT; kind++)
        batch->by_kind[kind] = g_new0(uint32_t, records_max);
    if (sqlite3_create_module(db, "batch", &batch_module, batch) != SQLITE_OK) {
        db_batch_free(batch);
        return NULL;
    }
    return batch;
}

void db_batch_free(struct db_batch *batch)
{
    if (batch == NULL)
        return;
    for (unsigned kind = 0; kind < EVENT_KIND_COUNT; kind++) {
        sqlite3_finalize(batch->inserts[kind]);
        g_free(batch->by_kind[kind]);
    }
    g_free(batch);
}

/* Prepared at the first event of a kind. */
static int insert_prepare(struct db_batch *batch, unsigned kind)
{
    const struct db_table *table = kind == TABLE_EVENT ? &db_event_table : db_table_of(kind);
    GString *into = g_string_new(NULL), *from = g_string_new(NULL), *sql = g_string_new(NULL);
    bool derived = kind == EVENT_RULE || kind == EVENT_VERDICT;
    int rc;

    if (!derived) {
        g_string_append(into, "seq, ");
        g_string_append(from, "c0, ");
    }
    for (unsigned i = 0; i < table->columns_count; i++) {
        g_string_append_printf(into, "%s%s", i == 0 ? "" : ", ", table->columns[i].name);
        g_string_append_printf(from, "%sc%u", i == 0 ? "" : ", ", i + 1);
    }
    if (kind == TABLE_EVENT) {
        g_string_append(into, ", symbol");
        g_string_append(from, ", symbol");
    }
    g_string_printf(sql, "INSERT INTO main.%s (%s) SELECT %s FROM batch", table->name, into->str,
                    from->str);
    rc = sqlite3_prepare_v3(batch->db, sql->str, -1, SQLITE_PREPARE_PERSISTENT,
                            &batch->inserts[kind], NULL);
    g_string_free(into, TRUE);
    g_string_free(from, TRUE);
    g_string_free(sql, TRUE);
    return rc;
}

static int insert_kind(struct db_batch *batch, unsigned kind)
{
    int rc;

    if (batch->by_kind_count[kind] == 0)
        return SQLITE_OK;
    if (batch->inserts[kind] == NULL) {
        rc = insert_prepare(batch, kind);
        if (rc != SQLITE_OK)
            return rc;
    }
    batch->table = kind == TABLE_EVENT ? &db_event_table : db_table_of(kind);
    batch->places = batch->by_kind[kind];
    batch->places_count = batch->by_kind_count[kind];
    sqlite3_step(batch->inserts[kind]);
    return sqlite3_reset(batch->inserts[kind]); /* the error of the step, if any */
}

int db_batch_insert(struct db_batch *batch, const struct db_record *ring, uint32_t ring_mask,
                    uint32_t first, uint32_t count)
{
    assert(count <= batch->records_max);
    batch->ring = ring;
    memset(batch->by_kind_count, 0, sizeof(batch->by_kind_count));
    for (uint32_t i = 0; i < count; i++) {
        uint32_t place = (first + i) & ring_mask;
        uint16_t kind = ring[place].event.kind;

        assert(db_table_of(kind) != NULL);
        batch->by_kind[kind][batch->by_kind_count[kind]++] = place;
        if (kind != EVENT_RULE && kind != EVENT_VERDICT)
            batch->by_kind[TABLE_EVENT][batch->by_kind_count[TABLE_EVENT]++] = place;
    }
    for (unsigned kind = TABLE_EVENT; kind < EVENT_KIND_COUNT; kind++) {
        int rc = insert_kind(batch, kind);

        if (rc != SQLITE_OK)
            return rc;
    }
    return SQLITE_OK;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/rule_expect.h"

#include "db/batch.h"
#include "rules/rules.h"

void expect(struct stream *s, const char *name, uint64_t seq)
{
    struct db_batch *batch;
    sqlite3 *db = stream_db_new(&batch);
    GArray *found[2];

    g_assert_nonnull(rule_find(name));
    stream_insert(batch, s);
    found[0] = breaches_online(s);
    found[1] = breaches_sql_of(db, name);
    for (unsigned judge = 0; judge < 2; judge++) {
        uint64_t first = 0;
        unsigned count = 0;

        for (guint i = 0; i < found[judge]->len; i++) {
            const struct breach *breach = &g_array_index(found[judge], struct breach, i);

            if (breach->rule_id == rule_find(name)->id && count++ == 0)
                first = breach->seq;
        }
        if (first != seq || count > 1)
            g_error("%s: %s says %" G_GUINT64_FORMAT " and %u in all, want %" G_GUINT64_FORMAT,
                    name, judge == 0 ? "the checker" : "the query", first, count, seq);
        g_array_unref(found[judge]);
    }
    stream_db_free(db, batch);
}

void done(struct stream *s, const char *name, uint64_t seq)
{
    expect(s, name, seq);
    stream_free(s);
}

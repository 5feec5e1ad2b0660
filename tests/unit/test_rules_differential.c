/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The online checkers and the queries of db/invariants/ agree, event by event, on random streams:
 * such as an emulator could emit, and such as none could (any words before and after).
 */
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "db/batch.h"
#include "rules/rules.h"
#include "tests/unit/stream_random.h"

static void assert_same(GArray *online, GArray *sql, const struct stream *s)
{
    guint count = MIN(online->len, sql->len);

    for (guint i = 0; i < count || online->len != sql->len; i++) {
        struct breach none = {0, 0, 0};
        struct breach a = i < online->len ? g_array_index(online, struct breach, i) : none;
        struct breach b = i < sql->len ? g_array_index(sql, struct breach, i) : none;

        if (a.rule_id != b.rule_id || a.seq != b.seq || a.spa != b.spa)
            g_error("stream of %u events: the checkers say rule %u at %" G_GUINT64_FORMAT
                    " page %" G_GINT64_MODIFIER "x, the queries rule %u at %" G_GUINT64_FORMAT
                    " page %" G_GINT64_MODIFIER "x",
                    s->events->len, a.rule_id, a.seq, a.spa, b.rule_id, b.seq, b.spa);
    }
}

/* Most steps of a stream are of one theme, so that what a rule needs comes together. */
static struct stream *stream_random(unsigned round, bool any)
{
    struct stream *s = stream_new();
    unsigned steps = 5 + pick(round % 10 == 0 ? 300 : 60);
    bool wide = round % 8 == 0; /* 2 MiB pages are 512 times the work for the queries */
    theme_fn *theme = themes[pick(themes_count)];

    for (unsigned i = 0; i < steps; i++) {
        if (theme != NULL && pick(3) != 0) {
            theme(s, wide);
            if (any && pick(4) == 0)
                mangle_last(s);
        } else {
            (any ? step_any : step_plausible)(s, wide);
        }
    }
    return s;
}

/* Adds how many breaches there were, by rule. */
static void run_streams(unsigned streams_count, bool any, unsigned *breaches)
{
    struct db_batch *batch;
    sqlite3 *db = stream_db_new(&batch);

    for (unsigned round = 0; round < streams_count; round++) {
        struct stream *s = stream_random(round, any);
        GArray *online, *sql;

        g_assert_cmpint(sqlite3_exec(db, "BEGIN", NULL, NULL, NULL), ==, SQLITE_OK);
        stream_insert(batch, s);
        online = breaches_online(s);
        sql = breaches_sql(db, round % 25 != 0);
        assert_same(online, sql, s);
        for (guint i = 0; i < online->len; i++)
            breaches[g_array_index(online, struct breach, i).rule_id]++;
        g_assert_cmpint(sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL), ==, SQLITE_OK);
        g_array_unref(online);
        g_array_unref(sql);
        stream_free(s);
    }
    stream_db_free(db, batch);
}

/* PROVA_DIFFERENTIAL_STREAMS asks for more. */
static unsigned streams_wanted(void)
{
    const char *text = g_getenv("PROVA_DIFFERENTIAL_STREAMS");

    return text != NULL ? (unsigned)strtoul(text, NULL, 10) : 1500;
}

static void assert_all_seen(const unsigned *breaches)
{
    size_t count;
    const struct rule_info *list = rules_list(&count);

    for (size_t i = 0; i < count; i++)
        g_test_message("%s: %u breaches", list[i].name, breaches[list[i].id]);
    /* Else the comparison would say nothing about it. */
    for (size_t i = 0; i < count; i++)
        if (breaches[list[i].id] < streams_wanted() / 20)
            g_error("%s: only %u breaches", list[i].name, breaches[list[i].id]);
}

static void test_plausible(void)
{
    unsigned breaches[RULE_ID_END] = {0};

    run_streams(streams_wanted(), false, breaches);
    assert_all_seen(breaches);
}

static void test_any(void)
{
    unsigned breaches[RULE_ID_END] = {0};

    run_streams(streams_wanted(), true, breaches);
    assert_all_seen(breaches);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rules/differential/plausible-streams", test_plausible);
    g_test_add_func("/rules/differential/any-streams", test_any);
    return g_test_run();
}

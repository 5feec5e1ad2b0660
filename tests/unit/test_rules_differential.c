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
#include "tests/unit/stream_build.h"

static unsigned pick(unsigned below)
{
    return (unsigned)g_test_rand_int_range(0, (gint)below);
}

/* Few pages and GPAs, so that they meet; both 4 KiB ones and those of one 2 MiB range. */
static uint64_t pick_spn(bool wide)
{
    return !wide || pick(4) != 0 ? pick(5) : 512 + (pick(2) != 0 ? 0 : pick(3));
}

static uint64_t pick_gpn(void)
{
    return pick(4) != 0 ? pick(4) : 512 + pick(3);
}

static void step_plausible(struct stream *s, bool wide)
{
    uint64_t spn = pick_spn(wide);

    switch (pick(14)) {
    case 0:
    case 1:
        s_assign(s, spn, pick_gpn(), PAGE_4K);
        break;
    case 2:
        if (wide)
            s_assign(s, 512, 512 * pick(2), PAGE_2M);
        else
            s_assign(s, spn, pick_gpn(), PAGE_4K);
        break;
    case 3:
        s_unassign(s, spn);
        break;
    case 4:
    case 5:
    case 6:
        s_validate(s, spn, pick(4) != 0);
        break;
    case 7:
    case 8:
        s_adjust(s, spn, 1 + pick(3), (uint8_t)(pick(3) != 0 ? pick(16) : 0), pick(6) == 0);
        break;
    case 9:
        s_smash(s, spn);
        break;
    case 10:
        s_store(s, spn);
        break;
    case 11:
        s_scrub(s, spn);
        break;
    case 12:
        if (pick(2) != 0)
            s_vmrun(s, (uint16_t)pick(3), pick(3), (uint8_t)(pick(4) == 0));
        else
            s_exit(s, (uint16_t)pick(3), pick(3));
        break;
    default:
        if (pick(3) == 0)
            s_secret(s, spn, pick(2) != 0);
        else
            s_launch(s, pick(5), pick_gpn(), pick(2) != 0, (uint8_t)(pick(4) == 0));
        break;
    }
    /* Some instructions fail: refused, or ended by an exception. */
    if (pick(12) == 0) {
        struct event *last = &g_array_index(s->events, struct event, s->events->len - 1);

        if (last->kind == EVENT_RMP && pick(2) != 0) {
            last->rmp.outcome = (uint8_t)(1 + pick(5));
        } else if (last->kind == EVENT_RMP) {
            last->rmp.rc = 1 + pick(6);
            last->rmp.after_lo = last->rmp.before_lo;
            last->rmp.after_hi = last->rmp.before_hi;
        }
    }
}

static struct rmp_entry entry_any(bool wide)
{
    struct rmp_entry entry = {.assigned = pick(4) != 0, .size = wide && pick(8) == 0,
                              .validated = pick(2) != 0, .vmsa = pick(8) == 0, .asid = pick(3),
                              .immutable = pick(8) == 0, .lock = pick(9) == 0,
                              .in_use = pick(5) == 0};

    entry.gpn = pick_gpn() & 0x7fffffffff;
    for (unsigned vmpl = 0; vmpl < VMPL_COUNT; vmpl++)
        entry.perm[vmpl] = pick(2) != 0 ? 0 : (uint8_t)pick(32);
    return entry;
}

static void step_any(struct stream *s, bool wide)
{
    struct event *event;

    if (pick(4) == 0) {
        step_plausible(s, wide);
        return;
    }
    event = stream_rmp(s, (uint8_t)(1 + pick(7)), pick_spn(wide), entry_any(wide));
    if (pick(2) != 0) {
        struct rmp_entry before = entry_any(wide);

        event->rmp.before_lo = rmp_raw_of(&before).lo;
        event->rmp.before_hi = rmp_raw_of(&before).hi;
    }
    event->rmp.spa |= pick(3) == 0 ? pick(4096) : 0;
    event->rmp.size = wide && pick(10) == 0;
    event->rmp.outcome = (uint8_t)(pick(10) == 0 ? pick(6) : 0);
    event->rmp.rc = pick(10) == 0;
    event->rmp.cf = pick(3) == 0;
    event->rmp.operand = (uint8_t)pick(4);
}

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

/* Returns how many breaches there were, by rule. */
static void run_streams(unsigned streams_count, void (*step)(struct stream *, bool),
                        unsigned *breaches)
{
    struct db_batch *batch;
    sqlite3 *db = stream_db_new(&batch);

    for (unsigned round = 0; round < streams_count; round++) {
        struct stream *s = stream_new();
        unsigned steps = 5 + pick(round % 10 == 0 ? 300 : 60);
        GArray *online, *sql;

        for (unsigned i = 0; i < steps; i++)
            step(s, round % 8 == 0); /* 2 MiB pages are 512 times the work for the queries */
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
    for (unsigned id = 1; id < RULE_ID_END; id++) {
        g_test_message("rule %u: %u breaches", id, breaches[id]);
        /* Else the comparison would say nothing about it. */
        g_assert_cmpuint(breaches[id], >=, streams_wanted() / 20);
    }
}

static void test_plausible(void)
{
    unsigned breaches[RULE_ID_END] = {0};

    run_streams(streams_wanted(), step_plausible, breaches);
    assert_all_seen(breaches);
}

static void test_any(void)
{
    unsigned breaches[RULE_ID_END] = {0};

    run_streams(streams_wanted(), step_any, breaches);
    assert_all_seen(breaches);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rules/differential/plausible-streams", test_plausible);
    g_test_add_func("/rules/differential/any-streams", test_any);
    return g_test_run();
}

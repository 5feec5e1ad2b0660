/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/stream_build.h"

#include <string.h>

#include "db/batch.h"
#include "db/internal.h"
#include "rmp/insn.h"
#include "rules/rules.h"

enum { RING_EVENTS = 1024 };

struct stream *stream_new(void)
{
    struct stream *s = g_new0(struct stream, 1);
    struct event *start;

    s->events = g_array_new(FALSE, TRUE, sizeof(struct event));
    start = stream_add(s, EVENT_RUN_START, ACTOR_RUN);
    start->run.memory_bytes = STREAM_PAGES * PAGE_BYTES;
    return s;
}

void stream_free(struct stream *s)
{
    g_array_unref(s->events);
    g_free(s);
}

struct event *stream_add(struct stream *s, uint16_t kind, uint8_t actor)
{
    struct event event;

    memset(&event, 0, sizeof(event));
    event.seq = s->events->len + 1;
    event.time = event.seq * 100;
    event.kind = kind;
    event.vcpu = actor == ACTOR_RUN ? EVENT_NO_VCPU : 0;
    event.vmpl = actor <= ACTOR_E3 ? actor : EVENT_NO_VMPL;
    event.actor = actor;
    g_array_append_val(s->events, event);
    return &g_array_index(s->events, struct event, s->events->len - 1);
}

static uint64_t base_of(const struct stream *s, uint64_t spn)
{
    const struct rmp_entry *base = &s->entries[spn & ~(uint64_t)511];

    return base->assigned && base->size ? spn & ~(uint64_t)511 : spn;
}

static bool is_open(const struct rmp_entry *entry)
{
    return (entry->perm[1] | entry->perm[2] | entry->perm[3]) != 0;
}

/* A page of VMPL0's that goes elsewhere keeps its bytes. */
static void labels_rebind(struct stream *s, uint64_t spn, uint8_t insn,
                          const struct rmp_entry *after)
{
    const struct rmp_entry *before = &s->entries[spn];

    if ((insn == RMP_INSN_RMPUPDATE || insn == RMP_INSN_FIRMWARE) &&
        (before->assigned != after->assigned || before->asid != after->asid ||
         before->gpn != after->gpn || before->size != after->size)) {
        s->kept[spn] |= s->stored[spn];
        s->stored[spn] = false;
    }
}

struct event *stream_rmp(struct stream *s, uint8_t insn, uint64_t spn, struct rmp_entry after)
{
    uint64_t first = base_of(s, spn);
    struct rmp_entry before = s->entries[first];
    bool wide = (before.assigned && before.size) || (after.assigned && after.size);
    struct event *event = stream_add(s, EVENT_RMP, insn <= RMP_INSN_RMPQUERY ? ACTOR_E0
                                                   : insn == RMP_INSN_FIRMWARE ? ACTOR_PSP
                                                                               : ACTOR_HV);

    if (wide)
        first &= ~(uint64_t)511;
    for (uint64_t i = 0; i < (wide ? 512 : 1); i++) {
        struct rmp_entry entry = after;

        entry.gpn += after.assigned ? i : 0;
        labels_rebind(s, first + i, insn, &entry);
        s->entries[first + i] = entry;
    }
    event->rmp.spa = first << PAGE_SHIFT;
    event->rmp.gpa = (uint64_t)after.gpn << PAGE_SHIFT;
    event->rmp.before_lo = rmp_raw_of(&before).lo;
    event->rmp.before_hi = rmp_raw_of(&before).hi;
    event->rmp.after_lo = rmp_raw_of(&after).lo;
    event->rmp.after_hi = rmp_raw_of(&after).hi;
    event->rmp.insn = insn;
    event->rmp.size = wide ? PAGE_2M : PAGE_4K;
    event->rmp.target_vmpl = 0xff;
    return event;
}

static uint64_t seq_now(const struct stream *s)
{
    return s->events->len;
}

uint64_t s_launch(struct stream *s, uint64_t spn, uint64_t gpn, bool monitor, uint8_t perm1)
{
    struct event *event = stream_add(s, EVENT_LAUNCH_PAGE, ACTOR_PSP);

    event->launch_page.spa = spn << PAGE_SHIFT;
    event->launch_page.gpa = gpn << PAGE_SHIFT;
    event->launch_page.page_type = 1;
    event->launch_page.owner = monitor ? LAUNCH_OWNER_MONITOR : LAUNCH_OWNER_GUEST;
    event->launch_page.perm[0] = 0xf;
    event->launch_page.perm[1] = perm1;
    s->entries[spn] = (struct rmp_entry){.assigned = 1, .validated = 1, .asid = STREAM_ASID,
                                         .gpn = gpn & 0x7fffffffff, .perm = {0xf, perm1}};
    s->kept[spn] = monitor && perm1 == 0;
    s->stored[spn] = false;
    return seq_now(s);
}

uint64_t s_assign(struct stream *s, uint64_t spn, uint64_t gpn, enum page_size size)
{
    struct rmp_entry after = {.assigned = 1, .size = size & 1, .asid = STREAM_ASID,
                              .gpn = gpn & 0x7fffffffff, .perm = {0x1f}};

    return stream_rmp(s, RMP_INSN_RMPUPDATE, spn, after)->seq;
}

uint64_t s_unassign(struct stream *s, uint64_t spn)
{
    return stream_rmp(s, RMP_INSN_RMPUPDATE, spn, (struct rmp_entry){0})->seq;
}

uint64_t s_validate(struct stream *s, uint64_t spn, bool valid)
{
    struct rmp_entry after = s->entries[base_of(s, spn)];
    struct event *event;
    bool same = after.validated == valid;

    after.validated = valid;
    event = stream_rmp(s, RMP_INSN_PVALIDATE, spn, after);
    event->rmp.operand = valid;
    event->rmp.cf = same;
    return event->seq;
}

uint64_t s_adjust(struct stream *s, uint64_t spn, unsigned vmpl, uint8_t mask, bool vmsa)
{
    struct rmp_entry after = s->entries[base_of(s, spn)];
    struct event *event;

    after.perm[vmpl] = mask;
    after.vmsa = vmsa;
    event = stream_rmp(s, RMP_INSN_RMPADJUST, spn, after);
    event->rmp.target_vmpl = (uint8_t)vmpl;
    event->rmp.operand = mask;
    for (uint64_t i = 0; i < (event->rmp.size == PAGE_2M ? 512 : 1); i++) {
        uint64_t page = (event->rmp.spa >> PAGE_SHIFT) + i;

        event->rmp.bytes_monitor += s->kept[page] ? 100 : 0;
        if (mask != 0)
            s->stored[page] = false; /* VMPL0's own decision */
    }
    return event->seq;
}

uint64_t s_smash(struct stream *s, uint64_t spn)
{
    struct rmp_entry after = s->entries[base_of(s, spn)];
    uint64_t seq;

    after.size = PAGE_4K;
    seq = stream_rmp(s, RMP_INSN_PSMASH, spn, after)->seq;
    return seq;
}

uint64_t s_firmware(struct stream *s, uint64_t spn, struct rmp_entry after)
{
    return stream_rmp(s, RMP_INSN_FIRMWARE, spn, after)->seq;
}

static uint64_t page_event(struct stream *s, uint16_t kind, uint64_t spn)
{
    struct event *event = stream_add(s, kind, ACTOR_E0);

    event->page.spa = spn << PAGE_SHIFT;
    return event->seq;
}

uint64_t s_store(struct stream *s, uint64_t spn)
{
    s->stored[spn] |= !is_open(&s->entries[spn]);
    return page_event(s, EVENT_STORE, spn);
}

uint64_t s_scrub(struct stream *s, uint64_t spn)
{
    s->kept[spn] = false;
    s->stored[spn] = !is_open(&s->entries[spn]);
    return page_event(s, EVENT_SCRUB, spn);
}

static uint64_t world_event(struct stream *s, uint16_t vcpu, uint64_t spn, uint8_t phase,
                            uint8_t result)
{
    struct event *event = stream_add(s, EVENT_WORLD, ACTOR_HV);

    event->vcpu = vcpu;
    event->world.vmsa_spa = spn << PAGE_SHIFT;
    event->world.phase = phase;
    event->world.result = result;
    return event->seq;
}

uint64_t s_vmrun(struct stream *s, uint16_t vcpu, uint64_t spn, uint8_t result)
{
    return world_event(s, vcpu, spn, 0, result);
}

uint64_t s_exit(struct stream *s, uint16_t vcpu, uint64_t spn)
{
    return world_event(s, vcpu, spn, 1, 0);
}

uint64_t s_secret(struct stream *s, uint64_t spn, bool allowed)
{
    struct event *event = stream_add(s, EVENT_SECRET, ACTOR_E0);

    event->secret.spa = spn << PAGE_SHIFT;
    event->secret.where = SECRET_IN_SHARED_PAGE;
    event->secret.entity = ACTOR_HV;
    event->secret.allowed = allowed;
    g_strlcpy(event->secret.name, "vmpck0", sizeof(event->secret.name));
    return event->seq;
}

void s_page(struct stream *s, uint64_t spn, uint64_t gpn)
{
    s_assign(s, spn, gpn, PAGE_4K);
    s_validate(s, spn, true);
}

static void breach_observe(void *user, const struct event *event)
{
    struct breach breach = {event->rule.rule_id, event->seq, event->rule.spa};

    if (event->kind == EVENT_RULE)
        g_array_append_val((GArray *)user, breach);
}

static gint breach_compare(gconstpointer a, gconstpointer b)
{
    const struct breach *x = a, *y = b;

    if (x->seq != y->seq)
        return x->seq < y->seq ? -1 : 1;
    return (x->rule_id > y->rule_id) - (x->rule_id < y->rule_id);
}

/* PROVA_RULE_OFF names a rule that neither judge knows: some test must miss it. */
static bool rule_is_off(const char *name)
{
    const char *off = g_getenv("PROVA_RULE_OFF");

    return off != NULL && strcmp(off, name) == 0;
}

static uint64_t rules_off(void)
{
    size_t count;
    const struct rule_info *list = rules_list(&count);
    uint64_t off = 0;

    for (size_t i = 0; i < count; i++)
        if (rule_is_off(list[i].name))
            off |= UINT64_C(1) << list[i].id;
    return off;
}

GArray *breaches_online(const struct stream *s)
{
    GArray *found = g_array_new(FALSE, FALSE, sizeof(struct breach));
    struct trace *trace = trace_new();
    struct rules_config config = {.disabled = rules_off()}; /* memory: from run_start */
    struct rules *rules = rules_attach(trace, &config);

    g_assert_nonnull(rules);
    g_assert_true(trace_attach(trace, breach_observe, found));
    for (guint i = 0; i < s->events->len; i++) {
        struct event event = g_array_index(s->events, struct event, i);

        g_assert_cmpuint(trace_emit(trace, &event), ==, i + 1);
    }
    rules_free(rules);
    trace_free(trace);
    g_array_sort(found, breach_compare);
    return found;
}

sqlite3 *stream_db_new(struct db_batch **batch)
{
    sqlite3 *db;

    g_assert_cmpint(sqlite3_open(":memory:", &db), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_exec(db, db_schema_sql, NULL, NULL, NULL), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_exec(db, db_views_sql, NULL, NULL, NULL), ==, SQLITE_OK);
    *batch = db_batch_new(db, RING_EVENTS);
    g_assert_nonnull(*batch);
    return db;
}

void stream_db_free(sqlite3 *db, struct db_batch *batch)
{
    db_batch_free(batch);
    sqlite3_close(db);
}

void stream_insert(struct db_batch *batch, const struct stream *s)
{
    struct db_record *ring = g_new0(struct db_record, RING_EVENTS);

    for (guint first = 0; first < s->events->len; first += RING_EVENTS) {
        guint count = MIN(s->events->len - first, RING_EVENTS);

        for (guint i = 0; i < count; i++)
            ring[i].event = g_array_index(s->events, struct event, first + i);
        g_assert_cmpint(db_batch_insert(batch, ring, RING_EVENTS - 1, 0, count), ==, SQLITE_OK);
    }
    g_free(ring);
}

static void query_run(sqlite3 *db, const struct db_invariant *invariant, GArray *found)
{
    sqlite3_stmt *statement;
    int rc;

    if (rule_is_off(invariant->name))
        return;
    if (sqlite3_prepare_v2(db, invariant->sql, -1, &statement, NULL) != SQLITE_OK)
        g_error("%s: %s", invariant->name, sqlite3_errmsg(db));
    while ((rc = sqlite3_step(statement)) == SQLITE_ROW) {
        struct breach breach = {
            .rule_id = rule_find(invariant->name)->id,
            .seq = (uint64_t)sqlite3_column_int64(statement, 0),
            .spa = (uint64_t)sqlite3_column_int64(statement, 1),
        };

        g_array_append_val(found, breach);
    }
    g_assert_cmpint(rc, ==, SQLITE_DONE);
    sqlite3_finalize(statement);
}

GArray *breaches_sql(sqlite3 *db, bool shared)
{
    GArray *found = g_array_new(FALSE, FALSE, sizeof(struct breach));
    size_t count;
    const struct db_invariant *list = db_invariant_list(&count);

    if (shared)
        g_assert_cmpint(db_shared_create(db), ==, SQLITE_OK);
    for (size_t i = 0; i < count; i++)
        query_run(db, &list[i], found);
    if (shared)
        db_shared_drop(db);
    g_array_sort(found, breach_compare);
    return found;
}

GArray *breaches_sql_of(sqlite3 *db, const char *name)
{
    GArray *found = g_array_new(FALSE, FALSE, sizeof(struct breach));

    query_run(db, db_invariant_find(name), found);
    return found;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For each rule streams that break it, at one event, and streams that come near and do not. */
#include <glib.h>
#include <string.h>

#include "db/check.h"
#include "rmp/insn.h"
#include "rules/rules.h"
#include "tests/unit/rule_expect.h"

static void test_single_binding(void)
{
    struct stream *s = stream_new();

    s_page(s, 1, 7);
    s_page(s, 2, 8); /* other GPA */
    s_assign(s, 3, 7, PAGE_4K); /* same GPA, not valid */
    expect(s, "single-binding", 0);
    s_validate(s, 1, false);
    s_validate(s, 3, true); /* the other has been rescinded */
    expect(s, "single-binding", 0);
    s_assign(s, 1, 9, PAGE_4K);
    s_assign(s, 1, 7, PAGE_4K);
    done(s, "single-binding", s_validate(s, 1, true));

    s = stream_new(); /* rebinding ends a binding */
    s_page(s, 1, 7);
    s_unassign(s, 1);
    s_page(s, 2, 7);
    done(s, "single-binding", 0);

    s = stream_new(); /* a 4 KiB page inside a valid 2 MiB range */
    s_page(s, 1, 512 + 33);
    s_assign(s, 1024, 512, PAGE_2M);
    done(s, "single-binding", s_validate(s, 1024, true));

    s = stream_new(); /* PSMASH moves nothing */
    s_assign(s, 1024, 512, PAGE_2M);
    s_validate(s, 1024, true);
    s_smash(s, 1024);
    expect(s, "single-binding", 0);
    s_unassign(s, 1024 + 33);
    s_page(s, 1, 512 + 33);
    expect(s, "single-binding", 0);
    done(s, "single-binding", (s_assign(s, 2, 512 + 34, PAGE_4K), s_validate(s, 2, true)));

    s = stream_new(); /* a launch page counts, under the ASID it was assigned to */
    s_assign(s, 1, 7, PAGE_4K);
    s_launch(s, 1, 7, true, 0);
    s_assign(s, 2, 7, PAGE_4K);
    done(s, "single-binding", s_validate(s, 2, true));
}

static void test_double_validate(void)
{
    struct stream *s = stream_new();

    s_page(s, 1, 7);
    s_validate(s, 1, false);
    s_validate(s, 1, false); /* CF=1, but rescinding is no validation */
    s_validate(s, 1, true);
    expect(s, "double-validate", 0);
    done(s, "double-validate", s_validate(s, 1, true)); /* CF=1 */

    s = stream_new(); /* CF does not tell about another page */
    s_page(s, 1, 7);
    s_assign(s, 2, 7, PAGE_4K);
    done(s, "double-validate", s_validate(s, 2, true));

    s = stream_new(); /* firmware's doing breaks the invariant, not the monitor's rule */
    s_page(s, 1, 7);
    s_assign(s, 2, 7, PAGE_4K);
    s_launch(s, 2, 7, false, 0);
    expect(s, "single-binding", s->events->len);
    done(s, "double-validate", 0);

    s = stream_new(); /* an instruction that failed did nothing */
    s_page(s, 1, 7);
    s_validate(s, 1, true);
    g_array_index(s->events, struct event, s->events->len - 1).rmp.rc = RMP_RC_FAIL_SIZEMISMATCH;
    done(s, "double-validate", 0);
}

static void test_grant_before_scrub(void)
{
    struct stream *s = stream_new();

    s_page(s, 1, 7);
    s_scrub(s, 1);
    s_adjust(s, 1, 3, 0xf, false);
    expect(s, "grant-before-scrub", 0);
    s_adjust(s, 1, 3, 0, false); /* taking away is no grant */
    s_validate(s, 1, false);
    s_validate(s, 1, true);
    s_adjust(s, 1, 3, 0, true);
    expect(s, "grant-before-scrub", 0);
    done(s, "grant-before-scrub", s_adjust(s, 1, 2, RMP_PERM_R, false));

    s = stream_new(); /* the scrub of another page, or before PVALIDATE, does not count */
    s_assign(s, 1, 7, PAGE_4K);
    s_scrub(s, 1);
    s_validate(s, 1, true);
    s_scrub(s, 2);
    done(s, "grant-before-scrub", s_adjust(s, 1, 3, RMP_PERM_W, false));

    s = stream_new(); /* one page of 512 is missing */
    s_assign(s, 1024, 512, PAGE_2M);
    s_validate(s, 1024, true);
    for (unsigned i = 0; i < 512; i++)
        if (i != 300)
            s_scrub(s, 1024 + i);
    done(s, "grant-before-scrub", s_adjust(s, 1024, 3, RMP_PERM_R, false));

    s = stream_new(); /* PSMASH keeps what is known of each page */
    s_assign(s, 1024, 512, PAGE_2M);
    s_validate(s, 1024, true);
    s_scrub(s, 1024 + 5);
    s_smash(s, 1024);
    s_adjust(s, 1024 + 5, 3, RMP_PERM_R, false);
    expect(s, "grant-before-scrub", 0);
    done(s, "grant-before-scrub", s_adjust(s, 1024 + 6, 3, RMP_PERM_R, false));

    s = stream_new(); /* a guest's launch page was never VMPL0's */
    s_launch(s, 1, 7, false, 0);
    s_adjust(s, 1, 3, 0xf, false);
    done(s, "grant-before-scrub", 0);
}

/* VeriSMo (OSDI'24) 8.4.1: a page with VMPL0's secret comes back under a GPA of the guest. */
static struct stream *paper_attack(bool scrubs, uint64_t *grant, uint8_t mask)
{
    struct stream *s = stream_new();

    s_page(s, 1, 7);
    s_store(s, 1); /* the secret */
    s_assign(s, 1, 100, PAGE_4K);
    s_validate(s, 1, true);
    s_store(s, 1);
    if (scrubs)
        s_scrub(s, 1);
    *grant = s_adjust(s, 1, 3, mask, false);
    return s;
}

static void test_vmpl0_private(void)
{
    uint64_t grant;
    struct stream *s = paper_attack(false, &grant, RMP_PERM_R);

    expect(s, "vmpl0-confidentiality", grant);
    expect(s, "grant-before-scrub", grant);
    done(s, "vmpl0-integrity", 0);
    s = paper_attack(false, &grant, RMP_PERM_XS | RMP_PERM_W);
    expect(s, "vmpl0-integrity", grant);
    done(s, "vmpl0-confidentiality", grant);
    s = paper_attack(true, &grant, 0xf);
    expect(s, "vmpl0-confidentiality", 0);
    done(s, "vmpl0-integrity", 0);

    s = stream_new(); /* VMPL0's own decision: what it wrote in this binding */
    s_page(s, 1, 7);
    s_store(s, 1);
    s_adjust(s, 1, 3, RMP_PERM_R, false);
    expect(s, "vmpl0-confidentiality", 0);
    s_assign(s, 1, 8, PAGE_4K); /* and then it is no secret any more */
    s_validate(s, 1, true);
    s_adjust(s, 1, 3, RMP_PERM_R, false);
    done(s, "vmpl0-confidentiality", 0);

    s = stream_new(); /* a page written through and through holds VMPL0's bytes, too */
    s_page(s, 1, 7);
    s_scrub(s, 1);
    s_unassign(s, 1);
    s_page(s, 1, 8);
    done(s, "vmpl0-confidentiality", s_adjust(s, 1, 3, RMP_PERM_R, false));

    s = stream_new(); /* pages that lower VMPLs reach hold no secrets */
    s_page(s, 1, 7);
    s_adjust(s, 1, 3, 0xf, false);
    s_store(s, 1);
    s_assign(s, 1, 8, PAGE_4K);
    s_validate(s, 1, true);
    s_adjust(s, 1, 3, 0xf, false);
    done(s, "vmpl0-confidentiality", 0);
}

static void test_vmpl0_launch_page(void)
{
    struct rmp_entry open = {.assigned = 1, .validated = 1, .asid = STREAM_ASID, .gpn = 7,
                             .perm = {0x1f, 0, 0, RMP_PERM_R}};
    struct stream *s = stream_new();

    s_assign(s, 1, 7, PAGE_4K);
    s_launch(s, 1, 7, true, 0);
    s_adjust(s, 1, 1, 0, true); /* a VMSA page: nothing granted */
    expect(s, "vmpl0-confidentiality", 0);
    expect(s, "vmpl0-integrity", 0);
    done(s, "vmpl0-integrity", s_adjust(s, 1, 2, RMP_PERM_W | RMP_PERM_R, false));

    s = stream_new(); /* guest's page, and monitor's page meant to be shared from the start */
    s_launch(s, 1, 7, false, 0);
    s_launch(s, 2, 8, true, RMP_PERM_R);
    s_adjust(s, 1, 3, 0xf, false);
    s_adjust(s, 2, 3, 0xf, false);
    done(s, "vmpl0-confidentiality", 0);

    s = stream_new(); /* overwritten in full: VMPL0 gives it away */
    s_launch(s, 1, 7, true, 0);
    s_scrub(s, 1);
    s_adjust(s, 1, 3, 0xf, false);
    done(s, "vmpl0-confidentiality", 0);

    s = stream_new(); /* the bytes decide, not the page: all of it is zero, or a part was left */
    s_launch(s, 1, 7, true, 0);
    s_adjust(s, 1, 3, RMP_PERM_R, false);
    g_array_index(s->events, struct event, s->events->len - 1).rmp.bytes_monitor = 0;
    s_page(s, 2, 8);
    expect(s, "vmpl0-confidentiality", 0);
    s_adjust(s, 2, 3, RMP_PERM_R, false);
    g_array_index(s->events, struct event, s->events->len - 1).rmp.bytes_monitor = 1;
    done(s, "vmpl0-confidentiality", s->events->len);

    s = stream_new(); /* one page of a 2 MiB entry */
    s_assign(s, 1024, 512, PAGE_2M);
    s_validate(s, 1024, true);
    s_store(s, 1024 + 300);
    s_assign(s, 1024, 1024, PAGE_2M);
    s_validate(s, 1024, true);
    done(s, "vmpl0-integrity", s_adjust(s, 1024, 3, RMP_PERM_W, false));

    s = stream_new(); /* rebound */
    s_assign(s, 1, 7, PAGE_4K);
    s_launch(s, 1, 7, true, 0);
    s_assign(s, 1, 9, PAGE_4K);
    s_validate(s, 1, true);
    done(s, "vmpl0-integrity", s_adjust(s, 1, 3, RMP_PERM_W, false));

    s = stream_new(); /* firmware opens a page that VMPL0 only stored to */
    s_page(s, 1, 7);
    s_store(s, 1);
    done(s, "vmpl0-confidentiality", s_firmware(s, 1, open));
    s = stream_new(); /* and one that holds nothing */
    s_page(s, 1, 7);
    s_firmware(s, 1, open);
    done(s, "vmpl0-confidentiality", 0);
}

static void test_vmsa_sealed(void)
{
    struct stream *s = stream_new();

    s_page(s, 1, 7);
    s_adjust(s, 1, 1, RMP_PERM_R, true);
    s_vmrun(s, 0, 1, 0);
    s_exit(s, 0, 1);
    s_vmrun(s, 1, 1, 0);
    expect(s, "vmsa-sealed", 0);
    s_vmrun(s, 0, 1, 2); /* refused: busy */
    expect(s, "vmsa-sealed", 0);
    s_vmrun(s, 1, 1, 0); /* by the same processor, though the stream lacks the exit */
    expect(s, "vmsa-sealed", 0);
    done(s, "vmsa-sealed", s_vmrun(s, 0, 1, 0));

    s = stream_new();
    s_page(s, 1, 7);
    s_adjust(s, 1, 2, 0xf, false);
    expect(s, "vmsa-sealed", 0);
    done(s, "vmsa-sealed", s_adjust(s, 1, 1, 0, true)); /* VMPL2 can still write */

    s = stream_new(); /* entered though the stream shows no VMSA bit */
    s_page(s, 1, 7);
    s_adjust(s, 1, 2, 0xf, false);
    s_vmrun(s, 0, 1, 1); /* VMEXIT_INVALID */
    expect(s, "vmsa-sealed", 0);
    done(s, "vmsa-sealed", s_vmrun(s, 0, 1, 0));
}

static void test_secret_containment(void)
{
    struct stream *s = stream_new();

    s_secret(s, 1, true);
    expect(s, "secret-containment", 0);
    done(s, "secret-containment", s_secret(s, 1, false));
}

/* The wording that users see is the same in C and in SQL. */
static void test_same_words(void)
{
    size_t rules_count, invariants_count;
    const struct rule_info *rules = rules_list(&rules_count);
    const struct db_invariant *invariants = db_invariant_list(&invariants_count);

    g_assert_cmpuint(rules_count, ==, invariants_count);
    for (size_t i = 0; i < rules_count; i++) {
        g_assert_true(rule_info_of(rules[i].id) == &rules[i]);
        g_assert_cmpuint(rules[i].id, ==, i + 1);
        g_assert_cmpstr(rules[i].name, ==, invariants[i].name);
        g_assert_cmpint(rules[i].kind, ==, invariants[i].kind);
        g_assert_cmpstr(rules[i].description, ==, invariants[i].statement);
        g_assert_cmpstr(rules[i].source, ==, invariants[i].source);
        g_assert_true(db_invariant_find(rules[i].name) == &invariants[i]);
        g_assert_cmpuint(strlen(rules[i].name), <, sizeof(((struct event_rule *)0)->name));
    }
    g_assert_null(rule_find("no-such-rule"));
    g_assert_null(db_invariant_find("no-such-rule"));
}

static void feed(struct trace *trace, const struct stream *s, guint first, guint end)
{
    for (guint i = first; i < end; i++) {
        struct event event = g_array_index(s->events, struct event, i);

        trace_emit(trace, &event);
    }
}

struct verdicts {
    unsigned count, broken;
    uint64_t cause_seq;
};

static void verdict_observe(void *user, const struct event *event)
{
    struct verdicts *verdicts = user;

    if (event->kind != EVENT_VERDICT)
        return;
    verdicts->count++;
    if (!event->rule.holds) {
        verdicts->broken++;
        verdicts->cause_seq = event->rule.cause_seq;
    }
}

static void test_status_and_verdicts(void)
{
    struct stream *s = stream_new();
    struct trace *trace = trace_new();
    struct rules_config config = {.disabled = 1u << RULE_SINGLE_BINDING};
    struct rules *rules = rules_attach(trace, &config);
    struct verdicts verdicts = {0};
    uint64_t seq;
    size_t rules_count;

    rules_list(&rules_count);
    s_page(s, 1, 7);
    s_assign(s, 2, 7, PAGE_4K);
    seq = s_validate(s, 2, true);
    s_validate(s, 2, true);
    g_assert_true(trace_attach(trace, verdict_observe, &verdicts));
    feed(trace, s, 0, s->events->len);
    g_assert_cmpuint(rules_status(rules, RULE_SINGLE_BINDING).breaches, ==, 0);
    g_assert_false(rules_status(rules, RULE_SINGLE_BINDING).enabled);
    g_assert_cmpuint(rules_status(rules, RULE_DOUBLE_VALIDATE).breaches, ==, 2);
    g_assert_cmpuint(rules_status(rules, RULE_DOUBLE_VALIDATE).first_seq, ==, seq);
    g_assert_cmpuint(rules_status(rules, RULE_DOUBLE_VALIDATE).first_spa, ==, 0x2000);
    g_assert_cmpuint(rules_status(rules, RULE_DOUBLE_VALIDATE).first_gpa, ==, 0x7000);
    rules_emit_verdicts(rules);
    g_assert_cmpuint(verdicts.count, ==, rules_count - 1);
    g_assert_cmpuint(verdicts.broken, ==, 1);
    g_assert_cmpuint(verdicts.cause_seq, ==, seq);
    rules_free(rules);
    trace_free(trace);
    stream_free(s);
}

/* Put back, the rules say of the rest what they said the first time. */
static void test_mark(void)
{
    struct stream *s = stream_new();
    struct trace *trace = trace_new();
    struct rules_config config = {0};
    struct rules *rules = rules_attach(trace, &config);
    struct rules_mark *start = rules_mark_new(rules), *middle;
    struct trace_mark *trace_start = trace_mark_new(trace), *trace_middle;
    struct rule_status first;
    guint half;

    s_page(s, 1, 7);
    s_store(s, 1);
    s_assign(s, 1, 100, PAGE_4K);
    half = s->events->len;
    s_validate(s, 1, true);
    s_adjust(s, 1, 3, 0xf, false);
    feed(trace, s, 0, half);
    middle = rules_mark_new(rules);
    trace_middle = trace_mark_new(trace);
    feed(trace, s, half, s->events->len);
    first = rules_status(rules, RULE_VMPL0_INTEGRITY);
    g_assert_cmpuint(first.breaches, ==, 1);

    rules_mark_restore(rules, middle);
    trace_mark_restore(trace, trace_middle);
    g_assert_cmpuint(rules_status(rules, RULE_VMPL0_INTEGRITY).breaches, ==, 0);
    feed(trace, s, half, s->events->len);
    g_assert_cmpuint(rules_status(rules, RULE_VMPL0_INTEGRITY).first_seq, ==, first.first_seq);

    rules_mark_restore(rules, start);
    trace_mark_restore(trace, trace_start);
    feed(trace, s, 0, s->events->len);
    g_assert_cmpuint(rules_status(rules, RULE_VMPL0_INTEGRITY).first_seq, ==, first.first_seq);
    rules_mark_free(start);
    rules_mark_free(middle);
    trace_mark_free(trace_start);
    trace_mark_free(trace_middle);
    rules_free(rules);
    trace_free(trace);
    stream_free(s);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rules/single-binding", test_single_binding);
    g_test_add_func("/rules/double-validate", test_double_validate);
    g_test_add_func("/rules/grant-before-scrub", test_grant_before_scrub);
    g_test_add_func("/rules/vmpl0/old-content", test_vmpl0_private);
    g_test_add_func("/rules/vmpl0/launch-page", test_vmpl0_launch_page);
    g_test_add_func("/rules/vmsa-sealed", test_vmsa_sealed);
    g_test_add_func("/rules/secret-containment", test_secret_containment);
    g_test_add_func("/rules/same-words", test_same_words);
    g_test_add_func("/rules/status-and-verdicts", test_status_and_verdicts);
    g_test_add_func("/rules/mark", test_mark);
    return g_test_run();
}

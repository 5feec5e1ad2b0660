/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/rules.h"

#include <assert.h>
#include <glib.h>
#include <string.h>

#include "rmp/addr.h"
#include "rules/rule.h"

enum { VCPUS_MAX = 4096 }; /* APIC IDs; events of others are not asked where they run */

static const struct rule *const all[RULE_ID_END] = {
    [RULE_SINGLE_BINDING] = &rule_single_binding,
    [RULE_VMPL0_CONFIDENTIALITY] = &rule_vmpl0_confidentiality,
    [RULE_VMPL0_INTEGRITY] = &rule_vmpl0_integrity,
    [RULE_VMSA_SEALED] = &rule_vmsa_sealed,
    [RULE_SECRET_CONTAINMENT] = &rule_secret_containment,
    [RULE_DOUBLE_VALIDATE] = &rule_double_validate,
    [RULE_GRANT_BEFORE_SCRUB] = &rule_grant_before_scrub,
    [RULE_VM_INTEGRITY] = &rule_vm_integrity,
    [RULE_HV_CONFIDENTIALITY] = &rule_hv_confidentiality,
    [RULE_TRANSLATION] = &rule_translation,
    [RULE_ONE_TO_ONE] = &rule_one_to_one,
    [RULE_INJECTION] = &rule_injection,
    [RULE_PSP_SEQUENCE] = &rule_psp_sequence,
    [RULE_PSP_ANSWER] = &rule_psp_answer,
    [RULE_LOCK_KERNEL] = &rule_lock_kernel,
    [RULE_FAIL_STOP] = &rule_fail_stop,
    [RULE_CARRY_IGNORED] = &rule_carry_ignored,
    [RULE_GRANT_PRIVATE] = &rule_grant_private,
    [RULE_SHARE_SECRET] = &rule_share_secret,
    [RULE_PAGE_TABLE_EXPOSED] = &rule_page_table_exposed,
    [RULE_VALIDATE_PAGE_TABLE] = &rule_validate_page_table,
    [RULE_ALIAS] = &rule_alias,
    [RULE_DOUBLE_FETCH] = &rule_double_fetch,
    [RULE_USE_BEFORE_CONFIRM] = &rule_use_before_confirm,
    [RULE_VMSA_GRANT] = &rule_vmsa_grant,
    [RULE_VMSA_PRIVILEGED] = &rule_vmsa_privileged,
    [RULE_VMSA_CHECKED] = &rule_vmsa_checked,
    [RULE_VMSA_CURRENT] = &rule_vmsa_current,
    [RULE_STALE_TRANSLATION] = &rule_stale_translation,
    [RULE_MEASURED_CODE] = &rule_measured_code,
    [RULE_UNLOCKED_SHARED_STATE] = &rule_unlocked_shared_state,
    [RULE_LOST_EVENT] = &rule_lost_event,
    [RULE_GATE_SOURCE] = &rule_gate_source,
};

struct rules {
    struct trace *trace;
    uint64_t disabled;
    uint64_t kinds; /* RULE_KIND() of the events that anybody looks at */
    uint64_t asked[EVENT_KIND_COUNT][2];     /* bit id: rules that look at it, by moment */
    uint64_t remembers[EVENT_KIND_COUNT];    /* bit id: rules that take it over */
    struct rule_state state[RULE_ID_END];
    struct pages pages; /* empty until the size of memory is known */
    uint64_t running[VCPUS_MAX];
    uint32_t running_count; /* one more than the highest vCPU that ever ran */
    struct rule_status status[RULE_ID_END];
};

struct rules_mark {
    struct rules rules; /* its pages and maps are copies of its own; no pages if not known yet */
};

static void pages_alloc(struct pages *pages, uint64_t memory_bytes)
{
    uint64_t buckets = pages_buckets_count(memory_bytes >> PAGE_SHIFT);

    assert(pages->page == NULL && memory_bytes >> PAGE_SHIFT < UINT32_MAX);
    pages->count = memory_bytes >> PAGE_SHIFT;
    pages->page = g_new0(struct page, pages->count + 1);
    pages->buckets = g_new0(uint32_t, buckets);
    pages->buckets_mask = buckets - 1;
}

static void pages_free(struct pages *pages)
{
    g_free(pages->page);
    g_free(pages->buckets);
    *pages = (struct pages){0};
}

static void pages_copy(struct pages *to, const struct pages *from)
{
    assert(to->count == from->count);
    memcpy(to->page, from->page, from->count * sizeof(*from->page));
    memcpy(to->buckets, from->buckets, (from->buckets_mask + 1) * sizeof(*from->buckets));
}

static void states_clear(struct rule_state *states)
{
    for (unsigned id = 0; id < RULE_ID_END; id++)
        for (unsigned i = 0; i < RULE_MAPS; i++)
            word_map_clear(&states[id].map[i]);
}

static void states_copy(struct rule_state *to, const struct rule_state *from)
{
    for (unsigned id = 0; id < RULE_ID_END; id++)
        for (unsigned i = 0; i < RULE_MAPS; i++)
            word_map_copy(&to[id].map[i], &from[id].map[i]);
}

static uint64_t gpa_of(const struct rule_view *view, uint64_t spa)
{
    if (view->change != NULL)
        return (view->change->gpn + (spa >> PAGE_SHIFT) - view->change->first) << PAGE_SHIFT;
    switch (view->event->kind) {
    case EVENT_RMP:
        return view->event->rmp.gpa;
    case EVENT_SECRET:
        return view->event->secret.gpa;
    case EVENT_MOVE:
        return view->event->move.gpa;
    case EVENT_ALIAS:
        return view->event->alias.gpa;
    default:
        return 0;
    }
}

static void rule_event_fill(struct event *event, enum rule_id id)
{
    const struct rule_info *info = rule_info_of(id);

    event->rule.rule_id = id;
    event->rule.kind = info->kind;
    g_strlcpy(event->rule.name, info->name, sizeof(event->rule.name));
}

static void breach_emit(struct rules *rules, enum rule_id id, const struct rule_view *view,
                        uint64_t spa)
{
    struct rule_status *status = &rules->status[id];
    const struct event *cause = view->event;
    struct event event;

    if (status->breaches++ == 0) {
        status->first_seq = cause->seq;
        status->first_spa = spa;
        status->first_gpa = gpa_of(view, spa);
    }
    memset(&event, 0, sizeof(event));
    event.time = cause->time;
    event.rip = cause->rip;
    event.kind = EVENT_RULE;
    event.vcpu = cause->vcpu;
    event.vmpl = cause->vmpl;
    event.actor = cause->actor;
    rule_event_fill(&event, id);
    event.rule.cause_seq = cause->seq;
    event.rule.spa = spa;
    event.rule.gpa = gpa_of(view, spa);
    trace_emit_derived(rules->trace, &event);
}

static bool rule_is_on(const struct rules *rules, unsigned id)
{
    return (rules->disabled >> id & 1) == 0;
}

static void rules_run(struct rules *rules, struct rule_view *view, enum rule_moment moment)
{
    for (uint64_t ids = rules->asked[view->event->kind][moment]; ids != 0; ids &= ids - 1) {
        unsigned id = (unsigned)__builtin_ctzll(ids);
        uint64_t spa = 0;

        view->state = &rules->state[id];
        if (all[id]->check(view, &spa))
            breach_emit(rules, (enum rule_id)id, view, spa);
    }
}

static void rules_remember(struct rules *rules, struct rule_view *view)
{
    for (uint64_t ids = rules->remembers[view->event->kind]; ids != 0; ids &= ids - 1) {
        unsigned id = (unsigned)__builtin_ctzll(ids);

        view->state = &rules->state[id];
        all[id]->apply(view, &rules->state[id]);
    }
}

/* Which VMSA each processor is in: entered at VMRUN, left at whatever comes next. */
static void running_apply(struct rules *rules, const struct event *event)
{
    const struct event_world *world = &event->world;

    if (event->vcpu >= VCPUS_MAX)
        return;
    rules->running[event->vcpu] =
        world->phase == 0 && world->result == 0 ? world->vmsa_spa + 1 : 0;
    if (event->vcpu >= rules->running_count)
        rules->running_count = event->vcpu + 1u;
}

static void state_apply(struct rules *rules, const struct event *event, const struct change *change)
{
    if (change != NULL)
        pages_apply_change(&rules->pages, change);
    else if (event->kind == EVENT_STORE)
        pages_apply_store(&rules->pages, event->page.spa);
    else if (event->kind == EVENT_SCRUB)
        pages_apply_scrub(&rules->pages, event->page.spa);
    else if (event->kind == EVENT_WORLD)
        running_apply(rules, event);
    else if (event->kind == EVENT_RUN_START && rules->pages.page == NULL)
        pages_alloc(&rules->pages, event->run.memory_bytes);
}

/* Kinds that change what all rules look at; what else matters each rule says itself. */
enum {
    KINDS_OF_STATE = RULE_KIND(EVENT_RUN_START) | RULE_KIND(EVENT_LAUNCH_PAGE) |
                     RULE_KIND(EVENT_RMP) | RULE_KIND(EVENT_STORE) | RULE_KIND(EVENT_SCRUB) |
                     RULE_KIND(EVENT_WORLD),
};

/* Who is asked about what, so that an event costs nothing to the rules that it does not concern. */
static void kinds_prepare(struct rules *rules)
{
    rules->kinds = KINDS_OF_STATE;
    for (unsigned id = 1; id < RULE_ID_END; id++) {
        if (!rule_is_on(rules, id))
            continue;
        rules->kinds |= all[id]->kinds;
        for (unsigned kind = 1; kind < EVENT_KIND_COUNT; kind++) {
            if ((all[id]->kinds & RULE_KIND(kind)) == 0)
                continue;
            rules->asked[kind][all[id]->moment] |= UINT64_C(1) << id;
            if (all[id]->apply != NULL)
                rules->remembers[kind] |= UINT64_C(1) << id;
        }
    }
}

static void rules_observe(void *user, const struct event *event)
{
    struct rules *rules = user;
    struct change change;
    struct rule_view view = {
        .event = event,
        .pages = &rules->pages,
        .running = rules->running,
        .running_count = rules->running_count,
    };

    if ((rules->kinds & RULE_KIND(event->kind)) == 0)
        return;
    if (change_of(event, rules->pages.count, &change))
        view.change = &change;
    rules_run(rules, &view, RULE_BEFORE);
    state_apply(rules, event, view.change);
    rules_run(rules, &view, RULE_AFTER);
    rules_remember(rules, &view);
}

struct rules *rules_attach(struct trace *trace, const struct rules_config *config)
{
    struct rules *rules = g_new0(struct rules, 1);

    rules->trace = trace;
    rules->disabled = config->disabled;
    kinds_prepare(rules);
    if (config->memory_bytes != 0)
        pages_alloc(&rules->pages, config->memory_bytes);
    if (trace_attach(trace, rules_observe, rules))
        return rules;
    rules_free(rules);
    return NULL;
}

void rules_free(struct rules *rules)
{
    if (rules == NULL)
        return;
    pages_free(&rules->pages);
    states_clear(rules->state);
    g_free(rules);
}

struct rule_status rules_status(const struct rules *rules, enum rule_id id)
{
    struct rule_status status;

    assert(id > 0 && id < RULE_ID_END);
    status = rules->status[id];
    status.enabled = rule_is_on(rules, id);
    return status;
}

void rules_emit_verdicts(const struct rules *rules)
{
    for (unsigned id = 1; id < RULE_ID_END; id++) {
        const struct rule_status *status = &rules->status[id];
        struct event event;

        if (!rule_is_on(rules, id))
            continue;
        memset(&event, 0, sizeof(event));
        event.kind = EVENT_VERDICT;
        event.vcpu = EVENT_NO_VCPU;
        event.vmpl = EVENT_NO_VMPL;
        event.actor = ACTOR_RUN;
        rule_event_fill(&event, (enum rule_id)id);
        event.rule.holds = status->breaches == 0;
        event.rule.cause_seq = status->first_seq;
        event.rule.spa = status->first_spa;
        event.rule.gpa = status->first_gpa;
        trace_emit_derived(rules->trace, &event);
    }
}

struct rules_mark *rules_mark_new(const struct rules *rules)
{
    struct rules_mark *mark = g_new0(struct rules_mark, 1);

    mark->rules = *rules;
    states_copy(mark->rules.state, rules->state);
    if (rules->pages.page != NULL) {
        mark->rules.pages = (struct pages){0};
        pages_alloc(&mark->rules.pages, rules->pages.count << PAGE_SHIFT);
        pages_copy(&mark->rules.pages, &rules->pages);
    }
    return mark;
}

void rules_mark_restore(struct rules *rules, const struct rules_mark *mark)
{
    struct pages pages = rules->pages;

    if (mark->rules.pages.page == NULL) {
        pages_free(&pages); /* from before run_start */
    } else {
        pages_copy(&pages, &mark->rules.pages);
    }
    states_clear(rules->state);
    *rules = mark->rules;
    rules->pages = pages;
    states_copy(rules->state, mark->rules.state);
}

void rules_mark_free(struct rules_mark *mark)
{
    if (mark == NULL)
        return;
    pages_free(&mark->rules.pages);
    states_clear(mark->rules.state);
    g_free(mark);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * #HV at every instruction of the monitor's exit and HLT windows, and within its own entry
 * (monitor/hv_entry.S, APM 2 15.36.16, 56421 section 5): with and without news on the doorbell
 * page, whatever NoFurtherSignal says, with news that come and go meanwhile. No event that was
 * signalled is in front of the monitor when it leaves; GHCB and its MSR are what they should be;
 * the guest notices nothing; every rule holds. Nesting without end ends in #DF on another stack.
 */
#include <capstone/capstone.h>
#include <glib.h>
#include <string.h>

#include "cpu/internal.h"
#include "cpu/symbols.h"
#include "emu/machine_internal.h"
#include "rules/rules.h"

#define LIMIT_INSNS    UINT64_C(2000000000)
#define EVENT_HV       (EVENTINJ_VALID | (uint64_t)EVENTINJ_EXCEPTION << 8 | 28)
#define END_OF_DF      (5u << 8 | 0x48) /* reason set << 8 | code */
#define MSR_X2APIC_EOI 0x80b
enum {
    MEMORY_BYTES = 64 << 20,
    GUEST_VMPL = 3,
    INSNS_MAX = 64,
    DEPTH_MAX = 3,
    NEST_SOME = 40,
    NEST_WITHOUT_END = 100000,
    NO_FURTHER_SIGNAL = 0x8000,
    VECTOR_FIRST = 0x20,
    VECTOR_LAST = 0x80,
};

/* What comes with the #HV. */
enum news {
    NEWS_NONE,      /* a signal and nothing on the page */
    NEWS_VECTOR,    /* a vector */
    NEWS_QUIET,     /* a vector and NoFurtherSignal, and a signal each time nevertheless */
    NEWS_WITHDRAWN, /* a vector that is gone again when the entry returns */
    NEWS_LATE,      /* nothing, but a vector when the entry returns */
    NEWS_NO_SIGNAL, /* a vector, and no #HV at all */
    NEWS_END,
};

struct code {
    uint64_t at[INSNS_MAX];
    unsigned count;
};

/* #HV comes at path[0], then at path[1] once that is reached, and so on. */
struct site {
    uint64_t path[DEPTH_MAX];
    unsigned depth;
    enum news news;
    bool explores; /* the plan gets a nested #HV at all that the entry executes for it */
};

struct windows {
    const char *name, *guest, *function, *window, *window_end;
    uint32_t cpus, cpu; /* the processor that is looked at */
};

struct run {
    const struct windows *windows;
    unsigned nest; /* only nests so often at the entry's first instruction */
    bool started, strikes, called;
    bool passes; /* a site has ended: first the monitor comes to the function again, or leaves */
    uint64_t function;
    struct code entry;   /* hv_entry */
    uint64_t entry_iret; /* its last instruction */
    GArray *sites;       /* struct site */
    unsigned site, depth, injected, nested;
    struct code executed;   /* by hv_entry, while exploring */
    GHashTable *seen_entry; /* addresses of hv_entry that were struck at */
    bool holds_others;
    uint8_t vector;         /* the last one shown; each is a new one */
    uint8_t due, late;      /* shown with a signal; without one, and one exit went by */
    unsigned shown, served; /* vectors that need an EOI, and EOIs */
};

static uint64_t address_of(const struct machine *machine, const char *name)
{
    struct symbol_info info;
    g_assert_true(symbols_find(machine_symbols(machine, false), name, &info));
    return info.address;
}

static struct vcpu *monitor_vcpu(const struct run *run, struct machine *machine)
{
    return vcpu_find(&machine->env, honest_vmsa(machine, run->windows->cpu, 0));
}

/* Addresses of the instructions in [low, high). */
static struct code insns_between(struct vcpu *vcpu, uint64_t low, uint64_t high)
{
    uint8_t bytes[4096];
    struct code code = {.count = 0};
    csh handle;
    cs_insn *insns;
    g_assert_cmpuint(high - low, <=, sizeof bytes);
    g_assert_true(vcpu_peek_memory(vcpu, low, bytes, high - low));
    g_assert_cmpint(cs_open(CS_ARCH_X86, CS_MODE_64, &handle), ==, CS_ERR_OK);
    size_t count = cs_disasm(handle, bytes, high - low, low, 0, &insns);
    g_assert_cmpuint(count, >, 0);
    g_assert_cmphex(insns[count - 1].address + insns[count - 1].size, ==, high);
    for (size_t i = 0; i < count; i++) {
        g_assert_cmpuint(code.count, <, INSNS_MAX);
        code.at[code.count++] = insns[i].address;
    }
    cs_free(insns, count);
    cs_close(&handle);
    return code;
}

static struct code insns_of(struct machine *machine, struct vcpu *vcpu, const char *function)
{
    struct symbol_info info;
    g_assert_true(symbols_find(machine_symbols(machine, false), function, &info));
    return insns_between(vcpu, info.address, info.address + info.size);
}

static void site_add(struct run *run, enum news news, bool explores, unsigned depth,
                     const uint64_t *path)
{
    struct site site = {.depth = depth, .news = news, .explores = explores};
    memcpy(site.path, path, depth * sizeof *path);
    g_array_append_val(run->sites, site);
}

/* The windows' function, and what a cancelled window goes on with. */
static void plan_make(struct run *run, struct machine *machine, struct vcpu *vcpu)
{
    const struct code code = insns_of(machine, vcpu, run->windows->function);
    const struct code cancel = insns_of(machine, vcpu, "window_cancel");
    const uint64_t window = address_of(machine, run->windows->window);
    run->function = code.at[0];
    run->entry = insns_of(machine, vcpu, "hv_entry");
    run->entry_iret = run->entry.at[run->entry.count - 1];
    if (run->nest != 0) {
        for (unsigned i = 0; i < run->nest; i++)
            site_add(run, NEWS_VECTOR, false, 1, i == 0 ? &window : &run->entry.at[0]);
        return;
    }
    for (unsigned i = 0; i < code.count; i++) {
        site_add(run, NEWS_NONE, true, 1, &code.at[i]);
        for (enum news news = NEWS_NONE; news < NEWS_END; news++)
            site_add(run, news, false, 1, &code.at[i]);
    }
    for (unsigned i = 0; i < cancel.count; i++) {
        const uint64_t path[] = {window, cancel.at[i]};
        for (enum news news = NEWS_NONE; news < NEWS_NO_SIGNAL; news++)
            site_add(run, news, false, 2, path);
        site_add(run, NEWS_NONE, true, 2, path);
    }
}

/* The entry has returned from the last #HV of a site that explores. */
static void plan_extend(struct run *run)
{
    const struct site site = g_array_index(run->sites, struct site, run->site);
    const uint64_t outer = site.path[site.depth - 1];
    for (unsigned i = 0; i < run->executed.count; i++) {
        const uint64_t inner = run->executed.at[i];
        g_hash_table_add(run->seen_entry, GSIZE_TO_POINTER(inner));
        if (site.depth > 1)
            continue;
        const uint64_t path[] = {outer, inner, inner};
        for (enum news news = NEWS_NONE; news < NEWS_NO_SIGNAL; news++)
            site_add(run, news, false, 2, path);
        site_add(run, NEWS_VECTOR, false, 3, path);
    }
}

static const struct site *site_now(const struct run *run)
{
    return run->site < run->sites->len ? &g_array_index(run->sites, struct site, run->site) : NULL;
}

static bool returns_matter(const struct site *site)
{
    return site->explores || site->news == NEWS_WITHDRAWN || site->news == NEWS_LATE;
}

static void breakpoints_set(struct run *run, struct vcpu *vcpu)
{
    const struct site *site = site_now(run);
    while (vcpu->state.breakpoint_count > 0)
        vcpu_breakpoint_clear(vcpu, vcpu->state.breakpoint[0]);
    if (site == NULL)
        return;
    if (run->passes)
        g_assert_true(vcpu_breakpoint_set(vcpu, run->function));
    else if (run->depth < site->depth)
        g_assert_true(vcpu_breakpoint_set(vcpu, site->path[run->depth]));
    else if (site->explores)
        for (unsigned i = 0; i < run->entry.count; i++)
            g_assert_true(vcpu_breakpoint_set(vcpu, run->entry.at[i]));
    else
        g_assert_true(vcpu_breakpoint_set(vcpu, run->entry_iret));
}

static uint64_t doorbell_spa(const struct run *run, struct machine *machine)
{
    return honest_spa_of(machine, honest_doorbell(machine, run->windows->cpu, 0));
}

static uint8_t doorbell_vector(const struct run *run, struct machine *machine)
{
    uint16_t word;
    g_assert_cmpint(hv_read(machine, doorbell_spa(run, machine), &word, sizeof word), ==, HV_OK);
    return word & 0xff;
}

/* NoEoiRequired is cleared, so the monitor must tell when it has served the vector. */
static void doorbell_write(struct run *run, struct machine *machine, uint16_t word)
{
    const uint8_t page[] = {(uint8_t)word, (uint8_t)(word >> 8), 0};
    run->shown += (word & 0xff) != 0;
    run->shown -= doorbell_vector(run, machine) != 0;
    g_assert_cmpint(hv_write(machine, doorbell_spa(run, machine), page, sizeof page), ==, HV_OK);
}

static uint8_t vector_next(struct run *run)
{
    const bool fits = run->vector >= VECTOR_FIRST && run->vector < VECTOR_LAST;
    return run->vector = fits ? run->vector + 1 : VECTOR_FIRST;
}

/* What is due must be gone from the page before the monitor leaves. */
static void news_due(struct run *run, struct machine *machine, uint8_t vector, uint16_t flags)
{
    run->due = vector;
    doorbell_write(run, machine, vector | flags);
}

static void news_show(struct run *run, struct machine *machine, enum news news)
{
    switch (news) {
    case NEWS_NONE:
    case NEWS_LATE: news_due(run, machine, 0, 0); break;
    case NEWS_VECTOR:
    case NEWS_WITHDRAWN: news_due(run, machine, vector_next(run), 0); break;
    case NEWS_QUIET: news_due(run, machine, vector_next(run), NO_FURTHER_SIGNAL); break;
    case NEWS_NO_SIGNAL:
        run->late = vector_next(run);
        doorbell_write(run, machine, run->late);
        break;
    case NEWS_END: g_assert_not_reached();
    }
}

/* At the entry's last instruction, after the last #HV of the site. */
static void news_change(struct run *run, struct machine *machine, enum news news)
{
    if (news == NEWS_WITHDRAWN)
        news_due(run, machine, 0, 0);
    if (news == NEWS_LATE)
        news_due(run, machine, vector_next(run), 0);
}

static void site_end(struct run *run)
{
    if (site_now(run)->explores)
        plan_extend(run);
    run->site++;
    run->depth = 0;
    run->passes = run->nest == 0;
    run->executed.count = 0;
}

static void others_release(struct run *run, struct machine *machine)
{
    if (!run->holds_others || site_now(run) != NULL)
        return;
    run->holds_others = false;
    for (uint32_t cpu = 0; cpu < run->windows->cpus; cpu++)
        if (cpu != run->windows->cpu)
            honest_wake(machine, cpu);
}

static void visible(void *user, struct machine *machine, uint32_t cpu,
                    const struct vcpu_exit *operation)
{
    struct run *run = user;
    struct vcpu *vcpu = machine->processor[cpu].vcpu;
    const struct site *site = site_now(run);
    if (operation->visible != VISIBLE_BREAKPOINT)
        return;
    g_assert_cmpuint(cpu, ==, run->windows->cpu);
    g_assert_nonnull(site);
    run->holds_others = run->windows->cpus > 1;
    if (run->passes) {
        run->passes = false;
        if (operation->rip != site->path[0]) {
            breakpoints_set(run, vcpu);
            return;
        }
    }
    if (run->depth == site->depth) {
        if (site->explores)
            run->executed.at[run->executed.count++] = operation->rip;
        if (operation->rip == run->entry_iret) {
            news_change(run, machine, site->news);
            site_end(run);
        }
    } else {
        g_assert_cmphex(operation->rip, ==, site->path[run->depth]);
        news_show(run, machine, site->news);
        const bool signals = site->news != NEWS_NO_SIGNAL;
        run->nested += run->depth > 0;
        if (++run->depth == site->depth && !returns_matter(site))
            site_end(run);
        if (signals) {
            run->strikes = true;
            g_assert_cmpint(hv_kick(machine, cpu), ==, HV_OK);
        }
    }
    breakpoints_set(run, vcpu);
    others_release(run, machine);
}

static bool leaves(const struct hv_exit *exit)
{
    return exit->kind == HV_EXIT_RUN_VMPL || exit->kind == HV_EXIT_HLT;
}

/* An exit that VMPL 0 made by itself. */
static void exit_check(struct run *run, struct machine *machine, const struct hv_exit *exit)
{
    g_assert_cmpint(exit->kind, !=, HV_EXIT_BAD_GHCB);
    g_assert_cmpint(exit->kind, !=, HV_EXIT_SHUTDOWN);
    if (exit->page_protocol)
        g_assert_cmphex(exit->ghcb_gpa, ==, machine->honest.cpu[exit->cpu].ghcb_gpa[0]);
    if (exit->kind == HV_EXIT_RUN_VMPL)
        g_assert_cmpuint(exit->target_vmpl, ==, GUEST_VMPL);
    run->served += exit->page_protocol && exit->nae == GHCB_NAE_MSR && exit->nae_info1 == 1 &&
                   exit->nae_rcx == MSR_X2APIC_EOI;
    if (!leaves(exit) || !run->started)
        return;
    const uint8_t vector = doorbell_vector(run, machine);
    if (vector != 0 && vector == run->due)
        g_error("the monitor leaves with vector 0x%x in front of it, which was signalled", vector);
    if (vector == 0 || vector != run->late)
        run->late = 0;
    run->due = run->late; /* without a signal one exit may go by, and no more */
    run->late = 0;
}

static void start(struct run *run, struct machine *machine, const struct hv_exit *exit)
{
    if (run->started || exit->kind != HV_EXIT_RUN_VMPL ||
        honest_doorbell(machine, exit->cpu, 0) == UINT64_MAX)
        return;
    run->started = true;
    plan_make(run, machine, monitor_vcpu(run, machine));
    breakpoints_set(run, monitor_vcpu(run, machine));
}

static void step(void *user, struct machine *machine, uint32_t cpu, const struct hv_exit *exit)
{
    struct run *run = user;
    const bool watched = cpu == run->windows->cpu;
    if (exit != NULL && watched && exit->vmpl == 0) {
        exit_check(run, machine, exit);
        start(run, machine, exit);
    }
    if (exit != NULL)
        honest_handle(machine, exit);
    if (exit != NULL && exit->kind == HV_EXIT_AP_CREATION && run->started && !run->called &&
        honest_idle(machine, run->windows->cpu)) {
        /* Its vCPU has just been deleted: VMPL 0 finds nothing to run there. */
        run->called = true;
        honest_interrupt(machine, run->windows->cpu, 0, VECTOR_FIRST);
    }
    if (machine_end_reason(machine) != RUN_END_NONE || (run->holds_others && !watched))
        return;
    if (run->holds_others && exit != NULL && exit->kind == HV_EXIT_HLT)
        honest_wake(machine, cpu); /* HLT may end at any time */
    uint64_t vmsa = honest_next_vmsa(machine, cpu);
    if (vmsa == 0)
        return;
    if (watched && run->strikes) {
        g_assert_cmphex(vmsa, ==, honest_vmsa(machine, cpu, 0));
        hv_vmcb(machine, vmsa)->eventinj = EVENT_HV;
        run->strikes = false;
        run->injected++;
    }
    g_assert_cmpint(hv_vmrun(machine, cpu, vmsa), ==, HV_OK);
}

static struct machine *machine_started(const struct windows *windows, struct rules **rules)
{
    GError *error = NULL;
    g_autofree char *monitor = g_test_build_filename(G_TEST_BUILT, "monitor", "default.elf", NULL);
    g_autofree char *guest =
        g_test_build_filename(G_TEST_BUILT, "monitor", "guest", windows->guest, NULL);
    struct machine_config config = machine_config_default();
    config.monitor_path = monitor;
    config.guest_path = guest;
    config.memory_bytes = MEMORY_BYTES;
    config.cpus = windows->cpus;
    config.guest_vmpl = GUEST_VMPL;
    config.limit_insns = LIMIT_INSNS;
    config.sev_features = SEV_FEATURE_RESTRICTED_INJECTION;
    struct machine *machine = machine_new(&config, &error);
    g_assert_no_error(error);
    const struct rules_config rules_config = {.memory_bytes = hv_memory_bytes(machine)};
    *rules = rules_attach(machine_trace(machine), &rules_config);
    g_assert_nonnull(*rules);
    machine_launch(machine, &error);
    g_assert_no_error(error);
    return machine;
}

static void rules_check(const struct rules *rules)
{
    size_t count;
    const struct rule_info *list = rules_list(&count);
    for (size_t i = 0; i < count; i++)
        if (rules_status(rules, list[i].id).breaches != 0)
            g_error("%s is broken", list[i].name);
}

static void run_until_end(struct run *run, uint64_t detail)
{
    const struct hv_program program = {.user = run, .step = step, .visible = visible};
    struct rules *rules;
    struct machine *machine = machine_started(run->windows, &rules);
    run->sites = g_array_new(FALSE, FALSE, sizeof(struct site));
    run->seen_entry = g_hash_table_new(NULL, NULL);
    machine_program_set(machine, &program);
    enum run_end_reason reason = machine_run(machine, NULL);
    g_test_message("%u of %u sites, %u injected, %u nested; %u shown, %u served", run->site,
                   run->sites->len, run->injected, run->nested, run->shown, run->served);
    g_assert_cmpstr(run_end_reason_name(reason), ==, run_end_reason_name(RUN_END_TERMINATED));
    g_assert_cmphex(machine_end_detail(machine), ==, detail);
    if (detail == 0) {
        g_assert_nonnull(strstr(machine_console(machine), ", 0 failed"));
        g_assert_null(strstr(machine_console(machine), "FAILED"));
        g_assert_cmpuint(run->site, ==, run->sites->len);
        if (run->windows->cpus == 1) /* where no other processor sends interrupts */
            g_assert_cmpuint(run->shown, ==, run->served);
    }
    rules_check(rules);
    machine_free(machine);
    rules_free(rules);
    g_array_free(run->sites, TRUE);
}

static void test_windows(gconstpointer user)
{
    struct run run = {.windows = user};
    run_until_end(&run, 0);
    g_assert_cmpuint(run.nested, >, 0);
    g_assert_cmpuint(g_hash_table_size(run.seen_entry), ==, run.entry.count);
    g_hash_table_destroy(run.seen_entry);
}

static const struct windows exits = {
    "exit", "exerciser.elf", "hv_exit", "exit_window", "exit_window_end", 1, 0,
};
static const struct windows halts = {
    "halt", "vcpus.elf", "hv_halt_unless", "halt_window", "halt_window_end", 2, 1,
};

static void test_nest(gconstpointer times)
{
    struct run run = {.windows = &exits, .nest = GPOINTER_TO_UINT(times)};
    run_until_end(&run, run.nest == NEST_SOME ? 0 : END_OF_DF);
    g_hash_table_destroy(run.seen_entry);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_data_func("/monitor/windows/apm2-15.36.16/exit", &exits, test_windows);
    g_test_add_data_func("/monitor/windows/apm2-15.36.16/halt", &halts, test_windows);
    g_test_add_data_func("/monitor/windows/apm2-15.36.16/nested-some", GUINT_TO_POINTER(NEST_SOME),
                         test_nest);
    g_test_add_data_func("/monitor/windows/apm2-15.36.16/nested-without-end",
                         GUINT_TO_POINTER(NEST_WITHOUT_END), test_nest);
    return g_test_run();
}

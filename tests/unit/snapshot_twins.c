/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/snapshot_twins.h"

#include <glib/gstdio.h>
#include <string.h>

#include "emu/honest.h"
#include "tests/images/devices.h"

const uint8_t twins_key[SNAPSHOT_KEY_BYTES] = {1, 2, 3, 4};
char *twins_folder, *twins_path;
static char *again_path;

void twins_begin(void)
{
    twins_folder = g_dir_make_tmp("prova-snapshot-XXXXXX", NULL);
    g_assert_nonnull(twins_folder);
    twins_path = g_build_filename(twins_folder, "snapshot", NULL);
    again_path = g_build_filename(twins_folder, "again", NULL);
}

void twins_end(void)
{
    g_unlink(twins_path);
    g_unlink(again_path);
    g_rmdir(twins_folder);
    g_clear_pointer(&twins_path, g_free);
    g_clear_pointer(&again_path, g_free);
    g_clear_pointer(&twins_folder, g_free);
}

/* Another system page for a page of the guest, which is not asked. */
static void page_move(struct machine *machine, uint64_t gpa)
{
    const struct rmp_operand operand = {.gpa = gpa, .assigned = 1, .asid = hv_asid(machine)};
    uint64_t spa;
    g_assert_cmpint(hv_page_alloc(machine, PAGE_4K, &spa), ==, HV_OK);
    hv_rmpupdate(machine, spa, &operand);
    hv_npt_map(machine, gpa, spa, PAGE_4K, NPT_RWX);
}

/* What the images devices.c and keeps.c ask of their hypervisor; of nobody else is it heard. */
static void ask_serve(struct machine *machine, const struct hv_exit *exit)
{
    enum { CODE = 0xfff };
    if (exit == NULL || exit->kind != HV_EXIT_MSR_PROTOCOL || exit->vmpl != 0 ||
        (exit->ghcb_msr & CODE) != GHCB_MSR_PREF_GPA_REQ)
        return;
    if (exit->ghcb_msr >> PAGE_SHIFT == ASK_TYPE)
        hv_console_type(machine, DEVICES_TYPED, strlen(DEVICES_TYPED));
    else if (honest_spa_of(machine, page_base(exit->ghcb_msr)) != UINT64_MAX)
        page_move(machine, page_base(exit->ghcb_msr));
}

static void plain_step(void *user, struct machine *machine, uint32_t cpu,
                       const struct hv_exit *exit)
{
    (void)user;
    ask_serve(machine, exit);
    machine_step_honest(machine, cpu, exit);
}

/* The hypervisor: honest up to an exit, then it keeps all processors outside the guest. */
struct keeper {
    uint32_t exits, keep_at;
};

static void keep(void *user, struct machine *machine, uint32_t cpu, const struct hv_exit *exit)
{
    struct keeper *keeper = user;
    if (exit != NULL)
        keeper->exits++;
    ask_serve(machine, exit);
    if (keeper->exits < keeper->keep_at) {
        machine_step_honest(machine, cpu, exit);
        return;
    }
    if (exit != NULL)
        honest_handle(machine, exit);
    for (uint32_t other = 0; other < hv_cpus(machine); other++)
        hv_kick(machine, other);
}

struct machine_config twins_config(const struct guest *guest)
{
    struct machine_config config = machine_config_default();
    config.monitor_path = guest->monitor;
    config.guest_path = guest->guest;
    config.memory_bytes = UINT64_C(64) << 20;
    config.cpus = guest->cpus;
    config.schedule = guest->schedule;
    config.sev_features = guest->sev_features;
    config.seed = 7;
    config.slice_insns = 5000;
    config.limit_insns = UINT64_C(400000000);
    return config;
}

struct machine *twins_machine(const struct guest *guest)
{
    struct machine_config config = twins_config(guest);
    GError *error = NULL;
    struct machine *machine = machine_new(&config, &error);
    g_assert_no_error(error);
    return machine;
}

static struct snapshot_recorder *recorder_new(struct machine *machine, const char *path)
{
    GError *error = NULL;
    struct snapshot_recorder *recorder = g_new0(struct snapshot_recorder, 1);
    recorder->writer = snapshot_writer_open(path, twins_key, &error);
    g_assert_no_error(error);
    g_assert_true(trace_attach(machine_trace(machine), snapshot_record, recorder));
    return recorder;
}

/* False: the run has fewer exits than that. */
static bool run_to_exit(struct machine *machine, uint32_t exit)
{
    struct keeper keeper = {.keep_at = exit};
    const struct hv_program program = {.user = &keeper, .step = keep};
    machine_program_set(machine, &program);
    while (machine_run_to_rest(machine, NULL, NULL) == MACHINE_RESTS)
        if (keeper.exits >= exit)
            return true;
    return false;
}

static void run_on(struct machine *machine, twins_program_fn *start, void *user)
{
    machine_program_set(machine, &(struct hv_program){.step = plain_step});
    if (start != NULL)
        start(user, machine);
    for (uint32_t cpu = 0; cpu < hv_cpus(machine); cpu++)
        hv_resume(machine, cpu);
    machine_run(machine, NULL);
}

static void save(const struct machine *machine, struct snapshot_recorder *recorder)
{
    GError *error = NULL;
    struct snapshot_writer *writer = recorder->writer;
    machine_save(machine, recorder);
    g_assert_true(snapshot_writer_close(writer, &error));
    g_assert_no_error(error);
}

static struct snapshot_reader *reader_open(const char *path)
{
    GError *error = NULL;
    struct snapshot_reader *reader = snapshot_reader_open(path, twins_key, &error);
    g_assert_no_error(error);
    g_assert_nonnull(reader);
    return reader;
}

static void restore(struct machine *machine)
{
    GError *error = NULL;
    struct snapshot_reader *reader = reader_open(twins_path);
    machine_symbols_load(machine, &error);
    g_assert_no_error(error);
    machine_restore(machine, reader, &error);
    g_assert_no_error(error);
    snapshot_reader_free(reader);
}

/* What was saved of the twin is what it was made of, to the last byte. */
static void assert_same_files(void)
{
    enum { CHUNK_BYTES = 4096 };
    uint8_t chunk[2][CHUNK_BYTES];
    struct snapshot_reader *first = reader_open(twins_path), *second = reader_open(again_path);
    uint64_t at = 0;
    bool more[2];
    do {
        memset(chunk, 0, sizeof(chunk));
        more[0] = snapshot_get(first, chunk[0], CHUNK_BYTES);
        more[1] = snapshot_get(second, chunk[1], CHUNK_BYTES);
        if (more[0] != more[1] || memcmp(chunk[0], chunk[1], CHUNK_BYTES) != 0)
            g_error("the twin is another one, from byte %" G_GUINT64_FORMAT " on", at);
        at += CHUNK_BYTES;
    } while (more[0]);
    snapshot_reader_free(first);
    snapshot_reader_free(second);
}

static void assert_same(struct machine *one, struct machine *other)
{
    char hashes[2][33];
    trace_hash_hex(machine_trace(one), hashes[0]);
    trace_hash_hex(machine_trace(other), hashes[1]);
    g_assert_cmpuint(trace_count(machine_trace(one)), ==, trace_count(machine_trace(other)));
    g_assert_cmpstr(hashes[0], ==, hashes[1]);
    g_assert_cmpint(machine_end_reason(one), ==, machine_end_reason(other));
    g_assert_cmpuint(machine_end_detail(one), ==, machine_end_detail(other));
    g_assert_cmpuint(machine_retired_insns(one), ==, machine_retired_insns(other));
    g_assert_cmpuint(machine_time_cycles(one), ==, machine_time_cycles(other));
    g_assert_cmpstr(machine_console(one), ==, machine_console(other));
    g_assert_cmpmem(machine_launch_digest(one), 48, machine_launch_digest(other), 48);
    GString *said[] = {g_string_new(NULL), g_string_new(NULL)};
    machine_diagnose(one, said[0]);
    machine_diagnose(other, said[1]);
    g_assert_cmpstr(said[0]->str, ==, said[1]->str);
    g_string_free(said[0], TRUE);
    g_string_free(said[1], TRUE);
}

bool twins_compare(const struct guest *guest, uint32_t exit, twins_program_fn *start, void *user)
{
    GError *error = NULL;
    struct machine *first = twins_machine(guest), *second = twins_machine(guest);
    struct snapshot_recorder *recorder = recorder_new(first, twins_path);
    struct snapshot_recorder *again = recorder_new(second, again_path);
    machine_launch(first, &error);
    g_assert_no_error(error);
    bool reached = run_to_exit(first, exit);
    if (reached) {
        save(first, recorder);
        restore(second);
        assert_same(first, second);
        save(second, again);
        assert_same_files();
        run_on(first, start, user);
        run_on(second, start, user);
        assert_same(first, second);
    } else {
        snapshot_writer_abandon(recorder->writer);
        snapshot_writer_abandon(again->writer);
    }
    machine_free(first);
    machine_free(second);
    g_free(recorder);
    g_free(again);
    return reached;
}

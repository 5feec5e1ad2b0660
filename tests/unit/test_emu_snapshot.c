/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine that is put away and taken up again goes on as the one that was not: the same stream to
 * the last event, whatever was going on. And what is no such file is refused.
 */
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "emu/error.h"
#include "tests/unit/snapshot_twins.h"

/* ------------------------------------------------------------------ runs */

static void test_guest(const void *data)
{
    const struct guest *guest = data;
    uint32_t compared = 0;
    for (uint32_t exit = guest->first; exit <= guest->last; exit += guest->step)
        compared += twins_compare(guest, exit, NULL, NULL);
    g_test_message("saved at %u places", compared);
    g_assert_cmpuint(compared, >=, 3);
}

/* ------------------------------------------------------------------ files */

/* A small machine, saved. */
static void file_make(void)
{
    static const struct guest small = {.monitor = PROVA_IMAGES "/smp.elf", .cpus = 2};
    g_assert_true(twins_compare(&small, 2, NULL, NULL));
}

static void assert_refused(const char *words)
{
    GError *error = NULL;
    g_assert_null(snapshot_reader_open(twins_path, twins_key, &error));
    g_assert_error(error, EMU_ERROR, EMU_ERROR_INPUT);
    if (strstr(error->message, words) == NULL)
        g_error("'%s' does not say '%s'", error->message, words);
    g_error_free(error);
}

static void bytes_set(const char *bytes, size_t len)
{
    GError *error = NULL;
    g_file_set_contents(twins_path, bytes, (gssize)len, &error);
    g_assert_no_error(error);
    g_chmod(twins_path, 0600);
}

static void test_damage(void)
{
    char *bytes;
    gsize len;
    file_make();
    g_assert_true(g_file_get_contents(twins_path, &bytes, &len, NULL));
    for (size_t at = 0; at < len; at += at < 64 ? 1 : len / 97) {
        if (at >= 12 && at < 16)
            continue; /* nothing is there */
        bytes[at] ^= 0x10;
        bytes_set(bytes, len);
        assert_refused("is ");
        bytes[at] ^= 0x10;
    }
    for (size_t cut = 0; cut < len; cut = cut * 2 + 1) {
        bytes_set(bytes, cut);
        assert_refused("damaged");
    }
    static const char text[] = "something else that is as long as the header of a snapshot is, or "
                               "even longer, but is none";
    bytes_set(text, sizeof(text));
    assert_refused("no snapshot");
    bytes_set(bytes, len);
    struct snapshot_reader *reader = snapshot_reader_open(twins_path, twins_key, NULL);
    g_assert_nonnull(reader);
    snapshot_reader_free(reader);
    g_free(bytes);
}

static void test_trust(void)
{
    file_make();
    g_chmod(twins_path, 0620);
    assert_refused("others may write it");
    g_chmod(twins_path, 0602);
    assert_refused("others may write it");
    g_unlink(twins_path);
    g_mkdir(twins_path, 0700);
    assert_refused("is no file");
    g_rmdir(twins_path);
    GError *error = NULL;
    g_assert_null(snapshot_reader_open(twins_path, twins_key, &error)); /* none is no error */
    g_assert_no_error(error);
}

/* NAME.part may be there before, and may be taken away; whatever it led to stays as it was. */
static void test_part(void)
{
    GError *error = NULL;
    char *part = g_strconcat(twins_path, ".part", NULL), *text;
    char *precious = g_build_filename(twins_folder, "precious", NULL);
    g_unlink(twins_path);
    g_file_set_contents(precious, "dear", 4, NULL);
    g_assert_cmpint(symlink(precious, part), ==, 0);
    struct snapshot_writer *writer = snapshot_writer_open(twins_path, twins_key, &error);
    g_assert_no_error(error);
    snapshot_put(writer, twins_key, sizeof(twins_key));
    g_assert_true(snapshot_writer_close(writer, &error));
    g_assert_false(g_file_test(twins_path, G_FILE_TEST_IS_SYMLINK));

    /* Of a run that was killed. */
    g_file_set_contents(part, "some of it", 10, NULL);
    writer = snapshot_writer_open(twins_path, twins_key, &error);
    g_assert_no_error(error);
    snapshot_put(writer, twins_key, sizeof(twins_key));
    /* Another run does the same, where files cannot be locked: it is the later one's. */
    struct snapshot_writer *later = snapshot_writer_open(twins_path, twins_key, &error);
    g_assert_no_error(error);
    g_assert_false(snapshot_writer_close(writer, &error));
    g_assert_error(error, EMU_ERROR, EMU_ERROR_INPUT);
    g_clear_error(&error);
    g_assert_true(snapshot_writer_close(later, &error));

    writer = snapshot_writer_open(twins_path, twins_key, &error);
    g_unlink(part);
    g_assert_cmpint(symlink(precious, part), ==, 0);
    snapshot_writer_abandon(writer);
    g_assert_true(g_file_get_contents(precious, &text, NULL, NULL));
    g_assert_cmpstr(text, ==, "dear");
    g_free(text);
    g_unlink(part);
    g_unlink(precious);
    g_free(part);
    g_free(precious);
}

/* A file that has nothing to do with this is not read to its end. */
static void test_large(void)
{
    static const char header[64] = "something else";
    bytes_set(header, sizeof(header));
    g_assert_cmpint(truncate(twins_path, (off_t)1 << 40), ==, 0);
    assert_refused("is no snapshot");
    g_unlink(twins_path);
    g_assert_cmpint(mkfifo(twins_path, 0600), ==, 0);
    assert_refused("is no file");
    g_unlink(twins_path);
}

static void test_another_key(void)
{
    static const uint8_t other[SNAPSHOT_KEY_BYTES] = {1, 2, 3, 5};
    GError *error = NULL;
    file_make();
    g_assert_null(snapshot_reader_open(twins_path, other, &error));
    g_assert_error(error, EMU_ERROR, EMU_ERROR_INPUT);
    g_error_free(error);
}

/* A whole file whose contents are another machine's, or end too soon. */
static void test_misfit(void)
{
    static const struct guest larger = {.monitor = PROVA_IMAGES "/smp.elf", .cpus = 2};
    GError *error = NULL;
    file_make();
    struct machine_config config = twins_config(&larger);
    config.memory_bytes *= 2;
    struct machine *machine = machine_new(&config, &error);
    struct snapshot_reader *reader = snapshot_reader_open(twins_path, twins_key, &error);
    g_assert_no_error(error);
    g_assert_false(machine_restore(machine, reader, &error));
    g_assert_error(error, EMU_ERROR, EMU_ERROR_INTERNAL);
    g_clear_error(&error);
    snapshot_reader_free(reader);
    machine_free(machine);

    static const uint8_t lengths[] = {0, 1, 4, 100, 255};
    static const uint8_t noise[256] = {3, 0, 0, 0, 7, 7, 7};
    for (size_t i = 0; i < G_N_ELEMENTS(lengths); i++) {
        struct snapshot_writer *writer = snapshot_writer_open(twins_path, twins_key, &error);
        g_assert_no_error(error);
        snapshot_put(writer, noise, lengths[i]);
        g_assert_true(snapshot_writer_close(writer, &error));
        machine = twins_machine(&larger);
        reader = snapshot_reader_open(twins_path, twins_key, &error);
        g_assert_no_error(error);
        g_assert_false(machine_restore(machine, reader, &error));
        g_assert_error(error, EMU_ERROR, EMU_ERROR_INTERNAL);
        g_clear_error(&error);
        snapshot_reader_free(reader);
        machine_free(machine);
    }
}

static void test_unwritable(void)
{
    GError *error = NULL;
    g_unlink(twins_path);
    char *nowhere = g_build_filename(twins_folder, "missing", "file", NULL);
    g_assert_null(snapshot_writer_open(nowhere, twins_key, &error));
    g_assert_error(error, EMU_ERROR, EMU_ERROR_INPUT);
    g_clear_error(&error);
    g_free(nowhere);
    /* The end says what went wrong in between. */
    enum { NOISE_BYTES = 1 << 20, MOST_BYTES = 4096 };
    const struct rlimit most = {.rlim_cur = MOST_BYTES, .rlim_max = RLIM_INFINITY};
    struct rlimit before;
    GRand *random = g_rand_new_with_seed(1);
    uint32_t *noise = g_new(uint32_t, NOISE_BYTES / 4);
    for (size_t i = 0; i < NOISE_BYTES / 4; i++)
        noise[i] = g_rand_int(random);
    struct snapshot_writer *writer = snapshot_writer_open(twins_path, twins_key, &error);
    g_assert_no_error(error);
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before);
    setrlimit(RLIMIT_FSIZE, &most);
    snapshot_put(writer, noise, NOISE_BYTES);
    g_assert_false(snapshot_writer_close(writer, &error));
    setrlimit(RLIMIT_FSIZE, &before);
    g_assert_error(error, EMU_ERROR, EMU_ERROR_INPUT);
    g_clear_error(&error);
    g_free(noise);
    g_rand_free(random);
    writer = snapshot_writer_open(twins_path, twins_key, &error);
    g_assert_no_error(error);
    snapshot_put(writer, twins_key, sizeof(twins_key));
    snapshot_writer_abandon(writer);
    g_assert_false(g_file_test(twins_path, G_FILE_TEST_EXISTS));
    char *part = g_strconcat(twins_path, ".part", NULL);
    g_assert_false(g_file_test(part, G_FILE_TEST_EXISTS));
    g_free(part);
}

/* ------------------------------------------------------------------ resting */

/* Only behind the text, and only with nobody in the guest. */
static void test_rest(void)
{
    static const struct guest hello = {.monitor = PROVA_MONITOR,
                                       .guest = PROVA_GUESTS "/hello.elf", .cpus = 1};
    GError *error = NULL;
    struct machine *machine = twins_machine(&hello);
    machine_launch(machine, &error);
    g_assert_no_error(error);
    /* It prints, and ends before it was ever at rest. */
    g_assert_cmpint(machine_run_to_rest(machine, "hello", NULL), ==, MACHINE_ENDED_RESTLESS);
    g_assert_cmpint(machine_end_reason(machine), ==, RUN_END_TERMINATED);
    machine_free(machine);

    machine = twins_machine(&hello);
    machine_launch(machine, &error);
    g_assert_no_error(error);
    g_assert_cmpint(machine_run_to_rest(machine, "never said", NULL), ==, MACHINE_ENDED);
    machine_free(machine);

    /* This one looks at its port for ever and a day: it is taken out. */
    static const struct guest echo = {.monitor = PROVA_MONITOR,
                                      .guest = PROVA_GUESTS "/echo.elf", .cpus = 1};
    machine = twins_machine(&echo);
    machine_launch(machine, &error);
    g_assert_no_error(error);
    g_assert_cmpint(machine_run_to_rest(machine, "echo", NULL), ==, MACHINE_RESTS);
    g_assert_nonnull(strstr(machine_console(machine), "echo"));
    g_assert_cmpint(machine_end_reason(machine), ==, RUN_END_NONE);
    machine_free(machine);
}

static void guest_add(const char *name, const struct guest *guest)
{
    char *title = g_strdup_printf("/emu/snapshot/%s-%u%s%s", name, guest->cpus,
                                  guest->schedule == SCHEDULE_RANDOM ? "-random" : "",
                                  guest->sev_features ? "-restricted" : "");
    g_test_add_data_func(title, guest, test_guest);
    g_free(title);
}

int main(int argc, char **argv)
{
#define GUEST(name) .monitor = PROVA_MONITOR, .guest = PROVA_GUESTS "/" name ".elf"
    static const struct guest exerciser = {GUEST("exerciser"), .cpus = 1, .first = 1,
                                           .last = 9000, .step = 3999};
    static const struct guest exerciser_2 = {GUEST("exerciser"), .cpus = 2, .first = 700,
                                             .last = 8000, .step = 3401};
    static const struct guest restricted = {
        GUEST("services"), .cpus = 2, .sev_features = SEV_FEATURE_RESTRICTED_INJECTION,
        .first = 7, .last = 13000, .step = 6001};
    static const struct guest linuxlike = {GUEST("linuxlike"), .cpus = 2, .first = 5,
                                           .last = 1500, .step = 241};
    static const struct guest vcpus = {GUEST("vcpus"), .cpus = 4, .schedule = SCHEDULE_RANDOM,
                                       .first = 5, .last = 4800, .step = 787};
    static const struct guest fuzz = {GUEST("fuzz"), .cpus = 2, .first = 100, .last = 9000,
                                      .step = 4001};
    static const struct guest stale = {GUEST("stale"), .cpus = 2, .first = 3, .last = 90,
                                       .step = 15};
    static const struct guest smp = {.monitor = PROVA_IMAGES "/smp.elf", .cpus = 4, .first = 1,
                                     .last = 200, .step = 3};
    static const struct guest events = {.monitor = PROVA_IMAGES "/events.elf", .cpus = 3,
                                        .first = 1, .last = 300, .step = 11};
    static const struct guest doorbells = {
        .monitor = PROVA_IMAGES "/events.elf", .cpus = 3,
        .sev_features = SEV_FEATURE_RESTRICTED_INJECTION, .first = 1, .last = 300, .step = 11};
    static const struct guest apic = {.monitor = PROVA_IMAGES "/apic.elf", .cpus = 2, .first = 20,
                                      .last = 200, .step = 23};
    static const struct guest keeps = {.monitor = PROVA_IMAGES "/keeps.elf", .cpus = 1,
                                       .first = 1, .last = 280, .step = 23};
    static const struct guest devices = {.monitor = PROVA_IMAGES "/devices.elf", .cpus = 2,
                                         .first = 20, .last = 140, .step = 13};
    static const struct guest firmware = {.monitor = PROVA_IMAGES "/firmware.elf", .cpus = 1,
                                          .first = 1, .last = 200, .step = 7};
    static const struct guest leak = {.monitor = PROVA_IMAGES "/leak.elf", .cpus = 1, .first = 1,
                                      .last = 20, .step = 1};
    g_test_init(&argc, &argv, NULL);
    twins_begin();
    guest_add("exerciser", &exerciser);
    guest_add("exerciser", &exerciser_2);
    guest_add("services", &restricted);
    guest_add("linuxlike", &linuxlike);
    guest_add("vcpus", &vcpus);
    guest_add("fuzz", &fuzz);
    guest_add("stale", &stale);
    guest_add("smp", &smp);
    guest_add("events", &events);
    guest_add("events", &doorbells);
    guest_add("apic", &apic);
    guest_add("keeps", &keeps);
    guest_add("devices", &devices);
    guest_add("firmware", &firmware);
    guest_add("leak", &leak);
    g_test_add_func("/emu/snapshot/rest", test_rest);
    g_test_add_func("/emu/snapshot/damage", test_damage);
    g_test_add_func("/emu/snapshot/trust", test_trust);
    g_test_add_func("/emu/snapshot/part", test_part);
    g_test_add_func("/emu/snapshot/large", test_large);
    g_test_add_func("/emu/snapshot/another-key", test_another_key);
    g_test_add_func("/emu/snapshot/misfit", test_misfit);
    g_test_add_func("/emu/snapshot/unwritable", test_unwritable);
    int code = g_test_run();
    twins_end();
    return code;
}

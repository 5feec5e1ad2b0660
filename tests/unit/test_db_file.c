/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What may stand at the path of a run, and what a reader says about a file that is none. */
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "db/error.h"
#include "db/reader.h"
#include "db/writer.h"
#include "tests/unit/event_random.h"

struct fixture {
    char *directory;
    char *path;
};

static void set_up(struct fixture *f, gconstpointer data)
{
    (void)data;
    f->directory = g_dir_make_tmp("prova-db-XXXXXX", NULL);
    g_assert_nonnull(f->directory);
    f->path = g_build_filename(f->directory, "run.db", NULL);
}

static unsigned files_count(const struct fixture *f)
{
    GDir *directory = g_dir_open(f->directory, 0, NULL);
    unsigned count = 0;

    while (g_dir_read_name(directory) != NULL)
        count++;
    g_dir_close(directory);
    return count;
}

static void tear_down(struct fixture *f, gconstpointer data)
{
    GDir *directory = g_dir_open(f->directory, 0, NULL);
    const char *name;

    (void)data;
    while ((name = g_dir_read_name(directory)) != NULL) {
        char *path = g_build_filename(f->directory, name, NULL);

        if (g_unlink(path) != 0)
            g_rmdir(path);
        g_free(path);
    }
    g_dir_close(directory);
    g_rmdir(f->directory);
    g_free(f->directory);
    g_free(f->path);
}

static struct db_writer *open_run(const struct fixture *f, const char *title, GError **error)
{
    struct db_run run = {.title = title, .seed = UINT64_MAX};

    return db_writer_open(f->path, &run, NULL, error);
}

static void make_run(const struct fixture *f, const char *title, unsigned events_count)
{
    static const struct db_run_end end = {
        .exit_reason = "done", .stream_hash = "0123456789abcdef0123456789abcdef", .exit_code = 3};
    GError *error = NULL;
    struct db_writer *writer = open_run(f, title, &error);

    g_assert_no_error(error);
    for (unsigned i = 1; i <= events_count; i++) {
        struct event event;

        event_random(&event);
        event.seq = i;
        db_writer_observe(writer, &event);
    }
    g_assert_true(db_writer_close(writer, &end, &error));
    g_assert_no_error(error);
}

static void assert_refused(const struct fixture *f, enum db_error code, const char *says)
{
    GError *error = NULL;
    struct db_reader *reader = db_reader_open(f->path, &error);

    g_assert_null(reader);
    g_assert_error(error, DB_ERROR, (gint)code);
    if (strstr(error->message, says) == NULL || strstr(error->message, f->path) == NULL)
        g_error("message is: %s", error->message);
    g_clear_error(&error);
}

static void test_description(struct fixture *f, gconstpointer data)
{
    struct db_input inputs[2] = {
        {.role = "monitor", .path = "monitor.elf", .bytes = 1234, .sha256 = {0xab, [31] = 0x0f}},
        {.role = "scenario", .path = "it's \"odd\".lua", .bytes = 5},
    };
    struct db_secret secrets[1] = {{.name = "vmpck0", .readers = 1}};
    struct db_run run = {.title = "t", .version = "v", .options = "{\"cpus\": 1}", .token = "tok",
                         .seed = UINT64_MAX, .inputs = inputs, .inputs_count = 2,
                         .secrets = secrets, .secrets_count = 1};
    struct db_run_end end = {.exit_reason = "limit", .exit_code = 3, .token = "tok2",
                             .stream_hash = "00112233445566778899aabbccddeeff"};
    struct db_run_info info;
    GError *error = NULL;
    struct db_writer *writer = db_writer_open(f->path, &run, NULL, &error);
    struct db_reader *reader;

    (void)data;
    g_assert_no_error(error);
    g_assert_true(db_writer_close(writer, &end, &error));
    g_assert_cmpuint(files_count(f), ==, 1); /* no journal, nothing temporary */
    reader = db_reader_open(f->path, &error);
    g_assert_no_error(error);
    g_assert_true(db_reader_run(reader, &info, &error));
    g_assert_cmpstr(info.title, ==, "t");
    g_assert_cmpstr(info.version, ==, "v");
    g_assert_cmpstr(info.options, ==, "{\"cpus\": 1}");
    g_assert_cmpstr(info.token, ==, "tok2");
    g_assert_cmpstr(info.exit_reason, ==, "limit");
    g_assert_cmpstr(info.stream_hash, ==, end.stream_hash);
    g_assert_cmpuint(info.seed, ==, UINT64_MAX);
    g_assert_cmpint(info.exit_code, ==, 3);
    g_assert_true(info.finished);
    g_assert_cmpuint(info.events_count, ==, 0);
    g_assert_cmpuint(info.inputs_count, ==, 2);
    g_assert_true(g_str_has_prefix(info.inputs[0].sha256, "ab00"));
    g_assert_true(g_str_has_suffix(info.inputs[0].sha256, "000f"));
    g_assert_cmpstr(info.inputs[1].path, ==, "it's \"odd\".lua");
    db_run_info_clear(&info);
    db_reader_close(reader);
}

/* A file that is not ours stays as it is, to the byte. */
static void test_foreign_left_alone(struct fixture *f, gconstpointer data)
{
    char big[4096], *after;
    gsize length;
    GError *error = NULL;
    sqlite3 *db;

    (void)data;
    memset(big, 'x', sizeof(big));
    g_assert_true(g_file_set_contents(f->path, big, sizeof(big), NULL));
    g_assert_null(open_run(f, "new", &error));
    g_assert_error(error, DB_ERROR, DB_ERROR_OPEN);
    g_assert_nonnull(strstr(error->message, "not a Prova database"));
    g_clear_error(&error);
    g_assert_true(g_file_get_contents(f->path, &after, &length, NULL));
    g_assert_cmpmem(after, length, big, sizeof(big));
    g_free(after);
    assert_refused(f, DB_ERROR_FORMAT, "not a SQLite database");

    g_unlink(f->path);
    g_assert_cmpint(sqlite3_open(f->path, &db), ==, SQLITE_OK);
    sqlite3_exec(db, "CREATE TABLE mine(a)", NULL, NULL, NULL);
    sqlite3_close(db);
    g_assert_null(open_run(f, "new", &error));
    g_assert_error(error, DB_ERROR, DB_ERROR_OPEN);
    g_clear_error(&error);
    assert_refused(f, DB_ERROR_FORMAT, "not one of Prova");
    g_assert_cmpuint(files_count(f), ==, 1);
}

static void test_unusable_place(struct fixture *f, gconstpointer data)
{
    struct fixture nowhere = {.path = g_build_filename(f->directory, "missing", "run.db", NULL)};
    GError *error = NULL;

    (void)data;
    g_assert_null(open_run(&nowhere, "new", &error));
    g_assert_error(error, DB_ERROR, DB_ERROR_OPEN);
    g_assert_nonnull(strstr(error->message, nowhere.path));
    g_clear_error(&error);
    assert_refused(&nowhere, DB_ERROR_OPEN, "No such file");
    g_free(nowhere.path);

    g_assert_cmpint(g_mkdir(f->path, 0700), ==, 0);
    g_assert_null(open_run(f, "new", &error));
    g_assert_error(error, DB_ERROR, DB_ERROR_OPEN);
    g_clear_error(&error);
    assert_refused(f, DB_ERROR_FORMAT, "not a regular file");
    g_assert_cmpuint(files_count(f), ==, 1);
}

static char *title_of(const struct fixture *f)
{
    struct db_run_info info;
    GError *error = NULL;
    struct db_reader *reader = db_reader_open(f->path, &error);
    char *title;

    g_assert_no_error(error);
    g_assert_true(db_reader_run(reader, &info, &error));
    title = g_strdup(info.title);
    db_run_info_clear(&info);
    db_reader_close(reader);
    return title;
}

static void test_replaces_older(struct fixture *f, gconstpointer data)
{
    char *title;
    int fd;

    (void)data;
    make_run(f, "first", 5000);
    make_run(f, "second", 10);
    title = title_of(f);
    g_assert_cmpstr(title, ==, "second");
    g_free(title);
    g_assert_cmpuint(files_count(f), ==, 1);
    /* An older schema version may be replaced, but not read. */
    fd = open(f->path, O_WRONLY);
    g_assert_cmpint(pwrite(fd, "\0\0\0\x63", 4, 60), ==, 4);
    close(fd);
    assert_refused(f, DB_ERROR_FORMAT, "schema version 99");
    make_run(f, "third", 1);
    title = title_of(f);
    g_assert_cmpstr(title, ==, "third");
    g_free(title);
    /* An empty file is nobody's. */
    g_assert_true(g_file_set_contents(f->path, "", 0, NULL));
    make_run(f, "fourth", 1);
}

static void test_one_run_at_a_time(struct fixture *f, gconstpointer data)
{
    GError *error = NULL;
    struct db_writer *writer = open_run(f, "first", &error);

    (void)data;
    g_assert_no_error(error);
    g_assert_null(open_run(f, "second", &error));
    g_assert_error(error, DB_ERROR, DB_ERROR_BUSY);
    g_clear_error(&error);
    g_assert_true(db_writer_close(writer, NULL, &error));
    writer = open_run(f, "third", &error);
    g_assert_no_error(error);
    g_assert_true(db_writer_close(writer, NULL, &error));
}

/* Cut anywhere, or with any byte changed: an error or a result, never a crash, never silence. */
static void test_damaged(struct fixture *f, gconstpointer data)
{
    char *whole;
    gsize length;

    (void)data;
    make_run(f, "run", 3000);
    g_assert_true(g_file_get_contents(f->path, &whole, &length, NULL));
    for (gsize cut = 0; cut < length; cut += length / 40 + 1) {
        GError *error = NULL;

        g_assert_true(g_file_set_contents(f->path, whole, (gssize)cut, NULL));
        g_assert_null(db_reader_open(f->path, &error));
        g_assert_error(error, DB_ERROR, DB_ERROR_FORMAT);
        g_clear_error(&error);
    }
    for (unsigned round = 0; round < 60; round++) {
        char *bad = g_malloc(length);
        GError *error = NULL;
        struct db_reader *reader;

        memcpy(bad, whole, length);
        for (unsigned i = 0; i < 200; i++)
            bad[g_test_rand_int_range(100, (gint)length)] = (char)g_test_rand_int();
        g_assert_true(g_file_set_contents(f->path, bad, (gssize)length, NULL));
        g_free(bad);
        reader = db_reader_open(f->path, &error);
        if (reader != NULL) {
            struct event event;
            enum db_next next;

            while ((next = db_reader_next(reader, &event, &error)) == DB_NEXT_EVENT)
                continue;
            g_assert_cmpint(next == DB_NEXT_ERROR, ==, error != NULL);
        } else {
            g_assert_nonnull(error);
        }
        g_clear_error(&error);
        db_reader_close(reader);
    }
    g_free(whole);
}

#define ADD(path, function) g_test_add(path, struct fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/db/file/description", test_description);
    ADD("/db/file/foreign-left-alone", test_foreign_left_alone);
    ADD("/db/file/unusable-place", test_unusable_place);
    ADD("/db/file/replaces-older", test_replaces_older);
    ADD("/db/file/one-run-at-a-time", test_one_run_at_a_time);
    ADD("/db/file/damaged", test_damaged);
    return g_test_run();
}

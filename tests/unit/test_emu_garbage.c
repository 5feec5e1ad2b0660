/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Monitors that execute garbage: random bytes, random bytes of likely opcodes, and the real monitor
 * and guest with bytes of their code changed. Every run ends by itself or by a limit, with a
 * diagnosis; the emulator survives all of them, and twice the same garbage gives the same stream.
 *
 * PROVA_GARBAGE_ROUNDS=n runs a longer campaign (target campaign-garbage).
 */
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/emu_fixture.h"

enum { ROUNDS = 60, TEXT_OFFSET = 0x1000 };
#define LIMIT_INSNS UINT64_C(300000)

static guint rounds(void)
{
    const char *text = g_getenv("PROVA_GARBAGE_ROUNDS");
    return text ? (guint)strtoul(text, NULL, 10) : ROUNDS;
}

struct outcome {
    enum run_end_reason reason;
    char hash[33];
};

static struct outcome run_files(const char *monitor, const char *guest, uint64_t limit_insns)
{
    struct machine_config config = machine_config_default();
    config.monitor_path = monitor;
    config.guest_path = guest;
    config.memory_bytes = UINT64_C(16) << 20;
    config.limit_insns = limit_insns;
    config.limit_events = 1000000;
    GError *error = NULL;
    struct outcome outcome = {0};
    struct machine *machine = machine_new(&config, &error);
    g_assert_no_error(error);
    if (!machine_launch(machine, &error)) { /* a header was hit: refused with a message */
        g_assert_nonnull(error);
        g_assert_cmpuint(strlen(error->message), >, 0);
        g_clear_error(&error);
    } else {
        outcome.reason = machine_run(machine, NULL);
        g_assert_cmpint(outcome.reason, !=, RUN_END_NONE);
        GString *text = g_string_new(NULL);
        machine_diagnose(machine, text);
        g_assert_nonnull(strstr(text->str, "run ended: "));
        g_string_free(text, TRUE);
    }
    trace_hash_hex(machine_trace(machine), outcome.hash);
    machine_free(machine);
    return outcome;
}

static void run_twice(const char *monitor, const char *guest, uint64_t limit_insns)
{
    struct outcome first = run_files(monitor, guest, limit_insns);
    struct outcome second = run_files(monitor, guest, limit_insns);
    g_assert_cmpint(first.reason, ==, second.reason);
    g_assert_cmpstr(first.hash, ==, second.hash);
}

/* Bytes that begin privileged, SNP, string, prefix and control-transfer instructions. */
static uint8_t likely_byte(void)
{
    static const uint8_t likely[] = {
        0x0f, 0x01, 0xff, 0xfe, 0xfd, 0xd9, 0xf2, 0xf3, 0x66, 0x48, 0x0f, 0x30, 0x32, 0xa2,
        0x0f, 0xc7, 0xf0, 0xf8, 0xcd, 0xcf, 0xc3, 0xcb, 0xe8, 0xe9, 0xea, 0xff, 0xab, 0xa4,
        0xc4, 0xc5, 0x62, 0xf4, 0xec, 0xee, 0x6c, 0x6e, 0x8e, 0x0f, 0x22, 0x20, 0x00, 0xd8,
        0x9d, 0x9c, 0xfa, 0xfb, 0x0f, 0x05, 0x34, 0xae, 0xf6, 0xf7, 0x90, 0x50, 0x58, 0xbf,
    };
    return g_test_rand_bit() ? likely[g_test_rand_int_range(0, sizeof(likely))]
                             : (uint8_t)g_test_rand_int();
}

static void test_random_code(void)
{
    for (guint round = 0; round < rounds(); round++) {
        uint8_t code[4096];
        for (size_t i = 0; i < sizeof(code); i++)
            code[i] = round % 2 ? likely_byte() : (uint8_t)g_test_rand_int();
        GByteArray *bytes = elf_monitor_bytes(code, sizeof(code));
        char *path = elf_file_write(bytes);
        run_twice(path, NULL, LIMIT_INSNS);
        g_unlink(path);
        g_free(path);
        g_byte_array_free(bytes, TRUE);
    }
}

static char *mutate(const char *path)
{
    char *data;
    gsize length;
    GError *error = NULL;
    g_assert_true(g_file_get_contents(path, &data, &length, &error));
    GByteArray *bytes = g_byte_array_new_take((guint8 *)data, length);
    gint32 end = (gint32)MIN(length, 0x10000); /* headers at times, code and data mostly */
    for (int i = g_test_rand_int_range(1, 12); i > 0; i--) {
        gint32 at = g_test_rand_int_range(g_test_rand_int_range(0, 8) ? TEXT_OFFSET : 0, end);
        bytes->data[at] = g_test_rand_bit() ? likely_byte() : bytes->data[at] ^ 1;
    }
    char *mutated = elf_file_write(bytes);
    g_byte_array_free(bytes, TRUE);
    return mutated;
}

static void test_mutated_monitor(void)
{
    for (guint round = 0; round < rounds(); round++) {
        char *monitor = mutate(PROVA_MONITOR);
        run_twice(monitor, PROVA_GUEST, 10 * LIMIT_INSNS);
        g_unlink(monitor);
        g_free(monitor);
    }
}

static void test_mutated_guest(void)
{
    for (guint round = 0; round < rounds() / 4; round++) {
        char *guest = mutate(PROVA_GUEST);
        run_twice(PROVA_MONITOR, guest, 100 * LIMIT_INSNS);
        g_unlink(guest);
        g_free(guest);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/emu/garbage/random-code", test_random_code);
    g_test_add_func("/emu/garbage/mutated-monitor", test_mutated_monitor);
    g_test_add_func("/emu/garbage/mutated-guest", test_mutated_guest);
    return g_test_run();
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The monitor's printf against the C library's, on what it says it can do. */
#include <glib.h>
#include <stdio.h>

#include "monitor/lib/format.h"

static void put(void *context, char character)
{
    g_string_append_c(context, character);
}

static char *formatted(const char *format, ...)
{
    GString *text = g_string_new(NULL);
    va_list arguments;
    va_start(arguments, format);
    format_print(put, text, format, arguments);
    va_end(arguments);
    return g_string_free(text, FALSE);
}

#define SAME(...)                                                                                  \
    do {                                                                                           \
        g_autofree char *ours = formatted(__VA_ARGS__);                                            \
        g_autofree char *theirs = g_strdup_printf(__VA_ARGS__);                                    \
        g_assert_cmpstr(ours, ==, theirs);                                                         \
    } while (0)

static void test_same(void)
{
    SAME("nothing");
    SAME("%s and %c%%", "text", 'x');
    SAME("%u %u %u", 0u, 10u, UINT_MAX);
    SAME("%lu %lx", 0ul, ULONG_MAX);
    SAME("%lu", ULONG_MAX);
    SAME("%02x %02x %08x", 0u, 0xabu, 0x1234u);
    SAME("%x%x", 1u, 0xdeadbeefu);
    SAME("%016lx", 0x123456789abcul);
}

static void test_unknown(void)
{
    g_autofree char *text = formatted("%d %q%");
    g_assert_cmpstr(text, ==, "%d %q%");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/monitor/format/as-printf", test_same);
    g_test_add_func("/monitor/format/unknown-conversions-stand", test_unknown);
    return g_test_run();
}

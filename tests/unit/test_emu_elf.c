/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ELF loader: what it takes, and that no file can make it do anything but refuse. */
#include <elf.h>
#include <glib/gstdio.h>
#include <string.h>

#include "emu/elf.h"
#include "emu/error.h"
#include "tests/unit/emu_fixture.h"

static const uint8_t code[] = {0xf4, 0xeb, 0xfd}; /* hlt; jmp */

static bool load(const GByteArray *bytes, struct elf_image *image, GError **error)
{
    char *path = elf_file_write(bytes);
    bool ok = elf_image_load(image, path, error);
    g_unlink(path);
    g_free(path);
    return ok;
}

static void test_loads(void)
{
    GByteArray *bytes = elf_monitor_bytes(code, sizeof(code));
    struct elf_image image;
    GError *error = NULL;
    g_assert_true(load(bytes, &image, &error));
    g_assert_no_error(error);
    g_assert_cmphex(image.entry, ==, FIXTURE_CODE_GPA);
    g_assert_cmpuint(image.page_count, ==, 2);
    g_assert_cmphex(image.pages[0].gpa, ==, FIXTURE_CODE_GPA);
    g_assert_cmpmem(image.pages[0].bytes, sizeof(code), code, sizeof(code));
    g_assert_cmphex(image.pages[0].bytes[sizeof(code)], ==, 0);
    g_assert_cmphex(image.pages[1].gpa, ==, FIXTURE_CODE_GPA + PAGE_BYTES);
    g_assert_null(image.pages[1].bytes); /* a ZERO page of the launch */
    g_assert_cmphex(image.note[ELF_NOTE_SECRETS].gpa, ==, FIXTURE_SECRETS_GPA);
    g_assert_cmphex(image.note[ELF_NOTE_MEMORY].bytes, ==, FIXTURE_MEMORY_BYTES);
    elf_image_clear(&image);
    g_byte_array_free(bytes, TRUE);
}

/* One changed field each: the message names what is wrong. */
static void test_refuses(void)
{
    static const struct {
        size_t offset;
        uint8_t value;
        const char *message;
    } cases[] = {
        {0, 'X', "not an ELF file"},
        {EI_CLASS, ELFCLASS32, "not an x86-64"},
        {offsetof(Elf64_Ehdr, e_machine), EM_386, "not an x86-64"},
        {offsetof(Elf64_Ehdr, e_type), ET_DYN, "not ET_EXEC"},
        {sizeof(Elf64_Ehdr) + offsetof(Elf64_Phdr, p_offset) + 7, 0x7f, "past the end"},
        {sizeof(Elf64_Ehdr) + offsetof(Elf64_Phdr, p_paddr) + 7, 0x7f, "beyond what a guest"},
        {sizeof(Elf64_Ehdr) + offsetof(Elf64_Phdr, p_memsz) + 4, 0x7f, "more than"},
        {sizeof(Elf64_Ehdr) + offsetof(Elf64_Phdr, p_memsz) + 1, 0, "more file bytes"},
        {sizeof(Elf64_Ehdr), PT_NULL, "no loadable segment"},
        {0x400 + 8, 99, "unknown type 99"},
        {0x400 + 4, 12, "descriptor bytes"},
        {0x400 + 24, 1, "whole pages"},
    };
    uint8_t page[PAGE_BYTES] = {0x90};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        GByteArray *bytes = elf_monitor_bytes(page, sizeof(page));
        struct elf_image image;
        GError *error = NULL;
        bytes->data[cases[i].offset] = cases[i].value;
        g_assert_false(load(bytes, &image, &error));
        g_assert_error(error, EMU_ERROR, EMU_ERROR_INPUT);
        if (!strstr(error->message, cases[i].message))
            g_error("case %zu: \"%s\" does not say \"%s\"", i, error->message, cases[i].message);
        g_assert_nonnull(strstr(error->message, "prova-elf-"));
        g_clear_error(&error);
        g_byte_array_free(bytes, TRUE);
    }
}

static void test_missing_file(void)
{
    struct elf_image image;
    GError *error = NULL;
    g_assert_false(elf_image_load(&image, "/nonexistent/monitor.elf", &error));
    g_assert_error(error, EMU_ERROR, EMU_ERROR_INPUT);
    g_clear_error(&error);
}

/* Every truncation and thousands of mutations: refused with a message or loaded, never a crash. */
static void test_hostile(void)
{
    GByteArray *whole = elf_monitor_bytes(code, sizeof(code));
    uint32_t refused = 0;
    for (guint round = 0; round < 4000; round++) {
        GByteArray *bytes = g_byte_array_new();
        g_byte_array_append(bytes, whole->data, whole->len);
        if (round < 800) {
            g_byte_array_set_size(bytes, round);
        } else {
            for (int i = g_test_rand_int_range(1, 5); i > 0; i--)
                bytes->data[g_test_rand_int_range(0, 0x500)] = (uint8_t)g_test_rand_int();
        }
        struct elf_image image;
        GError *error = NULL;
        if (load(bytes, &image, &error)) {
            elf_image_clear(&image);
        } else {
            g_assert_nonnull(error);
            refused++;
            g_clear_error(&error);
        }
        g_byte_array_free(bytes, TRUE);
    }
    g_assert_cmpuint(refused, >, 800);
    g_byte_array_free(whole, TRUE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/emu/elf/loads", test_loads);
    g_test_add_func("/emu/elf/refuses-with-reason", test_refuses);
    g_test_add_func("/emu/elf/missing-file", test_missing_file);
    g_test_add_func("/emu/elf/hostile-bytes", test_hostile);
    return g_test_run();
}

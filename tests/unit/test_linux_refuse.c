/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What cannot be booted is refused with the reason, and no file does more than that. */
#include <elf.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "emu/error.h"
#include "emu/linux_internal.h"
#include "rmp/addr.h"
#include "tests/unit/linux_fixture.h"

#define MIB UINT64_C(0x100000)

static void refused(struct linux_config config, const GByteArray *kernel, const GByteArray *initrd,
                    const char *message)
{
    struct elf_image image;
    struct linux_boot boot;
    GError *error = NULL;
    g_assert_false(fixture_load(&image, &boot, config, kernel, initrd, &error));
    g_assert_error(error, EMU_ERROR, EMU_ERROR_INPUT);
    if (!strstr(error->message, message))
        g_error("\"%s\" does not say \"%s\"", error->message, message);
    g_assert_nonnull(strstr(error->message, "prova-elf-")); /* the file */
    g_clear_error(&error);
}

/* One changed field of the header each. */
static void test_header(void)
{
    static const struct {
        size_t offset, width;
        uint64_t value;
        const char *message;
    } cases[] = {
        {0x1fe, 2, 0x55aa, "not a Linux kernel"},
        {0x202, 4, 0, "not a Linux kernel"},
        {0x206, 2, 0x020e, "boot protocol 2.14 is too old"},
        {0x211, 1, 0, "no 64-bit entry point"},
        {0x236, 2, 0x7e, "no 64-bit entry point"},
        {0x258, 8, 0x1000001, "where a guest has no memory"},
        {0x258, 8, 0xc0000000, "where a guest has no memory"},
        {0x258, 8, UINT64_MAX & ~PAGE_MASK, "where a guest has no memory"},
        {0x260, 4, 0, "where a guest has no memory"},
        {0x260, 4, 0xbf000001, "where a guest has no memory"},
        {0x260, 4, 0xbf000000, "no place for the kernel"},
        {0x1f4, 4, UINT32_MAX, "truncated?"},
        {0x1f1, 1, 0xff, "truncated?"},
        {0x1f4, 4, 0, "not inside the protected-mode part"},
        {0x248, 4, UINT32_MAX, "not inside the protected-mode part"},
        {0x24c, 4, UINT32_MAX, "not inside the protected-mode part"},
        {0x24c, 4, 0, "compressed with an unknown format"},
        {0x24c, 4, 40, "ends too early"},
        {0x258, 8, 0x800000, "link the monitor elsewhere"},
        {0x238, 4, 3, "the command line has 4 characters, this kernel takes at most 3"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        GByteArray *kernel = bzimage_bytes(PACK_ZSTD);
        field_set(kernel->data, cases[i].offset, cases[i].width, cases[i].value);
        struct linux_config config = fixture_config();
        config.cmdline = "init";
        config.entry = cases[i].value == 0x800000 ? LINUX_ENTRY_BZIMAGE : LINUX_ENTRY_AUTO;
        refused(config, kernel, NULL, cases[i].message);
        g_byte_array_free(kernel, TRUE);
    }
}

/* What is in the bzImage: these bytes, then 0xff. */
static void test_payload(void)
{
    static const struct {
        const char *bytes;
        size_t count;
        const char *message;
    } cases[] = {
        {"BZh91AY&SY", 10, "compressed with bzip2"},
        {"\x89LZO\0\r\n", 7, "compressed with lzo"},
        {"garbage!", 8, "compressed with an unknown format"},
        {"\x28\xb5\x2f\xfd\xff\xff\xff\xff\xff\xff", 10, "cannot be unpacked (zstd)"},
        {"\3757zXZ\0\xff\xff\xff\xff\xff\xff\xff", 13, "cannot be unpacked (xz)"},
        {"\x1f\x8b\xff\xff\xff\xff\xff\xff\xff\xff\xff", 11, "cannot be unpacked (gzip)"},
        {"\x02\x21\x4c\x18\xff\xff\xff\xff\0\0\0\0\0", 13, "cannot be unpacked (lz4)"},
        {"\x02\x21\x4c\x18\x04\0\0\0\xff\xff\xff\xff\0\0\0\0", 16, "cannot be unpacked (lz4)"},
        {"\x02\x21\x4c\x18\0\x40\0\0\0\0\0\0\0", 13, "(lz4) ends too early"},
        {"\x5d\0\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 13, "cannot be unpacked (lzma)"},
        {"\177ELF of nothing", 15, "does not say \"Linux version \""},
        {"\177ELF Linux version ", 19, "does not say \"Linux version \""},
        {"\177ELF Linux version 5.4.0 ", 25, "Linux 5.4.0 has no support"},
        {"\177ELF Linux version 9.9 SNP running at VMPL", 42, "not an ELF file"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        GByteArray *payload = g_byte_array_new();
        g_byte_array_append(payload, (const uint8_t *)cases[i].bytes, (guint)cases[i].count);
        while (payload->len < 64)
            g_byte_array_append(payload, (const uint8_t[]){0xff}, 1);
        GByteArray *kernel = bzimage_of(payload);
        struct linux_config config = fixture_config();
        config.entry = i & 1 ? LINUX_ENTRY_BZIMAGE : LINUX_ENTRY_VMLINUX; /* both look inside */
        refused(config, kernel, NULL, cases[i].message);
        g_byte_array_free(kernel, TRUE);
        g_byte_array_free(payload, TRUE);
    }
}

/* A few kilobytes may unpack to as much as you like. */
static void test_payload_bomb(void)
{
    GByteArray *zeros = g_byte_array_new();
    g_byte_array_set_size(zeros, 8 << 20);
    memset(zeros->data, 0, zeros->len);
    GByteArray *one = pack_bytes(PACK_LZ4, zeros), *bomb = g_byte_array_new();
    g_byte_array_append(bomb, one->data, 4);
    for (int i = 0; i <= LINUX_VMLINUX_MAX / (8 << 20); i++)
        g_byte_array_append(bomb, one->data + 4, one->len - 8);
    g_byte_array_append(bomb, one->data + one->len - 4, 4);
    GByteArray *kernel = bzimage_of(bomb);
    refused(fixture_config(), kernel, NULL, "(lz4) to more than 256 MiB");
    g_byte_array_free(kernel, TRUE);
    g_byte_array_free(bomb, TRUE);
    g_byte_array_free(one, TRUE);
    g_byte_array_free(zeros, TRUE);
}

/* One changed field of the vmlinux each. */
static void test_vmlinux(void)
{
    const size_t text = sizeof(Elf64_Ehdr), data = text + sizeof(Elf64_Phdr);
    const struct {
        size_t offset, width;
        uint64_t value;
        const char *message;
    } cases[] = {
        {0, 1, 'X', "not a Linux kernel"},
        {FIXTURE_BANNER_OFFSET, 1, 'l', "not a Linux kernel"},
        {FIXTURE_MARKER_OFFSET + 7, 1, 'x',
         "Linux " FIXTURE_RELEASE " has no support for running as an SEV-SNP guest under an SVSM"},
        {offsetof(Elf64_Ehdr, e_machine), 2, EM_AARCH64, "not an x86-64 ELF file"},
        {offsetof(Elf64_Ehdr, e_entry), 8, FIXTURE_DATA_GPA + 0x1000, "entry point"},
        {offsetof(Elf64_Ehdr, e_entry), 8, 0xffffffff81000123, "entry point"},
        {data + offsetof(Elf64_Phdr, p_paddr), 8, 0xff000, "in the first MiB"},
        {data + offsetof(Elf64_Phdr, p_paddr), 8, 0x900000, "link the monitor elsewhere"},
        {data + offsetof(Elf64_Phdr, p_paddr), 8, 0xc0000000, "no place for the kernel"},
        {data + offsetof(Elf64_Phdr, p_paddr), 8, 0x3f00000, "at least 66 MiB"},
        {text + offsetof(Elf64_Phdr, p_offset), 8, 0x7000, "past the end"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        GByteArray *kernel = vmlinux_bytes();
        field_set(kernel->data, cases[i].offset, cases[i].width, cases[i].value);
        refused(fixture_config(), kernel, NULL, cases[i].message);
        g_byte_array_free(kernel, TRUE);
    }
    GByteArray *kernel = vmlinux_bytes();
    struct linux_config config = fixture_config();
    config.entry = LINUX_ENTRY_BZIMAGE;
    refused(config, kernel, NULL, "no bzImage entry");
    g_byte_array_free(kernel, TRUE);
}

/* The kernel is from 16 MiB to 20 MiB, the monitor from 8 MiB to 16 MiB. */
static void test_memory(void)
{
    static const struct {
        uint64_t memory_mib, hole_gpa, hole_bytes, initrd_bytes;
        const char *message;
    } cases[] = {
        {16, 8 * MIB, 8 * MIB, 0, "kernel and the monitor need at least 22 MiB"},
        {20, 8 * MIB, 8 * MIB, 0, "kernel and the monitor need at least 22 MiB"},
        {16, 8 * MIB, 8 * MIB, 4096, "kernel, its initrd and the monitor need at least 22 MiB"},
        {22, 8 * MIB, 8 * MIB, 8 * MIB, "kernel, its initrd and the monitor need at least 30 MiB"},
        {22, MIB, 15 * MIB, 0, "need at least 24 MiB"},
        {22, 18 * MIB, 8 * MIB, 0, "link the monitor elsewhere"},
        {64, 0, 8 * MIB, 0, "link the monitor higher"},
        {64, 62 * MIB, 2 * MIB, 0, "need at least 66 MiB"},
        {3074, 8 * MIB, 8 * MIB, 0, "at most 3072 MiB of memory (3074 are asked for)"},
    };
    GByteArray *kernel = bzimage_bytes(PACK_ZSTD);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        GByteArray *initrd = g_byte_array_new();
        g_byte_array_set_size(initrd, (guint)cases[i].initrd_bytes);
        struct linux_config config = fixture_config();
        config.memory_bytes = cases[i].memory_mib * MIB;
        config.hole_gpa = cases[i].hole_gpa;
        config.hole_bytes = cases[i].hole_bytes;
        refused(config, kernel, initrd->len ? initrd : NULL, cases[i].message);
        g_byte_array_free(initrd, TRUE);
    }
    g_byte_array_free(kernel, TRUE);
}

/* What a message names as enough is enough. */
static void test_memory_that_is_named_is_enough(void)
{
    GByteArray *kernel = bzimage_bytes(PACK_ZSTD);
    struct linux_config config = fixture_config();
    config.memory_bytes = 22 * MIB;
    struct elf_image image;
    struct linux_boot boot;
    GError *error = NULL;
    g_assert_true(fixture_load(&image, &boot, config, kernel, NULL, &error));
    g_assert_no_error(error);
    elf_image_clear(&image);
    g_byte_array_free(kernel, TRUE);
}

static void test_initrd(void)
{
    GByteArray *kernel = bzimage_bytes(PACK_ZSTD), *initrd = g_byte_array_new();
    refused(fixture_config(), kernel, initrd, "the initrd is empty");
    g_byte_array_set_size(initrd, 6 * MIB);
    field_set(kernel->data, 0x22c, 4, 0x13fffff); /* no more than 4 MiB are free below */
    refused(fixture_config(), kernel, initrd, "an initrd of 6291456 bytes is too big");
    g_byte_array_free(initrd, TRUE);
    g_byte_array_free(kernel, TRUE);
}

static void test_missing_files(void)
{
    struct linux_config config = fixture_config();
    struct elf_image image;
    struct linux_boot boot;
    GError *error = NULL;
    config.kernel_path = "/nonexistent/vmlinuz";
    g_assert_false(linux_image_load(&image, &boot, &config, &error));
    g_assert_error(error, EMU_ERROR, EMU_ERROR_INPUT);
    g_assert_true(g_str_has_prefix(error->message, "/nonexistent/vmlinuz: cannot be read"));
    g_clear_error(&error);
    char *path = NULL;
    GByteArray *kernel = bzimage_bytes(PACK_ZSTD);
    close(g_file_open_tmp("prova-linux-XXXXXX", &path, NULL));
    g_assert_true(g_file_set_contents(path, (const char *)kernel->data, kernel->len, NULL));
    config.kernel_path = path;
    config.initrd_path = "/nonexistent/initrd";
    g_assert_false(linux_image_load(&image, &boot, &config, &error));
    g_assert_error(error, EMU_ERROR, EMU_ERROR_INPUT);
    g_assert_true(g_str_has_prefix(error->message, "/nonexistent/initrd: cannot be read"));
    g_clear_error(&error);
    g_unlink(path);
    g_free(path);
    g_byte_array_free(kernel, TRUE);
}

/* Whatever was loaded keeps to its place: whole pages of RAM, none twice, none of the monitor's. */
static void image_check(const struct elf_image *image, const struct linux_boot *boot,
                        const struct linux_config *config)
{
    GHashTable *seen = g_hash_table_new(NULL, NULL);
    bool entry_there = false;
    g_assert_cmphex(boot->boot_gpa >> PAGE_SHIFT_2M, ==,
                    (boot->block_gpa + LINUX_BLOCK_PAGES * PAGE_BYTES - 1) >> PAGE_SHIFT_2M);
    for (size_t i = 0; i < image->page_count; i++) {
        uint64_t gpa = image->pages[i].gpa;
        g_assert_nonnull(image->pages[i].bytes);
        g_assert_cmphex(gpa & PAGE_MASK, ==, 0);
        g_assert_cmphex(gpa, <, config->memory_bytes);
        g_assert_cmphex(gpa, >=, MIB);
        g_assert_true(gpa - config->hole_gpa >= config->hole_bytes);
        g_assert_true(gpa - boot->block_gpa >= LINUX_BLOCK_PAGES * PAGE_BYTES);
        g_assert_true(g_hash_table_add(seen, GSIZE_TO_POINTER(gpa)));
        entry_there = entry_there || gpa == page_base(image->entry);
    }
    g_assert_true(entry_there);
    g_hash_table_destroy(seen);
}

/* Truncated and mutated, in the headers above all: loaded or refused with a message. */
static void test_hostile(void)
{
    static const uint64_t odd[] = {
        0,         1, 0xff, 0xfff, 0x1000, UINT32_MAX, INT32_MAX, UINT64_MAX, UINT64_C(1) << 51,
        0xbffff000};
    GByteArray *initrd = g_byte_array_append(g_byte_array_new(), (const uint8_t *)"cpio", 4);
    guint loaded = 0, refusals = 0;
    for (guint round = 0; round < 4000; round++) {
        enum pack pack = (enum pack)g_test_rand_int_range(0, PACK_COUNT);
        GByteArray *kernel = round % 3 ? bzimage_bytes(pack) : vmlinux_bytes();
        /* The setup header; what is compressed, or plain headers and text; the ELF headers. */
        guint from = round % 3 ? (g_test_rand_bit() ? 0x1f0 : FIXTURE_PART_OFFSET + 0x2cc) : 0;
        guint to = MIN(from + (round % 3 ? 0x90 : 0xb0), kernel->len - 8);
        for (int i = g_test_rand_int_range(1, 4); i > 0; i--) {
            guint at = (guint)g_test_rand_int_range((gint)from, (gint)to);
            if (g_test_rand_bit())
                kernel->data[at] = (uint8_t)g_test_rand_int();
            else
                field_set(kernel->data, at, 1u << g_test_rand_int_range(0, 4),
                          odd[g_test_rand_int_range(0, G_N_ELEMENTS(odd))]);
        }
        if (round % 5 == 0)
            g_byte_array_set_size(kernel, (guint)g_test_rand_int_range(0, (gint)kernel->len));
        struct linux_config config = fixture_config();
        config.entry = (enum linux_entry)g_test_rand_int_range(0, 3);
        struct elf_image image;
        struct linux_boot boot;
        GError *error = NULL;
        if (fixture_load(&image, &boot, config, kernel, initrd, &error)) {
            image_check(&image, &boot, &config);
            elf_image_clear(&image);
            loaded++;
        } else {
            g_assert_error(error, EMU_ERROR, EMU_ERROR_INPUT);
            g_assert_null(image.pages);
            g_clear_error(&error);
            refusals++;
        }
        g_byte_array_free(kernel, TRUE);
    }
    g_assert_cmpuint(loaded, >, 200);
    g_assert_cmpuint(refusals, >, 1000);
    g_byte_array_free(initrd, TRUE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/linux/refuse/header", test_header);
    g_test_add_func("/linux/refuse/payload", test_payload);
    g_test_add_func("/linux/refuse/payload-bomb", test_payload_bomb);
    g_test_add_func("/linux/refuse/vmlinux", test_vmlinux);
    g_test_add_func("/linux/refuse/memory", test_memory);
    g_test_add_func("/linux/refuse/memory-named-is-enough", test_memory_that_is_named_is_enough);
    g_test_add_func("/linux/refuse/initrd", test_initrd);
    g_test_add_func("/linux/refuse/missing-files", test_missing_files);
    g_test_add_func("/linux/refuse/hostile-bytes", test_hostile);
    return g_test_run();
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A Linux kernel becomes pages of a guest: which, where, and with what in them, to the byte. */
#include <string.h>

#include "emu/acpi.h"
#include "emu/linux_internal.h"
#include "rmp/addr.h"
#include "tests/unit/linux_fixture.h"

#define MIB UINT64_C(0x100000)

/* Where fixture_config() leads to, with a command line that takes one page. */
enum {
    BOOT_GPA = 0x200000,
    CMDLINE_GPA = 0x201000,
    SETUP_DATA_GPA = 0x202000,
    CC_BLOB_GPA = 0x203000,
    BLOCK_GPA = 0x204000,
    ACPI_GPA = 63 << 20,
};

static struct elf_image loaded(struct linux_boot *boot, struct linux_config config,
                               GByteArray *kernel, const GByteArray *initrd)
{
    struct elf_image image;
    GError *error = NULL;
    bool ok = fixture_load(&image, boot, config, kernel, initrd, &error);
    g_assert_no_error(error);
    g_assert_true(ok);
    g_byte_array_free(kernel, TRUE);
    return image;
}

/* The segments of the vmlinux, as far as the file has bytes for them. */
static void vmlinux_pages_check(const struct elf_image *image)
{
    GByteArray *file = vmlinux_bytes();
    uint8_t page[PAGE_BYTES] = {0};
    g_assert_cmphex(image->entry, ==, FIXTURE_ENTRY);
    g_assert_cmphex(image->pages[0].gpa, ==, FIXTURE_TEXT_GPA);
    g_assert_cmpmem(image->pages[0].bytes, PAGE_BYTES, file->data + FIXTURE_TEXT_OFFSET,
                    PAGE_BYTES);
    memcpy(page, file->data + FIXTURE_TEXT_OFFSET + PAGE_BYTES, FIXTURE_TEXT_BYTES - PAGE_BYTES);
    g_assert_cmphex(image->pages[1].gpa, ==, FIXTURE_TEXT_GPA + PAGE_BYTES);
    g_assert_cmpmem(image->pages[1].bytes, PAGE_BYTES, page, PAGE_BYTES);
    memset(page, 0, sizeof(page));
    memcpy(page, file->data + FIXTURE_DATA_OFFSET, FIXTURE_DATA_BYTES);
    g_assert_cmphex(image->pages[2].gpa, ==, FIXTURE_DATA_GPA);
    g_assert_cmpmem(image->pages[2].bytes, PAGE_BYTES, page, PAGE_BYTES);
    g_assert_cmphex(image->pages[3].gpa, ==, BOOT_GPA); /* the bss is not launched */
    g_byte_array_free(file, TRUE);
}

static void test_every_compression(void)
{
    for (int pack = 0; pack < PACK_COUNT; pack++) {
        struct linux_boot boot;
        struct linux_config config = fixture_config();
        config.entry = pack & 1 ? LINUX_ENTRY_VMLINUX : LINUX_ENTRY_AUTO;
        struct elf_image image = loaded(&boot, config, bzimage_bytes(pack), NULL);
        vmlinux_pages_check(&image);
        g_assert_cmpuint(image.page_count, ==, 3 + 4 + 1);
        g_assert_cmpstr(boot.version, ==, FIXTURE_RELEASE);
        g_assert_cmphex(boot.boot_gpa, ==, BOOT_GPA);
        g_assert_cmphex(boot.block_gpa, ==, BLOCK_GPA);
        elf_image_clear(&image);
    }
}

/* More than a block of lz4 and a chunk of the others; and never more than the limit. */
static void test_unpack_limit(void)
{
    static const char *const names[PACK_COUNT] = {"zstd", "xz", "gzip", "lz4", "lzma", "nothing"};
    GByteArray *bytes = vmlinux_bytes();
    guint head = bytes->len;
    g_byte_array_set_size(bytes, (9 << 20) + 5);
    for (guint i = head; i < bytes->len; i++)
        bytes->data[i] = (uint8_t)(i % 251 ^ i >> 16);
    for (int pack = 0; pack < PACK_COUNT; pack++) {
        GByteArray *in = pack_bytes(pack, bytes), *out = g_byte_array_new();
        const char *format;
        g_assert_cmpint(linux_unpack(out, 16 << 20, in->data, in->len, &format), ==,
                        LINUX_UNPACK_OK);
        g_assert_cmpstr(format, ==, names[pack]);
        g_assert_cmpmem(out->data, out->len, bytes->data, bytes->len);
        g_byte_array_set_size(out, 0);
        g_assert_cmpint(linux_unpack(out, bytes->len - 1, in->data, in->len, &format), ==,
                        LINUX_UNPACK_TOO_BIG);
        g_assert_cmpuint(out->len, <=, bytes->len - 1);
        if (pack != PACK_NONE) {
            g_byte_array_set_size(out, 0);
            g_assert_cmpint(linux_unpack(out, 16 << 20, in->data, in->len / 2, &format), ==,
                            LINUX_UNPACK_TRUNCATED);
        }
        g_byte_array_free(in, TRUE);
        g_byte_array_free(out, TRUE);
    }
    g_byte_array_free(bytes, TRUE);
}

static void test_bzimage_entry(void)
{
    GByteArray *file = bzimage_bytes(PACK_ZSTD);
    GByteArray *kernel = g_byte_array_append(g_byte_array_new(), file->data, file->len);
    size_t part = file->len - FIXTURE_PART_OFFSET - 0x70; /* without what is behind it */
    struct linux_boot boot;
    struct linux_config config = fixture_config();
    config.entry = LINUX_ENTRY_BZIMAGE;
    struct elf_image image = loaded(&boot, config, kernel, NULL);
    g_assert_cmphex(image.entry, ==, FIXTURE_TEXT_GPA + 0x200);
    g_assert_cmpstr(boot.version, ==, FIXTURE_RELEASE);
    for (size_t at = 0; at < part; at += PAGE_BYTES) {
        uint8_t page[PAGE_BYTES] = {0};
        memcpy(page, file->data + FIXTURE_PART_OFFSET + at, MIN(part - at, PAGE_BYTES));
        g_assert_cmphex(image.pages[at / PAGE_BYTES].gpa, ==, FIXTURE_TEXT_GPA + at);
        g_assert_cmpmem(image.pages[at / PAGE_BYTES].bytes, PAGE_BYTES, page, PAGE_BYTES);
    }
    g_assert_cmpuint(image.page_count, ==, (part + PAGE_MASK) / PAGE_BYTES + 4 + 1);
    elf_image_clear(&image);
    g_byte_array_free(file, TRUE);
}

/* What boot_params must be with this header: all else is zero. */
static void params_expect(uint8_t *page, const uint8_t *file, uint64_t initrd_gpa,
                          uint64_t initrd_bytes)
{
    const struct {
        uint64_t gpa, bytes;
        uint32_t type;
    } e820[] = {
        {0, 0x9f000, 1},
        {0x9f000, 0x61000, 2},
        {MIB, CC_BLOB_GPA - MIB, 1},
        {CC_BLOB_GPA, 11 * PAGE_BYTES, 2},
        {BLOCK_GPA + 10 * PAGE_BYTES, FIXTURE_HOLE_GPA - BLOCK_GPA - 10 * PAGE_BYTES, 1},
        {16 * MIB, 47 * MIB, 1},
        {ACPI_GPA, MIB, 3},
    };
    memset(page, 0, PAGE_BYTES);
    memcpy(page + 0x1f1, file + 0x1f1, 0x26c - 0x1f1);
    field_set(page, 0x070, 8, ACPI_GPA);
    field_set(page, 0x1e8, 1, G_N_ELEMENTS(e820));
    field_set(page, 0x210, 1, 0xff);
    field_set(page, 0x211, 1, 0x01);
    field_set(page, 0x218, 4, initrd_gpa);
    field_set(page, 0x21c, 4, initrd_bytes);
    field_set(page, 0x228, 4, CMDLINE_GPA);
    field_set(page, 0x250, 8, SETUP_DATA_GPA);
    for (size_t i = 0; i < G_N_ELEMENTS(e820); i++) {
        field_set(page, 0x2d0 + 20 * i, 8, e820[i].gpa);
        field_set(page, 0x2d0 + 20 * i + 8, 8, e820[i].bytes);
        field_set(page, 0x2d0 + 20 * i + 16, 4, e820[i].type);
    }
}

static void test_boot_pages(void)
{
    static const char cmdline[] = "console=ttyS0 nokaslr quiet";
    GByteArray *file = bzimage_bytes(PACK_GZIP);
    GByteArray *kernel = g_byte_array_append(g_byte_array_new(), file->data, file->len);
    GByteArray *initrd = g_byte_array_new();
    g_byte_array_set_size(initrd, PAGE_BYTES + 1);
    memset(initrd->data, 0xc5, initrd->len);
    const uint64_t initrd_gpa = ACPI_GPA - 2 * PAGE_BYTES;

    struct linux_boot boot;
    struct linux_config config = fixture_config();
    config.cmdline = cmdline;
    struct elf_image image = loaded(&boot, config, kernel, initrd);
    uint8_t page[PAGE_BYTES];
    params_expect(page, file->data, initrd_gpa, initrd->len);
    g_assert_cmpmem(page_of(&image, boot.boot_gpa), PAGE_BYTES, page, PAGE_BYTES);

    memset(page, 0, sizeof(page));
    memcpy(page, cmdline, sizeof(cmdline));
    g_assert_cmpmem(page_of(&image, CMDLINE_GPA), PAGE_BYTES, page, PAGE_BYTES);

    memset(page, 0, sizeof(page));
    field_set(page, 8, 4, 7);
    field_set(page, 12, 4, 4);
    field_set(page, 16, 4, CC_BLOB_GPA);
    g_assert_cmpmem(page_of(&image, SETUP_DATA_GPA), PAGE_BYTES, page, PAGE_BYTES);

    memset(page, 0, sizeof(page));
    memcpy(page, (const uint8_t[]){'A', 'M', 'D', 'E'}, 4);
    field_set(page, 8, 8, boot.block_gpa + 0x1000);
    field_set(page, 16, 4, 4096);
    field_set(page, 24, 8, boot.block_gpa + 0x2000);
    field_set(page, 32, 4, 4096);
    g_assert_cmpmem(page_of(&image, CC_BLOB_GPA), PAGE_BYTES, page, PAGE_BYTES);

    memset(page, 0, sizeof(page));
    g_assert_cmpmem(page_of(&image, initrd_gpa), PAGE_BYTES, initrd->data, PAGE_BYTES);
    page[0] = 0xc5;
    g_assert_cmpmem(page_of(&image, initrd_gpa + PAGE_BYTES), PAGE_BYTES, page, PAGE_BYTES);
    g_assert_null(page_of(&image, boot.block_gpa)); /* the monitor writes it */
    elf_image_clear(&image);
    g_byte_array_free(initrd, TRUE);
    g_byte_array_free(file, TRUE);
}

static void test_acpi_page(void)
{
    struct linux_boot boot;
    struct linux_config config = fixture_config();
    config.cpus = 3;
    struct elf_image image = loaded(&boot, config, bzimage_bytes(PACK_LZ4), NULL);
    GByteArray *tables = acpi_tables_new(ACPI_GPA, 3);
    uint8_t page[PAGE_BYTES] = {0};
    g_assert_cmpuint(tables->len, <=, PAGE_BYTES);
    memcpy(page, tables->data, tables->len);
    g_assert_cmpmem(page_of(&image, ACPI_GPA), PAGE_BYTES, page, PAGE_BYTES);
    g_byte_array_free(tables, TRUE);
    elf_image_clear(&image);
}

/* A vmlinux gets the header that its bzImage would have. */
static void test_vmlinux_file(void)
{
    struct linux_boot boot;
    struct elf_image image = loaded(&boot, fixture_config(), vmlinux_bytes(), NULL);
    vmlinux_pages_check(&image);
    g_assert_cmpstr(boot.version, ==, FIXTURE_RELEASE);
    uint8_t file[PAGE_BYTES] = {0}, page[PAGE_BYTES];
    field_set(file, 0x1f2, 2, 1);
    field_set(file, 0x1fa, 2, 0xffff);
    field_set(file, 0x1fe, 2, 0xaa55);
    field_set(file, 0x200, 2, 0x6aeb);
    field_set(file, 0x202, 4, 0x53726448);
    field_set(file, 0x206, 2, 0x020f);
    field_set(file, 0x214, 4, 0x100000);
    field_set(file, 0x22c, 4, 0x7fffffff);
    field_set(file, 0x230, 4, 0x200000);
    field_set(file, 0x234, 2, 0x1501);
    field_set(file, 0x236, 2, 1);
    field_set(file, 0x238, 4, 2047);
    field_set(file, 0x258, 8, FIXTURE_TEXT_GPA);
    field_set(file, 0x260, 4, FIXTURE_DATA_GPA + FIXTURE_BSS_BYTES - FIXTURE_TEXT_GPA);
    params_expect(page, file, 0, 0);
    g_assert_cmpmem(page_of(&image, boot.boot_gpa), PAGE_BYTES, page, PAGE_BYTES);
    elf_image_clear(&image);
}

/* Later protocols have a longer header: it is copied as far as its jump says, and to 0x290. */
static void test_longer_header(void)
{
    static const struct {
        uint8_t jump;
        size_t end;
    } cases[] = {{0x6a, 0x26c}, {0x6e, 0x270}, {0x8e, 0x290}, {0xff, 0x290}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        GByteArray *kernel = bzimage_bytes(PACK_ZSTD);
        memset(kernel->data + 0x26c, 0xee, 0x40);
        kernel->data[0x201] = cases[i].jump;
        struct linux_boot boot;
        struct elf_image image = loaded(&boot, fixture_config(), kernel, NULL);
        const uint8_t *page = page_of(&image, boot.boot_gpa);
        for (size_t at = 0x26c; at < 0x2d0; at++)
            g_assert_cmphex(page[at], ==, at < cases[i].end ? 0xee : 0);
        elf_image_clear(&image);
    }
}

static void test_long_command_line(void)
{
    GByteArray *kernel = bzimage_bytes(PACK_ZSTD);
    field_set(kernel->data, 0x238, 4, 5000);
    char *cmdline = g_strnfill(5000, 'c');
    struct linux_boot boot;
    struct linux_config config = fixture_config();
    config.cmdline = cmdline;
    struct elf_image image = loaded(&boot, config, kernel, NULL);
    const uint8_t *params = page_of(&image, boot.boot_gpa);
    uint64_t gpa = field_get(params, 0x228, 4);
    g_assert_cmpmem(page_of(&image, gpa), PAGE_BYTES, cmdline, PAGE_BYTES);
    g_assert_cmpmem(page_of(&image, gpa + PAGE_BYTES), 5001 - PAGE_BYTES, cmdline + PAGE_BYTES,
                    5001 - PAGE_BYTES);
    g_assert_cmphex(field_get(params, 0x250, 8), ==, gpa + 2 * PAGE_BYTES);
    g_assert_cmphex(boot.block_gpa, ==, BLOCK_GPA + PAGE_BYTES);
    elf_image_clear(&image);
    g_free(cmdline);
}

/* Everything finds a place around a monitor that lies somewhere else. */
static void test_places(void)
{
    static const struct {
        uint64_t hole_gpa, hole_bytes, boot_gpa, initrd_gpa;
        uint32_t initrd_addr_max;
    } cases[] = {
        {0, 0, 2 * MIB, 63 * MIB - PAGE_BYTES, 0x7fffffff},
        {MIB, 15 * MIB, 20 * MIB, 63 * MIB - PAGE_BYTES, 0x7fffffff},
        {2 * MIB, 2 * MIB, 4 * MIB, 63 * MIB - PAGE_BYTES, 0x7fffffff},
        {3 * MIB, 1 * MIB, 4 * MIB, 63 * MIB - PAGE_BYTES, 0x7fffffff},
        {61 * MIB, 2 * MIB, 2 * MIB, 61 * MIB - PAGE_BYTES, 0x7fffffff},
        {8 * MIB, 8 * MIB, 2 * MIB, 32 * MIB - PAGE_BYTES, 0x1ffffff},
        {8 * MIB, 8 * MIB, 2 * MIB, 32 * MIB - 2 * PAGE_BYTES, 0x1fffffe},
        {8 * MIB, 8 * MIB, 2 * MIB, 8 * MIB - PAGE_BYTES, 0x10fffff},
    };
    GByteArray *initrd = g_byte_array_append(g_byte_array_new(), (const uint8_t *)"cpio", 4);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        GByteArray *kernel = bzimage_bytes(PACK_ZSTD);
        field_set(kernel->data, 0x22c, 4, cases[i].initrd_addr_max);
        struct linux_boot boot;
        struct linux_config config = fixture_config();
        config.hole_gpa = cases[i].hole_gpa;
        config.hole_bytes = cases[i].hole_bytes;
        struct elf_image image = loaded(&boot, config, kernel, initrd);
        g_assert_cmphex(boot.boot_gpa, ==, cases[i].boot_gpa);
        g_assert_cmphex(field_get(page_of(&image, boot.boot_gpa), 0x218, 4), ==,
                        cases[i].initrd_gpa);
        elf_image_clear(&image);
    }
    g_byte_array_free(initrd, TRUE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/linux/every-compression", test_every_compression);
    g_test_add_func("/linux/unpack-limit", test_unpack_limit);
    g_test_add_func("/linux/bzimage-entry", test_bzimage_entry);
    g_test_add_func("/linux/boot-pages", test_boot_pages);
    g_test_add_func("/linux/acpi-page", test_acpi_page);
    g_test_add_func("/linux/vmlinux-file", test_vmlinux_file);
    g_test_add_func("/linux/longer-header", test_longer_header);
    g_test_add_func("/linux/long-command-line", test_long_command_line);
    g_test_add_func("/linux/places", test_places);
    return g_test_run();
}

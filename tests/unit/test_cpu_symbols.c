/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Symbols: a small ELF file that is written here, damaged ones, source lines of this program. */
#include <elf.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>

#include "cpu/symbols.h"

/* Null, .text, .symtab, .strtab, .shstrtab */
enum { SECTIONS = 5, SYMBOLS = 8, TEXT_AT = 0x1000, TEXT_BYTES = 0x200 };

struct image {
    Elf64_Ehdr header;
    Elf64_Shdr section[SECTIONS];
    Elf64_Sym symbol[SYMBOLS];
    char strings[64];
    char section_names[40];
};

static Elf64_Word string_add(char *table, size_t *used, const char *text)
{
    size_t at = *used;
    strcpy(table + at, text);
    *used += strlen(text) + 1;
    return (Elf64_Word)at;
}

static void image_fill(struct image *image)
{
    static const struct {
        const char *name;
        uint64_t value, size;
        uint8_t bind, type;
    } symbols[SYMBOLS - 1] = {
        { "start", 0x1000, 0, STB_GLOBAL, STT_NOTYPE },      /* a label without size */
        { "main", 0x1040, 0x40, STB_GLOBAL, STT_FUNC },
        { "main_alias", 0x1040, 0x40, STB_LOCAL, STT_FUNC },
        { "inner", 0x1050, 0, STB_LOCAL, STT_NOTYPE },       /* a label inside of main */
        { "table", 0x1100, 0x80, STB_LOCAL, STT_OBJECT },
        { "nested", 0x1110, 0x10, STB_LOCAL, STT_OBJECT },   /* within table */
        { "tail", 0x11c0, 0, STB_GLOBAL, STT_NOTYPE },       /* reaches to the section's end */
    };
    size_t used = 1, names_used = 1;
    memset(image, 0, sizeof(*image));
    memcpy(image->header.e_ident, ELFMAG, SELFMAG);
    image->header.e_ident[EI_CLASS] = ELFCLASS64;
    image->header.e_ident[EI_DATA] = ELFDATA2LSB;
    image->header.e_ident[EI_VERSION] = EV_CURRENT;
    image->header.e_type = ET_EXEC;
    image->header.e_machine = EM_X86_64;
    image->header.e_version = EV_CURRENT;
    image->header.e_ehsize = sizeof(Elf64_Ehdr);
    image->header.e_shoff = offsetof(struct image, section);
    image->header.e_shentsize = sizeof(Elf64_Shdr);
    image->header.e_shnum = SECTIONS;
    image->header.e_shstrndx = 4;
    for (unsigned i = 0; i < SYMBOLS - 1; i++)
        image->symbol[i + 1] = (Elf64_Sym){
            .st_name = string_add(image->strings, &used, symbols[i].name),
            .st_info = ELF64_ST_INFO(symbols[i].bind, symbols[i].type),
            .st_shndx = 1, .st_value = symbols[i].value, .st_size = symbols[i].size
        };
    image->section[1] = (Elf64_Shdr){
        .sh_name = string_add(image->section_names, &names_used, ".text"), .sh_type = SHT_NOBITS,
        .sh_addr = TEXT_AT, .sh_size = TEXT_BYTES
    };
    image->section[2] = (Elf64_Shdr){
        .sh_name = string_add(image->section_names, &names_used, ".symtab"), .sh_type = SHT_SYMTAB,
        .sh_offset = offsetof(struct image, symbol), .sh_size = sizeof(image->symbol),
        .sh_link = 3, .sh_info = 1, .sh_entsize = sizeof(Elf64_Sym), .sh_addralign = 8
    };
    image->section[3] = (Elf64_Shdr){
        .sh_name = string_add(image->section_names, &names_used, ".strtab"), .sh_type = SHT_STRTAB,
        .sh_offset = offsetof(struct image, strings), .sh_size = sizeof(image->strings)
    };
    image->section[4] = (Elf64_Shdr){
        .sh_name = string_add(image->section_names, &names_used, ".shstrtab"),
        .sh_type = SHT_STRTAB, .sh_offset = offsetof(struct image, section_names),
        .sh_size = sizeof(image->section_names)
    };
}

/* Opens the bytes as a file; the error, if any, must name it. */
static struct symbols *open_bytes(const void *bytes, size_t len, char **message)
{
    GError *error = NULL;
    char *path = g_build_filename(g_get_tmp_dir(), "prova-symbols-XXXXXX", NULL);
    gint fd = g_mkstemp(path);

    g_assert_cmpint(fd, >=, 0);
    g_assert_true(g_close(fd, NULL));
    g_assert_true(g_file_set_contents(path, bytes, (gssize)len, NULL));
    struct symbols *symbols = symbols_open(path, &error);
    g_assert_true((symbols == NULL) == (error != NULL));
    if (error != NULL) {
        g_assert_nonnull(strstr(error->message, path));
        if (message != NULL)
            *message = g_strdup(error->message);
        g_error_free(error);
    }
    g_unlink(path);
    g_free(path);
    return symbols;
}

static void test_lookup(void)
{
    static const struct {
        uint64_t address;
        const char *name;
        uint64_t start, size;
    } cases[] = {
        { 0xfff, NULL, 0, 0 },
        { 0x1000, "start", 0x1000, 0x40 },
        { 0x103f, "start", 0x1000, 0x40 },
        { 0x1040, "main", 0x1040, 0x40 }, /* not main_alias, which is local */
        { 0x104f, "main", 0x1040, 0x40 },
        { 0x1050, "inner", 0x1050, 0xb0 },
        { 0x1108, "table", 0x1100, 0x80 },
        { 0x1110, "nested", 0x1110, 0x10 },
        { 0x1120, "table", 0x1100, 0x80 },
        { 0x117f, "table", 0x1100, 0x80 },
        { 0x1180, NULL, 0, 0 },
        { 0x11ff, "tail", 0x11c0, 0x40 },
        { 0x1200, NULL, 0, 0 },
        { UINT64_MAX, NULL, 0, 0 },
    };
    struct image image;
    struct symbol_info info;

    image_fill(&image);
    struct symbols *symbols = open_bytes(&image, sizeof(image), NULL);
    g_assert_nonnull(symbols);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("0x%" G_GINT64_MODIFIER "x", cases[i].address);
        g_assert_cmpint(symbols_lookup(symbols, cases[i].address, &info), ==,
                        cases[i].name != NULL);
        g_assert_cmpstr(info.name, ==, cases[i].name);
        g_assert_cmphex(info.address, ==, cases[i].start);
        g_assert_cmphex(info.size, ==, cases[i].size);
        g_assert_null(info.file);
    }
    symbols_free(symbols);
}

static void test_find(void)
{
    struct image image;
    struct symbol_info info;

    image_fill(&image);
    struct symbols *symbols = open_bytes(&image, sizeof(image), NULL);
    g_assert_true(symbols_find(symbols, "table", &info));
    g_assert_cmphex(info.address, ==, 0x1100);
    g_assert_true(symbols_find(symbols, "main_alias", &info));
    g_assert_cmpstr(info.name, ==, "main_alias");
    g_assert_false(symbols_find(symbols, "mai", &info));
    g_assert_false(symbols_find(symbols, "zzz", &info));
    g_assert_false(symbols_find(symbols, "", &info));
    symbols_free(symbols);
}

static void test_stripped(void)
{
    struct image image;
    struct symbol_info info;

    image_fill(&image);
    image.header.e_shnum = 0;
    image.header.e_shoff = 0;
    image.header.e_shstrndx = 0;
    struct symbols *symbols = open_bytes(&image, sizeof(image), NULL);
    g_assert_nonnull(symbols);
    g_assert_false(symbols_lookup(symbols, 0x1040, &info));
    g_assert_false(symbols_find(symbols, "main", &info));
    symbols_free(symbols);
}

static void assert_refused(const void *bytes, size_t len, const char *why)
{
    char *message = NULL;

    g_assert_null(open_bytes(bytes, len, &message));
    g_assert_nonnull(strstr(message, why));
    g_free(message);
}

static void test_refused(void)
{
    struct image image;
    GError *error = NULL;

    assert_refused("", 0, "not an ELF file");
    assert_refused("#!/bin/sh\n", 10, "not an ELF file");
    image_fill(&image);
    assert_refused(&image, sizeof(Elf64_Ehdr) + 64, "cut off");
    image.header.e_machine = EM_AARCH64;
    assert_refused(&image, sizeof(image), "not for x86-64");
    image_fill(&image);
    image.section[2].sh_size = 1 << 20;
    assert_refused(&image, sizeof(image), "symbol table cannot be read");
    image_fill(&image);
    image.section[2].sh_entsize = 0;
    assert_refused(&image, sizeof(image), "symbol table cannot be read");
    g_assert_null(symbols_open("/nonexistent/monitor.elf", &error));
    g_assert_nonnull(strstr(error->message, "/nonexistent/monitor.elf"));
    g_clear_error(&error);
    g_assert_null(symbols_open(g_get_tmp_dir(), &error));
    g_assert_nonnull(error);
    g_clear_error(&error);
}

/* Cut off anywhere, or with any bytes changed: an error or an answer. */
static void test_damaged(void)
{
    GRand *rand = g_rand_new_with_seed(7);
    struct image image;
    struct symbol_info info;

    image_fill(&image);
    for (size_t len = 0; len < sizeof(image); len += 8)
        symbols_free(open_bytes(&image, len, NULL));
    for (unsigned i = 0; i < 1500; i++) {
        image_fill(&image);
        for (int changes = g_rand_int_range(rand, 1, 6); changes > 0; changes--) {
            int at = g_rand_int_range(rand, SELFMAG, (gint32)sizeof(image));
            ((uint8_t *)&image)[at] = (uint8_t)g_rand_int(rand);
        }
        struct symbols *symbols = open_bytes(&image, sizeof(image), NULL);
        if (symbols == NULL)
            continue;
        for (uint64_t address = 0xff0; address < 0x1210; address += 0x10)
            symbols_lookup(symbols, address, &info);
        symbols_find(symbols, "main", &info);
        symbols_free(symbols);
    }
    g_rand_free(rand);
}

enum { KNOWN_LINE = __LINE__ + 1 };
__attribute__((noinline, used)) int symbols_known_function(int value);
int symbols_known_function(int value) { return value * 3 + KNOWN_LINE; }

/* DWARF as the compiler made it for this very program. */
static void test_lines(void)
{
    struct symbol_info info, again;
    GError *error = NULL;
    struct symbols *symbols = symbols_open("/proc/self/exe", &error);

    g_assert_no_error(error);
    g_assert_cmpint(symbols_known_function(1), ==, KNOWN_LINE + 3);
    g_assert_true(symbols_find(symbols, "symbols_known_function", &info));
    g_assert_nonnull(info.file);
    g_assert_true(g_str_has_suffix(info.file, "test_cpu_symbols.c"));
    g_assert_cmpuint(info.line, ==, KNOWN_LINE + 1);
    g_assert_true(symbols_lookup(symbols, info.address + info.size - 1, &again));
    g_assert_cmpstr(again.name, ==, "symbols_known_function");
    g_assert_cmpuint(again.line, ==, KNOWN_LINE + 1);
    symbols_free(symbols);
}

static inline __attribute__((always_inline)) void inlined(void)
{
    __asm__ volatile(".globl symbols_inline_mark\nsymbols_inline_mark: nop");
}

enum { CALL_LINE = __LINE__ + 5 };
__attribute__((noinline, used)) void symbols_inline_outer(void);
void symbols_inline_outer(void)
{
    __asm__ volatile("nop");
    inlined(); /* CALL_LINE */
}

/* Inlined code is shown at its call in the function that the symbol names. */
static void test_inlined_line(void)
{
    struct symbol_info info;
    struct symbols *symbols = symbols_open("/proc/self/exe", NULL);
    symbols_inline_outer();
    g_assert_true(symbols_find(symbols, "symbols_inline_mark", &info));
    g_assert_cmpuint(info.line, ==, CALL_LINE);
    g_assert_true(g_str_has_suffix(info.file, "test_cpu_symbols.c"));
    symbols_free(symbols);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cpu/symbols/lookup", test_lookup);
    g_test_add_func("/cpu/symbols/find", test_find);
    g_test_add_func("/cpu/symbols/stripped-file-has-none", test_stripped);
    g_test_add_func("/cpu/symbols/refused-files", test_refused);
    g_test_add_func("/cpu/symbols/damaged-files", test_damaged);
    g_test_add_func("/cpu/symbols/source-lines", test_lines);
    g_test_add_func("/cpu/symbols/inlined-code-at-its-call", test_inlined_line);
    return g_test_run();
}

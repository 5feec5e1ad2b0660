/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Symbols from the ELF symbol table, sorted once; source lines from DWARF by compilation unit. The
 * whole file is read into memory, so that nothing changes under the readers.
 */
#include "cpu/symbols.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <gelf.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_BYTES_MAX = 1 << 30 };

struct symbol {
    const char *name; /* in `names` */
    uint64_t address, end;
    uint64_t reach; /* largest end of this symbol and all before it */
    uint8_t rank;   /* of symbols at one address the lowest is shown */
    bool sized;
};

/* One range of a compilation unit. */
struct unit {
    uint64_t low, high;
    Dwarf_Off die;
};

struct symbols {
    gchar *image;
    gsize image_bytes;
    Elf *elf;
    Dwarf *dwarf; /* NULL without debug information */
    GStringChunk *names;
    GArray *by_address; /* struct symbol */
    GArray *by_name;    /* guint index into by_address */
    GArray *units;      /* struct unit, by low */
};

static GQuark symbols_error(void)
{
    return g_quark_from_static_string("prova-symbols");
}

static bool refuse(GError **error, const char *path, const char *why)
{
    g_set_error(error, symbols_error(), 0, "%s: not usable as a source of symbols: %s", path, why);
    return false;
}

static bool image_read(struct symbols *symbols, const char *path, GError **error)
{
    GError *cause = NULL;
    if (!g_file_get_contents(path, &symbols->image, &symbols->image_bytes, &cause)) {
        refuse(error, path, cause->message);
        g_error_free(cause);
        return false;
    }
    if (symbols->image_bytes > FILE_BYTES_MAX)
        return refuse(error, path, "larger than 1 GiB");
    return true;
}

static bool elf_open(struct symbols *symbols, const char *path, GError **error)
{
    GElf_Ehdr header;
    elf_version(EV_CURRENT);
    symbols->elf = elf_memory(symbols->image, symbols->image_bytes);
    if (symbols->elf == NULL || elf_kind(symbols->elf) != ELF_K_ELF
        || gelf_getehdr(symbols->elf, &header) == NULL)
        return refuse(error, path, "it is not an ELF file");
    if (header.e_machine != EM_X86_64 || gelf_getclass(symbols->elf) != ELFCLASS64)
        return refuse(error, path, "the ELF file is not for x86-64");
    if (header.e_shoff != 0
        && (header.e_shoff > symbols->image_bytes
            || header.e_shnum > (symbols->image_bytes - header.e_shoff) / sizeof(Elf64_Shdr)))
        return refuse(error, path, "its section headers lie beyond its end (cut off?)");
    return true;
}

/* Functions before objects before labels, global before local. */
static uint8_t symbol_rank(const GElf_Sym *sym)
{
    uint8_t type = GELF_ST_TYPE(sym->st_info), bind = GELF_ST_BIND(sym->st_info);
    uint8_t rank = type == STT_FUNC ? 0 : type == STT_OBJECT ? 2 : 4;
    return rank + (bind == STB_LOCAL ? 1 : 0);
}

static bool symbol_wanted(const GElf_Sym *sym, const char *name)
{
    uint8_t type = GELF_ST_TYPE(sym->st_info);
    return name != NULL && name[0] != '\0' && sym->st_shndx != SHN_UNDEF
           && (type == STT_FUNC || type == STT_OBJECT || type == STT_NOTYPE);
}

static uint64_t section_end(Elf *elf, const GElf_Sym *sym)
{
    GElf_Shdr section;
    Elf_Scn *scn = sym->st_shndx < SHN_LORESERVE ? elf_getscn(elf, sym->st_shndx) : NULL;
    if (scn == NULL || gelf_getshdr(scn, &section) == NULL
        || section.sh_addr + section.sh_size < section.sh_addr)
        return sym->st_value;
    return MAX(section.sh_addr + section.sh_size, sym->st_value);
}

static bool table_read(struct symbols *symbols, Elf_Scn *scn, const GElf_Shdr *section,
                       const char *path, GError **error)
{
    Elf_Data *data = elf_getdata(scn, NULL);
    if (data == NULL || section->sh_entsize != sizeof(Elf64_Sym))
        return refuse(error, path, "its symbol table cannot be read (cut off or damaged?)");
    int count = (int)MIN(data->d_size / sizeof(Elf64_Sym), (size_t)G_MAXINT);
    for (int i = 0; i < count; i++) {
        GElf_Sym sym;
        if (gelf_getsym(data, i, &sym) == NULL)
            break;
        const char *name = elf_strptr(symbols->elf, section->sh_link, sym.st_name);
        if (!symbol_wanted(&sym, name))
            continue;
        uint64_t end = sym.st_value + sym.st_size;
        bool sized = sym.st_size != 0 && end > sym.st_value;
        struct symbol symbol = { .address = sym.st_value,
                                 .end = sized ? end : section_end(symbols->elf, &sym),
                                 .rank = symbol_rank(&sym),
                                 .sized = sized };
        symbol.name = g_string_chunk_insert(symbols->names, name);
        g_array_append_val(symbols->by_address, symbol);
    }
    return true;
}

/* .symtab; .dynsym if there is none. A stripped file has no symbols, and that is no error. */
static bool tables_read(struct symbols *symbols, const char *path, GError **error)
{
    static const GElf_Word kinds[] = { SHT_SYMTAB, SHT_DYNSYM };
    for (unsigned i = 0; i < G_N_ELEMENTS(kinds) && symbols->by_address->len == 0; i++) {
        Elf_Scn *scn = NULL;
        while ((scn = elf_nextscn(symbols->elf, scn)) != NULL) {
            GElf_Shdr section;
            if (gelf_getshdr(scn, &section) == NULL || section.sh_type != kinds[i])
                continue;
            if (!table_read(symbols, scn, &section, path, error))
                return false;
        }
    }
    return true;
}

static gint compare_address(gconstpointer left, gconstpointer right)
{
    const struct symbol *a = left, *b = right;
    if (a->address != b->address)
        return a->address < b->address ? -1 : 1;
    if (a->sized != b->sized)
        return a->sized ? 1 : -1; /* the one to be shown comes last */
    if (a->rank != b->rank)
        return a->rank > b->rank ? -1 : 1;
    if (a->end != b->end)
        return a->end > b->end ? -1 : 1;
    return -strcmp(a->name, b->name);
}

static gint compare_name(gconstpointer left, gconstpointer right, gpointer user)
{
    const struct symbol *all = user;
    const struct symbol *a = &all[*(const guint *)left], *b = &all[*(const guint *)right];
    gint order = strcmp(a->name, b->name);
    if (order != 0)
        return order;
    if (a->rank != b->rank)
        return a->rank < b->rank ? -1 : 1;
    return a->address < b->address ? -1 : a->address > b->address ? 1 : 0;
}

/* Sorts; a label without a size reaches to the next symbol of another address. */
static void index_build(struct symbols *symbols)
{
    g_array_sort(symbols->by_address, compare_address);
    struct symbol *all = (struct symbol *)(void *)symbols->by_address->data;
    guint count = symbols->by_address->len;
    uint64_t next = UINT64_MAX;
    for (guint i = count; i-- > 0;) {
        if (i + 1 < count && all[i + 1].address != all[i].address)
            next = all[i + 1].address;
        if (!all[i].sized)
            all[i].end = MIN(all[i].end, next);
    }
    uint64_t reach = 0;
    for (guint i = 0; i < count; i++) {
        reach = MAX(reach, all[i].end);
        all[i].reach = reach;
        g_array_append_val(symbols->by_name, i);
    }
    g_array_sort_with_data(symbols->by_name, compare_name, all);
}

static gint compare_unit(gconstpointer left, gconstpointer right)
{
    const struct unit *a = left, *b = right;
    if (a->low != b->low)
        return a->low < b->low ? -1 : 1;
    return a->die < b->die ? -1 : a->die > b->die ? 1 : 0;
}

/* Debug information is a gift: what cannot be read of it is left out. */
static void units_read(struct symbols *symbols)
{
    Dwarf_Off offset = 0, next;
    size_t header_bytes;
    symbols->dwarf = dwarf_begin_elf(symbols->elf, DWARF_C_READ, NULL);
    if (symbols->dwarf == NULL)
        return;
    while (dwarf_nextcu(symbols->dwarf, offset, &next, &header_bytes, NULL, NULL, NULL) == 0
           && next > offset) {
        Dwarf_Die die;
        Dwarf_Addr base, low, high;
        ptrdiff_t at = 0;
        if (dwarf_offdie(symbols->dwarf, offset + header_bytes, &die) != NULL)
            while ((at = dwarf_ranges(&die, at, &base, &low, &high)) > 0) {
                struct unit unit = { .low = low, .high = high, .die = dwarf_dieoffset(&die) };
                if (low < high)
                    g_array_append_val(symbols->units, unit);
            }
        offset = next;
    }
    g_array_sort(symbols->units, compare_unit);
}

struct symbols *symbols_open(const char *path, GError **error)
{
    struct symbols *symbols = g_new0(struct symbols, 1);
    symbols->names = g_string_chunk_new(1 << 16);
    symbols->by_address = g_array_new(FALSE, FALSE, sizeof(struct symbol));
    symbols->by_name = g_array_new(FALSE, FALSE, sizeof(guint));
    symbols->units = g_array_new(FALSE, FALSE, sizeof(struct unit));
    if (!image_read(symbols, path, error) || !elf_open(symbols, path, error)
        || !tables_read(symbols, path, error)) {
        symbols_free(symbols);
        return NULL;
    }
    index_build(symbols);
    units_read(symbols);
    return symbols;
}

void symbols_free(struct symbols *symbols)
{
    if (symbols == NULL)
        return;
    if (symbols->dwarf != NULL)
        dwarf_end(symbols->dwarf);
    if (symbols->elf != NULL)
        elf_end(symbols->elf);
    g_array_free(symbols->by_address, TRUE);
    g_array_free(symbols->by_name, TRUE);
    g_array_free(symbols->units, TRUE);
    g_string_chunk_free(symbols->names);
    g_free(symbols->image);
    g_free(symbols);
}

/*
 * Where code was inlined, the line is that of the call in the function whose symbol covers the
 * address: name and line then speak of one function. scopes go from the innermost outwards.
 */
static void inline_leave(Dwarf_Die *unit, uint64_t address, struct symbol_info *out)
{
    Dwarf_Die *scopes = NULL;
    const int count = dwarf_getscopes(unit, address, &scopes);
    Dwarf_Die *call = NULL;
    for (int i = 0; i < count && dwarf_tag(&scopes[i]) != DW_TAG_subprogram; i++)
        if (dwarf_tag(&scopes[i]) == DW_TAG_inlined_subroutine)
            call = &scopes[i];
    Dwarf_Attribute attribute;
    Dwarf_Word line, file;
    Dwarf_Files *files;
    if (call != NULL && dwarf_getsrcfiles(unit, &files, NULL) == 0
        && dwarf_formudata(dwarf_attr(call, DW_AT_call_line, &attribute), &line) == 0
        && dwarf_formudata(dwarf_attr(call, DW_AT_call_file, &attribute), &file) == 0) {
        const char *name = dwarf_filesrc(files, file, NULL, NULL);
        if (name != NULL && line > 0 && line <= INT_MAX) {
            out->file = name;
            out->line = (uint32_t)line;
        }
    }
    free(scopes);
}

/* Ranges of units do not nest: the last one that starts at or below the address may hold it. */
static void line_find(const struct symbols *symbols, uint64_t address, struct symbol_info *out)
{
    guint low = 0, high = symbols->units->len;
    while (low < high) {
        guint middle = low + (high - low) / 2;
        if (g_array_index(symbols->units, struct unit, middle).low <= address)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return;
    const struct unit *unit = &g_array_index(symbols->units, struct unit, low - 1);
    Dwarf_Die die;
    if (address >= unit->high || dwarf_offdie(symbols->dwarf, unit->die, &die) == NULL)
        return;
    Dwarf_Line *line = dwarf_getsrc_die(&die, address);
    int number = 0;
    if (line == NULL || dwarf_lineno(line, &number) != 0 || number <= 0)
        return;
    out->file = dwarf_linesrc(line, NULL, NULL);
    out->line = out->file != NULL ? (uint32_t)number : 0;
    inline_leave(&die, address, out);
}

static void info_fill(const struct symbols *symbols, const struct symbol *symbol, uint64_t address,
                      struct symbol_info *out)
{
    *out = (struct symbol_info){ .name = symbol->name, .address = symbol->address,
                                 .size = symbol->end - symbol->address };
    line_find(symbols, address, out);
}

bool symbols_lookup(const struct symbols *symbols, uint64_t address, struct symbol_info *out)
{
    const struct symbol *all = (const struct symbol *)(const void *)symbols->by_address->data;
    guint low = 0, high = symbols->by_address->len;
    while (low < high) {
        guint middle = low + (high - low) / 2;
        if (all[middle].address <= address)
            low = middle + 1;
        else
            high = middle;
    }
    for (guint i = low; i-- > 0 && all[i].reach > address;) {
        if (address < all[i].end) {
            info_fill(symbols, &all[i], address, out);
            return true;
        }
    }
    *out = (struct symbol_info){ 0 };
    line_find(symbols, address, out);
    return false;
}

bool symbols_find(const struct symbols *symbols, const char *name, struct symbol_info *out)
{
    const struct symbol *all = (const struct symbol *)(const void *)symbols->by_address->data;
    guint low = 0, high = symbols->by_name->len;
    while (low < high) {
        guint middle = low + (high - low) / 2;
        if (strcmp(all[g_array_index(symbols->by_name, guint, middle)].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < symbols->by_name->len) {
        const struct symbol *symbol = &all[g_array_index(symbols->by_name, guint, low)];
        if (strcmp(symbol->name, name) == 0) {
            info_fill(symbols, symbol, symbol->address, out);
            return true;
        }
    }
    *out = (struct symbol_info){ 0 };
    return false;
}

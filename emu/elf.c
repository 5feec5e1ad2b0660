/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "emu/elf.h"

#include <gelf.h>
#include <string.h>

#include "emu/error.h"
#include "rmp/addr.h"

#define ELF_GPA_LIMIT  (UINT64_C(1) << 51)
#define ELF_NOTE_OWNER "SNP-LAUNCH"

struct loader {
    struct elf_image *image;
    const char *path;
    const uint8_t *file;
    size_t file_bytes;
    GArray *pages;      /* struct elf_page */
    GHashTable *by_gpn; /* gpn -> index + 1, for look-up only */
};

static bool fail(const struct loader *loader, GError **error, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

static bool fail(const struct loader *loader, GError **error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *why = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error(error, EMU_ERROR, EMU_ERROR_INPUT, "%s: %s", loader->path, why);
    g_free(why);
    return false;
}

static struct elf_page *page_get(struct loader *loader, uint64_t gpa)
{
    gpointer key = GSIZE_TO_POINTER(gpa >> PAGE_SHIFT);
    size_t found = GPOINTER_TO_SIZE(g_hash_table_lookup(loader->by_gpn, key));
    if (found == 0) {
        struct elf_page page = {.gpa = gpa};
        g_array_append_val(loader->pages, page);
        found = loader->pages->len;
        g_hash_table_insert(loader->by_gpn, key, GSIZE_TO_POINTER(found));
    }
    return &g_array_index(loader->pages, struct elf_page, found - 1);
}

static bool file_range_check(struct loader *loader, size_t index, const GElf_Phdr *phdr,
                             GError **error)
{
    if (phdr->p_offset > loader->file_bytes || phdr->p_filesz > loader->file_bytes - phdr->p_offset)
        return fail(loader, error,
                    "segment %zu (offset 0x%" G_GINT64_MODIFIER "x, 0x%" G_GINT64_MODIFIER
                    "x bytes) reaches past the end of the file (%zu bytes): is it truncated?",
                    index, (guint64)phdr->p_offset, (guint64)phdr->p_filesz, loader->file_bytes);
    return true;
}

static bool segment_check(struct loader *loader, size_t index, const GElf_Phdr *phdr,
                          GError **error)
{
    if (!file_range_check(loader, index, phdr, error))
        return false;
    if (phdr->p_filesz > phdr->p_memsz)
        return fail(loader, error, "segment %zu has more file bytes than memory", index);
    if (phdr->p_paddr >= ELF_GPA_LIMIT || phdr->p_memsz >= ELF_GPA_LIMIT - phdr->p_paddr)
        return fail(loader, error,
                    "segment %zu lies at physical address 0x%" G_GINT64_MODIFIER
                    "x, beyond what a guest can have; link it at guest physical addresses",
                    index, (guint64)phdr->p_paddr);
    return true;
}

static bool segment_load(struct loader *loader, size_t index, const GElf_Phdr *phdr, GError **error)
{
    if (!segment_check(loader, index, phdr, error))
        return false;
    uint64_t first = page_base(phdr->p_paddr);
    uint64_t last = phdr->p_paddr + phdr->p_memsz;
    if ((last - first) >> PAGE_SHIFT > ELF_PAGES_MAX - loader->pages->len)
        return fail(loader, error, "the segments take more than %u pages", ELF_PAGES_MAX);

    uint64_t file_end = phdr->p_paddr + phdr->p_filesz;
    for (uint64_t gpa = first; gpa < last; gpa += PAGE_BYTES) {
        struct elf_page *page = page_get(loader, gpa);
        uint64_t from = MAX(gpa, phdr->p_paddr);
        uint64_t to = MIN(gpa + PAGE_BYTES, file_end);
        if (from >= to)
            continue;
        if (page->bytes == NULL)
            page->bytes = g_malloc0(PAGE_BYTES);
        memcpy(page->bytes + (from - gpa), loader->file + phdr->p_offset + (from - phdr->p_paddr),
               to - from);
    }
    return true;
}

static bool note_take(struct loader *loader, const GElf_Nhdr *note, const uint8_t *desc,
                      GError **error)
{
    if (note->n_type == 0 || note->n_type >= ELF_NOTE_COUNT)
        return fail(loader, error, "SNP-LAUNCH note of unknown type %u", note->n_type);
    struct elf_range range;
    if (note->n_descsz != sizeof(range))
        return fail(loader, error, "SNP-LAUNCH note %u has %u descriptor bytes, expected %zu",
                    note->n_type, note->n_descsz, sizeof(range));
    memcpy(&range, desc, sizeof(range));
    if ((range.gpa | range.bytes) & PAGE_MASK || range.bytes == 0 || range.gpa >= ELF_GPA_LIMIT ||
        range.bytes > ELF_GPA_LIMIT - range.gpa)
        return fail(loader, error,
                    "SNP-LAUNCH note %u: range 0x%" G_GINT64_MODIFIER "x + 0x%" G_GINT64_MODIFIER
                    "x is not made of whole pages",
                    note->n_type, (guint64)range.gpa, (guint64)range.bytes);
    loader->image->note[note->n_type] = range;
    return true;
}

static bool notes_load(struct loader *loader, Elf *elf, size_t index, const GElf_Phdr *phdr,
                       GError **error)
{
    if (!file_range_check(loader, index, phdr, error))
        return false;
    Elf_Data *data = elf_getdata_rawchunk(elf, (int64_t)phdr->p_offset, phdr->p_filesz, ELF_T_NHDR);
    if (data == NULL)
        return true; /* not in the format of notes: nothing for us */
    size_t offset = 0, name, desc;
    GElf_Nhdr note;
    while ((offset = gelf_getnote(data, offset, &note, &name, &desc)) > 0) {
        const uint8_t *bytes = data->d_buf;
        if (note.n_namesz != sizeof(ELF_NOTE_OWNER) ||
            memcmp(bytes + name, ELF_NOTE_OWNER, sizeof(ELF_NOTE_OWNER)) != 0)
            continue;
        if (!note_take(loader, &note, bytes + desc, error))
            return false;
    }
    return true;
}

static bool header_check(const struct loader *loader, Elf *elf, GElf_Ehdr *header, GError **error)
{
    if (elf == NULL || elf_kind(elf) != ELF_K_ELF)
        return fail(loader, error, "not an ELF file");
    if (gelf_getehdr(elf, header) == NULL)
        return fail(loader, error, "unusable ELF header: %s", elf_errmsg(-1));
    if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_machine != EM_X86_64)
        return fail(loader, error, "not an x86-64 ELF file (machine %u)", header->e_machine);
    if (header->e_type != ET_EXEC)
        return fail(loader, error,
                    "ELF type %u is not ET_EXEC: link the image statically, without PIE, at its "
                    "guest physical addresses",
                    header->e_type);
    return true;
}

static bool image_load(struct loader *loader, Elf *elf, GError **error)
{
    GElf_Ehdr header;
    if (!header_check(loader, elf, &header, error))
        return false;
    size_t count;
    if (elf_getphdrnum(elf, &count) != 0)
        return fail(loader, error, "unusable program headers: %s", elf_errmsg(-1));
    for (size_t i = 0; i < count; i++) {
        GElf_Phdr phdr;
        if (gelf_getphdr(elf, (int)i, &phdr) == NULL)
            return fail(loader, error, "program header %zu lies outside the file: is it truncated?",
                        i);
        if (phdr.p_type == PT_LOAD && (phdr.p_memsz | phdr.p_filesz) != 0 &&
            !segment_load(loader, i, &phdr, error))
            return false;
        if (phdr.p_type == PT_NOTE && !notes_load(loader, elf, i, &phdr, error))
            return false;
    }
    if (loader->pages->len == 0)
        return fail(loader, error, "no loadable segment");
    loader->image->entry = header.e_entry;
    return true;
}

bool elf_image_read(struct elf_image *image, const char *path, const uint8_t *file,
                    size_t file_bytes, GError **error)
{
    *image = (struct elf_image){0};
    struct loader loader = {
        .image = image,
        .path = path,
        .file = file,
        .file_bytes = file_bytes,
        .pages = g_array_new(FALSE, FALSE, sizeof(struct elf_page)),
        .by_gpn = g_hash_table_new(NULL, NULL),
    };
    elf_version(EV_CURRENT);
    Elf *elf = file_bytes > 0 ? elf_memory((char *)(uintptr_t)file, file_bytes) : NULL;
    bool ok = image_load(&loader, elf, error);
    elf_end(elf);
    g_hash_table_destroy(loader.by_gpn);
    image->page_count = loader.pages->len;
    image->pages = (struct elf_page *)(void *)g_array_free(loader.pages, FALSE);
    if (!ok)
        elf_image_clear(image);
    return ok;
}

bool elf_image_load(struct elf_image *image, const char *path, GError **error)
{
    *image = (struct elf_image){0};
    GError *why = NULL;
    GMappedFile *file = g_mapped_file_new(path, FALSE, &why);
    if (file == NULL) {
        g_set_error(error, EMU_ERROR, EMU_ERROR_INPUT, "%s: cannot be read: %s", path,
                    why->message);
        g_error_free(why);
        return false;
    }
    bool ok = elf_image_read(image, path, (const uint8_t *)g_mapped_file_get_contents(file),
                             g_mapped_file_get_length(file), error);
    g_mapped_file_unref(file);
    return ok;
}

void elf_image_clear(struct elf_image *image)
{
    for (size_t i = 0; i < image->page_count; i++)
        g_free(image->pages[i].bytes);
    g_free(image->pages);
    *image = (struct elf_image){0};
}

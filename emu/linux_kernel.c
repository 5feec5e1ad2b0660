/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the kernel's file: what it is, whether it can be booted here, which pages it makes. */
#include <elf.h>
#include <string.h>

#include "emu/linux_internal.h"
#include "rmp/addr.h"

/* The first words of what every kernel says first, and what one says that knows an SVSM. */
#define BANNER      "Linux version "
#define SVSM_MARKER "SNP running at VMPL"

struct reader {
    struct linux_kernel *kernel;
    const uint8_t *file;
    size_t file_bytes;
    GError **error;
};

static bool fail(struct reader *reader, const char *format, ...) G_GNUC_PRINTF(2, 3);

static bool fail(struct reader *reader, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    linux_fail_va(reader->kernel->path, reader->error, format, args);
    va_end(args);
    return false;
}

/* Where text stands first in the bytes, behind it; NULL if nowhere. */
static const uint8_t *text_find(const uint8_t *bytes, size_t count, const char *text)
{
    const uint8_t *end = bytes + count;
    size_t length = strlen(text);
    for (const uint8_t *at = bytes; (size_t)(end - at) >= length; at++) {
        at = memchr(at, text[0], (size_t)(end - at) - length + 1);
        if (at == NULL)
            return NULL;
        if (memcmp(at, text, length) == 0)
            return at + length;
    }
    return NULL;
}

/* The release behind the banner: printable characters up to the first space. */
static bool version_read(struct reader *reader, const uint8_t *vmlinux, size_t bytes)
{
    char *version = reader->kernel->version;
    const uint8_t *at = text_find(vmlinux, bytes, BANNER);
    size_t length = 0;
    if (at == NULL)
        return false;
    while (at + length < vmlinux + bytes && length < sizeof(reader->kernel->version) - 1 &&
           g_ascii_isgraph(at[length]))
        length++;
    memcpy(version, at, length);
    version[length] = 0;
    return length > 0;
}

/* The vmlinux in memory: its pages, what it is, and that it can be a guest under an SVSM. */
static bool vmlinux_take(struct reader *reader, const uint8_t *vmlinux, size_t bytes)
{
    struct linux_kernel *kernel = reader->kernel;
    if (!version_read(reader, vmlinux, bytes))
        return fail(reader, "not a Linux kernel (it does not say \"" BANNER
                            "\"); give a vmlinuz or vmlinux");
    if (text_find(vmlinux, bytes, SVSM_MARKER) == NULL)
        return fail(reader,
                    "Linux %s has no support for running as an SEV-SNP guest under an SVSM; "
                    "it takes Linux 6.11 or later with CONFIG_AMD_MEM_ENCRYPT=y",
                    kernel->version);
    if (!elf_image_read(&kernel->image, kernel->path, vmlinux, bytes, reader->error))
        return false;
    kernel->entry = kernel->image.entry;
    kernel->low = UINT64_MAX;
    bool entry_there = false;
    for (size_t i = 0; i < kernel->image.page_count; i++) {
        const struct elf_page *page = &kernel->image.pages[i];
        kernel->low = MIN(kernel->low, page->gpa);
        kernel->high = MAX(kernel->high, page->gpa + PAGE_BYTES);
        entry_there = entry_there || (page->bytes && page->gpa == page_base(kernel->entry));
    }
    if (!entry_there)
        return fail(reader,
                    "the entry point 0x%" G_GINT64_MODIFIER "x is in no segment; "
                    "it has to be a physical address, as in a vmlinux that the kernel's build made",
                    (guint64)kernel->entry);
    return true;
}

static bool unpack_fail(struct reader *reader, enum linux_unpack_result result, const char *format)
{
    switch (result) {
    case LINUX_UNPACK_UNSUPPORTED:
        return fail(
            reader,
            "the kernel in it is compressed with %s; zstd, xz, gzip, lz4, lzma and no "
            "compression can be read: build it with CONFIG_KERNEL_ZSTD, or give its vmlinux",
            format);
    case LINUX_UNPACK_TOO_BIG:
        return fail(reader, "the kernel in it unpacks (%s) to more than %d MiB", format,
                    LINUX_VMLINUX_MAX >> 20);
    case LINUX_UNPACK_TRUNCATED:
        return fail(reader, "the kernel in it (%s) ends too early: is the file truncated?", format);
    default:
        return fail(reader, "the kernel in it cannot be unpacked (%s): is the file damaged?",
                    format);
    }
}

static bool header_check(struct reader *reader)
{
    const struct linux_setup_header *header = &reader->kernel->header;
    if (reader->file_bytes < LINUX_HEADER_LIMIT || header->boot_flag != LINUX_BOOT_FLAG ||
        header->header != LINUX_HEADER_MAGIC)
        return fail(reader, "not a Linux kernel for x86 (neither a bzImage nor an ELF file); "
                            "give a vmlinuz or vmlinux");
    if (header->version < LINUX_PROTOCOL_MIN)
        return fail(reader,
                    "boot protocol %u.%02u is too old; 2.15 is needed, and an SEV-SNP guest under "
                    "an SVSM takes Linux 6.11 or later",
                    header->version >> 8, header->version & 0xff);
    if (!(header->xloadflags & LINUX_XLF_KERNEL_64) || !(header->loadflags & LINUX_LOADED_HIGH))
        return fail(reader,
                    "no 64-bit entry point (xloadflags 0x%x, loadflags 0x%x): is it a 32-bit "
                    "kernel? An SEV-SNP guest is an x86-64 kernel",
                    header->xloadflags, header->loadflags);
    if (header->pref_address & PAGE_MASK || header->pref_address >= LINUX_MEMORY_MAX ||
        header->init_size == 0 || header->init_size > LINUX_MEMORY_MAX - header->pref_address)
        return fail(reader,
                    "wants to lie at 0x%" G_GINT64_MODIFIER "x with 0x%x bytes (pref_address, "
                    "init_size), where a guest has no memory: is the header damaged?",
                    (guint64)header->pref_address, header->init_size);
    return true;
}

/* The header as it is in the file: as much as its jump over it says that there is. */
static void header_read(struct reader *reader)
{
    struct linux_kernel *kernel = reader->kernel;
    if (reader->file_bytes < LINUX_HEADER_LIMIT)
        return;
    memcpy(&kernel->header, reader->file + LINUX_HEADER_OFFSET, sizeof(kernel->header));
    size_t first = LINUX_HEADER_OFFSET + sizeof(kernel->header);
    size_t end = MIN(0x202u + kernel->header.jump[1], (unsigned)LINUX_HEADER_LIMIT);
    if (end > first)
        memcpy(kernel->header_rest, reader->file + first, end - first);
}

/* The protected-mode part at pref_address in place of the vmlinux, and room to unpack itself. */
static void bzimage_place(struct linux_kernel *kernel, const uint8_t *part, size_t bytes)
{
    elf_image_clear(&kernel->image);
    GArray *pages = g_array_new(FALSE, FALSE, sizeof(struct elf_page));
    linux_pages_add(pages, kernel->header.pref_address, part, bytes);
    kernel->image.page_count = pages->len;
    kernel->image.pages = (struct elf_page *)(void *)g_array_free(pages, FALSE);
    kernel->entry = kernel->header.pref_address + LINUX_ENTRY_64;
    kernel->low = kernel->header.pref_address;
    kernel->high = kernel->low + MAX((uint64_t)kernel->header.init_size, bytes);
}

static bool bzimage_read(struct reader *reader, enum linux_entry entry)
{
    struct linux_kernel *kernel = reader->kernel;
    const struct linux_setup_header *header = &kernel->header;
    header_read(reader);
    if (!header_check(reader))
        return false;
    unsigned sectors = header->setup_sects ? header->setup_sects : LINUX_SETUP_SECTS_DEFAULT;
    size_t start = ((size_t)sectors + 1) * LINUX_SECTOR_BYTES;
    size_t bytes = (size_t)header->syssize * 16;
    if (start > reader->file_bytes || bytes > reader->file_bytes - start)
        return fail(reader,
                    "the file has %zu bytes, its header tells of %zu + %zu: is it truncated?",
                    reader->file_bytes, start, bytes);
    if (header->payload_offset > bytes || header->payload_length > bytes - header->payload_offset ||
        bytes <= LINUX_ENTRY_64)
        return fail(reader,
                    "the compressed kernel (0x%x + 0x%x) is not inside the protected-mode part "
                    "(0x%zx bytes): is the header damaged?",
                    header->payload_offset, header->payload_length, bytes);

    const uint8_t *part = reader->file + start;
    GByteArray *vmlinux = g_byte_array_new();
    const char *format;
    enum linux_unpack_result result = linux_unpack(
        vmlinux, LINUX_VMLINUX_MAX, part + header->payload_offset, header->payload_length, &format);
    bool ok = result == LINUX_UNPACK_OK ? vmlinux_take(reader, vmlinux->data, vmlinux->len)
                                        : unpack_fail(reader, result, format);
    g_byte_array_free(vmlinux, TRUE);
    if (ok && entry == LINUX_ENTRY_BZIMAGE)
        bzimage_place(kernel, part, bytes);
    else if (ok)
        kernel->high = MAX(kernel->high, header->pref_address + header->init_size);
    return ok;
}

/* A vmlinux has no header: boot_params gets the one that its bzImage would have. */
static void header_make(struct linux_kernel *kernel)
{
    kernel->header = (struct linux_setup_header){
        .root_flags = 1, /* read-only, as the kernel's build says */
        .vid_mode = 0xffff,
        .boot_flag = LINUX_BOOT_FLAG,
        .jump = {0xeb, LINUX_HEADER_OFFSET + sizeof(kernel->header) - 0x202},
        .header = LINUX_HEADER_MAGIC,
        .version = LINUX_PROTOCOL_MIN,
        .loadflags = LINUX_LOADED_HIGH,
        .code32_start = 0x100000,
        .initrd_addr_max = 0x7fffffff,
        .kernel_alignment = PAGE_BYTES_2M,
        .relocatable_kernel = 1,
        .min_alignment = PAGE_SHIFT_2M,
        .xloadflags = LINUX_XLF_KERNEL_64,
        .cmdline_size = 2047,
        .pref_address = kernel->low,
        .init_size = (uint32_t)MIN(kernel->high - kernel->low, UINT32_MAX),
    };
}

static bool vmlinux_read(struct reader *reader, enum linux_entry entry)
{
    if (entry == LINUX_ENTRY_BZIMAGE)
        return fail(reader, "an ELF file has no bzImage entry; give the vmlinuz, or leave the "
                            "entry to choose itself");
    if (!vmlinux_take(reader, reader->file, reader->file_bytes))
        return false;
    header_make(reader->kernel);
    return true;
}

bool linux_kernel_read(struct linux_kernel *kernel, const struct linux_config *config,
                       GError **error)
{
    *kernel = (struct linux_kernel){.path = config->kernel_path};
    GMappedFile *file = linux_file_map(config->kernel_path, error);
    if (file == NULL)
        return false;
    struct reader reader = {
        .kernel = kernel,
        .file = (const uint8_t *)g_mapped_file_get_contents(file),
        .file_bytes = g_mapped_file_get_length(file),
        .error = error,
    };
    bool elf = reader.file_bytes >= SELFMAG && memcmp(reader.file, ELFMAG, SELFMAG) == 0;
    bool ok = elf ? vmlinux_read(&reader, config->entry) : bzimage_read(&reader, config->entry);
    g_mapped_file_unref(file);
    if (!ok)
        linux_kernel_clear(kernel);
    return ok;
}

void linux_kernel_clear(struct linux_kernel *kernel)
{
    elf_image_clear(&kernel->image);
}

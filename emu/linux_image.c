/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "emu/acpi.h"
#include "emu/error.h"
#include "emu/linux_internal.h"
#include "rmp/addr.h"

/* However long a kernel says that its command line may be. */
enum { CMDLINE_MAX = 1 << 16 };

void linux_fail_va(const char *path, GError **error, const char *format, va_list args)
{
    char *why = g_strdup_vprintf(format, args);
    g_set_error(error, EMU_ERROR, EMU_ERROR_INPUT, "%s: %s", path, why);
    g_free(why);
}

bool linux_fail(const char *path, GError **error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    linux_fail_va(path, error, format, args);
    va_end(args);
    return false;
}

GMappedFile *linux_file_map(const char *path, GError **error)
{
    GError *why = NULL;
    GMappedFile *file = g_mapped_file_new(path, FALSE, &why);
    if (file == NULL) {
        linux_fail(path, error, "cannot be read: %s", why->message);
        g_error_free(why);
    }
    return file;
}

void linux_pages_add(GArray *pages, uint64_t gpa, const void *bytes, size_t count)
{
    g_assert((gpa & PAGE_MASK) == 0);
    for (size_t done = 0; done < count; done += PAGE_BYTES) {
        struct elf_page page = {.gpa = gpa + done, .bytes = g_malloc0(PAGE_BYTES)};
        memcpy(page.bytes, (const uint8_t *)bytes + done, MIN(count - done, PAGE_BYTES));
        g_array_append_val(pages, page);
    }
}

/* The kernel's pages become the image's. Pages without bytes (bss) are the kernel's to clear. */
static void kernel_add(GArray *pages, struct linux_kernel *kernel)
{
    for (size_t i = 0; i < kernel->image.page_count; i++) {
        if (kernel->image.pages[i].bytes == NULL)
            continue;
        g_array_append_val(pages, kernel->image.pages[i]);
        kernel->image.pages[i].bytes = NULL;
    }
}

static void boot_pages_add(GArray *pages, const struct linux_kernel *kernel,
                           const struct linux_layout *layout, const struct linux_needs *needs,
                           const char *cmdline)
{
    struct linux_boot_params *params = g_new(struct linux_boot_params, 1);
    struct linux_setup_data node;
    struct linux_cc_blob blob;
    linux_params_write(params, kernel, layout, needs);
    linux_setup_data_write(&node, layout);
    linux_cc_blob_write(&blob, layout);
    linux_pages_add(pages, layout->boot_gpa, params, sizeof(*params));
    linux_pages_add(pages, layout->cmdline_gpa, cmdline, needs->cmdline_bytes);
    linux_pages_add(pages, layout->setup_data_gpa, &node, sizeof(node));
    linux_pages_add(pages, layout->cc_blob_gpa, &blob, sizeof(blob));
    g_free(params);
}

static bool cmdline_check(const struct linux_kernel *kernel, size_t length, GError **error)
{
    size_t most = MIN(kernel->header.cmdline_size, (uint32_t)CMDLINE_MAX);
    if (length <= most)
        return true;
    return linux_fail(kernel->path, error,
                      "the command line has %zu characters, this kernel takes at most %zu; "
                      "shorten it",
                      length, most);
}

/* The pages of the guest, in the order in which they are launched. */
static bool image_fill(struct elf_image *image, struct linux_boot *boot,
                       struct linux_kernel *kernel, GMappedFile *initrd,
                       const struct linux_config *config, GError **error)
{
    const char *cmdline = config->cmdline ? config->cmdline : "";
    const struct linux_needs needs = {
        .kernel_path = config->kernel_path,
        .initrd_path = config->initrd_path,
        .kernel_low = kernel->low,
        .kernel_high = kernel->high,
        .hole_gpa = config->hole_gpa,
        .hole_bytes = config->hole_bytes,
        .memory_bytes = config->memory_bytes,
        .cmdline_bytes = strlen(cmdline) + 1,
        .initrd_bytes = initrd ? g_mapped_file_get_length(initrd) : 0,
        .initrd_limit = (uint64_t)kernel->header.initrd_addr_max + 1,
    };
    struct linux_layout layout;
    if (!cmdline_check(kernel, needs.cmdline_bytes - 1, error) ||
        !linux_layout_find(&layout, &needs, error))
        return false;

    GByteArray *acpi = acpi_tables_new(layout.acpi_gpa, config->cpus);
    GArray *pages = g_array_new(FALSE, FALSE, sizeof(struct elf_page));
    kernel_add(pages, kernel);
    boot_pages_add(pages, kernel, &layout, &needs, cmdline);
    linux_pages_add(pages, layout.acpi_gpa, acpi->data, acpi->len);
    if (initrd)
        linux_pages_add(pages, layout.initrd_gpa, g_mapped_file_get_contents(initrd),
                        needs.initrd_bytes);
    g_byte_array_free(acpi, TRUE);
    image->entry = kernel->entry;
    image->page_count = pages->len;
    image->pages = (struct elf_page *)(void *)g_array_free(pages, FALSE);
    boot->boot_gpa = layout.boot_gpa;
    boot->block_gpa = layout.block_gpa;
    memcpy(boot->version, kernel->version, sizeof(boot->version));
    return true;
}

bool linux_image_load(struct elf_image *image, struct linux_boot *boot,
                      const struct linux_config *config, GError **error)
{
    *image = (struct elf_image){0};
    *boot = (struct linux_boot){0};
    struct linux_kernel kernel;
    GMappedFile *initrd = NULL;
    if (!linux_kernel_read(&kernel, config, error))
        return false;
    bool ok = true;
    if (config->initrd_path) {
        initrd = linux_file_map(config->initrd_path, error);
        ok = initrd != NULL;
        if (ok && g_mapped_file_get_length(initrd) == 0)
            ok = linux_fail(config->initrd_path, error, "the initrd is empty; give none instead");
    }
    ok = ok && image_fill(image, boot, &kernel, initrd, config, error);
    if (initrd)
        g_mapped_file_unref(initrd);
    linux_kernel_clear(&kernel);
    return ok;
}

bool linux_entry_parse(const char *name, enum linux_entry *entry)
{
    if (strcmp(name, "vmlinux") == 0)
        *entry = LINUX_ENTRY_VMLINUX;
    else if (strcmp(name, "bzimage") == 0)
        *entry = LINUX_ENTRY_BZIMAGE;
    else
        return false;
    return true;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of emu/linux_*.c; who calls what is in linux_image.c. */
#ifndef PROVA_EMU_LINUX_INTERNAL_H
#define PROVA_EMU_LINUX_INTERNAL_H

#include <glib.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "emu/elf.h"
#include "emu/linux.h"
#include "emu/linux_params.h"

/* A Linux guest's RAM ends below the devices at the end of the first 4 GiB. */
#define LINUX_MEMORY_MAX UINT64_C(0xc0000000)
/* Below lie what firmware has on a PC, and the code that starts the other processors. */
#define LINUX_LOW_END UINT64_C(0x100000)

/* linux_image.c: an error of the input that names the file; linux_fail() is false. */
void linux_fail_va(const char *path, GError **error, const char *format, va_list args)
    G_GNUC_PRINTF(3, 0);
bool linux_fail(const char *path, GError **error, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* NULL and error if the file cannot be read. */
GMappedFile *linux_file_map(const char *path, GError **error);
/* Appends pages (struct elf_page) with these bytes from gpa on, the last filled up with zeros. */
void linux_pages_add(GArray *pages, uint64_t gpa, const void *bytes, size_t count);

/* linux_unpack.c: what a kernel may be compressed with. */

enum linux_unpack_result {
    LINUX_UNPACK_OK,
    LINUX_UNPACK_CORRUPT,
    LINUX_UNPACK_TRUNCATED,
    LINUX_UNPACK_TOO_BIG,
    LINUX_UNPACK_UNSUPPORTED,
};

enum { LINUX_VMLINUX_MAX = 256 << 20 };

/* Appends to out (empty) at most limit bytes. format becomes the name of the compression. */
enum linux_unpack_result linux_unpack(GByteArray *out, size_t limit, const uint8_t *in,
                                      size_t in_bytes, const char **format);

/* linux_kernel.c: the kernel's file. */

struct linux_kernel {
    const char *path;
    struct linux_setup_header header;
    uint8_t header_rest[LINUX_HEADER_REST_BYTES]; /* of a protocol that came later */
    uint64_t entry;
    uint64_t low, high; /* all that it uses before it reads the memory map: [low, high) */
    struct elf_image image;
    char version[128];
};

bool linux_kernel_read(struct linux_kernel *kernel, const struct linux_config *config,
                       GError **error);
void linux_kernel_clear(struct linux_kernel *kernel);

/* linux_layout.c: where everything goes. */

struct linux_needs {
    const char *kernel_path, *initrd_path;
    uint64_t kernel_low, kernel_high;
    uint64_t hole_gpa, hole_bytes;
    uint64_t memory_bytes;
    uint64_t cmdline_bytes; /* with its zero */
    uint64_t initrd_bytes;  /* 0: none */
    uint64_t initrd_limit;  /* it must end here or lower */
};

/*
 * One 2 MiB region holds boot_params, command line, setup_data, CC blob and block: Linux reads them
 * through a map of no finer grain before it can handle a page fault. CC blob and block lie together
 * and are reserved memory, so that nobody else gets these pages.
 */
struct linux_layout {
    uint64_t boot_gpa, cmdline_gpa, setup_data_gpa;
    uint64_t cc_blob_gpa, block_gpa, block_end;
    uint64_t initrd_gpa; /* 0: none */
    uint64_t acpi_gpa;   /* to the end of memory */
};

bool linux_layout_find(struct linux_layout *layout, const struct linux_needs *needs,
                       GError **error);

/* linux_params.c: boot_params and what it points at, each a page. */
void linux_params_write(struct linux_boot_params *params, const struct linux_kernel *kernel,
                        const struct linux_layout *layout, const struct linux_needs *needs);
void linux_setup_data_write(struct linux_setup_data *node, const struct linux_layout *layout);
void linux_cc_blob_write(struct linux_cc_blob *blob, const struct linux_layout *layout);

#endif

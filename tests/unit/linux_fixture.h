/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Small Linux kernels made by the tests: a vmlinux of two segments that says what a kernel says, a
 * bzImage around it, the ways to compress. What a test changes in the bytes is its own business.
 */
#ifndef PROVA_TESTS_LINUX_FIXTURE_H
#define PROVA_TESTS_LINUX_FIXTURE_H

#include <glib.h>

#include "emu/linux.h"

#define FIXTURE_RELEASE "6.99.1-fixture"

/* Layout of the vmlinux that vmlinux_bytes() makes. */
#define FIXTURE_TEXT_GPA   UINT64_C(0x1000000)
#define FIXTURE_TEXT_BYTES UINT64_C(0x1800) /* of the file: a page and a half */
#define FIXTURE_ENTRY      (FIXTURE_TEXT_GPA + 0x123)
#define FIXTURE_DATA_GPA   UINT64_C(0x1200000)
#define FIXTURE_DATA_BYTES UINT64_C(0x800)
#define FIXTURE_BSS_BYTES  UINT64_C(0x3000) /* with the data */
#define FIXTURE_INIT_BYTES UINT64_C(0x400000)
#define FIXTURE_HOLE_GPA   UINT64_C(0x800000)
#define FIXTURE_HOLE_BYTES UINT64_C(0x800000)
enum {
    FIXTURE_TEXT_OFFSET = 0x1000, /* in the ELF file */
    FIXTURE_DATA_OFFSET = 0x3000,
    FIXTURE_BANNER_OFFSET = FIXTURE_TEXT_OFFSET + 0x200,
    FIXTURE_MARKER_OFFSET = FIXTURE_TEXT_OFFSET + 0x300,
    FIXTURE_SETUP_SECTS = 7,
    FIXTURE_PART_OFFSET = (FIXTURE_SETUP_SECTS + 1) * 512, /* in the bzImage */
    FIXTURE_PAYLOAD_OFFSET = 0x2cc,                        /* in the protected-mode part */
    FIXTURE_CMDLINE_MAX = 2047,
};

GByteArray *vmlinux_bytes(void);

enum pack { PACK_ZSTD, PACK_XZ, PACK_GZIP, PACK_LZ4, PACK_LZMA, PACK_NONE, PACK_COUNT };

/* Compressed as the kernel's build does, with the size behind it where that puts it. */
GByteArray *pack_bytes(enum pack pack, const GByteArray *bytes);

/* A bzImage with this payload; and of the vmlinux above. */
GByteArray *bzimage_of(const GByteArray *payload);
GByteArray *bzimage_bytes(enum pack pack);

/* Little-endian values in the bytes, up to 8 bytes wide. */
uint64_t field_get(const uint8_t *bytes, size_t offset, size_t width);
void field_set(uint8_t *bytes, size_t offset, size_t width, uint64_t value);

/* 64 MiB, one processor, a monitor at 8 MiB, no initrd, no command line, no kernel. */
struct linux_config fixture_config(void);

/* linux_image_load() of a kernel and, unless it is NULL, an initrd in temporary files. */
bool fixture_load(struct elf_image *image, struct linux_boot *boot, struct linux_config config,
                  const GByteArray *kernel, const GByteArray *initrd, GError **error);

/* The page at gpa; NULL if there is none. */
const uint8_t *page_of(const struct elf_image *image, uint64_t gpa);

#endif

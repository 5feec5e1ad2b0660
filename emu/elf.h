/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads an ELF image for the launch (docs/launch-abi.md): pages at their guest physical addresses,
 * entry point and SNP-LAUNCH notes. The file is hostile input.
 */
#ifndef PROVA_EMU_ELF_H
#define PROVA_EMU_ELF_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

enum elf_note_type {
    ELF_NOTE_SECRETS = 1,
    ELF_NOTE_CPUID,
    ELF_NOTE_INFO,
    ELF_NOTE_PARAMS,
    ELF_NOTE_PAGE_TABLES,
    ELF_NOTE_MEMORY,
    ELF_NOTE_COUNT,
};

struct elf_range {
    uint64_t gpa;
    uint64_t bytes; /* 0: not given */
};

struct elf_page {
    uint64_t gpa;
    uint8_t *bytes; /* 4096, NULL = a page of zeros with nothing from the file */
};

struct elf_image {
    uint64_t entry;
    struct elf_page *pages; /* in file order of the segments */
    size_t page_count;
    struct elf_range note[ELF_NOTE_COUNT];
};

enum { ELF_PAGES_MAX = 1 << 16 }; /* 256 MiB of image */

/* False and error (EMU_ERROR_INPUT: file, offset where it matters, reason) if unusable. */
bool elf_image_load(struct elf_image *image, const char *path, GError **error);

/* The same of a file that is in memory; path is what the messages call it. */
bool elf_image_read(struct elf_image *image, const char *path, const uint8_t *file,
                    size_t file_bytes, GError **error);
void elf_image_clear(struct elf_image *image);

#endif

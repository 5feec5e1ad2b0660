/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The launch digest (SEV-SNP ABI 56860, SNP_LAUNCH_UPDATE, structure PAGE_INFO): a SHA-384 chain
 * over the pages in the order of the commands. Used by the firmware model and, on its own, by
 * whoever wants to know a digest beforehand.
 */
#ifndef PROVA_PSP_MEASURE_H
#define PROVA_PSP_MEASURE_H

#include <stdbool.h>
#include <stddef.h>

#include "rmp/addr.h"

enum { PSP_DIGEST_BYTES = 48 };

enum psp_page_type {
    PSP_PAGE_NORMAL = 1,     /* contents measured */
    PSP_PAGE_VMSA = 2,       /* contents measured but GUEST_TSC_SCALE and GUEST_TSC_OFFSET */
    PSP_PAGE_ZERO = 3,       /* zeroed by the firmware */
    PSP_PAGE_UNMEASURED = 4, /* contents encrypted, not measured */
    PSP_PAGE_SECRETS = 5,    /* written by the firmware */
    PSP_PAGE_CPUID = 6,      /* checked by the firmware, not measured */
};

/* Permissions of VMPL1..3, enum rmp_perm; the names say the level. */
struct psp_perms {
    uint8_t vmpl1, vmpl2, vmpl3;
};

struct measure_page {
    uint64_t gpa;
    enum page_size size;
    enum psp_page_type type;
    bool imi; /* part of the initial migration image */
    struct psp_perms perms;
    /* page_bytes(size) of them; may be NULL for the types whose contents are not measured. */
    const uint8_t *contents;
};

enum measure_status {
    MEASURE_OK,
    MEASURE_BAD_TYPE,    /* not one of enum psp_page_type */
    MEASURE_BAD_SIZE,    /* VMSA, SECRETS and CPUID pages are 4 KiB */
    MEASURE_BAD_ADDRESS, /* gpa is not aligned to the size, or beyond 52 bits */
    MEASURE_NO_CONTENTS, /* NULL for a type whose contents are measured */
};

struct measure {
    uint8_t digest[PSP_DIGEST_BYTES]; /* the launch digest so far; all zero at the start */
};

void measure_init(struct measure *measure);

/* Extends the digest by one page (a 2 MiB page counts as its 512 small ones, in order). */
enum measure_status measure_add(struct measure *measure, const struct measure_page *page);

/* The digest of a whole list; *bad gets the index of the page that is refused, if any. */
enum measure_status measure_pages(const struct measure_page *pages, size_t count,
                                  uint8_t digest[PSP_DIGEST_BYTES], size_t *bad);

const char *measure_status_text(enum measure_status status);

#endif

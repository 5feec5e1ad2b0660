/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "psp/measure.h"

#include <nettle/sha2.h>
#include <string.h>

#include "psp/bytes.h"

/* SEV-SNP ABI 56860, SNP_LAUNCH_UPDATE, structure PAGE_INFO. */
struct page_info {
    uint8_t digest_current[PSP_DIGEST_BYTES];
    uint8_t contents[PSP_DIGEST_BYTES];
    uint8_t length[2];
    uint8_t page_type;
    uint8_t imi_page;
    uint8_t reserved;
    uint8_t vmpl1_perms;
    uint8_t vmpl2_perms;
    uint8_t vmpl3_perms;
    uint8_t gpa[8];
};
_Static_assert(sizeof(struct page_info) == 0x70, "ABI PAGE_INFO");
_Static_assert(__builtin_offsetof(struct page_info, vmpl1_perms) == 0x65, "ABI offset");
_Static_assert(__builtin_offsetof(struct page_info, gpa) == 0x68, "ABI offset");

/* The guest's TSC scale and offset in a VMSA are the hypervisor's or the firmware's affair. */
enum { VMSA_TSC_BEGIN = 0x2f0, VMSA_TSC_END = 0x300 };

enum { GPA_BITS = 52 };

static void sha384(const void *data, size_t len, uint8_t digest[PSP_DIGEST_BYTES])
{
    struct sha384_ctx sha;

    sha384_init(&sha);
    sha384_update(&sha, len, data);
    sha384_digest(&sha, PSP_DIGEST_BYTES, digest);
}

static void contents_digest(enum psp_page_type type, const uint8_t *contents,
                            uint8_t digest[PSP_DIGEST_BYTES])
{
    uint8_t masked[PAGE_BYTES];

    memset(digest, 0, PSP_DIGEST_BYTES);
    if (type == PSP_PAGE_NORMAL) {
        sha384(contents, PAGE_BYTES, digest);
    } else if (type == PSP_PAGE_VMSA) {
        memcpy(masked, contents, sizeof masked);
        memset(masked + VMSA_TSC_BEGIN, 0, VMSA_TSC_END - VMSA_TSC_BEGIN);
        sha384(masked, sizeof masked, digest);
    }
}

static void add_small(struct measure *measure, const struct measure_page *page, uint64_t gpa,
                      const uint8_t *contents)
{
    struct page_info info = {
        .page_type = (uint8_t)page->type,
        .imi_page = page->imi,
        .vmpl1_perms = page->perms.vmpl1,
        .vmpl2_perms = page->perms.vmpl2,
        .vmpl3_perms = page->perms.vmpl3,
    };

    memcpy(info.digest_current, measure->digest, sizeof info.digest_current);
    contents_digest(page->type, contents, info.contents);
    bytes_put_le(info.length, sizeof info, sizeof info.length);
    bytes_put_le(info.gpa, gpa, sizeof info.gpa);
    sha384(&info, sizeof info, measure->digest);
}

static enum measure_status page_check(const struct measure_page *page)
{
    bool small_only = page->type == PSP_PAGE_VMSA || page->type == PSP_PAGE_SECRETS ||
                      page->type == PSP_PAGE_CPUID;
    bool measured = page->type == PSP_PAGE_NORMAL || page->type == PSP_PAGE_VMSA;

    if (page->type < PSP_PAGE_NORMAL || page->type > PSP_PAGE_CPUID)
        return MEASURE_BAD_TYPE;
    if (page->size != PAGE_4K && (page->size != PAGE_2M || small_only))
        return MEASURE_BAD_SIZE;
    if (page->gpa != page_base_of(page->gpa, page->size) || page->gpa >> GPA_BITS)
        return MEASURE_BAD_ADDRESS;
    if (measured && !page->contents)
        return MEASURE_NO_CONTENTS;
    return MEASURE_OK;
}

void measure_init(struct measure *measure)
{
    memset(measure, 0, sizeof *measure);
}

enum measure_status measure_add(struct measure *measure, const struct measure_page *page)
{
    enum measure_status status = page_check(page);

    if (status != MEASURE_OK)
        return status;
    for (uint64_t at = 0; at < page_bytes(page->size); at += PAGE_BYTES)
        add_small(measure, page, page->gpa + at, page->contents ? page->contents + at : NULL);
    return MEASURE_OK;
}

enum measure_status measure_pages(const struct measure_page *pages, size_t count,
                                  uint8_t digest[PSP_DIGEST_BYTES], size_t *bad)
{
    struct measure measure;

    measure_init(&measure);
    for (size_t i = 0; i < count; i++) {
        enum measure_status status = measure_add(&measure, &pages[i]);
        if (status != MEASURE_OK) {
            if (bad)
                *bad = i;
            return status;
        }
    }
    memcpy(digest, measure.digest, PSP_DIGEST_BYTES);
    return MEASURE_OK;
}

const char *measure_status_text(enum measure_status status)
{
    switch (status) {
    case MEASURE_OK: return "ok";
    case MEASURE_BAD_TYPE: return "the page type is not 1 to 6";
    case MEASURE_BAD_SIZE: return "a page of this type must be 4 KiB";
    case MEASURE_BAD_ADDRESS:
        return "the guest physical address is not aligned to the page size "
               "or is beyond 52 bits";
    case MEASURE_NO_CONTENTS: return "a page of this type needs contents";
    }
    return "unknown";
}

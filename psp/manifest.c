/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "psp/manifest.h"

#include <string.h>

#include "psp/bytes.h"

struct entry {
    uint8_t guid[ATTEST_GUID_BYTES];
    uint32_t offset, bytes;
};
_Static_assert(sizeof(struct entry) == 24, "58019 section 7.1");

enum { HEAD_BYTES = offsetof(struct attest_manifest, service_guid) };

static const uint8_t manifest_guid[] = ATTEST_GUID_MANIFEST;

static struct entry entry_read(const uint8_t *bytes, uint32_t n)
{
    struct entry entry;

    memcpy(&entry, bytes + HEAD_BYTES + (size_t)n * sizeof entry, sizeof entry);
    return entry;
}

bool psp_manifest_parse(const void *bytes, size_t len, struct psp_manifest *out)
{
    const uint8_t *from = bytes;

    if (len < HEAD_BYTES || len > UINT32_MAX ||
        memcmp(from, manifest_guid, sizeof manifest_guid) != 0)
        return false;
    out->bytes = from;
    memcpy(&out->len, from + offsetof(struct attest_manifest, bytes), sizeof out->len);
    memcpy(&out->services, from + offsetof(struct attest_manifest, services), sizeof out->services);
    if (out->len != len || out->services > (len - HEAD_BYTES) / sizeof(struct entry))
        return false;
    const uint64_t table_end = HEAD_BYTES + out->services * (uint64_t)sizeof(struct entry);
    for (uint32_t n = 0; n < out->services; n++) {
        struct entry entry = entry_read(from, n);
        if (entry.offset < table_end || entry.offset > len || entry.bytes > len - entry.offset)
            return false;
    }
    return true;
}

struct psp_manifest_service psp_manifest_service(const struct psp_manifest *manifest, uint32_t n)
{
    struct entry entry = entry_read(manifest->bytes, n);
    struct psp_manifest_service service = {
        .bytes = manifest->bytes + entry.offset, .len = entry.bytes};

    memcpy(service.guid, entry.guid, sizeof service.guid);
    return service;
}

static bool service_is_monitors(const struct attest_service *service)
{
    const struct report_key *key = &service->key;

    return key->version == REPORT_VERSION && key->curve == REPORT_CURVE_P384 &&
           memcmp(key->domain, REPORT_KEY_DOMAIN, sizeof key->domain) == 0;
}

bool psp_manifest_monitor(const void *bytes, size_t len, struct attest_service *out)
{
    static const struct attest_manifest made = {
        .guid = ATTEST_GUID_MANIFEST,
        .bytes = sizeof made,
        .services = 1,
        .service_guid = ATTEST_GUID_SERVICE,
        .service_offset = offsetof(struct attest_manifest, service),
        .service_bytes = sizeof made.service,
    };
    const size_t head = len == sizeof made ? offsetof(struct attest_manifest, service) : 0;

    if (len != head + sizeof *out || memcmp(bytes, &made, head) != 0)
        return false;
    memcpy(out, (const uint8_t *)bytes + head, sizeof *out);
    return service_is_monitors(out);
}

void psp_guid_print(const uint8_t guid[ATTEST_GUID_BYTES], char out[PSP_GUID_TEXT_BYTES])
{
    static const uint8_t order[ATTEST_GUID_BYTES] = {3, 2, 1, 0, 5,  4,  7,  6,
                                                     8, 9, 10, 11, 12, 13, 14, 15};
    static const char digits[] = "0123456789abcdef";

    for (unsigned i = 0; i < ATTEST_GUID_BYTES; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *out++ = '-';
        *out++ = digits[guid[order[i]] >> 4];
        *out++ = digits[guid[order[i]] & 0xf];
    }
    *out = 0;
}

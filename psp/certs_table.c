/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The certificate table of an extended guest request: 56421 section 4.1.8.1. */
#include <string.h>

#include "psp/bytes.h"
#include "psp/certs.h"

struct entry {
    uint8_t guid[16];
    uint32_t offset, bytes;
};
_Static_assert(sizeof(struct entry) == 24, "56421 section 4.1.8.1");

enum { CERTS = 3 };

/* In the byte order of RFC 4122. */
static const uint8_t guids[CERTS][16] = {
    /* VCEK 63da758d-e664-4564-adc5-f4b93be8accd */
    {0x63, 0xda, 0x75, 0x8d, 0xe6, 0x64, 0x45, 0x64, 0xad, 0xc5, 0xf4, 0xb9, 0x3b, 0xe8, 0xac,
     0xcd},
    /* ASK 4ab7b379-bbac-4fe4-a02f-05aef327c782 */
    {0x4a, 0xb7, 0xb3, 0x79, 0xbb, 0xac, 0x4f, 0xe4, 0xa0, 0x2f, 0x05, 0xae, 0xf3, 0x27, 0xc7,
     0x82},
    /* ARK c0b406a4-a803-4952-9743-3fb6014cd0ae */
    {0xc0, 0xb4, 0x06, 0xa4, 0xa8, 0x03, 0x49, 0x52, 0x97, 0x43, 0x3f, 0xb6, 0x01, 0x4c, 0xd0,
     0xae},
};

static bool cert_take(struct psp_cert *cert, const uint8_t *bytes, size_t len,
                      const struct entry *entry)
{
    if (cert->len != 0 || entry->bytes == 0 || entry->bytes > sizeof cert->der ||
        entry->offset > len || entry->bytes > len - entry->offset)
        return false; /* twice, or not there */
    memcpy(cert->der, bytes + entry->offset, entry->bytes);
    cert->len = entry->bytes;
    return true;
}

bool psp_certs_table_parse(const void *bytes, size_t len, struct psp_certs *out)
{
    struct psp_cert *const list[CERTS] = {&out->vcek, &out->ask, &out->ark};
    size_t at = 0;

    memset(out, 0, sizeof *out);
    for (struct entry entry; len - at >= sizeof entry; at += sizeof entry) {
        memcpy(&entry, (const uint8_t *)bytes + at, sizeof entry);
        if (bytes_are_zero(&entry, sizeof entry))
            return true;
        for (unsigned i = 0; i < CERTS; i++) {
            if (memcmp(entry.guid, guids[i], sizeof entry.guid) == 0 &&
                !cert_take(list[i], bytes, len, &entry))
                return false;
        }
    }
    return false; /* it has no end */
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SNP guest requests, 56421 sections 4.1.7 and 4.1.8. The guest's pages are copied: the firmware
 * gets pages that the guest cannot change under it. The extended request also gives the
 * certificates by which the answer verifies, in a table:
 *
 *   | GUID 16 | offset 4 | bytes 4 |   for each certificate, then an entry of zeros, then the DER
 *
 * A GUID stands in the byte order of RFC 4122.
 */
#include <string.h>

#include "emu/honest_page.h"
#include "psp/certs.h"

/* SW_EXITINFO2[63:32] of a guest request: the host's own errors. */
#define HOST_INVALID_LEN (UINT64_C(1) << 32)

struct cert_entry {
    uint8_t guid[16];
    uint32_t offset, bytes;
};
_Static_assert(sizeof(struct cert_entry) == 24, "56421 section 4.1.8.1");

enum { CERTS = 3, CERT_TABLE_BYTES = (CERTS + 1) * sizeof(struct cert_entry) };

static const uint8_t cert_guid[CERTS][16] = {
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

/* The table and the certificates; NULL if the firmware's chain cannot be made. */
static GByteArray *certs_blob(const struct machine *machine)
{
    struct psp_certs certs;
    const char *why = NULL;
    if (psp_certs_make(&machine->psp, &certs, &why) != PSP_CERTS_OK)
        return NULL;
    const struct psp_cert *const cert[CERTS] = {&certs.vcek, &certs.ask, &certs.ark};
    struct cert_entry table[CERTS + 1] = {0};
    GByteArray *blob = g_byte_array_new();
    g_byte_array_append(blob, (const uint8_t *)table, CERT_TABLE_BYTES);
    for (size_t i = 0; i < CERTS; i++) {
        memcpy(table[i].guid, cert_guid[i], sizeof(table[i].guid));
        table[i].offset = blob->len;
        table[i].bytes = cert[i]->len;
        g_byte_array_append(blob, cert[i]->der, cert[i]->len);
    }
    memcpy(blob->data, table, CERT_TABLE_BYTES);
    return blob;
}

void request_firmware(struct honest_request *request)
{
    struct machine *machine = request->machine;
    const struct honest *honest = &machine->honest;
    uint64_t from = honest_shared_spa(machine, request->exit->nae_info1);
    uint64_t to = honest_shared_spa(machine, request->exit->nae_info2);
    uint8_t page[PAGE_BYTES];
    if (from == UINT64_MAX || to == UINT64_MAX || from == to) {
        request_fail(request, GHCB_ERROR_INVALID_INPUT);
        return;
    }
    hv_read(machine, from, page, PAGE_BYTES);
    hv_write(machine, honest->bounce_request, page, PAGE_BYTES);
    uint32_t status = hv_guest_request(machine, honest->bounce_request, honest->bounce_response);
    request->info2 = status;
    if (status != PSP_SUCCESS)
        return;
    hv_read(machine, honest->bounce_response, page, PAGE_BYTES);
    hv_write(machine, to, page, PAGE_BYTES);
}

/* Writes the certificates to the guest's pages; false if one of them is not shared. */
static bool certs_write(struct machine *machine, const GByteArray *blob, uint64_t gpa)
{
    for (uint64_t offset = 0; offset < blob->len; offset += PAGE_BYTES)
        if (honest_shared_spa(machine, gpa + offset) == UINT64_MAX)
            return false;
    for (uint64_t offset = 0; offset < blob->len; offset += PAGE_BYTES)
        hv_write(machine, honest_shared_spa(machine, gpa + offset), blob->data + offset,
                 MIN(blob->len - offset, PAGE_BYTES));
    return true;
}

/* Too little room: RBX says how many pages it takes, and the firmware is not asked. */
void request_firmware_extended(struct honest_request *request)
{
    if (!request_needs(request, GHCB_AT(rax)) || !request_needs(request, GHCB_AT(rbx)))
        return;
    GByteArray *blob = certs_blob(request->machine);
    if (blob == NULL) { /* a host without certificates gives an empty table: nothing */
        request_firmware(request);
        return;
    }
    uint64_t pages = (blob->len + PAGE_BYTES - 1) / PAGE_BYTES;
    if (request->ghcb.rbx < pages) {
        request->info2 = HOST_INVALID_LEN;
        request_give_rbx(request, pages);
    } else if (!certs_write(request->machine, blob, request->ghcb.rax)) {
        request_fail(request, GHCB_ERROR_INVALID_INPUT);
    } else {
        request_firmware(request);
    }
    g_byte_array_free(blob, TRUE);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Certificates in and out of files. */
#include <gnutls/x509.h>
#include <string.h>

#include "psp/certs.h"

enum { CERTS = 3 };

bool psp_certs_print(const struct psp_certs *certs, char *text, size_t size)
{
    const struct psp_cert *list[CERTS] = {&certs->vcek, &certs->ask, &certs->ark};
    size_t used = 0;

    for (unsigned i = 0; i < CERTS; i++) {
        gnutls_datum_t der = {(unsigned char *)list[i]->der, list[i]->len};
        size_t room = size - used;
        int err = gnutls_pem_base64_encode("CERTIFICATE", &der, text + used, &room);
        if (err < 0)
            return false;
        used += strlen(text + used);
    }
    return true;
}

static bool cert_take(gnutls_x509_crt_t crt, struct psp_cert *out)
{
    size_t len = sizeof out->der;

    if (gnutls_x509_crt_export(crt, GNUTLS_X509_FMT_DER, out->der, &len) < 0)
        return false;
    out->len = (uint32_t)len;
    return true;
}

unsigned psp_certs_parse(const void *bytes, size_t len, struct psp_certs *out)
{
    struct psp_cert *list[CERTS] = {&out->vcek, &out->ask, &out->ark};
    gnutls_datum_t text = {(unsigned char *)bytes, (unsigned)len};
    gnutls_x509_crt_t crts[CERTS];
    unsigned count = CERTS, taken = 0;
    int err;

    memset(out, 0, sizeof *out);
    if (len > UINT32_MAX)
        return 0;
    err = gnutls_x509_crt_list_import(crts, &count, &text, GNUTLS_X509_FMT_PEM,
                                      GNUTLS_X509_CRT_LIST_IMPORT_FAIL_IF_EXCEED);
    if (err == GNUTLS_E_SHORT_MEMORY_BUFFER)
        return 0; /* nothing was imported */
    if (err < 0) {
        count = CERTS;
        err = gnutls_x509_crt_list_import(crts, &count, &text, GNUTLS_X509_FMT_DER,
                                          GNUTLS_X509_CRT_LIST_IMPORT_FAIL_IF_EXCEED);
    }
    if (err < 0)
        return 0;
    for (unsigned i = 0; i < count; i++) {
        taken += cert_take(crts[i], list[i]);
        gnutls_x509_crt_deinit(crts[i]);
    }
    return taken == count ? count : 0;
}

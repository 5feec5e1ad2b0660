/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The certificate chain of an emulated chip: ARK -> ASK -> VCEK, X.509, all ECDSA P-384 (AMD's ARK
 * and ASK are RSA-4096). The names say that the root is emulated; nobody can take it for AMD's. The
 * bytes are a function of the chip's seed and reported TCB; dates are fixed.
 */
#ifndef PROVA_PSP_CERTS_H
#define PROVA_PSP_CERTS_H

#include "psp/psp.h"

enum { PSP_CERT_BYTES_MAX = 2048 };

struct psp_cert {
    uint32_t len;
    uint8_t der[PSP_CERT_BYTES_MAX];
};

struct psp_certs {
    struct psp_cert ark, ask, vcek;
};

enum psp_certs_status {
    PSP_CERTS_OK,
    PSP_CERTS_LIBRARY,  /* GnuTLS refused; the text says what */
    PSP_CERTS_TOO_LONG, /* a certificate is longer than PSP_CERT_BYTES_MAX */
};

/* *why gets a static text if the result is not OK. */
enum psp_certs_status psp_certs_make(const struct psp *psp, struct psp_certs *out,
                                     const char **why);

#endif

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

/*
 * The chain as text, PEM: VCEK, ASK, ARK. False: GnuTLS refused, or the text is longer than size.
 * The text ends with a zero byte.
 */
bool psp_certs_print(const struct psp_certs *certs, char *text, size_t size);

/*
 * Reads certificates from PEM text, or one in DER, in the order VCEK, ASK, ARK; those that are not
 * there get length 0. Number of certificates, 0 if the bytes are none or are more than three.
 */
unsigned psp_certs_parse(const void *bytes, size_t len, struct psp_certs *out);

/*
 * Reads the certificate table that a hypervisor gives beside a report (56421 section 4.1.8.1); of
 * those that are not in it the length is 0. False: it is no table. Only its form is checked, not
 * that of the certificates.
 */
bool psp_certs_table_parse(const void *bytes, size_t len, struct psp_certs *out);

#endif

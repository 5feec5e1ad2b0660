/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Extensions of a VCEK certificate, AMD 57230 "VCEK certificate and KDS interface". */
#ifndef PROVA_PSP_CERTS_OID_H
#define PROVA_PSP_CERTS_OID_H

#include <stdint.h>

#define PSP_OID_STRUCT_VERSION "1.3.6.1.4.1.3704.1.1"
#define PSP_OID_PRODUCT_NAME   "1.3.6.1.4.1.3704.1.2"
#define PSP_OID_SPL            "1.3.6.1.4.1.3704.1.3."
#define PSP_OID_HWID           "1.3.6.1.4.1.3704.1.4"

enum { PSP_SPL_COUNT = 8 };

/*
 * Security version n of PSP_OID_SPL (1 bootloader, 2 TEE, 3 SNP, 4-7 reserved, 8 microcode): which
 * byte of TCB_VERSION it is.
 */
static inline unsigned psp_spl_byte(unsigned n)
{
    static const uint8_t byte[PSP_SPL_COUNT] = {0, 1, 6, 2, 3, 4, 5, 7};

    return byte[n - 1];
}

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Verifies what the monitor's Attest gave (docs/attestation.md), from a root certificate that is
 * trusted down to the nonce. Needs nothing but its arguments: no emulated machine, no clock (dates
 * of the certificates are not checked), no network.
 */
#ifndef PROVA_PSP_VERIFY_H
#define PROVA_PSP_VERIFY_H

#include "monitor/report_abi.h"
#include "psp/certs.h"

/* What is checked, in this order. */
enum psp_verify_step {
    PSP_VERIFY_ROOT,            /* the ARK is an authority and signed by itself */
    PSP_VERIFY_ASK,             /* the ASK is an authority and signed by the ARK */
    PSP_VERIFY_VCEK,            /* the VCEK is signed by the ASK */
    PSP_VERIFY_FIRMWARE_REPORT, /* the firmware's report is signed by the VCEK */
    PSP_VERIFY_CHIP,            /* CHIP_ID is that of the VCEK */
    PSP_VERIFY_TCB,             /* REPORTED_TCB is that of the VCEK */
    PSP_VERIFY_VMPL,            /* VMPL 0 asked for it */
    PSP_VERIFY_POLICY,          /* no debugging, no migration agent */
    PSP_VERIFY_KEY,             /* REPORT_DATA is the hash of the monitor's key */
    PSP_VERIFY_MONITOR_REPORT,  /* the monitor's report is signed by that key */
    PSP_VERIFY_MEASUREMENT,     /* as wanted, if wanted */
    PSP_VERIFY_PCR,             /* as wanted, if wanted */
    PSP_VERIFY_NONCE,           /* as wanted, if wanted */
    PSP_VERIFY_DONE,            /* all of it holds */
};

/* What the caller wants to find; NULL: it does not matter. */
struct psp_verify_wanted {
    const uint8_t *nonce;       /* REPORT_NONCE_BYTES */
    const uint8_t *measurement; /* PSP_DIGEST_BYTES, the launch digest */
    const uint8_t *pcr;         /* REPORT_PCR_BYTES */
    bool debug_allowed;
};

/* What a VCEK certificate says. */
struct psp_vcek {
    struct psp_public_key key;
    uint8_t chip_id[64];
    uint64_t tcb;
};

/* The first step up to PSP_VERIFY_VCEK that fails, else PSP_VERIFY_DONE and *out. certs->ark is
 * trusted. */
enum psp_verify_step psp_verify_chain(const struct psp_certs *certs, struct psp_vcek *out);

/* The first of the other steps that fails; PSP_VERIFY_DONE if none does. vcek is trusted. */
enum psp_verify_step psp_verify_report(const struct report *report, const struct psp_vcek *vcek,
                                       const struct psp_verify_wanted *wanted);

/* "certificate of the chip (VCEK) is signed by the ASK" */
const char *psp_verify_step_text(enum psp_verify_step step);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Verifies reports (docs/attestation.md) from a root certificate that is trusted down to the nonce:
 * of the monitor's Attest, of the firmware alone, of the SVSM attestation protocol. Needs nothing
 * but its arguments: no emulated machine, no clock (dates of the certificates are not checked), no
 * network.
 */
#ifndef PROVA_PSP_VERIFY_H
#define PROVA_PSP_VERIFY_H

#include "psp/certs.h"
#include "psp/manifest.h"

/* What is checked, in this order; not each for each kind of report. */
enum psp_verify_step {
    PSP_VERIFY_ROOT,            /* the ARK is an authority and signed by itself */
    PSP_VERIFY_ASK,             /* the ASK is an authority and signed by the ARK */
    PSP_VERIFY_VCEK,            /* the VCEK is signed by the ASK */
    PSP_VERIFY_FIRMWARE_REPORT, /* the firmware's report is signed by the VCEK */
    PSP_VERIFY_CHIP,            /* CHIP_ID is that of the VCEK */
    PSP_VERIFY_TCB,             /* REPORTED_TCB is that of the VCEK */
    PSP_VERIFY_VMPL,            /* VMPL 0 asked for it; not of the firmware's alone */
    PSP_VERIFY_VMPL_WANTED,     /* as wanted, if wanted */
    PSP_VERIFY_POLICY,          /* no debugging, no migration agent */
    PSP_VERIFY_BINDING,         /* SVSM: REPORT_DATA is the hash of nonce and manifest */
    PSP_VERIFY_MANIFEST,        /* SVSM: the manifest is one that the monitor makes */
    PSP_VERIFY_KEY,             /* REPORT_DATA is the hash of the monitor's key */
    PSP_VERIFY_MONITOR_REPORT,  /* the monitor's report is signed by that key */
    PSP_VERIFY_MEASUREMENT,     /* as wanted, if wanted */
    PSP_VERIFY_PCR,             /* as wanted, if wanted */
    PSP_VERIFY_NONCE,           /* as wanted, if wanted */
    PSP_VERIFY_DONE,            /* all of it holds */
};

/* A report and what belongs to it. With neither of the two it is the firmware's alone. */
struct psp_evidence {
    const uint8_t *firmware;              /* REPORT_FIRMWARE_BYTES */
    const struct report_monitor *monitor; /* of Attest, else NULL */
    const uint8_t *manifest;              /* of the SVSM attestation protocol, else NULL */
    size_t manifest_bytes;
};

/* What the caller wants to find; NULL: it does not matter, but that an SVSM's manifest belongs to
 * its report can be told by the nonce only. */
struct psp_verify_wanted {
    const uint8_t *nonce;
    size_t nonce_bytes;         /* REPORT_NONCE_BYTES; for an SVSM any number */
    const uint32_t *vmpl;
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
enum psp_verify_step psp_verify_report(const struct psp_evidence *evidence,
                                       const struct psp_vcek *vcek,
                                       const struct psp_verify_wanted *wanted);

/* There is something to check in this step. */
bool psp_verify_step_counts(enum psp_verify_step step, const struct psp_evidence *evidence,
                            const struct psp_verify_wanted *wanted);

/* "certificate of the chip (VCEK) is signed by the ASK" */
const char *psp_verify_step_text(enum psp_verify_step step);

#endif

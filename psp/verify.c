/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "psp/verify.h"

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <string.h>

#include "psp/bytes.h"
#include "psp/certs_oid.h"

_Static_assert((int)REPORT_FIRMWARE_BYTES == (int)sizeof(struct psp_report), "one report");
_Static_assert((int)REPORT_NUMBER_BYTES == (int)P384_BYTES, "one curve");

struct chain {
    gnutls_x509_crt_t ark, ask, vcek;
};

static bool crt_load(gnutls_x509_crt_t *crt, const struct psp_cert *cert)
{
    gnutls_datum_t der = {(unsigned char *)cert->der, cert->len};

    return cert->len <= sizeof cert->der && gnutls_x509_crt_init(crt) >= 0 &&
           gnutls_x509_crt_import(*crt, &der, GNUTLS_X509_FMT_DER) >= 0;
}

static void crt_free(gnutls_x509_crt_t crt)
{
    if (crt)
        gnutls_x509_crt_deinit(crt);
}

/* The clock of the host has no say: dates are not checked. Without the other flag a certificate
 * would pass as signed by itself because it is in the list of those that are trusted. */
static bool signed_by(gnutls_x509_crt_t crt, gnutls_x509_crt_t issuer)
{
    unsigned flags = GNUTLS_VERIFY_DISABLE_TIME_CHECKS | GNUTLS_VERIFY_DO_NOT_ALLOW_SAME;
    unsigned status = ~0u;
    unsigned critical;

    return gnutls_x509_crt_get_ca_status(issuer, &critical) > 0 &&
           gnutls_x509_crt_check_issuer(crt, issuer) == 1 &&
           gnutls_x509_crt_verify(crt, &issuer, 1, flags, &status) >= 0 && status == 0;
}

static bool is_authority(gnutls_x509_crt_t crt)
{
    unsigned critical;

    return gnutls_x509_crt_get_ca_status(crt, &critical) > 0;
}

/* Big endian of at most 48 bytes, perhaps with a leading zero, as the ABI's 72 little endian. */
static bool number_put(uint8_t out[PSP_ECDSA_NUMBER_BYTES], const uint8_t *in, size_t len)
{
    for (; len > P384_BYTES; in++, len--) {
        if (*in != 0)
            return false;
    }
    memset(out, 0, PSP_ECDSA_NUMBER_BYTES);
    for (size_t i = 0; i < len; i++)
        out[i] = in[len - 1 - i];
    return true;
}

static bool crt_key(gnutls_x509_crt_t crt, struct psp_public_key *key)
{
    gnutls_ecc_curve_t curve;
    gnutls_datum_t x = {0}, y = {0};
    bool good = gnutls_x509_crt_get_pk_ecc_raw(crt, &curve, &x, &y) >= 0 &&
                curve == GNUTLS_ECC_CURVE_SECP384R1;

    memset(key, 0, sizeof *key);
    key->curve = PSP_CURVE_P384;
    good = good && number_put(key->qx, x.data, x.size) && number_put(key->qy, y.data, y.size);
    gnutls_free(x.data);
    gnutls_free(y.data);
    return good;
}

static bool chip_id_read(gnutls_x509_crt_t vcek, uint8_t chip_id[64])
{
    size_t len = 64;

    return gnutls_x509_crt_get_extension_by_oid(vcek, PSP_OID_HWID, 0, chip_id, &len, NULL) >= 0 &&
           len == 64;
}

/* AMD 57230: each part of the TCB is a DER INTEGER of its own. */
static bool tcb_read(gnutls_x509_crt_t vcek, uint64_t *tcb)
{
    char oid[] = PSP_OID_SPL "0";

    *tcb = 0;
    for (unsigned n = 1; n <= PSP_SPL_COUNT; n++) {
        uint8_t der[8];
        size_t len = sizeof der;
        oid[sizeof oid - 2] = (char)('0' + n);
        if (gnutls_x509_crt_get_extension_by_oid(vcek, oid, 0, der, &len, NULL) < 0 || len < 3 ||
            der[0] != 0x02 || der[1] != len - 2 || !bytes_are_zero(der + 2, len - 3))
            return false;
        *tcb |= (uint64_t)der[len - 1] << (8 * psp_spl_byte(n));
    }
    return true;
}

/* REPORT_ID_MA is all ones where there is no migration agent (SEV-SNP ABI 56860). */
static bool without_agent(const struct psp_report *report)
{
    uint8_t all = 0xff;

    for (size_t i = 0; i < sizeof report->report_id_ma; i++)
        all &= report->report_id_ma[i];
    return all == 0xff;
}

static bool policy_holds(const struct psp_report *report, bool debug_allowed)
{
    return (report->policy & PSP_POLICY_MIGRATE_MA) == 0 && without_agent(report) &&
           (debug_allowed || (report->policy & PSP_POLICY_DEBUG) == 0);
}

static bool key_bound(const struct report_key *key, const struct psp_report *report)
{
    uint8_t hash[64];

    return key->version == REPORT_VERSION && key->curve == REPORT_CURVE_P384 &&
           memcmp(key->domain, REPORT_KEY_DOMAIN, sizeof key->domain) == 0 &&
           gnutls_hash_fast(GNUTLS_DIG_SHA512, key, sizeof *key, hash) >= 0 &&
           memcmp(hash, report->report_data, sizeof hash) == 0;
}

static bool monitor_report_signed(const struct report_monitor *report)
{
    struct psp_public_key key = {.curve = PSP_CURVE_P384};
    struct psp_signature signature = {0};

    return report->magic == REPORT_MAGIC && report->version == REPORT_VERSION &&
           report->bytes == sizeof *report && number_put(key.qx, report->key.x, P384_BYTES) &&
           number_put(key.qy, report->key.y, P384_BYTES) &&
           number_put(signature.r, report->signature_r, P384_BYTES) &&
           number_put(signature.s, report->signature_s, P384_BYTES) &&
           psp_ecdsa_verify(&key, report, REPORT_MONITOR_SIGNED_BYTES, &signature);
}

static bool binding_holds(const struct psp_evidence *evidence, const struct psp_report *firmware,
                          const struct psp_verify_wanted *wanted)
{
    gnutls_hash_hd_t hash;
    uint8_t digest[64];

    if (!wanted->nonce || gnutls_hash_init(&hash, GNUTLS_DIG_SHA512) < 0)
        return false;
    bool good = gnutls_hash(hash, wanted->nonce, wanted->nonce_bytes) >= 0 &&
                gnutls_hash(hash, evidence->manifest, evidence->manifest_bytes) >= 0;
    gnutls_hash_deinit(hash, digest);
    return good && memcmp(digest, firmware->report_data, sizeof digest) == 0;
}

static bool manifest_holds(const struct psp_evidence *evidence, struct attest_service *service)
{
    return psp_manifest_monitor(evidence->manifest, evidence->manifest_bytes, service);
}

static bool pcr_holds(const struct psp_evidence *evidence, const uint8_t *wanted)
{
    struct attest_service service;
    const uint8_t *pcr = NULL;

    if (evidence->monitor)
        pcr = evidence->monitor->pcr;
    else if (evidence->manifest && manifest_holds(evidence, &service))
        pcr = service.pcr;
    return pcr && memcmp(wanted, pcr, REPORT_PCR_BYTES) == 0;
}

static bool nonce_holds(const struct psp_evidence *evidence, const struct psp_report *firmware,
                        const struct psp_verify_wanted *wanted)
{
    const uint8_t *nonce = evidence->monitor ? evidence->monitor->nonce : firmware->report_data;

    return wanted->nonce_bytes == REPORT_NONCE_BYTES &&
           memcmp(wanted->nonce, nonce, REPORT_NONCE_BYTES) == 0;
}

static enum psp_verify_step chain_verify(struct chain *chain, const struct psp_certs *certs,
                                         struct psp_vcek *out)
{
    if (!crt_load(&chain->ark, &certs->ark) || !signed_by(chain->ark, chain->ark))
        return PSP_VERIFY_ROOT;
    if (!crt_load(&chain->ask, &certs->ask) || !is_authority(chain->ask) ||
        !signed_by(chain->ask, chain->ark))
        return PSP_VERIFY_ASK;
    if (!crt_load(&chain->vcek, &certs->vcek) || !signed_by(chain->vcek, chain->ask) ||
        !crt_key(chain->vcek, &out->key) || !chip_id_read(chain->vcek, out->chip_id) ||
        !tcb_read(chain->vcek, &out->tcb))
        return PSP_VERIFY_VCEK;
    return PSP_VERIFY_DONE;
}

enum psp_verify_step psp_verify_chain(const struct psp_certs *certs, struct psp_vcek *out)
{
    struct chain chain = {0};
    enum psp_verify_step step = chain_verify(&chain, certs, out);

    crt_free(chain.ark);
    crt_free(chain.ask);
    crt_free(chain.vcek);
    return step;
}

bool psp_verify_step_counts(enum psp_verify_step step, const struct psp_evidence *evidence,
                            const struct psp_verify_wanted *wanted)
{
    const bool svsm = !evidence->monitor && evidence->manifest;

    switch (step) {
    case PSP_VERIFY_VMPL: return evidence->monitor || svsm;
    case PSP_VERIFY_VMPL_WANTED: return wanted->vmpl != NULL;
    case PSP_VERIFY_BINDING:
    case PSP_VERIFY_MANIFEST: return svsm;
    case PSP_VERIFY_KEY:
    case PSP_VERIFY_MONITOR_REPORT: return evidence->monitor != NULL;
    case PSP_VERIFY_MEASUREMENT: return wanted->measurement != NULL;
    case PSP_VERIFY_PCR: return wanted->pcr != NULL;
    case PSP_VERIFY_NONCE: return wanted->nonce && !svsm;
    default: return true;
    }
}

/* Of a step that counts. */
static bool step_holds(enum psp_verify_step step, const struct psp_evidence *evidence,
                       const struct psp_vcek *vcek, const struct psp_verify_wanted *wanted)
{
    struct attest_service service;
    struct psp_report firmware;

    memcpy(&firmware, evidence->firmware, sizeof firmware);
    switch (step) {
    case PSP_VERIFY_FIRMWARE_REPORT: return psp_report_verify(&firmware, &vcek->key);
    case PSP_VERIFY_CHIP:
        return memcmp(firmware.chip_id, vcek->chip_id, sizeof firmware.chip_id) == 0;
    case PSP_VERIFY_TCB: return firmware.reported_tcb == vcek->tcb;
    case PSP_VERIFY_VMPL: return firmware.vmpl == 0;
    case PSP_VERIFY_VMPL_WANTED: return firmware.vmpl == *wanted->vmpl;
    case PSP_VERIFY_POLICY: return policy_holds(&firmware, wanted->debug_allowed);
    case PSP_VERIFY_BINDING: return binding_holds(evidence, &firmware, wanted);
    case PSP_VERIFY_MANIFEST: return manifest_holds(evidence, &service);
    case PSP_VERIFY_KEY: return key_bound(&evidence->monitor->key, &firmware);
    case PSP_VERIFY_MONITOR_REPORT: return monitor_report_signed(evidence->monitor);
    case PSP_VERIFY_MEASUREMENT:
        return memcmp(wanted->measurement, firmware.measurement, sizeof firmware.measurement) == 0;
    case PSP_VERIFY_PCR: return pcr_holds(evidence, wanted->pcr);
    case PSP_VERIFY_NONCE: return nonce_holds(evidence, &firmware, wanted);
    case PSP_VERIFY_ROOT:
    case PSP_VERIFY_ASK:
    case PSP_VERIFY_VCEK:
    case PSP_VERIFY_DONE: break;
    }
    return false; /* none of a report's */
}

enum psp_verify_step psp_verify_report(const struct psp_evidence *evidence,
                                       const struct psp_vcek *vcek,
                                       const struct psp_verify_wanted *wanted)
{
    enum psp_verify_step step = PSP_VERIFY_FIRMWARE_REPORT;

    while (step < PSP_VERIFY_DONE && (!psp_verify_step_counts(step, evidence, wanted) ||
                                      step_holds(step, evidence, vcek, wanted)))
        step++;
    return step;
}

const char *psp_verify_step_text(enum psp_verify_step step)
{
    switch (step) {
    case PSP_VERIFY_ROOT: return "root certificate (ARK) is an authority, signed by itself";
    case PSP_VERIFY_ASK: return "certificate of the ASK is an authority's, signed by the ARK";
    case PSP_VERIFY_VCEK: return "certificate of the chip (VCEK) is signed by the ASK";
    case PSP_VERIFY_FIRMWARE_REPORT: return "firmware's report is signed by the VCEK";
    case PSP_VERIFY_CHIP: return "chip in the report is the one of the VCEK";
    case PSP_VERIFY_TCB: return "reported TCB is the one of the VCEK";
    case PSP_VERIFY_VMPL: return "VMPL 0 asked for the report";
    case PSP_VERIFY_VMPL_WANTED: return "VMPL that asked for the report";
    case PSP_VERIFY_POLICY: return "policy allows no debugging and no migration";
    case PSP_VERIFY_BINDING: return "report data is the hash of nonce and manifest";
    case PSP_VERIFY_MANIFEST: return "manifest is the monitor's: its key and measurement register";
    case PSP_VERIFY_KEY: return "report data is the hash of the monitor's key";
    case PSP_VERIFY_MONITOR_REPORT: return "monitor's report is signed by that key";
    case PSP_VERIFY_MEASUREMENT: return "launch digest";
    case PSP_VERIFY_PCR: return "measurement register";
    case PSP_VERIFY_NONCE: return "nonce";
    case PSP_VERIFY_DONE: return "all";
    }
    return "";
}

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

static bool as_wanted(const uint8_t *wanted, const void *found, size_t len)
{
    return !wanted || memcmp(wanted, found, len) == 0;
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

static bool step_holds(enum psp_verify_step step, const struct report *report,
                       const struct psp_vcek *vcek, const struct psp_verify_wanted *wanted)
{
    struct psp_report firmware;

    memcpy(&firmware, report->firmware, sizeof firmware);
    switch (step) {
    case PSP_VERIFY_FIRMWARE_REPORT: return psp_report_verify(&firmware, &vcek->key);
    case PSP_VERIFY_CHIP:
        return memcmp(firmware.chip_id, vcek->chip_id, sizeof firmware.chip_id) == 0;
    case PSP_VERIFY_TCB: return firmware.reported_tcb == vcek->tcb;
    case PSP_VERIFY_VMPL: return firmware.vmpl == 0;
    case PSP_VERIFY_POLICY: return policy_holds(&firmware, wanted->debug_allowed);
    case PSP_VERIFY_KEY: return key_bound(&report->monitor.key, &firmware);
    case PSP_VERIFY_MONITOR_REPORT: return monitor_report_signed(&report->monitor);
    case PSP_VERIFY_MEASUREMENT:
        return as_wanted(wanted->measurement, firmware.measurement, sizeof firmware.measurement);
    case PSP_VERIFY_PCR:
        return as_wanted(wanted->pcr, report->monitor.pcr, sizeof report->monitor.pcr);
    case PSP_VERIFY_NONCE:
        return as_wanted(wanted->nonce, report->monitor.nonce, sizeof report->monitor.nonce);
    case PSP_VERIFY_ROOT:
    case PSP_VERIFY_ASK:
    case PSP_VERIFY_VCEK:
    case PSP_VERIFY_DONE: break;
    }
    return false; /* none of a report's */
}

enum psp_verify_step psp_verify_report(const struct report *report, const struct psp_vcek *vcek,
                                       const struct psp_verify_wanted *wanted)
{
    enum psp_verify_step step = PSP_VERIFY_FIRMWARE_REPORT;

    while (step < PSP_VERIFY_DONE && step_holds(step, report, vcek, wanted))
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
    case PSP_VERIFY_POLICY: return "policy allows no debugging and no migration";
    case PSP_VERIFY_KEY: return "report data is the hash of the monitor's key";
    case PSP_VERIFY_MONITOR_REPORT: return "monitor's report is signed by that key";
    case PSP_VERIFY_MEASUREMENT: return "launch digest";
    case PSP_VERIFY_PCR: return "measurement register";
    case PSP_VERIFY_NONCE: return "nonce";
    case PSP_VERIFY_DONE: return "all";
    }
    return "";
}

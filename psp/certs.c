/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "psp/certs.h"

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <string.h>

#include "psp/certs_oid.h"

enum { KEY_MATERIAL_BYTES = 72, SERIAL_BYTES = 16 };

/* 2024-01-01 and 2054-01-01, 00:00:00 UTC. */
#define VALID_FROM ((time_t)1704067200)
#define VALID_TO   ((time_t)2650838400)

#define PRODUCT_NAME "Prova-emulated"

struct identity {
    const char *name;
    struct psp_key_pair pair;
    gnutls_privkey_t key;
    gnutls_x509_crt_t crt;
};

static void big_endian(uint8_t out[P384_BYTES], const uint8_t in[PSP_ECDSA_NUMBER_BYTES])
{
    for (size_t i = 0; i < P384_BYTES; i++)
        out[i] = in[P384_BYTES - 1 - i];
}

static int key_load(struct identity *who)
{
    uint8_t x[P384_BYTES], y[P384_BYTES];
    gnutls_datum_t dx = {x, sizeof x}, dy = {y, sizeof y};
    gnutls_datum_t dk = {who->pair.scalar, sizeof who->pair.scalar};
    int err = gnutls_privkey_init(&who->key);

    if (err < 0)
        return err;
    big_endian(x, who->pair.public_key.qx);
    big_endian(y, who->pair.public_key.qy);
    return gnutls_privkey_import_ecc_raw(who->key, GNUTLS_ECC_CURVE_SECP384R1, &dx, &dy, &dk);
}

static int pubkey_set(struct identity *who)
{
    gnutls_pubkey_t pubkey;
    int err = gnutls_pubkey_init(&pubkey);

    if (err < 0)
        return err;
    err = gnutls_pubkey_import_privkey(pubkey, who->key, 0, 0);
    if (err >= 0)
        err = gnutls_x509_crt_set_pubkey(who->crt, pubkey);
    gnutls_pubkey_deinit(pubkey);
    return err;
}

static int name_set(struct identity *who)
{
    static const char organization[] = "Prova";
    static const char unit[] = "Emulated SEV-SNP (not AMD)";
    int err = gnutls_x509_crt_set_dn_by_oid(who->crt, GNUTLS_OID_X520_ORGANIZATION_NAME, 0,
                                            organization, sizeof organization - 1);

    if (err >= 0)
        err = gnutls_x509_crt_set_dn_by_oid(who->crt, GNUTLS_OID_X520_ORGANIZATIONAL_UNIT_NAME, 0,
                                            unit, sizeof unit - 1);
    if (err >= 0)
        err = gnutls_x509_crt_set_dn_by_oid(who->crt, GNUTLS_OID_X520_COMMON_NAME, 0, who->name,
                                            (unsigned)strlen(who->name));
    return err;
}

/* Version, dates, serial number and key identifiers: all functions of the key. */
static int frame_set(struct identity *who, const struct identity *issuer)
{
    uint8_t serial[SERIAL_BYTES];
    uint8_t own[P384_BYTES], issuers[P384_BYTES];
    int err = gnutls_x509_crt_set_version(who->crt, 3);

    big_endian(own, who->pair.public_key.qx);
    big_endian(issuers, issuer->pair.public_key.qx);
    memcpy(serial, own, sizeof serial);
    serial[0] = (serial[0] & 0x3f) | 0x40; /* positive, and no leading zero byte */
    if (err >= 0)
        err = gnutls_x509_crt_set_serial(who->crt, serial, sizeof serial);
    if (err >= 0)
        err = gnutls_x509_crt_set_activation_time(who->crt, VALID_FROM);
    if (err >= 0)
        err = gnutls_x509_crt_set_expiration_time(who->crt, VALID_TO);
    if (err >= 0)
        err = gnutls_x509_crt_set_subject_key_id(who->crt, own, 20);
    if (err >= 0)
        err = gnutls_x509_crt_set_authority_key_id(who->crt, issuers, 20);
    return err;
}

static int authority_set(struct identity *who, int path_length)
{
    int err = gnutls_x509_crt_set_basic_constraints(who->crt, 1, path_length);

    if (err >= 0)
        err = gnutls_x509_crt_set_key_usage(who->crt, GNUTLS_KEY_KEY_CERT_SIGN);
    return err;
}

static int extension_set(struct identity *who, const char *oid, const void *der, size_t len)
{
    return gnutls_x509_crt_set_extension_by_oid(who->crt, oid, der, len, 0);
}

static int vcek_extensions_set(struct identity *who, const struct psp *psp)
{
    static const uint8_t struct_version[] = {0x02, 1, 0};                           /* INTEGER 0 */
    uint8_t product[2 + sizeof PRODUCT_NAME - 1] = {0x16, sizeof PRODUCT_NAME - 1}; /* IA5String */
    char oid[] = PSP_OID_SPL "0";
    int err = extension_set(who, PSP_OID_STRUCT_VERSION, struct_version, sizeof struct_version);

    memcpy(product + 2, PRODUCT_NAME, sizeof PRODUCT_NAME - 1);
    if (err >= 0)
        err = extension_set(who, PSP_OID_PRODUCT_NAME, product, sizeof product);
    for (unsigned n = 1; err >= 0 && n <= PSP_SPL_COUNT; n++) {
        uint8_t spl = psp->config.reported_tcb >> (8 * psp_spl_byte(n)) & 0xff;
        uint8_t small[] = {0x02, 1, spl}, large[] = {0x02, 2, 0, spl}; /* INTEGER */
        oid[sizeof oid - 2] = (char)('0' + n);
        err = spl < 0x80 ? extension_set(who, oid, small, sizeof small)
                         : extension_set(who, oid, large, sizeof large);
    }
    if (err >= 0) /* the 64 bytes themselves, without a DER frame of their own */
        err = extension_set(who, PSP_OID_HWID, psp->chip_id, sizeof psp->chip_id);
    if (err >= 0)
        err = gnutls_x509_crt_set_basic_constraints(who->crt, 0, -1);
    if (err >= 0)
        err = gnutls_x509_crt_set_key_usage(who->crt, GNUTLS_KEY_DIGITAL_SIGNATURE);
    return err;
}

/* Key, name and frame; the extensions of its kind and the signature come after. */
static int identity_open(struct identity *who, const struct identity *issuer)
{
    int err = gnutls_x509_crt_init(&who->crt);

    if (err >= 0)
        err = key_load(who);
    if (err >= 0)
        err = pubkey_set(who);
    if (err >= 0)
        err = name_set(who);
    if (err >= 0)
        err = frame_set(who, issuer);
    return err;
}

static int identity_sign(struct identity *who, const struct identity *issuer)
{
    return gnutls_x509_crt_privkey_sign(who->crt, issuer->crt, issuer->key, GNUTLS_DIG_SHA384,
                                        GNUTLS_PRIVKEY_FLAG_REPRODUCIBLE);
}

static int chain_make(struct identity *ark, struct identity *ask, struct identity *vcek,
                      const struct psp *psp)
{
    int err = identity_open(ark, ark);

    if (err >= 0)
        err = authority_set(ark, 1);
    if (err >= 0)
        err = identity_sign(ark, ark);
    if (err >= 0)
        err = identity_open(ask, ark);
    if (err >= 0)
        err = authority_set(ask, 0);
    if (err >= 0)
        err = identity_sign(ask, ark);
    if (err >= 0)
        err = identity_open(vcek, ask);
    if (err >= 0)
        err = vcek_extensions_set(vcek, psp);
    if (err >= 0)
        err = identity_sign(vcek, ask);
    return err;
}

static int cert_export(const struct identity *who, struct psp_cert *out)
{
    size_t len = sizeof out->der;
    int err = gnutls_x509_crt_export(who->crt, GNUTLS_X509_FMT_DER, out->der, &len);

    out->len = err < 0 ? 0 : (uint32_t)len;
    return err;
}

static void identity_close(struct identity *who)
{
    if (who->crt)
        gnutls_x509_crt_deinit(who->crt);
    if (who->key)
        gnutls_privkey_deinit(who->key);
}

static void authority_key(const struct psp *psp, const char *label, struct psp_key_pair *pair)
{
    uint8_t material[KEY_MATERIAL_BYTES];

    psp_random_derive(psp->config.chip_seed, label, 0, material, sizeof material);
    psp_key_pair_from_bytes(pair, material, sizeof material);
}

enum psp_certs_status psp_certs_make(const struct psp *psp, struct psp_certs *out, const char **why)
{
    struct identity ark = {.name = "Prova emulated ARK"};
    struct identity ask = {.name = "Prova emulated ASK"};
    struct identity vcek = {.name = "Prova emulated VCEK", .pair = psp->vcek};
    int err;

    memset(out, 0, sizeof *out);
    authority_key(psp, "prova ark", &ark.pair);
    authority_key(psp, "prova ask", &ask.pair);
    err = chain_make(&ark, &ask, &vcek, psp);
    if (err >= 0)
        err = cert_export(&ark, &out->ark);
    if (err >= 0)
        err = cert_export(&ask, &out->ask);
    if (err >= 0)
        err = cert_export(&vcek, &out->vcek);
    identity_close(&ark);
    identity_close(&ask);
    identity_close(&vcek);
    if (err >= 0)
        return PSP_CERTS_OK;
    *why = gnutls_strerror(err);
    return err == GNUTLS_E_SHORT_MEMORY_BUFFER ? PSP_CERTS_TOO_LONG : PSP_CERTS_LIBRARY;
}

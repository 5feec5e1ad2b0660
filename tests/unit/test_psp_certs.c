/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The certificate chain and a report, verified by GnuTLS alone: ARK -> ASK -> VCEK -> signature of
 * the report. Nothing of psp/ is used for the verification.
 */
#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/x509.h>
#include <string.h>

#include "psp/certs.h"
#include "tests/unit/psp_fixture.h"

static gnutls_x509_crt_t crt_load(const struct psp_cert *cert)
{
    gnutls_datum_t der = {(unsigned char *)cert->der, cert->len};
    gnutls_x509_crt_t crt;

    g_assert_cmpint(gnutls_x509_crt_init(&crt), ==, 0);
    g_assert_cmpint(gnutls_x509_crt_import(crt, &der, GNUTLS_X509_FMT_DER), ==, 0);
    return crt;
}

static void certs_make(const struct psp *psp, struct psp_certs *certs)
{
    const char *why = "";
    enum psp_certs_status status = psp_certs_make(psp, certs, &why);

    g_test_message("%s", why);
    g_assert_cmpint(status, ==, PSP_CERTS_OK);
}

/* Clock-independent: the dates are checked by value below. */
static unsigned chain_verify(const struct psp_certs *certs, const struct psp_cert *root)
{
    gnutls_x509_crt_t list[2] = {crt_load(&certs->vcek), crt_load(&certs->ask)};
    gnutls_x509_crt_t ark = crt_load(root);
    unsigned result = ~0u;

    g_assert_cmpint(gnutls_x509_crt_list_verify(list, 2, &ark, 1, NULL, 0,
                                                GNUTLS_VERIFY_DISABLE_TIME_CHECKS, &result),
                    ==, 0);
    gnutls_x509_crt_deinit(list[0]);
    gnutls_x509_crt_deinit(list[1]);
    gnutls_x509_crt_deinit(ark);
    return result;
}

static void test_chain(void)
{
    struct machine *a = machine_new(1), *b = machine_new(2);
    struct psp_certs certs, other;
    gnutls_x509_crt_t ark;
    unsigned result = ~0u;

    certs_make(&a->psp, &certs);
    certs_make(&b->psp, &other);
    g_assert_cmpuint(chain_verify(&certs, &certs.ark), ==, 0);
    g_assert_cmpuint(chain_verify(&certs, &other.ark) & GNUTLS_CERT_INVALID, !=, 0);
    ark = crt_load(&certs.ark);
    g_assert_cmpint(
        gnutls_x509_crt_verify(ark, &ark, 1, GNUTLS_VERIFY_DISABLE_TIME_CHECKS, &result), ==, 0);
    g_assert_cmpuint(result, ==, 0);
    gnutls_x509_crt_deinit(ark);
    certs.vcek.der[certs.vcek.len - 1] ^= 1;
    g_assert_cmpuint(chain_verify(&certs, &certs.ark) & GNUTLS_CERT_INVALID, !=, 0);
    machine_free(a);
    machine_free(b);
}

static void test_names_and_dates(void)
{
    struct machine *m = machine_new(1);
    struct psp_certs certs;
    const struct psp_cert *list[3] = {&certs.ark, &certs.ask, &certs.vcek};
    static const char *const names[3] = {"Prova emulated ARK", "Prova emulated ASK",
                                         "Prova emulated VCEK"};

    certs_make(&m->psp, &certs);
    for (unsigned i = 0; i < 3; i++) {
        gnutls_x509_crt_t crt = crt_load(list[i]);
        char text[128];
        size_t len = sizeof text;
        unsigned ca = 9;

        g_assert_cmpint(
            gnutls_x509_crt_get_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, 0, text, &len), ==,
            0);
        g_assert_cmpstr(text, ==, names[i]);
        len = sizeof text;
        g_assert_cmpint(gnutls_x509_crt_get_issuer_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, 0,
                                                             text, &len),
                        ==, 0);
        g_assert_cmpstr(text, ==, names[i == 0 ? 0 : i - 1]);
        len = sizeof text;
        g_assert_cmpint(gnutls_x509_crt_get_dn_by_oid(crt, GNUTLS_OID_X520_ORGANIZATIONAL_UNIT_NAME,
                                                      0, 0, text, &len),
                        ==, 0);
        g_assert_cmpstr(text, ==, "Emulated SEV-SNP (not AMD)");
        g_assert_cmpint(gnutls_x509_crt_get_activation_time(crt), ==, 1704067200);
        g_assert_cmpint(gnutls_x509_crt_get_expiration_time(crt), ==, 2650838400);
        g_assert_cmpint(gnutls_x509_crt_get_ca_status(crt, &ca), ==, i < 2);
        gnutls_x509_crt_deinit(crt);
    }
    machine_free(m);
}

static void extension(gnutls_x509_crt_t crt, const char *oid, const void *wanted, size_t len)
{
    uint8_t got[128];
    size_t size = sizeof got;
    unsigned critical = 9;

    g_assert_cmpint(gnutls_x509_crt_get_extension_by_oid(crt, oid, 0, got, &size, &critical), ==,
                    0);
    g_assert_cmpmem(got, size, wanted, len);
    g_assert_cmpuint(critical, ==, 0);
}

/* AMD 57230: TCB and chip identity in the VCEK certificate. */
static void test_extensions(void)
{
    struct psp_config config;
    struct machine *m;
    struct psp_certs certs;
    gnutls_x509_crt_t crt;

    psp_config_default(&config, 1);
    config.current_tcb = config.committed_tcb = config.reported_tcb = 0xd516000000000204;
    m = machine_new_config(&config);
    certs_make(&m->psp, &certs);
    crt = crt_load(&certs.vcek);
    extension(crt, "1.3.6.1.4.1.3704.1.1", "\x02\x01\x00", 3);
    extension(crt, "1.3.6.1.4.1.3704.1.2", "\x16\x0eProva-emulated", 16);
    extension(crt, "1.3.6.1.4.1.3704.1.3.1", "\x02\x01\x04", 3); /* bootloader */
    extension(crt, "1.3.6.1.4.1.3704.1.3.2", "\x02\x01\x02", 3); /* TEE */
    extension(crt, "1.3.6.1.4.1.3704.1.3.3", "\x02\x01\x16", 3); /* SNP */
    extension(crt, "1.3.6.1.4.1.3704.1.3.4", "\x02\x01\x00", 3);
    extension(crt, "1.3.6.1.4.1.3704.1.3.7", "\x02\x01\x00", 3);
    extension(crt, "1.3.6.1.4.1.3704.1.3.8", "\x02\x02\x00\xd5", 4); /* microcode */
    extension(crt, "1.3.6.1.4.1.3704.1.4", m->psp.chip_id, 64);
    gnutls_x509_crt_deinit(crt);
    machine_free(m);
}

/* 72 little-endian bytes as the big-endian number GnuTLS wants. */
static void number_be(const uint8_t *le, uint8_t be[72], gnutls_datum_t *out)
{
    for (unsigned i = 0; i < 72; i++)
        be[i] = le[71 - i];
    *out = (gnutls_datum_t){be + 24, 48};
}

static int report_verify(const struct psp_certs *certs, const uint8_t report[0x4a0])
{
    gnutls_x509_crt_t crt = crt_load(&certs->vcek);
    gnutls_datum_t data = {(unsigned char *)report, 0x2a0}, r, s, der;
    uint8_t rb[72], sb[72];
    gnutls_pubkey_t key;
    int err;

    number_be(report + 0x2a0, rb, &r);
    number_be(report + 0x2a0 + 72, sb, &s);
    g_assert_cmpint(gnutls_encode_rs_value(&der, &r, &s), ==, 0);
    g_assert_cmpint(gnutls_pubkey_init(&key), ==, 0);
    g_assert_cmpint(gnutls_pubkey_import_x509(key, crt, 0), ==, 0);
    err = gnutls_pubkey_verify_data2(key, GNUTLS_SIGN_ECDSA_SHA384, 0, &data, &der);
    gnutls_free(der.data);
    gnutls_pubkey_deinit(key);
    gnutls_x509_crt_deinit(crt);
    return err;
}

static void test_report(void)
{
    struct machine *m = machine_running(1);
    uint8_t request[0x60] = "report data", report[0x4a0];
    struct psp_certs certs;
    struct guest_msg answer;

    certs_make(&m->psp, &certs);
    answer = message_ask(m, 0, PSP_MSG_REPORT_REQ, request, sizeof request);
    memcpy(report, answer.payload + 0x20, sizeof report);
    g_assert_cmpuint(chain_verify(&certs, &certs.ark), ==, 0);
    g_assert_cmpint(report_verify(&certs, report), >=, 0);
    report[0x90] ^= 1;
    g_assert_cmpint(report_verify(&certs, report), ==, GNUTLS_E_PK_SIG_VERIFY_FAILED);
    machine_free(m);
}

/* A VCEK is that of a reported TCB; the authorities are the chip's for ever. */
static void test_tcb(void)
{
    struct psp_config config;
    struct machine *a = machine_new(1), *b;
    struct psp_certs old, new;

    psp_config_default(&config, 1);
    config.reported_tcb -= UINT64_C(1) << PSP_TCB_SNP;
    b = machine_new_config(&config);
    certs_make(&a->psp, &new);
    certs_make(&b->psp, &old);
    g_assert_cmpmem(old.ark.der, old.ark.len, new.ark.der, new.ark.len);
    g_assert_cmpmem(old.ask.der, old.ask.len, new.ask.der, new.ask.len);
    g_assert_cmpint(memcmp(&a->psp.vcek, &b->psp.vcek, sizeof a->psp.vcek), !=, 0);
    g_assert_cmpmem(a->psp.chip_id, 64, b->psp.chip_id, 64);
    machine_free(a);
    machine_free(b);
}

/*
 * The bytes of seed 1, pinned: whatever version of Nettle and GnuTLS is linked must give the same.
 * The signature's part of that is RFC 6979, which test_psp_crypto.c checks by itself.
 */
static void test_pinned(void)
{
    static const char *const wanted[3] = {
        "22dd9ce2023ad93bbfcf694b0baf9de206ad7d8c45f2faad41f05458ad8a9024",
        "040747c8e42b4a32438542c2107c04e220f608b92abd61889164ae08b10aacd6",
        "c5cdc590033188f165324864385550fa0f3f0980da42ccc50c2fc2201af0555e",
    };
    struct machine *m = machine_new(1);
    struct psp_certs certs;
    const struct psp_cert *list[3] = {&certs.ark, &certs.ask, &certs.vcek};

    certs_make(&m->psp, &certs);
    for (unsigned i = 0; i < 3; i++) {
        char *sum = g_compute_checksum_for_data(G_CHECKSUM_SHA256, list[i]->der, list[i]->len);
        g_assert_cmpstr(sum, ==, wanted[i]);
        g_free(sum);
    }
    machine_free(m);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/psp/certs/chain", test_chain);
    g_test_add_func("/psp/certs/names-and-dates", test_names_and_dates);
    g_test_add_func("/psp/certs/amd-57230/extensions", test_extensions);
    g_test_add_func("/psp/certs/report-through-the-chain", test_report);
    g_test_add_func("/psp/certs/vcek-of-reported-tcb", test_tcb);
    g_test_add_func("/psp/certs/pinned-bytes", test_pinned);
    return g_test_run();
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The verifier of the monitor's reports. Good reports are the model firmware's, with a monitor's
 * part that GnuTLS signs; then each is damaged.
 */
#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <string.h>

#include "psp/verify.h"
#include "tests/unit/psp_fixture.h"

struct evidence {
    struct report report;
    struct psp_certs certs;
    struct psp_vcek vcek;
};

static void key_sign(gnutls_privkey_t key, struct report_monitor *report)
{
    gnutls_datum_t data = {(unsigned char *)report, REPORT_MONITOR_SIGNED_BYTES}, der, r, s;

    g_assert_cmpint(gnutls_privkey_sign_data2(key, GNUTLS_SIGN_ECDSA_SHA384,
                                              GNUTLS_PRIVKEY_FLAG_REPRODUCIBLE, &data, &der),
                    ==, 0);
    g_assert_cmpint(gnutls_decode_rs_value(&der, &r, &s), ==, 0);
    memset(report->signature_r, 0, 48);
    memset(report->signature_s, 0, 48);
    g_assert_cmpuint(r.size, <=, 49);
    for (unsigned i = 0; i < 48 && i < r.size; i++)
        report->signature_r[47 - i] = r.data[r.size - 1 - i];
    for (unsigned i = 0; i < 48 && i < s.size; i++)
        report->signature_s[47 - i] = s.data[s.size - 1 - i];
    gnutls_free(der.data);
    gnutls_free(r.data);
    gnutls_free(s.data);
}

/* Big endian, 48 bytes, of a number in GnuTLS's form. */
static void number_take(uint8_t out[48], const gnutls_datum_t *number)
{
    memset(out, 0, 48);
    for (unsigned i = 0; i < 48 && i < number->size; i++)
        out[47 - i] = number->data[number->size - 1 - i];
}

static gnutls_privkey_t key_make(uint8_t tag, struct report_key *out)
{
    struct psp_key_pair pair;
    uint8_t material[72] = {tag}, x[48], y[48];
    gnutls_datum_t dx = {x, 48}, dy = {y, 48}, dk = {pair.scalar, 48}, gx, gy;
    gnutls_privkey_t key;

    psp_key_pair_from_bytes(&pair, material, sizeof material);
    for (unsigned i = 0; i < 48; i++) {
        x[i] = pair.public_key.qx[47 - i];
        y[i] = pair.public_key.qy[47 - i];
    }
    g_assert_cmpint(gnutls_privkey_init(&key), ==, 0);
    g_assert_cmpint(gnutls_privkey_import_ecc_raw(key, GNUTLS_ECC_CURVE_SECP384R1, &dx, &dy, &dk),
                    ==, 0);
    g_assert_cmpint(gnutls_privkey_export_ecc_raw(key, NULL, &gx, &gy, NULL), ==, 0);
    *out = (struct report_key){.version = 1, .curve = 2};
    number_take(out->x, &gx);
    number_take(out->y, &gy);
    memcpy(out->domain, "Prova monitor public key", 24);
    gnutls_free(gx.data);
    gnutls_free(gy.data);
    return key;
}

/* What a monitor with key `tag` on a chip with seed 1 gives; asked for at the VMPL. */
static struct evidence *evidence_make(uint8_t tag, uint32_t vmpl, uint64_t policy)
{
    struct evidence *e = g_new0(struct evidence, 1);
    struct machine *m = machine_new(1);
    struct psp_report_req request = {.vmpl = vmpl};
    gnutls_privkey_t key = key_make(tag, &e->report.monitor.key);
    const char *why;

    guest_create(m);
    guest_start(m, policy);
    guest_run(m);
    g_assert_cmpint(
        gnutls_hash_fast(GNUTLS_DIG_SHA512, &e->report.monitor.key, 128, request.report_data), ==,
        0);
    struct guest_msg answer = message_ask(m, 0, PSP_MSG_REPORT_REQ, &request, sizeof request);
    memcpy(e->report.firmware, answer.payload + 0x20, sizeof e->report.firmware);
    e->report.monitor.magic = REPORT_MAGIC;
    e->report.monitor.version = 1;
    e->report.monitor.bytes = 0x180;
    e->report.monitor.guest_vmpl = 3;
    memset(e->report.monitor.nonce, 0x11, 64);
    memset(e->report.monitor.pcr, 0x22, 64);
    key_sign(key, &e->report.monitor);
    g_assert_cmpint(psp_certs_make(&m->psp, &e->certs, &why), ==, PSP_CERTS_OK);
    g_assert_cmpint(psp_verify_chain(&e->certs, &e->vcek), ==, PSP_VERIFY_DONE);
    gnutls_privkey_deinit(key);
    machine_free(m);
    return e;
}

static enum psp_verify_step verify_with(const struct evidence *e, const struct psp_vcek *vcek,
                                        const struct psp_verify_wanted *wanted)
{
    const struct psp_evidence evidence = {.firmware = e->report.firmware,
                                          .monitor = &e->report.monitor};

    return psp_verify_report(&evidence, vcek, wanted);
}

static enum psp_verify_step verify(const struct evidence *e)
{
    const struct psp_verify_wanted any = {0};

    return verify_with(e, &e->vcek, &any);
}

static void test_good(void)
{
    struct evidence *e = evidence_make(1, 0, PSP_POLICY_DEFAULT);

    g_assert_cmpint(verify(e), ==, PSP_VERIFY_DONE);
    g_free(e);
}

/* docs/attestation.md: there is no bit that does not count. */
static void test_every_bit(gconstpointer part)
{
    struct evidence *e = evidence_make(1, 0, PSP_POLICY_DEFAULT);
    uint8_t *bytes = (uint8_t *)&e->report;
    size_t first = part ? 0x4a0 : 0, last = part ? sizeof e->report : 0x4a0;

    for (size_t bit = first * 8; bit < last * 8; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        if (verify(e) == PSP_VERIFY_DONE)
            g_error("bit %zu of byte 0x%zx does not count", bit % 8, bit / 8);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    g_assert_cmpint(verify(e), ==, PSP_VERIFY_DONE);
    g_free(e);
}

/* Bits of the certificates: their signed part and signature. DER in which nothing is left out of
 * the signature, so a change that can be read at all breaks it. */
static void test_certificates(void)
{
    struct evidence *e = evidence_make(1, 0, PSP_POLICY_DEFAULT);
    struct psp_cert *list[3] = {&e->certs.ask, &e->certs.vcek, &e->certs.ark};
    struct psp_vcek vcek;

    for (unsigned i = 0; i < 3; i++) {
        for (size_t byte = 0; byte < list[i]->len; byte++) {
            const uint8_t mask = (uint8_t)(1 << byte % 8);
            list[i]->der[byte] ^= mask;
            if (psp_verify_chain(&e->certs, &vcek) == PSP_VERIFY_DONE)
                g_error("byte %zu of certificate %u does not count", byte, i);
            list[i]->der[byte] ^= mask;
        }
    }
    g_free(e);
}

static void test_foreign_root(void)
{
    struct evidence *e = evidence_make(1, 0, PSP_POLICY_DEFAULT);
    struct machine *other = machine_new(2);
    struct psp_certs *certs = g_new(struct psp_certs, 1);
    struct psp_vcek vcek;
    const char *why;

    g_assert_cmpint(psp_certs_make(&other->psp, certs, &why), ==, PSP_CERTS_OK);
    g_assert_cmpint(psp_verify_chain(certs, &vcek), ==, PSP_VERIFY_DONE);
    g_assert_cmpint(verify_with(e, &vcek, &(struct psp_verify_wanted){0}), ==,
                    PSP_VERIFY_FIRMWARE_REPORT);
    certs->ark = e->certs.ark;
    g_assert_cmpint(psp_verify_chain(certs, &vcek), ==, PSP_VERIFY_ASK);
    certs->ark.len = 0;
    g_assert_cmpint(psp_verify_chain(certs, &vcek), ==, PSP_VERIFY_ROOT);
    certs->ark = certs->vcek; /* a certificate, but no authority */
    g_assert_cmpint(psp_verify_chain(certs, &vcek), ==, PSP_VERIFY_ROOT);
    certs->ark = e->certs.ark;
    certs->ask = e->certs.vcek; /* the same, in the middle of the chain */
    g_assert_cmpint(psp_verify_chain(certs, &vcek), ==, PSP_VERIFY_ASK);
    machine_free(other);
    g_free(certs);
    g_free(e);
}

/* The firmware is right, but its report is for another key: nobody vouches for the other part. */
static void test_other_key(void)
{
    struct evidence *e = evidence_make(1, 0, PSP_POLICY_DEFAULT);
    struct evidence *other = evidence_make(2, 0, PSP_POLICY_DEFAULT);

    e->report.monitor = other->report.monitor;
    g_assert_cmpint(verify(e), ==, PSP_VERIFY_KEY);
    gnutls_privkey_deinit(key_make(1, &e->report.monitor.key));
    g_assert_cmpint(verify(e), ==, PSP_VERIFY_MONITOR_REPORT);
    g_free(other);
    g_free(e);
}

static void test_vmpl(void)
{
    struct evidence *e = evidence_make(1, 3, PSP_POLICY_DEFAULT);

    g_assert_cmpint(verify(e), ==, PSP_VERIFY_VMPL);
    g_free(e);
}

static void test_policy(void)
{
    struct evidence *e = evidence_make(1, 0, PSP_POLICY_DEFAULT | PSP_POLICY_DEBUG);
    const struct psp_verify_wanted debug = {.debug_allowed = true};

    g_assert_cmpint(verify(e), ==, PSP_VERIFY_POLICY);
    g_assert_cmpint(verify_with(e, &e->vcek, &debug), ==, PSP_VERIFY_DONE);
    g_free(e);
}

static void test_chip_and_tcb(void)
{
    struct evidence *e = evidence_make(1, 0, PSP_POLICY_DEFAULT);

    e->vcek.tcb++;
    g_assert_cmpint(verify(e), ==, PSP_VERIFY_TCB);
    e->vcek.chip_id[63] ^= 0x80;
    g_assert_cmpint(verify(e), ==, PSP_VERIFY_CHIP);
    g_free(e);
}

static void test_wanted(void)
{
    struct evidence *e = evidence_make(1, 0, PSP_POLICY_DEFAULT);
    uint8_t nonce[64], pcr[64], measurement[48];
    struct psp_verify_wanted wanted = {
        .nonce = nonce, .nonce_bytes = 64, .measurement = measurement, .pcr = pcr};
    const uint32_t vmpl = 1;

    memset(nonce, 0x11, sizeof nonce);
    memset(pcr, 0x22, sizeof pcr);
    memcpy(measurement, e->report.firmware + 0x90, sizeof measurement);
    g_assert_cmpint(verify_with(e, &e->vcek, &wanted), ==, PSP_VERIFY_DONE);
    wanted.nonce_bytes = 63;
    g_assert_cmpint(verify_with(e, &e->vcek, &wanted), ==, PSP_VERIFY_NONCE);
    wanted.nonce_bytes = 64;
    nonce[63] ^= 1;
    g_assert_cmpint(verify_with(e, &e->vcek, &wanted), ==, PSP_VERIFY_NONCE);
    pcr[0] ^= 1;
    g_assert_cmpint(verify_with(e, &e->vcek, &wanted), ==, PSP_VERIFY_PCR);
    measurement[47] ^= 0x80;
    g_assert_cmpint(verify_with(e, &e->vcek, &wanted), ==, PSP_VERIFY_MEASUREMENT);
    wanted.vmpl = &vmpl;
    g_assert_cmpint(verify_with(e, &e->vcek, &wanted), ==, PSP_VERIFY_VMPL_WANTED);
    g_free(e);
}

static void test_pem(void)
{
    struct evidence *e = evidence_make(1, 0, PSP_POLICY_DEFAULT);
    struct psp_certs *read = g_new(struct psp_certs, 1);
    char text[8192];

    g_assert_true(psp_certs_print(&e->certs, text, sizeof text));
    g_assert_cmpuint(psp_certs_parse(text, strlen(text), read), ==, 3);
    g_assert_cmpmem(read->ark.der, read->ark.len, e->certs.ark.der, e->certs.ark.len);
    g_assert_cmpmem(read->ask.der, read->ask.len, e->certs.ask.der, e->certs.ask.len);
    g_assert_cmpmem(read->vcek.der, read->vcek.len, e->certs.vcek.der, e->certs.vcek.len);
    g_assert_cmpuint(psp_certs_parse(e->certs.ark.der, e->certs.ark.len, read), ==, 1);
    g_assert_cmpuint(psp_certs_parse("nonsense", 8, read), ==, 0);
    g_assert_cmpuint(psp_certs_parse("", 0, read), ==, 0);
    g_autofree char *twice = g_strconcat(text, text, NULL);
    g_assert_cmpuint(psp_certs_parse(twice, strlen(twice), read), ==, 0);
    g_assert_false(psp_certs_print(&e->certs, text, 1000));
    g_free(read);
    g_free(e);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/psp/verify/good", test_good);
    g_test_add_data_func("/psp/verify/every-bit/firmware-report", GUINT_TO_POINTER(0),
                         test_every_bit);
    g_test_add_data_func("/psp/verify/every-bit/monitor-report", GUINT_TO_POINTER(1),
                         test_every_bit);
    g_test_add_func("/psp/verify/certificates", test_certificates);
    g_test_add_func("/psp/verify/foreign-root", test_foreign_root);
    g_test_add_func("/psp/verify/other-key", test_other_key);
    g_test_add_func("/psp/verify/vmpl-0-only", test_vmpl);
    g_test_add_func("/psp/verify/policy", test_policy);
    g_test_add_func("/psp/verify/chip-and-tcb", test_chip_and_tcb);
    g_test_add_func("/psp/verify/wanted", test_wanted);
    g_test_add_func("/psp/verify/pem", test_pem);
    return g_test_run();
}

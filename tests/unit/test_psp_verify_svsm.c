/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The verifier of reports that are the firmware's alone and of those of the SVSM attestation
 * protocol; manifests and certificate tables, good ones and others.
 */
#include <gnutls/crypto.h>
#include <string.h>

#include "psp/verify.h"
#include "tests/unit/psp_fixture.h"

enum { NONCE_BYTES = 64 };

struct svsm {
    uint8_t firmware[REPORT_FIRMWARE_BYTES];
    struct attest_manifest manifest;
    uint8_t nonce[NONCE_BYTES];
    struct psp_certs certs;
    struct psp_vcek vcek;
};

static struct attest_manifest manifest_make(void)
{
    struct attest_manifest manifest = {
        .guid = ATTEST_GUID_MANIFEST,
        .bytes = 240,
        .services = 1,
        .service_guid = ATTEST_GUID_SERVICE,
        .service_offset = 48,
        .service_bytes = 192,
        .service.key = {.version = 1, .curve = 2},
    };

    memset(manifest.service.key.x, 0x33, 48);
    memset(manifest.service.key.y, 0x44, 48);
    memset(manifest.service.pcr, 0x22, 64);
    memcpy(manifest.service.key.domain, "Prova monitor public key", 24);
    return manifest;
}

/* What the firmware says at a VMPL to REPORT_DATA. */
static struct svsm *firmware_make(uint32_t vmpl, const uint8_t report_data[64])
{
    struct svsm *s = g_new0(struct svsm, 1);
    struct machine *m = machine_new(1);
    struct psp_report_req request = {.vmpl = vmpl};
    const char *why;

    guest_create(m);
    guest_start(m, PSP_POLICY_DEFAULT);
    guest_run(m);
    memcpy(request.report_data, report_data, 64);
    struct guest_msg answer = message_ask(m, 0, PSP_MSG_REPORT_REQ, &request, sizeof request);
    memcpy(s->firmware, answer.payload + 0x20, sizeof s->firmware);
    s->manifest = manifest_make();
    memset(s->nonce, 0x11, sizeof s->nonce);
    g_assert_cmpint(psp_certs_make(&m->psp, &s->certs, &why), ==, PSP_CERTS_OK);
    g_assert_cmpint(psp_verify_chain(&s->certs, &s->vcek), ==, PSP_VERIFY_DONE);
    machine_free(m);
    return s;
}

/* What a monitor at the VMPL answers to a nonce, with a manifest. */
static struct svsm *svsm_make(uint32_t vmpl, const void *nonce, size_t nonce_bytes,
                              const void *manifest, size_t manifest_bytes)
{
    g_autofree uint8_t *hashed = g_malloc(nonce_bytes + manifest_bytes);
    uint8_t report_data[64];

    memcpy(hashed, nonce, nonce_bytes);
    memcpy(hashed + nonce_bytes, manifest, manifest_bytes);
    g_assert_cmpint(gnutls_hash_fast(GNUTLS_DIG_SHA512, hashed, nonce_bytes + manifest_bytes,
                                     report_data),
                    ==, 0);
    return firmware_make(vmpl, report_data);
}

static struct svsm *svsm_good(uint32_t vmpl)
{
    const struct attest_manifest manifest = manifest_make();
    uint8_t nonce[NONCE_BYTES];

    memset(nonce, 0x11, sizeof nonce);
    return svsm_make(vmpl, nonce, sizeof nonce, &manifest, sizeof manifest);
}

static enum psp_verify_step verify_manifest(const struct svsm *s, const void *manifest,
                                            size_t bytes)
{
    const struct psp_evidence evidence = {
        .firmware = s->firmware, .manifest = manifest, .manifest_bytes = bytes};
    const struct psp_verify_wanted wanted = {.nonce = s->nonce, .nonce_bytes = sizeof s->nonce};

    return psp_verify_report(&evidence, &s->vcek, &wanted);
}

static enum psp_verify_step verify(const struct svsm *s)
{
    return verify_manifest(s, &s->manifest, sizeof s->manifest);
}

static enum psp_verify_step verify_plain(const struct svsm *s,
                                         const struct psp_verify_wanted *wanted)
{
    const struct psp_evidence evidence = {.firmware = s->firmware};

    return psp_verify_report(&evidence, &s->vcek, wanted);
}

/* Each bit of len bytes, with the others as they should be. */
static void bits_count(uint8_t *bytes, size_t len, const struct svsm *s)
{
    for (size_t bit = 0; bit < len * 8; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        if (verify(s) == PSP_VERIFY_DONE)
            g_error("bit %zu of byte 0x%zx does not count", bit % 8, bit / 8);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    g_assert_cmpint(verify(s), ==, PSP_VERIFY_DONE);
}

static void test_every_bit(gconstpointer part)
{
    struct svsm *s = svsm_good(0);

    if (part) {
        bits_count((uint8_t *)&s->manifest, sizeof s->manifest, s);
        bits_count(s->nonce, sizeof s->nonce, s);
    } else {
        bits_count(s->firmware, sizeof s->firmware, s);
    }
    g_free(s);
}

static void test_every_bit_plain(void)
{
    uint8_t nonce[64] = {1, 2, 3};
    struct svsm *s = firmware_make(2, nonce);
    const struct psp_verify_wanted any = {0};

    for (size_t bit = 0; bit < sizeof s->firmware * 8; bit++) {
        s->firmware[bit / 8] ^= (uint8_t)(1 << bit % 8);
        if (verify_plain(s, &any) == PSP_VERIFY_DONE)
            g_error("bit %zu of byte 0x%zx does not count", bit % 8, bit / 8);
        s->firmware[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    g_assert_cmpint(verify_plain(s, &any), ==, PSP_VERIFY_DONE);
    g_free(s);
}

static void test_plain_wanted(void)
{
    uint8_t nonce[64] = {1, 2, 3}, pcr[64] = {0};
    struct svsm *s = firmware_make(2, nonce);
    uint32_t vmpl = 2;
    struct psp_verify_wanted wanted = {
        .nonce = nonce, .nonce_bytes = 64, .vmpl = &vmpl, .measurement = s->firmware + 0x90};

    g_assert_cmpint(verify_plain(s, &wanted), ==, PSP_VERIFY_DONE);
    wanted.pcr = pcr; /* it has none */
    g_assert_cmpint(verify_plain(s, &wanted), ==, PSP_VERIFY_PCR);
    wanted.pcr = NULL;
    for (unsigned bit = 0; bit < 512; bit++) {
        nonce[bit / 8] ^= (uint8_t)(1 << bit % 8);
        g_assert_cmpint(verify_plain(s, &wanted), ==, PSP_VERIFY_NONCE);
        nonce[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    wanted.nonce_bytes = 3; /* the rest of REPORT_DATA is 0, but not asked for */
    g_assert_cmpint(verify_plain(s, &wanted), ==, PSP_VERIFY_NONCE);
    for (vmpl = 0; vmpl < 2; vmpl++)
        g_assert_cmpint(verify_plain(s, &wanted), ==, PSP_VERIFY_VMPL_WANTED);
    g_free(s);
}

static void test_svsm(void)
{
    struct svsm *s = svsm_good(0);
    struct psp_evidence evidence = {
        .firmware = s->firmware, .manifest = (uint8_t *)&s->manifest, .manifest_bytes = 240};
    uint8_t pcr[64];
    struct psp_verify_wanted wanted = {.pcr = pcr};

    memset(pcr, 0x22, sizeof pcr);
    g_assert_cmpint(verify(s), ==, PSP_VERIFY_DONE);
    /* Without a nonce nothing says whose the manifest is. */
    g_assert_cmpint(psp_verify_report(&evidence, &s->vcek, &wanted), ==, PSP_VERIFY_BINDING);
    wanted.nonce = s->nonce;
    wanted.nonce_bytes = 63;
    g_assert_cmpint(psp_verify_report(&evidence, &s->vcek, &wanted), ==, PSP_VERIFY_BINDING);
    wanted.nonce_bytes = 64;
    g_assert_cmpint(psp_verify_report(&evidence, &s->vcek, &wanted), ==, PSP_VERIFY_DONE);
    pcr[0] ^= 1;
    g_assert_cmpint(psp_verify_report(&evidence, &s->vcek, &wanted), ==, PSP_VERIFY_PCR);
    g_free(s);
    s = svsm_good(2);
    g_assert_cmpint(verify(s), ==, PSP_VERIFY_VMPL);
    g_free(s);
}

/* Of the monitor's service alone, as ATTEST_SINGLE_SERVICE gives it. */
static void test_single_service(void)
{
    struct svsm *s = svsm_good(0);
    struct svsm *single =
        svsm_make(0, s->nonce, sizeof s->nonce, &s->manifest.service, sizeof s->manifest.service);

    g_assert_cmpint(verify_manifest(single, &s->manifest.service, 192), ==, PSP_VERIFY_DONE);
    g_assert_cmpint(verify_manifest(s, &s->manifest.service, 192), ==, PSP_VERIFY_BINDING);
    g_free(single);
    g_free(s);
}

/* The length of the nonce is not in the hash. A guest asks with the verifier's nonce and a manifest
 * of its own behind it, whose last service is what the monitor then puts there. */
static void test_longer_nonce(void)
{
    struct {
        uint8_t head[24];
        struct {
            uint8_t guid[16];
            uint32_t offset, bytes;
        } entry[2];
        struct attest_service service;
        struct attest_manifest rest; /* the monitor's */
    } forged = {.entry = {{ATTEST_GUID_SERVICE, 72, 192}, {{1}, 264, 240}},
                .service = manifest_make().service,
                .rest = manifest_make()};
    const uint32_t bytes = sizeof forged, two = 2;
    struct psp_manifest manifest;
    uint8_t nonce[NONCE_BYTES];

    g_assert_cmpuint(sizeof forged, ==, 504);
    memcpy(forged.head, &forged.rest, 16);
    memcpy(forged.head + 16, &bytes, 4);
    memcpy(forged.head + 20, &two, 4);
    memset(forged.service.key.x, 0x66, 48);
    g_assert_true(psp_manifest_parse(&forged, sizeof forged, &manifest));
    memset(nonce, 0x11, sizeof nonce);
    struct svsm *s = svsm_make(0, nonce, sizeof nonce, &forged, sizeof forged);
    g_assert_cmpint(verify_manifest(s, &forged, sizeof forged), ==, PSP_VERIFY_MANIFEST);
    g_free(s);
}

/* Any manifest that was hashed rightly, but is none of the monitor's. */
static void test_other_manifests(void)
{
    static const size_t lengths[] = {0, 1, 23, 24, 47, 48, 128, 191, 193, 239};
    struct svsm *s = svsm_good(0);

    for (size_t i = 0; i < G_N_ELEMENTS(lengths); i++) {
        struct svsm *other =
            svsm_make(0, s->nonce, sizeof s->nonce, &s->manifest, lengths[i]);
        g_assert_cmpint(verify_manifest(other, &s->manifest, lengths[i]), ==,
                        PSP_VERIFY_MANIFEST);
        g_free(other);
    }
    g_free(s);
}

/* Each bit of the manifest that is not in key or register, without a hash that would tell. */
static void test_manifest_bits(void)
{
    struct attest_manifest manifest = manifest_make();
    uint8_t *bytes = (uint8_t *)&manifest;
    struct attest_service service;

    for (size_t bit = 0; bit < sizeof manifest * 8; bit++) {
        const size_t at = bit / 8;
        const bool free_choice = (at >= 48 + 8 && at < 48 + 104) || at >= 48 + 128;
        bytes[at] ^= (uint8_t)(1 << bit % 8);
        if (psp_manifest_monitor(bytes, sizeof manifest, &service) != free_choice)
            g_error("bit %zu of byte %zu", bit % 8, at);
        bytes[at] ^= (uint8_t)(1 << bit % 8);
    }
    g_assert_true(psp_manifest_monitor(bytes, sizeof manifest, &service));
    g_assert_cmpmem(&service, sizeof service, &manifest.service, sizeof manifest.service);
}

static uint32_t random_next(uint32_t *state)
{
    *state = *state * 1664525 + 1013904223;
    return *state >> 8;
}

/* On the heap, with nothing behind it that a sanitizer would let pass. */
static uint8_t *alone(const uint8_t *from, size_t len)
{
    uint8_t *bytes = g_malloc(MAX(len, 1));

    memcpy(bytes, from, len);
    return bytes;
}

/* Whatever is accepted lies within the bytes. */
static void manifest_walk(const uint8_t *from, size_t len)
{
    uint8_t *bytes = alone(from, len);
    struct psp_manifest manifest;

    if (psp_manifest_parse(bytes, len, &manifest)) {
        for (uint32_t n = 0; n < manifest.services; n++) {
            struct psp_manifest_service service = psp_manifest_service(&manifest, n);
            g_assert_true(service.bytes >= bytes && service.bytes <= bytes + len);
            g_assert_cmpuint(service.len, <=, bytes + len - service.bytes);
        }
    }
    g_free(bytes);
}

static void test_manifest_hostile(void)
{
    static const uint32_t edges[] = {0,   1,   2,          9,          10,         23,        24,
                                     47,  48,  49,         191,        192,        193,       239,
                                     240, 241, 0x0aaaaaa9, 0x0aaaaaaa, 0x80000000, 0xfffffff0,
                                     0xffffffff};
    const struct attest_manifest good = manifest_make();
    uint32_t state = 1;
    uint8_t bytes[sizeof good];

    for (size_t len = 0; len <= sizeof good; len++)
        manifest_walk((const uint8_t *)&good, len);
    for (unsigned round = 0; round < 100000; round++) {
        memcpy(bytes, &good, sizeof good);
        for (unsigned n = random_next(&state) % 4; n < 4; n++) {
            uint32_t value = edges[random_next(&state) % G_N_ELEMENTS(edges)];
            memcpy(bytes + 16 + 4 * (random_next(&state) % 20), &value, 4);
        }
        manifest_walk(bytes, sizeof bytes);
    }
}

static void test_guid(void)
{
    static const uint8_t manifest[] = ATTEST_GUID_MANIFEST, service[] = ATTEST_GUID_SERVICE;
    char text[PSP_GUID_TEXT_BYTES];

    psp_guid_print(manifest, text);
    g_assert_cmpstr(text, ==, "63849ebb-3d92-4670-a1ff-58f9c94b87bb");
    psp_guid_print(service, text);
    g_assert_cmpstr(text, ==, "2f1c8a6e-93d4-4b7a-8e05-d1c6a45b97f3");
}

struct table_entry {
    uint8_t guid[16];
    uint32_t offset, bytes;
};

/* As a hypervisor makes it, with a certificate that nobody knows among them. */
static GByteArray *table_make(const struct psp_certs *certs)
{
    static const uint8_t guid[4][16] = {
        {0xa8, 0x07, 0x4b, 0xc2, 0xa2, 0x5a, 0x48, 0x3e, 0xaa, 0xe6, 0x39, 0xc0, 0x45, 0xa0, 0xb8,
         0xa1},
        {0x63, 0xda, 0x75, 0x8d, 0xe6, 0x64, 0x45, 0x64, 0xad, 0xc5, 0xf4, 0xb9, 0x3b, 0xe8, 0xac,
         0xcd},
        {0x4a, 0xb7, 0xb3, 0x79, 0xbb, 0xac, 0x4f, 0xe4, 0xa0, 0x2f, 0x05, 0xae, 0xf3, 0x27, 0xc7,
         0x82},
        {0xc0, 0xb4, 0x06, 0xa4, 0xa8, 0x03, 0x49, 0x52, 0x97, 0x43, 0x3f, 0xb6, 0x01, 0x4c, 0xd0,
         0xae}};
    const struct psp_cert *const list[4] = {&certs->vcek, &certs->vcek, &certs->ask, &certs->ark};
    struct table_entry table[5] = {0};
    GByteArray *blob = g_byte_array_new();

    g_byte_array_append(blob, (uint8_t *)table, sizeof table);
    for (unsigned i = 0; i < 4; i++) {
        memcpy(table[i].guid, guid[i], 16);
        table[i].offset = blob->len;
        table[i].bytes = list[i]->len;
        g_byte_array_append(blob, list[i]->der, list[i]->len);
    }
    memcpy(blob->data, table, sizeof table);
    return blob;
}

static void table_walk(const uint8_t *from, size_t len)
{
    uint8_t *bytes = alone(from, len);
    struct psp_certs *certs = g_new(struct psp_certs, 1);

    if (psp_certs_table_parse(bytes, len, certs)) {
        g_assert_cmpuint(certs->vcek.len, <=, sizeof certs->vcek.der);
        g_assert_cmpuint(certs->ask.len, <=, sizeof certs->ask.der);
        g_assert_cmpuint(certs->ark.len, <=, sizeof certs->ark.der);
    }
    g_free(certs);
    g_free(bytes);
}

static void test_table(void)
{
    struct svsm *s = svsm_good(0);
    GByteArray *blob = table_make(&s->certs);
    struct psp_certs *certs = g_new(struct psp_certs, 1);
    struct table_entry *table = (struct table_entry *)blob->data;
    struct psp_vcek vcek;
    uint32_t state = 1;

    g_assert_true(psp_certs_table_parse(blob->data, blob->len, certs));
    g_assert_cmpmem(certs->ark.der, certs->ark.len, s->certs.ark.der, s->certs.ark.len);
    g_assert_cmpmem(certs->ask.der, certs->ask.len, s->certs.ask.der, s->certs.ask.len);
    g_assert_cmpmem(certs->vcek.der, certs->vcek.len, s->certs.vcek.der, s->certs.vcek.len);
    g_assert_cmpint(psp_verify_chain(certs, &vcek), ==, PSP_VERIFY_DONE);
    g_assert_false(psp_certs_table_parse(blob->data, blob->len - 1, certs)); /* cut off */
    g_assert_false(psp_certs_table_parse(blob->data, 96, certs));            /* no end */
    g_assert_false(psp_certs_table_parse(blob->data, 0, certs));
    memcpy(table[0].guid, table[1].guid, 16); /* two of them */
    g_assert_false(psp_certs_table_parse(blob->data, blob->len, certs));
    for (unsigned round = 0; round < 20000; round++) {
        uint32_t value = random_next(&state) << (random_next(&state) % 24);
        memcpy(blob->data + 24 * (random_next(&state) % 5) + 16 + 4 * (random_next(&state) % 2),
               &value, 4);
        table_walk(blob->data, random_next(&state) % (blob->len + 1));
    }
    g_byte_array_unref(blob);
    g_free(certs);
    g_free(s);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_data_func("/psp/verify/svsm/every-bit/report", GUINT_TO_POINTER(0), test_every_bit);
    g_test_add_data_func("/psp/verify/svsm/every-bit/manifest", GUINT_TO_POINTER(1),
                         test_every_bit);
    g_test_add_func("/psp/verify/plain/every-bit", test_every_bit_plain);
    g_test_add_func("/psp/verify/plain/wanted", test_plain_wanted);
    g_test_add_func("/psp/verify/svsm/good", test_svsm);
    g_test_add_func("/psp/verify/svsm/single-service", test_single_service);
    g_test_add_func("/psp/verify/svsm/longer-nonce", test_longer_nonce);
    g_test_add_func("/psp/verify/svsm/other-manifests", test_other_manifests);
    g_test_add_func("/psp/manifest/bits", test_manifest_bits);
    g_test_add_func("/psp/manifest/hostile", test_manifest_hostile);
    g_test_add_func("/psp/manifest/guid", test_guid);
    g_test_add_func("/psp/certs/table", test_table);
    return g_test_run();
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The generator, the key derivation and ECDSA against published vectors and GLib. */
#include <string.h>

#include "psp/ecdsa.h"
#include "psp/kdf.h"
#include "psp/random.h"
#include "tests/unit/psp_fixture.h"

static void hex_le72(const char *hex, uint8_t out[72])
{
    memset(out, 0, 72);
    for (size_t i = 0; i < 48; i++)
        out[47 - i] =
            (uint8_t)(g_ascii_xdigit_value(hex[2 * i]) << 4 | g_ascii_xdigit_value(hex[2 * i + 1]));
}

static void hex_be48(const char *hex, uint8_t out[48])
{
    for (size_t i = 0; i < 48; i++)
        out[i] =
            (uint8_t)(g_ascii_xdigit_value(hex[2 * i]) << 4 | g_ascii_xdigit_value(hex[2 * i + 1]));
}

/* RFC 6979 A.2.6: the key, and its signatures with SHA-384. */
static const char rfc_x[] = "6B9D3DAD2E1B8C1C05B19875B6659F4DE23C3B667BF297BA9AA47740787137D8"
                            "96D5724E4C70A825F872C9EA60D2EDF5";
static const char rfc_ux[] = "EC3A4E415B4E19A4568618029F427FA5DA9A8BC4AE92E02E06AAE5286B300C64"
                             "DEF8F0EA9055866064A254515480BC13";
static const char rfc_uy[] = "8015D9B72D7D57244EA8EF9AC0C621896708A59367F9DFB9F54CA84B3F1C9DB1"
                             "288B231C3AE0D4FE7344FD2533264720";
static const struct {
    const char *message, *r, *s;
} rfc_signatures[] = {
    {"sample",
     "94EDBB92A5ECB8AAD4736E56C691916B3F88140666CE9FA73D64C4EA95AD133C81A648152E44ACF96E36DD1E80"
     "FABE46",
     "99EF4AEB15F178CEA1FE40DB2603138F130E740A19624526203B6351D0A3A94FA329C145786E679E7B82C71A38"
     "628AC8"},
    {"test",
     "8203B63D3C853E8D77227FB377BCF7B7B772E97892A80F36AB775D509D7A5FEB0542A7F0812998DA8F1DD3CA3C"
     "F023DB",
     "DDD0760448D42D8A43AF45AF836FCE4DE8BE06B485E9B61B827C2F13173923E06A739F040649A667BF3B828246"
     "BAA5A5"},
};

static void test_rfc6979(void)
{
    struct psp_public_key key = {.curve = PSP_CURVE_P384};
    uint8_t scalar[48];

    hex_be48(rfc_x, scalar);
    hex_le72(rfc_ux, key.qx);
    hex_le72(rfc_uy, key.qy);
    for (size_t i = 0; i < G_N_ELEMENTS(rfc_signatures); i++) {
        const char *message = rfc_signatures[i].message;
        struct psp_signature wanted = {0}, got;

        hex_le72(rfc_signatures[i].r, wanted.r);
        hex_le72(rfc_signatures[i].s, wanted.s);
        psp_ecdsa_sign(scalar, message, strlen(message), &got);
        g_assert_cmpmem(&got, sizeof got, &wanted, sizeof wanted);
        g_assert_true(psp_ecdsa_verify(&key, message, strlen(message), &wanted));
    }
}

/* material m gives the scalar m mod (n - 1) + 1: so m = x - 1 gives the RFC's key. */
static void test_key_pair(void)
{
    struct psp_key_pair pair;
    uint8_t material[48], scalar[48], ux[72], uy[72];

    hex_be48(rfc_x, material);
    memcpy(scalar, material, sizeof scalar);
    material[47]--;
    hex_le72(rfc_ux, ux);
    hex_le72(rfc_uy, uy);
    psp_key_pair_from_bytes(&pair, material, sizeof material);
    g_assert_cmpmem(pair.scalar, 48, scalar, 48);
    g_assert_cmpuint(pair.public_key.curve, ==, 2);
    g_assert_cmpmem(pair.public_key.qx, 72, ux, 72);
    g_assert_cmpmem(pair.public_key.qy, 72, uy, 72);

    /* n - 1 wraps round to the scalar 1, whose point is the generator (FIPS 186-4 D.1.2.4). */
    hex_be48("ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec"
             "196accc52972",
             material);
    hex_le72("aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a54"
             "5e3872760ab7",
             ux);
    psp_key_pair_from_bytes(&pair, material, sizeof material);
    g_assert_cmpuint(pair.scalar[47], ==, 1);
    g_assert_cmpuint(pair.scalar[0], ==, 0);
    g_assert_cmpmem(pair.public_key.qx, 72, ux, 72);
}

static void test_verify_refuses(void)
{
    struct psp_key_pair pair;
    struct psp_signature good, bad;
    struct psp_public_key key;

    psp_key_pair_from_bytes(&pair, "some key material", 17);
    psp_ecdsa_sign(pair.scalar, "message", 7, &good);
    g_assert_true(psp_ecdsa_verify(&pair.public_key, "message", 7, &good));
    g_assert_false(psp_ecdsa_verify(&pair.public_key, "messagf", 7, &good));
    bad = good;
    bad.r[3] ^= 1;
    g_assert_false(psp_ecdsa_verify(&pair.public_key, "message", 7, &bad));
    bad = good;
    bad.s[60] = 1; /* above 2^384 */
    g_assert_false(psp_ecdsa_verify(&pair.public_key, "message", 7, &bad));
    bad = good;
    bad.reserved[0] = 1;
    g_assert_false(psp_ecdsa_verify(&pair.public_key, "message", 7, &bad));
    memset(&bad, 0, sizeof bad);
    g_assert_false(psp_ecdsa_verify(&pair.public_key, "message", 7, &bad));
    key = pair.public_key;
    key.qx[0] ^= 1; /* not a point of the curve */
    g_assert_false(psp_ecdsa_verify(&key, "message", 7, &good));
    key = pair.public_key;
    key.curve = 1;
    g_assert_false(psp_ecdsa_verify(&key, "message", 7, &good));
    key = pair.public_key;
    key.reserved[sizeof key.reserved - 1] = 1;
    g_assert_false(psp_ecdsa_verify(&key, "message", 7, &good));
}

/* SP 800-108: HMAC-SHA-256(key, 1 || label || 0 || context || 256), by GLib. */
static void test_kdf(void)
{
    static const uint8_t key[32] = "a key of 32 bytes, not a secret";
    static const uint8_t context[5] = {9, 8, 7, 6, 5};
    uint8_t got[32], wanted[32];
    gsize len = sizeof wanted;
    GHmac *hmac = g_hmac_new(G_CHECKSUM_SHA256, key, sizeof key);

    g_hmac_update(hmac, (const guchar *)"\1\0\0\0", 4);
    g_hmac_update(hmac, (const guchar *)"label\0", 6);
    g_hmac_update(hmac, context, sizeof context);
    g_hmac_update(hmac, (const guchar *)"\0\1\0\0", 4);
    g_hmac_get_digest(hmac, wanted, &len);
    g_hmac_unref(hmac);
    psp_kdf(key, sizeof key, "label", context, sizeof context, got);
    g_assert_cmpmem(got, 32, wanted, 32);
}

/* The documented construction: HMAC-SHA-384(key, label || 0 || draw || block), by GLib. */
static void random_wanted(const uint8_t *key, size_t key_len, const char *label, uint64_t number,
                          uint64_t block, uint8_t out[48])
{
    uint8_t numbers[16];
    gsize len = 48;
    GHmac *hmac = g_hmac_new(G_CHECKSUM_SHA384, key, key_len);

    put_le(numbers, number, 8);
    put_le(numbers + 8, block, 8);
    g_hmac_update(hmac, (const guchar *)label, (gssize)strlen(label) + 1);
    g_hmac_update(hmac, numbers, sizeof numbers);
    g_hmac_get_digest(hmac, out, &len);
    g_hmac_unref(hmac);
}

static void test_random(void)
{
    static const uint8_t seed_le[8] = {0x2a};
    struct psp_random random, copy;
    uint8_t key[48], wanted[96], got[100], again[100];

    psp_random_init(&random, 42);
    random_wanted(seed_le, sizeof seed_le, "prova psp trng", 0, 0, key);
    g_assert_cmpmem(random.key, 48, key, 48);

    psp_random_draw(&random, "first", got, 16);
    random_wanted(key, 48, "first", 0, 0, wanted);
    g_assert_cmpmem(got, 16, wanted, 16);
    copy = random;
    psp_random_draw(&random, "second", got, 80);
    random_wanted(key, 48, "second", 1, 0, wanted);
    random_wanted(key, 48, "second", 1, 1, wanted + 48);
    g_assert_cmpmem(got, 80, wanted, 80);
    psp_random_draw(&copy, "second", again, 80);
    g_assert_cmpmem(again, 80, got, 80);
    psp_random_draw(&random, "second", again, 80);
    g_assert_cmpint(memcmp(again, got, 80), !=, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/psp/ecdsa/rfc6979/a-2-6", test_rfc6979);
    g_test_add_func("/psp/ecdsa/key-pair-from-bytes", test_key_pair);
    g_test_add_func("/psp/ecdsa/verify-refuses", test_verify_refuses);
    g_test_add_func("/psp/kdf/sp800-108", test_kdf);
    g_test_add_func("/psp/random/construction", test_random);
    return g_test_run();
}

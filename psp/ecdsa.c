/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "psp/ecdsa.h"

#include <assert.h>
#include <gmp.h>
#include <nettle/bignum.h>
#include <nettle/dsa.h>
#include <nettle/ecc-curve.h>
#include <nettle/ecc.h>
#include <nettle/ecdsa.h>
#include <nettle/sha2.h>
#include <string.h>

#include "psp/bytes.h"
#include "psp/nonce.h"

_Static_assert((int)PSP_NONCE_BYTES == (int)P384_BYTES, "the nonce is a scalar");

/* Order of the group of P-384 (FIPS 186-4, D.1.2.4). */
static const uint8_t p384_order[P384_BYTES] = {
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xc7, 0x63, 0x4d, 0x81, 0xf4, 0x37, 0x2d, 0xdf,
    0x58, 0x1a, 0x0d, 0xb2, 0x48, 0xb0, 0xa7, 0x7a, 0xec, 0xec, 0x19, 0x6a, 0xcc, 0xc5, 0x29, 0x73,
};

/* A non-negative number below 2^384 as the ABI's 72 little-endian bytes. */
static void number_put(uint8_t out[PSP_ECDSA_NUMBER_BYTES], const mpz_t number)
{
    uint8_t big[PSP_ECDSA_NUMBER_BYTES];

    nettle_mpz_get_str_256(sizeof big, big, number);
    for (size_t i = 0; i < sizeof big; i++)
        out[i] = big[sizeof big - 1 - i];
}

static void number_get(mpz_t number, const uint8_t in[PSP_ECDSA_NUMBER_BYTES])
{
    uint8_t big[PSP_ECDSA_NUMBER_BYTES];

    for (size_t i = 0; i < sizeof big; i++)
        big[i] = in[sizeof big - 1 - i];
    nettle_mpz_set_str_256_u(number, sizeof big, big);
}

static void scalar_set(struct ecc_scalar *scalar, const uint8_t bytes[P384_BYTES])
{
    mpz_t number;
    int ok;

    mpz_init(number);
    nettle_mpz_set_str_256_u(number, P384_BYTES, bytes);
    ecc_scalar_init(scalar, nettle_get_secp_384r1());
    ok = ecc_scalar_set(scalar, number);
    mpz_clear(number);
    assert(ok); /* every scalar comes from psp_key_pair_from_bytes() */
    (void)ok;
}

void psp_key_pair_from_bytes(struct psp_key_pair *pair, const void *material, size_t len)
{
    struct ecc_scalar scalar;
    struct ecc_point point;
    mpz_t number, modulus, y;

    memset(pair, 0, sizeof *pair);
    mpz_inits(number, modulus, y, NULL);
    nettle_mpz_set_str_256_u(number, len, material);
    nettle_mpz_set_str_256_u(modulus, sizeof p384_order, p384_order);
    mpz_sub_ui(modulus, modulus, 1);
    mpz_mod(number, number, modulus);
    mpz_add_ui(number, number, 1);
    nettle_mpz_get_str_256(sizeof pair->scalar, pair->scalar, number);

    scalar_set(&scalar, pair->scalar);
    ecc_point_init(&point, nettle_get_secp_384r1());
    ecc_point_mul_g(&point, &scalar);
    ecc_point_get(&point, number, y);
    pair->public_key.curve = PSP_CURVE_P384;
    number_put(pair->public_key.qx, number);
    number_put(pair->public_key.qy, y);

    ecc_point_clear(&point);
    ecc_scalar_clear(&scalar);
    mpz_clears(number, modulus, y, NULL);
}

static void hash_message(const void *message, size_t len, uint8_t hash[SHA384_DIGEST_SIZE])
{
    struct sha384_ctx sha;

    sha384_init(&sha);
    sha384_update(&sha, len, message);
    sha384_digest(&sha, SHA384_DIGEST_SIZE, hash);
}

void psp_ecdsa_sign(const uint8_t scalar_bytes[P384_BYTES], const void *message, size_t len,
                    struct psp_signature *out)
{
    uint8_t hash[SHA384_DIGEST_SIZE], reduced[P384_BYTES];
    struct ecc_scalar scalar;
    struct dsa_signature signature;
    struct psp_nonce nonce;
    mpz_t number, order;

    hash_message(message, len, hash);
    mpz_inits(number, order, NULL);
    nettle_mpz_set_str_256_u(number, sizeof hash, hash);
    nettle_mpz_set_str_256_u(order, sizeof p384_order, p384_order);
    mpz_mod(number, number, order);
    nettle_mpz_get_str_256(sizeof reduced, reduced, number);
    mpz_clears(number, order, NULL);

    scalar_set(&scalar, scalar_bytes);
    dsa_signature_init(&signature);
    psp_nonce_init(&nonce, scalar_bytes, reduced);
    ecdsa_sign(&scalar, &nonce, psp_nonce_read, sizeof hash, hash, &signature);
    memset(out, 0, sizeof *out);
    number_put(out->r, signature.r);
    number_put(out->s, signature.s);
    dsa_signature_clear(&signature);
    ecc_scalar_clear(&scalar);
}

bool psp_ecdsa_verify(const struct psp_public_key *key, const void *message, size_t len,
                      const struct psp_signature *signature_bytes)
{
    uint8_t hash[SHA384_DIGEST_SIZE];
    struct ecc_point point;
    struct dsa_signature signature;
    mpz_t x, y;
    bool good;

    if (key->curve != PSP_CURVE_P384 || !bytes_are_zero(key->reserved, sizeof key->reserved) ||
        !bytes_are_zero(signature_bytes->reserved, sizeof signature_bytes->reserved))
        return false;

    hash_message(message, len, hash);
    ecc_point_init(&point, nettle_get_secp_384r1());
    dsa_signature_init(&signature);
    mpz_inits(x, y, NULL);
    number_get(x, key->qx);
    number_get(y, key->qy);
    number_get(signature.r, signature_bytes->r);
    number_get(signature.s, signature_bytes->s);
    good = ecc_point_set(&point, x, y) && ecdsa_verify(&point, sizeof hash, hash, &signature);
    mpz_clears(x, y, NULL);
    dsa_signature_clear(&signature);
    ecc_point_clear(&point);
    return good;
}

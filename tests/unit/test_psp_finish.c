/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SNP_LAUNCH_FINISH with an ID block (SEV-SNP ABI 56860). The owner's side is GnuTLS: keys are
 * generated and the structures signed by it, as the owner of a real guest would.
 */
#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <string.h>

#include "tests/unit/psp_fixture.h"

struct owner {
    gnutls_privkey_t id_key, author_key;
    struct psp_id_block block;
    struct psp_id_auth auth;
};

static void number_le(const gnutls_datum_t *big, uint8_t out[72])
{
    memset(out, 0, 72);
    for (unsigned i = 0; i < big->size && i < 72; i++)
        out[i] = big->data[big->size - 1 - i];
}

static void key_make(gnutls_privkey_t *key, struct psp_public_key *out)
{
    gnutls_datum_t x, y;

    g_assert_cmpint(gnutls_privkey_init(key), ==, 0);
    g_assert_cmpint(gnutls_privkey_generate(*key, GNUTLS_PK_ECDSA,
                                            GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP384R1), 0),
                    ==, 0);
    g_assert_cmpint(gnutls_privkey_export_ecc_raw(*key, NULL, &x, &y, NULL), ==, 0);
    memset(out, 0, sizeof *out);
    out->curve = 2;
    number_le(&x, out->qx);
    number_le(&y, out->qy);
    gnutls_free(x.data);
    gnutls_free(y.data);
}

static void sign(gnutls_privkey_t key, const void *data, size_t len, struct psp_signature *out)
{
    gnutls_datum_t in = {(unsigned char *)data, (unsigned)len}, der, r, s;

    g_assert_cmpint(
        gnutls_privkey_sign_data2(key, GNUTLS_SIGN_ECDSA_SECP384R1_SHA384, 0, &in, &der), ==, 0);
    g_assert_cmpint(gnutls_decode_rs_value(&der, &r, &s), ==, 0);
    memset(out, 0, sizeof *out);
    number_le(&r, out->r);
    number_le(&s, out->s);
    gnutls_free(der.data);
    gnutls_free(r.data);
    gnutls_free(s.data);
}

static void owner_sign(struct owner *o)
{
    sign(o->id_key, &o->block, sizeof o->block, &o->auth.id_block_signature);
    sign(o->author_key, &o->auth.id_key, sizeof o->auth.id_key, &o->auth.id_key_signature);
}

static void owner_init(struct owner *o, const struct machine *m)
{
    memset(o, 0, sizeof *o);
    o->auth.id_key_algo = 1;
    o->auth.author_key_algo = 1;
    key_make(&o->id_key, &o->auth.id_key);
    key_make(&o->author_key, &o->auth.author_key);
    memcpy(o->block.launch_digest, psp_gctx_find(&m->psp, GCTX_SPA)->ld.digest, 48);
    memset(o->block.family_id, 0xfa, 16);
    memset(o->block.image_id, 0x1d, 16);
    o->block.version = 1;
    o->block.guest_svn = 7;
    o->block.policy = PSP_POLICY_DEFAULT;
    owner_sign(o);
}

static void owner_clear(struct owner *o)
{
    gnutls_privkey_deinit(o->id_key);
    gnutls_privkey_deinit(o->author_key);
}

static struct machine *machine_measured(void)
{
    struct machine *m = machine_new(1);
    uint8_t page[4096];

    guest_create(m);
    guest_start(m, PSP_POLICY_DEFAULT);
    page_fill(page, 1);
    g_assert_cmpint(page_launch(m, PAGE_SPA, 0x1000, PSP_PAGE_NORMAL, (struct psp_perms){0}, page),
                    ==, PSP_SUCCESS);
    return m;
}

static void test_success(void)
{
    for (unsigned author = 0; author <= 1; author++) {
        struct machine *m = machine_measured();
        const struct psp_gctx *gctx = psp_gctx_find(&m->psp, GCTX_SPA);
        struct psp_launch_finish finish = {.gctx_spa = GCTX_SPA, .host_data = {0xaa, 0xbb}};
        static const uint8_t zeros[48];
        uint8_t digest[48];
        struct owner o;

        owner_init(&o, m);
        finish.id_block = &o.block;
        finish.id_auth = &o.auth;
        finish.author_key_en = author;
        if (!author) /* the author's part is not looked at */
            memset(&o.auth.id_key_signature, 0x55, sizeof o.auth.id_key_signature);
        g_assert_cmpint(psp_launch_finish(&m->psp, &m->bus, &finish), ==, PSP_SUCCESS);
        g_assert_cmpint(gctx->state, ==, PSP_GUEST_RUNNING);
        digest_sha384(&o.auth.id_key, 0x404, digest);
        g_assert_cmpmem(gctx->id_key_digest, 48, digest, 48);
        digest_sha384(&o.auth.author_key, 0x404, digest);
        g_assert_cmpmem(gctx->author_key_digest, 48, author ? digest : zeros, 48);
        g_assert_cmpint(gctx->author_key_en, ==, author);
        g_assert_cmpmem(gctx->family_id, 16, o.block.family_id, 16);
        g_assert_cmpmem(gctx->image_id, 16, o.block.image_id, 16);
        g_assert_cmpuint(gctx->guest_svn, ==, 7);
        g_assert_cmpmem(gctx->host_data, 32, finish.host_data, 32);
        owner_clear(&o);
        machine_free(m);
    }
}

static void test_no_block(void)
{
    struct machine *m = machine_measured();
    const struct psp_gctx *gctx = psp_gctx_find(&m->psp, GCTX_SPA);
    struct psp_launch_finish finish = {.gctx_spa = GCTX_SPA, .author_key_en = true};
    static const uint8_t zeros[48];

    g_assert_cmpint(psp_launch_finish(&m->psp, &m->bus, &finish), ==, PSP_INVALID_PARAM);
    finish.author_key_en = false;
    g_assert_cmpint(psp_launch_finish(&m->psp, &m->bus, &finish), ==, PSP_SUCCESS);
    g_assert_cmpmem(gctx->id_key_digest, 48, zeros, 48);
    g_assert_cmpmem(gctx->author_key_digest, 48, zeros, 48);
    g_assert_cmpuint(gctx->guest_svn, ==, 0);
    machine_free(m);
}

/* What is wrong, and whether the owner signs after it went wrong. */
enum flaw {
    FLAW_DIGEST,
    FLAW_POLICY,
    FLAW_BLOCK_CHANGED,
    FLAW_BLOCK_SIGNATURE,
    FLAW_ID_KEY_OTHER,
    FLAW_ID_KEY_CURVE,
    FLAW_AUTHOR_SIGNATURE,
    FLAW_AUTHOR_KEY_OTHER,
    FLAW_BLOCK_VERSION,
    FLAW_ID_ALGO,
    FLAW_AUTHOR_ALGO,
    FLAW_RESERVED1,
    FLAW_RESERVED2,
    FLAW_RESERVED3,
    FLAW_NO_AUTH,
};

static void flaw_make(struct owner *o, enum flaw flaw)
{
    switch (flaw) {
    case FLAW_DIGEST:
        o->block.launch_digest[47] ^= 1;
        owner_sign(o);
        break;
    case FLAW_POLICY:
        o->block.policy ^= PSP_POLICY_DEBUG;
        owner_sign(o);
        break;
    case FLAW_BLOCK_CHANGED: o->block.guest_svn++; break;
    case FLAW_BLOCK_SIGNATURE: o->auth.id_block_signature.s[5] ^= 1; break;
    case FLAW_ID_KEY_OTHER: o->auth.id_key = o->auth.author_key; break;
    case FLAW_ID_KEY_CURVE: o->auth.id_key.curve = 1; break;
    case FLAW_AUTHOR_SIGNATURE: o->auth.id_key_signature.r[0] ^= 1; break;
    case FLAW_AUTHOR_KEY_OTHER: o->auth.author_key = o->auth.id_key; break;
    case FLAW_BLOCK_VERSION:
        o->block.version = 2;
        owner_sign(o);
        break;
    case FLAW_ID_ALGO: o->auth.id_key_algo = 0; break;
    case FLAW_AUTHOR_ALGO: o->auth.author_key_algo = 2; break;
    case FLAW_RESERVED1: o->auth.reserved1[0] = 1; break;
    case FLAW_RESERVED2: o->auth.reserved2[0x3b] = 1; break;
    case FLAW_RESERVED3: o->auth.reserved3[0x37b] = 1; break;
    case FLAW_NO_AUTH: break;
    }
}

static void test_failures(void)
{
    static const struct {
        enum flaw flaw;
        enum psp_status status;
    } cases[] = {
        {FLAW_DIGEST, PSP_BAD_MEASUREMENT},         {FLAW_POLICY, PSP_POLICY_FAILURE},
        {FLAW_BLOCK_CHANGED, PSP_BAD_SIGNATURE},    {FLAW_BLOCK_SIGNATURE, PSP_BAD_SIGNATURE},
        {FLAW_ID_KEY_OTHER, PSP_BAD_SIGNATURE},     {FLAW_ID_KEY_CURVE, PSP_BAD_SIGNATURE},
        {FLAW_AUTHOR_SIGNATURE, PSP_BAD_SIGNATURE}, {FLAW_AUTHOR_KEY_OTHER, PSP_BAD_SIGNATURE},
        {FLAW_BLOCK_VERSION, PSP_INVALID_PARAM},    {FLAW_ID_ALGO, PSP_INVALID_PARAM},
        {FLAW_AUTHOR_ALGO, PSP_INVALID_PARAM},      {FLAW_RESERVED1, PSP_INVALID_PARAM},
        {FLAW_RESERVED2, PSP_INVALID_PARAM},        {FLAW_RESERVED3, PSP_INVALID_PARAM},
        {FLAW_NO_AUTH, PSP_INVALID_PARAM},
    };
    struct machine *m = machine_measured();
    const struct psp before = m->psp;
    struct psp_launch_finish finish = {.gctx_spa = GCTX_SPA, .author_key_en = true};
    struct owner good, o;

    owner_init(&good, m);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        o = good;
        flaw_make(&o, cases[i].flaw);
        finish.id_block = &o.block;
        finish.id_auth = cases[i].flaw == FLAW_NO_AUTH ? NULL : &o.auth;
        g_test_message("flaw %u", (unsigned)cases[i].flaw);
        g_assert_cmpint(psp_launch_finish(&m->psp, &m->bus, &finish), ==, cases[i].status);
        g_assert_cmpmem(&m->psp, sizeof before, &before, sizeof before);
    }
    /* Measurement comes before policy, policy before signature. */
    o = good;
    o.block.launch_digest[0] ^= 1;
    o.block.policy ^= PSP_POLICY_DEBUG;
    finish.id_block = &o.block;
    finish.id_auth = &o.auth;
    g_assert_cmpint(psp_launch_finish(&m->psp, &m->bus, &finish), ==, PSP_BAD_MEASUREMENT);
    o.block.launch_digest[0] ^= 1;
    g_assert_cmpint(psp_launch_finish(&m->psp, &m->bus, &finish), ==, PSP_POLICY_FAILURE);
    finish.id_block = &good.block;
    finish.id_auth = &good.auth;
    g_assert_cmpint(psp_launch_finish(&m->psp, &m->bus, &finish), ==, PSP_SUCCESS);
    owner_clear(&good);
    machine_free(m);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/psp/launch-finish/id-block/success", test_success);
    g_test_add_func("/psp/launch-finish/without-id-block", test_no_block);
    g_test_add_func("/psp/launch-finish/id-block/failures-change-nothing", test_failures);
    return g_test_run();
}

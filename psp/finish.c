/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SNP_LAUNCH_FINISH and the ID block (SEV-SNP ABI 56860, "Identity block"). */
#include <nettle/sha2.h>
#include <string.h>

#include "psp/bytes.h"
#include "psp/internal.h"

enum { ID_BLOCK_VERSION = 1 };

static enum psp_status id_block_format(const struct psp_launch_finish *params)
{
    const struct psp_id_auth *auth = params->id_auth;

    if (!params->id_block)
        return params->author_key_en ? PSP_INVALID_PARAM : PSP_SUCCESS;
    if (!auth || params->id_block->version != ID_BLOCK_VERSION ||
        auth->id_key_algo != PSP_ALGO_P384_SHA384 ||
        !bytes_are_zero(auth->reserved1, sizeof auth->reserved1) ||
        !bytes_are_zero(auth->reserved2, sizeof auth->reserved2) ||
        !bytes_are_zero(auth->reserved3, sizeof auth->reserved3))
        return PSP_INVALID_PARAM;
    if (params->author_key_en && auth->author_key_algo != PSP_ALGO_P384_SHA384)
        return PSP_INVALID_PARAM;
    return PSP_SUCCESS;
}

static enum psp_status id_block_check(const struct psp_gctx *gctx,
                                      const struct psp_launch_finish *params)
{
    const struct psp_id_block *block = params->id_block;
    const struct psp_id_auth *auth = params->id_auth;
    enum psp_status status = id_block_format(params);

    if (status != PSP_SUCCESS || !block)
        return status;
    if (memcmp(block->launch_digest, gctx->ld.digest, sizeof block->launch_digest) != 0)
        return PSP_BAD_MEASUREMENT;
    if (block->policy != gctx->policy)
        return PSP_POLICY_FAILURE;
    if (!psp_ecdsa_verify(&auth->id_key, block, sizeof *block, &auth->id_block_signature))
        return PSP_BAD_SIGNATURE;
    if (params->author_key_en && !psp_ecdsa_verify(&auth->author_key, &auth->id_key,
                                                   sizeof auth->id_key, &auth->id_key_signature))
        return PSP_BAD_SIGNATURE;
    return PSP_SUCCESS;
}

static void key_digest(const struct psp_public_key *key, uint8_t digest[PSP_DIGEST_BYTES])
{
    struct sha384_ctx sha;

    sha384_init(&sha);
    sha384_update(&sha, sizeof *key, (const uint8_t *)key);
    sha384_digest(&sha, PSP_DIGEST_BYTES, digest);
}

enum psp_status psp_launch_finish(struct psp *psp, const struct psp_bus *bus,
                                  const struct psp_launch_finish *params)
{
    const struct psp_id_block *block = params->id_block;
    struct psp_gctx *gctx;
    enum psp_status status = psp_gctx_open(psp, bus, params->gctx_spa, &gctx);

    if (status != PSP_SUCCESS)
        return status;
    if (gctx->state != PSP_GUEST_LAUNCH)
        return PSP_INVALID_GUEST_STATE;
    status = id_block_check(gctx, params);
    if (status != PSP_SUCCESS)
        return status;

    memcpy(gctx->host_data, params->host_data, sizeof gctx->host_data);
    if (block) {
        gctx->id_block_en = true;
        gctx->author_key_en = params->author_key_en;
        memcpy(gctx->family_id, block->family_id, sizeof gctx->family_id);
        memcpy(gctx->image_id, block->image_id, sizeof gctx->image_id);
        gctx->guest_svn = block->guest_svn;
        key_digest(&params->id_auth->id_key, gctx->id_key_digest);
        if (params->author_key_en)
            key_digest(&params->id_auth->author_key, gctx->author_key_digest);
    }
    gctx->state = PSP_GUEST_RUNNING;
    psp_gctx_image_write(psp, bus, gctx);
    return PSP_SUCCESS;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "psp/psp.h"

#include <string.h>

#include "psp/internal.h"

enum { VCEK_MATERIAL_BYTES = 72 };

void psp_config_default(struct psp_config *config, uint64_t seed)
{
    uint64_t tcb = (UINT64_C(4) << PSP_TCB_BOOTLOADER) | (UINT64_C(0) << PSP_TCB_TEE) |
                   (UINT64_C(22) << PSP_TCB_SNP) | (UINT64_C(213) << PSP_TCB_MICROCODE);

    memset(config, 0, sizeof *config);
    config->seed = seed;
    config->chip_seed = seed;
    config->current_tcb = tcb;
    config->committed_tcb = tcb;
    config->reported_tcb = tcb;
    config->platform_info = PSP_PLATFORM_SMT | PSP_PLATFORM_ALIAS_CHECK_COMPLETE;
    config->version = (struct psp_version){.build = 20, .minor = 55, .major = 1};
    config->fms = 0x00a00f11; /* family 19h, model 01h, stepping 1 */
    config->tsc_scale = UINT64_C(1) << 32;
}

bool psp_tcb_at_most(uint64_t a, uint64_t b)
{
    for (unsigned shift = 0; shift < 64; shift += 8) {
        if ((a >> shift & 0xff) > (b >> shift & 0xff))
            return false;
    }
    return true;
}

static bool config_valid(const struct psp_config *config)
{
    return psp_tcb_at_most(config->reported_tcb, config->committed_tcb) &&
           psp_tcb_at_most(config->committed_tcb, config->current_tcb) &&
           config->cpuid.count <= PSP_CPUID_LIMITS_MAX;
}

void psp_init(struct psp *psp, const struct psp_config *config)
{
    uint8_t material[VCEK_MATERIAL_BYTES];

    memset(psp, 0, sizeof *psp);
    psp->config = *config;
    psp->state = PSP_PLATFORM_UNINIT;
    psp_random_init(&psp->random, config->seed);
    psp_random_derive(config->chip_seed, "prova chip id", 0, psp->chip_id, sizeof psp->chip_id);
    psp_random_derive(config->chip_seed, "prova key root", 0, psp->key_root, sizeof psp->key_root);
    psp_random_derive(config->chip_seed, "prova vcek", config->reported_tcb, material,
                      sizeof material);
    psp_key_pair_from_bytes(&psp->vcek, material, sizeof material);
}

/* SEV-SNP ABI 56860, SNP_INIT. */
enum psp_status psp_platform_init(struct psp *psp)
{
    if (psp->state != PSP_PLATFORM_UNINIT)
        return PSP_INVALID_PLATFORM_STATE;
    if (!config_valid(&psp->config))
        return PSP_INVALID_CONFIG;
    psp->state = PSP_PLATFORM_INIT;
    return PSP_SUCCESS;
}

/* SEV-SNP ABI 56860, SNP_PLATFORM_STATUS: in any state. */
enum psp_status psp_platform_status(const struct psp *psp, struct psp_platform_status *out)
{
    memset(out, 0, sizeof *out);
    out->api_major = psp->config.version.major;
    out->api_minor = psp->config.version.minor;
    out->build = psp->config.version.build;
    out->state = (uint8_t)psp->state;
    for (unsigned i = 0; i < PSP_GCTX_MAX; i++)
        out->guest_count += psp->gctx[i].used;
    out->current_tcb = psp->config.current_tcb;
    out->reported_tcb = psp->config.reported_tcb;
    return PSP_SUCCESS;
}

/* SEV-SNP ABI 56860, SNP_DF_FLUSH. */
enum psp_status psp_df_flush(struct psp *psp)
{
    if (psp->state != PSP_PLATFORM_INIT)
        return PSP_INVALID_PLATFORM_STATE;
    psp->asids_to_flush = 0;
    return PSP_SUCCESS;
}

const struct psp_gctx *psp_gctx_find(const struct psp *psp, uint64_t gctx_spa)
{
    for (unsigned i = 0; i < PSP_GCTX_MAX; i++) {
        if (psp->gctx[i].used && psp->gctx[i].spa == gctx_spa)
            return &psp->gctx[i];
    }
    return NULL;
}

uint32_t psp_secret_count(const struct psp_gctx *gctx)
{
    return gctx->state == PSP_GUEST_INIT ? 0 : VMPL_COUNT + gctx->derived_count;
}

/* "derived-key-" and 31. */
static void name_put(char name[PSP_SECRET_NAME_BYTES], const char *prefix, uint32_t number)
{
    size_t len = strlen(prefix);

    memcpy(name, prefix, len);
    if (number >= 10)
        name[len++] = (char)('0' + number / 10 % 10);
    name[len++] = (char)('0' + number % 10);
    name[len] = 0;
}
_Static_assert(PSP_DERIVED_MAX <= 100, "two digits number the derived keys");

bool psp_secret_get(const struct psp_gctx *gctx, uint32_t index, struct psp_secret *out)
{
    if (index >= psp_secret_count(gctx))
        return false;
    memset(out, 0, sizeof *out);
    if (index < VMPL_COUNT) {
        name_put(out->name, "VMPCK", index);
        memcpy(out->bytes, gctx->vmpck[index], sizeof out->bytes);
        out->vmpl = (uint8_t)index;
    } else {
        const struct psp_derived *derived = &gctx->derived[index - VMPL_COUNT];
        name_put(out->name, "derived-key-", index - VMPL_COUNT);
        memcpy(out->bytes, derived->key, sizeof out->bytes);
        out->vmpl = derived->vmpl;
    }
    return true;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SNP_LAUNCH_START and SNP_LAUNCH_UPDATE. */
#include <string.h>

#include "psp/bytes.h"
#include "psp/internal.h"

/* Offsets in the VMSA (APM 2 appendix B, table B-4). */
enum { VMSA_TSC_SCALE = 0x2f0, VMSA_TSC_OFFSET = 0x2f8, VMSA_SEV_FEATURES = 0x3b0 };
#define SEV_FEATURE_SECURE_TSC (UINT64_C(1) << 9)

enum { SECRETS_VERSION = 3 };

/* SEV-SNP ABI 56860, guest policy: what the platform must be and have for the guest to run. */
static bool policy_allowed(const struct psp_config *config, uint64_t policy)
{
    const uint64_t known = PSP_POLICY_ABI_MINOR | PSP_POLICY_ABI_MAJOR | PSP_POLICY_SMT |
                           PSP_POLICY_MUST_BE_ONE | PSP_POLICY_MIGRATE_MA | PSP_POLICY_DEBUG |
                           PSP_POLICY_SINGLE_SOCKET | PSP_POLICY_CXL | PSP_POLICY_RAPL_DIS |
                           PSP_POLICY_CIPHERTEXT_HIDING | PSP_POLICY_PAGE_SWAP_DISABLE;
    unsigned major = (policy & PSP_POLICY_ABI_MAJOR) >> 8, minor = policy & PSP_POLICY_ABI_MINOR;

    if (policy & ~known) /* AES-256-XTS among them: memory is AES-128-XTS */
        return false;
    if (!(policy & PSP_POLICY_MUST_BE_ONE))
        return false;
    if (major > config->version.major ||
        (major == config->version.major && minor > config->version.minor))
        return false;
    if (!(policy & PSP_POLICY_SMT) && (config->platform_info & PSP_PLATFORM_SMT))
        return false;
    if ((policy & PSP_POLICY_RAPL_DIS) && !(config->platform_info & PSP_PLATFORM_RAPL_DIS))
        return false;
    if ((policy & PSP_POLICY_CIPHERTEXT_HIDING) &&
        !(config->platform_info & PSP_PLATFORM_CIPHERTEXT_HIDING))
        return false;
    return true;
}

/* The migration agent must be a running guest that cannot itself be migrated by an agent. */
static enum psp_status agent_check(struct psp *psp, const struct psp_bus *bus,
                                   const struct psp_launch_start *params,
                                   const struct psp_gctx **agent)
{
    struct psp_gctx *found;
    enum psp_status status;

    *agent = NULL;
    if (!params->ma_en)
        return PSP_SUCCESS;
    if (!(params->policy & PSP_POLICY_MIGRATE_MA))
        return PSP_POLICY_FAILURE;
    status = psp_gctx_open(psp, bus, params->ma_gctx_spa, &found);
    if (status != PSP_SUCCESS)
        return status;
    if (found->state != PSP_GUEST_RUNNING)
        return PSP_INVALID_GUEST_STATE;
    if (found->policy & PSP_POLICY_MIGRATE_MA)
        return PSP_POLICY_FAILURE;
    *agent = found;
    return PSP_SUCCESS;
}

/* SEV-SNP ABI 56860, SNP_LAUNCH_START. */
enum psp_status psp_launch_start(struct psp *psp, const struct psp_bus *bus,
                                 const struct psp_launch_start *params)
{
    struct psp_gctx *gctx;
    const struct psp_gctx *agent;
    enum psp_status status = psp_gctx_open(psp, bus, params->gctx_spa, &gctx);

    if (status != PSP_SUCCESS)
        return status;
    if (gctx->state != PSP_GUEST_INIT)
        return PSP_INVALID_GUEST_STATE;
    if (!policy_allowed(&psp->config, params->policy))
        return PSP_POLICY_FAILURE;
    status = agent_check(psp, bus, params, &agent);
    if (status != PSP_SUCCESS)
        return status;

    gctx->policy = params->policy;
    gctx->imi_en = params->imi_en;
    gctx->launch_tcb = psp->config.current_tcb;
    memcpy(gctx->gosvw, params->gosvw, sizeof gctx->gosvw);
    psp_random_draw(&psp->random, "OEK", gctx->oek, sizeof gctx->oek);
    for (unsigned i = 0; i < VMPL_COUNT; i++)
        psp_random_draw(&psp->random, "VMPCK", gctx->vmpck[i], sizeof gctx->vmpck[i]);
    psp_random_draw(&psp->random, "VMRK", gctx->vmrk, sizeof gctx->vmrk);
    psp_random_draw(&psp->random, "REPORT_ID", gctx->report_id, sizeof gctx->report_id);
    memset(gctx->report_id_ma, 0xff, sizeof gctx->report_id_ma);
    if (agent) {
        gctx->ma_gctx_spa = agent->spa;
        memcpy(gctx->report_id_ma, agent->report_id, sizeof gctx->report_id_ma);
    }
    measure_init(&gctx->ld);
    measure_init(&gctx->imd);
    gctx->state = PSP_GUEST_LAUNCH;
    psp_gctx_image_write(psp, bus, gctx);
    return PSP_SUCCESS;
}

static void secrets_fill(const struct psp *psp, const struct psp_gctx *gctx, uint8_t *page)
{
    struct psp_secrets_page secrets = {
        .version = SECRETS_VERSION,
        .imi_en = gctx->imi_en,
        .fms = psp->config.fms,
        .tsc_factor = psp->config.tsc_factor,
    };

    memcpy(secrets.gosvw, gctx->gosvw, sizeof secrets.gosvw);
    memcpy(secrets.vmpck, gctx->vmpck, sizeof secrets.vmpck);
    memcpy(page, &secrets, sizeof secrets);
}

/* With Secure TSC the guest's scale and offset are the firmware's to set. */
static void vmsa_prepare(const struct psp *psp, uint8_t *page)
{
    uint64_t features;

    memcpy(&features, page + VMSA_SEV_FEATURES, sizeof features);
    if (!(features & SEV_FEATURE_SECURE_TSC))
        return;
    bytes_put_le(page + VMSA_TSC_SCALE, psp->config.tsc_scale, 8);
    bytes_put_le(page + VMSA_TSC_OFFSET, psp->config.tsc_offset, 8);
}

static bool cpuid_page_check(const struct psp *psp, uint8_t *bytes)
{
    struct psp_cpuid_page page;
    bool right;

    memcpy(&page, bytes, sizeof page);
    right = page.count <= PSP_CPUID_FUNCTIONS_MAX && page.reserved1 == 0 && page.reserved2 == 0;
    if (page.count > PSP_CPUID_FUNCTIONS_MAX)
        page.count = PSP_CPUID_FUNCTIONS_MAX;
    page.reserved1 = 0;
    page.reserved2 = 0;
    if (!psp_cpuid_check(&psp->config.cpuid, page.fn, page.count, NULL))
        right = false;
    memcpy(bytes, &page, sizeof page);
    return right;
}

/* What the guest finds in the page, from what the hypervisor put there. */
static enum psp_status contents_prepare(const struct psp *psp, const struct psp_bus *bus,
                                        const struct psp_gctx *gctx, enum psp_page_type type,
                                        uint64_t spa, uint8_t page[PAGE_BYTES])
{
    memory_read(bus->memory, spa, ASID_HV, page, PAGE_BYTES);
    switch (type) {
    case PSP_PAGE_NORMAL:
    case PSP_PAGE_UNMEASURED: break;
    case PSP_PAGE_VMSA: vmsa_prepare(psp, page); break;
    case PSP_PAGE_ZERO: memset(page, 0, PAGE_BYTES); break;
    case PSP_PAGE_SECRETS: secrets_fill(psp, gctx, page); break;
    case PSP_PAGE_CPUID:
        if (!cpuid_page_check(psp, page)) {
            memory_write(bus->memory, spa, ASID_HV, page, PAGE_BYTES);
            return PSP_INVALID_PARAM;
        }
        break;
    }
    return PSP_SUCCESS;
}

/* The parameters alone, then the destination against the RMP. */
static enum psp_status update_check(const struct psp_bus *bus, const struct psp_gctx *gctx,
                                    const struct psp_launch_update *params)
{
    const uint8_t perms = params->perms.vmpl1 | params->perms.vmpl2 | params->perms.vmpl3;
    bool small_only = params->page_type == PSP_PAGE_VMSA || params->page_type == PSP_PAGE_SECRETS ||
                      params->page_type == PSP_PAGE_CPUID;
    const struct rmp_entry *entry;

    if (params->page_type < PSP_PAGE_NORMAL || params->page_type > PSP_PAGE_CPUID ||
        (perms & ~RMP_PERM_ALL) || (params->page_size != PAGE_4K && params->page_size != PAGE_2M))
        return PSP_INVALID_PARAM;
    if (params->imi != gctx->imi_en) /* an IMI launch consists of IMI pages, no other has any */
        return PSP_INVALID_PARAM;
    if (params->dst_spa != page_base_of(params->dst_spa, params->page_size) ||
        !rmp_covers(bus->rmp, params->dst_spa, params->page_size) ||
        !memory_holds(bus->memory, params->dst_spa, page_bytes(params->page_size)))
        return PSP_INVALID_ADDRESS;
    entry = rmp_entry_at(bus->rmp, params->dst_spa);
    if (entry->size != params->page_size || (small_only && entry->size != PAGE_4K))
        return PSP_INVALID_PAGE_SIZE;
    if (rmp_state_of(bus->rmp, params->dst_spa) != RMP_STATE_PRE_GUEST)
        return PSP_INVALID_PAGE_STATE;
    if (entry->asid != gctx->asid)
        return PSP_INVALID_PAGE_OWNER;
    return PSP_SUCCESS;
}

/* SEV-SNP ABI 56860, SNP_LAUNCH_UPDATE. */
enum psp_status psp_launch_update(struct psp *psp, const struct psp_bus *bus,
                                  const struct psp_launch_update *params)
{
    struct psp_gctx *gctx;
    struct rmp_entry *entry;
    enum psp_status status = psp_gctx_open(psp, bus, params->gctx_spa, &gctx);

    if (status != PSP_SUCCESS)
        return status;
    if (gctx->state != PSP_GUEST_LAUNCH)
        return PSP_INVALID_GUEST_STATE;
    if (gctx->asid == 0)
        return PSP_INACTIVE;
    status = update_check(bus, gctx, params);
    if (status != PSP_SUCCESS)
        return status;

    entry = rmp_entry_at(bus->rmp, params->dst_spa);
    for (uint64_t at = 0; at < page_bytes(params->page_size); at += PAGE_BYTES) {
        uint8_t contents[PAGE_BYTES];
        const struct measure_page page = {
            .gpa = ((uint64_t)entry->gpn << PAGE_SHIFT) + at,
            .type = params->page_type,
            .imi = params->imi,
            .perms = params->perms,
            .contents = contents,
        };

        /* Only a CPUID page can be refused here, and that is a single chunk. */
        status = contents_prepare(psp, bus, gctx, page.type, params->dst_spa + at, contents);
        if (status != PSP_SUCCESS)
            return status;
        if (measure_add(&gctx->ld, &page) != MEASURE_OK)
            return PSP_INVALID_ADDRESS;
        if (params->imi)
            measure_add(&gctx->imd, &page);
        memory_write(bus->memory, params->dst_spa + at, gctx->asid, contents, sizeof contents);
    }
    entry->validated = 1;
    entry->immutable = 0;
    entry->lock = 0;
    entry->vmsa = params->page_type == PSP_PAGE_VMSA;
    entry->perm[0] = RMP_PERM_ALL;
    entry->perm[1] = params->perms.vmpl1;
    entry->perm[2] = params->perms.vmpl2;
    entry->perm[3] = params->perms.vmpl3;
    return PSP_SUCCESS;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The life of a guest context, its ASID, and pages that go back to the hypervisor. */
#include <string.h>

#include "psp/internal.h"

static bool page_in_memory(const struct psp_bus *bus, uint64_t spa)
{
    return spa == page_base(spa) && memory_holds(bus->memory, spa, PAGE_BYTES);
}

enum psp_status psp_gctx_open(struct psp *psp, const struct psp_bus *bus, uint64_t gctx_spa,
                              struct psp_gctx **gctx)
{
    if (psp->state != PSP_PLATFORM_INIT)
        return PSP_INVALID_PLATFORM_STATE;
    if (!page_in_memory(bus, gctx_spa))
        return PSP_INVALID_ADDRESS;
    if (rmp_state_of(bus->rmp, gctx_spa) != RMP_STATE_CONTEXT)
        return PSP_INVALID_GUEST;
    for (unsigned i = 0; i < PSP_GCTX_MAX; i++) {
        if (psp->gctx[i].used && psp->gctx[i].spa == gctx_spa) {
            *gctx = &psp->gctx[i];
            return PSP_SUCCESS;
        }
    }
    return PSP_INVALID_GUEST;
}

void psp_gctx_image_write(const struct psp *psp, const struct psp_bus *bus,
                          const struct psp_gctx *gctx)
{
    uint8_t image[PAGE_BYTES];

    psp_random_derive(psp->config.seed, "prova context image", gctx->spa | gctx->state, image,
                      sizeof image);
    memory_write(bus->memory, gctx->spa, ASID_HV, image, sizeof image);
}

/* SEV-SNP ABI 56860, SNP_GCTX_CREATE. */
enum psp_status psp_gctx_create(struct psp *psp, const struct psp_bus *bus, uint64_t gctx_spa)
{
    struct rmp_entry *entry;
    struct psp_gctx *gctx = NULL;

    if (psp->state != PSP_PLATFORM_INIT)
        return PSP_INVALID_PLATFORM_STATE;
    if (!page_in_memory(bus, gctx_spa))
        return PSP_INVALID_ADDRESS;
    if (rmp_state_of(bus->rmp, gctx_spa) != RMP_STATE_FIRMWARE)
        return PSP_INVALID_PAGE_STATE;
    entry = rmp_entry_at(bus->rmp, gctx_spa);
    if (entry->size != PAGE_4K)
        return PSP_INVALID_PAGE_SIZE;
    for (unsigned i = 0; i < PSP_GCTX_MAX && !gctx; i++) {
        if (!psp->gctx[i].used)
            gctx = &psp->gctx[i];
    }
    if (!gctx)
        return PSP_RESOURCE_LIMIT;

    memset(gctx, 0, sizeof *gctx);
    gctx->used = true;
    gctx->spa = gctx_spa;
    gctx->state = PSP_GUEST_INIT;
    psp_random_draw(&psp->random, "VEK", gctx->vek, sizeof gctx->vek);
    entry->vmsa = 1;
    psp_gctx_image_write(psp, bus, gctx);
    return PSP_SUCCESS;
}

/* No page may stay readable in the view of a guest that is gone. */
static void asid_pages_seal(struct memory *memory, uint32_t asid)
{
    for (uint64_t spn = 0; spn < memory->bytes >> PAGE_SHIFT; spn++) {
        if (memory->pages[spn].view == asid)
            memory_view_set(memory, spn << PAGE_SHIFT, ASID_HV);
    }
}

/* SEV-SNP ABI 56860, SNP_ACTIVATE. */
enum psp_status psp_activate(struct psp *psp, const struct psp_bus *bus, uint64_t gctx_spa,
                             uint32_t asid)
{
    struct psp_gctx *gctx;
    enum psp_status status = psp_gctx_open(psp, bus, gctx_spa, &gctx);

    if (status != PSP_SUCCESS)
        return status;
    if (gctx->state == PSP_GUEST_INIT)
        return PSP_INVALID_GUEST_STATE;
    if (asid == ASID_HV || asid > MEMORY_ASID_MAX)
        return PSP_INVALID_ASID;
    if (gctx->asid != 0)
        return PSP_ACTIVE;
    for (unsigned i = 0; i < PSP_GCTX_MAX; i++) {
        if (psp->gctx[i].used && psp->gctx[i].asid == asid)
            return PSP_ASID_OWNED;
    }
    if (psp->asids_to_flush >> asid & 1)
        return PSP_DFFLUSH_REQUIRED;

    gctx->asid = asid;
    memory_key_set(bus->memory, asid, gctx->vek);
    return PSP_SUCCESS;
}

/* SEV-SNP ABI 56860, SNP_GUEST_STATUS. */
enum psp_status psp_guest_status(const struct psp *psp, const struct psp_bus *bus,
                                 uint64_t gctx_spa, struct psp_guest_status *out)
{
    const struct psp_gctx *gctx;

    memset(out, 0, sizeof *out);
    if (psp->state != PSP_PLATFORM_INIT)
        return PSP_INVALID_PLATFORM_STATE;
    if (!page_in_memory(bus, gctx_spa))
        return PSP_INVALID_ADDRESS;
    gctx = psp_gctx_find(psp, gctx_spa);
    if (rmp_state_of(bus->rmp, gctx_spa) != RMP_STATE_CONTEXT || !gctx)
        return PSP_INVALID_GUEST;
    out->policy = gctx->policy;
    out->asid = gctx->asid;
    out->state = (uint8_t)gctx->state;
    return PSP_SUCCESS;
}

/* SEV-SNP ABI 56860, SNP_DECOMMISSION. */
enum psp_status psp_decommission(struct psp *psp, const struct psp_bus *bus, uint64_t gctx_spa)
{
    static const uint8_t zeros[PAGE_BYTES];
    struct psp_gctx *gctx;
    enum psp_status status = psp_gctx_open(psp, bus, gctx_spa, &gctx);

    if (status != PSP_SUCCESS)
        return status;
    if (gctx->asid != 0) {
        asid_pages_seal(bus->memory, gctx->asid);
        psp->asids_to_flush |= UINT32_C(1) << gctx->asid;
    }
    rmp_entry_at(bus->rmp, gctx_spa)->vmsa = 0;
    memory_write(bus->memory, gctx_spa, ASID_HV, zeros, sizeof zeros);
    memset(gctx, 0, sizeof *gctx);
    return PSP_SUCCESS;
}

/* SEV-SNP ABI 56860, SNP_PAGE_RECLAIM. */
enum psp_status psp_page_reclaim(struct psp *psp, const struct psp_bus *bus, uint64_t spa,
                                 enum page_size size)
{
    struct rmp_entry *entry;

    if (psp->state != PSP_PLATFORM_INIT)
        return PSP_INVALID_PLATFORM_STATE;
    if (size != PAGE_4K && size != PAGE_2M)
        return PSP_INVALID_PARAM;
    if (spa != page_base_of(spa, size) || !rmp_covers(bus->rmp, spa, size))
        return PSP_INVALID_ADDRESS;
    entry = rmp_entry_at(bus->rmp, spa);
    if (entry->size != size)
        return PSP_INVALID_PAGE_SIZE;
    switch (rmp_state_of(bus->rmp, spa)) {
    case RMP_STATE_PRE_GUEST:
    case RMP_STATE_PRE_SWAP: entry->immutable = 0; return PSP_SUCCESS;
    case RMP_STATE_FIRMWARE:
    case RMP_STATE_METADATA:
        entry->immutable = 0;
        entry->gpn = 0;
        entry->lock = 0;
        return PSP_SUCCESS;
    default: return PSP_INVALID_PAGE_STATE;
    }
}

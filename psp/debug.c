/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SNP_DBG_DECRYPT (SEV-SNP ABI 56860): the plaintext of a guest's page, if its policy allows it. */
#include "psp/internal.h"

enum psp_status psp_dbg_decrypt(struct psp *psp, const struct psp_bus *bus, uint64_t gctx_spa,
                                uint64_t src_spa, uint64_t dst_spa)
{
    uint8_t page[PAGE_BYTES];
    struct psp_gctx *gctx;
    enum psp_status status = psp_gctx_open(psp, bus, gctx_spa, &gctx);

    if (status != PSP_SUCCESS)
        return status;
    if (gctx->state != PSP_GUEST_LAUNCH && gctx->state != PSP_GUEST_RUNNING)
        return PSP_INVALID_GUEST_STATE;
    if (!(gctx->policy & PSP_POLICY_DEBUG))
        return PSP_POLICY_FAILURE;
    if ((src_spa | dst_spa) & PAGE_MASK || !rmp_covers(bus->rmp, src_spa, PAGE_4K) ||
        !rmp_covers(bus->rmp, dst_spa, PAGE_4K) ||
        !memory_holds(bus->memory, src_spa, PAGE_BYTES) ||
        !memory_holds(bus->memory, dst_spa, PAGE_BYTES))
        return PSP_INVALID_ADDRESS;
    switch (rmp_state_of(bus->rmp, src_spa)) {
    case RMP_STATE_PRE_GUEST:
    case RMP_STATE_GUEST_INVALID:
    case RMP_STATE_GUEST_VALID: break;
    default: return PSP_INVALID_PAGE_STATE;
    }
    if (rmp_state_of(bus->rmp, dst_spa) != RMP_STATE_FIRMWARE)
        return PSP_INVALID_PAGE_STATE;
    if (gctx->asid == 0)
        return PSP_INACTIVE;
    if (rmp_entry_at(bus->rmp, src_spa)->asid != gctx->asid)
        return PSP_INVALID_PAGE_OWNER;
    memory_peek(bus->memory, src_spa, gctx->asid, page, sizeof page);
    memory_write(bus->memory, dst_spa, ASID_HV, page, sizeof page);
    return PSP_SUCCESS;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/pvalidate.h"

#include "monitor/defect.h"
#include "monitor/insn.h"
#include "monitor/snp.h"
#include "monitor/terminate.h"

enum { RMPADJUST_PERMISSIONS_SHIFT = 8 };
#define RMPADJUST_VMSA (UINT64_C(1) << 16)

/* False on SIZEMISMATCH of a 2 MiB operand; anything else but success ends the machine. */
static bool validated_set(void *page, uint32_t size, bool validate)
{
    struct pvalidate_result result = insn_pvalidate((uint64_t)page, size, validate);
    if (result.code == RMP_CODE_SIZE_MISMATCH && size == PAGE_2M) {
        return false;
    }
    if (result.code != RMP_CODE_OK) {
        terminate_because(TERMINATE_PVALIDATE, "PVALIDATE failed, code", result.code);
    }
    if (result.carry) {
        terminate_because(TERMINATE_PVALIDATE_CARRY,
                          validate ? "page is validated already" : "page is not validated",
                          (uint64_t)page);
    }
    return true;
}

void page_validate(void *page)
{
    validated_set(page, PAGE_4K, true);
}

void page_invalidate(void *page)
{
    validated_set(page, PAGE_4K, false);
}

bool large_page_validate(void *page)
{
    return validated_set(page, PAGE_2M, true);
}

bool large_page_invalidate(void *page)
{
    return validated_set(page, PAGE_2M, false);
}

void page_scrub(void *page)
{
    insn_rep_stosq_zero(page, PAGE_BYTES / 8);
}

void large_page_scrub(void *page)
{
    insn_rep_stosq_zero(page, LARGE_PAGE_BYTES / 8);
}

static bool attributes_set(void *page, uint32_t size, uint64_t attributes)
{
    uint32_t code = insn_rmpadjust((uint64_t)page, size, attributes);
    if (code == RMP_CODE_SIZE_MISMATCH && size == PAGE_2M) {
        return false;
    }
    if (code != RMP_CODE_OK) {
        terminate_because(TERMINATE_RMPADJUST, "RMPADJUST failed, code", code);
    }
    return true;
}

void page_permit(void *page, unsigned vmpl, unsigned permissions)
{
    attributes_set(page, PAGE_4K, vmpl | permissions << RMPADJUST_PERMISSIONS_SHIFT);
}

bool large_page_permit(void *page, unsigned vmpl, unsigned permissions)
{
    return attributes_set(page, PAGE_2M, vmpl | permissions << RMPADJUST_PERMISSIONS_SHIFT);
}

void page_revoke(void *page)
{
    for (unsigned vmpl = 1; vmpl < VMPL_COUNT; vmpl++) {
        page_permit(page, vmpl, VMPL_NOTHING);
    }
}

bool large_page_revoke(void *page)
{
    for (unsigned vmpl = 1; vmpl < VMPL_COUNT; vmpl++) {
        if (!large_page_permit(page, vmpl, VMPL_NOTHING)) {
            return false;
        }
    }
    return true;
}

static void vmsa_set(void *page, uint64_t target)
{
    page_revoke(page);
    if (monitor_defect == DEFECT_HALF_REVOKE) {
        target = 3 | VMPL_READ << RMPADJUST_PERMISSIONS_SHIFT;
    } else if (monitor_defect == DEFECT_OPEN_VMSA) {
        target = 3 | (VMPL_READ | VMPL_WRITE) << RMPADJUST_PERMISSIONS_SHIFT;
    }
    attributes_set(page, PAGE_4K, target | RMPADJUST_VMSA);
}

void page_make_vmsa(void *page)
{
    /* The instruction sets the mask of its target VMPL too, so it names one with an empty mask. */
    vmsa_set(page, 1);
}

void page_make_vmsa_of(void *page, unsigned reader)
{
    vmsa_set(page, reader | VMPL_READ << RMPADJUST_PERMISSIONS_SHIFT);
}

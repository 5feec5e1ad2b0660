/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Page-state change, 56421 sections 2.3.1 and 4.1.6: private pages are assigned to the guest,
 * shared ones are the hypervisor's; the nested mapping follows the RMP entry's size.
 */
#include <string.h>

#include "emu/honest_internal.h"

enum { PSC_PAGES_4K_IN_2M = 512 };

/* The hypervisor knows the RMP it wrote; RMPREAD tells it the same. */
static struct rmp_operand entry_read(struct machine *machine, uint64_t spa)
{
    struct rmp_operand entry = {0};
    hv_rmpread(machine, spa, &entry);
    return entry;
}

/* Splits the 2 MiB page that holds gpa, if it is one, in RMP and nested page table. */
static bool split(struct machine *machine, uint64_t gpa, uint64_t spa)
{
    uint64_t base = page_base_of(spa, PAGE_2M);
    struct rmp_operand entry = entry_read(machine, base);
    if (entry.assigned && entry.size == PAGE_2M && hv_psmash(machine, base) != RMP_RC_SUCCESS)
        return false;
    struct npt_mapping map = hv_npt_lookup(machine, gpa);
    if (!map.present || map.size != PAGE_2M)
        return true;
    return hv_npt_map(machine, page_base(gpa), spa, PAGE_4K, map.flags) == HV_OK;
}

static bool private_one(struct machine *machine, uint64_t gpa, uint64_t spa, enum page_size size)
{
    struct rmp_operand entry = entry_read(machine, spa);
    if (entry.assigned && entry.asid == hv_asid(machine) && entry.gpa == gpa && entry.size == size)
        return true; /* it is already */
    const struct rmp_operand operand = {
        .gpa = gpa, .assigned = 1, .size = size & 1, .asid = hv_asid(machine)};
    return hv_rmpupdate(machine, spa, &operand) == RMP_RC_SUCCESS &&
           hv_npt_map(machine, gpa, spa, size, NPT_RWX) == HV_OK;
}

static bool shared_one(struct machine *machine, uint64_t gpa, uint64_t spa, enum page_size size)
{
    const struct rmp_operand operand = {0};
    if (entry_read(machine, spa).assigned && hv_rmpupdate(machine, spa, &operand) != RMP_RC_SUCCESS)
        return false;
    return hv_npt_map(machine, gpa, spa, size, NPT_R | NPT_W) == HV_OK;
}

static bool change_4k(struct machine *machine, uint64_t gpa, uint8_t op)
{
    uint64_t spa = honest_spa_of(machine, gpa);
    if (!split(machine, gpa, spa))
        return false;
    return op == PSC_PRIVATE ? private_one(machine, gpa, spa, PAGE_4K)
                             : shared_one(machine, gpa, spa, PAGE_4K);
}

static bool change_2m(struct machine *machine, uint64_t gpa, uint8_t op)
{
    uint64_t spa = honest_spa_of(machine, gpa);
    struct rmp_operand entry = entry_read(machine, spa);
    bool whole =
        entry.assigned ? entry.size == PAGE_2M : rmp_hypervisor_owned(&machine->rmp, spa, PAGE_2M);
    if (whole && op == PSC_PRIVATE)
        return private_one(machine, gpa, spa, PAGE_2M);
    if (whole && entry.assigned) {
        const struct rmp_operand operand = {.size = PAGE_2M};
        return hv_rmpupdate(machine, spa, &operand) == RMP_RC_SUCCESS &&
               hv_npt_map(machine, gpa, spa, PAGE_2M, NPT_R | NPT_W) == HV_OK;
    }
    for (uint64_t offset = 0; offset < PAGE_BYTES_2M; offset += PAGE_BYTES)
        if (!change_4k(machine, gpa + offset, op))
            return false;
    return true;
}

bool honest_psc_one(struct machine *machine, uint64_t gpa, enum page_size size, uint8_t op)
{
    if (machine->acting_cpu >= 0)
        machine->processor[machine->acting_cpu].clock.cycles += COST_PSC_CYCLES;
    if (gpa & (page_bytes(size) - 1) || !honest_is_ram(machine, gpa, page_bytes(size)))
        return false;
    switch (op) {
    case PSC_PRIVATE:
    case PSC_SHARED:
        return size == PAGE_2M ? change_2m(machine, gpa, op) : change_4k(machine, gpa, op);
    case PSC_PSMASH: return size == PAGE_2M && split(machine, gpa, honest_spa_of(machine, gpa));
    default: return false; /* UNSMASH is the firmware's; a hypervisor may refuse it */
    }
}

/* SW_EXITINFO2 of a refused list: bad header, bad entry, or any other reason. */
#define PSC_ERROR_HEADER  (UINT64_C(1) << 32 | 1)
#define PSC_ERROR_ENTRY   (UINT64_C(1) << 32 | 2)
#define PSC_ERROR_GENERIC (UINT64_C(0x100) << 32)

uint64_t honest_psc_list(struct machine *machine, struct ghcb *ghcb)
{
    struct psc_list list;
    memcpy(&list, ghcb->shared, sizeof(list));
    uint64_t result = 0;
    if (list.cur_entry >= PSC_ENTRIES_MAX || list.end_entry >= PSC_ENTRIES_MAX || list.reserved)
        return PSC_ERROR_HEADER;
    while (list.cur_entry <= list.end_entry && result == 0) {
        uint64_t *entry = &list.entry[list.cur_entry];
        enum page_size size = *entry >> 56 & 1 ? PAGE_2M : PAGE_4K;
        uint64_t pages = size == PAGE_2M ? PSC_PAGES_4K_IN_2M : 1;
        uint64_t gpa = *entry & UINT64_C(0x000ffffffffff000);
        if (*entry >> 57 || (*entry & PAGE_MASK) > pages)
            result = PSC_ERROR_ENTRY;
        else if (!honest_psc_one(machine, gpa, size, *entry >> 52 & 0xf))
            result = PSC_ERROR_GENERIC;
        else {
            *entry = (*entry & ~PAGE_MASK) | pages;
            list.cur_entry++;
        }
    }
    memcpy(ghcb->shared, &list, sizeof(list));
    return result;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Nested page faults of an honest host: a page of guest RAM that is not mapped gets its mapping, a
 * device's page the one that makes it MMIO, a page whose RMP entry and nested mapping differ in
 * size is smashed, a private access to a page that nobody has is given the page (guest memory is
 * private by default), and a VMSA that runs on another processor is taken out of the guest, so that
 * the store to its page can be done. Everything else is not the hypervisor's to repair: it lets the
 * guest try again, and the stuck rule ends the run.
 */
#include "emu/honest_internal.h"
#include "rmp/access.h"

/* The entry that counts for the page: a 2 MiB entry stands at the first of its 512 pages. */
static struct rmp_operand entry_of(struct machine *machine, uint64_t spa)
{
    struct rmp_operand entry = {0};
    hv_rmpread(machine, page_base_of(spa, PAGE_2M), &entry);
    if (!entry.assigned || entry.size != PAGE_2M)
        hv_rmpread(machine, spa, &entry);
    return entry;
}

static void map_again(struct machine *machine, uint64_t gpa, uint64_t spa,
                      const struct rmp_operand *entry)
{
    enum page_size size = entry->assigned && entry->size == PAGE_2M ? PAGE_2M : PAGE_4K;
    hv_npt_map(machine, page_base_of(gpa, size), page_base_of(spa, size), size, NPT_RWX);
}

/* APM 2 15.36.12: the page of a VMSA that runs is in use; it is free once that one has left. */
static void vmsa_kick(struct machine *machine, uint32_t faulting_cpu, uint64_t spa)
{
    for (uint32_t cpu = 0; cpu < machine->cpus; cpu++)
        if (cpu != faulting_cpu && machine->processor[cpu].state == PROCESSOR_GUEST &&
            honest_next_vmsa(machine, cpu) == spa)
            hv_kick(machine, cpu);
}

/* A page of a device: a reserved bit in its mapping makes every access the guest's own #VC. */
static void device_map(struct machine *machine, uint64_t gpa)
{
    if (!hv_npt_lookup(machine, gpa).present)
        hv_npt_map(machine, gpa, 0, PAGE_4K, NPT_RSVD);
}

void honest_npf(struct machine *machine, const struct hv_exit *exit)
{
    uint64_t gpa = page_base(exit->info2);
    uint64_t spa = honest_spa_of(machine, gpa);
    if (spa == UINT64_MAX && device_mmio_has(machine, gpa, PAGE_BYTES)) {
        device_map(machine, gpa);
        return;
    }
    if (spa == UINT64_MAX)
        return;
    struct rmp_operand entry = entry_of(machine, spa);
    struct npt_mapping map = hv_npt_lookup(machine, gpa);
    if (!map.present) {
        map_again(machine, gpa, spa, &entry);
    } else if ((exit->info1 & (NPF_SIZEM | NPF_RMP)) && entry.assigned &&
               (entry.size == PAGE_2M || map.size == PAGE_2M)) {
        honest_psc_one(machine, page_base_of(gpa, PAGE_2M), PAGE_2M, PSC_PSMASH);
    } else if ((exit->info1 & NPF_RMP) && (exit->info1 & NPF_ENC) && !entry.assigned) {
        honest_psc_one(machine, gpa, PAGE_4K, PSC_PRIVATE);
    } else if (exit->info1 & NPF_RMP) {
        vmsa_kick(machine, exit->cpu, spa);
    }
}

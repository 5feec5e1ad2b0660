/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/pcr.h"

#include "monitor/hash.h"
#include "monitor/lib/string.h"
#include "monitor/monitor.h"

void pcr_start(struct cpu *cpu)
{
    struct monitor *monitor = cpu->monitor;
    struct hash hash;
    lock_init(&monitor->pcr.lock, LOCK_PCR);
    hash_start(&hash);
    for (uint32_t i = 0; i < monitor->info.range_count; i++) {
        const struct launch_range *range = &monitor->info.range[i];
        hash_u64(&hash, range->gpa);
        hash_u64(&hash, range->bytes);
        for (uint64_t gpa = range->gpa; gpa < range->gpa + range->bytes; gpa += PAGE_BYTES) {
            const void *page = window_map(&monitor->space, cpu->index, WINDOW_COPY, gpa);
            hash_update(&hash, page, PAGE_BYTES);
            window_unmap(&monitor->space, cpu->index, WINDOW_COPY);
        }
    }
    hash_u64(&hash, monitor->info.guest_entry);
    hash_u64(&hash, monitor->info.guest_vmpl);
    hash_finish(&hash, monitor->pcr.value);
}

void pcr_extend(struct pcr *pcr, const uint8_t data[SVSM_PCR_BYTES])
{
    struct hash hash;
    lock_acquire(&pcr->lock);
    hash_start(&hash);
    hash_update(&hash, pcr->value, SVSM_PCR_BYTES);
    hash_update(&hash, data, SVSM_PCR_BYTES);
    hash_finish(&hash, pcr->value);
    pcr->extensions++;
    lock_release(&pcr->lock);
}

uint64_t pcr_read(struct pcr *pcr, uint8_t value[SVSM_PCR_BYTES])
{
    lock_acquire(&pcr->lock);
    memcpy(value, pcr->value, SVSM_PCR_BYTES);
    uint64_t extensions = pcr->extensions;
    lock_release(&pcr->lock);
    return extensions;
}

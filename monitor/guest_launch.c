/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/guest_launch.h"

#include "monitor/ap.h"
#include "monitor/guest_abi.h"
#include "monitor/guest_vmsa.h"
#include "monitor/launch_check.h"
#include "monitor/layout.h"
#include "monitor/lib/string.h"
#include "monitor/monitor.h"
#include "monitor/pvalidate.h"
#include "monitor/secrets.h"
#include "monitor/terminate.h"
#include "monitor/vcpu.h"

/* The boot block, page by page. */
enum boot_page {
    BOOT_PAGE_INFO,
    BOOT_PAGE_SECRETS,
    BOOT_PAGE_CPUID,
    BOOT_PAGE_CALLING_AREA,
    BOOT_PAGE_LEVEL4,
    BOOT_PAGE_LEVEL3,
    BOOT_PAGE_LEVEL2, /* four, 1 GiB each */
    BOOT_PAGES = BOOT_PAGE_LEVEL2 + 4,
};
_Static_assert((int)BOOT_PAGES == (int)LAUNCH_BLOCK_PAGES, "launch_check.h");

enum { PTE_PRESENT_WRITE = 3, PTE_LARGE = 0x80, TABLE_ENTRIES = 512 };

/* The highest BOOT_PAGES pages in a row below 4 GiB that are guest memory and not its image. */
static uint64_t boot_block_find(struct cpu *cpu)
{
    const struct monitor *monitor = cpu->monitor;
    uint64_t gpn = monitor->pages.count;
    if (gpn > LAUNCH_BLOCK_LIMIT_BYTES >> PAGE_SHIFT) {
        gpn = LAUNCH_BLOCK_LIMIT_BYTES >> PAGE_SHIFT;
    }
    for (unsigned run = 0; gpn > 0;) {
        gpn--;
        bool usable = page_states_get(&monitor->pages, gpn) == PAGE_PRIVATE &&
                      !launch_info_in_image(&monitor->info, gpn << PAGE_SHIFT);
        run = usable ? run + 1 : 0;
        if (run == BOOT_PAGES) {
            return gpn << PAGE_SHIFT;
        }
    }
    terminate_because(TERMINATE_NO_MEMORY, "no guest memory for boot pages", BOOT_PAGES);
}

static uint64_t boot_page_gpa(uint64_t block, unsigned page)
{
    return block + page * PAGE_BYTES;
}

static void *boot_page_map(struct cpu *cpu, uint64_t block, unsigned page)
{
    return window_map(&cpu->monitor->space, cpu->index, WINDOW_COPY, boot_page_gpa(block, page));
}

static void boot_page_unmap(struct cpu *cpu)
{
    window_unmap(&cpu->monitor->space, cpu->index, WINDOW_COPY);
}

static void page_tables_write(struct cpu *cpu, uint64_t block)
{
    uint64_t flags = cpu->monitor->space.c_bit_mask | PTE_PRESENT_WRITE;
    uint64_t *table = boot_page_map(cpu, block, BOOT_PAGE_LEVEL4);
    table[0] = boot_page_gpa(block, BOOT_PAGE_LEVEL3) | flags;
    boot_page_unmap(cpu);
    table = boot_page_map(cpu, block, BOOT_PAGE_LEVEL3);
    for (unsigned i = 0; i < 4; i++) {
        table[i] = boot_page_gpa(block, BOOT_PAGE_LEVEL2 + i) | flags;
    }
    boot_page_unmap(cpu);
    for (uint64_t i = 0; i < 4; i++) {
        table = boot_page_map(cpu, block, BOOT_PAGE_LEVEL2 + (unsigned)i);
        for (uint64_t j = 0; j < TABLE_ENTRIES; j++) {
            table[j] = (i * TABLE_ENTRIES + j) * LARGE_PAGE_BYTES | flags | PTE_LARGE;
        }
        boot_page_unmap(cpu);
    }
}

static void boot_info_write(struct cpu *cpu, uint64_t block)
{
    const struct monitor *monitor = cpu->monitor;
    struct guest_boot *boot = boot_page_map(cpu, block, BOOT_PAGE_INFO);
    boot->magic = GUEST_BOOT_MAGIC;
    boot->version = GUEST_BOOT_VERSION;
    boot->vmpl = monitor->info.guest_vmpl;
    boot->c_bit = monitor->c_bit;
    boot->vcpu_count = monitor->params.vcpu_count;
    memcpy(boot->apic_id, monitor->params.apic_id, sizeof boot->apic_id);
    boot->block_gpa = block;
    boot->block_bytes = BOOT_PAGES * PAGE_BYTES;
    boot->secrets_gpa = boot_page_gpa(block, BOOT_PAGE_SECRETS);
    boot->cpuid_gpa = boot_page_gpa(block, BOOT_PAGE_CPUID);
    boot->calling_area_gpa = boot_page_gpa(block, BOOT_PAGE_CALLING_AREA);
    boot->page_tables_gpa = boot_page_gpa(block, BOOT_PAGE_LEVEL4);
    boot->monitor_gpa = monitor->info.monitor_gpa;
    boot->monitor_bytes = monitor->info.monitor_bytes;
    boot->range_count = monitor->params.range_count;
    memcpy(boot->range, monitor->params.range, sizeof boot->range);
    boot_page_unmap(cpu);

    struct secrets_page *secrets = boot_page_map(cpu, block, BOOT_PAGE_SECRETS);
    secrets_copy_for_guest(cpu, secrets, boot_page_gpa(block, BOOT_PAGE_CALLING_AREA));
    boot_page_unmap(cpu);
    void *cpuid = boot_page_map(cpu, block, BOOT_PAGE_CPUID);
    memcpy(cpuid, layout_launch_cpuid, PAGE_BYTES);
    boot_page_unmap(cpu);
}

void guest_launch(struct cpu *cpu)
{
    struct monitor *monitor = cpu->monitor;
    uint64_t wanted = monitor->info.guest_block_gpa;
    uint64_t block = wanted != 0 ? wanted : boot_block_find(cpu);
    page_tables_write(cpu, block);
    boot_info_write(cpu, block);
    secrets_wipe();

    uint64_t area_gpa = boot_page_gpa(block, BOOT_PAGE_CALLING_AREA);
    page_states_set(&monitor->pages, area_gpa >> PAGE_SHIFT, 1, PAGE_CALLING_AREA);

    struct vmsa *vmsa = cpu->spare_vmsa;
    const struct guest_start start = {
        .entry = monitor->info.guest_entry,
        .cr3 = boot_page_gpa(block, BOOT_PAGE_LEVEL4) | monitor->space.c_bit_mask,
        .rdi = block,
        .rsi = monitor->info.guest_boot_gpa,
        .code_selector = GUEST_SELECTOR_CODE,
        .data_selector = GUEST_SELECTOR_DATA,
        .vmpl = (uint8_t)monitor->info.guest_vmpl,
        .sev_features = monitor->info.guest_sev_features,
    };
    guest_vmsa_init(vmsa, &start);
    page_make_vmsa(vmsa);
    vcpu_claim(cpu);
    vcpu_attach_claimed(cpu, cpu, (uint64_t)vmsa, area_gpa);
    ap_announce_vcpu(cpu, cpu);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/pagetable.h"

#include "monitor/defect.h"
#include "monitor/insn.h"
#include "monitor/layout.h"
#include "monitor/snp.h"
#include "monitor/terminate.h"

/* Page-table entry, APM 2 5.3. A and D are set from the start: the processor never writes a table.
   */
#define PTE_PRESENT    (UINT64_C(1) << 0)
#define PTE_WRITE      (UINT64_C(1) << 1)
#define PTE_ACCESSED   (UINT64_C(1) << 5)
#define PTE_DIRTY      (UINT64_C(1) << 6)
#define PTE_LARGE      (UINT64_C(1) << 7)
#define PTE_NO_EXECUTE (UINT64_C(1) << 63)
#define PTE_TABLE      (PTE_PRESENT | PTE_WRITE | PTE_ACCESSED)

#define WINDOW_GVA UINT64_C(0x8000000000)
enum { WINDOW_LEVEL4_INDEX = 1 };

static struct address_space_tables tables __attribute__((aligned(4096), section(".bss.page")));

static uint64_t table_entry(const struct address_space *space, const void *table)
{
    return (uint64_t)table | space->c_bit_mask | PTE_TABLE;
}

static uint64_t page_entry(const struct address_space *space, uint64_t gpa, enum page_access access,
                           bool encrypted)
{
    uint64_t entry = gpa | PTE_PRESENT | PTE_ACCESSED;
    switch (access) {
    case PAGE_ACCESS_NONE: return 0;
    case PAGE_ACCESS_READ: entry |= PTE_NO_EXECUTE; break;
    case PAGE_ACCESS_READ_EXECUTE: break;
    case PAGE_ACCESS_READ_WRITE: entry |= PTE_WRITE | PTE_DIRTY | PTE_NO_EXECUTE; break;
    }
    return encrypted ? entry | space->c_bit_mask : entry;
}

/* The compiler must store an entry whole and once. */
static void entry_store(uint64_t *entry, uint64_t value)
{
    *(volatile uint64_t *)entry = value;
}

static uint64_t *monitor_entry(struct address_space *space, uint64_t page_gpa)
{
    uint64_t start = (uint64_t)layout_memory_start;
    if (page_gpa < start || page_gpa >= (uint64_t)layout_memory_end) {
        terminate_because(TERMINATE_ASSERT, "not monitor memory", page_gpa);
    }
    uint64_t index = (page_gpa - start) >> PAGE_SHIFT;
    return &space->tables->level1[index / ADDRESS_SPACE_ENTRIES][index % ADDRESS_SPACE_ENTRIES];
}

void address_space_set(struct address_space *space, uint64_t page_gpa, enum page_access access,
                       bool encrypted)
{
    entry_store(monitor_entry(space, page_gpa), page_entry(space, page_gpa, access, encrypted));
    insn_invlpg(page_gpa);
}

static void range_map(struct address_space *space, const uint8_t *start, const uint8_t *end,
                      enum page_access access)
{
    for (uint64_t gpa = (uint64_t)start; gpa < (uint64_t)end; gpa += PAGE_BYTES) {
        entry_store(monitor_entry(space, gpa), page_entry(space, gpa, access, true));
    }
}

void address_space_init(struct address_space *space, unsigned c_bit)
{
    space->tables = &tables;
    space->c_bit_mask = UINT64_C(1) << c_bit;

    _Static_assert(sizeof tables.level1 / 4096 == ADDRESS_SPACE_MONITOR_TABLES, "4 tables");
    uint64_t first = (uint64_t)layout_memory_start / LARGE_PAGE_BYTES;
    for (unsigned i = 0; i < ADDRESS_SPACE_MONITOR_TABLES; i++) {
        tables.level2[first + i] = table_entry(space, tables.level1[i]);
    }
    tables.level3[0] = table_entry(space, tables.level2);
    tables.level4[0] = table_entry(space, tables.level3);
    tables.window_level2[0] = table_entry(space, tables.window_level1);
    tables.window_level3[0] = table_entry(space, tables.window_level2);
    tables.level4[WINDOW_LEVEL4_INDEX] = table_entry(space, tables.window_level3);

    range_map(space, layout_text_start, layout_text_end, PAGE_ACCESS_READ_EXECUTE);
    range_map(space, layout_rodata_start, layout_rodata_end, PAGE_ACCESS_READ);
    range_map(space, layout_data_start, layout_data_end, PAGE_ACCESS_READ_WRITE);
    range_map(space, layout_launch_info, layout_launch_info + PAGE_BYTES, PAGE_ACCESS_READ);
    range_map(space, layout_launch_params, layout_launch_params + PAGE_BYTES, PAGE_ACCESS_READ);
    range_map(space, layout_launch_cpuid, layout_launch_cpuid + PAGE_BYTES, PAGE_ACCESS_READ);
    range_map(space, layout_launch_secrets, layout_launch_secrets + PAGE_BYTES,
              PAGE_ACCESS_READ_WRITE);
    range_map(space, boot_stack_guard, boot_stack_guard + PAGE_BYTES, PAGE_ACCESS_NONE);

    /* The table base of CR3 is always private; its C-bit is set as all documentation shows it. */
    insn_cr3_set((uint64_t)tables.level4 | space->c_bit_mask);
}

static uint64_t slot_index(uint32_t cpu, enum window_slot slot)
{
    return (uint64_t)cpu * WINDOW_SLOTS_PER_CPU + slot;
}

static uint64_t slot_gva(uint32_t cpu, enum window_slot slot)
{
    return WINDOW_GVA + slot_index(cpu, slot) * PAGE_BYTES;
}

static void *window_store(uint64_t *entry, uint64_t value, uint64_t gva)
{
    if (*entry != 0) {
        terminate_because(TERMINATE_ASSERT, "window in use", gva);
    }
    entry_store(entry, value);
    insn_invlpg(gva);
    return (void *)gva;
}

void *window_map(struct address_space *space, uint32_t cpu, enum window_slot slot, uint64_t gpa)
{
    uint64_t entry = page_entry(space, gpa, PAGE_ACCESS_READ_WRITE, true);
    if (monitor_defect == DEFECT_GUEST_CODE) {
        entry &= ~PTE_NO_EXECUTE;
    }
    return window_store(&space->tables->window_level1[slot_index(cpu, slot)], entry,
                        slot_gva(cpu, slot));
}

void window_unmap(struct address_space *space, uint32_t cpu, enum window_slot slot)
{
    entry_store(&space->tables->window_level1[slot_index(cpu, slot)], 0);
    insn_invlpg(slot_gva(cpu, slot));
}

void *window_map_large(struct address_space *space, uint32_t cpu, uint64_t gpa)
{
    uint64_t entry = page_entry(space, gpa, PAGE_ACCESS_READ_WRITE, true) | PTE_LARGE;
    return window_store(&space->tables->window_level2[1 + cpu], entry,
                        WINDOW_GVA + (1 + (uint64_t)cpu) * LARGE_PAGE_BYTES);
}

void window_unmap_large(struct address_space *space, uint32_t cpu)
{
    entry_store(&space->tables->window_level2[1 + cpu], 0);
    insn_invlpg(WINDOW_GVA + (1 + (uint64_t)cpu) * LARGE_PAGE_BYTES);
}

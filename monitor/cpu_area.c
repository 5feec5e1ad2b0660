/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/cpu_area.h"

#include "monitor/insn.h"
#include "monitor/monitor.h"
#include "monitor/terminate.h"

enum { GDT_TSS_INDEX = SELECTOR_TSS / 8, RANDOM_TRIES = 10 };

static uint64_t random_canary(void)
{
    uint64_t value;
    for (unsigned i = 0; i < RANDOM_TRIES; i++) {
        if (insn_rdrand(&value)) {
            return value & ~UINT64_C(0xff); /* a zero byte stops string overruns */
        }
    }
    terminate_because(TERMINATE_NO_RANDOM, "RDRAND gives nothing", 0);
}

/* Descriptor of a 64-bit TSS in two entries, APM 2 4.8.3. Type 9: available. */
static void gdt_set_tss(struct cpu *cpu)
{
    uint64_t base = (uint64_t)&cpu->tss;
    uint64_t limit = sizeof cpu->tss - 1;
    cpu->gdt[GDT_TSS_INDEX] =
        limit | (base & 0xffffff) << 16 | UINT64_C(0x89) << 40 | (base >> 24 & 0xff) << 56;
    cpu->gdt[GDT_TSS_INDEX + 1] = base >> 32;
}

struct cpu *cpu_area_create(struct monitor *monitor, uint32_t index, uint32_t apic_id)
{
    struct cpu *cpu = heap_pages(monitor, 1);
    cpu->self = cpu;
    cpu->monitor = monitor;
    cpu->index = index;
    cpu->apic_id = apic_id;
    cpu->canary = random_canary();
    lock_init(&cpu->vcpu.lock, LOCK_VCPU);

    uint8_t *stack = heap_pages(monitor, CPU_STACK_PAGES);
    cpu->stack_top = (uint64_t)(stack + CPU_STACK_PAGES * PAGE_BYTES);
    for (unsigned i = 0; i < CPU_IST_COUNT; i++) {
        uint8_t *ist_stack = heap_pages(monitor, CPU_IST_PAGES);
        uint64_t top = (uint64_t)(ist_stack + CPU_IST_PAGES * PAGE_BYTES);
        cpu->tss.ist[2 * i] = (uint32_t)top;
        cpu->tss.ist[2 * i + 1] = (uint32_t)(top >> 32);
    }
    cpu->tss.io_map_base = sizeof cpu->tss;
    cpu->gdt[SELECTOR_CODE / 8] = UINT64_C(0x00af9b000000ffff);
    cpu->gdt[SELECTOR_DATA / 8] = UINT64_C(0x00cf93000000ffff);
    gdt_set_tss(cpu);
    return cpu;
}

__attribute__((no_stack_protector)) void cpu_area_use(struct cpu *cpu)
{
    const struct insn_table_register gdt = {
        .limit = sizeof cpu->gdt - 1,
        .base = (uint64_t)cpu->gdt,
    };
    /* The new table has the same code and data descriptors, so the segments stay loaded. */
    insn_lgdt(&gdt);
    insn_ltr(SELECTOR_TSS);
    insn_wrmsr(MSR_FS_BASE, (uint64_t)cpu);
}

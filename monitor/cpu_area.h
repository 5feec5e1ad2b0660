/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Everything that belongs to one processor. FS points at its `struct cpu`: the first word finds the
 * area, offset 0x28 is the stack protector's canary (the ABI's place, which the crypto library
 * uses too).
 *
 * cpu_boot in boot.S serves until cpu_area_create() has made the real one from the heap:
 *
 *   | guard | stack 16 KiB | guard | IST stacks, 3 x (8 KiB + guard) |
 */
#ifndef MONITOR_CPU_AREA_H
#define MONITOR_CPU_AREA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "monitor/snp.h"

struct monitor;
struct ghcb_page;

enum {
    CPU_STACK_PAGES = 4,
    CPU_IST_PAGES = 2,
    CPU_IST_COUNT = 3, /* 1: #DF, NMI, #MC; 2: #VC; 3: #HV */
    CPU_GDT_ENTRIES = 5,
    SELECTOR_CODE = 0x08,
    SELECTOR_DATA = 0x10,
    SELECTOR_TSS = 0x18,
};

/* 64-bit task-state segment, APM 2 12.2.5. */
struct cpu_tss {
    uint32_t reserved_00;
    uint32_t rsp[6];
    uint32_t reserved_1c[2];
    uint32_t ist[14];
    uint32_t reserved_5c[2];
    uint16_t reserved_64;
    uint16_t io_map_base;
} __attribute__((packed));
_Static_assert(sizeof(struct cpu_tss) == 104, "64-bit TSS");

struct cpu {
    struct cpu *self;
    struct monitor *monitor;
    uint32_t index;
    uint32_t apic_id;
    uint32_t locks_held; /* bit per lock rank */
    bool ending;         /* on the way to termination */
    bool has_console;
    uint8_t reserved_1e[10];
    uint64_t canary;
    volatile struct ghcb_page *ghcb; /* shared; NULL until registered */
    uint64_t ghcb_gpa;
    uint16_t ghcb_version;
    struct vmsa *guest_vmsa;   /* monitor memory; NULL if no guest runs here */
    uint64_t calling_area_gpa; /* the guest's, 0 = none */
    uint64_t stack_top;
    uint64_t gdt[CPU_GDT_ENTRIES];
    struct cpu_tss tss;
};
_Static_assert(offsetof(struct cpu, self) == 0, "boot.S and cpu_self()");
_Static_assert(offsetof(struct cpu, canary) == 0x28, "x86-64 ABI: canary at FS:0x28");
_Static_assert(sizeof(struct cpu) <= PAGE_BYTES, "one page");

static inline struct cpu *cpu_self(void)
{
    struct cpu *cpu;
    __asm__ volatile("mov %%fs:0, %0" : "=r"(cpu));
    return cpu;
}

/* Makes the area of a processor, with guarded stacks and its TSS. Terminates if memory runs out. */
struct cpu *cpu_area_create(struct monitor *monitor, uint32_t index, uint32_t apic_id);

/* Makes it the running processor's: GDT, TSS, FS base. The canary of the caller's frame changes, so
 * the caller must not return; it goes on with cpu_stack_enter(). */
void cpu_area_use(struct cpu *cpu);

/* Calls entry(cpu) on the area's own stack; does not come back. boot.S */
_Noreturn void cpu_stack_enter(struct cpu *cpu, uint64_t stack_top, void (*entry)(struct cpu *));

#endif

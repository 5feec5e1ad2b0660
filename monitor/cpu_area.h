/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Everything that belongs to one processor. FS points at its `struct cpu`: the first word finds the
 * area, offset 0x28 is the stack protector's canary (the ABI's place, which the crypto library
 * uses too).
 *
 * cpu_boot in boot.S serves until cpu_area_create() has made the real one from the heap:
 *
 *   | guard | stack 16 KiB | guard | IST stacks, 2 x (8 KiB + guard) |
 */
#ifndef MONITOR_CPU_AREA_H
#define MONITOR_CPU_AREA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "monitor/lock.h"
#include "monitor/snp.h"

struct monitor;
struct ghcb_page;
struct hv_doorbell;

enum {
    CPU_STACK_PAGES = 4,
    CPU_IST_PAGES = 2,
    CPU_IST_COUNT = 2, /* 1: #DF, NMI, #MC; 2: #VC. #HV has none: hv.h */
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

/*
 * The guest's vCPU on a processor (vcpu.h):
 *
 *   NONE --claim--> CLAIMED --attach--> RUNNABLE <--release, seize--> STOPPED
 *     ^                                    |  ^
 *     +----------------detach--------------+  +-- replace
 */
enum vcpu_state {
    VCPU_NONE,     /* no VMSA */
    VCPU_CLAIMED,  /* somebody makes one */
    VCPU_STOPPED,  /* its processor serves a call: the VMSA cannot run */
    VCPU_RUNNABLE, /* the hypervisor may run the VMSA at any time */
};

struct vcpu {
    struct lock lock; /* all below */
    enum vcpu_state state;
    uint64_t vmsa_gpa;
    uint64_t flushes; /* of the machine's, how many this vCPU's translations have seen */
    uint64_t changes; /* how often a vCPU was attached or detached */
};

struct cpu {
    struct cpu *self;
    struct monitor *monitor;
    uint32_t index;
    uint32_t apic_id;
    uint32_t locks_held; /* bit per lock rank */
    bool ending;         /* on the way to termination */
    bool has_console;
    volatile bool hv_signal; /* a #HV came; hv_entry.S */
    bool started;            /* the hypervisor was told to run it; lock of vcpu */
    bool ended;              /* its termination was noted, or could not be */
    uint8_t reserved_21[7];
    uint64_t canary;
    volatile struct ghcb_page *ghcb; /* shared; NULL until registered */
    uint64_t ghcb_gpa;
    uint16_t ghcb_version;
    volatile struct hv_doorbell *doorbell; /* shared; NULL without restricted injection */
    struct vmsa *own_vmsa;                 /* VMPL 0; NULL on the first processor */
    struct vmsa *spare_vmsa;               /* for WakeUpAP and the first guest vCPU */
    struct vcpu vcpu;
    uint64_t calling_area_gpa; /* the guest's, 0 = none; its processor's, or vcpu's lock and NONE */
    uint64_t stack_top;
    uint64_t gdt[CPU_GDT_ENTRIES];
    struct cpu_tss tss;
};
_Static_assert(offsetof(struct cpu, self) == 0, "boot.S and cpu_self()");
_Static_assert(offsetof(struct cpu, hv_signal) == 0x1e, "hv_entry.S");
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

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A VMPL0 image for the tests of the scheduler: it starts every processor of its launch parameters
 * by AP creation, at VMPL 0 on VMSAs that it builds itself; all of them count under one spin lock,
 * and the first one ends the run with code 0 if no count was lost.
 *
 * It stays on the launcher's page tables; the 2 MiB from SHARED_GPA are mapped C=0 for the GHCB.
 */
#include <stdint.h>

#include "monitor/insn.h"

enum {
    PAGE = 4096,
    CPUS_MAX = 16,
    ROUNDS = 500,
    VMPL_OTHER = 1,
    MSR_GHCB = (int)0xc0010130,
};
#define SHARED_GPA      UINT64_C(0xc00000)
#define NAE_AP_CREATION UINT64_C(0x80000013)
#define RMPADJUST_VMSA  (UINT64_C(1) << 16)

/* struct launch_params, docs/launch-abi.md */
struct params {
    uint64_t magic;
    uint32_t version, vcpu_count;
    uint32_t apic_id[CPUS_MAX];
};

static uint8_t stack[CPUS_MAX][PAGE] __attribute__((aligned(4096)));
static uint8_t vmsa[CPUS_MAX][PAGE] __attribute__((aligned(4096)));
static volatile uint32_t lock;
static volatile uint64_t count, done;

static uint64_t msr_call(uint64_t request)
{
    insn_wrmsr((uint32_t)MSR_GHCB, request);
    insn_vmgexit();
    return insn_rdmsr((uint32_t)MSR_GHCB);
}

static void terminate(uint64_t code)
{
    for (;;)
        msr_call(0x100 | code << 16);
}

static void must(int ok, uint64_t code)
{
    if (!ok)
        terminate(code);
}

static void counted(uint32_t index)
{
    for (uint32_t round = 0; round < ROUNDS; round++) {
        while (__atomic_exchange_n(&lock, 1, __ATOMIC_ACQUIRE))
            insn_pause();
        uint64_t seen = count;
        for (uint32_t spin = 0; spin <= (index + round) % 7; spin++)
            insn_pause();
        count = seen + 1; /* lost if two were inside */
        __atomic_store_n(&lock, 0, __ATOMIC_RELEASE);
    }
    __atomic_fetch_add(&done, 1, __ATOMIC_SEQ_CST);
}

/* Where the other processors begin: their number is in RDI. */
static void ap_main(uint64_t index)
{
    counted((uint32_t)index);
    for (;;)
        insn_hlt();
}

static void put(uint8_t *page, uint32_t offset, uint64_t value)
{
    *(volatile uint64_t *)(page + offset) = value;
}

/* The save area, APM 2 table B-4: the state that this processor has, another stack and entry. */
static void vmsa_build(uint8_t *page, uint32_t index)
{
    const uint64_t data = UINT64_C(0xffffffff0c930010), code = UINT64_C(0xffffffff0a9b0008);
    for (uint32_t offset = 0; offset < 0x60; offset += 0x10)
        put(page, offset, offset == 0x10 ? code : data);
    put(page, 0x070, UINT64_C(0x0000ffff00820000));
    put(page, 0x090, UINT64_C(0x0000ffff008b0000));
    put(page, 0x0d0, 0x1d00);
    put(page, 0x148, 0x620);
    put(page, 0x150, insn_cr3());
    put(page, 0x158, 0x80010033);
    put(page, 0x160, 0x400);
    put(page, 0x168, 0xffff0ff0);
    put(page, 0x170, 2);
    put(page, 0x178, (uint64_t)ap_main);
    put(page, 0x1d8, (uint64_t)stack[index] + PAGE - 8);
    put(page, 0x268, UINT64_C(0x0007040600070406));
    put(page, 0x338, index);
    put(page, 0x3b0, 1);
    put(page, 0x3e8, 1);
    put(page, 0x408, 0x1f80);
    put(page, 0x410, 0x37f);
}

/* Maps the 2 MiB from SHARED_GPA with C=0 and makes its first page the GHCB. */
static volatile uint8_t *ghcb_make(void)
{
    uint64_t *const pml4 = (uint64_t *)(insn_cr3() & UINT64_C(0xffffffffff000));
    const uint64_t address = UINT64_C(0x7fffffffff000);
    uint64_t *const pdpt = (uint64_t *)(pml4[0] & address);
    uint64_t *const pd = (uint64_t *)(pdpt[0] & address);
    pd[SHARED_GPA >> 21] = SHARED_GPA | 0x83;
    insn_invlpg(SHARED_GPA);
    must(msr_call(SHARED_GPA | UINT64_C(2) << 52 | 0x014) == 0x015, 2);
    must(msr_call(SHARED_GPA | 0x012) == (SHARED_GPA | 0x013), 3);
    return (volatile uint8_t *)SHARED_GPA;
}

static void ghcb_put(volatile uint8_t *ghcb, uint32_t offset, uint64_t value)
{
    *(volatile uint64_t *)(ghcb + offset) = value;
    ghcb[0x3f0 + offset / 64] |= (uint8_t)(1u << (offset / 8 % 8));
}

static void ap_create(volatile uint8_t *ghcb, uint32_t index, uint32_t apic_id)
{
    vmsa_build(vmsa[index], index);
    must(insn_rmpadjust((uint64_t)vmsa[index], 0, VMPL_OTHER | RMPADJUST_VMSA) == 0, 4);
    for (uint32_t offset = 0; offset < 16; offset++)
        ghcb[0x3f0 + offset] = 0;
    ghcb_put(ghcb, 0x390, NAE_AP_CREATION);
    ghcb_put(ghcb, 0x398, (uint64_t)apic_id << 32 | 1); /* create, VMPL 0 */
    ghcb_put(ghcb, 0x3a0, (uint64_t)vmsa[index]);
    ghcb_put(ghcb, 0x1f8, 1); /* SEV_FEATURES: SNPActive */
    *(volatile uint16_t *)(ghcb + 0xffa) = 2;
    insn_wrmsr((uint32_t)MSR_GHCB, SHARED_GPA);
    insn_vmgexit();
    must((uint32_t) * (volatile uint64_t *)(ghcb + 0x398) == 0, 5);
}

void image_main(const struct params *params)
{
    const uint32_t cpus = params->vcpu_count;
    must(cpus >= 1 && cpus <= CPUS_MAX, 1);
    if (cpus > 1) {
        volatile uint8_t *ghcb = ghcb_make();
        for (uint32_t index = 1; index < cpus; index++)
            ap_create(ghcb, index, params->apic_id[index]);
    }
    counted(0);
    while (done < cpus)
        insn_pause();
    terminate(count == (uint64_t)cpus * ROUNDS ? 0 : 6);
}

__asm__(".section .text.boot, \"ax\"\n"
        ".globl _start\n"
        "_start:\n"
        "    lea stack+4096(%rip), %rsp\n"
        "    mov %rsi, %rdi\n"
        "    call image_main\n"
        "    ud2\n"
        ".text\n");

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the images of this folder have in common: the MSR protocol, a shared window for GHCBs, VMSAs
 * for other processors. They stay on the launcher's page tables; the 2 MiB from SHARED_GPA are
 * mapped C=0. An image says what is wrong by the code with which it terminates.
 */
#ifndef PROVA_TESTS_BARE_H
#define PROVA_TESTS_BARE_H

#include <stdint.h>

#include "monitor/insn.h"

enum {
    PAGE = 4096,
    CPUS_MAX = 16,
    MSR_GHCB = (int)0xc0010130,
};
#define SHARED_GPA      UINT64_C(0xc00000)
#define NAE_AP_CREATION UINT64_C(0x80000013)
#define RMPADJUST_VMSA  (UINT64_C(1) << 16)

/* Fields of the GHCB and of the save area (56421 table 3, APM 2 table B-4). */
enum {
    GHCB_RAX = 0x1f8,
    GHCB_RCX = 0x308,
    GHCB_RDX = 0x310,
    GHCB_RBX = 0x318,
    GHCB_CODE = 0x390,
    GHCB_INFO1 = 0x398,
    GHCB_INFO2 = 0x3a0,
    GHCB_SCRATCH = 0x3a8,
    GHCB_VALID = 0x3f0,
    GHCB_BUFFER = 0x800
};
enum {
    SAVE_GS_BASE = 0x58,
    SAVE_VMPL = 0xca,
    SAVE_RIP = 0x178,
    SAVE_RSP = 0x1d8,
    SAVE_RDI = 0x338,
    SAVE_FEATURES = 0x3b0
};

/* struct launch_params, docs/launch-abi.md */
struct params {
    uint64_t magic;
    uint32_t version, vcpu_count;
    uint32_t apic_id[CPUS_MAX];
};

static inline uint64_t msr_call(uint64_t request)
{
    insn_wrmsr((uint32_t)MSR_GHCB, request);
    insn_vmgexit();
    return insn_rdmsr((uint32_t)MSR_GHCB);
}

static inline void terminate(uint64_t code)
{
    for (;;)
        msr_call(0x100 | code << 16);
}

static inline void must(int ok, uint64_t code)
{
    if (!ok)
        terminate(code);
}

static inline void put(uint8_t *page, uint32_t offset, uint64_t value)
{
    *(volatile uint64_t *)(page + offset) = value;
}

/* The save area, APM 2 table B-4: the state that this processor has, another stack and entry. */
static inline void vmsa_build(uint8_t *page, uint64_t entry, uint64_t stack_end, uint64_t argument,
                              uint64_t sev_features)
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
    put(page, SAVE_RIP, entry);
    put(page, SAVE_RSP, stack_end - 8);
    put(page, 0x268, UINT64_C(0x0007040600070406));
    put(page, SAVE_RDI, argument);
    put(page, SAVE_FEATURES, sev_features);
    put(page, 0x3e8, 1);
    put(page, 0x408, 0x1f80);
    put(page, 0x410, 0x37f);
}

/* Maps the 2 MiB from SHARED_GPA with C=0. */
static inline void shared_map(void)
{
    uint64_t *const pml4 = (uint64_t *)(insn_cr3() & UINT64_C(0xffffffffff000));
    const uint64_t address = UINT64_C(0x7fffffffff000);
    uint64_t *const pdpt = (uint64_t *)(pml4[0] & address);
    uint64_t *const pd = (uint64_t *)(pdpt[0] & address);
    pd[SHARED_GPA >> 21] = SHARED_GPA | 0x83;
    insn_invlpg(SHARED_GPA);
}

/* The page of the window becomes shared. */
static inline int page_share(uint64_t gpa)
{
    return msr_call(gpa | UINT64_C(2) << 52 | 0x014) == 0x015;
}

static inline int ghcb_register(uint64_t gpa)
{
    return msr_call(gpa | 0x012) == (gpa | 0x013);
}

static inline void ghcb_put(volatile uint8_t *ghcb, uint32_t offset, uint64_t value)
{
    *(volatile uint64_t *)(ghcb + offset) = value;
    ghcb[GHCB_VALID + offset / 64] |= (uint8_t)(1u << (offset / 8 % 8));
}

static inline uint64_t ghcb_get(volatile uint8_t *ghcb, uint32_t offset)
{
    return *(volatile uint64_t *)(ghcb + offset);
}

/* Begins an event: no field but these is valid. */
static inline void ghcb_begin(volatile uint8_t *ghcb, uint64_t code, uint64_t info1, uint64_t info2)
{
    for (uint32_t offset = 0; offset < 16; offset++)
        ghcb[GHCB_VALID + offset] = 0;
    ghcb_put(ghcb, GHCB_CODE, code);
    ghcb_put(ghcb, GHCB_INFO1, info1);
    ghcb_put(ghcb, GHCB_INFO2, info2);
    *(volatile uint16_t *)(ghcb + 0xffa) = 2;
}

/* The answer's SW_EXITINFO1[31:0]: 0 if all is well. */
static inline uint32_t ghcb_call(volatile uint8_t *ghcb)
{
    insn_wrmsr((uint32_t)MSR_GHCB, (uint64_t)ghcb);
    insn_vmgexit();
    return (uint32_t)ghcb_get(ghcb, GHCB_INFO1);
}

/* Entry of every image: a stack page of its own, the launch parameters as argument. */
#define BARE_ENTRY                                                                                 \
    __asm__(".section .text.boot, \"ax\"\n"                                                        \
            ".globl _start\n"                                                                      \
            "_start:\n"                                                                            \
            "    lea stack+4096(%rip), %rsp\n"                                                     \
            "    mov %rsi, %rdi\n"                                                                 \
            "    call image_main\n"                                                                \
            "    ud2\n"                                                                            \
            ".text\n")

#endif

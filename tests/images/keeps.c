/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A VMPL0 image for the tests of snapshots: a round leaves something behind in everything that a
 * processor keeps across its exits, and the next one looks at it, or goes on with it. It ends with
 * code 0, or with the number of the thing that was lost.
 */
#include "tests/images/bare.h"

enum { ROUNDS = 96, HALVES = 6, STORE_BYTES = PAGE / 64, LOWER_RW = 3 << 8 };
#define HALVES_GPA  UINT64_C(0x1000000) /* 2 MiB, of which the first pages are overwritten slowly */
#define CHANGED_GPA UINT64_C(0x1200000) /* 2 MiB, whose entry changes */
#define OTHER_GVA   UINT64_C(0xc0000000) /* the same 2 MiB */
#define PTE_NX      (UINT64_C(1) << 63)
#define FEATURES    UINT64_C(0x080)

static uint8_t stack[PAGE] __attribute__((aligned(4096), used));
static volatile uint8_t lent[PAGE] __attribute__((aligned(4096))); /* VMPL1 may write it */
static volatile uint8_t moved[PAGE] __attribute__((aligned(4096))); /* to other system pages */
static volatile uint8_t routine[PAGE] __attribute__((aligned(4096)));

#define DEBUG_SET(n, value) __asm__ volatile("mov %0, %%dr" #n : : "r"(value))
#define DEBUG_GET(n, value) __asm__ volatile("mov %%dr" #n ", %0" : "=r"(value))

static void debug_set(uint64_t round)
{
    DEBUG_SET(0, round + 0x100);
    DEBUG_SET(1, round + 0x200);
    DEBUG_SET(2, round + 0x300);
    DEBUG_SET(3, round + 0x400);
}

static int debug_is(uint64_t round)
{
    uint64_t dr[4];
    DEBUG_GET(0, dr[0]);
    DEBUG_GET(1, dr[1]);
    DEBUG_GET(2, dr[2]);
    DEBUG_GET(3, dr[3]);
    return dr[0] == round + 0x100 && dr[1] == round + 0x200 && dr[2] == round + 0x300 &&
           dr[3] == round + 0x400;
}

static void numbers_set(uint64_t round)
{
    __asm__ volatile("fninit\n\tfld1\n\tfldpi\n\tfildq %0\n\tmovq %0, %%xmm3\n\tmovq %0, %%xmm14"
                     : : "m"(round));
}

/* They are what was left behind, in the places where they were. */
static int numbers_are(uint64_t round)
{
    uint64_t top, low, high;
    __asm__ volatile("fistpq %0\n\tmovq %%xmm3, %1\n\tmovq %%xmm14, %2"
                     : "=m"(top), "=m"(low), "=m"(high));
    return top == round && low == round && high == round;
}

/* Stores that come thick, to the page that they are in. */
static __attribute__((noinline, aligned(64))) void self_store(void)
{
    __asm__ volatile("jmp 2f\n"
                     "1:\n\t"
                     ".quad 0\n"
                     "2:\n\t"
                     "incb 1b(%rip)\n\t"
                     "incb 1b+1(%rip)\n\t"
                     "incb 1b+2(%rip)\n\t"
                     "nop\n\t"
                     "incb 1b+3(%rip)");
}

/* The entry of the directory that maps 2 MiB. */
static uint64_t *entry_of(uint64_t gva)
{
    const uint64_t address = UINT64_C(0x7fffffffff000);
    uint64_t *const pml4 = (uint64_t *)(insn_cr3() & address);
    uint64_t *const pdpt = (uint64_t *)(pml4[0] & address);
    uint64_t *const pd = (uint64_t *)(pdpt[gva >> 30] & address);
    return &pd[gva >> 21 & 511];
}

static void entry_change(uint64_t round)
{
    *(volatile uint64_t *)entry_of(CHANGED_GPA) ^= PTE_NX;
    insn_invlpg(CHANGED_GPA);
    (void)*(volatile uint64_t *)(CHANGED_GPA + 8 * round);
}

/* All of them together are more pages than are noted at a time. */
static void halves_store(uint64_t round)
{
    for (uint64_t page = 0; page < HALVES && round < PAGE / STORE_BYTES; page++)
        for (uint64_t at = 0; at < STORE_BYTES; at += 8)
            *(volatile uint64_t *)(HALVES_GPA + page * PAGE + round * STORE_BYTES + at) = round;
}

static __attribute__((noipa)) uint8_t lent_load(uint64_t at)
{
    return lent[at];
}

static __attribute__((noipa)) uint8_t lent_load_again(uint64_t at)
{
    return lent[at];
}

/* Written anew, and called. */
static void routine_run(void)
{
    enum { RET = 0xc3 };
    routine[0] = RET;
    ((void (*)(void))(uint64_t)routine)();
}

/* The hypervisor of the test puts another system page there. */
static int page_move(void)
{
    msr_call((uint64_t)moved | 0x010);
    insn_invlpg((uint64_t)moved);
    return insn_pvalidate((uint64_t)moved, 0, true).code == 0;
}

void image_main(const struct params *params)
{
    (void)params;
    must(insn_pvalidate(HALVES_GPA, 1, true).code == 0, 1);
    must(insn_pvalidate(CHANGED_GPA, 1, true).code == 0, 2);
    must(insn_rmpadjust((uint64_t)lent, 0, 1 | LOWER_RW) == 0, 3);
    *(volatile uint64_t *)entry_of(OTHER_GVA) = *entry_of(CHANGED_GPA);
    insn_invlpg(OTHER_GVA);
    for (uint64_t round = 0; round < ROUNDS; round++) {
        const uint64_t page = (1 + round) * PAGE;
        uint64_t random = 0;
        debug_set(round);
        numbers_set(round);
        self_store();
        halves_store(round);
        routine_run();
        (void)*(volatile uint64_t *)(CHANGED_GPA + page);
        (void)moved[0];
        const uint8_t first = lent_load(round);
        msr_call(FEATURES);
        must(debug_is(round), 4);
        must(numbers_are(round), 5);
        must(first == lent_load_again(round), 6);
        self_store();
        routine_run();
        (void)*(volatile uint64_t *)(OTHER_GVA + page);
        must(page_move(), 8);
        entry_change(round);
        must(insn_rdrand(&random), 7);
        msr_call(FEATURES | random << 12); /* so that the stream shows it */
    }
    terminate(0);
}

BARE_ENTRY;

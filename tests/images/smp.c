/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A VMPL0 image for the tests of the scheduler: it starts every processor of its launch parameters
 * by AP creation, at VMPL 0 on VMSAs that it builds itself; all of them count under one spin lock,
 * and the first one ends the run with code 0 if no count was lost.
 */
#include "tests/images/bare.h"

enum { ROUNDS = 500, VMPL_OTHER = 1 };

static uint8_t stack[CPUS_MAX][PAGE] __attribute__((aligned(4096)));
static uint8_t vmsa[CPUS_MAX][PAGE] __attribute__((aligned(4096)));
static volatile uint32_t lock;
static volatile uint64_t count, done;

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

static void ap_create(volatile uint8_t *ghcb, uint32_t index, uint32_t apic_id)
{
    vmsa_build(vmsa[index], (uint64_t)ap_main, (uint64_t)stack[index] + PAGE, index, 1);
    must(insn_rmpadjust((uint64_t)vmsa[index], 0, VMPL_OTHER | RMPADJUST_VMSA) == 0, 4);
    ghcb_begin(ghcb, NAE_AP_CREATION, (uint64_t)apic_id << 32 | 1, (uint64_t)vmsa[index]);
    ghcb_put(ghcb, GHCB_RAX, 1); /* SEV_FEATURES: SNPActive */
    must(ghcb_call(ghcb) == 0, 5);
}

void image_main(const struct params *params)
{
    const uint32_t cpus = params->vcpu_count;
    must(cpus >= 1 && cpus <= CPUS_MAX, 1);
    if (cpus > 1) {
        shared_map();
        must(page_share(SHARED_GPA), 2);
        must(ghcb_register(SHARED_GPA), 3);
        for (uint32_t index = 1; index < cpus; index++)
            ap_create((volatile uint8_t *)SHARED_GPA, index, params->apic_id[index]);
    }
    counted(0);
    while (done < cpus)
        insn_pause();
    terminate(count == (uint64_t)cpus * ROUNDS ? 0 : 6);
}

BARE_ENTRY;

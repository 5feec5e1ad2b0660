/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A VMPL0 image that gives VMPCK0 and VMPCK3 away in every way there is, one after the other, for
 * the tests of the secret scan: in a shared page, in the GHCB, in a page granted to VMPL 3, in the
 * registers with which VMPL 3 starts, and, to end with, in the GHCB MSR.
 */
#include "tests/images/bare.h"

enum {
    CREATE = 1,
    KEY_BYTES = 32,
    SAVE_XMM = 0x470,
    GRANT_RW = 3 << 8,
    GRANT_RWX = 0xf << 8,
    TARGET = 3
};
#define SECRETS_GPA UINT64_C(0xa0a000)
#define TABLES_GPA  UINT64_C(0xa00000)

static uint8_t stack[2][PAGE] __attribute__((aligned(4096)));
static uint8_t vmsa[PAGE] __attribute__((aligned(4096)));
static uint8_t granted[PAGE] __attribute__((aligned(4096)));
static volatile uint8_t *const ghcb = (volatile uint8_t *)SHARED_GPA;
static volatile uint8_t *const shared = (volatile uint8_t *)(SHARED_GPA + PAGE);

static void copy_key(volatile uint8_t *to, unsigned vmpck)
{
    const volatile uint8_t *from = (const volatile uint8_t *)(SECRETS_GPA + 0x20 + 32 * vmpck);
    for (unsigned i = 0; i < KEY_BYTES; i++)
        to[i] = from[i];
}

static void clear(volatile uint8_t *bytes)
{
    for (unsigned i = 0; i < KEY_BYTES; i++)
        bytes[i] = 0;
}

/* VMPL 3 has the code page (granted below) and ends the run. */
static void lower_main(uint64_t unused)
{
    (void)unused;
    msr_call(UINT64_C(0x016)); /* back to VMPL 0 */
}

void image_main(const struct params *params)
{
    (void)params;
    shared_map();
    must(page_share(SHARED_GPA) && page_share(SHARED_GPA + PAGE) && ghcb_register(SHARED_GPA), 1);

    copy_key(shared, 0); /* found at the next exit */
    msr_call(0x080);
    clear(shared);

    ghcb_begin(ghcb, UINT64_C(0x8000fffd), 0, 0);
    copy_key(ghcb + GHCB_BUFFER, 0);
    ghcb_call(ghcb);
    clear(ghcb + GHCB_BUFFER);

    copy_key(granted, 0);
    must(insn_rmpadjust((uint64_t)granted, 0, TARGET | GRANT_RW) == 0, 2);
    clear(granted);
    copy_key(granted, 3); /* VMPL 3 may hold its own key */
    must(insn_rmpadjust((uint64_t)granted, 0, TARGET | GRANT_RW) == 0, 3);

    vmsa_build(vmsa, (uint64_t)lower_main, (uint64_t)stack[1] + PAGE, 0, 1);
    vmsa[SAVE_VMPL] = TARGET;
    copy_key(vmsa + SAVE_XMM, 0);
    must(insn_rmpadjust((uint64_t)vmsa, 0, 1 | RMPADJUST_VMSA) == 0, 4);
    /* What VMPL 3 runs on: the code, its stack, the launcher's page tables. */
    must(insn_rmpadjust((uint64_t)lower_main & ~UINT64_C(0xfff), 0, TARGET | GRANT_RWX) == 0, 7);
    must(insn_rmpadjust((uint64_t)stack[1], 0, TARGET | GRANT_RW) == 0, 8);
    for (uint64_t page = TABLES_GPA; page < TABLES_GPA + 6 * PAGE; page += PAGE)
        must(insn_rmpadjust(page, 0, TARGET | GRANT_RW) == 0, 9);
    ghcb_begin(ghcb, NAE_AP_CREATION, (uint64_t)TARGET << 16 | CREATE, (uint64_t)vmsa);
    ghcb_put(ghcb, GHCB_RAX, 1);
    must(ghcb_call(ghcb) == 0, 5);
    msr_call((uint64_t)TARGET << 32 | 0x016);
    /* Eight bytes of the key as a request: whatever it means, the hypervisor has seen it. */
    msr_call(*(const volatile uint64_t *)(SECRETS_GPA + 0x20));
    terminate(6);
}

BARE_ENTRY;

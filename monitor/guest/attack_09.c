/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CREATE_VCPU of a page that is no VMSA fails and gives the page back. At that moment another vCPU
 * makes the page shared and private again. Needs two vCPUs.
 */
#include "monitor/guest/ask.h"
#include "monitor/guest/check.h"
#include "monitor/guest/page.h"
#include "monitor/guest/team.h"

enum { GARBAGE = 0xa5 };

extern uint8_t target[4096];
uint8_t target[4096] __attribute__((aligned(4096), section(".bss.page")));
static struct svsm_calling_area area __attribute__((aligned(4096), section(".bss.page")));

/* The hypervisor lets it go on when the first vCPU's call has failed and is not done yet. */
static void second(struct guest *guest)
{
    guest_yield();
    uint32_t code = ask_share(guest, target, 1);
    guest_print(guest, "attack-09: SetPageShared meanwhile: 0x%x\n", code);
    if (code == SVSM_SUCCESS) {
        ask_private(guest, target, 1);
    }
}

unsigned guest_main(struct guest *guest)
{
    const volatile uint64_t *words = (const volatile uint64_t *)target;
    uint32_t started;
    page_fill(target, GARBAGE);
    if (team_gather(guest, second, &started) != SVSM_SUCCESS) {
        return 1;
    }
    struct guest_call regs = {
        .rcx = (uint64_t)target, .rdx = (uint64_t)&area, .r8 = guest->boot->apic_id[1]};
    uint32_t code = guest_call_must(guest, SVSM_PROTOCOL_CORE, SVSM_CORE_CREATE_VCPU, &regs);
    const uint64_t found = words[0];
    bool same = page_holds(target, GARBAGE);
    guest_print(guest, "attack-09: CREATE_VCPU of garbage: 0x%x\n", code);
    if (same) {
        guest_print(guest, "attack-09: the page is as it was\n");
    } else {
        guest_print(guest, "attack-09: found 0x%lx in the page\n", found);
    }
    return !same;
}

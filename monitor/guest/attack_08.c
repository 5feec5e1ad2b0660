/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest of scenarios/attacks/08_vmsa_toctou_tlb.lua: one vCPU stores the VMPL of a VMSA again and
 * again while another has CREATE_VCPU check it and then changes its mind. Needs three vCPUs.
 */
#include "monitor/guest/attack.h"
#include "monitor/guest/attack_spy.h"
#include "monitor/guest/check.h"
#include "monitor/guest/team.h"
#include "monitor/insn.h"
#include "monitor/lib/string.h"

enum { WRITER = 1, SPY = 2, WAIT_PAUSES = 100000, ROUNDS = 100 };

static struct vmsa vmsa __attribute__((aligned(4096), section(".bss.page")));
static uint8_t told[4096] __attribute__((aligned(4096), section(".bss.page")));
static volatile uint8_t vmpl;
static volatile uint64_t rounds;

static void write_on(struct guest *guest)
{
    (void)guest;
    for (;;) {
        *(volatile uint8_t *)&vmsa.vmpl = vmpl;
        rounds++;
    }
}

/* False: the writer does not come round any more. */
static bool goes_round(void)
{
    const uint64_t before = rounds;
    for (unsigned i = 0; i < WAIT_PAUSES && rounds - before < ROUNDS; i++) {
        insn_pause();
    }
    return rounds - before >= ROUNDS;
}

unsigned guest_main(struct guest *guest)
{
    struct checks checks = {.guest = guest, .kernel = "attack-08"};
    const uint64_t secret = *attack_told(guest, told);
    vmpl = (uint8_t)guest->boot->vmpl;
    memcpy(&vmsa, spy_state_make(guest, vmpl, secret), sizeof vmsa);
    guest_vcpu(WRITER)->area = team_area(WRITER);
    team_function_set(write_on);
    check_equal(&checks, "WakeUpAP",
                team_wake(guest, guest->boot->apic_id[WRITER],
                          (uint64_t)team_state_make(guest, WRITER), (uint64_t)team_area(WRITER)),
                SVSM_SUCCESS);
    check_true(&checks, "the VMSA is written to", goes_round());
    check_equal(&checks, "CREATE_VCPU", spy_create(guest, &vmsa, SPY), SVSM_SUCCESS);
    vmpl = 0;
    guest_print(guest, "attack-08: the VMSA is written to after CREATE_VCPU: %s\n",
                goes_round() ? "yes" : "no");
    guest_yield(); /* the hypervisor lets the new vCPU run */
    spy_print(guest, "attack-08");
    return checks.failed;
}

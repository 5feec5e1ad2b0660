/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A vCPU made by CREATE_VCPU, whose VMSA the guest then reads, and changes: it shall run at VMPL 0
 * and look into the monitor. Needs two vCPUs.
 */
#include "monitor/guest/check.h"
#include "monitor/guest/team.h"
#include "monitor/insn.h"
#include "monitor/lib/string.h"

enum { INFO_OFFSET = 0x8000, WAITS_MAX = 1000 };

static struct vmsa vmsa __attribute__((aligned(4096), section(".bss.page")));
static uint8_t stack[4096] __attribute__((aligned(4096), section(".bss.page")));
static volatile uint64_t seen, runs;
static volatile bool raised;

/* Alone on its page, from which VMPL 3 never fetches: no old translation hides that VMPL 0 does. */
static __attribute__((noinline, aligned(4096))) void look(const volatile uint64_t *info)
{
    seen = *info;
}

/* Goes round once whenever the hypervisor wakes the vCPU. INFO begins with "SNPLINFO". */
static __attribute__((aligned(4096))) _Noreturn void intruder(const volatile uint64_t *info)
{
    for (;;) {
        if (raised) {
            look(info);
        }
        runs++;
        insn_hlt();
    }
}

static bool wait_for_runs(uint64_t wanted)
{
    for (unsigned i = 0; i < WAITS_MAX && runs < wanted; i++) {
        guest_yield();
    }
    return runs >= wanted;
}

unsigned guest_main(struct guest *guest)
{
    struct checks checks = {.guest = guest, .kernel = "attack-vmsa"};
    memcpy(&vmsa, team_state_make(guest, 1), sizeof vmsa);
    vmsa.rip = (uint64_t)intruder;
    vmsa.rdi = guest->boot->monitor_gpa + INFO_OFFSET;
    vmsa.rsp = (uint64_t)stack + sizeof stack - sizeof(uint64_t);
    vmsa.efer |= EFER_SVME;
    struct guest_call regs = {
        .rcx = (uint64_t)&vmsa, .rdx = (uint64_t)team_area(1), .r8 = guest->boot->apic_id[1]};
    check_equal(&checks, "CREATE_VCPU",
                guest_call_must(guest, SVSM_PROTOCOL_CORE, SVSM_CORE_CREATE_VCPU, &regs),
                SVSM_SUCCESS);
    check_true(&checks, "the vCPU has run", wait_for_runs(1));
    guest_print(guest, "attack-vmsa: reads the VMSA\n");
    uint64_t rip = *(volatile uint64_t *)&vmsa.rip;
    guest_print(guest, "attack-vmsa: its RIP is 0x%lx; makes it VMPL 0\n", rip);
    *(volatile uint8_t *)&vmsa.vmpl = 0;
    raised = true;
    check_true(&checks, "the vCPU has run again", wait_for_runs(runs + 2));
    guest_print(guest, "attack-vmsa: the monitor's memory reads %08lx%08lx\n", seen & 0xffffffff,
                seen >> 32);
    return checks.failed;
}

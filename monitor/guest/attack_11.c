/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A vCPU is replaced by another while it runs, and then deleted: from the call on it must not count
 * any more, whatever the hypervisor runs. Needs two vCPUs.
 */
#include "monitor/guest/check.h"
#include "monitor/guest/team.h"
#include "monitor/insn.h"
#include "monitor/lib/string.h"

enum { OTHER = 1, OLD = 0, NEW = 1, ROUNDS = 20, PAUSES = 1000 };

static uint8_t vmsa_page[2][4096] __attribute__((aligned(4096), section(".bss.page")));
static struct svsm_calling_area area[2] __attribute__((aligned(4096), section(".bss.page")));
static uint8_t stack[2][4096] __attribute__((aligned(4096), section(".bss.page")));
static volatile uint64_t count[2];

static _Noreturn void job_run(uint64_t job)
{
    for (;;) {
        count[job]++;
        for (unsigned i = 0; i < PAUSES; i++) {
            insn_pause(); /* most of the time it is in the guest */
        }
        guest_yield();
    }
}

static uint32_t create(struct guest *guest, unsigned job)
{
    struct vmsa *vmsa = (struct vmsa *)vmsa_page[job];
    memcpy(vmsa, team_state_make(guest, OTHER), sizeof *vmsa);
    vmsa->rip = (uint64_t)job_run;
    vmsa->rdi = job;
    vmsa->rsp = (uint64_t)stack[job] + sizeof stack[job] - sizeof(uint64_t);
    vmsa->efer |= EFER_SVME;
    struct guest_call regs = {
        .rcx = (uint64_t)vmsa, .rdx = (uint64_t)&area[job], .r8 = guest->boot->apic_id[OTHER]};
    return guest_call_must(guest, SVSM_PROTOCOL_CORE, SVSM_CORE_CREATE_VCPU, &regs);
}

static uint64_t counts_on(unsigned job)
{
    uint64_t before = count[job];
    for (unsigned i = 0; i < ROUNDS; i++) {
        guest_yield();
    }
    return count[job] - before;
}

unsigned guest_main(struct guest *guest)
{
    struct checks checks = {.guest = guest, .kernel = "attack-11"};
    check_equal(&checks, "CREATE_VCPU", create(guest, OLD), SVSM_SUCCESS);
    check_true(&checks, "it runs", counts_on(OLD) != 0);
    check_equal(&checks, "CREATE_VCPU in its place", create(guest, NEW), SVSM_SUCCESS);
    check_equal(&checks, "the old one does not run any more", counts_on(OLD), 0);
    check_true(&checks, "the new one does", counts_on(NEW) != 0);
    struct guest_call regs = {.rcx = (uint64_t)vmsa_page[OLD]};
    check_equal(&checks, "DELETE_VCPU of the old one",
                guest_call_must(guest, SVSM_PROTOCOL_CORE, SVSM_CORE_DELETE_VCPU, &regs),
                SVSM_SUCCESS);
    check_equal(&checks, "it does not run", counts_on(OLD), 0);
    guest_print(guest, "attack-11: %u passed, %u failed\n", checks.passed, checks.failed);
    return checks.failed;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/guest/attack_spy.h"

#include "monitor/guest/attack.h"
#include "monitor/guest/team.h"
#include "monitor/insn.h"
#include "monitor/lib/string.h"

enum { SECRET_WORDS = 4, WAITS = 200 };

static uint8_t stack[4096] __attribute__((aligned(4096), section(".bss.page")));
static volatile uint64_t found[512] __attribute__((aligned(4096), section(".bss.page")));
static volatile bool has_read;

static _Noreturn void spy(const volatile uint64_t *secret)
{
    for (unsigned i = 0; i < SECRET_WORDS; i++) {
        found[i] = secret[i];
    }
    has_read = true;
    for (;;) {
        insn_hlt();
    }
}

const struct vmsa *spy_state_make(struct guest *guest, unsigned vmpl, uint64_t secret_gpa)
{
    struct vmsa *vmsa = team_state_make(guest, 0);
    vmsa->vmpl = (uint8_t)vmpl;
    vmsa->rip = (uint64_t)spy;
    vmsa->rdi = secret_gpa;
    vmsa->rsp = (uint64_t)stack + sizeof stack - sizeof(uint64_t);
    vmsa->efer |= EFER_SVME;
    return vmsa;
}

uint32_t spy_create(struct guest *guest, const void *vmsa_page, uint32_t vcpu)
{
    struct guest_call regs = {.rcx = (uint64_t)vmsa_page,
                              .rdx = (uint64_t)team_area(vcpu),
                              .r8 = guest->boot->apic_id[vcpu]};
    return guest_call_must(guest, SVSM_PROTOCOL_CORE, SVSM_CORE_CREATE_VCPU, &regs);
}

void spy_print(struct guest *guest, const char *kernel)
{
    for (unsigned i = 0; i < WAITS && !has_read; i++) {
        guest_yield();
    }
    if (has_read) {
        attack_page_print(guest, kernel, "the monitor's page", found);
    } else {
        guest_print(guest, "%s: the monitor's page: not read\n", kernel);
    }
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Linux's second processor: online, offline, online again. Each time a new VMSA, in the second page
 * of two (one at a 2 MiB boundary must not be one), with the calling area of the processor; the
 * monitor is asked first, then the hypervisor, and only then the old VMSA is deleted.
 */
#include "monitor/ghcb_page.h"
#include "monitor/guest/linuxlike.h"
#include "monitor/guest/stack.h"
#include "monitor/guest/team.h"
#include "monitor/insn.h"
#include "monitor/lib/string.h"

enum { OTHER = 1, VMSAS = 2, ROUNDS = 3, WAITS_MAX = 1000000, AP_CREATE = 1 };
#define GHCB_EXIT_AP_RESET_HOLD UINT64_C(0x80000004)

static struct {
    uint8_t unused[4096], vmsa[4096];
} pages[VMSAS] __attribute__((aligned(8192), section(".bss.page")));
static struct svsm_calling_area area __attribute__((aligned(4096), section(".bss.page")));
static struct linuxlike *the_kernel;
static uint32_t online, offline; /* how often it came, and went */
static uint32_t go_offline;

static uint32_t load(const uint32_t *value)
{
    return __atomic_load_n(value, __ATOMIC_SEQ_CST);
}

static bool becomes(const uint32_t *value, uint32_t wanted)
{
    for (unsigned i = 0; i < WAITS_MAX && load(value) != wanted; i++) {
        guest_yield();
    }
    return load(value) == wanted;
}

/* As a processor that comes up: its GHCB is registered, then it makes calls through its area. */
static _Noreturn void processor_run(void)
{
    struct guest *guest = guest_vcpu(OTHER);
    guest_vcpu_start(guest);
    struct guest_call regs = {.rcx = 1};
    if (linuxlike_call(the_kernel, guest, SVSM_PROTOCOL_CORE, SVSM_CORE_QUERY_PROTOCOL, &regs) ==
            SVSM_SUCCESS &&
        regs.rcx == (UINT64_C(1) << 32 | 1)) {
        __atomic_add_fetch(&online, 1, __ATOMIC_SEQ_CST);
    }
    becomes(&go_offline, load(&online));
    __atomic_add_fetch(&offline, 1, __ATOMIC_SEQ_CST);
    for (;;) {
        linuxlike_event(guest, GHCB_EXIT_AP_RESET_HOLD, 0, 0, 0);
    }
}

static struct vmsa *vmsa_make(struct linuxlike *kernel, unsigned index)
{
    struct vmsa *vmsa = (struct vmsa *)pages[index].vmsa;
    memcpy(vmsa, team_state_make(kernel->checks.guest, OTHER), sizeof *vmsa);
    vmsa->rip = (uint64_t)processor_run;
    vmsa->rsp -= sizeof(uint64_t); /* as if it had been called */
    vmsa->efer |= EFER_SVME;
    return vmsa;
}

static uint32_t create(struct linuxlike *kernel, const struct vmsa *vmsa)
{
    struct guest *guest = kernel->checks.guest;
    struct guest_call regs = {
        .rcx = (uint64_t)vmsa, .rdx = (uint64_t)&area, .r8 = guest->boot->apic_id[OTHER]};
    return linuxlike_call(kernel, guest, SVSM_PROTOCOL_CORE, SVSM_CORE_CREATE_VCPU, &regs);
}

static uint32_t delete_old(struct linuxlike *kernel, unsigned index)
{
    struct guest_call regs = {.rcx = (uint64_t)pages[index].vmsa};
    return linuxlike_call(kernel, kernel->checks.guest, SVSM_PROTOCOL_CORE, SVSM_CORE_DELETE_VCPU,
                          &regs);
}

static uint64_t announce(struct linuxlike *kernel, const struct vmsa *vmsa, uint64_t features)
{
    struct guest *guest = kernel->checks.guest;
    uint64_t info = (uint64_t)guest->boot->apic_id[OTHER] << 32 |
                    (uint64_t)guest->boot->vmpl << 16 | AP_CREATE;
    return linuxlike_event(guest, GHCB_EXIT_AP_CREATION, info, (uint64_t)vmsa, features);
}

static void round_do(struct linuxlike *kernel, unsigned round)
{
    struct checks *checks = &kernel->checks;
    const unsigned index = round % VMSAS, old = (round + 1) % VMSAS;
    struct vmsa *vmsa = vmsa_make(kernel, index);
    const uint64_t features = vmsa->sev_features;
    check_equal(checks, "CREATE_VCPU", create(kernel, vmsa), SVSM_SUCCESS);
    check_equal(checks, "AP creation", announce(kernel, vmsa, features), 0);
    if (round > 0) {
        check_equal(checks, "DELETE_VCPU of the old VMSA", delete_old(kernel, old), SVSM_SUCCESS);
        memset(pages[old].vmsa, 0, sizeof pages[old].vmsa); /* free memory again */
    }
    check_true(checks, "the processor is online", becomes(&online, round + 1));
    __atomic_store_n(&go_offline, round + 1, __ATOMIC_SEQ_CST);
    check_true(checks, "the processor is offline", becomes(&offline, round + 1));
}

void linuxlike_vcpus(struct linuxlike *kernel)
{
    struct checks *checks = &kernel->checks;
    if (checks->guest->boot->vcpu_count <= OTHER) {
        return;
    }
    the_kernel = kernel;
    guest_vcpu(OTHER)->boot = checks->guest->boot;
    guest_vcpu(OTHER)->area = &area;
    struct vmsa *vmsa = vmsa_make(kernel, 0);
    vmsa->sev_features |= SEV_FEATURE_RESTRICTED_INJECTION;
    check_equal(checks, "CREATE_VCPU with restricted injection", create(kernel, vmsa),
                (uint32_t)SVSM_INVALID_PARAMETER);
    for (unsigned round = 0; round < ROUNDS; round++) {
        round_do(kernel, round);
    }
}

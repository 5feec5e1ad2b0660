/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names the monitor's own pages as its own in calls about pages. The hypervisor, which works with
 * it, tells it in a shared page where they are. Where a call is not refused for the address, the
 * guest uses what it got. Needs two vCPUs; the second one is never started.
 */
#include "monitor/guest/ask.h"
#include "monitor/guest/check.h"
#include "monitor/lib/string.h"
#include "monitor/report_abi.h"

enum { FORGED_RESULT = 0x1234 };

/* What the hypervisor says: a page with a key, and a function of the monitor's that a call uses. */
struct mailbox {
    uint64_t key;
    uint64_t function;
};

extern struct mailbox mailbox;
struct mailbox mailbox __attribute__((aligned(4096), section(".bss.page")));
static struct svsm_calling_area area __attribute__((aligned(4096), section(".bss.page")));

/* True: not refused for its address. A page that is no VMSA is given back, to the guest. */
static bool taken_as_vmsa(struct checks *checks, const char *what, uint64_t gpa)
{
    const struct guest_boot *boot = checks->guest->boot;
    struct guest_call regs = {.rcx = gpa, .rdx = (uint64_t)&area, .r8 = boot->apic_id[1]};
    uint32_t code =
        guest_call_must(checks->guest, SVSM_PROTOCOL_CORE, SVSM_CORE_CREATE_VCPU, &regs);
    check_equal(checks, what, code, (uint32_t)SVSM_INVALID_ADDRESS);
    return code != (uint32_t)SVSM_INVALID_ADDRESS;
}

/* Addresses that are none, whatever is behind them. */
static void malformed(struct checks *checks)
{
    struct guest *guest = checks->guest;
    const uint64_t page = (uint64_t)&area;
    const uint64_t bad[] = {page | UINT64_C(1) << guest->boot->c_bit, page | UINT64_C(1) << 62,
                            ~UINT64_C(0xfff), page + 0x10};
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        check_equal(checks, "SetPageShared of no address",
                    guest_verismo(guest, SVSM_VERISMO_SET_PAGE_SHARED, bad[i], 1),
                    (uint32_t)SVSM_INVALID_ADDRESS);
    }
}

static void key_read(struct guest *guest, uint64_t gpa)
{
    const volatile uint64_t *key = (const volatile uint64_t *)gpa;
    guest_print(guest, "attack-12: VMPCK0 begins with 0x%lx\n", key[0]);
}

/* The function's place in memory is the guest's: mov $FORGED_RESULT, %eax; ret. */
static void code_write(struct guest *guest, uint64_t gpa)
{
    static const uint8_t code[] = {0xb8, FORGED_RESULT & 0xff, FORGED_RESULT >> 8, 0, 0, 0xc3};
    memcpy((void *)gpa, code, sizeof code);
    if (guest_verismo(guest, SVSM_VERISMO_DERIVE_KEY, 0, 0) == FORGED_RESULT) {
        guest_print(guest, "attack-12: the monitor runs the guest's code\n");
    }
}

unsigned guest_main(struct guest *guest)
{
    struct checks checks = {.guest = guest, .kernel = "attack-12"};
    const uint64_t monitor_gpa = guest->boot->monitor_gpa;
    const uint32_t address = (uint32_t)SVSM_INVALID_ADDRESS;
    uint64_t bytes;
    check_equal(&checks, "SetPageShared", ask_share(guest, &mailbox, 1), SVSM_SUCCESS);
    const struct mailbox told = *(const volatile struct mailbox *)guest_shared_view(&mailbox);
    check_true(&checks, "the hypervisor has told", told.key != 0 && told.function != 0);

    malformed(&checks);
    taken_as_vmsa(&checks, "page tables as a VMSA: refused", monitor_gpa);
    if (taken_as_vmsa(&checks, "a key as a VMSA: refused", told.key)) {
        key_read(guest, told.key);
    }
    if (taken_as_vmsa(&checks, "code as a VMSA: refused", told.function & ~UINT64_C(0xfff))) {
        code_write(guest, told.function);
    }
    check_equal(&checks, "page tables to shared: refused",
                ask_share(guest, (const void *)monitor_gpa, 1), address);
    check_equal(&checks, "a report into the monitor: refused",
                ask_attest(guest, monitor_gpa + 0x1000, 4096, 0, &bytes), address);
    struct guest_call regs = {.rcx = monitor_gpa + 0x2000}; /* the last call if it is served */
    check_equal(&checks, "calling area in the monitor: refused",
                guest_call_must(guest, SVSM_PROTOCOL_CORE, SVSM_CORE_REMAP_CA, &regs), address);
    guest_print(guest, "attack-12: %u passed, %u failed\n", checks.passed, checks.failed);
    return checks.failed;
}

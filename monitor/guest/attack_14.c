/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A page list that another vCPU changes while the monitor works on it: the first vCPU has a page of
 * its own converted, and meanwhile the second one puts a page of the monitor's in the list, which
 * the hypervisor has named in a shared page. Then the first vCPU asks for that page. Before that,
 * lists that must be refused. Needs two vCPUs.
 */
#include "monitor/guest/ask.h"
#include "monitor/guest/check.h"
#include "monitor/guest/team.h"
#include "monitor/services_abi.h"

extern uint64_t mailbox[512]; /* [0] is the hypervisor's: the GPA of a page of the monitor's */
extern uint8_t target[4096];
uint64_t mailbox[512] __attribute__((aligned(4096), section(".bss.page")));
uint8_t target[4096] __attribute__((aligned(4096), section(".bss.page")));
static struct page_list list __attribute__((aligned(4096), section(".bss.page")));

static uint64_t told(void)
{
    return *(const volatile uint64_t *)guest_shared_view(mailbox);
}

/* The second vCPU: the hypervisor lets it go on when the monitor has looked at the list. */
static void change(struct guest *guest)
{
    guest_yield();
    *(volatile uint64_t *)&list.entry[0] = told();
    guest_print(guest, "attack-14: the list names another page now\n");
    guest_print(guest, "attack-14: SetPageShared of the list's page meanwhile: 0x%x\n",
                ask_share(guest, &list, 1));
}

static uint32_t share_list(struct guest *guest, uint64_t entry, uint32_t count, uint32_t next)
{
    struct guest_call regs = {.r8 = (uint64_t)&list};
    list.count = count;
    list.next = next;
    list.entry[0] = entry;
    return guest_call_must(guest, SVSM_PROTOCOL_VERISMO, SVSM_VERISMO_SET_PAGE_SHARED, &regs);
}

/* SVSM 58019 section 6.2: the list begins at an offset of the page and must end in it. */
static uint32_t rescind(struct guest *guest, uint64_t gpa, uint16_t entries, uint16_t next)
{
    const struct svsm_pvalidate_header header = {.entries = entries, .next = next};
    struct guest_call regs = {.rcx = gpa};
    *(volatile struct svsm_pvalidate_header *)(gpa & ~UINT64_C(7)) = header;
    return guest_call_must(guest, SVSM_PROTOCOL_CORE, SVSM_CORE_PVALIDATE, &regs);
}

static void refused(struct checks *checks)
{
    struct guest *guest = checks->guest;
    const uint64_t page = (uint64_t)&list, own = (uint64_t)target;
    const uint32_t format = (uint32_t)SVSM_INVALID_FORMAT, busy = (uint32_t)SVSM_BUSY;
    check_equal(checks, "a list that names itself", share_list(guest, page, 1, 0), busy);
    check_equal(checks, "a list without entries", share_list(guest, own, 0, 0), format);
    check_equal(checks, "a list that is done", share_list(guest, own, 1, 1), format);
    check_equal(checks, "a list beyond its page", share_list(guest, own, 512, 0), format);
    check_equal(checks, "a list of the Core protocol beyond its page",
                rescind(guest, page + 4096 - 16, 2, 0), format);
    check_equal(checks, "a list at the end of its page", rescind(guest, page + 4096 - 8, 1, 0),
                (uint32_t)SVSM_INVALID_ADDRESS);
}

unsigned guest_main(struct guest *guest)
{
    struct checks checks = {.guest = guest, .kernel = "attack-14"};
    uint32_t started;
    check_equal(&checks, "SetPageShared", ask_share(guest, mailbox, 1), SVSM_SUCCESS);
    refused(&checks);
    check_equal(&checks, "WakeUpAP", team_gather(guest, change, &started), SVSM_SUCCESS);
    check_equal(&checks, "SetPageShared of a list", share_list(guest, (uint64_t)target, 1, 0),
                SVSM_SUCCESS);
    uint32_t code = ask_private(guest, (const void *)told(), 1);
    check_equal(&checks, "SetPagePrivate of the monitor's page: refused", code,
                (uint32_t)SVSM_INVALID_ADDRESS);
    if (code == SVSM_SUCCESS) {
        *(volatile uint64_t *)told() = UINT64_C(0x1234); /* a key of the guest's */
        guest_print(guest, "attack-14: wrote to the monitor's page\n");
    }
    struct guest_call regs = {0}; /* DeriveKey: the monitor uses its key */
    code = guest_call_must(guest, SVSM_PROTOCOL_VERISMO, SVSM_VERISMO_DERIVE_KEY, &regs);
    check_equal(&checks, "DeriveKey", code, SVSM_SUCCESS);
    guest_print(guest, "attack-14: %u passed, %u failed\n", checks.passed, checks.failed);
    return checks.failed;
}

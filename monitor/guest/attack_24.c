/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * LockKernel, then the ways by which locked code could become writable again, and at last data that
 * was made private again after the lock and is executed. Such a run ends there, or says that it
 * came back. Needs two vCPUs.
 */
#include "monitor/guest/ask.h"
#include "monitor/guest/check.h"
#include "monitor/guest/page.h"
#include "monitor/guest/team.h"

enum { RET = 0xc3, PAGES_2M = 512 };

extern uint8_t image_text_start[], image_text_end[];

static uint8_t plugin[4096] __attribute__((aligned(4096), section(".bss.page")));
static struct {
    struct svsm_pvalidate_header header;
    uint64_t entry;
} list __attribute__((aligned(4096), section(".bss.page")));

static uint32_t rescind(struct guest *guest, const void *page)
{
    struct guest_call regs = {.rcx = (uint64_t)&list};
    list.header = (struct svsm_pvalidate_header){.entries = 1};
    list.entry = (uint64_t)page;
    return guest_call_must(guest, SVSM_PROTOCOL_CORE, SVSM_CORE_PVALIDATE, &regs);
}

static uint32_t make_vmsa(struct guest *guest, const void *page)
{
    struct guest_call regs = {
        .rcx = (uint64_t)page, .rdx = (uint64_t)team_area(1), .r8 = guest->boot->apic_id[1]};
    return guest_call_must(guest, SVSM_PROTOCOL_CORE, SVSM_CORE_CREATE_VCPU, &regs);
}

unsigned guest_main(struct guest *guest)
{
    struct checks checks = {.guest = guest, .kernel = "attack-24"};
    const uint32_t address = (uint32_t)SVSM_INVALID_ADDRESS;
    const uint8_t *text = image_text_start;
    check_equal(&checks, "LockKernel",
                ask_lock_range(guest, text, (uint64_t)(image_text_end - text)), SVSM_SUCCESS);
    check_equal(&checks, "code to shared: refused", ask_share(guest, text, 1), address);
    check_equal(&checks, "2 MiB with code in it to shared: refused",
                ask_share(guest, text, PAGES_2M), address);
    check_equal(&checks, "code rescinded: refused", rescind(guest, text), address);
    check_equal(&checks, "code as a VMSA: refused", make_vmsa(guest, text), address);
    check_equal(&checks, "LockKernel again: refused", ask_lock_range(guest, plugin, 4096),
                (uint32_t)SVSM_INVALID_REQUEST);
    check_equal(&checks, "data to shared", ask_share(guest, plugin, 1), SVSM_SUCCESS);
    check_equal(&checks, "data to private", ask_private(guest, plugin, 1), SVSM_SUCCESS);
    page_fill(plugin, RET);
    guest_print(guest, "attack-24: runs what it has written\n");
    ((void (*)(void))(uint64_t)plugin)();
    guest_print(guest, "attack-24: came back: the lock is open\n");
    return checks.failed;
}

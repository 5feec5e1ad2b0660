/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * 2 MiB of the guest's, in the middle of which lie the calling area of another vCPU and a page of
 * locked kernel code. As one entry of a list they change hands as a whole, or they must not. Needs
 * two vCPUs.
 */
#include "monitor/ghcb_msr.h"
#include "monitor/guest/ask.h"
#include "monitor/guest/check.h"
#include "monitor/guest/page.h"
#include "monitor/guest/team.h"
#include "monitor/lib/string.h"
#include "monitor/services_abi.h"

enum { PAGES = 512, TEXT_BYTE = 0xc3, ENTRY_LARGE = 1 };

/* Nothing else of the guest's lies here. */
#define LARGE UINT64_C(0x2000000)

extern uint8_t image_text_start[], image_text_end[];

static uint8_t *const area = (uint8_t *)LARGE + 0x1000, *const code = (uint8_t *)LARGE + 0x2000;
static struct page_list list __attribute__((aligned(4096), section(".bss.page")));
static struct kernel_list kernel __attribute__((aligned(4096), section(".bss.page")));
static uint32_t moved, go, served;

static uint32_t core(struct guest *guest, uint32_t number, uint64_t rcx)
{
    struct guest_call regs = {.rcx = rcx};
    return guest_call_must(guest, SVSM_PROTOCOL_CORE, number, &regs);
}

static void wait_for(const uint32_t *flag)
{
    while (__atomic_load_n(flag, __ATOMIC_SEQ_CST) == 0) {
        guest_yield();
    }
}

/* The second vCPU has its calling area within the 2 MiB, and does not touch it before it calls. */
static void second(struct guest *guest)
{
    if (core(guest, SVSM_CORE_REMAP_CA, (uint64_t)area) == SVSM_SUCCESS) {
        guest->area = (struct svsm_calling_area *)area;
    }
    __atomic_store_n(&guest->area->call_pending, 1, __ATOMIC_SEQ_CST);
    __atomic_store_n(&moved, 1, __ATOMIC_SEQ_CST);
    wait_for(&go);
    guest_msr_call(GHCB_MSR_RUN_VMPL);
    __atomic_store_n(&served, 1, __ATOMIC_SEQ_CST);
}

static uint32_t convert(struct guest *guest, uint32_t number)
{
    struct guest_call regs = {.r8 = (uint64_t)&list};
    list.count = 1;
    list.next = 0;
    list.entry[0] = LARGE | ENTRY_LARGE;
    return guest_call_must(guest, SVSM_PROTOCOL_VERISMO, number, &regs);
}

/* Nothing is in the way yet; the hypervisor splits the RMP entry while the monitor works on it. */
static void whole(struct checks *checks)
{
    struct guest *guest = checks->guest;
    check_equal(checks, "2 MiB to shared", convert(guest, SVSM_VERISMO_SET_PAGE_SHARED), 0);
    check_equal(checks, "2 MiB to private", convert(guest, SVSM_VERISMO_SET_PAGE_PRIVATE), 0);
    check_true(checks, "they are empty, to the end",
               page_holds((void *)LARGE, 0) &&
                   page_holds((void *)(LARGE + (PAGES - 1) * 4096), 0));
}

static uint32_t lock(struct guest *guest)
{
    page_fill(code, TEXT_BYTE);
    kernel.count = 2;
    kernel.range[0] = (struct kernel_range){(uint64_t)image_text_start,
                                            (uint64_t)(image_text_end - image_text_start)};
    kernel.range[1] = (struct kernel_range){(uint64_t)code, 4096};
    return ask_lock(guest, (uint64_t)&kernel);
}

/* SVSM 58019 section 6.2: one entry of 2 MiB, rescinded. */
static uint32_t rescind(struct guest *guest)
{
    const struct svsm_pvalidate_header header = {.entries = 1};
    const uint64_t entry = LARGE | ENTRY_LARGE;
    memcpy(guest->area->argument, &header, sizeof header);
    memcpy(guest->area->argument + sizeof header, &entry, sizeof entry);
    return core(guest, SVSM_CORE_PVALIDATE, (uint64_t)guest->area->argument);
}

unsigned guest_main(struct guest *guest)
{
    struct checks checks = {.guest = guest, .kernel = "attack-13"};
    const uint32_t address = (uint32_t)SVSM_INVALID_ADDRESS;
    uint32_t started;
    whole(&checks);
    check_equal(&checks, "WakeUpAP", team_gather(guest, second, &started), SVSM_SUCCESS);
    wait_for(&moved);
    check_equal(&checks, "LockKernel", lock(guest), SVSM_SUCCESS);

    check_equal(&checks, "2 MiB with locked code to shared: refused",
                convert(guest, SVSM_VERISMO_SET_PAGE_SHARED), address);
    if (checks.failed != 0 && convert(guest, SVSM_VERISMO_SET_PAGE_PRIVATE) == SVSM_SUCCESS) {
        page_fill(code, 0);
        guest_print(guest, "attack-13: wrote to locked code\n");
    }
    check_equal(&checks, "2 MiB with a calling area rescinded: refused", rescind(guest), address);
    __atomic_store_n(&go, 1, __ATOMIC_SEQ_CST);
    wait_for(&served);
    guest_print(guest, "attack-13: %u passed, %u failed\n", checks.passed, checks.failed);
    return checks.failed;
}

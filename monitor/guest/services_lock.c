/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * LockKernel, and what it must withstand. SERVICES_BREACH, the build's choice, says what the guest
 * does at the very end although it must not be possible: 1 writes to its code, 2 executes data, 3
 * executes a page that was made private after the lock. Such a run never gets to its end.
 */
#include "monitor/attest_abi.h"
#include "monitor/guest/ask.h"
#include "monitor/guest/page.h"
#include "monitor/guest/services.h"
#include "monitor/insn.h"
#include "monitor/lib/string.h"
#include "monitor/services_abi.h"
#include "monitor/snp.h"

extern uint8_t image_text_start[], image_text_end[];

static uint8_t page[4096] __attribute__((aligned(4096), section(".bss.page")));
static uint8_t data[4096] __attribute__((aligned(4096), section(".bss.page")));
static struct kernel_list list __attribute__((aligned(4096), section(".bss.page")));
static struct report report;

static uint32_t ask_once(struct guest *guest, uint64_t gpa, uint64_t token)
{
    struct guest_call regs = {.rcx = gpa, .rdx = token};
    return guest_call_must(guest, SVSM_PROTOCOL_VERISMO, SVSM_VERISMO_LOCK_KERNEL, &regs);
}

static void text_range(uint64_t index)
{
    list.range[index] = (struct kernel_range){
        .gpa = (uint64_t)image_text_start,
        .bytes = (uint64_t)(image_text_end - image_text_start),
    };
}

static void refused(struct checks *checks, const char *what, uint64_t gpa, uint64_t bytes,
                    uint32_t code)
{
    list.count = 2;
    text_range(0);
    list.range[1] = (struct kernel_range){.gpa = gpa, .bytes = bytes};
    check_equal(checks, what, ask_once(checks->guest, (uint64_t)&list, 0), code);
}

/* Nothing of these may stay: the text of the first range is still to be locked, and writable. */
static void bad(struct checks *checks)
{
    struct guest *guest = checks->guest;
    const struct guest_boot *boot = guest->boot;
    const uint32_t address = (uint32_t)SVSM_INVALID_ADDRESS;
    const uint32_t parameter = (uint32_t)SVSM_INVALID_PARAMETER;
    refused(checks, "range of the monitor", boot->monitor_gpa, 4096, address);
    refused(checks, "range into the monitor", boot->monitor_gpa - 4096, 8192, address);
    refused(checks, "range of the calling area", boot->calling_area_gpa, 4096, address);
    refused(checks, "range that wraps", ~UINT64_C(0xfff), 8192, address);
    refused(checks, "range with the C-bit", (uint64_t)page | UINT64_C(1) << boot->c_bit, 4096,
            address);
    refused(checks, "range not aligned", (uint64_t)page + 8, 4096, address);
    refused(checks, "range twice", (uint64_t)image_text_start, 4096, address);
    refused(checks, "empty range", (uint64_t)page, 0, parameter);
    refused(checks, "half a page", (uint64_t)page, 2048, parameter);
    refused(checks, "too many pages", 0, (KERNEL_PAGES_MAX + UINT64_C(1)) << 12, parameter);
    refused(checks, "a length that overflows", 0, ~UINT64_C(0xfff), parameter);
    check_equal(checks, "SetPageShared", ask_share(guest, page, 1), SVSM_SUCCESS);
    refused(checks, "range that is shared", (uint64_t)page, 4096, address);
    check_equal(checks, "SetPagePrivate", ask_private(guest, page, 1), SVSM_SUCCESS);
    list.count = 0;
    check_equal(checks, "no range", ask_once(guest, (uint64_t)&list, 0),
                (uint32_t)SVSM_INVALID_FORMAT);
    list.count = KERNEL_RANGES_MAX + 1;
    check_equal(checks, "too many ranges", ask_once(guest, (uint64_t)&list, 0),
                (uint32_t)SVSM_INVALID_FORMAT);
    check_equal(checks, "list not at a page's start", ask_once(guest, (uint64_t)&list + 8, 0),
                address);
    check_equal(checks, "list in the monitor", ask_once(guest, boot->monitor_gpa, 0), address);
    /* A byte of a constant is written as it stands: the code is still writable. */
    *(volatile uint8_t *)image_text_start = *(const volatile uint8_t *)image_text_start;
}

/* RMPADJUST by the guest itself, for the VMPL below its own; result code. */
static uint32_t pass_on(const struct guest *guest, const void *at, unsigned permissions)
{
    return insn_rmpadjust((uint64_t)at, PAGE_4K, (guest->boot->vmpl + 1) | permissions << 8);
}

static void pass_on_before(struct checks *checks)
{
    struct guest *guest = checks->guest;
    if (guest->boot->vmpl + 1 < VMPL_COUNT) {
        check_equal(checks, "a data page passed on", pass_on(guest, data, VMPL_RWX), RMP_CODE_OK);
        check_equal(checks, "a code page passed on", pass_on(guest, image_text_start, VMPL_RWX),
                    RMP_CODE_OK);
    }
}

/* The guest gives what it has itself, no more (APM 3, RMPADJUST). */
static void pass_on_after(struct checks *checks)
{
    struct guest *guest = checks->guest;
    if (guest->boot->vmpl + 1 < VMPL_COUNT) {
        check_equal(checks, "a data page passed on to run", pass_on(guest, data, VMPL_RWX),
                    RMP_CODE_FAIL_PERMISSION);
        check_equal(checks, "a code page passed on to write",
                    pass_on(guest, image_text_start, VMPL_RWX), RMP_CODE_FAIL_PERMISSION);
        check_equal(checks, "a data page passed on as data",
                    pass_on(guest, data, VMPL_READ | VMPL_WRITE), RMP_CODE_OK);
    }
}

/* In steps, with page-state changes between them, and a foreign list that is refused. */
static void lock(struct checks *checks)
{
    struct guest *guest = checks->guest;
    struct guest_call regs = {.rcx = (uint64_t)&list};
    unsigned calls = 0, foreign = 0, unpaired = 0;
    list.count = 1;
    text_range(0);
    uint32_t code;
    do {
        uint64_t token = regs.rdx;
        code = guest_call_must(guest, SVSM_PROTOCOL_VERISMO, SVSM_VERISMO_LOCK_KERNEL, &regs);
        if (code == (uint32_t)SVSM_INCOMPLETE) {
            uint64_t next = regs.rdx;
            foreign += ask_once(guest, (uint64_t)&list, 0) != (uint32_t)SVSM_INVALID_REQUEST;
            foreign += ask_once(guest, (uint64_t)&list, token) != (uint32_t)SVSM_INVALID_REQUEST;
            unpaired += ask_share(guest, page, 1) != SVSM_SUCCESS;
            unpaired += ask_private(guest, page, 1) != SVSM_SUCCESS;
            regs = (struct guest_call){.rcx = (uint64_t)&list, .rdx = next};
        }
        calls++;
    } while (code == (uint32_t)SVSM_INCOMPLETE);
    check_equal(checks, "LockKernel", code, SVSM_SUCCESS);
    check_true(checks, "LockKernel takes steps", calls > 1);
    check_equal(checks, "a list in between is refused", foreign, 0);
    check_equal(checks, "pages change hands meanwhile", unpaired, 0);
    check_equal(checks, "LockKernel twice", ask_once(guest, (uint64_t)&list, 0),
                (uint32_t)SVSM_INVALID_REQUEST);
}

static uint32_t pvalidate(struct guest *guest, uint64_t entry)
{
    const struct svsm_pvalidate_header header = {.entries = 1};
    struct guest_call regs = {.rcx = (uint64_t)guest->area->argument};
    memcpy(guest->area->argument, &header, sizeof header);
    memcpy(guest->area->argument + sizeof header, &entry, sizeof entry);
    return guest_call_must(guest, SVSM_PROTOCOL_CORE, SVSM_CORE_PVALIDATE, &regs);
}

/* Every way to get at the permissions or the bytes of locked code through the monitor. */
static void locked(struct checks *checks)
{
    struct guest *guest = checks->guest;
    const uint32_t address = (uint32_t)SVSM_INVALID_ADDRESS;
    const uint64_t text = (uint64_t)image_text_start;
    const uint64_t large = text & ~(LARGE_PAGE_BYTES - 1);
    struct guest_call regs = {.rcx = text};
    uint64_t bytes;
    check_equal(checks, "SetPageShared of code", ask_share(guest, image_text_start, 1), address);
    check_equal(checks, "SetPagePrivate of code", ask_private(guest, image_text_start, 1), address);
    check_equal(checks, "SetPageShared up to code",
                guest_verismo(guest, SVSM_VERISMO_SET_PAGE_SHARED, text - 4096, 2), address);
    check_equal(checks, "PVALIDATE rescinds code", pvalidate(guest, text), address);
    check_equal(checks, "PVALIDATE validates code",
                pvalidate(guest, text | SVSM_PVALIDATE_VALIDATE | SVSM_PVALIDATE_IGNORE_CARRY),
                address);
    check_equal(checks, "PVALIDATE of 2 MiB with code", pvalidate(guest, large | PAGE_2M), address);
    check_equal(checks, "REMAP_CA to code",
                guest_call_must(guest, SVSM_PROTOCOL_CORE, SVSM_CORE_REMAP_CA, &regs), address);
    check_equal(checks, "Attest into code", ask_attest(guest, text, sizeof report, 1, &bytes),
                address);
    check_equal(checks, "Encrypt in code", guest_verismo(guest, SVSM_VERISMO_ENCRYPT, text, 0),
                address);
    regs = (struct guest_call){.rcx = text, .rdx = (uint64_t)&list, .r8 = guest->boot->apic_id[0]};
    check_true(checks, "CREATE_VCPU of code",
               guest_call_must(guest, SVSM_PROTOCOL_CORE, SVSM_CORE_CREATE_VCPU, &regs) !=
                   SVSM_SUCCESS);
    check_equal(checks, "Attest after the lock",
                ask_attest(guest, (uint64_t)&report, sizeof report, 1, &bytes), SVSM_SUCCESS);
    check_true(checks, "the report says that the kernel is locked",
               (report.monitor.flags & REPORT_FLAG_KERNEL_LOCKED) != 0);
}

/* Data pages come and go as before; the test looks at the RMP afterwards. */
static void churn(struct checks *checks)
{
    struct guest *guest = checks->guest;
    uint8_t *large = (uint8_t *)UINT64_C(0x400000);
    check_equal(checks, "SetPageShared after the lock", ask_share(guest, page, 1), SVSM_SUCCESS);
    check_equal(checks, "SetPagePrivate after the lock", ask_private(guest, page, 1), SVSM_SUCCESS);
    page_fill(page, 0xc3); /* RET */
    check_true(checks, "the page can be written", page_holds(page, 0xc3));
    check_equal(checks, "SetPageShared of 2 MiB after the lock", ask_share(guest, large, 512),
                SVSM_SUCCESS);
    check_equal(checks, "SetPagePrivate of 2 MiB after the lock", ask_private(guest, large, 512),
                SVSM_SUCCESS);
    check_equal(checks, "PVALIDATE rescinds after the lock", pvalidate(guest, (uint64_t)large),
                SVSM_SUCCESS);
    check_equal(checks, "PVALIDATE validates after the lock",
                pvalidate(guest, (uint64_t)large | SVSM_PVALIDATE_VALIDATE), SVSM_SUCCESS);
}

static void breach(struct guest *guest)
{
    page_fill(data, 0xc3);
    guest_print(guest, "services: breach %u\n", (unsigned)SERVICES_BREACH);
    switch (SERVICES_BREACH) {
    case 1: *(volatile uint8_t *)image_text_start = 0; break;
    case 2: ((void (*)(void))(uint64_t)data)(); break;
    case 3: ((void (*)(void))(uint64_t)page)(); break;
    default: return;
    }
    guest_print(guest, "services: breach succeeded\n");
}

void services_lock(struct checks *checks)
{
    bad(checks);
    pass_on_before(checks);
    lock(checks);
    locked(checks);
    pass_on_after(checks);
    churn(checks);
    breach(checks->guest);
}

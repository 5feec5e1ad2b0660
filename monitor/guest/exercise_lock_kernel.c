/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * LockKernel: from its end on no page of the guest is both writable and executable for the
 * supervisor. The first vCPU locks while the others convert pages, so that every order of the sweep
 * and a conversion comes up; RMPQUERY tells what became of the permissions.
 */
#include "monitor/guest/ask.h"
#include "monitor/guest/exercise.h"
#include "monitor/guest/page.h"
#include "monitor/services_abi.h"
#include "monitor/snp.h"

enum { OWN_PAGES = 8, ROUNDS = 20 };

extern uint8_t image_text_start[], image_text_end[];

static uint8_t own[LAUNCH_CPUS_MAX + 1][OWN_PAGES][4096]
    __attribute__((aligned(4096), section(".bss.page")));
static struct kernel_list bad_list __attribute__((aligned(4096), section(".bss.page")));

/* RMPQUERY, APM 3: the permissions that the VMPL has of the page. */
static unsigned permissions(const volatile void *page, unsigned vmpl)
{
    uint64_t rax = (uint64_t)page, rcx = 0, rdx = vmpl;
    __asm__ volatile(".byte 0xf3, 0x0f, 0x01, 0xfd"
                     : "+a"(rax), "+c"(rcx), "+d"(rdx)
                     :
                     : "memory", "cc");
    return rax == RMP_CODE_OK ? rdx >> 8 & VMPL_RWX : ~0u;
}

static bool range_has(struct checks *checks, const uint8_t *start, const uint8_t *end,
                      unsigned wanted)
{
    for (const uint8_t *page = start; page < end; page += PAGE_BYTES) {
        if (permissions(page, checks->guest->boot->vmpl) != wanted) {
            return false;
        }
    }
    return true;
}

static uint32_t lock_bad(struct checks *checks, uint64_t count, uint64_t gpa, uint64_t bytes)
{
    bad_list.count = count;
    bad_list.range[0] = (struct kernel_range){.gpa = gpa, .bytes = bytes};
    return ask_lock(checks->guest, (uint64_t)&bad_list);
}

static void before(struct checks *checks)
{
    const struct guest_boot *boot = checks->guest->boot;
    const uint64_t page = (uint64_t)own[0][0], text = (uint64_t)image_text_start;
    const uint32_t address = (uint32_t)SVSM_INVALID_ADDRESS;
    check_equal(checks, "no range", lock_bad(checks, 0, text, 4096), (uint32_t)SVSM_INVALID_FORMAT);
    check_equal(checks, "too many ranges", lock_bad(checks, KERNEL_RANGES_MAX + 1, text, 4096),
                (uint32_t)SVSM_INVALID_FORMAT);
    check_equal(checks, "no bytes", lock_bad(checks, 1, text, 0), (uint32_t)SVSM_INVALID_PARAMETER);
    check_equal(checks, "half a page", lock_bad(checks, 1, text, 2048),
                (uint32_t)SVSM_INVALID_PARAMETER);
    check_equal(checks, "the monitor", lock_bad(checks, 1, boot->monitor_gpa, 4096), address);
    check_equal(checks, "the calling area",
                lock_bad(checks, 1, (uint64_t)checks->guest->area, 4096), address);
    check_equal(checks, "list in the monitor", ask_lock(checks->guest, boot->monitor_gpa), address);
    check_equal(checks, "SetPageShared", ask_share(checks->guest, own[0][0], 1), SVSM_SUCCESS);
    check_equal(checks, "a shared page", lock_bad(checks, 1, page, 4096), address);
    check_equal(checks, "list in a shared page", ask_lock(checks->guest, page), address);
    check_equal(checks, "SetPagePrivate", ask_private(checks->guest, own[0][0], 1), SVSM_SUCCESS);
    check_true(checks, "nothing is locked",
               range_has(checks, image_text_start, image_text_end, VMPL_RWX) &&
                   range_has(checks, own[0][0], own[1][0], VMPL_RWX));
}

/* Conversions leave the pages private; each must be empty, and without XS if locked. */
static void churn(struct checks *checks, bool locked)
{
    struct guest *guest = checks->guest;
    const uint8_t *start = own[guest->index][0], *end = own[guest->index + 1][0];
    check_equal(checks, "SetPageShared", ask_share_patiently(guest, start, OWN_PAGES),
                SVSM_SUCCESS);
    check_equal(checks, "SetPagePrivate", ask_private_patiently(guest, start, OWN_PAGES),
                SVSM_SUCCESS);
    if (locked) {
        check_true(checks, "converted pages are not executable",
                   range_has(checks, start, end, VMPL_RWX & ~VMPL_EXECUTE_SUPERVISOR));
    }
    for (unsigned i = 0; i < OWN_PAGES; i++) {
        check_true(checks, "and empty", page_holds(own[guest->index][i], 0));
        page_fill(own[guest->index][i], 0xee);
    }
}

static void together(struct checks *checks)
{
    struct guest *guest = checks->guest;
    const uint64_t bytes = (uint64_t)(image_text_end - image_text_start);
    if (guest->index == 0) {
        check_equal(checks, "LockKernel", ask_lock_range(guest, image_text_start, bytes),
                    SVSM_SUCCESS);
        check_equal(checks, "LockKernel again", ask_lock_range(guest, image_text_start, bytes),
                    (uint32_t)SVSM_INVALID_REQUEST);
    }
    for (unsigned i = 0; i < ROUNDS; i++) {
        churn(checks, guest->index == 0);
    }
}

/* Everything between the image and the monitor, and behind the monitor, that the guest has. */
static void after(struct checks *checks)
{
    struct guest *guest = checks->guest;
    const uint8_t *text = image_text_start;
    const unsigned data = VMPL_RWX & ~VMPL_EXECUTE_SUPERVISOR;
    const uint8_t *behind =
        (const uint8_t *)(guest->boot->monitor_gpa + guest->boot->monitor_bytes);
    check_true(checks, "the kernel is not writable",
               range_has(checks, text, image_text_end, VMPL_RWX & ~VMPL_WRITE));
    check_true(checks, "memory that was not named is not executable",
               range_has(checks, (const uint8_t *)LARGE_PAGE_BYTES - 16 * PAGE_BYTES,
                         (const uint8_t *)LARGE_PAGE_BYTES, data) &&
                   range_has(checks, behind, (const uint8_t *)guest->boot->block_gpa, data));
    check_true(checks, "pages of all vCPUs are not executable",
               range_has(checks, own[0][0], own[guest->boot->vcpu_count][0], data));
    check_equal(checks, "SetPageShared of the kernel", ask_share(guest, text, 1),
                (uint32_t)SVSM_INVALID_ADDRESS);
    check_equal(checks, "SetPagePrivate of the kernel", ask_private(guest, text, 1),
                (uint32_t)SVSM_INVALID_ADDRESS);
    struct guest_call regs = {.rcx = (uint64_t)text};
    check_equal(checks, "REMAP_CA to the kernel",
                guest_call_must(guest, SVSM_PROTOCOL_CORE, SVSM_CORE_REMAP_CA, &regs),
                (uint32_t)SVSM_INVALID_ADDRESS);
    check_true(checks, "the kernel is as it was",
               range_has(checks, text, image_text_end, VMPL_RWX & ~VMPL_WRITE));
    churn(checks, true);
}

const struct exercise exercise_lock_kernel = {
    .name = "lock-kernel", .before = before, .together = together, .after = after};

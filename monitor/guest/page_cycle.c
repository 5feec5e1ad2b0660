/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A page goes from private to shared and back: what the guest finds in it afterwards is the point.
 * Then every other call of the monitor, with good arguments and bad ones. Each result is printed;
 * the run ends with the number of checks that failed.
 */
#include "monitor/guest/check.h"
#include "monitor/guest/page.h"
#include "monitor/lib/string.h"
#include "monitor/report_abi.h"
#include "monitor/snp.h"

enum { PATTERN = 0x5a, FOUND_BYTES = 32, REPORT_DATA_OFFSET = 0x50, REPORT_VMPL_OFFSET = 0x30 };

static uint8_t pages[4][4096] __attribute__((aligned(4096), section(".bss.page")));
/* More than one page-state list takes. */
static uint8_t many_pages[300][4096] __attribute__((aligned(4096), section(".bss.page")));
static struct report report[2];

static uint64_t gpa_of(const void *object)
{
    return (uint64_t)object;
}

static uint32_t share(struct checks *checks, uint64_t gpa, uint64_t count)
{
    return guest_verismo(checks->guest, SVSM_VERISMO_SET_PAGE_SHARED, gpa, count);
}

static uint32_t make_private(struct checks *checks, uint64_t gpa, uint64_t count)
{
    return guest_verismo(checks->guest, SVSM_VERISMO_SET_PAGE_PRIVATE, gpa, count);
}

static void found_print(struct checks *checks, const uint8_t *page)
{
    if (page_holds(page, 0)) {
        guest_print(checks->guest, "page-cycle: page after SetPagePrivate: all zero\n");
        return;
    }
    guest_print(checks->guest, "page-cycle: page after SetPagePrivate: found ");
    for (unsigned i = 0; i < FOUND_BYTES; i++) {
        guest_print(checks->guest, "%02x", (unsigned)page[i]);
    }
    guest_print(checks->guest, "\n");
}

static void cycle(struct checks *checks)
{
    uint8_t *page = pages[0], *shared = guest_shared_view(page);
    page_fill(page, PATTERN);
    check_equal(checks, "SetPageShared", share(checks, gpa_of(page), 1), SVSM_SUCCESS);
    page_fill(shared, (uint8_t)~PATTERN);
    check_true(checks, "shared page keeps what was written", page_holds(shared, (uint8_t)~PATTERN));
    check_equal(checks, "SetPageShared of a shared page", share(checks, gpa_of(page), 1),
                (uint32_t)SVSM_NO_CHANGE);

    check_equal(checks, "SetPagePrivate", make_private(checks, gpa_of(page), 1), SVSM_SUCCESS);
    found_print(checks, page);
    check_true(checks, "page after SetPagePrivate is zero", page_holds(page, 0));
    page_fill(page, PATTERN);
    check_true(checks, "private page keeps what was written", page_holds(page, PATTERN));
    check_equal(checks, "SetPagePrivate of a private page", make_private(checks, gpa_of(page), 1),
                (uint32_t)SVSM_NO_CHANGE);
}

static uint32_t extend(struct checks *checks, uint8_t value)
{
    memset(checks->guest->area->argument, value, SVSM_PCR_BYTES);
    return guest_verismo(checks->guest, SVSM_VERISMO_EXTEND_PCR, 0, 0);
}

/* Result code; *bytes gets RCX. */
static uint32_t attest(struct checks *checks, uint64_t gpa, uint64_t room, uint64_t *bytes)
{
    struct guest_call regs = {.rcx = gpa, .rdx = room};
    memset(checks->guest->area->argument, 0x11, REPORT_NONCE_BYTES);
    if (!guest_call(checks->guest, SVSM_PROTOCOL_VERISMO, SVSM_VERISMO_ATTEST, &regs)) {
        return (uint32_t)SVSM_BUSY;
    }
    *bytes = regs.rcx;
    return (uint32_t)regs.rax;
}

static bool same_key(void)
{
    return memcmp(report[0].firmware + REPORT_DATA_OFFSET, report[1].firmware + REPORT_DATA_OFFSET,
                  SVSM_REPORT_DATA_BYTES) == 0;
}

static bool same_statement(void)
{
    return memcmp(&report[0].monitor, &report[1].monitor, REPORT_MONITOR_SIGNED_BYTES) == 0;
}

static void measurement(struct checks *checks)
{
    uint64_t bytes = 0;
    uint32_t vmpl = 1;
    check_equal(checks, "Attest", attest(checks, gpa_of(&report[0]), sizeof report[0], &bytes),
                SVSM_SUCCESS);
    check_equal(checks, "Attest gives the whole report", bytes, sizeof report[0]);
    memcpy(&vmpl, report[0].firmware + REPORT_VMPL_OFFSET, sizeof vmpl);
    check_equal(checks, "report is VMPL 0's", vmpl, 0);
    check_equal(checks, "Attest again",
                attest(checks, gpa_of(&report[1]), sizeof report[1], &bytes), SVSM_SUCCESS);
    check_true(checks, "same nonce, same PCR: same report", same_key() && same_statement());
    check_equal(checks, "ExtendPCR", extend(checks, 1), SVSM_SUCCESS);
    check_equal(checks, "Attest after ExtendPCR",
                attest(checks, gpa_of(&report[1]), sizeof report[1], &bytes), SVSM_SUCCESS);
    check_true(checks, "ExtendPCR changes the report", same_key() && !same_statement());
    check_equal(checks, "report counts ExtendPCR", report[1].monitor.extensions, 1);
    check_equal(checks, "Attest, buffer too small",
                attest(checks, gpa_of(&report[0]), sizeof report[0] - 1, &bytes),
                (uint32_t)SVSM_INVALID_PARAMETER);
    check_equal(checks, "Attest says what it needs", bytes, sizeof report[0]);
    check_equal(checks, "Attest into the monitor",
                attest(checks, checks->guest->boot->monitor_gpa, sizeof report[0], &bytes),
                (uint32_t)SVSM_INVALID_ADDRESS);
    check_equal(checks, "Attest to the end of the address space",
                attest(checks, UINT64_MAX - 8, sizeof report[0], &bytes),
                (uint32_t)SVSM_INVALID_ADDRESS);
}

/* Arguments that SetPageShared must refuse without having changed anything. */
static void bad_ranges(struct checks *checks)
{
    const struct guest_boot *boot = checks->guest->boot;
    const uint64_t page = gpa_of(pages[1]);
    const uint64_t c_bit = UINT64_C(1) << boot->c_bit;
    const struct {
        const char *what;
        uint64_t gpa, count;
        uint32_t code;
    } cases[] = {
        {"no pages", page, 0, (uint32_t)SVSM_INVALID_PARAMETER},
        {"too many pages", page, SVSM_PAGES_MAX + 1, (uint32_t)SVSM_INVALID_PARAMETER},
        {"count that overflows", page, UINT64_C(1) << 52, (uint32_t)SVSM_INVALID_PARAMETER},
        {"address not aligned", page + 8, 1, (uint32_t)SVSM_INVALID_ADDRESS},
        {"C-bit in the address", page | c_bit, 1, (uint32_t)SVSM_INVALID_ADDRESS},
        {"highest page", ~UINT64_C(0xfff), 1, (uint32_t)SVSM_INVALID_ADDRESS},
        {"wrap-around", ~UINT64_C(0xfff), 2, (uint32_t)SVSM_INVALID_ADDRESS},
        {"no memory there", c_bit >> 1, 1, (uint32_t)SVSM_INVALID_ADDRESS},
        {"the monitor's memory", boot->monitor_gpa, 1, (uint32_t)SVSM_INVALID_ADDRESS},
        {"into the monitor's memory", boot->monitor_gpa - 4096, 2, (uint32_t)SVSM_INVALID_ADDRESS},
        {"the calling area", boot->calling_area_gpa, 1, (uint32_t)SVSM_INVALID_ADDRESS},
        {"up to the calling area", boot->calling_area_gpa - 4096, 2,
         (uint32_t)SVSM_INVALID_ADDRESS},
    };
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        check_equal(checks, cases[i].what, share(checks, cases[i].gpa, cases[i].count),
                    cases[i].code);
    }
    /* A page before the calling area was named in a refused call: it is still private. */
    check_equal(checks, "nothing was changed",
                make_private(checks, boot->calling_area_gpa - 4096, 1), (uint32_t)SVSM_NO_CHANGE);
}

static void several_pages(struct checks *checks)
{
    uint64_t gpa = gpa_of(pages[1]);
    page_fill(pages[1], PATTERN);
    page_fill(pages[2], PATTERN);
    check_equal(checks, "SetPageShared of two pages", share(checks, gpa, 2), SVSM_SUCCESS);
    check_equal(checks, "SetPageShared, the last page shared", share(checks, gpa - 4096, 2),
                (uint32_t)SVSM_NO_CHANGE);
    check_equal(checks, "SetPagePrivate of two pages", make_private(checks, gpa, 2), SVSM_SUCCESS);
    check_true(checks, "both are zero", page_holds(pages[1], 0) && page_holds(pages[2], 0));
}

static void many(struct checks *checks)
{
    const uint64_t count = sizeof many_pages / sizeof many_pages[0];
    uint8_t *last = many_pages[count - 1];
    page_fill(many_pages[0], PATTERN);
    page_fill(last, PATTERN);
    check_equal(checks, "SetPageShared of 300 pages", share(checks, gpa_of(many_pages), count),
                SVSM_SUCCESS);
    check_equal(checks, "SetPagePrivate of 300 pages",
                make_private(checks, gpa_of(many_pages), count), SVSM_SUCCESS);
    check_true(checks, "first and last are zero",
               page_holds(many_pages[0], 0) && page_holds(last, 0));
}

static uint32_t pvalidate_list(struct checks *checks, uint64_t entry, uint16_t *next)
{
    struct svsm_calling_area *area = checks->guest->area;
    const struct svsm_pvalidate_header header = {.entries = 1};
    memcpy(area->argument, &header, sizeof header);
    memcpy(area->argument + sizeof header, &entry, sizeof entry);
    struct guest_call regs = {.rcx = gpa_of(area->argument)};
    if (!guest_call(checks->guest, SVSM_PROTOCOL_CORE, SVSM_CORE_PVALIDATE, &regs)) {
        return (uint32_t)SVSM_BUSY;
    }
    memcpy(next, area->argument + offsetof(struct svsm_pvalidate_header, next), sizeof *next);
    return (uint32_t)regs.rax;
}

static void core_pvalidate(struct checks *checks)
{
    const uint64_t page = gpa_of(pages[3]);
    uint16_t next = 0;
    page_fill(pages[3], PATTERN);
    check_equal(checks, "PVALIDATE rescinds", pvalidate_list(checks, page, &next), SVSM_SUCCESS);
    check_equal(checks, "PVALIDATE counts the entry", next, 1);
    check_equal(checks, "PVALIDATE rescinds again", pvalidate_list(checks, page, &next),
                (uint32_t)SVSM_NO_CHANGE);
    check_equal(checks, "PVALIDATE stops at the entry", next, 0);
    check_equal(checks, "PVALIDATE validates",
                pvalidate_list(checks, page | SVSM_PVALIDATE_VALIDATE, &next), SVSM_SUCCESS);
    check_true(checks, "validated page is zero", page_holds(pages[3], 0));
    check_equal(checks, "PVALIDATE of the monitor's page",
                pvalidate_list(checks, checks->guest->boot->monitor_gpa, &next),
                (uint32_t)SVSM_INVALID_ADDRESS);
    check_equal(checks, "PVALIDATE with reserved bits", pvalidate_list(checks, page | 0x10, &next),
                (uint32_t)SVSM_INVALID_PARAMETER);
}

/* 2 MiB entries, in memory that no kernel and no monitor uses. Whether the RMP holds a 2 MiB page
 * there is the hypervisor's choice; once one page of it was shared, it does not. */
static void large_page(struct checks *checks)
{
    const uint64_t gpa = 0x400000;
    const uint64_t rescind = gpa | PAGE_2M, validate = rescind | SVSM_PVALIDATE_VALIDATE;
    uint8_t *last = (uint8_t *)(gpa + LARGE_PAGE_BYTES - PAGE_BYTES);
    uint16_t next = 0;
    uint32_t code = pvalidate_list(checks, rescind, &next);
    if (code == (uint32_t)SVSM_SIZE_MISMATCH) {
        guest_print(checks->guest, "page-cycle: no 2 MiB page in the RMP\n");
        return;
    }
    check_equal(checks, "PVALIDATE rescinds 2 MiB", code, SVSM_SUCCESS);
    check_equal(checks, "PVALIDATE validates 2 MiB", pvalidate_list(checks, validate, &next),
                SVSM_SUCCESS);
    check_true(checks, "last page of it is zero", page_holds(last, 0));
    page_fill(last, PATTERN);
    check_equal(checks, "SetPageShared within 2 MiB", share(checks, gpa, 1), SVSM_SUCCESS);
    check_equal(checks, "PVALIDATE of 2 MiB with a shared page",
                pvalidate_list(checks, rescind, &next), (uint32_t)SVSM_NO_CHANGE);
    check_equal(checks, "SetPagePrivate within 2 MiB", make_private(checks, gpa, 1), SVSM_SUCCESS);
    check_equal(checks, "PVALIDATE of 2 MiB that was split", pvalidate_list(checks, rescind, &next),
                (uint32_t)SVSM_SIZE_MISMATCH);
    check_true(checks, "split pages keep what was written", page_holds(last, PATTERN));
    check_equal(checks, "PVALIDATE of 2 MiB, not aligned",
                pvalidate_list(checks, (gpa + PAGE_BYTES) | PAGE_2M, &next),
                (uint32_t)SVSM_INVALID_ADDRESS);
}

static uint64_t query(struct checks *checks, uint32_t protocol)
{
    struct guest_call regs = {.rcx = (uint64_t)protocol << 32 | 1};
    bool served = guest_call(checks->guest, SVSM_PROTOCOL_CORE, SVSM_CORE_QUERY_PROTOCOL, &regs);
    return served && regs.rax == SVSM_SUCCESS ? regs.rcx : UINT64_MAX;
}

static uint32_t remap(struct checks *checks, uint64_t gpa)
{
    struct guest_call regs = {.rcx = gpa};
    if (!guest_call(checks->guest, SVSM_PROTOCOL_CORE, SVSM_CORE_REMAP_CA, &regs)) {
        return (uint32_t)SVSM_BUSY;
    }
    return (uint32_t)regs.rax;
}

static void calling_area(struct checks *checks)
{
    struct guest *guest = checks->guest;
    struct svsm_calling_area *old = guest->area;
    check_equal(checks, "REMAP_CA into the monitor", remap(checks, guest->boot->monitor_gpa),
                (uint32_t)SVSM_INVALID_ADDRESS);
    check_equal(checks, "REMAP_CA", remap(checks, gpa_of(pages[3])), SVSM_SUCCESS);
    guest->area = (struct svsm_calling_area *)pages[3];
    check_equal(checks, "call through the new area",
                guest_verismo(guest, SVSM_VERISMO_SWITCH, 0, 0), SVSM_SUCCESS);
    check_equal(checks, "REMAP_CA back", remap(checks, gpa_of(old)), SVSM_SUCCESS);
    guest->area = old;
}

static void protocols(struct checks *checks)
{
    struct guest_call regs = {0};
    const uint64_t version_1 = UINT64_C(1) << 32 | 1;
    check_equal(checks, "Switch", guest_verismo(checks->guest, SVSM_VERISMO_SWITCH, 0, 0),
                SVSM_SUCCESS);
    check_equal(checks, "call that does not exist", guest_verismo(checks->guest, 0x1234, 0, 0),
                (uint32_t)SVSM_UNSUPPORTED_CALL);
    check_true(checks, "protocol that does not exist",
               guest_call(checks->guest, 0x7fff, 0, &regs) &&
                   regs.rax == (uint32_t)SVSM_UNSUPPORTED_PROTOCOL);
    check_equal(checks, "QUERY_PROTOCOL core", query(checks, SVSM_PROTOCOL_CORE), version_1);
    check_equal(checks, "QUERY_PROTOCOL VeriSMo", query(checks, SVSM_PROTOCOL_VERISMO), version_1);
    check_equal(checks, "QUERY_PROTOCOL of none", query(checks, 0x7fff), 0);
}

static void secrets(struct checks *checks)
{
    const struct guest_boot *boot = checks->guest->boot;
    const struct secrets_page *page = (const struct secrets_page *)boot->secrets_gpa;
    uint8_t key = 0;
    for (unsigned i = 0; i < boot->vmpl * VMPCK_BYTES; i++) {
        key |= (&page->vmpck[0][0])[i];
    }
    check_equal(checks, "no key of a more privileged VMPL", key, 0);
    check_equal(checks, "secrets page names the monitor", page->svsm_base, boot->monitor_gpa);
    check_equal(checks, "secrets page names the calling area", page->svsm_calling_area,
                boot->calling_area_gpa);
}

unsigned guest_main(struct guest *guest)
{
    struct checks checks = {.guest = guest, .kernel = "page-cycle"};
    guest_print(guest, "page-cycle: guest at VMPL %u\n", guest->boot->vmpl);
    protocols(&checks);
    cycle(&checks);
    measurement(&checks);
    bad_ranges(&checks);
    several_pages(&checks);
    many(&checks);
    core_pvalidate(&checks);
    large_page(&checks);
    calling_area(&checks);
    secrets(&checks);
    guest_print(guest, "page-cycle: %u passed, %u failed\n", checks.passed, checks.failed);
    return checks.failed;
}

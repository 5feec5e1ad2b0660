/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SetPageShared and SetPagePrivate with lists, and in steps of 2 MiB. */
#include "monitor/guest/ask.h"
#include "monitor/guest/page.h"
#include "monitor/guest/services.h"
#include "monitor/lib/string.h"
#include "monitor/services_abi.h"
#include "monitor/snp.h"

enum { PAGES = 300, PATTERN = 0x5a, LIST_LARGE = 1 };

/* 2 MiB that neither kernel nor monitor use. */
#define LARGE_GPA UINT64_C(0x400000)

static uint8_t pages[PAGES][4096] __attribute__((aligned(4096), section(".bss.page")));
static struct page_list list __attribute__((aligned(4096), section(".bss.page")));

static uint32_t ask_list(struct guest *guest, uint32_t number, const void *page)
{
    struct guest_call regs = {.r8 = (uint64_t)page};
    return guest_call_must(guest, SVSM_PROTOCOL_VERISMO, number, &regs);
}

/* Calls until the list is done or refused; *calls gets their number. */
static uint32_t ask_whole_list(struct guest *guest, uint32_t number, unsigned *calls)
{
    uint32_t code;
    *calls = 0;
    do {
        code = ask_list(guest, number, &list);
        (*calls)++;
    } while (code == (uint32_t)SVSM_INCOMPLETE && *calls < 100);
    return code;
}

static void list_fill(uint32_t count)
{
    list.count = count;
    list.next = 0;
    for (uint32_t i = 0; i < count; i++) {
        list.entry[i] = (uint64_t)pages[i];
    }
}

static void long_list(struct checks *checks)
{
    struct guest *guest = checks->guest;
    unsigned calls;
    page_fill(pages[0], PATTERN);
    page_fill(pages[PAGES - 1], PATTERN);
    list_fill(PAGES);
    check_equal(checks, "SetPageShared of a list",
                ask_whole_list(guest, SVSM_VERISMO_SET_PAGE_SHARED, &calls), SVSM_SUCCESS);
    check_equal(checks, "a long list takes more than one call", calls, 2);
    check_equal(checks, "the list is done", list.next, PAGES);
    list.next = 0;
    check_equal(checks, "SetPagePrivate of a list",
                ask_whole_list(guest, SVSM_VERISMO_SET_PAGE_PRIVATE, &calls), SVSM_SUCCESS);
    check_true(checks, "first and last are zero",
               page_holds(pages[0], 0) && page_holds(pages[PAGES - 1], 0));
}

/* What is refused ends the list there; what stood before is done. */
static void refused_entry(struct checks *checks, const char *what, uint64_t entry, uint32_t code)
{
    struct guest *guest = checks->guest;
    list_fill(3);
    list.entry[1] = entry;
    unsigned calls;
    check_equal(checks, what, ask_whole_list(guest, SVSM_VERISMO_SET_PAGE_SHARED, &calls), code);
    check_equal(checks, "next names it", list.next, 1);
    check_equal(checks, "the one before is done",
                guest_verismo(guest, SVSM_VERISMO_SET_PAGE_PRIVATE, (uint64_t)pages[0], 1),
                SVSM_SUCCESS);
    check_equal(checks, "the one behind is not",
                guest_verismo(guest, SVSM_VERISMO_SET_PAGE_PRIVATE, (uint64_t)pages[2], 1),
                (uint32_t)SVSM_NO_CHANGE);
}

static void bad_entries(struct checks *checks)
{
    const struct guest_boot *boot = checks->guest->boot;
    const uint32_t address = (uint32_t)SVSM_INVALID_ADDRESS;
    refused_entry(checks, "entry of the monitor", boot->monitor_gpa, address);
    refused_entry(checks, "entry with the C-bit", (uint64_t)pages[1] | UINT64_C(1) << boot->c_bit,
                  address);
    refused_entry(checks, "entry of the calling area", boot->calling_area_gpa, address);
    refused_entry(checks, "entry at the end of the address space", ~UINT64_C(0xfff), address);
    refused_entry(checks, "entry of 2 MiB, not aligned", (LARGE_GPA + 4096) | LIST_LARGE, address);
    refused_entry(checks, "entry with reserved bits", (uint64_t)pages[1] | 2,
                  (uint32_t)SVSM_INVALID_PARAMETER);
    refused_entry(checks, "entry of the list itself", (uint64_t)&list, (uint32_t)SVSM_BUSY);
    refused_entry(checks, "entry twice", (uint64_t)pages[0], (uint32_t)SVSM_BUSY);
}

static void bad_lists(struct checks *checks)
{
    struct guest *guest = checks->guest;
    const uint32_t number = SVSM_VERISMO_SET_PAGE_SHARED;
    const uint32_t format = (uint32_t)SVSM_INVALID_FORMAT;
    const uint32_t address = (uint32_t)SVSM_INVALID_ADDRESS;
    list_fill(0);
    check_equal(checks, "empty list", ask_list(guest, number, &list), format);
    list_fill(3);
    list.count = PAGE_LIST_ENTRIES_MAX + 1;
    check_equal(checks, "list longer than a page", ask_list(guest, number, &list), format);
    list_fill(3);
    list.next = 3;
    check_equal(checks, "next beyond the list", ask_list(guest, number, &list), format);
    check_equal(checks, "no list", ask_list(guest, number, NULL), (uint32_t)SVSM_INVALID_PARAMETER);
    check_equal(checks, "list not at a page's start",
                ask_list(guest, number, (const uint8_t *)&list + 8), address);
    check_equal(checks, "list in the monitor",
                ask_list(guest, number, (const void *)guest->boot->monitor_gpa), address);
    check_equal(checks, "list in the calling area", ask_list(guest, number, guest->area), address);
}

/* As a range and as an entry. Whether the RMP holds a 2 MiB page is the hypervisor's choice; it has
 * to come out the same. */
static void large(struct checks *checks)
{
    struct guest *guest = checks->guest;
    uint8_t *first = (uint8_t *)LARGE_GPA, *last = first + LARGE_PAGE_BYTES - PAGE_BYTES;
    unsigned calls;
    page_fill(first, PATTERN);
    page_fill(last, PATTERN);
    check_equal(checks, "SetPageShared of 2 MiB and a page",
                ask_share(guest, first, PAGES_PER_LARGE_PAGE + 1), SVSM_SUCCESS);
    check_equal(checks, "SetPagePrivate of 2 MiB and a page",
                ask_private(guest, first, PAGES_PER_LARGE_PAGE + 1), SVSM_SUCCESS);
    check_true(checks, "2 MiB are zero", page_holds(first, 0) && page_holds(last, 0));
    page_fill(last, PATTERN);
    check_equal(checks, "SetPageShared within 2 MiB", ask_share(guest, first, 1), SVSM_SUCCESS);
    check_true(checks, "the rest keeps what was written", page_holds(last, PATTERN));
    check_equal(checks, "SetPagePrivate within 2 MiB", ask_private(guest, first, 1), SVSM_SUCCESS);
    list_fill(2);
    list.entry[1] = LARGE_GPA | LIST_LARGE;
    check_equal(checks, "SetPageShared of a list with 2 MiB",
                ask_whole_list(guest, SVSM_VERISMO_SET_PAGE_SHARED, &calls), SVSM_SUCCESS);
    check_equal(checks, "2 MiB are a call of their own", calls, 2);
    list.next = 0;
    check_equal(checks, "SetPagePrivate of a list with 2 MiB",
                ask_whole_list(guest, SVSM_VERISMO_SET_PAGE_PRIVATE, &calls), SVSM_SUCCESS);
    check_true(checks, "split 2 MiB are zero", page_holds(first, 0) && page_holds(last, 0));
}

void services_pages(struct checks *checks)
{
    long_list(checks);
    bad_entries(checks);
    bad_lists(checks);
    large(checks);
}

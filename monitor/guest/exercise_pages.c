/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SetPageShared and SetPagePrivate. */
#include "monitor/guest/ask.h"
#include "monitor/guest/exercise.h"
#include "monitor/guest/page.h"
#include "monitor/guest/team.h"
#include "monitor/services_abi.h"

enum { PATTERN = 0x5a, OTHER = 0xa5, OWN_PAGES = 8, ROUNDS = 4, LARGE_PAGES = 512, LIST_LARGE = 1 };

/* 2 MiB for each vCPU that no kernel uses. */
#define LARGE_GPA UINT64_C(0x1000000)

/* Neighbours belong to different vCPUs, so that their calls are about the same 2 MiB. */
static uint8_t own[OWN_PAGES][LAUNCH_CPUS_MAX][4096]
    __attribute__((aligned(4096), section(".bss.page")));
static uint8_t row[16][4096] __attribute__((aligned(4096), section(".bss.page")));
static uint8_t contested[4096] __attribute__((aligned(4096), section(".bss.page")));
static struct page_list lists[LAUNCH_CPUS_MAX] __attribute__((aligned(4096), section(".bss.page")));
static uint32_t winners, losers;

typedef uint32_t range_call(struct guest *guest, const void *start, uint64_t pages);

/* Arguments that either call must refuse; nothing may be changed by it. */
static void bad_ranges(struct checks *checks, range_call *call)
{
    const struct guest_boot *boot = checks->guest->boot;
    const uint64_t page = (uint64_t)row[0], c_bit = UINT64_C(1) << boot->c_bit;
    const uint64_t area = (uint64_t)checks->guest->area;
    const uint32_t address = (uint32_t)SVSM_INVALID_ADDRESS;
    const uint32_t parameter = (uint32_t)SVSM_INVALID_PARAMETER;
    const struct {
        const char *what;
        uint64_t gpa, count;
        uint32_t code;
    } cases[] = {
        {"too many pages", page, SVSM_PAGES_MAX + 1, parameter},
        {"count that overflows", page, UINT64_C(1) << 52, parameter},
        {"highest count", page, UINT64_MAX, parameter},
        {"address not aligned", page + 8, 1, address},
        {"bit 0 set", page + 1, 1, address},
        {"C-bit in the address", page | c_bit, 1, address},
        {"reserved bit in the address", page | c_bit << 1, 1, address},
        {"highest page", ~UINT64_C(0xfff), 1, address},
        {"wrap-around", ~UINT64_C(0xfff), 2, address},
        {"up to the C-bit", c_bit - 4096, 1, address},
        {"across the C-bit", c_bit - 4096, 2, address},
        {"the monitor's memory", boot->monitor_gpa, 1, address},
        {"end of the monitor's memory", boot->monitor_gpa + boot->monitor_bytes - 4096, 1, address},
        {"the calling area", area, 1, address},
        {"behind the memory", UINT64_C(1) << 40, 1, address},
    };
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        check_equal(checks, cases[i].what,
                    call(checks->guest, (const void *)cases[i].gpa, cases[i].count), cases[i].code);
    }
}

static void one_page(struct checks *checks, uint8_t *page)
{
    struct guest *guest = checks->guest;
    uint8_t *view = guest_shared_view(page);
    page_fill(page, PATTERN);
    check_equal(checks, "SetPageShared", ask_share(guest, page, 1), SVSM_SUCCESS);
    check_true(checks, "the hypervisor does not find the page's text", !page_holds(view, PATTERN));
    page_fill(view, OTHER);
    check_true(checks, "shared page keeps what was written", page_holds(view, OTHER));
    check_equal(checks, "SetPageShared of a shared page", ask_share(guest, page, 1),
                (uint32_t)SVSM_NO_CHANGE);
    check_true(checks, "and the page is as it was", page_holds(view, OTHER));
    check_equal(checks, "SetPagePrivate", ask_private(guest, page, 1), SVSM_SUCCESS);
    check_true(checks, "private page is empty", page_holds(page, 0));
    page_fill(page, PATTERN);
    check_equal(checks, "SetPagePrivate of a private page", ask_private(guest, page, 1),
                (uint32_t)SVSM_NO_CHANGE);
    check_true(checks, "and the page is as it was", page_holds(page, PATTERN));
}

/* The fifth page is in the other state: the call for all of them must change none. */
static void mixed_row(struct checks *checks, range_call *change, range_call *back)
{
    struct guest *guest = checks->guest;
    const unsigned pages = sizeof row / sizeof row[0];
    check_equal(checks, "one page of a row", change(guest, row[5], 1), SVSM_SUCCESS);
    check_equal(checks, "the row with it", change(guest, row, pages), (uint32_t)SVSM_NO_CHANGE);
    check_equal(checks, "the row was not changed", back(guest, row, 5), (uint32_t)SVSM_NO_CHANGE);
    check_equal(checks, "it goes back", back(guest, row[5], 1), SVSM_SUCCESS);
    check_equal(checks, "the whole row", change(guest, row, pages), SVSM_SUCCESS);
}

/* All ask for the same page at once: one gets it, for the others it is done or under way. */
static void contest(struct checks *checks, range_call *change)
{
    team_barrier();
    uint32_t code = change(checks->guest, contested, 1);
    if (code == SVSM_SUCCESS) {
        __atomic_fetch_add(&winners, 1, __ATOMIC_SEQ_CST);
    } else if (code == (uint32_t)SVSM_NO_CHANGE || code == (uint32_t)SVSM_BUSY) {
        __atomic_fetch_add(&losers, 1, __ATOMIC_SEQ_CST);
    }
    team_barrier();
    const uint32_t vcpus = checks->guest->boot->vcpu_count;
    check_equal(checks, "one vCPU changes a page that all want", winners, 1);
    check_equal(checks, "the others are told so", losers, vcpus - 1);
    team_barrier();
    if (checks->guest->index == 0) {
        winners = losers = 0;
    }
    team_barrier();
}

static void own_pages(struct checks *checks)
{
    for (unsigned round = 0; round < ROUNDS; round++) {
        for (unsigned i = 0; i < OWN_PAGES; i++) {
            one_page(checks, own[i][checks->guest->index]);
        }
    }
}

/* 2 MiB at once, page by page, and by an entry of a list. */
static void large(struct checks *checks)
{
    struct guest *guest = checks->guest;
    uint8_t(*page)[4096] = (void *)(LARGE_GPA + guest->index * LARGE_PAGE_BYTES);
    if (guest->boot->block_gpa < LARGE_GPA + LAUNCH_CPUS_MAX * LARGE_PAGE_BYTES) {
        check_true(checks, "the machine has 64 MiB", false);
        return;
    }
    page_fill(page[0], PATTERN);
    page_fill(page[LARGE_PAGES - 1], PATTERN);
    check_equal(checks, "SetPageShared of 2 MiB", ask_share(guest, page, LARGE_PAGES),
                SVSM_SUCCESS);
    check_equal(checks, "SetPagePrivate of a page of it", ask_private(guest, page[5], 1),
                SVSM_SUCCESS);
    check_equal(checks, "SetPagePrivate of the whole", ask_private(guest, page, LARGE_PAGES),
                (uint32_t)SVSM_NO_CHANGE);
    check_equal(checks, "SetPagePrivate of what is before", ask_private(guest, page, 5),
                SVSM_SUCCESS);
    check_equal(checks, "SetPagePrivate of what is behind",
                ask_private(guest, page[6], LARGE_PAGES - 6), SVSM_SUCCESS);
    check_true(checks, "2 MiB are empty",
               page_holds(page[0], 0) && page_holds(page[5], 0) &&
                   page_holds(page[LARGE_PAGES - 1], 0));
}

static uint32_t ask_list(struct checks *checks, uint32_t number, struct page_list *list)
{
    struct guest_call regs = {.r8 = (uint64_t)list};
    return guest_call_must(checks->guest, SVSM_PROTOCOL_VERISMO, number, &regs);
}

static void list_is_refused(struct checks *checks, uint32_t count, uint32_t next)
{
    struct page_list *list = &lists[checks->guest->index];
    list->count = count;
    list->next = next;
    check_equal(checks, "a list that is none", ask_list(checks, SVSM_VERISMO_SET_PAGE_SHARED, list),
                (uint32_t)SVSM_INVALID_FORMAT);
}

static void list_of_pages(struct checks *checks)
{
    const uint32_t index = checks->guest->index;
    struct page_list *list = &lists[index];
    *list = (struct page_list){.count = 3};
    for (unsigned i = 0; i < 3; i++) {
        list->entry[i] = (uint64_t)own[i][index];
    }
    check_equal(checks, "SetPageShared of a list",
                ask_list(checks, SVSM_VERISMO_SET_PAGE_SHARED, list), SVSM_SUCCESS);
    check_equal(checks, "the list is done", list->next, 3);
    *list = (struct page_list){.count = 3,
                               .entry = {(uint64_t)own[0][index], checks->guest->boot->monitor_gpa,
                                         (uint64_t)own[1][index]}};
    check_equal(checks, "SetPagePrivate, the second entry is the monitor's",
                ask_list(checks, SVSM_VERISMO_SET_PAGE_PRIVATE, list),
                (uint32_t)SVSM_INVALID_ADDRESS);
    check_equal(checks, "the list names it", list->next, 1);
    check_equal(checks, "what is before is done", ask_private(checks->guest, own[0][index], 1),
                (uint32_t)SVSM_NO_CHANGE);
    list->entry[1] = (uint64_t)own[2][index];
    check_equal(checks, "SetPagePrivate of the rest",
                ask_list(checks, SVSM_VERISMO_SET_PAGE_PRIVATE, list), SVSM_SUCCESS);
    check_true(checks, "they are empty",
               page_holds(own[0][index], 0) && page_holds(own[1][index], 0) &&
                   page_holds(own[2][index], 0));
    list_is_refused(checks, 0, 0);
    list_is_refused(checks, PAGE_LIST_ENTRIES_MAX + 1, 0);
    list_is_refused(checks, 1, 1);
    *list = (struct page_list){.count = 1, .entry = {(uint64_t)list}};
    check_equal(checks, "a list that names itself",
                ask_list(checks, SVSM_VERISMO_SET_PAGE_SHARED, list), (uint32_t)SVSM_BUSY);
    *list = (struct page_list){.count = 1, .entry = {(uint64_t)own[0][index] | LIST_LARGE}};
    check_equal(checks, "2 MiB that are not aligned",
                ask_list(checks, SVSM_VERISMO_SET_PAGE_SHARED, list),
                (uint32_t)SVSM_INVALID_ADDRESS);
}

static void shared_together(struct checks *checks)
{
    bad_ranges(checks, ask_share);
    own_pages(checks);
    list_of_pages(checks);
    large(checks);
    contest(checks, ask_share);
}

static void shared_after(struct checks *checks)
{
    mixed_row(checks, ask_share, ask_private);
    check_equal(checks, "the row goes back", ask_private(checks->guest, row, 16), SVSM_SUCCESS);
    check_equal(checks, "the contested page goes back", ask_private(checks->guest, contested, 1),
                SVSM_SUCCESS);
}

static void private_before(struct checks *checks)
{
    check_equal(checks, "SetPageShared of a row", ask_share(checks->guest, row, 16), SVSM_SUCCESS);
    check_equal(checks, "SetPageShared for the contest", ask_share(checks->guest, contested, 1),
                SVSM_SUCCESS);
}

static void private_together(struct checks *checks)
{
    bad_ranges(checks, ask_private);
    own_pages(checks);
    list_of_pages(checks);
    large(checks);
    contest(checks, ask_private);
}

static void private_after(struct checks *checks)
{
    check_true(checks, "the contested page is empty", page_holds(contested, 0));
    mixed_row(checks, ask_private, ask_share);
    check_true(checks, "the row is empty", page_holds(row[0], 0) && page_holds(row[15], 0));
}

const struct exercise exercise_set_page_shared = {
    .name = "set-page-shared",
    .together = shared_together,
    .after = shared_after,
};

const struct exercise exercise_set_page_private = {
    .name = "set-page-private",
    .before = private_before,
    .together = private_together,
    .after = private_after,
};

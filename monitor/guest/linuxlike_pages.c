/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Linux's page-state changes. To shared: PVALIDATE, then the hypervisor; to private: the other way
 * round. Lists of at most 64 entries, 2 MiB where that fits; an entry of 2 MiB that the RMP holds
 * in 4 KiB ones is done again as such.
 */
#include "monitor/ghcb_msr.h"
#include "monitor/ghcb_page.h"
#include "monitor/guest/linuxlike.h"
#include "monitor/guest/page.h"
#include "monitor/insn.h"
#include "monitor/lib/string.h"

enum {
    DESCRIPTOR_ENTRIES_MAX = 64,
    LIST_ENTRIES_MAX = 510, /* what a calling area has room for */
    EARLY_PAGES = 32,
    PSC_MSR_OPERATION_SHIFT = 52,
    PATTERN = 0x3c,
};

/* Guest memory beyond everything else, as long as the machine has 192 MiB and more. */
#define BUFFER_GPA   UINT64_C(0x8000000)
#define BUFFER_BYTES UINT64_C(0x4000000)

static uint8_t early[EARLY_PAGES][4096] __attribute__((aligned(4096), section(".bss.page")));

struct descriptor {
    unsigned count;
    uint64_t entry[DESCRIPTOR_ENTRIES_MAX]; /* as for the hypervisor */
};

struct list {
    struct svsm_pvalidate_header header;
    uint64_t entry[LIST_ENTRIES_MAX];
};
_Static_assert(sizeof(struct list) <= sizeof(((struct svsm_calling_area *)0)->argument), "list");

static uint64_t entry_gpa(uint64_t entry)
{
    return entry & UINT64_C(0x000ffffffffff000);
}

static uint32_t list_call(struct linuxlike *kernel, struct guest *guest, struct list *list)
{
    struct guest_call regs = {.rcx = (uint64_t)list};
    return linuxlike_call(kernel, guest, SVSM_PROTOCOL_CORE, SVSM_CORE_PVALIDATE, &regs);
}

static void list_must(struct linuxlike *kernel, struct guest *guest, struct list *list)
{
    uint32_t code = list_call(kernel, guest, list);
    if (code != SVSM_SUCCESS) {
        check_equal(&kernel->checks, "PVALIDATE", code, SVSM_SUCCESS);
    }
}

/* The 512 pages of a 2 MiB entry: more than one list. */
static void small_entries_do(struct linuxlike *kernel, struct guest *guest, uint64_t gpa,
                             unsigned action)
{
    struct list *list = (struct list *)guest->area->argument;
    for (uint64_t done = 0; done < PAGES_PER_LARGE_PAGE;) {
        list->header = (struct svsm_pvalidate_header){0};
        for (; done < PAGES_PER_LARGE_PAGE && list->header.entries < LIST_ENTRIES_MAX; done++) {
            list->entry[list->header.entries++] = (gpa + done * PAGE_BYTES) | PAGE_4K | action;
        }
        list_must(kernel, guest, list);
    }
}

static void descriptor_validate(struct linuxlike *kernel, struct guest *guest,
                                const struct descriptor *descriptor, unsigned action)
{
    struct list *list = (struct list *)guest->area->argument;
    uint64_t again[DESCRIPTOR_ENTRIES_MAX];
    unsigned again_count = 0;
    list->header = (struct svsm_pvalidate_header){.entries = (uint16_t)descriptor->count};
    for (unsigned i = 0; i < descriptor->count; i++) {
        bool large = (descriptor->entry[i] & PSC_ENTRY_LARGE) != 0;
        list->entry[i] = entry_gpa(descriptor->entry[i]) | (large ? PAGE_2M : PAGE_4K) | action;
    }
    uint32_t code;
    while ((code = list_call(kernel, guest, list)) == (uint32_t)SVSM_SIZE_MISMATCH) {
        again[again_count++] = list->entry[list->header.next++];
        if (list->header.next == list->header.entries) {
            code = SVSM_SUCCESS;
            break;
        }
    }
    if (code != SVSM_SUCCESS) {
        check_equal(&kernel->checks, "PVALIDATE of a list", code, SVSM_SUCCESS);
    }
    for (unsigned i = 0; i < again_count; i++) {
        small_entries_do(kernel, guest, again[i] & ~(PAGE_BYTES - 1), action);
    }
    kernel->fallbacks += again_count;
}

static void descriptor_request(struct linuxlike *kernel, struct guest *guest,
                               const struct descriptor *descriptor)
{
    volatile uint64_t *shared = (volatile uint64_t *)guest->ghcb->buffer;
    struct ghcb_request request;
    struct ghcb_reply reply;
    shared[0] = (uint64_t)(descriptor->count - 1) << 16;
    for (unsigned i = 0; i < descriptor->count; i++) {
        shared[1 + i] = descriptor->entry[i];
    }
    while ((shared[0] & 0xffff) < descriptor->count) {
        ghcb_request_begin(&request, guest->ghcb, GHCB_PROTOCOL_VERSION, GHCB_EXIT_PSC, 0, 0);
        ghcb_request_set(&request, GHCB_SCRATCH,
                         linuxlike_ghcb_gpa(guest) + offsetof(struct ghcb_page, buffer));
        guest_msr_call(linuxlike_ghcb_gpa(guest));
        ghcb_page_reply(guest->ghcb, &reply);
        if (ghcb_reply_status(&reply) != GHCB_OK || reply.exit_info_2 != 0) {
            check_equal(&kernel->checks, "page-state change", reply.exit_info_2, 0);
            return;
        }
    }
}

static void pages_change(struct linuxlike *kernel, uint64_t gpa, uint64_t bytes,
                         enum psc_operation operation)
{
    struct guest *guest = kernel->checks.guest;
    struct descriptor descriptor;
    for (uint64_t end = gpa + bytes; gpa < end;) {
        for (descriptor.count = 0; gpa < end && descriptor.count < DESCRIPTOR_ENTRIES_MAX;) {
            bool large = gpa % LARGE_PAGE_BYTES == 0 && end - gpa >= LARGE_PAGE_BYTES;
            descriptor.entry[descriptor.count++] =
                psc_entry_make(gpa, operation) | (large ? PSC_ENTRY_LARGE : 0);
            gpa += large ? LARGE_PAGE_BYTES : PAGE_BYTES;
        }
        if (operation == PSC_SHARED) {
            descriptor_validate(kernel, guest, &descriptor, 0);
        }
        descriptor_request(kernel, guest, &descriptor);
        if (operation == PSC_PRIVATE) {
            descriptor_validate(kernel, guest, &descriptor, SVSM_PVALIDATE_VALIDATE);
        }
    }
}

/* One page of every 2 MiB, and the last. */
static bool shared_pages_work(uint64_t gpa, uint64_t bytes)
{
    bool good = true;
    for (uint64_t offset = 0; offset < bytes; offset += LARGE_PAGE_BYTES) {
        void *first = guest_shared_view((void *)(gpa + offset));
        page_fill(first, PATTERN);
        good = good && page_holds(first, PATTERN);
    }
    void *last = guest_shared_view((void *)(gpa + bytes - PAGE_BYTES));
    page_fill(last, PATTERN);
    return good && page_holds(last, PATTERN);
}

static bool private_pages_work(uint64_t gpa, uint64_t bytes)
{
    bool good = page_holds((void *)(gpa + bytes - PAGE_BYTES), 0);
    for (uint64_t offset = 0; offset < bytes; offset += LARGE_PAGE_BYTES) {
        void *first = (void *)(gpa + offset);
        good = good && page_holds(first, 0);
        page_fill(first, PATTERN);
        good = good && page_holds(first, PATTERN);
    }
    return good;
}

/* Before the GHCB page is in use: one entry a call, then one page a request. */
void linuxlike_pages_early(struct linuxlike *kernel)
{
    struct guest *guest = kernel->checks.guest;
    struct list *list = (struct list *)guest->area->argument;
    for (unsigned i = 0; i < EARLY_PAGES; i++) {
        uint64_t gpa = (uint64_t)early[i];
        page_fill(early[i], PATTERN);
        list->header = (struct svsm_pvalidate_header){.entries = 1};
        list->entry[0] = gpa | PAGE_4K;
        list_must(kernel, guest, list);
        uint64_t operation = (uint64_t)PSC_SHARED << PSC_MSR_OPERATION_SHIFT;
        if (guest_msr_call(gpa | operation | GHCB_MSR_PSC) != GHCB_MSR_PSC_RESPONSE) {
            check_true(&kernel->checks, "page-state change by the MSR", false);
        }
    }
    check_true(&kernel->checks, "early pages are shared",
               shared_pages_work((uint64_t)early, sizeof early));
}

void linuxlike_pages(struct linuxlike *kernel)
{
    struct checks *checks = &kernel->checks;
    pages_change(kernel, BUFFER_GPA, BUFFER_BYTES, PSC_SHARED);
    check_true(checks, "64 MiB are shared", shared_pages_work(BUFFER_GPA, BUFFER_BYTES));
    check_equal(checks, "2 MiB entries are 2 MiB in the RMP", kernel->fallbacks, 0);
    pages_change(kernel, BUFFER_GPA, BUFFER_BYTES, PSC_PRIVATE);
    check_true(checks, "64 MiB are private and zero", private_pages_work(BUFFER_GPA, BUFFER_BYTES));

    /* One page there and back splits the entry of the 2 MiB. */
    const uint64_t page = BUFFER_GPA + 3 * LARGE_PAGE_BYTES + 5 * PAGE_BYTES;
    pages_change(kernel, page, PAGE_BYTES, PSC_SHARED);
    pages_change(kernel, page, PAGE_BYTES, PSC_PRIVATE);
    check_true(checks, "one page came back", private_pages_work(page, PAGE_BYTES));
    kernel->fallbacks = 0;
    pages_change(kernel, BUFFER_GPA, BUFFER_BYTES, PSC_SHARED);
    check_equal(checks, "the split 2 MiB go in 4 KiB entries", kernel->fallbacks, 1);
    check_true(checks, "64 MiB are shared again", shared_pages_work(BUFFER_GPA, BUFFER_BYTES));
    pages_change(kernel, BUFFER_GPA, BUFFER_BYTES, PSC_PRIVATE);
    check_true(checks, "64 MiB are private again", private_pages_work(BUFFER_GPA, BUFFER_BYTES));
}

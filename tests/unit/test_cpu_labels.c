/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Labels as a vCPU's stores and instructions make them, and what VMPL0 executes. */
#include "tests/unit/cpu_fixture.h"

#include <string.h>

#define PAGE (FIXTURE_DATA + 0x5000)

/* mov [rdi], rax; then RMPADJUST of rdi, rcx = 0, rdx = VMPL1 R; hlt */
static const uint8_t store_and_grant[] = { 0x48, 0x89, 0x07, 0x48, 0x89, 0xf8, 0xba, 0x01, 0x01,
                                           0x00, 0x00, 0xf3, 0x0f, 0x01, 0xfe, 0xf4 };

static struct fixture *fixture_of_page(uint8_t label)
{
    struct fixture *f = fixture_new();
    uint8_t page[4096];

    memset(page, 0x11, sizeof(page));
    fixture_write(f, PAGE, page, sizeof(page));
    labels_set(&f->memory, PAGE, label);
    fixture_code(f, store_and_grant, store_and_grant + sizeof(store_and_grant));
    f->vmsa.rdi = PAGE;
    f->vmsa.rax = UINT64_C(0x2222222222222222);
    f->vmsa.rcx = 0;
    return f;
}

static uint32_t granted_monitor_bytes(uint8_t label)
{
    struct fixture *f = fixture_of_page(label);

    fixture_start(f);
    g_assert_cmphex(f->exit.code, ==, SVM_EXIT_HLT);
    const uint32_t bytes = fixture_event(f, EVENT_RMP, 0)->rmp.bytes_monitor;
    fixture_free(f);
    return bytes;
}

static void test_granted_launch_page(void)
{
    g_assert_cmpuint(granted_monitor_bytes(LABEL_LAUNCH | LABEL_TRUSTED), ==, 4096 - 8);
    g_assert_cmpuint(granted_monitor_bytes(LABEL_OLD), ==, 4096 - 8);
    g_assert_cmpuint(granted_monitor_bytes(LABEL_OTHER), ==, 0);
    g_assert_cmpuint(granted_monitor_bytes(LABEL_OWN), ==, 0);
}

/* A page that was the guest's and is VMPL0's alone again: what VMPL0 then stores is noticed,
 * although its translation for stores was there before. */
static void test_store_after_revocation(void)
{
    /* mov [rdi], rax; rmpadjust rdi -> VMPL1 nothing; mov [rdi+8], rax; hlt */
    static const uint8_t code[] = { 0x48, 0x89, 0x07, 0x49, 0x89, 0xc0, 0x48, 0x89, 0xf8, 0xba,
                                    0x01, 0x00, 0x00, 0x00, 0xf3, 0x0f, 0x01, 0xfe, 0x4c, 0x89,
                                    0x47, 0x08, 0xf4 };
    struct fixture *f = fixture_of_page(LABEL_OTHER | LABEL_GUEST);

    rmp_slot_at(&f->rmp, PAGE)->perm[1] = RMP_PERM_R | RMP_PERM_W;
    labels_permit(&f->memory, PAGE, FIXTURE_ASID, RMP_PERM_R | RMP_PERM_W);
    fixture_code(f, code, code + sizeof(code));
    fixture_start(f);
    g_assert_cmphex(f->exit.code, ==, SVM_EXIT_HLT);
    g_assert_cmpuint(labels_count(&f->memory, PAGE, FIXTURE_ASID).trusted, ==, 8);
    cpu_page_rebound(&f->env, PAGE);
    g_assert_cmpuint(labels_count_monitor(&f->memory, PAGE, FIXTURE_ASID), ==, 8);
    fixture_free(f);
}

/* ---- EVENT_FETCH ---- */

/* One for a page, and one more after a store to it. */
static void test_fetch_once(void)
{
    /* jmp rdi; 1: mov byte [rdi], 0xf4 (hlt); jmp rdi. At PAGE: jmp rsi, to 1. */
    static const uint8_t first[] = { 0xff, 0xe7, 0xc6, 0x07, 0xf4, 0xff, 0xe7 };
    static const uint8_t second[] = { 0xff, 0xe6 };
    struct fixture *f = fixture_new();

    fixture_code(f, first, first + sizeof(first));
    fixture_write(f, PAGE, second, sizeof(second));
    labels_set(&f->memory, PAGE, LABEL_OTHER | LABEL_GUEST);
    labels_set(&f->memory, FIXTURE_CODE, LABEL_LAUNCH | LABEL_TRUSTED);
    f->vmsa.rdi = PAGE;
    f->vmsa.rsi = FIXTURE_CODE + 2;
    fixture_start(f);
    g_assert_cmphex(f->exit.code, ==, SVM_EXIT_HLT);
    g_assert_cmpuint(fixture_event_count(f, EVENT_FETCH), ==, 3);
    const struct event_fetch *code = &fixture_event(f, EVENT_FETCH, 0)->fetch;
    g_assert_cmphex(code->spa, ==, FIXTURE_CODE);
    g_assert_cmpuint(code->bytes_trusted, ==, sizeof(first));
    g_assert_cmpuint(code->bytes_guest + code->bytes_hypervisor, ==, 0);
    const struct event_fetch *guest = &fixture_event(f, EVENT_FETCH, 1)->fetch;
    g_assert_cmphex(guest->spa, ==, PAGE);
    g_assert_cmphex(guest->gva, ==, PAGE);
    g_assert_cmpuint(guest->bytes_guest, ==, 2);
    g_assert_cmpuint(guest->bytes_trusted, ==, 0);
    const struct event_fetch *own = &fixture_event(f, EVENT_FETCH, 2)->fetch;
    g_assert_cmphex(own->spa, ==, PAGE);
    g_assert_cmpuint(own->bytes_guest, ==, 1);
    g_assert_cmpuint(own->bytes_trusted, ==, 1);
    fixture_free(f);
}

/* Another VMPL's fetches are its own business, and do not hide VMPL0's. */
static void test_fetch_of_lower_vmpl(void)
{
    static const uint8_t code[] = { 0xf4 };
    struct fixture *f = fixture_new();

    for (uint64_t spa = 0; spa < FIXTURE_PRIVATE_END; spa += PAGE_BYTES)
        rmp_slot_at(&f->rmp, spa)->perm[1] = RMP_PERM_ALL;
    fixture_code(f, code, code + sizeof(code));
    f->vmsa.vmpl = 1;
    fixture_start(f);
    g_assert_cmpuint(fixture_event_count(f, EVENT_FETCH), ==, 0);
    f->vmsa.vmpl = 0;
    f->vmsa.rip = FIXTURE_CODE;
    fixture_start(f);
    g_assert_cmpuint(fixture_event_count(f, EVENT_FETCH), ==, 1);
    fixture_free(f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cpu/labels/granted-launch-page", test_granted_launch_page);
    g_test_add_func("/cpu/labels/store-after-revocation", test_store_after_revocation);
    g_test_add_func("/cpu/labels/fetch-once", test_fetch_once);
    g_test_add_func("/cpu/labels/fetch-of-lower-vmpl", test_fetch_of_lower_vmpl);
    return g_test_run();
}

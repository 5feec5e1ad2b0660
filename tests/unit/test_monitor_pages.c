/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Page states: a range is held as a whole or not at all; what a call may name. */
#include <glib.h>

#include "monitor/call.h"
#include "monitor/page_state.h"

enum { PAGES = 32, C_BIT = 51 };

static struct page_states states_new(uint8_t table[PAGES])
{
    struct page_states states;
    page_states_init(&states, table, PAGES);
    page_states_set(&states, 2, 28, PAGE_PRIVATE);
    page_states_set(&states, 8, 4, PAGE_MONITOR);
    page_states_set(&states, 20, 4, PAGE_SHARED);
    page_states_set(&states, 26, 1, PAGE_CALLING_AREA);
    return states;
}

static void test_hold(void)
{
    const struct {
        uint64_t gpn, count;
        enum page_state wanted;
        enum page_hold result;
    } cases[] = {
        {2, 6, PAGE_PRIVATE, PAGE_HOLD_OK},
        {2, 1, PAGE_SHARED, PAGE_HOLD_STATE},
        {20, 4, PAGE_SHARED, PAGE_HOLD_OK},
        {19, 2, PAGE_PRIVATE, PAGE_HOLD_STATE},
        {19, 2, PAGE_SHARED, PAGE_HOLD_STATE},
        {2, 7, PAGE_PRIVATE, PAGE_HOLD_ABSENT}, /* the last one is the monitor's */
        {8, 1, PAGE_PRIVATE, PAGE_HOLD_ABSENT},
        {8, 1, PAGE_SHARED, PAGE_HOLD_ABSENT},
        {0, 1, PAGE_PRIVATE, PAGE_HOLD_ABSENT},
        {25, 2, PAGE_PRIVATE, PAGE_HOLD_CALLING},
        {26, 1, PAGE_SHARED, PAGE_HOLD_CALLING},
        {30, 1, PAGE_PRIVATE, PAGE_HOLD_ABSENT},
        {2, 0, PAGE_PRIVATE, PAGE_HOLD_RANGE},
        {PAGES, 1, PAGE_PRIVATE, PAGE_HOLD_RANGE},
        {29, 4, PAGE_PRIVATE, PAGE_HOLD_RANGE},
        {29, UINT64_MAX, PAGE_PRIVATE, PAGE_HOLD_RANGE},
        {UINT64_MAX, 2, PAGE_PRIVATE, PAGE_HOLD_RANGE},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        uint8_t table[PAGES] = {0}, before[PAGES];
        struct page_states states = states_new(table);
        memcpy(before, table, sizeof before);
        g_assert_cmpint(page_states_hold(&states, cases[i].gpn, cases[i].count, cases[i].wanted),
                        ==, cases[i].result);
        if (cases[i].result != PAGE_HOLD_OK)
            g_assert_cmpmem(table, sizeof table, before, sizeof before);
    }
}

static void test_exclusion(void)
{
    uint8_t table[PAGES] = {0};
    struct page_states states = states_new(table);
    g_assert_cmpint(page_states_hold(&states, 4, 2, PAGE_PRIVATE), ==, PAGE_HOLD_OK);
    /* Another processor that names one of the pages gets nothing, and changes nothing. */
    g_assert_cmpint(page_states_hold(&states, 3, 2, PAGE_PRIVATE), ==, PAGE_HOLD_BUSY);
    g_assert_cmpint(page_states_hold(&states, 5, 1, PAGE_SHARED), ==, PAGE_HOLD_BUSY);
    g_assert_cmpint(page_states_hold(&states, 3, 1, PAGE_PRIVATE), ==, PAGE_HOLD_OK);
    page_states_release(&states, 4, 2, PAGE_SHARED);
    g_assert_cmpint(page_states_get(&states, 4), ==, PAGE_SHARED);
    g_assert_cmpint(page_states_hold(&states, 4, 2, PAGE_PRIVATE), ==, PAGE_HOLD_STATE);
    g_assert_cmpint(page_states_hold(&states, 4, 2, PAGE_SHARED), ==, PAGE_HOLD_OK);
}

/* LockKernel takes its ranges this way: one page that is not as it should be changes nothing. */
static void test_move(void)
{
    uint8_t table[PAGES] = {0}, before[PAGES];
    struct page_states states = states_new(table);
    enum page_state state;
    memcpy(before, table, sizeof before);
    g_assert_cmpint(page_states_move(&states, 2, 7, PAGE_PRIVATE, PAGE_KERNEL), ==,
                    PAGE_HOLD_ABSENT);
    g_assert_cmpint(page_states_move(&states, 25, 2, PAGE_PRIVATE, PAGE_KERNEL), ==,
                    PAGE_HOLD_CALLING);
    g_assert_cmpint(page_states_move(&states, 29, 4, PAGE_PRIVATE, PAGE_KERNEL), ==,
                    PAGE_HOLD_RANGE);
    g_assert_cmpint(page_states_hold_any(&states, 4, &state), ==, PAGE_HOLD_OK);
    g_assert_cmpint(page_states_move(&states, 2, 6, PAGE_PRIVATE, PAGE_KERNEL), ==, PAGE_HOLD_BUSY);
    page_states_release(&states, 4, 1, state);
    g_assert_cmpmem(table, sizeof table, before, sizeof before);

    g_assert_cmpint(page_states_move(&states, 2, 6, PAGE_PRIVATE, PAGE_KERNEL), ==, PAGE_HOLD_OK);
    g_assert_cmpint(page_states_get(&states, 2), ==, PAGE_KERNEL);
    g_assert_cmpint(page_states_get(&states, 7), ==, PAGE_KERNEL);
    /* No call finds such a page in a state that it could use. */
    g_assert_cmpint(page_states_hold(&states, 2, 1, PAGE_PRIVATE), ==, PAGE_HOLD_ABSENT);
    g_assert_cmpint(page_states_hold(&states, 2, 1, PAGE_SHARED), ==, PAGE_HOLD_ABSENT);
    g_assert_cmpint(page_states_move(&states, 2, 1, PAGE_PRIVATE, PAGE_KERNEL), ==,
                    PAGE_HOLD_ABSENT);
}

/* The sweep of LockKernel sees every page that the guest can have, and waits for held ones. */
static void test_hold_any(void)
{
    uint8_t table[PAGES] = {0};
    struct page_states states = states_new(table);
    const struct {
        uint64_t gpn;
        enum page_hold result;
        enum page_state state;
    } cases[] = {
        {2, PAGE_HOLD_OK, PAGE_PRIVATE},
        {20, PAGE_HOLD_OK, PAGE_SHARED},
        {26, PAGE_HOLD_OK, PAGE_CALLING_AREA},
        {28, PAGE_HOLD_OK, PAGE_KERNEL},
        {8, PAGE_HOLD_ABSENT, 0},
        {0, PAGE_HOLD_ABSENT, 0},
        {29, PAGE_HOLD_ABSENT, 0},
        {PAGES, PAGE_HOLD_RANGE, 0},
    };
    page_states_set(&states, 28, 1, PAGE_KERNEL);
    page_states_set(&states, 29, 1, PAGE_VMSA);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        enum page_state state = PAGE_ABSENT;
        g_assert_cmpint(page_states_hold_any(&states, cases[i].gpn, &state), ==, cases[i].result);
        if (cases[i].result != PAGE_HOLD_OK)
            continue;
        g_assert_cmpint(state, ==, cases[i].state);
        g_assert_cmpint(page_states_hold_any(&states, cases[i].gpn, &state), ==, PAGE_HOLD_BUSY);
        page_states_let_go(&states, cases[i].gpn);
        g_assert_cmpint(page_states_get(&states, cases[i].gpn), ==, cases[i].state);
    }
}

/* REMAP_CA and the end of a vCPU give up a calling area that the sweep may just be at: until that
 * lets go, nobody takes it (CREATE_VCPU would, and get a VMSA that the sweep then grants). */
static void test_area_ends_while_held(void)
{
    uint8_t table[PAGES] = {0};
    struct page_states states = states_new(table);
    enum page_state state;
    g_assert_cmpint(page_states_hold_any(&states, 26, &state), ==, PAGE_HOLD_OK);
    page_states_area_end(&states, 26);
    g_assert_cmpint(page_states_get(&states, 26), ==, PAGE_PRIVATE);
    g_assert_cmpint(page_states_hold(&states, 26, 1, PAGE_PRIVATE), ==, PAGE_HOLD_BUSY);
    page_states_let_go(&states, 26);
    g_assert_cmpint(page_states_hold(&states, 26, 1, PAGE_PRIVATE), ==, PAGE_HOLD_OK);
    page_states_release(&states, 26, 1, PAGE_CALLING_AREA);
    page_states_area_end(&states, 26);
    g_assert_cmpint(page_states_hold(&states, 26, 1, PAGE_PRIVATE), ==, PAGE_HOLD_OK);
}

static void test_set_is_bounded(void)
{
    uint8_t table[PAGES + 1] = {0};
    struct page_states states;
    page_states_init(&states, table, PAGES);
    page_states_set(&states, PAGES - 1, UINT64_MAX, PAGE_PRIVATE);
    page_states_set(&states, UINT64_MAX - 1, 8, PAGE_PRIVATE);
    page_states_set(&states, PAGES, 1, PAGE_PRIVATE);
    g_assert_cmpint(table[PAGES - 1], ==, PAGE_PRIVATE);
    g_assert_cmpint(table[PAGES], ==, 0);
    g_assert_cmpint(table[0], ==, 0);
    g_assert_cmpint(page_states_get(&states, PAGES), ==, PAGE_ABSENT);
    g_assert_cmpint(page_states_get(&states, UINT64_MAX), ==, PAGE_ABSENT);
}

static void test_range(void)
{
    const uint64_t top = UINT64_C(1) << C_BIT;
    const struct {
        uint64_t gpa, pages;
        enum svsm_result result;
    } cases[] = {
        {0x1000, 1, SVSM_SUCCESS},
        {0x1000, SVSM_PAGES_MAX, SVSM_SUCCESS},
        {0x1000, 0, SVSM_INVALID_PARAMETER},
        {0x1000, SVSM_PAGES_MAX + 1, SVSM_INVALID_PARAMETER},
        {0x1000, UINT64_MAX, SVSM_INVALID_PARAMETER},
        {0x1000, UINT64_C(1) << 52, SVSM_INVALID_PARAMETER},
        {0x1001, 1, SVSM_INVALID_ADDRESS},
        {0x1800, 1, SVSM_INVALID_ADDRESS},
        {top, 1, SVSM_INVALID_ADDRESS},
        {top | 0x1000, 1, SVSM_INVALID_ADDRESS},
        {top - 0x1000, 1, SVSM_SUCCESS},
        {top - 0x1000, 2, SVSM_INVALID_ADDRESS},
        {UINT64_C(1) << 63, 1, SVSM_INVALID_ADDRESS},
        {~UINT64_C(0xfff), 1, SVSM_INVALID_ADDRESS},
        {~UINT64_C(0xfff), 2, SVSM_INVALID_ADDRESS},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        g_assert_cmpint(call_range_check(cases[i].gpa, cases[i].pages, C_BIT), ==, cases[i].result);
}

static void test_decode(void)
{
    struct call call = call_decode(UINT64_C(0x56534d0000000006), 1, 2, 3, 4);
    g_assert_cmphex(call.protocol, ==, SVSM_PROTOCOL_VERISMO);
    g_assert_cmpuint(call.number, ==, SVSM_VERISMO_ATTEST);
    g_assert_cmpuint(call.rcx, ==, 1);
    g_assert_cmpuint(call.rdx, ==, 2);
    g_assert_cmpuint(call.r8, ==, 3);
    g_assert_cmpuint(call.r9, ==, 4);
    g_assert_cmphex((uint32_t)call_hold_result(PAGE_HOLD_STATE), ==, 0x80001010);
    g_assert_cmphex((uint32_t)call_hold_result(PAGE_HOLD_BUSY), ==, 0x80000007);
    g_assert_cmphex((uint32_t)call_hold_result(PAGE_HOLD_RANGE), ==, 0x80000003);
    g_assert_cmphex((uint32_t)call_hold_result(PAGE_HOLD_CALLING), ==, 0x80000003);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/monitor/pages/held-as-a-whole-or-not-at-all", test_hold);
    g_test_add_func("/monitor/pages/held-pages-exclude-others", test_exclusion);
    g_test_add_func("/monitor/pages/moved-as-a-whole-or-not-at-all", test_move);
    g_test_add_func("/monitor/pages/held-whatever-the-state", test_hold_any);
    g_test_add_func("/monitor/pages/area-ends-while-held", test_area_ends_while_held);
    g_test_add_func("/monitor/pages/set-is-bounded", test_set_is_bounded);
    g_test_add_func("/monitor/call/svsm58019/range", test_range);
    g_test_add_func("/monitor/call/svsm58019/decode", test_decode);
    return g_test_run();
}

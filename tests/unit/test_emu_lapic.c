/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The local APIC in x2APIC mode, by APM 2 chapter 16. */
#include <glib.h>

#include "emu/lapic.h"

enum { LVT_MASKED = 0x10000, TIMER_PERIODIC = 1 << 17, TIMER_DEADLINE = 2 << 17, ENABLE = 0x1ff };
#define NOW UINT64_C(1000000)

static uint64_t get(const struct lapic *lapic, uint32_t msr)
{
    uint64_t value = UINT64_MAX;
    g_assert_true(lapic_read(lapic, 3, NOW, msr, &value));
    return value;
}

static void set(struct lapic *lapic, uint32_t msr, uint64_t value)
{
    g_assert_true(lapic_write(lapic, NOW, msr, value));
}

static void lapic_on(struct lapic *lapic)
{
    lapic_init(lapic);
    set(lapic, LAPIC_SPURIOUS, ENABLE);
}

/* 16.4.7: software-disabled after reset, local vectors masked, nothing accepted. */
static void test_reset(void)
{
    struct lapic lapic;
    lapic_init(&lapic);
    g_assert_cmphex(get(&lapic, LAPIC_SPURIOUS), ==, 0xff);
    for (uint32_t msr = LAPIC_LVT_TIMER; msr <= LAPIC_LVT_ERROR; msr++) {
        g_assert_cmphex(get(&lapic, msr), ==, LVT_MASKED);
        set(&lapic, msr, 0x40); /* the mask stays while the APIC is disabled */
        g_assert_cmphex(get(&lapic, msr), ==, LVT_MASKED | 0x40);
    }
    lapic_accept(&lapic, 0x50, false);
    g_assert_cmphex(lapic_pending(&lapic), ==, 0);
    set(&lapic, LAPIC_SPURIOUS, ENABLE);
    g_assert_cmphex(lapic_pending(&lapic), ==, 0);
    set(&lapic, LAPIC_LVT_ERROR, 0x40);
    g_assert_cmphex(get(&lapic, LAPIC_LVT_ERROR), ==, 0x40);
    set(&lapic, LAPIC_SPURIOUS, 0xff);
    g_assert_cmphex(get(&lapic, LAPIC_LVT_ERROR), ==, LVT_MASKED | 0x40);
}

static void test_identity(void)
{
    struct lapic lapic;
    uint64_t value;
    lapic_on(&lapic);
    g_assert_cmphex(get(&lapic, LAPIC_ID), ==, 3);
    g_assert_cmphex(get(&lapic, LAPIC_VERSION), ==, 0x50014);
    g_assert_cmphex(get(&lapic, LAPIC_LDR), ==, 1 << 3); /* cluster 0 */
    g_assert_true(lapic_read(&lapic, 0x25, NOW, LAPIC_LDR, &value));
    g_assert_cmphex(value, ==, 0x20020);
}

/* 16.11: what is no register of x2APIC mode is #GP, and so are the upper halves of registers. */
static void test_no_register(void)
{
    static const uint32_t none[] = {0x800, 0x801, 0x80e, 0x82f, 0x831, 0x83a, 0x840, 0x8ff};
    static const uint32_t read_only[] = {LAPIC_ID,  LAPIC_VERSION, LAPIC_PPR, LAPIC_LDR,
                                         LAPIC_ISR, LAPIC_IRR,     LAPIC_TMR, LAPIC_CURRENT_COUNT};
    struct lapic lapic;
    uint64_t value;
    lapic_on(&lapic);
    for (size_t i = 0; i < G_N_ELEMENTS(none); i++) {
        g_assert_false(lapic_read(&lapic, 0, NOW, none[i], &value));
        g_assert_false(lapic_write(&lapic, NOW, none[i], 0));
    }
    for (size_t i = 0; i < G_N_ELEMENTS(read_only); i++)
        g_assert_false(lapic_write(&lapic, NOW, read_only[i], 0));
    g_assert_false(lapic_read(&lapic, 0, NOW, LAPIC_EOI, &value));
    g_assert_false(lapic_write(&lapic, NOW, LAPIC_LVT_TIMER, UINT64_C(1) << 32));
    g_assert_false(lapic_write(&lapic, NOW, LAPIC_TPR, 0x100));
    g_assert_false(lapic_write(&lapic, NOW, LAPIC_ESR, 1));
}

/* 16.6.5: a vector is delivered if its class is above the task's priority and what is served. */
static void test_priority(void)
{
    struct lapic lapic;
    bool level;
    lapic_on(&lapic);
    lapic_accept(&lapic, 0x51, false);
    lapic_accept(&lapic, 0x62, false);
    g_assert_cmphex(lapic_pending(&lapic), ==, 0x62);
    set(&lapic, LAPIC_TPR, 0x60);
    g_assert_cmphex(lapic_pending(&lapic), ==, 0);
    set(&lapic, LAPIC_TPR, 0x5f);
    g_assert_cmphex(lapic_pending(&lapic), ==, 0x62);
    lapic_take(&lapic, 0x62);
    g_assert_cmphex(get(&lapic, LAPIC_PPR), ==, 0x60);
    set(&lapic, LAPIC_TPR, 0);
    g_assert_cmphex(lapic_pending(&lapic), ==, 0); /* 0x51 waits for the EOI of 0x62 */
    lapic_accept(&lapic, 0x6f, false);
    g_assert_cmphex(lapic_pending(&lapic), ==, 0); /* the same class does not interrupt it */
    lapic_accept(&lapic, 0x70, false);
    g_assert_cmphex(lapic_pending(&lapic), ==, 0x70);
    lapic_take(&lapic, 0x70);
    g_assert_cmphex(lapic_eoi(&lapic, &level), ==, 0x70); /* the highest one in service ends */
    g_assert_false(level);
    g_assert_cmphex(lapic_eoi(&lapic, &level), ==, 0x62);
    g_assert_cmphex(lapic_pending(&lapic), ==, 0x6f);
    lapic_take(&lapic, 0x6f);
    g_assert_cmphex(lapic_eoi(&lapic, &level), ==, 0x6f);
    g_assert_cmphex(lapic_pending(&lapic), ==, 0x51);
    lapic_take(&lapic, 0x51);
    g_assert_cmphex(lapic_eoi(&lapic, &level), ==, 0x51);
    g_assert_cmphex(lapic_eoi(&lapic, &level), ==, 0); /* nothing is in service */
    g_assert_false(level);
}

/* 16.6.3: 256 bits in eight registers of 32; TMR says which are level-triggered. */
static void test_vector_registers(void)
{
    struct lapic lapic;
    bool level;
    lapic_on(&lapic);
    for (unsigned vector = LAPIC_VECTOR_LEGAL_MIN; vector < 256; vector++) {
        const uint32_t word = vector / 32, bit = UINT32_C(1) << vector % 32;
        lapic_accept(&lapic, (uint8_t)vector, vector & 1);
        g_assert_cmphex(get(&lapic, LAPIC_IRR + word), ==, bit);
        g_assert_cmphex(get(&lapic, LAPIC_TMR + word) & bit, ==, vector & 1 ? bit : 0);
        lapic_take(&lapic, (uint8_t)vector);
        g_assert_cmphex(get(&lapic, LAPIC_IRR + word), ==, 0);
        g_assert_cmphex(get(&lapic, LAPIC_ISR + word), ==, bit);
        g_assert_cmphex(lapic_eoi(&lapic, &level), ==, vector);
        g_assert_cmpint(level, ==, vector & 1);
        g_assert_cmphex(get(&lapic, LAPIC_ISR + word), ==, 0);
    }
}

/* 16.4.6: an illegal vector is an error, which the ESR shows after a write. */
static void test_illegal_vector(void)
{
    struct lapic lapic;
    lapic_on(&lapic);
    set(&lapic, LAPIC_LVT_ERROR, 0xfe);
    lapic_accept(&lapic, 15, false);
    g_assert_cmphex(lapic_pending(&lapic), ==, 0xfe);
    g_assert_cmphex(get(&lapic, LAPIC_ESR), ==, 0);
    set(&lapic, LAPIC_ESR, 0);
    g_assert_cmphex(get(&lapic, LAPIC_ESR), ==, 0x40);
    set(&lapic, LAPIC_ESR, 0);
    g_assert_cmphex(get(&lapic, LAPIC_ESR), ==, 0);
}

static void test_deadline(void)
{
    struct lapic lapic;
    uint8_t vector = 0;
    lapic_on(&lapic);
    set(&lapic, LAPIC_TSC_DEADLINE, NOW + 5); /* ignored in another mode */
    g_assert_cmphex(get(&lapic, LAPIC_TSC_DEADLINE), ==, 0);
    set(&lapic, LAPIC_LVT_TIMER, TIMER_DEADLINE | 0xec);
    g_assert_cmpuint(lapic_deadline(&lapic), ==, UINT64_MAX);
    set(&lapic, LAPIC_TSC_DEADLINE, NOW + 5);
    g_assert_cmpuint(lapic_deadline(&lapic), ==, NOW + 5);
    g_assert_cmpuint(get(&lapic, LAPIC_TSC_DEADLINE), ==, NOW + 5);
    g_assert_false(lapic_advance(&lapic, NOW + 4, &vector));
    g_assert_true(lapic_advance(&lapic, NOW + 5, &vector));
    g_assert_cmphex(vector, ==, 0xec);
    g_assert_cmphex(get(&lapic, LAPIC_TSC_DEADLINE), ==, 0); /* once */
    g_assert_false(lapic_advance(&lapic, UINT64_MAX, &vector));
    set(&lapic, LAPIC_TSC_DEADLINE, NOW + 5);
    set(&lapic, LAPIC_TSC_DEADLINE, 0); /* disarmed */
    g_assert_false(lapic_advance(&lapic, UINT64_MAX, &vector));
    set(&lapic, LAPIC_TSC_DEADLINE, NOW + 5);
    set(&lapic, LAPIC_LVT_TIMER, 0xec); /* by the change of mode too */
    g_assert_false(lapic_advance(&lapic, UINT64_MAX, &vector));
}

/* A masked timer runs on, and requests nothing. */
static void test_masked_timer(void)
{
    struct lapic lapic;
    uint8_t vector = 0;
    lapic_on(&lapic);
    set(&lapic, LAPIC_LVT_TIMER, LVT_MASKED | TIMER_DEADLINE | 0xec);
    set(&lapic, LAPIC_TSC_DEADLINE, NOW + 5);
    g_assert_cmpuint(lapic_deadline(&lapic), ==, UINT64_MAX);
    g_assert_false(lapic_advance(&lapic, NOW + 5, &vector));
    set(&lapic, LAPIC_LVT_TIMER, TIMER_DEADLINE | 0xec);
    g_assert_false(lapic_advance(&lapic, NOW + 6, &vector));
}

/* 16.4.1: initial count times divisor. */
static void test_one_shot(void)
{
    static const uint8_t codes[] = {0, 1, 2, 3, 8, 9, 10, 11};
    static const uint32_t divisors[] = {2, 4, 8, 16, 32, 64, 128, 1};
    struct lapic lapic;
    uint8_t vector = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(codes); i++) {
        lapic_on(&lapic);
        set(&lapic, LAPIC_LVT_TIMER, 0xec);
        set(&lapic, LAPIC_DIVIDE, codes[i]);
        g_assert_cmphex(get(&lapic, LAPIC_DIVIDE), ==, codes[i]);
        set(&lapic, LAPIC_INITIAL_COUNT, 100);
        g_assert_cmpuint(get(&lapic, LAPIC_INITIAL_COUNT), ==, 100);
        g_assert_cmpuint(get(&lapic, LAPIC_CURRENT_COUNT), ==, 100);
        g_assert_cmpuint(lapic_deadline(&lapic), ==, NOW + UINT64_C(100) * divisors[i]);
        g_assert_true(lapic_advance(&lapic, NOW + UINT64_C(100) * divisors[i], &vector));
        g_assert_cmpuint(get(&lapic, LAPIC_CURRENT_COUNT), ==, 0);
        g_assert_cmpuint(lapic_deadline(&lapic), ==, UINT64_MAX);
    }
    set(&lapic, LAPIC_INITIAL_COUNT, 100);
    set(&lapic, LAPIC_INITIAL_COUNT, 0); /* stops it */
    g_assert_cmpuint(lapic_deadline(&lapic), ==, UINT64_MAX);
}

/* Periods that nobody saw are one interrupt, the next is where it belongs. */
static void test_periodic(void)
{
    const uint64_t period = 1000000;
    struct lapic lapic;
    uint8_t vector = 0;
    lapic_on(&lapic);
    set(&lapic, LAPIC_LVT_TIMER, TIMER_PERIODIC | 0xec);
    set(&lapic, LAPIC_DIVIDE, 11);
    set(&lapic, LAPIC_INITIAL_COUNT, period);
    g_assert_true(lapic_advance(&lapic, NOW + period, &vector));
    g_assert_cmpuint(lapic_deadline(&lapic), ==, NOW + 2 * period);
    g_assert_true(lapic_advance(&lapic, NOW + 5 * period + 1, &vector));
    g_assert_false(lapic_advance(&lapic, NOW + 6 * period - 1, &vector));
    g_assert_cmpuint(lapic_deadline(&lapic), ==, NOW + 6 * period);
    set(&lapic, LAPIC_INITIAL_COUNT, 1); /* no period is so short that time stands still */
    g_assert_cmpuint(lapic_deadline(&lapic), ==, NOW + 200000);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/emu/lapic/apm2-16.4.7/reset", test_reset);
    g_test_add_func("/emu/lapic/apm2-16.11/identity", test_identity);
    g_test_add_func("/emu/lapic/apm2-16.11/no-register", test_no_register);
    g_test_add_func("/emu/lapic/apm2-16.6.5/priority", test_priority);
    g_test_add_func("/emu/lapic/apm2-16.6.3/vector-registers", test_vector_registers);
    g_test_add_func("/emu/lapic/apm2-16.4.6/illegal-vector", test_illegal_vector);
    g_test_add_func("/emu/lapic/timer/deadline", test_deadline);
    g_test_add_func("/emu/lapic/timer/masked", test_masked_timer);
    g_test_add_func("/emu/lapic/apm2-16.4.1/one-shot", test_one_shot);
    g_test_add_func("/emu/lapic/apm2-16.4.1/periodic", test_periodic);
    return g_test_run();
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The IOAPIC: 24 pins, index and window, edges and levels, EOI. */
#include <glib.h>

#include "emu/ioapic.h"

enum { SELECT = 0x00, WINDOW = 0x10, EOI = 0x40, PIN_FIRST = 0x10 };
enum { LEVEL = 1 << 15, MASKED = 1 << 16, REMOTE_IRR = 1 << 14, LOGICAL = 1 << 11 };

static uint32_t get(struct ioapic *ioapic, uint8_t reg)
{
    ioapic_write(ioapic, SELECT, reg);
    g_assert_cmphex(ioapic_read(ioapic, SELECT), ==, reg);
    return ioapic_read(ioapic, WINDOW);
}

static uint32_t set(struct ioapic *ioapic, uint8_t reg, uint32_t value)
{
    g_assert_cmphex(ioapic_write(ioapic, SELECT, reg), ==, 0);
    return ioapic_write(ioapic, WINDOW, value);
}

static struct ioapic_message pin_set(struct ioapic *ioapic, unsigned pin, uint64_t entry)
{
    set(ioapic, (uint8_t)(PIN_FIRST + 2 * pin + 1), (uint32_t)(entry >> 32));
    g_assert_cmphex(set(ioapic, (uint8_t)(PIN_FIRST + 2 * pin), (uint32_t)entry), ==, 1u << pin);
    return ioapic_level_send(ioapic, pin);
}

static void quiet(struct ioapic_message message)
{
    g_assert_cmphex(message.vector, ==, 0);
}

static void test_registers(void)
{
    struct ioapic ioapic;
    ioapic_init(&ioapic);
    g_assert_cmphex(get(&ioapic, 1), ==, 0x170020);
    set(&ioapic, 1, 0);
    g_assert_cmphex(get(&ioapic, 1), ==, 0x170020);
    set(&ioapic, 0, 0xff000000);
    g_assert_cmphex(get(&ioapic, 0), ==, 0x0f000000);
    for (unsigned pin = 0; pin < IOAPIC_PINS; pin++) {
        g_assert_cmphex(get(&ioapic, (uint8_t)(PIN_FIRST + 2 * pin)), ==, MASKED);
        pin_set(&ioapic, pin, UINT64_MAX);
        g_assert_cmphex(get(&ioapic, (uint8_t)(PIN_FIRST + 2 * pin)), ==, 0x1afff);
        g_assert_cmphex(get(&ioapic, (uint8_t)(PIN_FIRST + 2 * pin + 1)), ==, 0xff000000);
    }
    for (unsigned reg = PIN_FIRST + 2 * IOAPIC_PINS; reg < 256; reg++) { /* no such pins */
        g_assert_cmphex(set(&ioapic, (uint8_t)reg, UINT32_MAX), ==, 0);
        g_assert_cmphex(get(&ioapic, (uint8_t)reg), ==, 0);
    }
    g_assert_cmphex(ioapic_read(&ioapic, 0x20), ==, 0);
    g_assert_cmphex(ioapic_write(&ioapic, 0xffc, UINT32_MAX), ==, 0);
}

/* A message for each rising edge; one that comes while the pin is masked is lost. */
static void test_edge(void)
{
    struct ioapic ioapic;
    ioapic_init(&ioapic);
    quiet(ioapic_line_set(&ioapic, 4, true));
    quiet(pin_set(&ioapic, 4, UINT64_C(2) << 56 | LOGICAL | 1 << 8 | 0x31));
    quiet(ioapic_line_set(&ioapic, 4, true));
    quiet(ioapic_line_set(&ioapic, 4, false));
    struct ioapic_message message = ioapic_line_set(&ioapic, 4, true);
    g_assert_cmphex(message.vector, ==, 0x31);
    g_assert_cmphex(message.destination, ==, 2);
    g_assert_cmphex(message.mode, ==, 1);
    g_assert_true(message.logical);
    g_assert_false(message.level);
    g_assert_cmphex(get(&ioapic, PIN_FIRST + 8) & REMOTE_IRR, ==, 0);
    ioapic_line_set(&ioapic, 4, false);
    g_assert_cmphex(ioapic_line_set(&ioapic, 4, true).vector, ==, 0x31); /* it needs no EOI */
    quiet(ioapic_line_set(&ioapic, 5, true));
}

/* A level sends once until EOI, and again if the line is still high then. */
static void test_level(void)
{
    struct ioapic ioapic;
    ioapic_init(&ioapic);
    quiet(pin_set(&ioapic, 9, LEVEL | 0x41));
    struct ioapic_message message = ioapic_line_set(&ioapic, 9, true);
    g_assert_cmphex(message.vector, ==, 0x41);
    g_assert_true(message.level);
    g_assert_cmphex(get(&ioapic, PIN_FIRST + 18), ==, LEVEL | REMOTE_IRR | 0x41);
    ioapic_line_set(&ioapic, 9, false);
    quiet(ioapic_line_set(&ioapic, 9, true)); /* not before EOI */
    g_assert_cmphex(ioapic_eoi(&ioapic, 0x42), ==, 0); /* another vector's */
    quiet(ioapic_level_send(&ioapic, 9));
    g_assert_cmphex(ioapic_eoi(&ioapic, 0x41), ==, 1 << 9);
    g_assert_cmphex(ioapic_level_send(&ioapic, 9).vector, ==, 0x41);
    quiet(ioapic_level_send(&ioapic, 9)); /* once for each end */
    ioapic_line_set(&ioapic, 9, false);
    g_assert_cmphex(ioapic_write(&ioapic, EOI, 0x41), ==, 1 << 9); /* the register does the same */
    g_assert_cmphex(get(&ioapic, PIN_FIRST + 18), ==, LEVEL | 0x41);
    quiet(ioapic_level_send(&ioapic, 9));
    g_assert_cmphex(ioapic_eoi(&ioapic, 0x41), ==, 0);
}

static void test_level_under_mask(void)
{
    struct ioapic ioapic;
    ioapic_init(&ioapic);
    quiet(pin_set(&ioapic, 9, MASKED | LEVEL | 0x41));
    quiet(ioapic_line_set(&ioapic, 9, true));
    g_assert_cmphex(pin_set(&ioapic, 9, LEVEL | 0x41).vector, ==, 0x41); /* it is not lost */
    quiet(pin_set(&ioapic, 9, LEVEL | 0x41));
    quiet(pin_set(&ioapic, 9, MASKED | 0x41)); /* made an edge for a moment: remote IRR goes */
    g_assert_cmphex(pin_set(&ioapic, 9, LEVEL | 0x41).vector, ==, 0x41);
}

/* Two pins with one vector: EOI ends both, and each that is high sends again. */
static void test_shared_vector(void)
{
    struct ioapic ioapic;
    ioapic_init(&ioapic);
    pin_set(&ioapic, 2, LEVEL | 0x41);
    pin_set(&ioapic, 7, UINT64_C(1) << 56 | LEVEL | 0x41);
    ioapic_line_set(&ioapic, 2, true);
    ioapic_line_set(&ioapic, 7, true);
    ioapic_line_set(&ioapic, 2, false);
    g_assert_cmphex(ioapic_eoi(&ioapic, 0x41), ==, 1 << 2 | 1 << 7);
    quiet(ioapic_level_send(&ioapic, 2));
    g_assert_cmphex(ioapic_level_send(&ioapic, 7).destination, ==, 1);
    g_assert_cmphex(get(&ioapic, PIN_FIRST + 4) & REMOTE_IRR, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/emu/ioapic/registers", test_registers);
    g_test_add_func("/emu/ioapic/edge", test_edge);
    g_test_add_func("/emu/ioapic/level", test_level);
    g_test_add_func("/emu/ioapic/level-under-mask", test_level_under_mask);
    g_test_add_func("/emu/ioapic/shared-vector", test_shared_vector);
    return g_test_run();
}

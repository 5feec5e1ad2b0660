/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib.h>

#include "emu/uart.h"

enum { DATA, IER, FCR, LCR, MCR, LSR, MSR, SCRATCH };

static void test_transmits(void)
{
    struct uart uart;
    uart_init(&uart);
    g_assert_cmphex(uart_read(&uart, LSR), ==, 0x60); /* THRE and TEMT: always ready */
    g_assert_true(uart_write(&uart, DATA, 'x'));
}

static void test_divisor_latch(void)
{
    struct uart uart;
    uart_init(&uart);
    uart_write(&uart, LCR, 0x83);
    g_assert_false(uart_write(&uart, DATA, 0x0c)); /* the divisor, not a character */
    uart_write(&uart, IER, 0x01);
    g_assert_cmphex(uart_read(&uart, DATA), ==, 0x0c);
    g_assert_cmphex(uart_read(&uart, IER), ==, 0x01);
    uart_write(&uart, LCR, 0x03);
    g_assert_cmphex(uart_read(&uart, IER), ==, 0x00);
    g_assert_true(uart_write(&uart, DATA, 'y'));
}

static void test_loopback(void)
{
    struct uart uart;
    uart_init(&uart);
    uart_write(&uart, MCR, 0x1a); /* loop, OUT2, RTS: MSR shows DCD and CTS */
    g_assert_cmphex(uart_read(&uart, MSR), ==, 0xa0);
    g_assert_false(uart_write(&uart, DATA, 'z'));
}

static void test_registers(void)
{
    struct uart uart;
    uart_init(&uart);
    uart_write(&uart, SCRATCH, 0x5a);
    g_assert_cmphex(uart_read(&uart, SCRATCH), ==, 0x5a);
    uart_write(&uart, IER, 0xff);
    g_assert_cmphex(uart_read(&uart, IER), ==, 0x0f);
    g_assert_cmphex(uart_read(&uart, FCR), ==, 0x01); /* IIR: no interrupt, no FIFO */
    uart_write(&uart, FCR, 0x01);
    g_assert_cmphex(uart_read(&uart, FCR), ==, 0xc1); /* IIR: FIFO enabled */
    g_assert_cmphex(uart_read(&uart, DATA), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/emu/uart/transmits", test_transmits);
    g_test_add_func("/emu/uart/divisor-latch", test_divisor_latch);
    g_test_add_func("/emu/uart/loopback", test_loopback);
    g_test_add_func("/emu/uart/registers", test_registers);
    return g_test_run();
}

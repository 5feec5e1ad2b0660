/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The 16550A, by the rules of its data sheet and by what Linux's 8250 driver tries out on it. */
#include <glib.h>

#include "emu/uart.h"

enum { DATA, IER, IIR, LCR, MCR, LSR, MSR, SCRATCH, FCR = IIR };
enum { IER_RECEIVED = 1, IER_THRE = 2, IER_LINE = 4 };
enum { MCR_DTR = 1, MCR_RTS = 2, MCR_OUT1 = 4, MCR_OUT2 = 8, MCR_LOOP = 0x10 };

/* As a driver leaves it that has opened the port: FIFO, trigger level 8, outputs on. */
static void uart_open(struct uart *uart, uint8_t enable)
{
    uart_init(uart);
    uart_write(uart, FCR, 0x87);
    uart_write(uart, MCR, MCR_DTR | MCR_RTS | MCR_OUT2);
    uart_write(uart, IER, enable);
}

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

/* In the loop each output is an input: DTR is DSR, RTS is CTS, OUT1 is RI, OUT2 is DCD. */
static void test_loopback(void)
{
    static const uint8_t inputs[][2] = {
        {MCR_DTR, 0x20}, {MCR_RTS, 0x10}, {MCR_OUT1, 0x40}, {MCR_OUT2, 0x80},
        {MCR_OUT2 | MCR_RTS, 0x90}, /* what the driver's autoconfiguration looks for */
    };
    struct uart uart;
    uart_open(&uart, IER_RECEIVED);
    for (size_t i = 0; i < G_N_ELEMENTS(inputs); i++) {
        uart_write(&uart, MCR, MCR_LOOP | inputs[i][0]);
        g_assert_cmphex(uart_read(&uart, MSR) & 0xf0, ==, inputs[i][1]);
    }
    g_assert_false(uart_write(&uart, DATA, 'z'));
    g_assert_false(uart_line(&uart)); /* OUT2 does not reach the line */
    g_assert_cmphex(uart_read(&uart, LSR), ==, 0x61);
    g_assert_cmphex(uart_read(&uart, DATA), ==, 'z');
    g_assert_cmphex(uart_read(&uart, LSR), ==, 0x60);
}

static void test_registers(void)
{
    struct uart uart;
    uart_init(&uart);
    uart_write(&uart, SCRATCH, 0x5a);
    g_assert_cmphex(uart_read(&uart, SCRATCH), ==, 0x5a);
    g_assert_cmphex(uart_read(&uart, IIR), ==, 0x01); /* no interrupt, no FIFO */
    uart_write(&uart, FCR, 0x01);
    g_assert_cmphex(uart_read(&uart, IIR), ==, 0xc1); /* FIFO enabled */
    uart_write(&uart, IER, 0xff);
    g_assert_cmphex(uart_read(&uart, IER), ==, 0x0f);
    g_assert_cmphex(uart_read(&uart, DATA), ==, 0);
}

/* THRE: requested when it is enabled and after each character, done with when IIR shows it. */
static void test_transmitter_interrupt(void)
{
    struct uart uart;
    uart_open(&uart, 0);
    g_assert_true(uart_write(&uart, DATA, 'a'));
    g_assert_false(uart_line(&uart));
    uart_write(&uart, IER, IER_THRE);
    g_assert_true(uart_line(&uart));
    g_assert_cmphex(uart_read(&uart, IIR), ==, 0xc2);
    g_assert_false(uart_line(&uart));
    g_assert_cmphex(uart_read(&uart, IIR), ==, 0xc1);
    uart_write(&uart, DATA, 'b');
    g_assert_false(uart_line_sending(&uart)); /* an edge for each character */
    g_assert_true(uart_line(&uart));
    uart_write(&uart, IER, 0);
    g_assert_false(uart_line(&uart));
    uart_write(&uart, IER, IER_THRE); /* and again: the driver tests whether it comes anew */
    g_assert_cmphex(uart_read(&uart, IIR), ==, 0xc2);
}

static void test_out2_opens_the_line(void)
{
    struct uart uart;
    uart_open(&uart, IER_THRE);
    g_assert_true(uart_line(&uart));
    uart_write(&uart, MCR, MCR_DTR | MCR_RTS);
    g_assert_false(uart_line(&uart));
    g_assert_cmphex(uart_read(&uart, IIR), ==, 0xc2); /* the cause is there all the same */
}

/* Received data goes before the transmitter, an error before both. */
static void test_priorities(void)
{
    struct uart uart;
    uart_open(&uart, IER_RECEIVED | IER_THRE | IER_LINE);
    uart_type(&uart, "12345678", 8);
    g_assert_cmphex(uart_read(&uart, IIR), ==, 0xc4); /* the trigger level is reached */
    uart_read(&uart, DATA);
    g_assert_cmphex(uart_read(&uart, IIR), ==, 0xcc); /* below it, and nothing more comes */
    uart_write(&uart, MCR, MCR_LOOP);
    for (int i = 0; i < UART_FIFO_BYTES; i++)
        uart_write(&uart, DATA, 'x');
    g_assert_cmphex(uart_read(&uart, IIR), ==, 0xc6); /* overrun */
    g_assert_cmphex(uart_read(&uart, LSR), ==, 0x63);
    g_assert_cmphex(uart_read(&uart, LSR), ==, 0x61); /* reading it is the end of the error */
    while (uart_read(&uart, LSR) & 1)
        uart_read(&uart, DATA);
    g_assert_cmphex(uart_read(&uart, IIR), ==, 0xc2);
}

/* What is typed waits for RTS, then for room, and none of it is lost or out of order. */
static void test_typing(void)
{
    char text[100], got[sizeof(text)];
    struct uart uart;
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = (char)('!' + i % 90);
    uart_init(&uart);
    g_assert_cmpuint(uart_type(&uart, text, sizeof(text)), ==, sizeof(text));
    g_assert_cmphex(uart_read(&uart, LSR), ==, 0x60);
    uart_write(&uart, FCR, 0x87); /* a driver that empties the receiver first loses nothing */
    uart_write(&uart, IER, IER_RECEIVED);
    uart_write(&uart, MCR, MCR_RTS | MCR_OUT2);
    g_assert_cmpuint(uart.fifo_count, ==, UART_FIFO_BYTES);
    for (size_t i = 0; i < sizeof(got); i++) {
        g_assert_true(uart_line(&uart));
        got[i] = (char)uart_read(&uart, DATA);
    }
    g_assert_cmpmem(got, sizeof(got), text, sizeof(text));
    g_assert_false(uart_line(&uart));
    g_assert_cmphex(uart_read(&uart, LSR), ==, 0x60);
}

static void test_queue_is_bounded(void)
{
    struct uart uart;
    char *much = g_strnfill(2 * UART_QUEUE_BYTES, 'x');
    uart_init(&uart);
    g_assert_cmpuint(uart_type(&uart, much, 2 * UART_QUEUE_BYTES), ==, UART_QUEUE_BYTES);
    g_assert_cmpuint(uart_type(&uart, "y", 1), ==, 0);
    uart_write(&uart, MCR, MCR_RTS);
    g_assert_cmpuint(uart_type(&uart, "yz", 2), ==, 1); /* without the FIFO one has moved on */
    for (size_t i = 0; i < UART_QUEUE_BYTES; i++)
        g_assert_cmphex(uart_read(&uart, DATA), ==, 'x');
    g_assert_cmphex(uart_read(&uart, DATA), ==, 'y');
    g_assert_cmphex(uart_read(&uart, LSR), ==, 0x60);
    g_free(much);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/emu/uart/transmits", test_transmits);
    g_test_add_func("/emu/uart/divisor-latch", test_divisor_latch);
    g_test_add_func("/emu/uart/loopback", test_loopback);
    g_test_add_func("/emu/uart/registers", test_registers);
    g_test_add_func("/emu/uart/transmitter-interrupt", test_transmitter_interrupt);
    g_test_add_func("/emu/uart/out2-opens-the-line", test_out2_opens_the_line);
    g_test_add_func("/emu/uart/priorities", test_priorities);
    g_test_add_func("/emu/uart/typing-waits-for-rts", test_typing);
    g_test_add_func("/emu/uart/queue-is-bounded", test_queue_is_bounded);
    return g_test_run();
}

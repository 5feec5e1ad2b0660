/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/lib/uart.h"

enum {
    COM1 = 0x3f8,
    REGISTER_DATA = 0,
    REGISTER_INTERRUPTS = 1,
    REGISTER_FIFO = 2,
    REGISTER_LINE = 3,
    REGISTER_MODEM = 4,
    REGISTER_STATUS = 5,
    LINE_8N1 = 0x03,
    LINE_DIVISOR = 0x80,
    FIFO_ON = 0x07,
    MODEM_DTR_RTS = 0x03,
    STATUS_EMPTY = 0x20,
    STATUS_POLLS_MAX = 1000,
};

uint64_t uart_ioio_info(uint16_t port, enum uart_direction direction)
{
    const uint64_t operand_8_bit = 1 << 4, address_64_bit = 1 << 9;
    return (uint64_t)port << 16 | address_64_bit | operand_8_bit | (uint64_t)direction;
}

static void uart_out(const struct uart *uart, unsigned reg, uint8_t value)
{
    uart->access(uart->context, (uint16_t)(COM1 + reg), UART_OUT, value);
}

void uart_start(const struct uart *uart)
{
    uart_out(uart, REGISTER_INTERRUPTS, 0);
    uart_out(uart, REGISTER_LINE, LINE_DIVISOR);
    uart_out(uart, REGISTER_DATA, 1);
    uart_out(uart, REGISTER_INTERRUPTS, 0);
    uart_out(uart, REGISTER_LINE, LINE_8N1);
    uart_out(uart, REGISTER_FIFO, FIFO_ON);
    uart_out(uart, REGISTER_MODEM, MODEM_DTR_RTS);
}

static void uart_put_raw(const struct uart *uart, char character)
{
    /* A port that is never ready is the hypervisor's business: the character goes out anyway. */
    for (unsigned i = 0; i < STATUS_POLLS_MAX; i++) {
        uint8_t status = uart->access(uart->context, COM1 + REGISTER_STATUS, UART_IN, 0);
        if (status & STATUS_EMPTY) {
            break;
        }
    }
    uart_out(uart, REGISTER_DATA, (uint8_t)character);
}

void uart_put(const struct uart *uart, char character)
{
    if (character == '\n') {
        uart_put_raw(uart, '\r');
    }
    uart_put_raw(uart, character);
}

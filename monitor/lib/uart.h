/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A 16550 at COM1, over whatever carries port accesses (the GHCB). Monitor and guests use it. */
#ifndef MONITOR_LIB_UART_H
#define MONITOR_LIB_UART_H

#include <stdint.h>

enum uart_direction { UART_OUT = 0, UART_IN = 1 };

struct uart {
    /* One byte to or from a port; IN gives the byte, 0xff if the port does not answer. */
    uint8_t (*access)(void *context, uint16_t port, enum uart_direction direction, uint8_t value);
    void *context;
};

/* SW_EXITINFO1 of an IOIO exit for one byte (APM 2 15.10.2): 8-bit operand, 64-bit addresses. */
uint64_t uart_ioio_info(uint16_t port, enum uart_direction direction);

/* 115200 baud, 8N1, FIFOs on, no interrupts. */
void uart_start(const struct uart *uart);

/* One character; a newline gets its carriage return. */
void uart_put(const struct uart *uart, char character);

#endif

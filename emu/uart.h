/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A 16550A without interrupts: the transmitter is always empty and nothing is ever received.
 */
#ifndef PROVA_EMU_UART_H
#define PROVA_EMU_UART_H

#include <stdbool.h>
#include <stdint.h>

enum { UART_PORT = 0x3f8, UART_PORTS = 8 };

struct uart {
    uint8_t ier, lcr, mcr, scratch, fcr;
    uint8_t divisor[2];
};

void uart_init(struct uart *uart);
uint8_t uart_read(struct uart *uart, uint8_t reg);
/* True if the write transmitted a character (value). */
bool uart_write(struct uart *uart, uint8_t reg, uint8_t value);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A 16550A. What is transmitted is gone at once, so that the transmitter is always empty; what is
 * typed waits in a queue of its own and enters the 16 bytes of the receiver as they empty. The
 * typist honours RTS: nothing arrives before the guest has opened the port.
 */
#ifndef PROVA_EMU_UART_H
#define PROVA_EMU_UART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { UART_PORT = 0x3f8, UART_PORTS = 8, UART_GSI = 4 };
enum { UART_FIFO_BYTES = 16, UART_QUEUE_BYTES = 16384 };

struct uart {
    uint8_t ier, lcr, mcr, scratch, fcr;
    uint8_t divisor[2];
    uint8_t errors;    /* LSR: overrun, until it is read */
    bool thre_pending; /* "transmitter empty" has not been noticed yet */
    uint8_t fifo_count;
    uint8_t fifo[UART_FIFO_BYTES];
    uint16_t queue_first, queue_count;
    uint8_t queue[UART_QUEUE_BYTES];
};

void uart_init(struct uart *uart);
uint8_t uart_read(struct uart *uart, uint8_t reg);
/* True if the write transmitted a character (value). */
bool uart_write(struct uart *uart, uint8_t reg, uint8_t value);

/* Level of the interrupt output: an enabled cause, let through by OUT2. */
bool uart_line(const struct uart *uart);
/* Its level while a character was on its way, if one has been transmitted. */
bool uart_line_sending(const struct uart *uart);

/* The guest has opened the port: the receiver's interrupt is on and reaches the line. */
bool uart_listens(const struct uart *uart);
/* For how many characters the queue has room. */
size_t uart_room(const struct uart *uart);
/* Characters for the receiver; returns how many the queue had room for. */
size_t uart_type(struct uart *uart, const char *bytes, size_t len);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "emu/uart.h"

#include <string.h>

enum uart_reg { REG_DATA, REG_IER, REG_IIR_FCR, REG_LCR, REG_MCR, REG_LSR, REG_MSR, REG_SCRATCH };
enum {
    IER_RECEIVED = 0x01,
    IER_THRE = 0x02,
    IER_LINE = 0x04,
    IER_MASK = 0x0f,
    LCR_DLAB = 0x80,
    LSR_DATA = 0x01,
    LSR_OVERRUN = 0x02,
    LSR_THRE_TEMT = 0x60,
    FCR_ENABLE = 0x01,
    FCR_CLEAR_RECEIVER = 0x02,
    FCR_KEPT = 0xc9, /* enable, DMA mode, trigger level */
    MCR_DTR = 0x01,
    MCR_RTS = 0x02,
    MCR_OUT1 = 0x04,
    MCR_OUT2 = 0x08,
    MCR_LOOP = 0x10,
    MSR_CTS = 0x10,
    MSR_DSR = 0x20,
    MSR_RI = 0x40,
    MSR_DCD = 0x80,
};
/* Causes in the order of their priority. */
enum uart_iir {
    IIR_NONE = 0x01,
    IIR_LINE = 0x06,
    IIR_RECEIVED = 0x04,
    IIR_TIMEOUT = 0x0c,
    IIR_THRE = 0x02,
    IIR_FIFO = 0xc0,
};

void uart_init(struct uart *uart)
{
    *uart = (struct uart){.divisor = {1, 0}};
}

static uint8_t receiver_depth(const struct uart *uart)
{
    return uart->fcr & FCR_ENABLE ? UART_FIFO_BYTES : 1;
}

/* A cable that pulls all the other side's signals; in the loop, our own outputs. */
static uint8_t modem_status(const struct uart *uart)
{
    if (!(uart->mcr & MCR_LOOP))
        return MSR_DCD | MSR_DSR | MSR_CTS;
    return (uint8_t)((uart->mcr & MCR_DTR ? MSR_DSR : 0) | (uart->mcr & MCR_RTS ? MSR_CTS : 0) |
                     (uart->mcr & MCR_OUT1 ? MSR_RI : 0) | (uart->mcr & MCR_OUT2 ? MSR_DCD : 0));
}

static enum uart_iir cause_received(const struct uart *uart)
{
    static const uint8_t triggers[] = {1, 4, 8, 14};
    uint8_t trigger = uart->fcr & FCR_ENABLE ? triggers[uart->fcr >> 6] : 1;
    if (uart->ier & IER_LINE && uart->errors)
        return IIR_LINE;
    if (uart->ier & IER_RECEIVED && uart->fifo_count >= trigger)
        return IIR_RECEIVED;
    /* Below the trigger level the line is quiet for longer than four characters at once. */
    if (uart->ier & IER_RECEIVED && uart->fifo_count > 0)
        return IIR_TIMEOUT;
    return IIR_NONE;
}

static enum uart_iir cause(const struct uart *uart)
{
    enum uart_iir received = cause_received(uart);
    bool empty = uart->ier & IER_THRE && uart->thre_pending;
    return received == IIR_NONE && empty ? IIR_THRE : received;
}

static bool line_open(const struct uart *uart)
{
    return uart->mcr & MCR_OUT2 && !(uart->mcr & MCR_LOOP);
}

bool uart_line(const struct uart *uart)
{
    return line_open(uart) && cause(uart) != IIR_NONE;
}

bool uart_line_sending(const struct uart *uart)
{
    return line_open(uart) && cause_received(uart) != IIR_NONE;
}

static void receive(struct uart *uart, uint8_t value)
{
    if (uart->fifo_count == receiver_depth(uart)) {
        uart->errors |= LSR_OVERRUN;
        return;
    }
    uart->fifo[uart->fifo_count++] = value;
}

/* The typist goes on while there is room and the guest is ready. */
static void refill(struct uart *uart)
{
    bool ready = uart->mcr & MCR_RTS && !(uart->mcr & MCR_LOOP);
    while (ready && uart->queue_count > 0 && uart->fifo_count < receiver_depth(uart)) {
        receive(uart, uart->queue[uart->queue_first]);
        uart->queue_first = (uint16_t)((uart->queue_first + 1) % UART_QUEUE_BYTES);
        uart->queue_count--;
    }
}

bool uart_listens(const struct uart *uart)
{
    return line_open(uart) && uart->mcr & MCR_RTS && uart->ier & IER_RECEIVED;
}

size_t uart_room(const struct uart *uart)
{
    return UART_QUEUE_BYTES - (size_t)uart->queue_count;
}

size_t uart_type(struct uart *uart, const char *bytes, size_t len)
{
    size_t taken = 0;
    for (; taken < len && uart->queue_count < UART_QUEUE_BYTES; taken++) {
        size_t at = ((size_t)uart->queue_first + uart->queue_count++) % UART_QUEUE_BYTES;
        uart->queue[at] = (uint8_t)bytes[taken];
    }
    refill(uart);
    return taken;
}

static uint8_t data_read(struct uart *uart)
{
    if (uart->fifo_count == 0)
        return 0;
    uint8_t value = uart->fifo[0];
    memmove(uart->fifo, uart->fifo + 1, --uart->fifo_count);
    refill(uart);
    return value;
}

/* Reading the identification is what serves the transmitter's interrupt. */
static uint8_t cause_read(struct uart *uart)
{
    enum uart_iir iir = cause(uart);
    if (iir == IIR_THRE)
        uart->thre_pending = false;
    return (uint8_t)(iir | (uart->fcr & FCR_ENABLE ? IIR_FIFO : 0));
}

static uint8_t line_status_read(struct uart *uart)
{
    uint8_t status = (uint8_t)(LSR_THRE_TEMT | uart->errors | (uart->fifo_count ? LSR_DATA : 0));
    uart->errors = 0;
    return status;
}

uint8_t uart_read(struct uart *uart, uint8_t reg)
{
    bool dlab = uart->lcr & LCR_DLAB;
    switch (reg) {
    case REG_DATA: return dlab ? uart->divisor[0] : data_read(uart);
    case REG_IER: return dlab ? uart->divisor[1] : uart->ier;
    case REG_IIR_FCR: return cause_read(uart);
    case REG_LCR: return uart->lcr;
    case REG_MCR: return uart->mcr;
    case REG_LSR: return line_status_read(uart);
    case REG_MSR: return modem_status(uart);
    default: return uart->scratch;
    }
}

/* The transmitter is full, and empty again: a new "transmitter empty". */
static bool data_write(struct uart *uart, uint8_t value)
{
    uart->thre_pending = true;
    if (!(uart->mcr & MCR_LOOP))
        return true;
    receive(uart, value);
    return false;
}

static void enable_write(struct uart *uart, uint8_t value)
{
    if ((uart->ier ^ value) & IER_THRE)
        uart->thre_pending = value & IER_THRE; /* it is empty when it is asked about */
    uart->ier = value & IER_MASK;
}

static void fifo_write(struct uart *uart, uint8_t value)
{
    bool changed = (uart->fcr ^ value) & FCR_ENABLE;
    if (changed || value & FCR_CLEAR_RECEIVER)
        uart->fifo_count = 0;
    uart->fcr = value & FCR_ENABLE ? value & FCR_KEPT : 0;
    refill(uart);
}

bool uart_write(struct uart *uart, uint8_t reg, uint8_t value)
{
    bool dlab = uart->lcr & LCR_DLAB;
    switch (reg) {
    case REG_DATA:
        if (!dlab)
            return data_write(uart, value);
        uart->divisor[0] = value;
        return false;
    case REG_IER:
        if (dlab)
            uart->divisor[1] = value;
        else
            enable_write(uart, value);
        return false;
    case REG_IIR_FCR: fifo_write(uart, value); return false;
    case REG_LCR: uart->lcr = value; return false;
    case REG_MCR:
        uart->mcr = value & 0x1f;
        refill(uart);
        return false;
    case REG_SCRATCH: uart->scratch = value; return false;
    default: return false; /* LSR and MSR are read-only */
    }
}

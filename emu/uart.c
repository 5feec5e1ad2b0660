/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "emu/uart.h"

enum uart_reg { REG_DATA, REG_IER, REG_IIR_FCR, REG_LCR, REG_MCR, REG_LSR, REG_MSR, REG_SCRATCH };
enum {
    LCR_DLAB = 0x80,
    LSR_THRE_TEMT = 0x60,
    IIR_NONE = 0x01,
    IIR_FIFO = 0xc0,
    FCR_ENABLE = 0x01,
    MCR_LOOP = 0x10,
    MSR_CONNECTED = 0xb0, /* DCD, DSR, CTS */
};

void uart_init(struct uart *uart)
{
    *uart = (struct uart){.divisor = {1, 0}};
}

uint8_t uart_read(struct uart *uart, uint8_t reg)
{
    bool dlab = uart->lcr & LCR_DLAB;
    switch (reg) {
    case REG_DATA: return dlab ? uart->divisor[0] : 0;
    case REG_IER: return dlab ? uart->divisor[1] : uart->ier;
    case REG_IIR_FCR: return IIR_NONE | (uart->fcr & FCR_ENABLE ? IIR_FIFO : 0);
    case REG_LCR: return uart->lcr;
    case REG_MCR: return uart->mcr;
    case REG_LSR: return LSR_THRE_TEMT;
    case REG_MSR: return uart->mcr & MCR_LOOP ? (uint8_t)(uart->mcr << 4) : MSR_CONNECTED;
    default: return uart->scratch;
    }
}

bool uart_write(struct uart *uart, uint8_t reg, uint8_t value)
{
    bool dlab = uart->lcr & LCR_DLAB;
    switch (reg) {
    case REG_DATA:
        if (dlab) {
            uart->divisor[0] = value;
            return false;
        }
        return !(uart->mcr & MCR_LOOP);
    case REG_IER:
        if (dlab)
            uart->divisor[1] = value;
        else
            uart->ier = value & 0x0f;
        return false;
    case REG_IIR_FCR: uart->fcr = value; return false;
    case REG_LCR: uart->lcr = value; return false;
    case REG_MCR: uart->mcr = value & 0x1f; return false;
    case REG_SCRATCH: uart->scratch = value; return false;
    default: return false; /* LSR and MSR are read-only */
    }
}

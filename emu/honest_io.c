/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IOIO: ports of the guest, 56421 section 4.1. Only the 16550's exist; the rest floats high and
 * swallows what is written. EXITINFO1 (APM 2 15.10.2):
 *
 *   31:16  9:7     6   5   4   3   2      0
 *  | port |address|32 |16 | 8 |REP|string|IN|   EXITINFO2 of string I/O: number of units
 */
#include <string.h>

#include "emu/honest_page.h"

enum { IOIO_IN = 1 << 0, IOIO_STRING = 1 << 2 };

/* One unit of 1, 2 or 4 bytes. */
static uint32_t port_read(struct machine *machine, uint16_t port, unsigned bytes)
{
    if (bytes == 1 && port >= UART_PORT && port < UART_PORT + UART_PORTS)
        return uart_read(&machine->uart, (uint8_t)(port - UART_PORT));
    return bytes == 1 ? 0xff : bytes == 2 ? 0xffff : 0xffffffff;
}

static void port_write(struct machine *machine, uint16_t port, unsigned bytes, uint32_t value)
{
    if (bytes == 1 && port >= UART_PORT && port < UART_PORT + UART_PORTS)
        honest_console(machine, port, (uint8_t)value);
}

/* The units lie where SW_SCRATCH says, inside this GHCB's shared buffer. */
static void string_io(struct honest_request *request, uint16_t port, unsigned bytes, bool in)
{
    const struct hv_exit *exit = request->exit;
    uint64_t units = exit->nae_info2, room = sizeof(request->ghcb.shared);
    if (!request_needs(request, GHCB_AT(sw_scratch)))
        return;
    uint64_t offset = exit->nae_scratch - (exit->ghcb_gpa + GHCB_AT(shared));
    if (offset > room || units > (room - offset) / bytes) {
        request_fail(request, GHCB_ERROR_BAD_SCRATCH);
        return;
    }
    uint8_t *at = request->ghcb.shared + offset;
    for (uint64_t unit = 0; unit < units; unit++, at += bytes) {
        uint32_t value = 0;
        if (in) {
            value = port_read(request->machine, port, bytes);
            memcpy(at, &value, bytes);
        } else {
            memcpy(&value, at, bytes);
            port_write(request->machine, port, bytes, value);
        }
    }
}

void request_ioio(struct honest_request *request)
{
    uint64_t info = request->exit->nae_info1;
    uint16_t port = (uint16_t)(info >> 16);
    unsigned bytes = info >> 4 & 7;
    bool in = info & IOIO_IN;
    if (bytes != 1 && bytes != 2 && bytes != 4)
        request_fail(request, GHCB_ERROR_INVALID_INPUT);
    else if (info & IOIO_STRING)
        string_io(request, port, bytes, in);
    else if (in)
        request_give_rax(request, port_read(request->machine, port, bytes));
    else if (request_needs(request, GHCB_AT(rax)))
        port_write(request->machine, port, bytes, (uint32_t)request->ghcb.rax);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Somebody to talk to on the serial port: opens it, gives back every line with its length, and ends
 * when a line is "quit". Without a newline within LINE_BYTES a line is given back in pieces.
 */
#include "monitor/ghcb_msr.h"
#include "monitor/ghcb_page.h"
#include "monitor/guest/runtime.h"
#include "monitor/lib/uart.h"

enum {
    COM1 = 0x3f8,
    INTERRUPTS = COM1 + 1,
    MODEM = COM1 + 4,
    STATUS = COM1 + 5,
    INTERRUPT_RECEIVED = 0x01,
    MODEM_OPEN = 0x0b, /* DTR, RTS, OUT2 */
    STATUS_DATA = 0x01,
    STATUS_OVERRUN = 0x02,
    LINE_BYTES = 128,
};

static uint8_t port_access(void *context, uint16_t port, enum uart_direction direction,
                           uint8_t value)
{
    volatile struct ghcb_page *page = ((struct guest *)context)->ghcb;
    struct ghcb_request request;
    struct ghcb_reply reply;
    ghcb_request_begin(&request, page, GHCB_PROTOCOL_VERSION, GHCB_EXIT_IOIO,
                       uart_ioio_info(port, direction), 0);
    if (direction == UART_OUT) {
        ghcb_request_set(&request, GHCB_RAX, value);
    }
    guest_msr_call((uint64_t)page - (uint64_t)guest_shared_view(0));
    ghcb_page_reply(page, &reply);
    bool answered = ghcb_reply_status(&reply) == GHCB_OK && ghcb_reply_has(&reply, GHCB_RAX);
    return answered ? (uint8_t)reply.rax : 0xff;
}

/* The next character; overruns is counted up when one was lost before it. */
static char character_read(struct guest *guest, unsigned *overruns)
{
    for (;;) {
        uint8_t status = port_access(guest, STATUS, UART_IN, 0);
        *overruns += (status & STATUS_OVERRUN) != 0;
        if (status & STATUS_DATA) {
            return (char)port_access(guest, COM1, UART_IN, 0);
        }
    }
}

/* Returns the length; the end of the line is not in it. */
static unsigned line_read(struct guest *guest, char line[LINE_BYTES], unsigned *overruns)
{
    unsigned length = 0;
    while (length < LINE_BYTES - 1) {
        char character = character_read(guest, overruns);
        if (character == '\n' || character == '\r') {
            break;
        }
        line[length++] = character;
    }
    line[length] = '\0';
    return length;
}

static bool is_quit(const char *line)
{
    return line[0] == 'q' && line[1] == 'u' && line[2] == 'i' && line[3] == 't' && line[4] == '\0';
}

unsigned guest_main(struct guest *guest)
{
    const struct uart uart = {.access = port_access, .context = guest};
    char line[LINE_BYTES];
    unsigned lines = 0, bytes = 0, overruns = 0;
    uart_start(&uart);
    port_access(guest, INTERRUPTS, UART_OUT, INTERRUPT_RECEIVED);
    port_access(guest, MODEM, UART_OUT, MODEM_OPEN);
    guest_print(guest, "echo: ready\n");
    do {
        unsigned length = line_read(guest, line, &overruns);
        lines++;
        bytes += length;
        guest_print(guest, "echo: %u \"%s\"\n", length, line);
    } while (!is_quit(line));
    guest_print(guest, "echo: %u lines, %u bytes, %u overruns\n", lines, bytes, overruns);
    return overruns;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/console.h"

#include <stdarg.h>

#include "monitor/ghcb.h"
#include "monitor/idt.h"
#include "monitor/lib/format.h"
#include "monitor/lib/uart.h"
#include "monitor/monitor.h"

/* lib/uart.h over this processor's GHCB. */
static uint8_t port_access(void *context, uint16_t port, enum uart_direction direction,
                           uint8_t value)
{
    struct cpu *cpu = context;
    const struct ghcb_input out = {GHCB_RAX, value};
    struct ghcb_reply reply;
    uint64_t info = uart_ioio_info(port, direction);
    enum ghcb_status status =
        ghcb_call(cpu, GHCB_EXIT_IOIO, info, 0, &out, direction == UART_OUT, &reply);
    /* A console that does not answer must not stop the monitor: it reads as all ones. */
    if (status != GHCB_OK || (direction == UART_IN && !ghcb_reply_has(&reply, GHCB_RAX))) {
        return 0xff;
    }
    return (uint8_t)reply.rax;
}

static void put(void *context, char character)
{
    const struct uart uart = {.access = port_access, .context = context};
    uart_put(&uart, character);
}

void console_start(struct console *console, struct cpu *cpu)
{
    lock_init(&console->lock, LOCK_CONSOLE);
    const struct uart uart = {.access = port_access, .context = cpu};
    uart_start(&uart);
    cpu->has_console = true;
}

static void print_unlocked(struct cpu *cpu, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    format_print(put, cpu, format, arguments);
    va_end(arguments);
}

static void print_line(struct cpu *cpu, const char *format, va_list arguments)
{
    if (!cpu->has_console) {
        return;
    }
    lock_acquire(&cpu->monitor->console.lock);
    print_unlocked(cpu, "monitor: ");
    format_print(put, cpu, format, arguments);
    print_unlocked(cpu, "\n");
    lock_release(&cpu->monitor->console.lock);
}

void console_print(struct cpu *cpu, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print_line(cpu, format, arguments);
    va_end(arguments);
}

void console_milestone(struct cpu *cpu, const char *format, ...)
{
    if (MONITOR_VERBOSE) {
        va_list arguments;
        va_start(arguments, format);
        print_line(cpu, format, arguments);
        va_end(arguments);
    }
}

void console_last_words(struct cpu *cpu, const char *what, uint64_t value, unsigned code)
{
    if (cpu->has_console) {
        print_unlocked(cpu, "\nmonitor: cpu %u: %s 0x%lx: terminating, code 0x%x\n", cpu->index,
                       what, value, code);
    }
}

void console_fault(struct cpu *cpu, const struct fault_frame *frame, uint64_t cr2)
{
    if (cpu->has_console) {
        print_unlocked(cpu,
                       "\nmonitor: cpu %u: exception %lu error 0x%lx at 0x%lx, cr2 0x%lx: "
                       "terminating\n",
                       cpu->index, frame->vector, frame->error, frame->rip, cr2);
    }
}

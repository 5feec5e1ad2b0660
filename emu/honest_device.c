/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The devices: which ports and addresses they answer, what their interrupt lines do to the IOAPIC,
 * and what of the console ends a run. They are reached through the GHCB only.
 */
#include "emu/honest_internal.h"

#include <string.h>

#include "emu/power.h"

/* ------------------------------------------------------------------ interrupt lines */

static void line_set(struct machine *machine, unsigned pin, bool high)
{
    struct ioapic_message message = ioapic_line_set(&machine->honest.ioapic, pin, high);
    honest_message(machine, &message);
}

static void uart_line_update(struct machine *machine)
{
    line_set(machine, UART_GSI, uart_line(&machine->uart));
}

/* ------------------------------------------------------------------ the console */

/* The line that has just been completed. */
static void panic_check(struct machine *machine)
{
    static const char panic[] = "Kernel panic - not syncing";
    const GString *console = machine->console;
    size_t end = console->len - 1, begin = end;
    while (begin > 0 && console->str[begin - 1] != '\n')
        begin--;
    char *line = g_strndup(console->str + begin, end - begin);
    const char *at = strstr(line, panic);
    if (at != NULL)
        machine_end(machine, RUN_END_PANIC, 0, g_strchomp(line) + (at - line));
    g_free(line);
}

static void console_put(struct machine *machine, uint8_t value)
{
    struct event event = {.console = {.length = 1, .port = UART_PORT, .text = {(char)value}}};
    g_string_append_c(machine->console, value ? (char)value : '?');
    machine_emit(machine, EVENT_CONSOLE, ACTOR_HV, &event);
    if (value == '\n' && machine->config.kernel_path != NULL)
        panic_check(machine);
}

static void console_write(struct machine *machine, uint8_t reg, uint8_t value)
{
    if (uart_write(&machine->uart, reg, value)) {
        line_set(machine, UART_GSI, uart_line_sending(&machine->uart));
        console_put(machine, value);
    }
    uart_line_update(machine);
}

size_t device_type(struct machine *machine, enum actor actor, uint32_t turn, const char *bytes,
                   size_t len)
{
    size_t room = MIN(len, uart_room(&machine->uart));
    for (size_t done = 0; done < room;) {
        struct event event = {.console = {.port = UART_PORT, .input = turn}};
        event.console.length = (uint16_t)MIN(room - done, EVENT_TEXT_BYTES);
        memcpy(event.console.text, bytes + done, event.console.length);
        done += event.console.length;
        machine_emit(machine, EVENT_CONSOLE, actor, &event);
    }
    size_t taken = uart_type(&machine->uart, bytes, room);
    uart_line_update(machine);
    return taken;
}

size_t hv_console_type(struct machine *machine, const char *bytes, size_t len)
{
    return device_type(machine, ACTOR_HV, 1, bytes, len);
}

/* ------------------------------------------------------------------ the end of the run */

static void power(struct machine *machine, uint16_t port, uint8_t value)
{
    switch (power_write(port, value)) {
    case POWER_NOTHING: break;
    case POWER_OFF:
        machine_end(machine, RUN_END_POWERED_OFF, 0, "the guest switched the machine off");
        break;
    case POWER_RESET:
        machine_end(machine, RUN_END_REBOOTED, 0, "the guest asked for a reset");
        break;
    case POWER_DEBUG_EXIT:
        machine_end(machine, RUN_END_DEBUG_EXIT, value, "the guest wrote to the debug exit port");
        break;
    }
}

/* ------------------------------------------------------------------ ports and addresses */

static bool is_uart(uint16_t port)
{
    return port >= UART_PORT && port < UART_PORT + UART_PORTS;
}

static bool is_rtc(uint16_t port)
{
    return port == RTC_PORT_INDEX || port == RTC_PORT_DATA;
}

bool device_port_read(struct machine *machine, uint32_t cpu, uint16_t port, uint8_t *value)
{
    if (is_uart(port)) {
        *value = uart_read(&machine->uart, (uint8_t)(port - UART_PORT));
        uart_line_update(machine);
    } else if (is_rtc(port)) {
        *value = rtc_read(&machine->honest.rtc, port, hv_time(machine, cpu));
    } else if (pit_has(port)) {
        *value = pit_read(&machine->honest.pit, port);
    } else if (power_has(port)) {
        *value = power_read(port);
    } else {
        return false;
    }
    return true;
}

bool device_port_write(struct machine *machine, uint32_t cpu, uint16_t port, uint8_t value)
{
    if (is_uart(port))
        console_write(machine, (uint8_t)(port - UART_PORT), value);
    else if (is_rtc(port))
        rtc_write(&machine->honest.rtc, port, value, hv_time(machine, cpu));
    else if (pit_has(port))
        pit_write(&machine->honest.pit, port, value);
    else if (power_has(port))
        power(machine, port, value);
    else
        return false;
    return true;
}

/* Below 4 GiB: what is there besides the IOAPIC floats high, as on a machine without the device. */
#define MMIO_GPA     UINT64_C(0xfe000000)
#define MMIO_GPA_END UINT64_C(0x100000000)

bool device_mmio_has(const struct machine *machine, uint64_t gpa, uint64_t bytes)
{
    return gpa >= MMIO_GPA && gpa < MMIO_GPA_END && bytes <= MMIO_GPA_END - gpa &&
           !honest_is_ram(machine, gpa, 1);
}

static bool is_ioapic(uint64_t gpa)
{
    return gpa >= IOAPIC_GPA && gpa < IOAPIC_GPA + IOAPIC_BYTES;
}

uint64_t device_mmio_read(struct machine *machine, uint64_t gpa)
{
    return is_ioapic(gpa) ? ioapic_read(&machine->honest.ioapic, (uint32_t)(gpa - IOAPIC_GPA))
                          : UINT64_MAX;
}

void device_mmio_write(struct machine *machine, uint8_t vmpl, uint64_t gpa, uint32_t value)
{
    if (!is_ioapic(gpa))
        return;
    machine->honest.ioapic_vmpl = vmpl;
    uint32_t offset = (uint32_t)(gpa - IOAPIC_GPA);
    honest_pins_send(machine, ioapic_write(&machine->honest.ioapic, offset, value));
}

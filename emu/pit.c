/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "emu/pit.h"

enum { CONTROL_WRITABLE = 0x03, CONTROL_OUT2 = 0x20 };

bool pit_has(uint16_t port)
{
    return (port >= PIT_PORT && port < PIT_PORT + PIT_PORTS) || port == PIT_PORT_CONTROL;
}

uint8_t pit_read(const struct pit *pit, uint16_t port)
{
    return port == PIT_PORT_CONTROL ? pit->control | CONTROL_OUT2 : 0;
}

void pit_write(struct pit *pit, uint16_t port, uint8_t value)
{
    if (port == PIT_PORT_CONTROL)
        pit->control = value & CONTROL_WRITABLE;
}

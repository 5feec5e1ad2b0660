/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "emu/power.h"

/* ACPI 6.5 section 4.8.3.7, sleep control:  5       4:2
 *                                          |SLP_EN|SLP_TYP|  */
enum { SLEEP_ENABLE = 1 << 5, SLEEP_TYPE_SHIFT = 2, SLEEP_TYPE_MASK = 7 };

bool power_has(uint16_t port)
{
    return port == POWER_PORT_DEBUG_EXIT || port == POWER_PORT_SLEEP_CONTROL ||
           port == POWER_PORT_SLEEP_STATUS || port == POWER_PORT_RESET;
}

uint8_t power_read(uint16_t port)
{
    (void)port;
    return 0;
}

enum power_action power_write(uint16_t port, uint8_t value)
{
    unsigned type = value >> SLEEP_TYPE_SHIFT & SLEEP_TYPE_MASK;
    switch (port) {
    case POWER_PORT_DEBUG_EXIT: return POWER_DEBUG_EXIT;
    case POWER_PORT_RESET: return value == POWER_RESET_VALUE ? POWER_RESET : POWER_NOTHING;
    case POWER_PORT_SLEEP_CONTROL:
        return value & SLEEP_ENABLE && type == POWER_SLEEP_TYPE_OFF ? POWER_OFF : POWER_NOTHING;
    default: return POWER_NOTHING;
    }
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ports by which a guest ends its run: sleep control and status of hardware-reduced ACPI, the
 * reset register that the FADT names, and a port for tests that ends with a code.
 */
#ifndef PROVA_EMU_POWER_H
#define PROVA_EMU_POWER_H

#include <stdbool.h>
#include <stdint.h>

enum {
    POWER_PORT_DEBUG_EXIT = 0xf4,
    POWER_PORT_SLEEP_CONTROL = 0x600,
    POWER_PORT_SLEEP_STATUS = 0x601,
    POWER_PORT_RESET = 0x602,
    POWER_RESET_VALUE = 1,
    POWER_SLEEP_TYPE_OFF = 5, /* \_S5 of the DSDT */
};

enum power_action { POWER_NOTHING, POWER_OFF, POWER_RESET, POWER_DEBUG_EXIT };

bool power_has(uint16_t port);
/* All of them read 0: the system has never slept. */
uint8_t power_read(uint16_t port);
enum power_action power_write(uint16_t port, uint8_t value);

#endif

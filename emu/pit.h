/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is left of an 8254 and of port 0x61: nothing counts and nothing ticks, the counters read 0,
 * and channel 2 has always reached its end, so that nobody waits for it. The local APIC is the
 * timer.
 */
#ifndef PROVA_EMU_PIT_H
#define PROVA_EMU_PIT_H

#include <stdbool.h>
#include <stdint.h>

enum { PIT_PORT = 0x40, PIT_PORTS = 4, PIT_PORT_CONTROL = 0x61 };

struct pit {
    uint8_t control; /* port 0x61: gate of channel 2, speaker */
};

bool pit_has(uint16_t port);
uint8_t pit_read(const struct pit *pit, uint16_t port);
void pit_write(struct pit *pit, uint16_t port, uint8_t value);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An IOAPIC of 24 pins, version 0x20 (it has an EOI register), at 0xfec00000. A plain struct and
 * pure functions: what a pin sends comes back as a message, for the caller to deliver.
 */
#ifndef PROVA_EMU_IOAPIC_H
#define PROVA_EMU_IOAPIC_H

#include <stdbool.h>
#include <stdint.h>

#define IOAPIC_GPA UINT64_C(0xfec00000)
enum { IOAPIC_PINS = 24, IOAPIC_BYTES = 4096 };

struct ioapic {
    uint8_t index; /* IOREGSEL */
    uint8_t id;
    uint32_t lines; /* which are high */
    uint64_t pin[IOAPIC_PINS];
};

/* An interrupt message; vector 0: there is none. */
struct ioapic_message {
    uint8_t vector, destination, mode; /* delivery mode as in the ICR */
    bool logical, level;
};

void ioapic_init(struct ioapic *ioapic);

/* 32-bit registers at an offset into the page; others read 0 and swallow what is written. */
uint32_t ioapic_read(const struct ioapic *ioapic, uint32_t offset);
/* Returns the pins, a bit each, that may have something to send now: ioapic_level_send(). */
uint32_t ioapic_write(struct ioapic *ioapic, uint32_t offset, uint32_t value);

struct ioapic_message ioapic_line_set(struct ioapic *ioapic, unsigned pin, bool high);

/* The end of a level-triggered vector. Returns the pins that it was for. */
uint32_t ioapic_eoi(struct ioapic *ioapic, uint8_t vector);
/* What a level-triggered pin sends whose line is high and whose last interrupt has ended. */
struct ioapic_message ioapic_level_send(struct ioapic *ioapic, unsigned pin);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "emu/ioapic.h"

enum ioapic_offset { IOREGSEL = 0x00, IOWIN = 0x10, IOEOI = 0x40 };
enum ioapic_register { REG_ID = 0, REG_VERSION = 1, REG_ARBITRATION = 2, REG_PIN_FIRST = 0x10 };
enum { VERSION = 0x170020 }; /* 24 pins */

/*
 * An entry:  63:56       16   15    14   13     12    11     10:8  7:0
 *           |APIC id|   |mask|level|IRR|active|send |logical|mode |vector|
 *                                       |low   |pend.|
 */
#define PIN_REMOTE_IRR (UINT64_C(1) << 14)
#define PIN_PENDING    (UINT64_C(1) << 12)
#define PIN_LEVEL      (UINT64_C(1) << 15)
#define PIN_MASKED     (UINT64_C(1) << 16)
#define PIN_READ_ONLY  (PIN_REMOTE_IRR | PIN_PENDING)
#define PIN_WRITABLE   (UINT64_C(0xff0000000001ffff) & ~PIN_READ_ONLY)

void ioapic_init(struct ioapic *ioapic)
{
    *ioapic = (struct ioapic){0};
    for (int i = 0; i < IOAPIC_PINS; i++)
        ioapic->pin[i] = PIN_MASKED;
}

static struct ioapic_message pin_send(struct ioapic *ioapic, unsigned pin)
{
    uint64_t entry = ioapic->pin[pin];
    if (entry & PIN_MASKED || (entry & PIN_LEVEL && entry & PIN_REMOTE_IRR))
        return (struct ioapic_message){0};
    if (entry & PIN_LEVEL)
        ioapic->pin[pin] |= PIN_REMOTE_IRR;
    return (struct ioapic_message){
        .vector = (uint8_t)entry,
        .destination = (uint8_t)(entry >> 56),
        .mode = entry >> 8 & 7,
        .logical = entry >> 11 & 1,
        .level = (entry & PIN_LEVEL) != 0,
    };
}

struct ioapic_message ioapic_level_send(struct ioapic *ioapic, unsigned pin)
{
    if (!(ioapic->pin[pin] & PIN_LEVEL) || !(ioapic->lines >> pin & 1))
        return (struct ioapic_message){0};
    return pin_send(ioapic, pin);
}

/* An edge that comes while the pin is masked is lost; a level is not. */
struct ioapic_message ioapic_line_set(struct ioapic *ioapic, unsigned pin, bool high)
{
    bool was = ioapic->lines >> pin & 1;
    ioapic->lines &= ~(UINT32_C(1) << pin);
    ioapic->lines |= (uint32_t)high << pin;
    return high && !was ? pin_send(ioapic, pin) : (struct ioapic_message){0};
}

uint32_t ioapic_eoi(struct ioapic *ioapic, uint8_t vector)
{
    uint32_t pins = 0;
    for (unsigned pin = 0; pin < IOAPIC_PINS; pin++) {
        uint64_t entry = ioapic->pin[pin];
        if ((uint8_t)entry != vector || !(entry & PIN_LEVEL) || !(entry & PIN_REMOTE_IRR))
            continue;
        ioapic->pin[pin] &= ~PIN_REMOTE_IRR;
        pins |= UINT32_C(1) << pin;
    }
    return pins;
}

static uint32_t window_read(const struct ioapic *ioapic)
{
    unsigned pin = (ioapic->index - REG_PIN_FIRST) / 2u;
    if (ioapic->index >= REG_PIN_FIRST && pin < IOAPIC_PINS)
        return (uint32_t)(ioapic->pin[pin] >> (ioapic->index & 1) * 32);
    switch (ioapic->index) {
    case REG_ID:
    case REG_ARBITRATION: return (uint32_t)ioapic->id << 24;
    case REG_VERSION: return VERSION;
    default: return 0;
    }
}

static uint32_t window_write(struct ioapic *ioapic, uint32_t value)
{
    if (ioapic->index == REG_ID)
        ioapic->id = value >> 24 & 0xf;
    unsigned pin = (ioapic->index - REG_PIN_FIRST) / 2u;
    if (ioapic->index < REG_PIN_FIRST || pin >= IOAPIC_PINS)
        return 0;
    unsigned shift = (ioapic->index & 1) * 32;
    uint64_t mask = PIN_WRITABLE & UINT64_C(0xffffffff) << shift;
    uint64_t entry = (ioapic->pin[pin] & ~mask) | ((uint64_t)value << shift & mask);
    if (!(entry & PIN_LEVEL)) /* how software without the EOI register clears it */
        entry &= ~PIN_REMOTE_IRR;
    ioapic->pin[pin] = entry;
    return UINT32_C(1) << pin;
}

uint32_t ioapic_read(const struct ioapic *ioapic, uint32_t offset)
{
    switch (offset) {
    case IOREGSEL: return ioapic->index;
    case IOWIN: return window_read(ioapic);
    default: return 0;
    }
}

uint32_t ioapic_write(struct ioapic *ioapic, uint32_t offset, uint32_t value)
{
    switch (offset) {
    case IOREGSEL: ioapic->index = (uint8_t)value; break;
    case IOWIN: return window_write(ioapic, value);
    case IOEOI: return ioapic_eoi(ioapic, (uint8_t)value);
    default: break;
    }
    return 0;
}

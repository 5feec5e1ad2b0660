/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interrupts for the images of this folder: descriptor tables, gates, the flag that masks them. */
#ifndef PROVA_TESTS_IDT_H
#define PROVA_TESTS_IDT_H

#include "tests/images/bare.h"

/* What the processor pushes; an exception's error code comes before. */
struct frame {
    uint64_t rip, cs, rflags, rsp, ss;
};
typedef void handler(struct frame *frame);

struct gate {
    uint16_t low, selector, attributes, middle;
    uint32_t high, reserved;
};

static struct gate idt[256];
static const uint64_t gdt[] = {0, UINT64_C(0x00af9b000000ffff), UINT64_C(0x00cf93000000ffff)};

static inline void gate_set(uint8_t vector, uint64_t address)
{
    idt[vector] = (struct gate){.low = (uint16_t)address,
                                .selector = 8,
                                .attributes = 0x8e00,
                                .middle = (uint16_t)(address >> 16),
                                .high = (uint32_t)(address >> 32)};
}

static inline void tables_load(void)
{
    const struct insn_table_register gdtr = {.limit = sizeof(gdt) - 1, .base = (uint64_t)gdt};
    const struct insn_table_register idtr = {.limit = sizeof(idt) - 1, .base = (uint64_t)idt};
    insn_lgdt(&gdtr);
    insn_lidt(&idtr);
}

static inline void sti(void)
{
    __asm__ volatile("sti" : : : "memory");
}

static inline void cli(void)
{
    __asm__ volatile("cli" : : : "memory");
}

/* insn_hlt() is for the end of everything: it masks interrupts. */
static inline void halt(void)
{
    __asm__ volatile("hlt" : : : "memory");
}

static inline void pauses(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        insn_pause();
}

#endif

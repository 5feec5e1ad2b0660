/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "emu/lapic.h"

enum {
    LVT_MASKED = 1 << 16,
    SPURIOUS_ENABLE = 1 << 8,
    SPURIOUS_MASK = 0x1ff,
    VERSION = 0x50014, /* six local vectors */
    PRIORITY_CLASS = 0xf0,
    ESR_RECEIVED_ILLEGAL = 1 << 6,
    DIVIDE_MASK = 0x0b,
};

/* Timer LVT:  18:17  16     12       7:0
 *            | mode |mask|pending|  vector |  */
enum timer_mode { TIMER_ONE_SHOT = 0, TIMER_PERIODIC = 1, TIMER_DEADLINE = 2 };

/* No timer rings more often: a guest cannot stop time by a period of one cycle. */
#define PERIOD_CYCLES_MIN UINT64_C(200000)

static const uint32_t lvt_bits[LAPIC_LVTS] = {
    0x700ff, /* timer: mode, mask, vector */
    0x107ff, /* thermal: mask, delivery mode, vector */
    0x107ff, /* performance */
    0x1a7ff, /* LINT0: and trigger, polarity */
    0x1a7ff, /* LINT1 */
    0x100ff, /* error */
};

static bool bit_get(const uint64_t *bits, uint8_t vector)
{
    return bits[vector / 64] >> vector % 64 & 1;
}

static void bit_put(uint64_t *bits, uint8_t vector, bool value)
{
    bits[vector / 64] &= ~(UINT64_C(1) << vector % 64);
    bits[vector / 64] |= (uint64_t)value << vector % 64;
}

/* 0 if none is set: vectors below 16 do not exist. */
static uint8_t bit_highest(const uint64_t *bits)
{
    for (int word = LAPIC_VECTOR_WORDS - 1; word >= 0; word--)
        if (bits[word] != 0)
            return (uint8_t)(word * 64 + 63 - __builtin_clzll(bits[word]));
    return 0;
}

void lapic_init(struct lapic *lapic)
{
    *lapic = (struct lapic){.spurious = 0xff};
    for (int i = 0; i < LAPIC_LVTS; i++)
        lapic->lvt[i] = LVT_MASKED;
}

bool lapic_enabled(const struct lapic *lapic)
{
    return lapic->spurious & SPURIOUS_ENABLE;
}

/* APM 2 16.6.5: the higher class of the task's priority and of what is in service. */
static uint32_t processor_priority(const struct lapic *lapic)
{
    uint32_t serving = bit_highest(lapic->isr) & PRIORITY_CLASS;
    return (lapic->tpr & PRIORITY_CLASS) >= serving ? lapic->tpr : serving;
}

void lapic_accept(struct lapic *lapic, uint8_t vector, bool level)
{
    if (!lapic_enabled(lapic))
        return;
    if (vector < LAPIC_VECTOR_LEGAL_MIN) {
        uint8_t report = (uint8_t)lapic->lvt[LAPIC_LVT_ERROR - LAPIC_LVT_TIMER];
        bool masked = lapic->lvt[LAPIC_LVT_ERROR - LAPIC_LVT_TIMER] & LVT_MASKED;
        lapic->esr |= ESR_RECEIVED_ILLEGAL;
        if (!masked && report >= LAPIC_VECTOR_LEGAL_MIN)
            bit_put(lapic->irr, report, true);
        return;
    }
    bit_put(lapic->irr, vector, true);
    bit_put(lapic->tmr, vector, level);
}

uint8_t lapic_pending(const struct lapic *lapic)
{
    uint8_t vector = bit_highest(lapic->irr);
    bool above = (vector & PRIORITY_CLASS) > (processor_priority(lapic) & PRIORITY_CLASS);
    return lapic_enabled(lapic) && above ? vector : 0;
}

void lapic_take(struct lapic *lapic, uint8_t vector)
{
    bit_put(lapic->irr, vector, false);
    bit_put(lapic->isr, vector, true);
}

uint8_t lapic_eoi(struct lapic *lapic, bool *level)
{
    uint8_t vector = bit_highest(lapic->isr);
    *level = vector != 0 && bit_get(lapic->tmr, vector);
    if (vector != 0)
        bit_put(lapic->isr, vector, false);
    return vector;
}

/* ------------------------------------------------------------------ the timer */

static enum timer_mode timer_mode(const struct lapic *lapic)
{
    return (enum timer_mode)(lapic->lvt[0] >> 17 & 3);
}

static bool timer_masked(const struct lapic *lapic)
{
    return lapic->lvt[0] & LVT_MASKED;
}

/* Divide configuration: bits 3, 1, 0 give 2, 4, ... 128, 1. */
static uint64_t timer_divisor(const struct lapic *lapic)
{
    uint32_t code = (lapic->divide >> 1 & 4) | (lapic->divide & 3);
    return code == 7 ? 1 : UINT64_C(2) << code;
}

static uint64_t timer_period(const struct lapic *lapic)
{
    uint64_t period = lapic->initial_count * timer_divisor(lapic);
    bool short_one = timer_mode(lapic) == TIMER_PERIODIC && period < PERIOD_CYCLES_MIN;
    return short_one ? PERIOD_CYCLES_MIN : period;
}

static void timer_start(struct lapic *lapic, uint64_t now_cycles)
{
    if (timer_mode(lapic) == TIMER_DEADLINE)
        return;
    lapic->timer_cycles = lapic->initial_count ? now_cycles + timer_period(lapic) : 0;
}

/* APM 2 16.4.1: a change to or from the deadline disarms the timer. */
static void timer_mode_write(struct lapic *lapic, uint32_t value)
{
    bool was_deadline = timer_mode(lapic) == TIMER_DEADLINE;
    lapic->lvt[0] = value;
    if (was_deadline != (timer_mode(lapic) == TIMER_DEADLINE)) {
        lapic->timer_cycles = 0;
        lapic->initial_count = 0;
    }
}

static uint64_t timer_left(const struct lapic *lapic, uint64_t now_cycles)
{
    if (timer_mode(lapic) == TIMER_DEADLINE || lapic->timer_cycles <= now_cycles)
        return 0;
    return (lapic->timer_cycles - now_cycles) / timer_divisor(lapic);
}

uint64_t lapic_deadline(const struct lapic *lapic)
{
    bool rings = lapic->timer_cycles != 0 && !timer_masked(lapic) && lapic_enabled(lapic);
    return rings ? lapic->timer_cycles : UINT64_MAX;
}

bool lapic_advance(struct lapic *lapic, uint64_t now_cycles, uint8_t *vector)
{
    if (lapic->timer_cycles == 0 || now_cycles < lapic->timer_cycles)
        return false;
    if (timer_mode(lapic) == TIMER_PERIODIC) { /* periods that nobody saw are one interrupt */
        uint64_t period = timer_period(lapic);
        uint64_t periods = (now_cycles - lapic->timer_cycles) / period + 1;
        lapic->timer_cycles += periods * period;
    } else {
        lapic->timer_cycles = 0;
    }
    *vector = (uint8_t)lapic->lvt[0];
    return !timer_masked(lapic);
}

/* ------------------------------------------------------------------ registers */

/* Eight registers of 32 bits each show the 256 bits. */
static uint32_t bits_word(const uint64_t *bits, uint32_t word)
{
    return (uint32_t)(bits[word / 2] >> (word & 1) * 32);
}

bool lapic_read(const struct lapic *lapic, uint32_t id, uint64_t now_cycles, uint32_t msr,
                uint64_t *value)
{
    if (msr >= LAPIC_ISR && msr < LAPIC_ISR + 8)
        *value = bits_word(lapic->isr, msr - LAPIC_ISR);
    else if (msr >= LAPIC_TMR && msr < LAPIC_TMR + 8)
        *value = bits_word(lapic->tmr, msr - LAPIC_TMR);
    else if (msr >= LAPIC_IRR && msr < LAPIC_IRR + 8)
        *value = bits_word(lapic->irr, msr - LAPIC_IRR);
    else if (msr >= LAPIC_LVT_TIMER && msr < LAPIC_LVT_TIMER + LAPIC_LVTS)
        *value = lapic->lvt[msr - LAPIC_LVT_TIMER];
    else
        switch (msr) {
        case LAPIC_ID: *value = id; break;
        case LAPIC_VERSION: *value = VERSION; break;
        case LAPIC_TPR: *value = lapic->tpr; break;
        case LAPIC_PPR: *value = processor_priority(lapic); break;
        case LAPIC_LDR: *value = (id >> 4) << 16 | UINT32_C(1) << (id & 15); break;
        case LAPIC_SPURIOUS: *value = lapic->spurious; break;
        case LAPIC_ESR: *value = lapic->esr_seen; break;
        case LAPIC_ICR: *value = lapic->icr; break;
        case LAPIC_INITIAL_COUNT: *value = lapic->initial_count; break;
        case LAPIC_CURRENT_COUNT: *value = timer_left(lapic, now_cycles); break;
        case LAPIC_DIVIDE: *value = lapic->divide; break;
        case LAPIC_TSC_DEADLINE:
            *value = timer_mode(lapic) == TIMER_DEADLINE ? lapic->timer_cycles : 0;
            break;
        default: return false;
        }
    return true;
}

/* Disabled by software, all local vectors are masked (APM 2 16.4.7). */
static void spurious_write(struct lapic *lapic, uint32_t value)
{
    lapic->spurious = value & SPURIOUS_MASK;
    for (int i = 0; i < LAPIC_LVTS && !lapic_enabled(lapic); i++)
        lapic->lvt[i] |= LVT_MASKED;
}

static void lvt_write(struct lapic *lapic, uint32_t index, uint32_t value)
{
    value &= lvt_bits[index];
    if (!lapic_enabled(lapic))
        value |= LVT_MASKED;
    if (index == 0)
        timer_mode_write(lapic, value);
    else
        lapic->lvt[index] = value;
}

bool lapic_write(struct lapic *lapic, uint64_t now_cycles, uint32_t msr, uint64_t value)
{
    if (msr == LAPIC_TSC_DEADLINE) {
        if (timer_mode(lapic) == TIMER_DEADLINE)
            lapic->timer_cycles = value;
        return true;
    }
    if (value > UINT32_MAX)
        return false;
    if (msr >= LAPIC_LVT_TIMER && msr < LAPIC_LVT_TIMER + LAPIC_LVTS) {
        lvt_write(lapic, msr - LAPIC_LVT_TIMER, (uint32_t)value);
        return true;
    }
    switch (msr) {
    case LAPIC_TPR: lapic->tpr = value & 0xff; return value <= 0xff;
    case LAPIC_SPURIOUS: spurious_write(lapic, (uint32_t)value); return true;
    case LAPIC_ESR: /* a write shows the errors since the last one */
        if (value != 0)
            return false;
        lapic->esr_seen = lapic->esr;
        lapic->esr = 0;
        return true;
    case LAPIC_INITIAL_COUNT:
        lapic->initial_count = timer_mode(lapic) == TIMER_DEADLINE ? 0 : (uint32_t)value;
        timer_start(lapic, now_cycles);
        return true;
    case LAPIC_DIVIDE: lapic->divide = value & DIVIDE_MASK; return true;
    default: return false;
    }
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading and editing the fetched copy; cpu/hidden_layout.c finds out where things are. */
#include "cpu/hidden.h"

#include <string.h>

/*
 * The engine's mode word. Only these bits are used; hidden_layout.c proves CPL, SHADOW and the NMI
 * mask, and that the word of an engine in 64-bit mode has LMA and CS64.
 *
 *   18  17  16  15   14  ...  7   6      5    4     3      2    1:0
 *   AC  VM  RF  CS64 LMA      PE  ADDSEG SS32 CS32  SHADOW  -   CPL
 */
enum {
    HF_CPL = 3,
    HF_SHADOW = 1 << 3,
    HF_CS32 = 1 << 4,
    HF_SS32 = 1 << 5,
    HF_ADDSEG = 1 << 6,
    HF_LMA = 1 << 14,
    HF_CS64 = 1 << 15,
    HF2_NMI = 1 << 2, /* in the second mode word */
};

bool hidden_open(struct hidden *hidden, uc_engine *uc, GError **error)
{
    *hidden = (struct hidden){ .uc = uc };
    hidden->layout = hidden_layout_get(error);
    if (hidden->layout == NULL)
        return false;
    if (uc_context_size(uc) != hidden->layout->size
        || uc_context_alloc(uc, &hidden->context) != UC_ERR_OK) {
        g_set_error(error, g_quark_from_static_string("prova-cpu"), 0,
                    "this engine's saved state has %zu bytes, the one examined had %zu",
                    uc_context_size(uc), hidden->layout->size);
        return false;
    }
    return true;
}

void hidden_close(struct hidden *hidden)
{
    if (hidden->context != NULL)
        uc_context_free(hidden->context);
    *hidden = (struct hidden){ 0 };
}

void hidden_fetch(struct hidden *hidden)
{
    uc_err err = uc_context_save(hidden->uc, hidden->context);
    g_assert(err == UC_ERR_OK);
}

void hidden_commit(struct hidden *hidden)
{
    uc_err err = uc_context_restore(hidden->uc, hidden->context);
    g_assert(err == UC_ERR_OK);
}

static uint32_t get32(const struct hidden *hidden, size_t offset)
{
    uint32_t value;
    memcpy(&value, (const uint8_t *)hidden->context + offset, sizeof(value));
    return value;
}

static void set32(struct hidden *hidden, size_t offset, uint32_t value)
{
    memcpy((uint8_t *)hidden->context + offset, &value, sizeof(value));
}

static uint64_t get64(const struct hidden *hidden, size_t offset)
{
    uint64_t value;
    memcpy(&value, (const uint8_t *)hidden->context + offset, sizeof(value));
    return value;
}

static void set64(struct hidden *hidden, size_t offset, uint64_t value)
{
    memcpy((uint8_t *)hidden->context + offset, &value, sizeof(value));
}

static void hflags_change(struct hidden *hidden, uint32_t clear, uint32_t set)
{
    uint32_t hflags = get32(hidden, hidden->layout->hflags);
    set32(hidden, hidden->layout->hflags, (hflags & ~clear) | set);
}

uint8_t hidden_cpl(const struct hidden *hidden)
{
    return get32(hidden, hidden->layout->hflags) & HF_CPL;
}

void hidden_cpl_set(struct hidden *hidden, uint8_t cpl)
{
    hflags_change(hidden, HF_CPL, cpl & HF_CPL);
}

bool hidden_shadow(const struct hidden *hidden)
{
    return (get32(hidden, hidden->layout->hflags) & HF_SHADOW) != 0;
}

void hidden_shadow_set(struct hidden *hidden, bool shadow)
{
    hflags_change(hidden, HF_SHADOW, shadow ? HF_SHADOW : 0);
}

bool hidden_nmi_mask(const struct hidden *hidden)
{
    return (get32(hidden, hidden->layout->hflags2) & HF2_NMI) != 0;
}

void hidden_nmi_mask_set(struct hidden *hidden, bool masked)
{
    uint32_t hflags2 = get32(hidden, hidden->layout->hflags2) & ~(uint32_t)HF2_NMI;
    set32(hidden, hidden->layout->hflags2, hflags2 | (masked ? HF2_NMI : 0));
}

bool hidden_long(const struct hidden *hidden)
{
    return (get32(hidden, hidden->layout->hflags) & HF_CS64) != 0;
}

bool hidden_code32(const struct hidden *hidden)
{
    return (get32(hidden, hidden->layout->hflags) & HF_CS32) != 0;
}

bool hidden_stack32(const struct hidden *hidden)
{
    return (get32(hidden, hidden->layout->hflags) & HF_SS32) != 0;
}

void hidden_cr2_set(struct hidden *hidden, uint64_t value)
{
    set64(hidden, hidden->layout->cr2, value);
}

uint64_t hidden_gpr(const struct hidden *hidden, unsigned number)
{
    g_assert(number < 16);
    return get64(hidden, hidden->layout->gprs + number * 8);
}

void hidden_gpr_set(struct hidden *hidden, unsigned number, uint64_t value)
{
    g_assert(number < 16);
    set64(hidden, hidden->layout->gprs + number * 8, value);
}

static size_t segment_offset(const struct hidden *hidden, enum hidden_segment which)
{
    g_assert(which < HIDDEN_SEGMENTS);
    return hidden->layout->segments + which * hidden->layout->segment_stride;
}

/* The engine keeps the second word of the descriptor: attrib 7:0 at bits 15:8, 11:8 at 23:20. */
void hidden_segment_read(const struct hidden *hidden, enum hidden_segment which,
                         struct vmsa_segment *out)
{
    const struct hidden_layout *layout = hidden->layout;
    size_t at = segment_offset(hidden, which);
    uint32_t flags = get32(hidden, at + layout->segment_flags);
    out->selector = (uint16_t)get32(hidden, at + layout->segment_selector);
    out->attrib = (uint16_t)(((flags >> 8) & 0xff) | ((flags >> 12) & 0xf00));
    out->limit = get32(hidden, at + layout->segment_limit);
    out->base = get64(hidden, at + layout->segment_base);
}

void hidden_segment_write(struct hidden *hidden, enum hidden_segment which,
                          const struct vmsa_segment *segment)
{
    const struct hidden_layout *layout = hidden->layout;
    size_t at = segment_offset(hidden, which);
    uint32_t flags = (uint32_t)(segment->attrib & 0xff) << 8
                     | (uint32_t)(segment->attrib & 0xf00) << 12;
    set32(hidden, at + layout->segment_selector, segment->selector);
    set64(hidden, at + layout->segment_base, segment->base);
    set32(hidden, at + layout->segment_limit, segment->limit);
    set32(hidden, at + layout->segment_flags, flags);
}

void hidden_mode_update(struct hidden *hidden, uint8_t cpl, bool is_protected, bool v86)
{
    struct vmsa_segment cs, ss, ds, es;
    hidden_segment_read(hidden, HIDDEN_CS, &cs);
    hidden_segment_read(hidden, HIDDEN_SS, &ss);
    hidden_segment_read(hidden, HIDDEN_DS, &ds);
    hidden_segment_read(hidden, HIDDEN_ES, &es);
    bool lma = (get32(hidden, hidden->layout->hflags) & HF_LMA) != 0;
    uint32_t set = cpl & HF_CPL;
    if (lma && (cs.attrib & VMSA_ATTRIB_L) != 0) {
        set |= HF_CS64 | HF_CS32 | HF_SS32;
    } else {
        bool flat = (ds.base | es.base | ss.base) == 0;
        set |= (cs.attrib & VMSA_ATTRIB_D) != 0 ? HF_CS32 : 0;
        set |= (ss.attrib & VMSA_ATTRIB_D) != 0 ? HF_SS32 : 0;
        set |= !is_protected || v86 || (set & HF_CS32) == 0 || !flat ? HF_ADDSEG : 0;
    }
    hflags_change(hidden, HF_CPL | HF_CS32 | HF_SS32 | HF_ADDSEG | HF_CS64, set);
}

uint32_t hidden_error_code(const struct hidden *hidden)
{
    return get32(hidden, hidden->layout->error_code);
}

void hidden_exception_clear(struct hidden *hidden)
{
    set32(hidden, hidden->layout->old_exception, UINT32_MAX);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rmp/labels.h"

#include <assert.h>
#include <string.h>

#include "rmp/memory.h"

enum { LABEL_OF_VMPL0 = LABEL_OWN | LABEL_TRUSTED, WORD_BYTES = 8 };

static struct label_page *page_at(const struct memory *memory, uint64_t spa)
{
    assert(spa < memory->bytes);
    return &memory->labels.page[spa >> PAGE_SHIFT];
}

static uint8_t *plane_at(const struct memory *memory, uint64_t spa)
{
    return memory->labels.plane[spa >> PAGE_SHIFT];
}

static bool labels_kept(const struct memory *memory)
{
    return memory->labels.page != NULL;
}

/* A page of one label gets its plane. */
static uint8_t *plane_open(struct memory *memory, uint64_t spa)
{
    struct label_page *page = page_at(memory, spa);
    if (!page->mixed) {
        memset(plane_at(memory, spa), page->label, PAGE_BYTES);
        page->mixed = 1;
    }
    return plane_at(memory, spa);
}

/* And gives it up when all its bytes have the same label again. */
static void plane_close(struct memory *memory, uint64_t spa)
{
    struct label_page *page = page_at(memory, spa);
    const uint8_t *plane = plane_at(memory, spa);
    if (page->mixed && memcmp(plane, plane + 1, PAGE_BYTES - 1) == 0) {
        page->mixed = 0;
        page->label = plane[0];
    }
}

static void range_set(struct memory *memory, uint64_t spa, uint64_t len, uint8_t label)
{
    const struct label_page *page = page_at(memory, spa);
    if (!page->mixed && page->label == label) {
        return;
    }
    memset(plane_open(memory, spa) + (spa & PAGE_MASK), label, len);
    plane_close(memory, spa);
}

/* The same change of every label of a page. */
static void page_map(struct memory *memory, uint64_t spa, uint8_t (*map)(uint8_t label))
{
    struct label_page *page = page_at(memory, spa);
    page->label = map(page->label);
    if (!page->mixed) {
        return;
    }
    uint8_t *plane = plane_at(memory, spa);
    for (uint32_t i = 0; i < PAGE_BYTES; i++) {
        plane[i] = map(plane[i]);
    }
    plane_close(memory, spa);
}

void labels_set(struct memory *memory, uint64_t spa, uint8_t label)
{
    if (!labels_kept(memory)) {
        return;
    }
    *page_at(memory, spa) = (struct label_page){ .label = label };
    memory->pages[spa >> PAGE_SHIFT].watched = 0;
}

/* ------------------------------------------------------------------ stores */

void labels_store_begin(struct memory *memory, uint64_t spa, uint32_t asid)
{
    memory->pages[spa >> PAGE_SHIFT].watched = asid != ASID_HV;
    if (!labels_kept(memory)) {
        return;
    }
    struct label_page *page = page_at(memory, spa);
    const bool known = asid == ASID_HV ? page->label == LABEL_OTHER : page->label == LABEL_OF_VMPL0;
    if (page->released || page->copied || (!page->mixed && known)
        || (asid != ASID_HV && memory->pages[spa >> PAGE_SHIFT].tracked)) {
        return;
    }
    memcpy(memory->labels.copy[spa >> PAGE_SHIFT], memory->dram + page_base(spa), PAGE_BYTES);
    page->copied = 1;
    page->asid = (uint8_t)asid;
}

static void settle_tracked(struct memory *memory, uint64_t spa)
{
    const uint64_t *words = memory->scrub[spa >> PAGE_SHIFT];
    uint8_t *plane = NULL;
    for (uint32_t word = 0; word < MEMORY_SCRUB_WORDS; word++) {
        for (uint64_t left = words[word]; left != 0; left &= left - 1) {
            plane = plane != NULL ? plane : plane_open(memory, spa);
            plane[word * 64 + (uint32_t)__builtin_ctzll(left)] = LABEL_OF_VMPL0;
        }
    }
}

/* C=0: the plaintext of a whole block is gone if any of its bytes was changed. */
static void settle_block(uint8_t *plane, const uint8_t *was, const uint8_t *is, bool shared)
{
    for (uint32_t i = 0; i < WORD_BYTES; i++) {
        if (shared) {
            plane[i] = LABEL_OTHER | LABEL_HYPERVISOR;
        } else if (was[i] != is[i]) {
            plane[i] = LABEL_OF_VMPL0;
        }
    }
}

static void settle_copied(struct memory *memory, uint64_t spa)
{
    const struct label_page *page = page_at(memory, spa);
    const uint8_t *was = memory->labels.copy[spa >> PAGE_SHIFT];
    uint8_t is[PAGE_BYTES];
    memory_peek(memory, page_base(spa), page->asid, is, PAGE_BYTES);
    const uint32_t step = page->asid == ASID_HV ? 2 * WORD_BYTES : WORD_BYTES;
    for (uint32_t at = 0; at < PAGE_BYTES; at += step) {
        if (memcmp(was + at, is + at, step) == 0) {
            continue;
        }
        uint8_t *plane = plane_open(memory, spa);
        for (uint32_t word = at; word < at + step; word += WORD_BYTES) {
            settle_block(plane + word, was + word, is + word, page->asid == ASID_HV);
        }
    }
}

void labels_settle(struct memory *memory, uint64_t spa)
{
    if (!labels_kept(memory)) {
        return;
    }
    const struct label_page *page = page_at(memory, spa);
    if (page->released) {
        return;
    }
    if (page->copied) {
        settle_copied(memory, spa);
    }
    if (memory->pages[spa >> PAGE_SHIFT].tracked) {
        settle_tracked(memory, spa);
    }
    plane_close(memory, spa);
}

/* The copy is of no use any more: the page has changed otherwise. */
static void copy_drop(struct memory *memory, uint64_t spa)
{
    page_at(memory, spa)->copied = 0;
    memory->pages[spa >> PAGE_SHIFT].watched = 0;
}

void labels_scrubbed(struct memory *memory, uint64_t spa)
{
    if (!labels_kept(memory)) {
        return;
    }
    struct label_page *page = page_at(memory, spa);
    page->label = page->released ? LABEL_OTHER | LABEL_GUEST : LABEL_OF_VMPL0;
    page->mixed = page->copied = 0;
}

/* ------------------------------------------------------------------ permissions, bindings */

static uint8_t map_own_given(uint8_t label)
{
    return (label & LABEL_SECRECY) == LABEL_OWN ? label & (uint8_t)~LABEL_SECRECY : label;
}

static uint8_t map_given(uint8_t label)
{
    return label & (uint8_t)~LABEL_SECRECY;
}

static uint8_t map_guest(uint8_t label)
{
    return (uint8_t)((label & LABEL_SECRECY) | LABEL_GUEST);
}

static uint8_t map_old(uint8_t label)
{
    return (label & LABEL_SECRECY) == LABEL_OTHER ? LABEL_OTHER | LABEL_HYPERVISOR
                                                  : LABEL_OLD | LABEL_HYPERVISOR;
}

bool labels_permit(struct memory *memory, uint64_t spa, uint32_t asid, uint8_t lower)
{
    if (!labels_kept(memory)) {
        return false;
    }
    struct label_page *page = page_at(memory, spa);
    if (lower == 0) {
        const bool anew = page->released;
        page->released = 0;
        if (anew) {
            copy_drop(memory, spa);
        }
        return anew;
    }
    if (!page->released) {
        const bool breach = labels_count_monitor(memory, spa, asid) > 0;
        page_map(memory, spa, breach ? map_own_given : map_given);
        page->copied = 0;
        page->released = 1;
    }
    if ((lower & RMP_PERM_W) != 0) {
        page_map(memory, spa, map_guest);
    }
    return false;
}

void labels_rebind(struct memory *memory, uint64_t spa)
{
    if (!labels_kept(memory)) {
        return;
    }
    labels_settle(memory, spa);
    page_map(memory, spa, map_old);
    copy_drop(memory, spa);
    page_at(memory, spa)->released = 0;
}

void labels_host_write(struct memory *memory, uint64_t spa, uint64_t len)
{
    if (!labels_kept(memory) || len == 0) {
        return;
    }
    assert(memory_holds(memory, spa, len));
    const uint64_t end = (spa + len + 15) & ~UINT64_C(15);
    for (uint64_t at = spa & ~UINT64_C(15), next; at < end; at = next) {
        next = page_base(at) + PAGE_BYTES;
        next = next < end ? next : end;
        labels_settle(memory, at);
        copy_drop(memory, at);
        range_set(memory, at, next - at, LABEL_OTHER | LABEL_HYPERVISOR);
    }
}

/* ------------------------------------------------------------------ bytes that come back */

void labels_save(struct memory *memory, uint64_t spa, uint8_t out[PAGE_BYTES])
{
    memset(out, 0, PAGE_BYTES);
    if (!labels_kept(memory)) {
        return;
    }
    labels_settle(memory, spa);
    const struct label_page *page = page_at(memory, spa);
    if (page->mixed) {
        memcpy(out, plane_at(memory, spa), PAGE_BYTES);
    } else {
        memset(out, page->label, PAGE_BYTES);
    }
}

void labels_return(struct memory *memory, uint64_t spa, const uint8_t *labels, uint64_t len)
{
    if (!labels_kept(memory)) {
        return;
    }
    assert(len <= PAGE_BYTES - (spa & PAGE_MASK));
    labels_settle(memory, spa);
    copy_drop(memory, spa);
    uint8_t *plane = plane_open(memory, spa) + (spa & PAGE_MASK);
    for (uint64_t i = 0; i < len; i++) {
        plane[i] = map_old(labels[i]);
    }
    plane_close(memory, spa);
}

/* ------------------------------------------------------------------ counting */

static bool is_monitor(uint8_t label)
{
    const uint8_t secrecy = label & LABEL_SECRECY;
    return secrecy == LABEL_LAUNCH || secrecy == LABEL_OLD;
}

static void count_byte(struct label_counts *counts, uint8_t label)
{
    counts->monitor += is_monitor(label);
    switch (label & LABEL_INTEGRITY) {
    case LABEL_TRUSTED: counts->trusted++; break;
    case LABEL_GUEST: counts->guest++; break;
    default: counts->hypervisor++; break;
    }
}

uint32_t labels_count_monitor(struct memory *memory, uint64_t spa, uint32_t asid)
{
    if (!labels_kept(memory)) {
        return 0;
    }
    labels_settle(memory, spa);
    const struct label_page *page = page_at(memory, spa);
    return page->mixed || is_monitor(page->label) ? labels_count(memory, spa, asid).monitor : 0;
}

struct label_counts labels_count(struct memory *memory, uint64_t spa, uint32_t asid)
{
    struct label_counts counts = { 0 };
    if (!labels_kept(memory)) {
        return counts;
    }
    labels_settle(memory, spa);
    const struct label_page *page = page_at(memory, spa);
    const uint8_t *plane = plane_at(memory, spa);
    uint8_t bytes[PAGE_BYTES];
    memory_peek(memory, page_base(spa), asid, bytes, PAGE_BYTES);
    for (uint32_t i = 0; i < PAGE_BYTES; i++) {
        if (bytes[i] != 0) {
            count_byte(&counts, page->mixed ? plane[i] : page->label);
        }
    }
    return counts;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rmp/memory.h"

#include <assert.h>
#include <string.h>

#include <nettle/xts.h>

enum { SCRUB_WORD_BITS = 64 };
_Static_assert(MEMORY_KEY_BYTES == 2 * AES128_KEY_SIZE, "XTS takes two AES-128 keys");
_Static_assert(MEMORY_SCRUB_WORDS * SCRUB_WORD_BITS == PAGE_BYTES, "one bit a byte");

static struct memory_page *page_at(const struct memory *memory, uint64_t spa)
{
    return &memory->pages[spa >> PAGE_SHIFT];
}

/* The tweak of a page: its system physical page number, 128 bits little endian (APM 2 7.10). */
static void tweak_set(uint8_t tweak[XTS_BLOCK_SIZE], uint64_t spa)
{
    const uint64_t spn = spa >> PAGE_SHIFT;
    memset(tweak, 0, XTS_BLOCK_SIZE);
    for (uint32_t i = 0; i < sizeof(spn); i++) {
        tweak[i] = (uint8_t)(spn >> (8 * i));
    }
}

/* The one place that encrypts and decrypts; whole pages, so XTS never steals ciphertext. */
static void page_encrypt(const struct memory *memory, uint64_t spa, uint32_t asid, uint8_t *page)
{
    struct xts_aes128_key key;
    uint8_t tweak[XTS_BLOCK_SIZE];
    tweak_set(tweak, spa);
    xts_aes128_set_encrypt_key(&key, memory->key[asid]);
    xts_aes128_encrypt_message(&key, tweak, PAGE_BYTES, page, page);
}

static void page_decrypt(const struct memory *memory, uint64_t spa, uint32_t asid, uint8_t *page)
{
    struct xts_aes128_key key;
    uint8_t tweak[XTS_BLOCK_SIZE];
    tweak_set(tweak, spa);
    xts_aes128_set_decrypt_key(&key, memory->key[asid]);
    xts_aes128_decrypt_message(&key, tweak, PAGE_BYTES, page, page);
}

/* Turns the bytes of a page from one view into another. */
static void page_convert(const struct memory *memory, uint64_t spa, uint32_t from, uint32_t to,
                         uint8_t *page)
{
    if (from != ASID_HV) {
        page_encrypt(memory, spa, from, page);
    }
    if (to != ASID_HV) {
        page_decrypt(memory, spa, to, page);
    }
}

void memory_init(struct memory *memory)
{
    assert(memory->bytes % PAGE_BYTES == 0);
    memset(memory->pages, 0, (memory->bytes >> PAGE_SHIFT) * sizeof(memory->pages[0]));
    memset(memory->key, 0, sizeof(memory->key));
    memset(memory->key_set, 0, sizeof(memory->key_set));
}

void memory_key_set(struct memory *memory, uint32_t asid, const uint8_t key[MEMORY_KEY_BYTES])
{
    assert(asid != ASID_HV && asid <= MEMORY_ASID_MAX);
    if (memcmp(memory->key[asid], key, MEMORY_KEY_BYTES) != 0) {
        /* What was written under the old key stays ciphertext of the old key. */
        for (uint64_t spa = 0; spa < memory->bytes; spa += PAGE_BYTES) {
            if (page_at(memory, spa)->view == asid) {
                memory_view_set(memory, spa, ASID_HV);
            }
        }
        memcpy(memory->key[asid], key, MEMORY_KEY_BYTES);
    }
    memory->key_set[asid] = true;
}

bool memory_holds(const struct memory *memory, uint64_t spa, uint64_t len)
{
    return spa <= memory->bytes && len <= memory->bytes - spa;
}

bool memory_view_set(struct memory *memory, uint64_t spa, uint32_t asid)
{
    assert(spa < memory->bytes && asid <= MEMORY_ASID_MAX);
    struct memory_page *page = page_at(memory, spa);
    if (page->view == asid) {
        return false;
    }
    const uint64_t base = page_base(spa);
    page_convert(memory, base, page->view, asid, memory->dram + base);
    page->view = (uint16_t)asid;
    return true;
}

bool memory_view_claim(struct memory *memory, uint64_t spa, uint32_t asid)
{
    assert(spa < memory->bytes && asid <= MEMORY_ASID_MAX);
    struct memory_page *page = page_at(memory, spa);
    const bool changed = page->view != asid;
    page->view = (uint16_t)asid;
    return changed;
}

static size_t piece_bytes(uint64_t spa, size_t len)
{
    const uint64_t room = PAGE_BYTES - (spa & PAGE_MASK);
    return len < room ? len : (size_t)room;
}

void memory_read(struct memory *memory, uint64_t spa, uint32_t asid, void *out, size_t len)
{
    assert(memory_holds(memory, spa, len));
    for (uint8_t *to = out; len > 0;) {
        const size_t piece = piece_bytes(spa, len);
        memory_view_set(memory, spa, asid);
        memcpy(to, memory->dram + spa, piece);
        to += piece;
        spa += piece;
        len -= piece;
    }
}

void memory_write(struct memory *memory, uint64_t spa, uint32_t asid, const void *in, size_t len)
{
    assert(memory_holds(memory, spa, len) && asid <= MEMORY_ASID_MAX);
    for (const uint8_t *from = in; len > 0;) {
        const size_t piece = piece_bytes(spa, len);
        if (piece == PAGE_BYTES) {
            memory_view_claim(memory, spa, asid); /* nothing of the old bytes survives */
        } else {
            memory_view_set(memory, spa, asid);
        }
        memcpy(memory->dram + spa, from, piece);
        from += piece;
        spa += piece;
        len -= piece;
    }
}

void memory_peek(const struct memory *memory, uint64_t spa, uint32_t asid, void *out, size_t len)
{
    assert(memory_holds(memory, spa, len) && asid <= MEMORY_ASID_MAX);
    for (uint8_t *to = out; len > 0;) {
        const size_t piece = piece_bytes(spa, len);
        const uint32_t view = page_at(memory, spa)->view;
        if (view == asid) {
            memcpy(to, memory->dram + spa, piece);
        } else {
            uint8_t page[PAGE_BYTES];
            memcpy(page, memory->dram + page_base(spa), PAGE_BYTES);
            page_convert(memory, page_base(spa), view, asid, page);
            memcpy(to, page + (spa & PAGE_MASK), piece);
        }
        to += piece;
        spa += piece;
        len -= piece;
    }
}

void memory_scrub_begin(struct memory *memory, uint64_t spa)
{
    assert(spa < memory->bytes);
    labels_settle(memory, spa);
    memset(memory->scrub[spa >> PAGE_SHIFT], 0, sizeof(memory->scrub[0]));
    page_at(memory, spa)->tracked = 1;
}

void memory_scrub_end(struct memory *memory, uint64_t spa)
{
    assert(spa < memory->bytes);
    labels_settle(memory, spa);
    page_at(memory, spa)->tracked = 0;
    page_at(memory, spa)->watched = 0;
}

static uint64_t bits_from(uint32_t bit, uint32_t count)
{
    const uint64_t ones = count == SCRUB_WORD_BITS ? UINT64_MAX : (UINT64_C(1) << count) - 1;
    return ones << bit;
}

/* Marks [offset, offset + len) of one page; true if every byte of the page is marked now. */
static bool scrub_mark(uint64_t words[MEMORY_SCRUB_WORDS], uint32_t offset, uint32_t len)
{
    bool filled = false;
    while (len > 0) {
        const uint32_t bit = offset % SCRUB_WORD_BITS;
        const uint32_t room = SCRUB_WORD_BITS - bit;
        const uint32_t count = len < room ? len : room;
        uint64_t *word = &words[offset / SCRUB_WORD_BITS];
        *word |= bits_from(bit, count);
        filled |= *word == UINT64_MAX;
        offset += count;
        len -= count;
    }
    if (!filled) {
        return false;
    }
    /* From the end: a page is mostly written upwards, so its last word is the last to fill. */
    for (uint32_t i = MEMORY_SCRUB_WORDS; i-- > 0;) {
        if (words[i] != UINT64_MAX) {
            return false;
        }
    }
    return true;
}

bool memory_scrub_note(struct memory *memory, uint64_t spa, uint64_t len)
{
    assert(memory_holds(memory, spa, len));
    bool completed = false;
    while (len > 0) {
        const size_t piece = piece_bytes(spa, len);
        struct memory_page *page = page_at(memory, spa);
        if (page->tracked && scrub_mark(memory->scrub[spa >> PAGE_SHIFT],
                                        (uint32_t)(spa & PAGE_MASK), (uint32_t)piece)) {
            page->tracked = 0;
            labels_scrubbed(memory, spa);
            completed = true;
        }
        spa += piece;
        len -= piece;
    }
    return completed;
}

uint32_t memory_scrub_count(const struct memory *memory, uint64_t spa)
{
    assert(spa < memory->bytes);
    if (!page_at(memory, spa)->tracked) {
        return (uint32_t)PAGE_BYTES;
    }
    uint32_t count = 0;
    for (uint32_t i = 0; i < MEMORY_SCRUB_WORDS; i++) {
        count += (uint32_t)__builtin_popcountll(memory->scrub[spa >> PAGE_SHIFT][i]);
    }
    return count;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory encryption (APM 2 15.34, 7.10): what ciphertext is, what moving it does; scrubbing. */
#include <glib.h>
#include <string.h>

#include <nettle/aes.h>
#include <nettle/xts.h>

#include "rmp/memory.h"

enum { RIG_PAGES = 8, BLOCK = 16, KEY_A = 1, KEY_B = 2, NO_KEY = 3 };

struct rig {
    uint8_t dram[RIG_PAGES * 4096];
    struct memory_page pages[RIG_PAGES];
    uint64_t scrub[RIG_PAGES][MEMORY_SCRUB_WORDS];
    struct memory memory;
};

static void key_fill(uint8_t key[MEMORY_KEY_BYTES], uint8_t seed)
{
    for (int i = 0; i < MEMORY_KEY_BYTES; i++) {
        key[i] = (uint8_t)(seed * 37 + i * 11);
    }
}

static void rig_init(struct rig *rig)
{
    memset(rig, 0, sizeof(*rig));
    memset(rig->pages, 0xff, sizeof(rig->pages)); /* memory_init() must clear it */
    rig->memory = (struct memory){
        .dram = rig->dram,
        .pages = rig->pages,
        .scrub = rig->scrub,
        .bytes = sizeof(rig->dram),
    };
    memory_init(&rig->memory);
    for (uint8_t asid = KEY_A; asid <= KEY_B; asid++) {
        uint8_t key[MEMORY_KEY_BYTES];
        key_fill(key, asid);
        memory_key_set(&rig->memory, asid, key);
    }
}

static void pattern_fill(uint8_t page[4096], uint8_t seed)
{
    for (int i = 0; i < 4096; i++) {
        page[i] = (uint8_t)(i * 7 + (i >> 8) + seed);
    }
}

static void test_init(void)
{
    struct rig rig;
    rig_init(&rig);
    uint8_t got[4096];
    const uint8_t zero[4096] = {0};
    memory_read(&rig.memory, 0x1000, 0, got, sizeof(got));
    g_assert_cmpmem(got, sizeof(got), zero, sizeof(zero));
    g_assert_cmpuint(rig.pages[1].view, ==, 0);
    g_assert_true(memory_holds(&rig.memory, 0, sizeof(rig.dram)));
    g_assert_false(memory_holds(&rig.memory, 1, sizeof(rig.dram)));
    g_assert_true(memory_holds(&rig.memory, sizeof(rig.dram), 0));
    g_assert_false(memory_holds(&rig.memory, UINT64_MAX, 2));
    g_assert_false(memory_holds(&rig.memory, 0x1000, UINT64_MAX));
}

static void test_round_trip(void)
{
    struct rig rig;
    rig_init(&rig);
    uint8_t plain[4096], raw[4096], got[4096];
    pattern_fill(plain, 1);
    memory_write(&rig.memory, 0x2000, KEY_A, plain, sizeof(plain));
    memory_read(&rig.memory, 0x2000, 0, raw, sizeof(raw));
    g_assert_true(memcmp(raw, plain, sizeof(raw)) != 0);
    memory_read(&rig.memory, 0x2000, KEY_A, got, sizeof(got));
    g_assert_cmpmem(got, sizeof(got), plain, sizeof(plain));
    /* Another key sees neither the plaintext nor the ciphertext, and reading changes nothing. */
    memory_read(&rig.memory, 0x2000, KEY_B, got, sizeof(got));
    g_assert_true(memcmp(got, plain, sizeof(got)) != 0);
    g_assert_true(memcmp(got, raw, sizeof(got)) != 0);
    memory_read(&rig.memory, 0x2000, 0, got, sizeof(got));
    g_assert_cmpmem(got, sizeof(got), raw, sizeof(raw));
}

/*
 * XEX from its definition (IEEE 1619), with single AES block operations: the tweak is the encrypted
 * page number, multiplied by x in GF(2^128) from block to block.
 */
static void reference_encrypt(const uint8_t key[MEMORY_KEY_BYTES], uint64_t spn,
                              uint8_t page[4096])
{
    struct aes128_ctx data, tweak_key;
    aes128_set_encrypt_key(&data, key);
    aes128_set_encrypt_key(&tweak_key, key + AES128_KEY_SIZE);
    uint8_t tweak[BLOCK] = {0};
    for (int i = 0; i < 8; i++) {
        tweak[i] = (uint8_t)(spn >> (8 * i));
    }
    aes128_encrypt(&tweak_key, BLOCK, tweak, tweak);
    for (uint8_t *block = page; block < page + 4096; block += BLOCK) {
        for (int i = 0; i < BLOCK; i++) {
            block[i] ^= tweak[i];
        }
        aes128_encrypt(&data, BLOCK, block, block);
        uint8_t carry = 0;
        for (int i = 0; i < BLOCK; i++) {
            block[i] ^= tweak[i];
            const uint8_t out = tweak[i] >> 7;
            tweak[i] = (uint8_t)(tweak[i] << 1 | carry);
            carry = out;
        }
        tweak[0] ^= carry ? 0x87 : 0;
    }
}

static void test_known_answer(void)
{
    struct rig rig;
    rig_init(&rig);
    uint8_t key[MEMORY_KEY_BYTES], expected[4096], got[4096], plain[4096];
    key_fill(key, KEY_A);
    for (uint64_t spn = 0; spn < RIG_PAGES; spn++) {
        pattern_fill(plain, (uint8_t)spn);
        memcpy(expected, plain, sizeof(expected));
        reference_encrypt(key, spn, expected);
        memory_write(&rig.memory, spn << PAGE_SHIFT, KEY_A, plain, sizeof(plain));
        memory_read(&rig.memory, spn << PAGE_SHIFT, 0, got, sizeof(got));
        g_assert_cmpmem(got, sizeof(got), expected, sizeof(expected));
    }
    /* And as Nettle's XTS has it. */
    struct xts_aes128_key xts;
    const uint8_t tweak[BLOCK] = {RIG_PAGES - 1};
    xts_aes128_set_encrypt_key(&xts, key);
    xts_aes128_encrypt_message(&xts, tweak, sizeof(plain), expected, plain);
    g_assert_cmpmem(got, sizeof(got), expected, sizeof(expected));
}

/* A page number of more than one byte enters the tweak in full. */
static void test_high_page(void)
{
    enum { SPN = 0x1234, PAGES = SPN + 1 };
    struct memory memory = {
        .dram = g_malloc0(PAGES * 4096),
        .pages = g_malloc0(PAGES * sizeof(struct memory_page)),
        .bytes = PAGES * PAGE_BYTES,
    };
    memory_init(&memory);
    uint8_t key[MEMORY_KEY_BYTES], plain[4096], got[4096];
    key_fill(key, KEY_B);
    memory_key_set(&memory, KEY_B, key);
    pattern_fill(plain, 12);
    memory_write(&memory, SPN * PAGE_BYTES, KEY_B, plain, sizeof(plain));
    memory_read(&memory, SPN * PAGE_BYTES, 0, got, sizeof(got));
    reference_encrypt(key, SPN, plain);
    g_assert_cmpmem(got, sizeof(got), plain, sizeof(plain));
    g_free(memory.pages);
    g_free(memory.dram);
}

/* IEEE 1619-2007, annex B, vector 2: data unit 0x3333333333, 32 bytes of 0x44. */
static void test_ieee_vector(void)
{
    static const uint8_t expected[32] = {
        0xc4, 0x54, 0x18, 0x5e, 0x6a, 0x16, 0x93, 0x6e, 0x39, 0x33, 0x40,
        0x38, 0xac, 0xef, 0x83, 0x8b, 0xfb, 0x18, 0x6f, 0xff, 0x74, 0x80,
        0xad, 0xc4, 0x28, 0x93, 0x82, 0xec, 0xd6, 0xd3, 0x94, 0xf0,
    };
    /* It vouches for the test's own reference, whose pages the model is compared with. */
    uint8_t key[MEMORY_KEY_BYTES], page[4096];
    memset(key, 0x11, 16);
    memset(key + 16, 0x22, 16);
    memset(page, 0x44, sizeof(page));
    reference_encrypt(key, UINT64_C(0x3333333333), page);
    g_assert_cmpmem(page, sizeof(expected), expected, sizeof(expected));
}

static void test_block_granularity(void)
{
    struct rig rig;
    rig_init(&rig);
    uint8_t plain[4096], before[4096], after[4096];
    pattern_fill(plain, 3);
    memory_write(&rig.memory, 0x3000, KEY_A, plain, sizeof(plain));
    memory_read(&rig.memory, 0x3000, 0, before, sizeof(before));
    for (int block = 0; block < 4096 / BLOCK; block += 51) { /* the first and the last too */
        const uint64_t spa = 0x3000 + (uint64_t)block * BLOCK;
        /* One bit of plaintext changes its own block of ciphertext, and all of that. */
        const uint8_t byte = plain[block * BLOCK + 5] ^ 0x10;
        memory_write(&rig.memory, spa + 5, KEY_A, &byte, 1);
        memory_read(&rig.memory, 0x3000, 0, after, sizeof(after));
        for (int i = 0; i < 4096; i += BLOCK) {
            const bool same = memcmp(before + i, after + i, BLOCK) == 0;
            g_assert_true(same == (i != block * BLOCK));
        }
        memory_write(&rig.memory, spa + 5, KEY_A, &plain[block * BLOCK + 5], 1);
        memory_read(&rig.memory, 0x3000, 0, after, sizeof(after));
        g_assert_cmpmem(after, sizeof(after), before, sizeof(before)); /* deterministic */
        /* One bit of ciphertext garbles its own block of plaintext. */
        const uint8_t flip = before[block * BLOCK] ^ 1;
        memory_write(&rig.memory, spa, 0, &flip, 1);
        memory_read(&rig.memory, 0x3000, KEY_A, after, sizeof(after));
        for (int i = 0; i < 4096; i += BLOCK) {
            const bool same = memcmp(plain + i, after + i, BLOCK) == 0;
            g_assert_true(same == (i != block * BLOCK));
        }
        memory_write(&rig.memory, spa, 0, &before[block * BLOCK], 1);
    }
}

/* Equal plaintext in different blocks and pages never gives equal ciphertext. */
static void test_tweak(void)
{
    struct rig rig;
    rig_init(&rig);
    uint8_t raw[2 * 4096];
    const uint8_t plain[2 * 4096] = {0};
    memory_write(&rig.memory, 0x1000, KEY_A, plain, sizeof(plain));
    memory_read(&rig.memory, 0x1000, 0, raw, sizeof(raw));
    for (size_t a = 0; a < sizeof(raw); a += BLOCK) {
        for (size_t b = a + BLOCK; b < sizeof(raw); b += BLOCK) {
            g_assert_true(memcmp(raw + a, raw + b, BLOCK) != 0);
        }
    }
}

static void test_rebind(void)
{
    struct rig rig;
    rig_init(&rig);
    uint8_t plain[4096], got[4096];
    pattern_fill(plain, 4);
    memory_write(&rig.memory, 0x1000, KEY_A, plain, sizeof(plain));
    /* The hypervisor looks at it and binds the same SPA to another GPA: no GPA enters the tweak. */
    memory_read(&rig.memory, 0x1000, 0, got, sizeof(got));
    memory_read(&rig.memory, 0x1000, KEY_A, got, sizeof(got));
    g_assert_cmpmem(got, sizeof(got), plain, sizeof(plain));
}

static void test_move(void)
{
    struct rig rig;
    rig_init(&rig);
    uint8_t plain[4096], raw[4096], got[4096];
    pattern_fill(plain, 5);
    memory_write(&rig.memory, 0x1000, KEY_A, plain, sizeof(plain));
    memory_read(&rig.memory, 0x1000, 0, raw, sizeof(raw));
    memory_write(&rig.memory, 0x2000, 0, raw, sizeof(raw));
    memory_read(&rig.memory, 0x2000, KEY_A, got, sizeof(got));
    for (int i = 0; i < 4096; i += BLOCK) {
        g_assert_true(memcmp(got + i, plain + i, BLOCK) != 0);
    }
    /* Within the page a block moved is garbage as well. */
    memory_write(&rig.memory, 0x1000 + BLOCK, 0, raw, BLOCK);
    memory_read(&rig.memory, 0x1000, KEY_A, got, sizeof(got));
    g_assert_true(memcmp(got + BLOCK, plain, BLOCK) != 0);
    g_assert_cmpmem(got, BLOCK, plain, BLOCK);
}

static void test_replay(void)
{
    struct rig rig;
    rig_init(&rig);
    uint8_t old[4096], new[4096], raw[4096], got[4096];
    pattern_fill(old, 6);
    pattern_fill(new, 99);
    memory_write(&rig.memory, 0x1000, KEY_A, old, sizeof(old));
    memory_read(&rig.memory, 0x1000, 0, raw, sizeof(raw));
    memory_write(&rig.memory, 0x1000, KEY_A, new, sizeof(new));
    memory_write(&rig.memory, 0x1000 + 32, 0, raw + 32, BLOCK); /* one block replayed */
    memory_read(&rig.memory, 0x1000, KEY_A, got, sizeof(got));
    g_assert_cmpmem(got, 32, new, 32);
    g_assert_cmpmem(got + 32, BLOCK, old + 32, BLOCK);
    g_assert_cmpmem(got + 48, 4048, new + 48, 4048);
    memory_write(&rig.memory, 0x1000, 0, raw, sizeof(raw));
    memory_read(&rig.memory, 0x1000, KEY_A, got, sizeof(got));
    g_assert_cmpmem(got, sizeof(got), old, sizeof(old));
}

static void test_no_key(void)
{
    struct rig rig;
    rig_init(&rig);
    uint8_t plain[4096], raw[4096];
    const uint8_t key[MEMORY_KEY_BYTES] = {0};
    pattern_fill(plain, 7);
    memory_write(&rig.memory, 0x1000, NO_KEY, plain, sizeof(plain));
    memory_read(&rig.memory, 0x1000, 0, raw, sizeof(raw));
    reference_encrypt(key, 1, plain);
    g_assert_cmpmem(raw, sizeof(raw), plain, sizeof(plain));
    g_assert_false(rig.memory.key_set[NO_KEY]);
    g_assert_true(rig.memory.key_set[KEY_A]);
}

/* A new key for an ASID: the bytes in DRAM stay what they were. */
static void test_key_change(void)
{
    struct rig rig;
    rig_init(&rig);
    uint8_t plain[4096], raw[4096], got[4096], key[MEMORY_KEY_BYTES];
    pattern_fill(plain, 8);
    memory_write(&rig.memory, 0x1000, KEY_A, plain, sizeof(plain));
    memory_peek(&rig.memory, 0x1000, 0, raw, sizeof(raw));
    key_fill(key, 77);
    memory_key_set(&rig.memory, KEY_A, key);
    memory_read(&rig.memory, 0x1000, 0, got, sizeof(got));
    g_assert_cmpmem(got, sizeof(got), raw, sizeof(raw));
    memory_read(&rig.memory, 0x1000, KEY_A, got, sizeof(got));
    g_assert_true(memcmp(got, plain, sizeof(got)) != 0);
}

static void test_view_set(void)
{
    struct rig rig;
    rig_init(&rig);
    uint8_t raw[4096];
    pattern_fill(raw, 9);
    memory_write(&rig.memory, 0x1000, 0, raw, sizeof(raw));
    g_assert_false(memory_view_set(&rig.memory, 0x1000, 0));
    g_assert_true(memory_view_set(&rig.memory, 0x1fff, KEY_A));
    g_assert_cmpuint(rig.pages[1].view, ==, KEY_A);
    g_assert_cmpuint(rig.pages[0].view, ==, 0);
    g_assert_cmpuint(rig.pages[2].view, ==, 0);
    g_assert_false(memory_view_set(&rig.memory, 0x1000, KEY_A));
    g_assert_true(memory_view_set(&rig.memory, 0x1000, KEY_B)); /* straight from key to key */
    g_assert_true(memory_view_set(&rig.memory, 0x1000, KEY_A));
    g_assert_true(memory_view_set(&rig.memory, 0x1000, 0));
    g_assert_cmpmem(rig.dram + 0x1000, sizeof(raw), raw, sizeof(raw));
}

/* Only the view changes: the bytes are the caller's to overwrite. */
static void test_view_claim(void)
{
    struct rig rig;
    rig_init(&rig);
    uint8_t raw[4096], zero[4096] = {0}, got[4096];
    pattern_fill(raw, 9);
    memory_write(&rig.memory, 0x1000, 0, raw, sizeof(raw));
    g_assert_false(memory_view_claim(&rig.memory, 0x1000, 0));
    g_assert_true(memory_view_claim(&rig.memory, 0x1fff, KEY_A));
    g_assert_cmpuint(rig.pages[1].view, ==, KEY_A);
    g_assert_cmpuint(rig.pages[0].view, ==, 0);
    g_assert_cmpmem(rig.dram + 0x1000, sizeof(raw), raw, sizeof(raw));
    memset(rig.dram + 0x1000, 0, sizeof(zero));
    memory_read(&rig.memory, 0x1000, KEY_A, got, sizeof(got));
    g_assert_cmpmem(got, sizeof(got), zero, sizeof(zero));
    memory_read(&rig.memory, 0x1000, 0, got, sizeof(got));
    g_assert_true(memcmp(got, zero, sizeof(got)) != 0); /* ciphertext of zeros */
}

static void test_peek(void)
{
    struct rig rig;
    rig_init(&rig);
    uint8_t plain[4096], raw[4096], got[200];
    pattern_fill(plain, 10);
    memory_write(&rig.memory, 0x1000, KEY_A, plain, sizeof(plain));
    memory_write(&rig.memory, 0x2000, KEY_B, plain, sizeof(plain));
    const struct rig before = rig;
    memory_peek(&rig.memory, 0x1ff0, KEY_A, got, 16);
    g_assert_cmpmem(got, 16, plain + 4080, 16);
    memory_peek(&rig.memory, 0x1000, 0, raw, sizeof(raw));
    memory_peek(&rig.memory, 0x1000 + 100, 0, got, sizeof(got));
    g_assert_cmpmem(got, sizeof(got), raw + 100, sizeof(got));
    /* Over a page border, both pages in another view than the one asked for. */
    uint8_t border[64], expected[64];
    memory_peek(&rig.memory, 0x1fe0, 0, border, sizeof(border));
    g_assert_cmpmem(rig.dram, sizeof(rig.dram), before.dram, sizeof(before.dram));
    g_assert_cmpmem(rig.pages, sizeof(rig.pages), before.pages, sizeof(before.pages));
    memory_read(&rig.memory, 0x1fe0, 0, expected, sizeof(expected));
    g_assert_cmpmem(border, sizeof(border), expected, sizeof(expected));
    memory_peek(&rig.memory, 0x1000, KEY_A, raw, sizeof(raw));
    g_assert_cmpmem(raw, sizeof(raw), plain, sizeof(plain));
}

static void test_copy_over_pages(void)
{
    struct rig rig;
    rig_init(&rig);
    uint8_t data[3 * 4096 - 200], got[sizeof(data)];
    for (size_t i = 0; i < sizeof(data); i++) {
        data[i] = (uint8_t)(i * 13 + (i >> 7));
    }
    /* One whole page in the middle (its old bytes need no decrypting) and two parts. */
    memory_write(&rig.memory, 0x1000 + 100, KEY_A, data, sizeof(data));
    g_assert_cmpuint(rig.pages[1].view, ==, KEY_A);
    g_assert_cmpuint(rig.pages[2].view, ==, KEY_A);
    g_assert_cmpuint(rig.pages[3].view, ==, KEY_A);
    memory_read(&rig.memory, 0x1000 + 100, KEY_A, got, sizeof(got));
    g_assert_cmpmem(got, sizeof(got), data, sizeof(data));
    /* What was around it was raw zeroes before and is the same ciphertext still. */
    uint8_t edge[96];
    const uint8_t zero[96] = {0};
    memory_read(&rig.memory, 0x1000, 0, edge, sizeof(edge));
    g_assert_cmpmem(edge, sizeof(edge), zero, sizeof(zero));
}

static void test_scrub(void)
{
    struct rig rig;
    rig_init(&rig);
    struct memory *memory = &rig.memory;
    memset(rig.scrub, 0xee, sizeof(rig.scrub));
    g_assert_cmpuint(memory_scrub_count(memory, 0x1000), ==, 4096); /* not tracked */
    g_assert_false(memory_scrub_note(memory, 0x1000, 4096));
    memory_scrub_begin(memory, 0x1000 + 8);
    g_assert_cmpuint(memory_scrub_count(memory, 0x1000), ==, 0);
    g_assert_false(memory_scrub_note(memory, 0x1000, 8));
    g_assert_false(memory_scrub_note(memory, 0x1004, 8));
    g_assert_false(memory_scrub_note(memory, 0x1004, 0));
    g_assert_cmpuint(memory_scrub_count(memory, 0x1fff), ==, 12);
    g_assert_false(memory_scrub_note(memory, 0x1000 + 60, 70)); /* over two word borders */
    g_assert_cmpuint(memory_scrub_count(memory, 0x1000), ==, 82);
    g_assert_false(memory_scrub_note(memory, 0x1000, 4095));
    g_assert_true(rig.pages[1].tracked);
    g_assert_true(memory_scrub_note(memory, 0x1fff, 1));
    g_assert_false(rig.pages[1].tracked);
    g_assert_cmpuint(memory_scrub_count(memory, 0x1000), ==, 4096);
    g_assert_false(memory_scrub_note(memory, 0x1fff, 1)); /* told once */
    memory_scrub_begin(memory, 0x1000);
    g_assert_cmpuint(memory_scrub_count(memory, 0x1000), ==, 0);
    memory_scrub_end(memory, 0x1000);
    g_assert_false(rig.pages[1].tracked);
    /* Pages that are not tracked: the array stays as it was. */
    for (int page = 0; page < RIG_PAGES; page++) {
        for (int i = 0; i < MEMORY_SCRUB_WORDS; i++) {
            g_assert_true(page == 1 || rig.scrub[page][i] == UINT64_C(0xeeeeeeeeeeeeeeee));
        }
    }
}

static void test_scrub_orders(void)
{
    struct rig rig;
    rig_init(&rig);
    static const uint32_t steps[] = {1, 2, 4, 8, 16, 64, 128, 4096};
    for (size_t s = 0; s < G_N_ELEMENTS(steps); s++) {
        for (int downwards = 0; downwards < 2; downwards++) {
            memory_scrub_begin(&rig.memory, 0x2000);
            const uint32_t count = 4096 / steps[s];
            for (uint32_t i = 0; i < count; i++) {
                const uint32_t at = (downwards ? count - 1 - i : i) * steps[s];
                g_assert_true(memory_scrub_note(&rig.memory, 0x2000 + at, steps[s]) ==
                              (i == count - 1));
            }
        }
    }
    /* A store over a border counts for both pages. */
    memory_scrub_begin(&rig.memory, 0x2000);
    memory_scrub_begin(&rig.memory, 0x3000);
    g_assert_false(memory_scrub_note(&rig.memory, 0x2ffd, 8));
    g_assert_cmpuint(memory_scrub_count(&rig.memory, 0x2000), ==, 3);
    g_assert_cmpuint(memory_scrub_count(&rig.memory, 0x3000), ==, 5);
    g_assert_false(memory_scrub_note(&rig.memory, 0x2000, 4096 - 4));
    g_assert_true(memory_scrub_note(&rig.memory, 0x2ff8, 16)); /* completes the first */
    g_assert_cmpuint(memory_scrub_count(&rig.memory, 0x3000), ==, 8);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rmp/memory/1/starts-raw", test_init);
    g_test_add_func("/rmp/memory/1/key-decides-what-is-seen", test_round_trip);
    g_test_add_func("/rmp/memory/7.10/known-answer", test_known_answer);
    g_test_add_func("/rmp/memory/7.10/known-answer-high-page", test_high_page);
    g_test_add_func("/rmp/memory/7.10/ieee-1619-vector", test_ieee_vector);
    g_test_add_func("/rmp/memory/1/block-granularity", test_block_granularity);
    g_test_add_func("/rmp/memory/1/tweak-depends-on-spa", test_tweak);
    g_test_add_func("/rmp/memory/1/rebound-keeps-plaintext", test_rebind);
    g_test_add_func("/rmp/memory/1/moved-is-garbage", test_move);
    g_test_add_func("/rmp/memory/1/replayed-is-old-plaintext", test_replay);
    g_test_add_func("/rmp/memory/key/none-is-zero-key", test_no_key);
    g_test_add_func("/rmp/memory/key/change-keeps-dram", test_key_change);
    g_test_add_func("/rmp/memory/view/set", test_view_set);
    g_test_add_func("/rmp/memory/view/claim", test_view_claim);
    g_test_add_func("/rmp/memory/view/peek-changes-nothing", test_peek);
    g_test_add_func("/rmp/memory/view/copies-over-pages", test_copy_over_pages);
    g_test_add_func("/rmp/memory/scrub/tracking", test_scrub);
    g_test_add_func("/rmp/memory/scrub/any-order-any-size", test_scrub_orders);
    return g_test_run();
}

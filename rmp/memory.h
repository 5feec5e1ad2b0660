/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * System memory with exact memory encryption (APM 2 15.34.6, 7.10).
 *
 * DRAM holds ciphertext of private pages: AES-128-XTS, the key of the ASID, tweak = system physical
 * page number, so 16-byte blocks are independent, depend on the SPA and never on the GPA. Nothing
 * is encrypted that nobody looks at: each page is held in one *view*, either the plaintext under
 * one ASID's key or the raw DRAM bytes (view 0). memory_view_set() converts in place; the caller
 * must then drop cached translations of the page.
 */
#ifndef PROVA_RMP_MEMORY_H
#define PROVA_RMP_MEMORY_H

#include <stddef.h>

#include "rmp/labels.h"

enum { MEMORY_KEY_BYTES = 32, MEMORY_ASID_MAX = 15 };

/* Per page, saved and restored by copying. */
struct memory_page {
    uint16_t view;       /* ASID whose plaintext is in dram, 0 = raw */
    uint8_t tracked : 1; /* validated by PVALIDATE and not yet overwritten in full: see below */
    uint8_t code : 1;    /* some engine holds translations of this page */
    uint8_t stored : 1;  /* VMPL0 has stored to it since the last RMP rebinding */
    uint8_t watched : 1; /* the labels know that VMPL0 stores to it with C=1 (rmp/labels.h) */
    uint8_t fetched : 1; /* VMPL0 has fetched from it as it is now: EVENT_FETCH was emitted */
    uint8_t pad;
    uint32_t rmp_generation; /* counts changes of the RMP entry that took a right away */
};
_Static_assert(sizeof(struct memory_page) == 8, "eight bytes a page");

enum { MEMORY_SCRUB_WORDS = 64 }; /* 4096 bits: which bytes were overwritten since PVALIDATE */

struct memory {
    uint8_t *dram;             /* bytes of them; page aligned; owned by the caller */
    struct memory_page *pages; /* bytes / 4096, owned by the caller */
    uint64_t (*scrub)[MEMORY_SCRUB_WORDS]; /* bytes / 4096, owned by the caller, lazily touched */
    struct labels labels;
    uint64_t bytes;
    uint8_t key[MEMORY_ASID_MAX + 1][MEMORY_KEY_BYTES];
    bool key_set[MEMORY_ASID_MAX + 1];
};

/*
 * Clears views and keys. The caller has set dram, pages, scrub and bytes; dram and scrub are not
 * touched. All functions below assert that the addresses they get satisfy memory_holds().
 */
void memory_init(struct memory *memory);

/*
 * Installs the encryption key of an ASID (1..MEMORY_ASID_MAX): the VEK of ACTIVATE. Pages that are
 * in the ASID's view under another key are put back to raw DRAM first.
 */
void memory_key_set(struct memory *memory, uint32_t asid, const uint8_t key[MEMORY_KEY_BYTES]);

bool memory_holds(const struct memory *memory, uint64_t spa, uint64_t len);

/*
 * Makes the page that holds spa available in the view of asid (0 = raw DRAM). Returns true if the
 * bytes had to be converted (translations of other views are then stale). An ASID without a key
 * uses the all-zero key.
 */
bool memory_view_set(struct memory *memory, uint64_t spa, uint32_t asid);

/* The same for a page of which every byte is going to be overwritten through this view before any
 * is read: what it holds meanwhile is neither view's. */
bool memory_view_claim(struct memory *memory, uint64_t spa, uint32_t asid);

/*
 * Copies through a view, converting pages as needed, len may cross pages. memory_peek() reads
 * without changing any page's view (it decrypts into the output), for observers and diagnosis.
 */
void memory_read(struct memory *memory, uint64_t spa, uint32_t asid, void *out, size_t len);
void memory_write(struct memory *memory, uint64_t spa, uint32_t asid, const void *in, size_t len);
void memory_peek(const struct memory *memory, uint64_t spa, uint32_t asid, void *out, size_t len);

/*
 * Scrub tracking: PVALIDATE 0->1 starts it, every store of VMPL0 through the private mapping is
 * noted, and the call that completes the page returns true (and ends it). An RMP rebinding resets
 * it.
 */
void memory_scrub_begin(struct memory *memory, uint64_t spa);
bool memory_scrub_note(struct memory *memory, uint64_t spa, uint64_t len);
void memory_scrub_end(struct memory *memory, uint64_t spa);
/* Bytes of the page overwritten so far (4096 if it is not tracked). */
uint32_t memory_scrub_count(const struct memory *memory, uint64_t spa);

#endif

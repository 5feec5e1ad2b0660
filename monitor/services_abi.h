/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Arguments of calls that lie in private guest memory (docs/monitor.md, "Calls"). Shared with the
 * guests. */
#ifndef MONITOR_SERVICES_ABI_H
#define MONITOR_SERVICES_ABI_H

#include <stddef.h>
#include <stdint.h>

/* SetPageShared, SetPagePrivate with RDX = 0: R8 = GPA of a page with this. */
enum { PAGE_LIST_ENTRIES_MAX = 511 };
struct page_list {
    uint32_t count;
    uint32_t next; /* in: the first entry to do; out: the first that is not done */
    uint64_t entry[PAGE_LIST_ENTRIES_MAX]; /* GPA; bit 0: 2 MiB */
};
_Static_assert(sizeof(struct page_list) == 4096, "a page");

/* LockKernel: RCX = GPA of a page that begins with this. */
enum { KERNEL_RANGES_MAX = 250, KERNEL_PAGES_MAX = 65536 };
struct kernel_range {
    uint64_t gpa;
    uint64_t bytes;
};
struct kernel_list {
    uint64_t count;
    struct kernel_range range[KERNEL_RANGES_MAX];
};
_Static_assert(sizeof(struct kernel_list) <= 4096, "a page");

/* DeriveKey: this in the calling area at offset 8. */
enum { KEY_CONTEXT_BYTES = 64, KEY_HANDLES = 8 };
enum key_flag { KEY_FLAG_DROP = 1 }; /* R8 */

/*
 * Encrypt, Decrypt: RCX = GPA (8-byte aligned) of this, changed in place. The first aad_bytes of
 * data are authenticated only, the `bytes` after them are encrypted too.
 */
enum { CRYPT_BYTES_MAX = 3072, CRYPT_NONCE_BYTES = 12, CRYPT_TAG_BYTES = 16 };
struct crypt_request {
    uint32_t handle;
    uint32_t bytes;
    uint32_t aad_bytes;               /* both together at most CRYPT_BYTES_MAX */
    uint32_t reserved;                /* 0 */
    uint8_t nonce[CRYPT_NONCE_BYTES]; /* Encrypt writes it, Decrypt reads it */
    uint8_t reserved_1c[4];           /* 0 */
    uint8_t tag[CRYPT_TAG_BYTES];     /* Encrypt writes it, Decrypt reads it */
    uint8_t data[];
};
_Static_assert(offsetof(struct crypt_request, nonce) == 0x10, "nonce");
_Static_assert(offsetof(struct crypt_request, tag) == 0x20, "tag");
_Static_assert(offsetof(struct crypt_request, data) == 0x30, "data");

#endif

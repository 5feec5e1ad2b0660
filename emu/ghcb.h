/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Layout of the GHCB page and of the page-state change list in it (56421 section 2.3, 4.1.6).
 */
#ifndef PROVA_EMU_GHCB_H
#define PROVA_EMU_GHCB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ghcb {
    uint8_t reserved_000[0xcb];
    uint8_t cpl;
    uint8_t reserved_0cc[0x140 - 0xcc];
    uint64_t xss;
    uint8_t reserved_148[0x160 - 0x148];
    uint64_t dr7;
    uint8_t reserved_168[0x1f8 - 0x168];
    uint64_t rax;
    uint8_t reserved_200[0x308 - 0x200];
    uint64_t rcx, rdx, rbx;
    uint8_t reserved_320[0x390 - 0x320];
    uint64_t sw_exitcode, sw_exitinfo1, sw_exitinfo2, sw_scratch;
    uint8_t reserved_3b0[0x3e8 - 0x3b0];
    uint64_t xcr0;
    uint8_t valid_bitmap[16];
    uint64_t x87_state_gpa;
    uint8_t reserved_408[0x800 - 0x408];
    uint8_t shared[0xff0 - 0x800];
    uint8_t reserved_ff0[0xffa - 0xff0];
    uint16_t protocol_version;
    uint32_t usage;
};
_Static_assert(sizeof(struct ghcb) == 4096, "the GHCB is a page");
_Static_assert(offsetof(struct ghcb, rax) == 0x1f8, "GHCB RAX");
_Static_assert(offsetof(struct ghcb, rbx) == 0x318, "GHCB RBX");
_Static_assert(offsetof(struct ghcb, sw_exitcode) == 0x390, "GHCB SW_EXITCODE");
_Static_assert(offsetof(struct ghcb, sw_scratch) == 0x3a8, "GHCB SW_SCRATCH");
_Static_assert(offsetof(struct ghcb, valid_bitmap) == 0x3f0, "GHCB VALID_BITMAP");
_Static_assert(offsetof(struct ghcb, shared) == 0x800, "GHCB shared buffer");
_Static_assert(offsetof(struct ghcb, protocol_version) == 0xffa, "GHCB PROTOCOL_VERSION");
_Static_assert(offsetof(struct ghcb, usage) == 0xffc, "GHCB USAGE");

enum ghcb_error { /* SW_EXITINFO2 with SW_EXITINFO1[31:0] = 2, 56421 section 4.1 */
                  GHCB_ERROR_NOT_REGISTERED = 1,
                  GHCB_ERROR_BAD_USAGE,
                  GHCB_ERROR_BAD_SCRATCH,
                  GHCB_ERROR_MISSING_INPUT,
                  GHCB_ERROR_INVALID_INPUT,
                  GHCB_ERROR_INVALID_EVENT,
};

/* Page-state change operations. */
enum psc_op { PSC_PRIVATE = 1, PSC_SHARED = 2, PSC_PSMASH = 3, PSC_UNSMASH = 4 };

enum { PSC_ENTRIES_MAX = 253 };

/*
 * One entry of the list:  63:57   56     55:52  51:12  11:0
 *                        |  0  |2 MiB | op   | GFN  | current page|
 */
struct psc_list {
    uint16_t cur_entry, end_entry;
    uint32_t reserved;
    uint64_t entry[PSC_ENTRIES_MAX];
};
_Static_assert(sizeof(struct psc_list) == 0x7f0, "the list fills the shared buffer");

/* Where the field at offset has its bit: a byte of valid_bitmap, a mask in it. */
static inline size_t ghcb_valid_byte(size_t offset)
{
    return offset / 64;
}

static inline uint8_t ghcb_valid_mask(size_t offset)
{
    return (uint8_t)(1u << (offset / 8 % 8));
}

static inline bool ghcb_bitmap_valid(const uint8_t bitmap[16], size_t offset)
{
    return (bitmap[ghcb_valid_byte(offset)] & ghcb_valid_mask(offset)) != 0;
}

static inline bool ghcb_valid(const struct ghcb *ghcb, size_t offset)
{
    return ghcb_bitmap_valid(ghcb->valid_bitmap, offset);
}

static inline void ghcb_set_valid(struct ghcb *ghcb, size_t offset)
{
    ghcb->valid_bitmap[ghcb_valid_byte(offset)] |= ghcb_valid_mask(offset);
}

static inline void ghcb_clear_valid(struct ghcb *ghcb, size_t offset)
{
    ghcb->valid_bitmap[ghcb_valid_byte(offset)] &= (uint8_t)~ghcb_valid_mask(offset);
}

#endif

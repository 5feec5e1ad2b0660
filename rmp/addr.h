/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses, page sizes and identities that every model shares.
 *
 * gva, gpa and spa are guest virtual, guest physical and system physical byte addresses in plain
 * uint64_t; gvn, gpn and spn are the same divided by 4096. VMPLs are 0 (most privileged) to 3.
 * ASID 0 is the hypervisor.
 */
#ifndef PROVA_RMP_ADDR_H
#define PROVA_RMP_ADDR_H

#include <stdbool.h>
#include <stdint.h>

enum page_size {
    PAGE_4K = 0,
    PAGE_2M = 1,
};

enum {
    PAGE_SHIFT = 12,
    PAGE_SHIFT_2M = 21,
    VMPL_COUNT = 4,
    ASID_HV = 0,
    PAGES_PER_2M = 512,
};

#define PAGE_BYTES UINT64_C(4096)
#define PAGE_BYTES_2M UINT64_C(0x200000)
#define PAGE_MASK (PAGE_BYTES - 1)
#define PAGE_MASK_2M (PAGE_BYTES_2M - 1)

static inline uint64_t page_base(uint64_t addr)
{
    return addr & ~PAGE_MASK;
}

static inline uint64_t page_bytes(enum page_size size)
{
    return size == PAGE_2M ? PAGE_BYTES_2M : PAGE_BYTES;
}

/* The base of the page of the given size that holds addr. */
static inline uint64_t page_base_of(uint64_t addr, enum page_size size)
{
    return addr & ~(page_bytes(size) - 1);
}

#endif

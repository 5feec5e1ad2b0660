/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * HARDWARE BUGS: OUTSIDE THE ARCHITECTURE. What is here no SEV-SNP processor does that works as its
 * manual says; each stands for a flaw that was found in real ones. A scenario has to declare those
 * it uses (hardware_bugs), and the run's report says so; without that every function refuses. All
 * other powers of the hypervisor are emu/hv.h.
 *
 * Effects emit EVENT_HV_ACCESS with bug = 1, EVENT_RMP with the instruction STORE.
 */
#ifndef PROVA_EMU_HW_BUG_H
#define PROVA_EMU_HW_BUG_H

#include "emu/hv.h"

enum hw_bug {
    HW_BUG_CACHEWARP = 1 << 0,        /* CacheWarp (CVE-2023-20592): INVD drops dirty lines */
    HW_BUG_ALIAS = 1 << 1,            /* BadRAM (CVE-2024-21944): DRAM has a second address */
    HW_BUG_RMP_WRITE = 1 << 2,        /* the RMP's own memory is not protected */
    HW_BUG_INJECT_UNCHECKED = 1 << 3, /* restricted and alternate injection are not enforced */
};
enum { HW_BUG_COUNT = 4, HW_LINE_BYTES = 64, HW_SAVED_PAGES_MAX = 16 };

/* "cachewarp", "alias", "rmp-write", "inject-unchecked"; NULL if there is no bug i. */
const char *hw_bug_name(unsigned i);

/* The page's lines reach memory now: what comes after this is what hw_invd() can lose. */
enum hv_status hw_writeback(struct machine *machine, uint64_t spa);
/* Lines [offset, offset + bytes) of the page, both multiples of 64, are as they were at the
 * write-back. HV_BAD_ARGUMENT: there was none. */
enum hv_status hw_invd(struct machine *machine, uint64_t spa, uint64_t offset, uint64_t bytes);

/* DRAM past the RMP: raw bytes, of an assigned page its ciphertext. */
enum hv_status hw_alias_write(struct machine *machine, uint64_t spa, const void *in, size_t len);
enum hv_status hw_alias_read(struct machine *machine, uint64_t spa, void *out, size_t len);

/* Fields of an RMP entry of 4 KiB, set by a store; a negative number leaves one as it is. */
struct hw_rmp_store {
    int validated, vmsa;
    int64_t gpa;
    int perm[VMPL_COUNT];
};
enum hv_status hw_rmp_write(struct machine *machine, uint64_t spa,
                            const struct hw_rmp_store *store);

enum hv_status hw_inject_unchecked(struct machine *machine, bool unchecked);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Byte labels: whose the contents of system memory are. A label goes with a byte's plaintext and
 * has two parts, how secret it is and who could have written it:
 *
 *   3    2   1    0
 *  |integrity|secrecy|
 *
 * Nearly every page has one label for all its bytes; the others have a plane of 4096. What VMPL0
 * has stored is found afterwards: in a page whose bytes are tracked since PVALIDATE (rmp/memory.h),
 * by that bitmap; in any other, by comparing with a copy taken before the first store. So there a
 * store of the value that was there already changes no label. Labels do not follow data.
 *
 * Everything here works on the labels of a struct memory, and does nothing if that has none.
 */
#ifndef PROVA_RMP_LABELS_H
#define PROVA_RMP_LABELS_H

#include <stddef.h>

#include "rmp/rmp.h"

enum label_secrecy {
    LABEL_OTHER = 0,  /* not VMPL0's, or given away by VMPL0 itself */
    LABEL_LAUNCH = 1, /* VMPL0's, from the launch */
    LABEL_OWN = 2,    /* VMPL0 stored it in the page's present binding */
    LABEL_OLD = 3,    /* VMPL0's, from an earlier binding */
    LABEL_SECRECY = 3,
};

enum label_integrity {
    LABEL_HYPERVISOR = 0 << 2, /* also: not measured at launch */
    LABEL_GUEST = 1 << 2,      /* a lower VMPL could write it */
    LABEL_TRUSTED = 2 << 2,    /* measured, or VMPL0's own stores */
    LABEL_INTEGRITY = 3 << 2,
};

struct label_page {
    uint8_t label;        /* of all bytes, unless mixed */
    uint8_t mixed : 1;    /* the plane has a label for each byte */
    uint8_t copied : 1;   /* the copy shows the page before its first store */
    uint8_t released : 1; /* a lower VMPL has a permission */
    uint8_t asid;         /* in which view the copy is; 0: VMPL0 stores to it with C=0 */
    uint8_t pad;
};
_Static_assert(sizeof(struct label_page) == 4, "four bytes a page");

/* One of each a page, owned by the caller, zeroed, lazily touched; page is NULL for no labels. */
struct labels {
    struct label_page *page;
    uint8_t (*plane)[PAGE_BYTES];
    uint8_t (*copy)[PAGE_BYTES];
};

struct memory;

/* The page as the launch made it: one label for all of it. */
void labels_set(struct memory *memory, uint64_t spa, uint8_t label);

/*
 * A store is about to happen: of VMPL0 through C=1 (asid is its), or of anybody through C=0 (0).
 * The page is in that view. Only the first one counts until the labels change otherwise: struct
 * memory_page.watched is set while stores of VMPL0 through C=1 need not be told.
 */
void labels_store_begin(struct memory *memory, uint64_t spa, uint32_t asid);

/* Puts down what has been stored so far. Before the scrub bitmap is emptied or given up. */
void labels_settle(struct memory *memory, uint64_t spa);

/* Every byte has been overwritten by VMPL0. */
void labels_scrubbed(struct memory *memory, uint64_t spa);

/*
 * The permissions of lower VMPLs on the page, all of them in one mask (enum rmp_perm), after a
 * change that VMPL0 made. What VMPL0 stored in this binding it may give away, and the whole page if
 * nothing else of VMPL0's is in it. True if stores of VMPL0 have to be told anew.
 */
bool labels_permit(struct memory *memory, uint64_t spa, uint32_t asid, uint8_t lower);

/* The RMP binds the page anew: what was VMPL0's is old, and nothing in it is trusted. */
void labels_rebind(struct memory *memory, uint64_t spa);

/* Before the hypervisor or a device writes DRAM: 16-byte blocks, as encryption has them. */
void labels_host_write(struct memory *memory, uint64_t spa, uint64_t len);

/*
 * For what brings old bytes back past the RMP (a cache written back late, replayed DRAM): the
 * labels of a page beside a copy of its bytes, and the return of a part of them. VMPL0's bytes come
 * back as old ones, and none is trusted. len bytes from spa, within one page; labels are those
 * saved for them. Call cpu_page_changed() as for any change of the bytes.
 */
void labels_save(struct memory *memory, uint64_t spa, uint8_t out[PAGE_BYTES]);
void labels_return(struct memory *memory, uint64_t spa, const uint8_t *labels, uint64_t len);

/* Bytes of the page that are not zero in the view of asid. */
struct label_counts {
    uint32_t monitor; /* LABEL_LAUNCH, LABEL_OLD */
    uint32_t trusted, guest, hypervisor;
};
struct label_counts labels_count(struct memory *memory, uint64_t spa, uint32_t asid);
uint32_t labels_count_monitor(struct memory *memory, uint64_t spa, uint32_t asid);

#endif

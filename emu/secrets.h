/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The secrets that must not get out, and the search for their bytes where another entity can read
 * them: a page granted to a lower VMPL, a page shared with the hypervisor, a GHCB, the GHCB MSR, a
 * lower VMPL's registers. Finding one is an observation (EVENT_SECRET); the invariant
 * secret-containment decides what it means.
 */
#ifndef PROVA_EMU_SECRETS_H
#define PROVA_EMU_SECRETS_H

#include <stdbool.h>
#include <stdint.h>

#include "rmp/addr.h"
#include "trace/event.h"

enum { SECRETS_MAX = 64, SECRET_BYTES_MAX = 64, SECRET_NAME_BYTES = 32 };

struct secret {
    char name[SECRET_NAME_BYTES];
    uint8_t bytes[SECRET_BYTES_MAX];
    uint8_t length;      /* 16 .. SECRET_BYTES_MAX */
    uint8_t readers;     /* bit k: VMPL k may hold it; the hypervisor never may */
    uint64_t source_gpa; /* a monitor symbol whose bytes are still to be taken, else UINT64_MAX */
};

struct secrets {
    uint64_t *shared_written; /* bitmap by system page: stored to with C=0 since the last exit */
    uint64_t shared_words;    /* of the bitmap, owned by the machine */
    uint64_t shared_pending;  /* bits set in it */
    uint32_t count;
    uint32_t firmware_seen; /* of the firmware's list, how many are registered already */
    struct secret list[SECRETS_MAX];
};

struct machine;

void secrets_init(struct secrets *secrets, uint64_t *shared_written, uint64_t shared_words);

/* Registers keys that the firmware made since the last call (VMPCKs, derived keys). */
void secrets_update(struct machine *machine);

/* False if the list is full or the length unusable. */
bool secrets_add(struct secrets *secrets, const struct secret *secret);

/* Looks for every secret in a page's plaintext under the guest's key (asid) or as raw bytes (0). */
void secrets_scan_page(struct machine *machine, uint64_t spa, uint32_t asid, uint64_t gpa,
                       enum secret_where where, enum actor entity);

/* Bytes of registered secrets in one page's plaintext under the guest's key. */
uint32_t secrets_count_page(struct machine *machine, uint64_t spa);

/* A store to a page that the hypervisor can read: the page is looked at when the guest has left. */
void secrets_note_shared(struct secrets *secrets, uint64_t spa);
/* The guest has left: what it wrote for others to read. The page at ghcb_spa has its own scan. */
void secrets_scan_shared(struct machine *machine, uint64_t ghcb_spa);

/* A VMPL below 0 enters: the registers that its VMSA gives it. */
struct vcpu;
void secrets_scan_registers(struct machine *machine, const struct vcpu *vcpu);

/* Eight bytes that the entity sees (GHCB MSR, a register): are they a piece of a secret? */
void secrets_scan_value(struct machine *machine, uint64_t value, enum secret_where where,
                        enum actor entity);

#endif

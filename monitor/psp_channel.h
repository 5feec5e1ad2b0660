/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The channel to the firmware under VMPCK0. The hypervisor carries the messages: it can drop,
 * delay, repeat and damage them, so
 *  - a sequence number is used for one message; what is sent again is the identical bytes;
 *  - an answer counts if it opens under the next sequence number with the type that belongs to it;
 *  - after anything that leaves open whether the firmware has counted the message, the key is wiped
 *    and the channel is dead: better no report than two plaintexts under one IV.
 */
#ifndef MONITOR_PSP_CHANNEL_H
#define MONITOR_PSP_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "monitor/lock.h"
#include "monitor/psp_message.h"

struct cpu;

struct psp_channel {
    struct lock lock;
    uint64_t sequence; /* of the last answer; 0 at first */
    bool dead;
    volatile void *request; /* shared with the hypervisor, one page each */
    volatile void *response;
    volatile void *certs;        /* PSP_CERTS_BYTES, shared: the hypervisor's certificates */
    struct psp_message *staging; /* private */
};

enum psp_status { PSP_OK, PSP_DEAD };

enum { PSP_CERTS_PAGES = 4, PSP_CERTS_BYTES = PSP_CERTS_PAGES * 4096 };

/* VMPCK0 must be in place (secrets.h). Needs the GHCB. */
void psp_channel_start(struct psp_channel *channel, struct cpu *cpu);

/* One request; the answer of type + 1 has answer_bytes of payload. */
enum psp_status psp_channel_call(struct cpu *cpu, uint8_t type, const void *payload, size_t bytes,
                                 void *answer, size_t answer_bytes);

/*
 * The same by the extended request (56421 section 4.1.8.1), which also gives the certificates that
 * the hypervisor has: a table of GUIDs and the certificates. certs->count is 0 if it gives none,
 * more than PSP_CERTS_BYTES, or a malformed table. Nothing about them is trusted.
 */
struct psp_certs {
    uint8_t *bytes; /* private, PSP_CERTS_BYTES */
    size_t count;
};
enum psp_status psp_channel_call_certs(struct cpu *cpu, uint8_t type, const void *payload,
                                       size_t bytes, void *answer, size_t answer_bytes,
                                       struct psp_certs *certs);

#endif

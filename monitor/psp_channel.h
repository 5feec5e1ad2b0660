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
    struct psp_message *staging; /* private */
};

enum psp_status { PSP_OK, PSP_DEAD };

/* VMPCK0 must be in place (secrets.h). Needs the GHCB. */
void psp_channel_start(struct psp_channel *channel, struct cpu *cpu);

/* One request; the answer of type + 1 has answer_bytes of payload. */
enum psp_status psp_channel_call(struct cpu *cpu, uint8_t type, const void *payload, size_t bytes,
                                 void *answer, size_t answer_bytes);

#endif

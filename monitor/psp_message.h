/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest messages to the firmware (SEV-SNP ABI 56860 chapter 8, "Guest messages"): layout,
 * AES-256-GCM sealing and opening. Pure.
 *
 * IV = sequence number, 64 bits little endian, then four zero bytes: one sequence number seals one
 * plaintext only. The authenticated header is bytes 0x30..0x5f.
 */
#ifndef MONITOR_PSP_MESSAGE_H
#define MONITOR_PSP_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

enum {
    PSP_MESSAGE_HEADER_BYTES = 0x60,
    PSP_MESSAGE_PAYLOAD_MAX = 4096 - PSP_MESSAGE_HEADER_BYTES,
    PSP_MESSAGE_TAG_BYTES = 16,
};

/* A response has the type of its request plus one. */
enum psp_message_type { PSP_MESSAGE_KEY_REQUEST = 3, PSP_MESSAGE_REPORT_REQUEST = 5 };

struct psp_message {
    uint8_t tag[32]; /* 16 used */
    uint64_t sequence;
    uint64_t reserved_28;
    uint8_t algorithm;      /* 1: AES-256-GCM */
    uint8_t header_version; /* 1 */
    uint16_t header_bytes;
    uint8_t type;
    uint8_t version; /* 1 */
    uint16_t payload_bytes;
    uint32_t reserved_38;
    uint8_t vmpck;
    uint8_t reserved_3d[35];
    uint8_t payload[PSP_MESSAGE_PAYLOAD_MAX];
};
_Static_assert(offsetof(struct psp_message, sequence) == 0x20, "MSG_SEQNO");
_Static_assert(offsetof(struct psp_message, algorithm) == 0x30, "ALGO");
_Static_assert(offsetof(struct psp_message, vmpck) == 0x3c, "MSG_VMPCK");
_Static_assert(offsetof(struct psp_message, payload) == 0x60, "payload");
_Static_assert(sizeof(struct psp_message) == 4096, "a message lies in one page");

enum psp_open {
    PSP_OPEN_OK,
    PSP_OPEN_SEQUENCE, /* not the answer to this request, or none at all */
    PSP_OPEN_HEADER,
    PSP_OPEN_TYPE,
    PSP_OPEN_LENGTH,
    PSP_OPEN_TAG, /* forged or damaged */
};

/* Seals payload (at most PSP_MESSAGE_PAYLOAD_MAX bytes) under key with VMPCK number 0. */
void psp_message_seal(struct psp_message *message, const uint8_t key[32], uint64_t sequence,
                      uint8_t type, const void *payload, size_t bytes);

/*
 * Checks that message is the one wanted, authenticates and decrypts it in place (so message must be
 * private memory) and copies bytes of payload out. Nothing is copied unless the result is OK.
 */
enum psp_open psp_message_open(struct psp_message *message, const uint8_t key[32],
                               uint64_t sequence, uint8_t type, void *payload, size_t bytes);

#endif

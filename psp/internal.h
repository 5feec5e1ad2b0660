/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the firmware model share with each other, and nobody else. */
#ifndef PROVA_PSP_INTERNAL_H
#define PROVA_PSP_INTERNAL_H

#include "psp/psp.h"

/* True if each of the eight parts of a is at most that of b. */
bool psp_tcb_at_most(uint64_t a, uint64_t b);

/* The checks that open every command on a guest; *gctx is set on success. */
enum psp_status psp_gctx_open(struct psp *psp, const struct psp_bus *bus, uint64_t gctx_spa,
                              struct psp_gctx **gctx);

/* Refreshes the opaque image in the context page. */
void psp_gctx_image_write(const struct psp *psp, const struct psp_bus *bus,
                          const struct psp_gctx *gctx);

/* Fills in and signs the report of a guest. */
void psp_report_make(const struct psp *psp, const struct psp_gctx *gctx,
                     const uint8_t report_data[64], uint32_t vmpl, struct psp_report *out);

/* A decrypted, fresh request and the answer in the making. */
struct psp_exchange {
    uint8_t msg_type;
    uint8_t vmpck;
    uint32_t request_bytes; /* of payload */
    uint32_t response_bytes;
    bool key_derived; /* the answer holds a key, for key_vmpl */
    uint8_t key_vmpl;
    uint8_t request[PSP_MSG_PAYLOAD_MAX];
    uint8_t response[PSP_MSG_PAYLOAD_MAX]; /* all zero before the handler */
};

/*
 * Runs the handler. Not SUCCESS: no answer (the type or its size is wrong, or it is not modelled);
 * mistakes in the payload are answered, with their status in the payload.
 */
enum psp_status psp_message_handle(const struct psp *psp, const struct psp_gctx *gctx,
                                   struct psp_exchange *exchange);

#endif

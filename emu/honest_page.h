/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One event of the GHCB page while it is answered: what the files that answer events share.
 */
#ifndef PROVA_EMU_HONEST_PAGE_H
#define PROVA_EMU_HONEST_PAGE_H

#include "emu/honest_internal.h"

struct honest_request {
    struct machine *machine;
    const struct hv_exit *exit;
    struct ghcb ghcb;      /* a copy: what the guest changes meanwhile does not count */
    uint64_t info1, info2; /* the answer */
};

#define GHCB_AT(field) offsetof(struct ghcb, field)

/* The answer is an error. */
void request_fail(struct honest_request *request, enum ghcb_error error);
/* Whether the guest gave the field; otherwise the answer is an error. */
bool request_needs(struct honest_request *request, size_t offset);
void request_give_rax(struct honest_request *request, uint64_t value);
void request_give_rbx(struct honest_request *request, uint64_t value);

/* emu/honest_io.c */
void request_ioio(struct honest_request *request);
void request_mmio(struct honest_request *request, bool write);

/* emu/honest_request.c: SNP guest request, with the certificate chain or without. */
void request_firmware(struct honest_request *request);
void request_firmware_extended(struct honest_request *request);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small machine for the tests of the firmware model: RMP, memory, one firmware. What the tests
 * compare with (digests, HMAC, AES-GCM) comes from GLib and GnuTLS, never from psp/.
 */
#ifndef PROVA_TESTS_PSP_FIXTURE_H
#define PROVA_TESTS_PSP_FIXTURE_H

#include <glib.h>

#include "psp/psp.h"

enum {
    MACHINE_PAGES = 2048,
    GUEST_ASID = 5,
    GCTX_SPA = 0x10000,
    REQ_SPA = 0x20000,
    RESP_SPA = 0x21000,
    PAGE_SPA = 0x40000, /* page n of the launch is at PAGE_SPA + n * 4096 */
    LARGE_SPA = 0x400000,
};

struct machine {
    struct psp psp;
    struct rmp rmp;
    struct memory memory;
    struct psp_bus bus;
};

/* The firmware is INIT; everything belongs to the hypervisor. */
struct machine *machine_new(uint64_t seed);
struct machine *machine_new_config(const struct psp_config *config);
void machine_free(struct machine *m);

/* RMPUPDATE, which must succeed. */
void page_firmware(struct machine *m, uint64_t spa);
void page_pre_guest(struct machine *m, uint64_t spa, uint64_t gpa, uint32_t asid,
                    enum page_size size);
void page_release(struct machine *m, uint64_t spa, enum page_size size);

/* GCTX_CREATE; then LAUNCH_START and ACTIVATE; then LAUNCH_FINISH with the response page ready. */
void guest_create(struct machine *m);
void guest_start(struct machine *m, uint64_t policy);
void guest_run(struct machine *m);
/* All three with the default policy and no pages. */
struct machine *machine_running(uint64_t seed);

/* Fills the page with bytes that depend on tag, makes it Pre-Guest and runs LAUNCH_UPDATE. */
void page_fill(uint8_t page[4096], uint32_t tag);
enum psp_status page_launch(struct machine *m, uint64_t spa, uint64_t gpa, uint8_t type,
                            struct psp_perms perms, const uint8_t *contents);

/* What a guest does, with GnuTLS: key is the VMPCK. */
struct guest_msg {
    uint8_t vmpck;
    uint64_t seqno;
    uint8_t type;
    uint8_t version; /* 0 stands for 1 */
    uint16_t size;
    uint8_t payload[4000];
};
void message_seal(const struct machine *m, const struct guest_msg *msg, uint8_t page[4096]);
/* False if the tag is wrong. */
bool message_open(const struct machine *m, const uint8_t page[4096], struct guest_msg *msg);
/* Seals into REQ_SPA and runs GUEST_REQUEST. */
enum psp_status message_send(struct machine *m, const struct guest_msg *msg,
                             struct psp_guest_message *note);
void response_read(struct machine *m, uint8_t page[4096]);
/* Sends a request with the next number of the channel and returns the opened answer. */
struct guest_msg message_ask(struct machine *m, uint8_t vmpck, uint8_t type, const void *payload,
                             uint16_t size);

void digest_sha384(const void *data, size_t len, uint8_t out[48]);
uint32_t get_le32(const void *bytes);
uint64_t get_le64(const void *bytes);
void put_le(uint8_t *out, uint64_t value, unsigned bytes);

#endif

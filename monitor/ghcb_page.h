/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * GHCB page (56421 section 2.6, version 2) and its valid bitmap. Pure: no instruction, no state.
 *
 *   0x000 +--------------------------------+
 *         | copy of VMSA fields, qword i   |  used only where bit i of the bitmap says so
 *   0x390 | SW_EXITCODE, INFO1, INFO2,     |
 *         | SCRATCH                        |
 *   0x3f0 | VALID_BITMAP, 128 bits         |
 *   0x800 | shared buffer, 2032 bytes      |
 *   0xffa | version u16, 0xffc usage u32   |
 *   0x1000+--------------------------------+
 */
#ifndef MONITOR_GHCB_PAGE_H
#define MONITOR_GHCB_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { GHCB_QWORDS = 0x3f0 / 8, GHCB_BUFFER_BYTES = 2032 };

struct ghcb_page {
    uint64_t qword[GHCB_QWORDS];
    uint64_t valid_bitmap[2];
    uint64_t x87_state_gpa;
    uint8_t reserved_408[0x800 - 0x408];
    uint8_t buffer[GHCB_BUFFER_BYTES];
    uint8_t reserved_ff0[10];
    uint16_t version;
    uint32_t usage;
};
_Static_assert(offsetof(struct ghcb_page, valid_bitmap) == 0x3f0, "VALID_BITMAP");
_Static_assert(offsetof(struct ghcb_page, buffer) == 0x800, "shared buffer");
_Static_assert(offsetof(struct ghcb_page, version) == 0xffa, "PROTOCOL_VERSION");
_Static_assert(offsetof(struct ghcb_page, usage) == 0xffc, "GHCB_USAGE");
_Static_assert(sizeof(struct ghcb_page) == 4096, "the GHCB is a page");

enum ghcb_field {
    GHCB_RAX = 0x1f8 / 8,
    GHCB_RCX = 0x308 / 8,
    GHCB_RDX = 0x310 / 8,
    GHCB_RBX = 0x318 / 8,
    GHCB_EXIT_CODE = 0x390 / 8,
    GHCB_EXIT_INFO_1 = 0x398 / 8,
    GHCB_EXIT_INFO_2 = 0x3a0 / 8,
    GHCB_SCRATCH = 0x3a8 / 8,
};

/* SW_EXITCODE, 56421 section 4.1. */
enum ghcb_exit_code {
    GHCB_EXIT_IOIO = 0x7b,
    GHCB_EXIT_MSR = 0x7c,
};
#define GHCB_EXIT_PSC           UINT64_C(0x80000010)
#define GHCB_EXIT_GUEST_REQUEST UINT64_C(0x80000011)
#define GHCB_EXIT_EXT_REQUEST   UINT64_C(0x80000012)
#define GHCB_EXIT_AP_CREATION   UINT64_C(0x80000013)
#define GHCB_EXIT_HV_DOORBELL   UINT64_C(0x80000014)
#define GHCB_EXIT_HV_IPI        UINT64_C(0x80000015)
#define GHCB_EXIT_RUN_VMPL      UINT64_C(0x80000018)

/* Private copy of an answer, taken in one pass: the page can change at any time. */
struct ghcb_reply {
    uint64_t valid_bitmap[2];
    uint64_t rax, exit_info_1, exit_info_2;
};

enum ghcb_status {
    GHCB_OK,
    GHCB_INCOMPLETE, /* SW_EXITINFO1 is not marked valid: no answer */
    GHCB_EXCEPTION,  /* the hypervisor asks for an exception */
    GHCB_ERROR,      /* the hypervisor calls the request malformed, reason in exit_info_2 */
    GHCB_UNKNOWN,    /* any other result */
};

/*
 * A request under construction. The bitmap is kept here and only written to the page: what stands
 * in the page is the hypervisor's as soon as it is there.
 */
struct ghcb_request {
    volatile struct ghcb_page *page;
    uint64_t valid_bitmap[2];
};

/* Forgets all fields of the last request, then sets the three that every request has. */
void ghcb_request_begin(struct ghcb_request *request, volatile struct ghcb_page *page,
                        uint16_t version, uint64_t exit_code, uint64_t exit_info_1,
                        uint64_t exit_info_2);
void ghcb_request_set(struct ghcb_request *request, enum ghcb_field field, uint64_t value);

void ghcb_page_reply(const volatile struct ghcb_page *page, struct ghcb_reply *reply);
enum ghcb_status ghcb_reply_status(const struct ghcb_reply *reply);
bool ghcb_reply_has(const struct ghcb_reply *reply, enum ghcb_field field);

#endif

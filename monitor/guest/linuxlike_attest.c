/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Linux's configfs-tsm report of the service provider "svsm": operand in the calling area, 64 bytes
 * of nonce somewhere in kernel memory, one block of memory for report, manifest and certificates,
 * and a second try with more room where the answer says so.
 */
#include <bearssl.h>

#include "monitor/attest_abi.h"
#include "monitor/guest/linuxlike.h"
#include "monitor/lib/string.h"

enum {
    REPORT_ROOM = 4096,
    MANIFEST_ROOM = 4096,
    CERTS_ROOM = 16384,
    NONCE_BYTES = 64,
    NONCE_AT = 4096 - 24, /* over the end of a page */
    TRIES_MAX = 3,
    REPORT_VMPL_AT = 0x30,
    REPORT_DATA_AT = 0x50,
};

static uint8_t memory[REPORT_ROOM + MANIFEST_ROOM + CERTS_ROOM]
    __attribute__((aligned(4096), section(".bss.page")));
static uint8_t inblob[8192] __attribute__((aligned(4096), section(".bss.page")));

struct lengths {
    uint64_t report, manifest, certs;
};

static uint32_t ask(struct linuxlike *kernel, uint32_t number, const struct lengths *room,
                    struct lengths *got)
{
    static const uint8_t service[] = ATTEST_GUID_SERVICE;
    struct guest *guest = kernel->checks.guest;
    struct attest_operand operand = {
        .report_gpa = (uint64_t)memory,
        .report_bytes = (uint32_t)room->report,
        .manifest_gpa = (uint64_t)memory + room->report,
        .manifest_bytes = (uint32_t)room->manifest,
        .certs_gpa = (uint64_t)memory + room->report + room->manifest,
        .certs_bytes = (uint32_t)room->certs,
        .nonce_gpa = (uint64_t)inblob + NONCE_AT,
        .nonce_bytes = NONCE_BYTES,
    };
    if (number == ATTEST_SINGLE_SERVICE) {
        memcpy(operand.guid, service, sizeof operand.guid);
    }
    memcpy(guest->area->argument, &operand, sizeof operand);
    struct guest_call regs = {
        .rcx = (uint64_t)guest->area->argument, .rdx = UINT64_MAX, .r8 = UINT64_MAX};
    uint32_t code = linuxlike_call(kernel, guest, SVSM_PROTOCOL_ATTESTATION, number, &regs);
    *got = (struct lengths){.report = regs.r8, .manifest = regs.rcx, .certs = regs.rdx};
    return code;
}

static bool report_data_is_bound(uint64_t manifest_gpa, uint64_t manifest_bytes)
{
    uint8_t wanted[64];
    br_sha512_context sha;
    br_sha512_init(&sha);
    br_sha512_update(&sha, inblob + NONCE_AT, NONCE_BYTES);
    br_sha512_update(&sha, (const void *)manifest_gpa, manifest_bytes);
    br_sha512_out(&sha, wanted);
    return memcmp(memory + REPORT_DATA_AT, wanted, sizeof wanted) == 0;
}

static uint64_t whole_pages(uint64_t bytes)
{
    return (bytes + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1);
}

static uint64_t more_room(uint64_t room, uint64_t needed)
{
    return needed > room && needed <= CERTS_ROOM ? whole_pages(needed) : room;
}

static void report_new(struct linuxlike *kernel, uint32_t number, struct lengths room,
                       uint64_t manifest_bytes)
{
    struct checks *checks = &kernel->checks;
    struct lengths got;
    uint32_t code, tries = 0;
    do {
        memset(memory, 0, sizeof memory);
        code = ask(kernel, number, &room, &got);
        if (code == (uint32_t)SVSM_INVALID_PARAMETER) {
            room = (struct lengths){.report = more_room(room.report, got.report),
                                    .manifest = more_room(room.manifest, got.manifest),
                                    .certs = more_room(room.certs, got.certs)};
        }
    } while (code == (uint32_t)SVSM_INVALID_PARAMETER && ++tries < TRIES_MAX);
    check_equal(checks, "attestation", code, SVSM_SUCCESS);
    check_equal(checks, "bytes of the report", got.report, REPORT_FIRMWARE_BYTES);
    check_equal(checks, "bytes of the manifest", got.manifest, manifest_bytes);
    check_true(checks, "certificates fit", got.certs <= room.certs);
    check_equal(checks, "the report is VMPL 0's", memory[REPORT_VMPL_AT], 0);
    check_true(checks, "it binds nonce and manifest",
               report_data_is_bound((uint64_t)memory + room.report, got.manifest));
}

void linuxlike_attest(struct linuxlike *kernel)
{
    const struct lengths linux_room = {
        .report = REPORT_ROOM, .manifest = MANIFEST_ROOM, .certs = CERTS_ROOM};
    const struct lengths no_room = {.report = 64, .manifest = 64, .certs = 64};
    for (unsigned i = 0; i < NONCE_BYTES; i++) {
        inblob[NONCE_AT + i] = (uint8_t)(i + 1);
    }
    report_new(kernel, ATTEST_SERVICES, linux_room, sizeof(struct attest_manifest));
    report_new(kernel, ATTEST_SINGLE_SERVICE, linux_room, sizeof(struct attest_service));
    report_new(kernel, ATTEST_SERVICES, no_room, sizeof(struct attest_manifest));
}

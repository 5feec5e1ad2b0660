/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Attest, whose report the guest prints, and the SVSM attestation protocol. */
#include <bearssl.h>

#include "monitor/attest_abi.h"
#include "monitor/guest/ask.h"
#include "monitor/guest/report_print.h"
#include "monitor/guest/services.h"
#include "monitor/lib/string.h"
#include "monitor/snp.h"

enum { NONCE = 0x11, REPORT_DATA_AT = 0x50, CERTS_BYTES = 16384 };

static struct report report;
static uint8_t firmware_report[REPORT_FIRMWARE_BYTES];
static uint8_t manifest[512], certs[CERTS_BYTES], nonce[100];

static const uint8_t service_guid[] = ATTEST_GUID_SERVICE;

static struct attest_operand operand_make(void)
{
    struct attest_operand operand = {
        .report_gpa = (uint64_t)firmware_report,
        .report_bytes = sizeof firmware_report,
        .nonce_gpa = (uint64_t)nonce,
        .nonce_bytes = sizeof nonce,
        .manifest_gpa = (uint64_t)manifest,
        .manifest_bytes = sizeof manifest,
        .certs_gpa = (uint64_t)certs,
        .certs_bytes = sizeof certs,
    };
    memcpy(operand.guid, service_guid, sizeof operand.guid);
    return operand;
}

/* Through the calling area, as other guests do. */
static uint32_t ask(struct guest *guest, uint32_t number, const struct attest_operand *operand,
                    struct guest_call *regs)
{
    *regs = (struct guest_call){.rcx = (uint64_t)guest->area->argument};
    memcpy(guest->area->argument, operand, sizeof *operand);
    return guest_call_must(guest, SVSM_PROTOCOL_ATTESTATION, number, regs);
}

static bool report_data_is(uint64_t manifest_bytes)
{
    uint8_t wanted[64];
    br_sha512_context sha;
    br_sha512_init(&sha);
    br_sha512_update(&sha, nonce, sizeof nonce);
    br_sha512_update(&sha, manifest, manifest_bytes);
    br_sha512_out(&sha, wanted);
    return memcmp(firmware_report + REPORT_DATA_AT, wanted, sizeof wanted) == 0;
}

static void good(struct checks *checks)
{
    struct guest *guest = checks->guest;
    struct attest_operand operand = operand_make();
    struct attest_manifest *services = (struct attest_manifest *)manifest;
    struct guest_call regs;
    check_equal(checks, "SERVICES", ask(guest, ATTEST_SERVICES, &operand, &regs), SVSM_SUCCESS);
    check_equal(checks, "SERVICES says the manifest's length", regs.rcx, sizeof *services);
    check_equal(checks, "SERVICES says the report's length", regs.r8, sizeof firmware_report);
    check_true(checks, "SERVICES gives certificates", regs.rdx > 96 && regs.rdx < sizeof certs);
    check_true(checks, "SERVICES binds nonce and manifest", report_data_is(regs.rcx));
    check_equal(checks, "SERVICES lists one service", services->services, 1);
    check_true(checks, "SERVICES has the key of Attest",
               memcmp(&services->service.key, &report.monitor.key, sizeof report.monitor.key) == 0);
    check_true(checks, "SERVICES has the PCR of Attest",
               memcmp(services->service.pcr, report.monitor.pcr, sizeof report.monitor.pcr) == 0);

    operand.certs_bytes = 0;
    memset(manifest, 0, sizeof manifest);
    check_equal(checks, "SINGLE_SERVICE", ask(guest, ATTEST_SINGLE_SERVICE, &operand, &regs),
                SVSM_SUCCESS);
    check_equal(checks, "SINGLE_SERVICE says its length", regs.rcx, sizeof services->service);
    check_equal(checks, "no certificates unless asked for", regs.rdx, 0);
    check_true(checks, "SINGLE_SERVICE binds nonce and manifest", report_data_is(regs.rcx));
}

static void bad(struct checks *checks)
{
    struct guest *guest = checks->guest;
    const uint32_t parameter = (uint32_t)SVSM_INVALID_PARAMETER;
    const uint32_t address = (uint32_t)SVSM_INVALID_ADDRESS;
    struct attest_operand operand = operand_make();
    struct guest_call regs;
    operand.manifest_bytes = sizeof(struct attest_manifest) - 1;
    check_equal(checks, "manifest's buffer too small", ask(guest, ATTEST_SERVICES, &operand, &regs),
                parameter);
    check_equal(checks, "what it needs", regs.rcx, sizeof(struct attest_manifest));
    operand = operand_make();
    operand.certs_bytes = 100;
    check_equal(checks, "certificates' buffer too small",
                ask(guest, ATTEST_SERVICES, &operand, &regs), parameter);
    check_true(checks, "what they need", regs.rdx > 100);
    operand = operand_make();
    operand.report_gpa = guest->boot->monitor_gpa;
    check_equal(checks, "report into the monitor", ask(guest, ATTEST_SERVICES, &operand, &regs),
                address);
    operand = operand_make();
    operand.nonce_bytes = ATTEST_NONCE_BYTES_MAX + 1;
    check_equal(checks, "nonce too long", ask(guest, ATTEST_SERVICES, &operand, &regs), parameter);
    operand = operand_make();
    operand.reserved_2c = 1;
    check_equal(checks, "reserved field", ask(guest, ATTEST_SERVICES, &operand, &regs), parameter);
    operand = operand_make();
    operand.guid[0]++;
    check_equal(checks, "service that there is not",
                ask(guest, ATTEST_SINGLE_SERVICE, &operand, &regs), parameter);
    regs = (struct guest_call){.rcx = guest->boot->calling_area_gpa};
    check_equal(checks, "operand over the head of the calling area",
                guest_call_must(guest, SVSM_PROTOCOL_ATTESTATION, ATTEST_SERVICES, &regs), address);
    regs = (struct guest_call){.rcx = (uint64_t)guest->area + PAGE_BYTES - 8};
    check_equal(checks, "operand over the end of a page",
                guest_call_must(guest, SVSM_PROTOCOL_ATTESTATION, ATTEST_SERVICES, &regs), address);
    check_equal(checks, "call of the protocol that there is not",
                guest_call_must(guest, SVSM_PROTOCOL_ATTESTATION, 2, &regs),
                (uint32_t)SVSM_UNSUPPORTED_CALL);
}

void services_attest(struct checks *checks)
{
    struct guest *guest = checks->guest;
    uint64_t bytes = 0;
    memset(nonce, NONCE, sizeof nonce);
    check_equal(checks, "ExtendPCR", ask_extend(guest, 1), SVSM_SUCCESS);
    check_equal(checks, "Attest",
                ask_attest(guest, (uint64_t)&report, sizeof report, NONCE, &bytes), SVSM_SUCCESS);
    check_true(checks, "the kernel is not locked",
               (report.monitor.flags & REPORT_FLAG_KERNEL_LOCKED) == 0);
    report_print(guest, &report);
    check_equal(checks, "QUERY_PROTOCOL attestation",
                ask_protocol(guest, SVSM_PROTOCOL_ATTESTATION), UINT64_C(1) << 32 | 1);
    good(checks);
    bad(checks);
}

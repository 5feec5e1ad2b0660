/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SVSM attestation protocol (58019 chapter 7). REPORT_DATA = SHA-512(nonce || manifest). The guest
 * chooses the nonce, so a manifest is always longer than a struct report_key: what is hashed here
 * is never a key that Attest would vouch for.
 */
#include <stdbool.h>

#include "monitor/attest_abi.h"
#include "monitor/call.h"
#include "monitor/guest_memory.h"
#include "monitor/hash.h"
#include "monitor/lib/string.h"
#include "monitor/monitor.h"
#include "monitor/services.h"

_Static_assert(sizeof(struct attest_service) > sizeof(struct report_key), "see above");

/* One call, in the scratch pages. */
struct attest_work {
    struct attest_operand operand;
    const uint8_t *manifest; /* within manifest_space */
    size_t manifest_bytes;
    struct attest_manifest manifest_space;
    uint8_t report[REPORT_FIRMWARE_BYTES];
    uint8_t nonce[ATTEST_NONCE_BYTES_MAX];
    uint8_t certs[PSP_CERTS_BYTES];
};
_Static_assert(sizeof(struct attest_work) <= SERVICES_SCRATCH_BYTES, "scratch pages");

/* The operand lies in the calling area (behind its head) or in private memory, within one page. */
static enum svsm_result operand_read(struct cpu *cpu, const struct call *call,
                                     struct attest_operand *operand, size_t bytes)
{
    const uint64_t offset = call->rcx % PAGE_BYTES;
    if (call->rcx % 8 != 0 || offset > PAGE_BYTES - bytes) {
        return SVSM_INVALID_ADDRESS;
    }
    memset(operand, 0, sizeof *operand);
    if (call->rcx - offset != cpu->calling_area_gpa) {
        return guest_copy_in(cpu, operand, call->rcx, bytes);
    }
    if (offset < SVSM_ARGUMENT_OFFSET) {
        return SVSM_INVALID_ADDRESS;
    }
    memcpy(operand, (const uint8_t *)call->area + offset, bytes);
    return SVSM_SUCCESS;
}

static bool operand_reserved_zero(const struct attest_operand *operand)
{
    static const uint8_t zero[sizeof operand->reserved_1a];
    return operand->reserved_0c == 0 && operand->reserved_2c == 0 && operand->reserved_3c == 0 &&
           operand->reserved_54 == 0 && memcmp(operand->reserved_1a, zero, sizeof zero) == 0;
}

/* Builds the services manifest; a single service's manifest is the end of it. */
static void manifest_make(struct cpu *cpu, struct attest_work *work, bool single)
{
    struct attest_manifest *manifest = &work->manifest_space;
    *manifest = (struct attest_manifest){
        .guid = ATTEST_GUID_MANIFEST,
        .bytes = sizeof *manifest,
        .services = 1,
        .service_guid = ATTEST_GUID_SERVICE,
        .service_offset = offsetof(struct attest_manifest, service),
        .service_bytes = sizeof manifest->service,
        .service.key = cpu->monitor->attest.key,
    };
    pcr_read(&cpu->monitor->pcr, manifest->service.pcr);
    work->manifest = single ? (const uint8_t *)&manifest->service : (const uint8_t *)manifest;
    work->manifest_bytes = single ? sizeof manifest->service : sizeof *manifest;
}

static enum svsm_result report_make(struct cpu *cpu, struct attest_work *work,
                                    struct psp_certs *certs)
{
    const struct attest_operand *operand = &work->operand;
    uint8_t report_data[SVSM_REPORT_DATA_BYTES];
    struct hash hash;
    hash_start(&hash);
    hash_update(&hash, work->nonce, operand->nonce_bytes);
    hash_update(&hash, work->manifest, work->manifest_bytes);
    hash_finish(&hash, report_data);
    return attest_firmware_report(cpu, report_data, work->report,
                                  operand->certs_bytes != 0 ? certs : NULL);
}

/* Everything that can be refused without asking the firmware. */
static enum svsm_result work_check(struct cpu *cpu, struct attest_work *work)
{
    const struct attest_operand *operand = &work->operand;
    if (operand->report_bytes < sizeof work->report ||
        operand->manifest_bytes < work->manifest_bytes ||
        operand->nonce_bytes > ATTEST_NONCE_BYTES_MAX) {
        return SVSM_INVALID_PARAMETER;
    }
    enum svsm_result result = guest_buffer_check(cpu, operand->report_gpa, sizeof work->report);
    if (result == SVSM_SUCCESS) {
        result = guest_buffer_check(cpu, operand->manifest_gpa, work->manifest_bytes);
    }
    if (result == SVSM_SUCCESS && operand->certs_bytes != 0) {
        result = guest_buffer_check(cpu, operand->certs_gpa, operand->certs_bytes);
    }
    if (result == SVSM_SUCCESS && operand->nonce_bytes != 0) {
        result = guest_copy_in(cpu, work->nonce, operand->nonce_gpa, operand->nonce_bytes);
    }
    return result;
}

static enum svsm_result results_write(struct cpu *cpu, const struct attest_work *work,
                                      const struct psp_certs *certs)
{
    const struct attest_operand *operand = &work->operand;
    if (certs->count > operand->certs_bytes) {
        return SVSM_INVALID_PARAMETER;
    }
    enum svsm_result result =
        guest_copy_out(cpu, operand->report_gpa, work->report, sizeof work->report);
    if (result == SVSM_SUCCESS) {
        result = guest_copy_out(cpu, operand->manifest_gpa, work->manifest, work->manifest_bytes);
    }
    if (result == SVSM_SUCCESS && certs->count != 0) {
        result = guest_copy_out(cpu, operand->certs_gpa, certs->bytes, certs->count);
    }
    return result;
}

/* Out: RCX = bytes of the manifest, RDX = of the certificates, R8 = of the report; also when a
 * buffer is too small. */
static enum svsm_result attest(struct cpu *cpu, struct call *call, bool single)
{
    static const uint8_t service_guid[] = ATTEST_GUID_SERVICE;
    struct attest_work *work = services_scratch(cpu);
    struct psp_certs certs = {.bytes = work->certs};
    const size_t bytes = single ? sizeof work->operand : offsetof(struct attest_operand, guid);
    enum svsm_result result = operand_read(cpu, call, &work->operand, bytes);
    if (result != SVSM_SUCCESS) {
        return result;
    }
    if (!operand_reserved_zero(&work->operand) || work->operand.manifest_version != 0 ||
        (single && memcmp(work->operand.guid, service_guid, sizeof service_guid) != 0)) {
        return SVSM_INVALID_PARAMETER;
    }
    manifest_make(cpu, work, single);
    call->rcx = work->manifest_bytes;
    call->rdx = 0;
    call->r8 = sizeof work->report;
    result = work_check(cpu, work);
    if (result == SVSM_SUCCESS) {
        result = report_make(cpu, work, &certs);
    }
    if (result == SVSM_SUCCESS) {
        call->rdx = certs.count;
        result = results_write(cpu, work, &certs);
    }
    return result;
}

enum svsm_result call_attestation(struct cpu *cpu, struct call *call)
{
    switch (call->number) {
    case ATTEST_SERVICES: return attest(cpu, call, false);
    case ATTEST_SINGLE_SERVICE: return attest(cpu, call, true);
    default: return SVSM_UNSUPPORTED_CALL;
    }
}

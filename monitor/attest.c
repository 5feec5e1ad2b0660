/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/attest.h"

#include <bearssl.h>

#include "monitor/hash.h"
#include "monitor/lib/string.h"
#include "monitor/monitor.h"
#include "monitor/random.h"
#include "monitor/terminate.h"

/* MSG_REPORT_REQ and MSG_REPORT_RSP, SEV-SNP ABI 56860 section 7.3. */
struct report_request {
    uint8_t report_data[SVSM_REPORT_DATA_BYTES];
    uint32_t vmpl;
    uint32_t key_select;
    uint8_t reserved_48[24];
};
_Static_assert(sizeof(struct report_request) == 0x60, "MSG_REPORT_REQ");

struct report_response {
    uint32_t status;
    uint32_t report_bytes;
    uint8_t reserved_08[24];
    uint8_t report[REPORT_FIRMWARE_BYTES];
};
_Static_assert(sizeof(struct report_response) == 0x4c0, "MSG_REPORT_RSP");

/* An uncompressed point: 4, x, y (SEC 1, 2.3.3). */
enum { POINT_BYTES = 1 + 2 * REPORT_NUMBER_BYTES, POINT_UNCOMPRESSED = 4, SHA384_BYTES = 48 };

/* The portable constant-time form: no vector registers, no CPUID. */
static const br_ec_impl *curves(void)
{
    return &br_ec_prime_i31;
}

void attest_start(struct cpu *cpu, struct random *random)
{
    struct attest *attest = &cpu->monitor->attest;
    br_ec_private_key private_key;
    uint8_t point[POINT_BYTES];
    attest->scalar = heap_pages(cpu->monitor, 1);
    size_t bytes =
        br_ec_keygen(&random->drbg.vtable, curves(), &private_key, attest->scalar, BR_EC_secp384r1);
    if (bytes != REPORT_NUMBER_BYTES ||
        br_ec_compute_pub(curves(), NULL, point, &private_key) != POINT_BYTES ||
        point[0] != POINT_UNCOMPRESSED) {
        terminate_because(TERMINATE_ASSERT, "no key of its own, bytes", bytes);
    }
    attest->key.version = REPORT_VERSION;
    attest->key.curve = REPORT_CURVE_P384;
    memcpy(attest->key.x, point + 1, sizeof attest->key.x);
    memcpy(attest->key.y, point + 1 + sizeof attest->key.x, sizeof attest->key.y);
    memcpy(attest->key.domain, REPORT_KEY_DOMAIN, sizeof attest->key.domain);

    struct hash hash;
    hash_start(&hash);
    hash_update(&hash, &attest->key, sizeof attest->key);
    hash_finish(&hash, attest->key_hash);
}

/* The nonce of the signature is a function of key and message (RFC 6979): nothing to draw, nothing
 * that two processors could draw twice. */
static void sign(const struct attest *attest, struct report_monitor *report)
{
    const br_ec_private_key key = {
        .curve = BR_EC_secp384r1, .x = attest->scalar, .xlen = REPORT_NUMBER_BYTES};
    uint8_t digest[SHA384_BYTES];
    uint8_t signature[2 * REPORT_NUMBER_BYTES];
    br_sha384_context sha;
    br_sha384_init(&sha);
    br_sha384_update(&sha, report, REPORT_MONITOR_SIGNED_BYTES);
    br_sha384_out(&sha, digest);
    size_t bytes = br_ecdsa_i31_sign_raw(curves(), &br_sha384_vtable, digest, &key, signature);
    if (bytes != sizeof signature) {
        terminate_because(TERMINATE_ASSERT, "no signature, bytes", bytes);
    }
    memcpy(report->signature_r, signature, sizeof report->signature_r);
    memcpy(report->signature_s, signature + sizeof report->signature_r, sizeof report->signature_s);
}

enum svsm_result attest_firmware_report(struct cpu *cpu,
                                        const uint8_t report_data[SVSM_REPORT_DATA_BYTES],
                                        uint8_t report[REPORT_FIRMWARE_BYTES],
                                        struct psp_certs *certs)
{
    struct report_request request = {.vmpl = 0};
    struct report_response response;
    memcpy(request.report_data, report_data, sizeof request.report_data);
    enum psp_status status =
        psp_channel_call_certs(cpu, PSP_MESSAGE_REPORT_REQUEST, &request, sizeof request, &response,
                               sizeof response, certs);
    if (status != PSP_OK || response.status != 0 ||
        response.report_bytes != REPORT_FIRMWARE_BYTES) {
        return SVSM_FIRMWARE;
    }
    memcpy(report, response.report, REPORT_FIRMWARE_BYTES);
    return SVSM_SUCCESS;
}

enum svsm_result attest_report(struct cpu *cpu, const uint8_t nonce[REPORT_NONCE_BYTES],
                               struct report *report)
{
    struct monitor *monitor = cpu->monitor;
    const struct attest *attest = &monitor->attest;
    enum svsm_result result = attest_firmware_report(cpu, attest->key_hash, report->firmware, NULL);
    if (result != SVSM_SUCCESS) {
        return result;
    }
    report->monitor = (struct report_monitor){
        .magic = REPORT_MAGIC,
        .version = REPORT_VERSION,
        .bytes = sizeof report->monitor,
        .flags = lock_kernel_is_done(&monitor->lock_kernel) ? REPORT_FLAG_KERNEL_LOCKED : 0,
        .guest_vmpl = monitor->info.guest_vmpl,
        .key = attest->key,
    };
    report->monitor.extensions = pcr_read(&monitor->pcr, report->monitor.pcr);
    memcpy(report->monitor.nonce, nonce, REPORT_NONCE_BYTES);
    sign(attest, &report->monitor);
    return SVSM_SUCCESS;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/attest.h"

#include "monitor/lib/string.h"
#include "monitor/monitor.h"

/* MSG_REPORT_REQ and MSG_REPORT_RSP, SEV-SNP ABI 56860 section 7.3. */
struct report_request {
    uint8_t report_data[64];
    uint32_t vmpl;
    uint32_t key_select;
    uint8_t reserved_48[24];
};
_Static_assert(sizeof(struct report_request) == 0x60, "MSG_REPORT_REQ");

struct report_response {
    uint32_t status;
    uint32_t report_bytes;
    uint8_t reserved_08[24];
    uint8_t report[SVSM_REPORT_BYTES];
};
_Static_assert(sizeof(struct report_response) == 0x4c0, "MSG_REPORT_RSP");

enum svsm_result attest_report(struct cpu *cpu, const uint8_t nonce[SVSM_NONCE_BYTES],
                               uint8_t report[SVSM_REPORT_BYTES])
{
    uint8_t pcr[SVSM_PCR_BYTES];
    struct report_request request = {.vmpl = 0};
    struct report_response response;
    pcr_read(&cpu->monitor->pcr, pcr);
    pcr_hash_pair(request.report_data, nonce, pcr);
    enum psp_status status = psp_channel_call(cpu, PSP_MESSAGE_REPORT_REQUEST, &request,
                                              sizeof request, &response, sizeof response);
    if (status != PSP_OK || response.status != 0 || response.report_bytes != SVSM_REPORT_BYTES) {
        return SVSM_FIRMWARE;
    }
    memcpy(report, response.report, SVSM_REPORT_BYTES);
    return SVSM_SUCCESS;
}

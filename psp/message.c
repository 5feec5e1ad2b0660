/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The handlers of the guest messages (SEV-SNP ABI 56860, chapter "Guest messages"). */
#include "psp/message.h"

#include <string.h>

#include "psp/bytes.h"
#include "psp/internal.h"
#include "psp/kdf.h"

_Static_assert(sizeof(struct psp_cpuid_req_head) +
                       PSP_CPUID_FUNCTIONS_MAX * sizeof(struct psp_cpuid_fn) <=
                   PSP_MSG_PAYLOAD_MAX,
               "the longest CPUID message fits");

/* A message of VMPCKn speaks for VMPL n: it can ask for itself and for less privileged levels. */
static bool vmpl_allowed(const struct psp_exchange *exchange, uint32_t vmpl)
{
    return vmpl < VMPL_COUNT && vmpl >= exchange->vmpck;
}

/* KEY_SEL: 0 VLEK if one is loaded, else VCEK; 1 VCEK; 2 VLEK. No VLEK is ever loaded here. */
static enum psp_status key_sel_check(uint32_t key_sel)
{
    switch (key_sel) {
    case 0:
    case 1: return PSP_SUCCESS;
    case 2: return PSP_INVALID_KEY;
    default: return PSP_INVALID_PARAM;
    }
}

/* MSG_CPUID_REQ: each function is checked like one of the CPUID page, and the answer corrected. */
static enum psp_status cpuid_handle(const struct psp *psp, struct psp_exchange *exchange)
{
    struct psp_cpuid_fn fn[PSP_CPUID_FUNCTIONS_MAX];
    struct psp_cpuid_req_head request;
    struct psp_cpuid_rsp_head response = {.status = PSP_INVALID_PARAM};
    size_t bytes;

    if (exchange->request_bytes < sizeof request)
        return PSP_INVALID_PARAM;
    memcpy(&request, exchange->request, sizeof request);
    exchange->response_bytes = sizeof response;
    bytes = request.count * sizeof fn[0];
    if (request.count <= PSP_CPUID_FUNCTIONS_MAX && request.reserved1 == 0 &&
        request.reserved2 == 0 && exchange->request_bytes == sizeof request + bytes) {
        memcpy(fn, exchange->request + sizeof request, bytes);
        response.count = request.count;
        if (psp_cpuid_check(&psp->config.cpuid, fn, request.count, NULL))
            response.status = PSP_SUCCESS;
        memcpy(exchange->response + sizeof response, fn, bytes);
        exchange->response_bytes += (uint32_t)bytes;
    }
    memcpy(exchange->response, &response, sizeof response);
    return PSP_SUCCESS;
}

static enum psp_status key_check(const struct psp *psp, const struct psp_gctx *gctx,
                                 const struct psp_exchange *exchange,
                                 const struct psp_key_req *request)
{
    if (request->key_select >> 3 || request->reserved ||
        (request->guest_field_select & ~(uint64_t)PSP_KEY_FIELDS) ||
        !vmpl_allowed(exchange, request->vmpl) || request->guest_svn > gctx->guest_svn ||
        !psp_tcb_at_most(request->tcb_version, psp->config.committed_tcb))
        return PSP_INVALID_PARAM;
    return key_sel_check(request->key_select >> 1 & 3);
}

/* VMPL and host data are always mixed in, the rest as selected. */
static void key_context_fill(const struct psp_gctx *gctx, const struct psp_key_req *request,
                             struct psp_key_context *context)
{
    const uint64_t select = request->guest_field_select;
    const uint8_t *digest = gctx->author_key_en ? gctx->author_key_digest : gctx->id_key_digest;

    *context = (struct psp_key_context){
        .flags = (request->key_select & 1) | (gctx->author_key_en ? 2u
                                              : gctx->id_block_en ? 1u
                                                                  : 0u)
                                                 << 1,
        .guest_field_select = select,
        .vmpl = request->vmpl,
        .guest_svn = select & PSP_KEY_GUEST_SVN ? request->guest_svn : 0,
        .tcb_version = select & PSP_KEY_TCB ? request->tcb_version : 0,
        .policy = select & PSP_KEY_POLICY ? gctx->policy : 0,
    };
    if (select & PSP_KEY_IMAGE_ID)
        memcpy(context->image_id, gctx->image_id, sizeof context->image_id);
    if (select & PSP_KEY_FAMILY_ID)
        memcpy(context->family_id, gctx->family_id, sizeof context->family_id);
    if (select & PSP_KEY_MEASUREMENT)
        memcpy(context->measurement, gctx->ld.digest, sizeof context->measurement);
    memcpy(context->host_data, gctx->host_data, sizeof context->host_data);
    memcpy(context->key_digest, digest, sizeof context->key_digest);
}

static enum psp_status key_handle(const struct psp *psp, const struct psp_gctx *gctx,
                                  struct psp_exchange *exchange)
{
    struct psp_key_context context;
    struct psp_key_req request;
    struct psp_key_rsp response = {0};
    bool vmrk;

    if (exchange->request_bytes != sizeof request)
        return PSP_INVALID_PARAM;
    memcpy(&request, exchange->request, sizeof request);
    response.status = key_check(psp, gctx, exchange, &request);
    if (response.status == PSP_SUCCESS) {
        vmrk = request.key_select & 1;
        key_context_fill(gctx, &request, &context);
        psp_kdf(vmrk ? gctx->vmrk : psp->key_root, 32, "gmsg-keyreq", &context, sizeof context,
                response.derived_key);
        exchange->key_derived = true;
        exchange->key_vmpl = (uint8_t)request.vmpl;
    }
    memcpy(exchange->response, &response, sizeof response);
    exchange->response_bytes = sizeof response;
    return PSP_SUCCESS;
}

static enum psp_status report_handle(const struct psp *psp, const struct psp_gctx *gctx,
                                     struct psp_exchange *exchange)
{
    struct psp_report_req request;
    struct psp_report_rsp response = {0};

    if (exchange->request_bytes != sizeof request)
        return PSP_INVALID_PARAM;
    memcpy(&request, exchange->request, sizeof request);
    if (!bytes_are_zero(request.reserved, sizeof request.reserved) ||
        !vmpl_allowed(exchange, request.vmpl))
        response.status = PSP_INVALID_PARAM;
    else
        response.status = key_sel_check(request.key_sel);
    if (response.status == PSP_SUCCESS) {
        response.report_size = sizeof response.report;
        psp_report_make(psp, gctx, request.report_data, request.vmpl, &response.report);
    }
    memcpy(exchange->response, &response, sizeof response);
    exchange->response_bytes = sizeof response;
    return PSP_SUCCESS;
}

static enum psp_status tsc_info_handle(const struct psp *psp, struct psp_exchange *exchange)
{
    struct psp_tsc_info_rsp response = {0};

    if (exchange->request_bytes != sizeof(struct psp_tsc_info_req))
        return PSP_INVALID_PARAM;
    if (bytes_are_zero(exchange->request, sizeof(struct psp_tsc_info_req))) {
        response.tsc_scale = psp->config.tsc_scale;
        response.tsc_offset = psp->config.tsc_offset;
        response.tsc_factor = psp->config.tsc_factor;
    } else {
        response.status = PSP_INVALID_PARAM;
    }
    memcpy(exchange->response, &response, sizeof response);
    exchange->response_bytes = sizeof response;
    return PSP_SUCCESS;
}

enum psp_status psp_message_handle(const struct psp *psp, const struct psp_gctx *gctx,
                                   struct psp_exchange *exchange)
{
    switch (exchange->msg_type) {
    case PSP_MSG_CPUID_REQ: return cpuid_handle(psp, exchange);
    case PSP_MSG_KEY_REQ: return key_handle(psp, gctx, exchange);
    case PSP_MSG_REPORT_REQ: return report_handle(psp, gctx, exchange);
    case PSP_MSG_TSC_INFO_REQ: return tsc_info_handle(psp, exchange);
    case PSP_MSG_EXPORT_REQ:
    case PSP_MSG_IMPORT_REQ:
    case PSP_MSG_ABSORB_REQ:
    case PSP_MSG_VMRK_REQ:
    case PSP_MSG_ABSORB_NOMA_REQ: return PSP_UNSUPPORTED; /* migration is not modelled */
    default: return PSP_INVALID_PARAM;
    }
}

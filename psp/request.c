/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SNP_GUEST_REQUEST: the frame of a guest message. The order is the ABI's: header, authenticity,
 * freshness, type. Nothing is written and nothing counted before the answer is complete.
 */
#include <nettle/gcm.h>
#include <nettle/memops.h>
#include <string.h>

#include "psp/internal.h"

static bool in_page(uint64_t spa, uint64_t len)
{
    return (spa & PAGE_MASK) + len <= PAGE_BYTES;
}

/* IV: the sequence number, then zeros. */
static void gcm_start(struct gcm_aes256_ctx *gcm, const uint8_t key[32], uint64_t seqno,
                      const struct psp_msg_header *header)
{
    uint8_t iv[GCM_IV_SIZE] = {0};

    memcpy(iv, &seqno, sizeof seqno);
    gcm_aes256_set_key(gcm, key);
    gcm_aes256_set_iv(gcm, sizeof iv, iv);
    gcm_aes256_update(gcm, PSP_MSG_AAD_BYTES, (const uint8_t *)header + PSP_MSG_AAD_OFFSET);
}

static enum psp_status pages_check(const struct psp_bus *bus, uint64_t req_spa, uint64_t resp_spa)
{
    const struct rmp_entry *request, *response;

    if (!in_page(req_spa, PSP_MSG_HEADER_BYTES) || !in_page(resp_spa, PSP_MSG_HEADER_BYTES) ||
        !memory_holds(bus->memory, page_base(req_spa), PAGE_BYTES) ||
        !memory_holds(bus->memory, page_base(resp_spa), PAGE_BYTES))
        return PSP_INVALID_ADDRESS;
    if (rmp_state_of(bus->rmp, resp_spa) != RMP_STATE_FIRMWARE)
        return PSP_INVALID_PAGE_STATE;
    request = rmp_entry_at(bus->rmp, req_spa);
    response = rmp_entry_at(bus->rmp, resp_spa);
    if ((request && request->size != PAGE_4K) || response->size != PAGE_4K)
        return PSP_INVALID_PAGE_SIZE;
    return PSP_SUCCESS;
}

static bool header_valid(const struct psp_msg_header *header, uint64_t req_spa)
{
    return header->hdr_version == PSP_MSG_HEADER_VERSION &&
           header->hdr_size == PSP_MSG_HEADER_BYTES && header->algo == PSP_MSG_ALGO_AES_256_GCM &&
           header->msg_size > 0 && header->msg_size % 16 == 0 &&
           in_page(req_spa, PSP_MSG_HEADER_BYTES + (uint64_t)header->msg_size) &&
           header->msg_vmpck < VMPL_COUNT;
}

/* The request's ciphertext is in exchange->request, and its plaintext afterwards. */
static bool request_open(const struct psp_gctx *gctx, const struct psp_msg_header *header,
                         struct psp_exchange *exchange)
{
    struct gcm_aes256_ctx gcm;
    uint8_t tag[PSP_MSG_TAG_BYTES];

    exchange->msg_type = header->msg_type;
    exchange->vmpck = header->msg_vmpck;
    exchange->request_bytes = header->msg_size;
    gcm_start(&gcm, gctx->vmpck[header->msg_vmpck], header->msg_seqno, header);
    gcm_aes256_decrypt(&gcm, header->msg_size, exchange->request, exchange->request);
    gcm_aes256_digest(&gcm, sizeof tag, tag);
    return memeql_sec(tag, header->authtag, sizeof tag);
}

static void response_write(const struct psp_bus *bus, const struct psp_gctx *gctx,
                           uint64_t resp_spa, uint64_t seqno, const struct psp_exchange *exchange)
{
    uint8_t bytes[PAGE_BYTES];
    struct gcm_aes256_ctx gcm;
    struct psp_msg_header header = {
        .msg_seqno = seqno,
        .algo = PSP_MSG_ALGO_AES_256_GCM,
        .hdr_version = PSP_MSG_HEADER_VERSION,
        .hdr_size = PSP_MSG_HEADER_BYTES,
        .msg_type = exchange->msg_type + 1,
        .msg_version = PSP_MSG_VERSION,
        .msg_size = (uint16_t)exchange->response_bytes,
        .msg_vmpck = exchange->vmpck,
    };

    gcm_start(&gcm, gctx->vmpck[exchange->vmpck], seqno, &header);
    gcm_aes256_encrypt(&gcm, exchange->response_bytes, bytes + sizeof header, exchange->response);
    gcm_aes256_digest(&gcm, PSP_MSG_TAG_BYTES, header.authtag);
    memcpy(bytes, &header, sizeof header);
    memory_write(bus->memory, resp_spa, ASID_HV, bytes, sizeof header + exchange->response_bytes);
}

static void message_note_header(struct psp_guest_message *message,
                                const struct psp_msg_header *header)
{
    message->header_ok = true;
    message->msg_type = header->msg_type;
    message->vmpck = header->msg_vmpck;
    message->seqno = header->msg_seqno;
    message->request_bytes = PSP_MSG_HEADER_BYTES + (uint32_t)header->msg_size;
}

static void message_note_plaintext(struct psp_guest_message *message,
                                   const struct psp_msg_header *header,
                                   const struct psp_exchange *exchange)
{
    message->authentic = true;
    message->plaintext_bytes = PSP_MSG_AAD_BYTES + exchange->request_bytes;
    memcpy(message->plaintext, (const uint8_t *)header + PSP_MSG_AAD_OFFSET, PSP_MSG_AAD_BYTES);
    memcpy(message->plaintext + PSP_MSG_AAD_BYTES, exchange->request, exchange->request_bytes);
}

enum psp_status psp_message_open(const struct psp_gctx *gctx, const uint8_t page[PAGE_BYTES],
                                 struct psp_guest_message *message)
{
    struct psp_exchange exchange = {0};
    struct psp_msg_header header;

    memset(message, 0, sizeof *message);
    if (gctx->state != PSP_GUEST_RUNNING)
        return PSP_INVALID_GUEST_STATE;
    memcpy(&header, page, sizeof header);
    if (!header_valid(&header, 0))
        return PSP_INVALID_PARAM;
    message_note_header(message, &header);
    memcpy(exchange.request, page + sizeof header, header.msg_size);
    if (!request_open(gctx, &header, &exchange))
        return PSP_BAD_MEASUREMENT;
    message_note_plaintext(message, &header, &exchange);
    return PSP_SUCCESS;
}

/* Keeps the key that left the firmware, once. */
static void derived_note(struct psp_gctx *gctx, const struct psp_exchange *exchange,
                         const uint8_t key[32])
{
    struct psp_derived *derived;

    for (uint32_t i = 0; i < gctx->derived_count; i++) {
        if (memcmp(gctx->derived[i].key, key, sizeof gctx->derived[i].key) == 0)
            return;
    }
    if (gctx->derived_count == PSP_DERIVED_MAX) {
        gctx->derived_dropped++;
        return;
    }
    derived = &gctx->derived[gctx->derived_count++];
    memcpy(derived->key, key, sizeof derived->key);
    derived->vmpl = exchange->key_vmpl;
    derived->vmpck = exchange->vmpck;
}

static void message_note_answer(struct psp_guest_message *message, struct psp_gctx *gctx,
                                const struct psp_exchange *exchange)
{
    message->answered = true;
    message->response_bytes = PSP_MSG_HEADER_BYTES + exchange->response_bytes;
    memcpy(&message->payload_status, exchange->response, sizeof message->payload_status);
    if (exchange->key_derived) {
        struct psp_key_rsp response;
        memcpy(&response, exchange->response, sizeof response);
        message->key_derived = true;
        message->key_vmpl = exchange->key_vmpl;
        memcpy(message->derived_key, response.derived_key, sizeof message->derived_key);
        derived_note(gctx, exchange, response.derived_key);
    }
}

/* SEV-SNP ABI 56860, SNP_GUEST_REQUEST. */
enum psp_status psp_guest_request(struct psp *psp, const struct psp_bus *bus, uint64_t gctx_spa,
                                  uint64_t req_spa, uint64_t resp_spa,
                                  struct psp_guest_message *message)
{
    struct psp_guest_message unused;
    struct psp_exchange exchange = {0};
    struct psp_msg_header header;
    struct psp_gctx *gctx;
    uint64_t *count;
    enum psp_status status;

    if (!message)
        message = &unused;
    memset(message, 0, sizeof *message);
    status = psp_gctx_open(psp, bus, gctx_spa, &gctx);
    if (status == PSP_SUCCESS)
        status = pages_check(bus, req_spa, resp_spa);
    if (status != PSP_SUCCESS)
        return status;
    if (gctx->state != PSP_GUEST_RUNNING)
        return PSP_INVALID_GUEST_STATE;
    /* A look, without changing the page's view: it need not be the hypervisor's. */
    memory_peek(bus->memory, req_spa, ASID_HV, &header, sizeof header);
    if (!header_valid(&header, req_spa))
        return PSP_INVALID_PARAM;
    message_note_header(message, &header);
    memory_peek(bus->memory, req_spa + PSP_MSG_HEADER_BYTES, ASID_HV, exchange.request,
                header.msg_size);
    if (!request_open(gctx, &header, &exchange))
        return PSP_BAD_MEASUREMENT;
    message_note_plaintext(message, &header, &exchange);
    count = &gctx->msg_count[header.msg_vmpck];
    if (*count == UINT64_MAX - 1 || header.msg_seqno != *count + 1)
        return PSP_AEAD_OFLOW;
    if (header.msg_version != PSP_MSG_VERSION)
        return PSP_INVALID_PARAM;
    status = psp_message_handle(psp, gctx, &exchange);
    if (status != PSP_SUCCESS)
        return status;
    if (!in_page(resp_spa, PSP_MSG_HEADER_BYTES + (uint64_t)exchange.response_bytes))
        return PSP_INVALID_PARAM;

    response_write(bus, gctx, resp_spa, header.msg_seqno + 1, &exchange);
    *count += 2;
    message_note_answer(message, gctx, &exchange);
    return PSP_SUCCESS;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/psp_fixture.h"

#include <gnutls/crypto.h>
#include <string.h>

#include "rmp/insn.h"

struct machine *machine_new_config(const struct psp_config *config)
{
    struct machine *m = g_new0(struct machine, 1);

    m->rmp.covered_pages = MACHINE_PAGES;
    m->rmp.entries = g_new0(struct rmp_entry, MACHINE_PAGES);
    m->memory.bytes = MACHINE_PAGES * PAGE_BYTES;
    m->memory.dram = g_malloc0(m->memory.bytes);
    m->memory.pages = g_new0(struct memory_page, MACHINE_PAGES);
    m->memory.scrub = g_malloc0(MACHINE_PAGES * sizeof m->memory.scrub[0]);
    rmp_init(&m->rmp);
    memory_init(&m->memory);
    m->bus = (struct psp_bus){&m->rmp, &m->memory};
    psp_init(&m->psp, config);
    g_assert_cmpint(psp_platform_init(&m->psp), ==, PSP_SUCCESS);
    return m;
}

struct machine *machine_new(uint64_t seed)
{
    struct psp_config config;

    psp_config_default(&config, seed);
    return machine_new_config(&config);
}

void machine_free(struct machine *m)
{
    g_free(m->rmp.entries);
    g_free(m->memory.dram);
    g_free(m->memory.pages);
    g_free(m->memory.scrub);
    g_free(m);
}

static void rmpupdate(struct machine *m, uint64_t spa, const struct rmp_operand *operand)
{
    const struct rmp_caller host = {.asid = ASID_HV};
    struct rmp_outcome outcome = rmp_update(&m->rmp, &host, spa, operand);

    g_assert_cmpint(outcome.kind, ==, RMP_OUT_DONE);
    g_assert_cmpint(outcome.eax, ==, RMP_RC_SUCCESS);
}

void page_firmware(struct machine *m, uint64_t spa)
{
    rmpupdate(m, spa, &(struct rmp_operand){.assigned = 1, .immutable = 1});
}

void page_pre_guest(struct machine *m, uint64_t spa, uint64_t gpa, uint32_t asid,
                    enum page_size size)
{
    rmpupdate(m, spa,
              &(struct rmp_operand){
                  .gpa = gpa, .assigned = 1, .size = size, .immutable = 1, .asid = asid});
}

void page_release(struct machine *m, uint64_t spa, enum page_size size)
{
    rmpupdate(m, spa, &(struct rmp_operand){.size = size});
}

void guest_create(struct machine *m)
{
    page_firmware(m, GCTX_SPA);
    g_assert_cmpint(psp_gctx_create(&m->psp, &m->bus, GCTX_SPA), ==, PSP_SUCCESS);
}

void guest_start(struct machine *m, uint64_t policy)
{
    const struct psp_launch_start start = {.gctx_spa = GCTX_SPA, .policy = policy};

    g_assert_cmpint(psp_launch_start(&m->psp, &m->bus, &start), ==, PSP_SUCCESS);
    g_assert_cmpint(psp_activate(&m->psp, &m->bus, GCTX_SPA, GUEST_ASID), ==, PSP_SUCCESS);
}

void guest_run(struct machine *m)
{
    const struct psp_launch_finish finish = {.gctx_spa = GCTX_SPA};

    g_assert_cmpint(psp_launch_finish(&m->psp, &m->bus, &finish), ==, PSP_SUCCESS);
    page_firmware(m, RESP_SPA);
}

struct machine *machine_running(uint64_t seed)
{
    struct machine *m = machine_new(seed);

    guest_create(m);
    guest_start(m, PSP_POLICY_DEFAULT);
    guest_run(m);
    return m;
}

void page_fill(uint8_t page[4096], uint32_t tag)
{
    for (uint32_t i = 0; i < 4096; i++)
        page[i] = (uint8_t)((i * 2654435761u + tag * 40503u) >> 13);
}

enum psp_status page_launch(struct machine *m, uint64_t spa, uint64_t gpa, uint8_t type,
                            struct psp_perms perms, const uint8_t *contents)
{
    const struct psp_launch_update update = {
        .gctx_spa = GCTX_SPA, .dst_spa = spa, .page_type = type, .perms = perms};

    memory_write(&m->memory, spa, ASID_HV, contents, 4096);
    page_pre_guest(m, spa, gpa, GUEST_ASID, PAGE_4K);
    return psp_launch_update(&m->psp, &m->bus, &update);
}

static gnutls_aead_cipher_hd_t cipher_open(const struct machine *m, uint8_t vmpck)
{
    const struct psp_gctx *gctx = psp_gctx_find(&m->psp, GCTX_SPA);
    gnutls_datum_t key = {(unsigned char *)gctx->vmpck[vmpck], 32};
    gnutls_aead_cipher_hd_t cipher;

    g_assert_cmpint(gnutls_aead_cipher_init(&cipher, GNUTLS_CIPHER_AES_256_GCM, &key), ==, 0);
    return cipher;
}

void message_seal(const struct machine *m, const struct guest_msg *msg, uint8_t page[4096])
{
    gnutls_aead_cipher_hd_t cipher = cipher_open(m, msg->vmpck);
    uint8_t iv[12] = {0}, out[4096];
    size_t out_len = sizeof out;

    memset(page, 0, 4096);
    put_le(page + 0x20, msg->seqno, 8);
    page[0x30] = 1;
    page[0x31] = 1;
    put_le(page + 0x32, 0x60, 2);
    page[0x34] = msg->type;
    page[0x35] = msg->version ? msg->version : 1;
    put_le(page + 0x36, msg->size, 2);
    page[0x3c] = msg->vmpck;
    put_le(iv, msg->seqno, 8);
    g_assert_cmpint(gnutls_aead_cipher_encrypt(cipher, iv, sizeof iv, page + 0x30, 0x30, 16,
                                               msg->payload, msg->size, out, &out_len),
                    ==, 0);
    g_assert_cmpuint(out_len, ==, msg->size + 16u);
    memcpy(page + 0x60, out, msg->size);
    memcpy(page, out + msg->size, 16);
    gnutls_aead_cipher_deinit(cipher);
}

bool message_open(const struct machine *m, const uint8_t page[4096], struct guest_msg *msg)
{
    gnutls_aead_cipher_hd_t cipher = cipher_open(m, page[0x3c]);
    uint8_t iv[12] = {0}, in[4096];
    size_t len;
    int err;

    memset(msg, 0, sizeof *msg);
    msg->vmpck = page[0x3c];
    msg->type = page[0x34];
    msg->size = (uint16_t)(page[0x36] | page[0x37] << 8);
    msg->seqno = get_le64(page + 0x20);
    g_assert_cmpuint(msg->size, <=, sizeof msg->payload);
    memcpy(in, page + 0x60, msg->size);
    memcpy(in + msg->size, page, 16);
    put_le(iv, msg->seqno, 8);
    len = sizeof msg->payload;
    err = gnutls_aead_cipher_decrypt(cipher, iv, sizeof iv, page + 0x30, 0x30, 16, in,
                                     msg->size + 16u, msg->payload, &len);
    gnutls_aead_cipher_deinit(cipher);
    return err == 0 && len == msg->size;
}

enum psp_status message_send(struct machine *m, const struct guest_msg *msg,
                             struct psp_guest_message *note)
{
    uint8_t page[4096];

    message_seal(m, msg, page);
    memory_write(&m->memory, REQ_SPA, ASID_HV, page, sizeof page);
    return psp_guest_request(&m->psp, &m->bus, GCTX_SPA, REQ_SPA, RESP_SPA, note);
}

void response_read(struct machine *m, uint8_t page[4096])
{
    memory_read(&m->memory, RESP_SPA, ASID_HV, page, 4096);
}

struct guest_msg message_ask(struct machine *m, uint8_t vmpck, uint8_t type, const void *payload,
                             uint16_t size)
{
    struct guest_msg msg = {.vmpck = vmpck, .type = type, .size = size}, answer;
    uint8_t page[4096];

    msg.seqno = psp_gctx_find(&m->psp, GCTX_SPA)->msg_count[vmpck] + 1;
    memcpy(msg.payload, payload, size);
    g_assert_cmpint(message_send(m, &msg, NULL), ==, PSP_SUCCESS);
    response_read(m, page);
    g_assert_true(message_open(m, page, &answer));
    g_assert_cmpuint(answer.seqno, ==, msg.seqno + 1);
    g_assert_cmpuint(answer.type, ==, type + 1);
    g_assert_cmpuint(answer.vmpck, ==, vmpck);
    return answer;
}

void digest_sha384(const void *data, size_t len, uint8_t out[48])
{
    GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA384);
    gsize out_len = 48;

    g_checksum_update(sum, data, (gssize)len);
    g_checksum_get_digest(sum, out, &out_len);
    g_checksum_free(sum);
}

uint32_t get_le32(const void *bytes)
{
    uint32_t value;

    memcpy(&value, bytes, sizeof value);
    return GUINT32_FROM_LE(value);
}

uint64_t get_le64(const void *bytes)
{
    uint64_t value;

    memcpy(&value, bytes, sizeof value);
    return GUINT64_FROM_LE(value);
}

void put_le(uint8_t *out, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        out[i] = (uint8_t)(value >> (8 * i));
}

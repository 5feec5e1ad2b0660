/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The handlers: MSG_REPORT_REQ, MSG_KEY_REQ, MSG_TSC_INFO_REQ (SEV-SNP ABI 56860). */
#include <string.h>

#include "tests/unit/psp_fixture.h"

/* A guest with an ID block's values in its context, as LAUNCH_FINISH leaves them. */
static struct machine *machine_identified(void)
{
    struct machine *m = machine_new(3);
    struct psp_gctx *gctx = &m->psp.gctx[0];
    uint8_t page[4096];

    guest_create(m);
    guest_start(m, PSP_POLICY_DEFAULT | PSP_POLICY_DEBUG);
    page_fill(page, 1);
    g_assert_cmpint(page_launch(m, PAGE_SPA, 0x1000, PSP_PAGE_NORMAL, (struct psp_perms){0}, page),
                    ==, PSP_SUCCESS);
    guest_run(m);
    gctx->id_block_en = true;
    gctx->guest_svn = 9;
    memset(gctx->family_id, 0xfa, 16);
    memset(gctx->image_id, 0x1d, 16);
    memset(gctx->host_data, 0x77, 32);
    memset(gctx->id_key_digest, 0xd1, 48);
    return m;
}

static void report_request(uint8_t payload[0x60], uint32_t vmpl, uint32_t key_sel)
{
    memset(payload, 0, 0x60);
    for (unsigned i = 0; i < 64; i++)
        payload[i] = (uint8_t)(i * 3);
    put_le(payload + 0x40, vmpl, 4);
    put_le(payload + 0x44, key_sel, 4);
}

static void test_report_fields(void)
{
    struct machine *m = machine_identified();
    const struct psp_gctx *gctx = &m->psp.gctx[0];
    const uint64_t tcb = m->psp.config.current_tcb;
    uint8_t request[0x60], ones[32];
    static const uint8_t zeros[512];
    struct guest_msg answer;
    struct psp_report report;
    const uint8_t *r;

    m->psp.gctx[0].author_key_en = true;
    memset(m->psp.gctx[0].author_key_digest, 0xa4, 48);
    memset(ones, 0xff, sizeof ones);
    report_request(request, 2, 0);
    answer = message_ask(m, 1, PSP_MSG_REPORT_REQ, request, sizeof request);
    g_assert_cmpuint(answer.size, ==, 0x4c0);
    g_assert_cmpuint(get_le32(answer.payload), ==, 0);
    g_assert_cmpuint(get_le32(answer.payload + 4), ==, 0x4a0);
    g_assert_cmpmem(answer.payload + 8, 24, zeros, 24);
    r = answer.payload + 0x20;
    g_assert_cmpuint(get_le32(r + 0x000), ==, 3);
    g_assert_cmpuint(get_le32(r + 0x004), ==, 9);
    g_assert_cmphex(get_le64(r + 0x008), ==, 0xb0000);
    g_assert_cmpmem(r + 0x010, 16, gctx->family_id, 16);
    g_assert_cmpmem(r + 0x020, 16, gctx->image_id, 16);
    g_assert_cmpuint(get_le32(r + 0x030), ==, 2);
    g_assert_cmpuint(get_le32(r + 0x034), ==, 1);
    g_assert_cmphex(get_le64(r + 0x038), ==, tcb);
    g_assert_cmphex(get_le64(r + 0x040), ==, 0x21); /* SMT, alias check complete */
    g_assert_cmphex(get_le64(r + 0x048), ==, 1);    /* author key; VCEK signs */
    g_assert_cmpmem(r + 0x050, 64, request, 64);
    g_assert_cmpmem(r + 0x090, 48, gctx->ld.digest, 48);
    g_assert_cmpmem(r + 0x0c0, 32, gctx->host_data, 32);
    g_assert_cmpmem(r + 0x0e0, 48, gctx->id_key_digest, 48);
    g_assert_cmpmem(r + 0x110, 48, gctx->author_key_digest, 48);
    g_assert_cmpmem(r + 0x140, 32, gctx->report_id, 32);
    g_assert_cmpmem(r + 0x160, 32, ones, 32);
    g_assert_cmphex(get_le64(r + 0x180), ==, tcb);
    g_assert_cmphex(r[0x188], ==, 0x19);
    g_assert_cmphex(r[0x189], ==, 0x01);
    g_assert_cmphex(r[0x18a], ==, 0x01);
    g_assert_cmpmem(r + 0x18b, 21, zeros, 21);
    g_assert_cmpmem(r + 0x1a0, 64, m->psp.chip_id, 64);
    g_assert_cmphex(get_le64(r + 0x1e0), ==, tcb);
    g_assert_cmphex(get_le32(r + 0x1e8), ==, 0x00013714); /* 1.55.20 */
    g_assert_cmphex(get_le32(r + 0x1ec), ==, 0x00013714);
    g_assert_cmphex(get_le64(r + 0x1f0), ==, tcb);
    g_assert_cmpmem(r + 0x1f8, 0xa8, zeros, 0xa8);
    g_assert_cmpmem(r + 0x2a0 + 48, 24, zeros, 24); /* R above 384 bits */
    g_assert_cmpmem(r + 0x2a0 + 72 + 48, 24, zeros, 24);
    g_assert_cmpmem(r + 0x2a0 + 144, 368, zeros, 368);
    memcpy(&report, r, sizeof report);
    g_assert_true(psp_report_verify(&report, &m->psp.vcek.public_key));
    machine_free(m);
}

/* CPUID Fn0000_0001 EAX: the extended family and model count once the base family is 0xf. */
static void test_report_fms(void)
{
    static const struct {
        uint32_t fms;
        uint8_t family, model, stepping;
    } cases[] = {
        {0x00a00f11, 0x19, 0x01, 1},
        {0x00a10f12, 0x19, 0x11, 2},
        {0x00b20f4f, 0x1a, 0x24, 15},
        {0x00a10e12, 0x0e, 0x01, 2},
    };
    struct machine *m = machine_identified();
    uint8_t request[0x60];

    report_request(request, 0, 0);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct guest_msg answer;
        m->psp.config.fms = cases[i].fms;
        answer = message_ask(m, 0, PSP_MSG_REPORT_REQ, request, sizeof request);
        g_assert_cmphex(answer.payload[0x20 + 0x188], ==, cases[i].family);
        g_assert_cmphex(answer.payload[0x20 + 0x189], ==, cases[i].model);
        g_assert_cmphex(answer.payload[0x20 + 0x18a], ==, cases[i].stepping);
    }
    machine_free(m);
}

/* Any changed byte, another chip, an unknown version or signing key. */
static void test_report_verify(void)
{
    struct machine *m = machine_identified(), *other = machine_new(4);
    uint8_t request[0x60];
    struct guest_msg answer;
    struct psp_report report, bad;

    report_request(request, 0, 1);
    answer = message_ask(m, 0, PSP_MSG_REPORT_REQ, request, sizeof request);
    memcpy(&report, answer.payload + 0x20, sizeof report);
    g_assert_true(psp_report_verify(&report, &m->psp.vcek.public_key));
    g_assert_false(psp_report_verify(&report, &other->psp.vcek.public_key));
    for (size_t at = 0; at < 0x2a0; at += 37) {
        bad = report;
        ((uint8_t *)&bad)[at] ^= 1;
        g_assert_false(psp_report_verify(&bad, &m->psp.vcek.public_key));
    }
    bad = report;
    bad.version = 2;
    psp_ecdsa_sign(m->psp.vcek.scalar, &bad, PSP_REPORT_SIGNED_BYTES, &bad.signature);
    g_assert_false(psp_report_verify(&bad, &m->psp.vcek.public_key));
    bad = report;
    bad.signature_algo = 0;
    psp_ecdsa_sign(m->psp.vcek.scalar, &bad, PSP_REPORT_SIGNED_BYTES, &bad.signature);
    g_assert_false(psp_report_verify(&bad, &m->psp.vcek.public_key));
    bad = report;
    bad.flags = PSP_SIGNING_NONE << PSP_REPORT_SIGNING_KEY_SHIFT;
    psp_ecdsa_sign(m->psp.vcek.scalar, &bad, PSP_REPORT_SIGNED_BYTES, &bad.signature);
    g_assert_false(psp_report_verify(&bad, &m->psp.vcek.public_key));
    machine_free(m);
    machine_free(other);
}

/* A message of VMPCKn may ask for VMPL n..3, never for a more privileged one. */
static void test_report_vmpl(void)
{
    struct machine *m = machine_identified();
    uint8_t request[0x60];
    static const uint8_t zeros[0x4a0];

    for (uint8_t vmpck = 0; vmpck < 4; vmpck++) {
        for (uint32_t vmpl = 0; vmpl < 6; vmpl++) {
            struct guest_msg answer;
            bool allowed = vmpl >= vmpck && vmpl < 4;
            report_request(request, vmpl, 0);
            answer = message_ask(m, vmpck, PSP_MSG_REPORT_REQ, request, sizeof request);
            g_assert_cmphex(get_le32(answer.payload), ==, allowed ? 0 : 0x16);
            if (!allowed) {
                g_assert_cmpuint(get_le32(answer.payload + 4), ==, 0);
                g_assert_cmpmem(answer.payload + 0x20, 0x4a0, zeros, 0x4a0);
            }
        }
    }
    machine_free(m);
}

static void test_report_errors(void)
{
    struct machine *m = machine_identified();
    uint8_t request[0x60];

    report_request(request, 0, 2); /* no VLEK is loaded */
    g_assert_cmphex(get_le32(message_ask(m, 0, 5, request, sizeof request).payload), ==, 0x27);
    report_request(request, 0, 3);
    g_assert_cmphex(get_le32(message_ask(m, 0, 5, request, sizeof request).payload), ==, 0x16);
    report_request(request, 0, 4);
    g_assert_cmphex(get_le32(message_ask(m, 0, 5, request, sizeof request).payload), ==, 0x16);
    report_request(request, 0, 0);
    request[0x5f] = 1;
    g_assert_cmphex(get_le32(message_ask(m, 0, 5, request, sizeof request).payload), ==, 0x16);
    g_assert_cmpuint(m->psp.gctx[0].msg_count[0], ==, 8); /* each was answered */
    machine_free(m);
}

struct key_case {
    uint32_t select;
    uint64_t fields;
    uint32_t vmpl, svn;
    uint64_t tcb;
};

static void key_request(const struct key_case *c, uint8_t out[0x20])
{
    memset(out, 0, 0x20);
    put_le(out, c->select, 4);
    put_le(out + 8, c->fields, 8);
    put_le(out + 0x10, c->vmpl, 4);
    put_le(out + 0x14, c->svn, 4);
    put_le(out + 0x18, c->tcb, 8);
}

/* The context laid out by hand, HMAC by GLib. */
static void key_wanted(const struct machine *m, const struct key_case *c, uint8_t out[32])
{
    const struct psp_gctx *gctx = &m->psp.gctx[0];
    uint8_t context[0xa8] = {0};
    gsize len = 32;
    GHmac *hmac;

    put_le(context, (c->select & 1) | (gctx->author_key_en ? 2 : 1) << 1, 4);
    put_le(context + 0x08, c->fields, 8);
    put_le(context + 0x10, c->vmpl, 4);
    if (c->fields & 16)
        put_le(context + 0x14, c->svn, 4);
    if (c->fields & 32)
        put_le(context + 0x18, c->tcb, 8);
    if (c->fields & 1)
        put_le(context + 0x20, gctx->policy, 8);
    if (c->fields & 2)
        memcpy(context + 0x28, gctx->image_id, 16);
    if (c->fields & 4)
        memcpy(context + 0x38, gctx->family_id, 16);
    if (c->fields & 8)
        memcpy(context + 0x48, gctx->ld.digest, 32);
    memcpy(context + 0x68, gctx->host_data, 32);
    memcpy(context + 0x88, gctx->author_key_en ? gctx->author_key_digest : gctx->id_key_digest, 32);
    hmac = g_hmac_new(G_CHECKSUM_SHA256, c->select & 1 ? gctx->vmrk : m->psp.key_root, 32);
    g_hmac_update(hmac, (const guchar *)"\1\0\0\0", 4);
    g_hmac_update(hmac, (const guchar *)"gmsg-keyreq\0", 12);
    g_hmac_update(hmac, context, sizeof context);
    g_hmac_update(hmac, (const guchar *)"\0\1\0\0", 4);
    g_hmac_get_digest(hmac, out, &len);
    g_hmac_unref(hmac);
}

static void test_key_derivation(void)
{
    struct machine *m = machine_identified();
    const uint64_t tcb = m->psp.config.current_tcb;
    static const uint8_t zeros[28];

    memset(m->psp.gctx[0].author_key_digest, 0xa4, 48);
    for (unsigned author = 0; author <= 1; author++) {
        m->psp.gctx[0].author_key_en = author;
        for (uint64_t fields = 0; fields < 64; fields++) {
            const struct key_case c = {fields & 1, fields, fields & 3, 4, tcb};
            uint8_t request[0x20], wanted[32];
            struct guest_msg answer;

            key_request(&c, request);
            key_wanted(m, &c, wanted);
            answer = message_ask(m, 0, PSP_MSG_KEY_REQ, request, sizeof request);
            g_assert_cmpuint(answer.size, ==, 0x40);
            g_assert_cmphex(get_le32(answer.payload), ==, 0);
            g_assert_cmpmem(answer.payload + 4, 28, zeros, 28);
            g_assert_cmpmem(answer.payload + 0x20, 32, wanted, 32);
        }
    }
    machine_free(m);
}

static void test_key_errors(void)
{
    struct machine *m = machine_identified();
    static const uint8_t zeros[32];
    const uint64_t one = 1, tcb = m->psp.config.committed_tcb;
    const struct {
        uint8_t vmpck;
        struct key_case c;
        uint32_t status;
    } cases[] = {
        {0, {0, 0, 0, 9, tcb}, 0},
        {0, {2, 0, 0, 0, 0}, 0},    /* KEY_SEL 1: VCEK */
        {0, {4, 0, 0, 0, 0}, 0x27}, /* VLEK */
        {0, {6, 0, 0, 0, 0}, 0x16},
        {0, {8, 0, 0, 0, 0}, 0x16}, /* reserved */
        {0, {0, 64, 0, 0, 0}, 0x16},
        {0, {0, one << 63, 0, 0, 0}, 0x16},
        {1, {0, 0, 0, 0, 0}, 0x16}, /* more privileged than the channel */
        {1, {0, 0, 1, 0, 0}, 0},
        {3, {0, 0, 2, 0, 0}, 0x16},
        {0, {0, 0, 4, 0, 0}, 0x16},
        {0, {0, 0, 0, 10, 0}, 0x16}, /* above the guest's SVN, selected or not */
        {0, {0, 16, 0, 10, 0}, 0x16},
        {0, {0, 0, 0, 0, tcb + 1}, 0x16},
        {0, {0, 32, 0, 0, one << PSP_TCB_TEE}, 0x16}, /* larger in one part only */
        {0, {0, 32, 0, 0, tcb - (one << PSP_TCB_SNP)}, 0},
    };
    uint8_t request[0x20];

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct guest_msg answer;
        key_request(&cases[i].c, request);
        g_test_message("case %u", (unsigned)i);
        answer = message_ask(m, cases[i].vmpck, PSP_MSG_KEY_REQ, request, sizeof request);
        g_assert_cmphex(get_le32(answer.payload), ==, cases[i].status);
        g_assert_cmpint(memcmp(answer.payload + 0x20, zeros, 32) == 0, ==, cases[i].status != 0);
    }
    key_request(&cases[0].c, request);
    request[4] = 1; /* reserved */
    g_assert_cmphex(get_le32(message_ask(m, 0, 3, request, sizeof request).payload), ==, 0x16);
    machine_free(m);
}

/* Every key that left the firmware is listed once, and told with the message that carried it. */
static void test_key_secrets(void)
{
    struct machine *m = machine_identified();
    const struct psp_gctx *gctx = &m->psp.gctx[0];
    struct guest_msg request = {.vmpck = 1, .seqno = 1, .type = PSP_MSG_KEY_REQ, .size = 0x20};
    struct psp_guest_message note;
    struct psp_secret secret;
    struct key_case c = {.vmpl = 2};
    uint8_t wanted[32];

    key_request(&c, request.payload);
    key_wanted(m, &c, wanted);
    for (unsigned i = 0; i < 2; i++) {
        request.seqno = 2 * i + 1;
        g_assert_cmpint(message_send(m, &request, &note), ==, PSP_SUCCESS);
        g_assert_true(note.key_derived);
        g_assert_cmpuint(note.key_vmpl, ==, 2);
        g_assert_cmpmem(note.derived_key, 32, wanted, 32);
        g_assert_cmpuint(psp_secret_count(gctx), ==, 5);
    }
    g_assert_true(psp_secret_get(gctx, 4, &secret));
    g_assert_cmpstr(secret.name, ==, "derived-key-0");
    g_assert_cmpmem(secret.bytes, 32, wanted, 32);
    g_assert_cmpuint(secret.vmpl, ==, 2);

    c.vmpl = 0; /* refused: no key, nothing listed */
    key_request(&c, request.payload);
    request.seqno = 5;
    g_assert_cmpint(message_send(m, &request, &note), ==, PSP_SUCCESS);
    g_assert_false(note.key_derived);
    g_assert_cmpuint(psp_secret_count(gctx), ==, 5);

    /* An answer that does not fit its page gives no key away. */
    c.vmpl = 3;
    key_request(&c, request.payload);
    request.seqno = 7;
    {
        uint8_t page[4096];
        message_seal(m, &request, page);
        memory_write(&m->memory, REQ_SPA, ASID_HV, page, sizeof page);
        g_assert_cmpint(psp_guest_request(&m->psp, &m->bus, GCTX_SPA, REQ_SPA,
                                          RESP_SPA + 4096 - 0x60 - 0x30, &note),
                        ==, PSP_INVALID_PARAM);
    }
    g_assert_false(note.key_derived);
    g_assert_cmpuint(psp_secret_count(gctx), ==, 5);
    machine_free(m);
}

static void test_key_list_full(void)
{
    struct machine *m = machine_identified();
    const struct psp_gctx *gctx = &m->psp.gctx[0];
    uint8_t request[0x20];

    for (uint64_t fields = 0; fields < PSP_DERIVED_MAX + 3; fields++) {
        key_request(&(struct key_case){.fields = fields}, request);
        message_ask(m, 0, PSP_MSG_KEY_REQ, request, sizeof request);
    }
    g_assert_cmpuint(gctx->derived_count, ==, PSP_DERIVED_MAX);
    g_assert_cmpuint(gctx->derived_dropped, ==, 3);
    machine_free(m);
}

static void test_tsc_info(void)
{
    struct machine *m = machine_identified();
    uint8_t request[128] = {0};
    static const uint8_t zeros[128];
    struct guest_msg answer;

    m->psp.config.tsc_offset = 0x1122334455667788;
    m->psp.config.tsc_factor = 200;
    answer = message_ask(m, 3, PSP_MSG_TSC_INFO_REQ, request, sizeof request);
    g_assert_cmpuint(answer.size, ==, 128);
    g_assert_cmpuint(get_le64(answer.payload), ==, 0);
    g_assert_cmphex(get_le64(answer.payload + 8), ==, UINT64_C(1) << 32);
    g_assert_cmphex(get_le64(answer.payload + 0x10), ==, 0x1122334455667788);
    g_assert_cmpuint(get_le32(answer.payload + 0x18), ==, 200);
    g_assert_cmpmem(answer.payload + 0x1c, 100, zeros, 100);
    request[127] = 1;
    answer = message_ask(m, 3, PSP_MSG_TSC_INFO_REQ, request, sizeof request);
    g_assert_cmphex(get_le32(answer.payload), ==, 0x16);
    g_assert_cmpmem(answer.payload + 8, 120, zeros, 120);
    machine_free(m);
}

/* Same seed, same messages: the same response pages bit for bit, signature included. */
static void test_determinism(void)
{
    struct machine *a = machine_identified(), *b = machine_identified();
    struct psp saved;
    uint8_t request[0x60], pa[4096], pb[4096];

    report_request(request, 0, 0);
    saved = b->psp;
    message_ask(a, 0, PSP_MSG_REPORT_REQ, request, sizeof request);
    response_read(a, pa);
    for (unsigned i = 0; i < 2; i++) { /* once more from a copy of the state */
        b->psp = saved;
        message_ask(b, 0, PSP_MSG_REPORT_REQ, request, sizeof request);
        response_read(b, pb);
        g_assert_cmpmem(pa, 4096, pb, 4096);
        g_assert_cmpmem(&a->psp, sizeof a->psp, &b->psp, sizeof b->psp);
    }
    machine_free(a);
    machine_free(b);
}

/* The response page of a fixed run, pinned: every host and library version must give the same. */
static void test_pinned(void)
{
    struct machine *m = machine_running(1);
    uint8_t request[0x60], page[4096];
    char *sum;

    report_request(request, 0, 0);
    message_ask(m, 0, PSP_MSG_REPORT_REQ, request, sizeof request);
    response_read(m, page);
    sum = g_compute_checksum_for_data(G_CHECKSUM_SHA256, page, sizeof page);
    g_assert_cmpstr(sum, ==, "0961e14d8096dc6af6c493e8778ab41e46f5a203c30cbd4d9b1f7b5062370b83");
    g_free(sum);
    machine_free(m);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/psp/report/fields", test_report_fields);
    g_test_add_func("/psp/report/family-model-stepping", test_report_fms);
    g_test_add_func("/psp/report/verify-refuses", test_report_verify);
    g_test_add_func("/psp/report/vmpl-at-least-vmpck", test_report_vmpl);
    g_test_add_func("/psp/report/errors-in-payload", test_report_errors);
    g_test_add_func("/psp/key/derivation", test_key_derivation);
    g_test_add_func("/psp/key/errors-in-payload", test_key_errors);
    g_test_add_func("/psp/key/secrets", test_key_secrets);
    g_test_add_func("/psp/key/list-full", test_key_list_full);
    g_test_add_func("/psp/tsc-info", test_tsc_info);
    g_test_add_func("/psp/determinism/guest-request", test_determinism);
    g_test_add_func("/psp/determinism/pinned-response", test_pinned);
    return g_test_run();
}

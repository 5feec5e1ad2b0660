/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SNP_GUEST_REQUEST: the frame, its checks in their order, and the sequence numbers. */
#include <string.h>

#include "rmp/insn.h"
#include "tests/unit/psp_fixture.h"

/* A good TSC_INFO request of the channel's next number, sealed. */
static struct guest_msg tsc_request(const struct machine *m, uint8_t vmpck)
{
    return (struct guest_msg){.vmpck = vmpck,
                              .seqno = psp_gctx_find(&m->psp, GCTX_SPA)->msg_count[vmpck] + 1,
                              .type = PSP_MSG_TSC_INFO_REQ,
                              .size = 128};
}

static enum psp_status page_send(struct machine *m, const uint8_t page[4096])
{
    memory_write(&m->memory, REQ_SPA, ASID_HV, page, 4096);
    return psp_guest_request(&m->psp, &m->bus, GCTX_SPA, REQ_SPA, RESP_SPA, NULL);
}

/* Refused: the response page, the counters and everything else stay as they were. */
static void page_refused(struct machine *m, const uint8_t page[4096], enum psp_status wanted)
{
    uint8_t before[4096], after[4096];
    const struct psp psp = m->psp;

    response_read(m, before);
    g_assert_cmpint(page_send(m, page), ==, wanted);
    response_read(m, after);
    g_assert_cmpmem(after, 4096, before, 4096);
    g_assert_cmpmem(&m->psp, sizeof psp, &psp, sizeof psp);
}

static void test_response_frame(void)
{
    struct machine *m = machine_running(1);
    struct guest_msg request = tsc_request(m, 2), answer;
    uint8_t page[4096];

    g_assert_cmpint(message_send(m, &request, NULL), ==, PSP_SUCCESS);
    response_read(m, page);
    for (unsigned at = 0; at < 0x60; at++) {
        uint8_t wanted = 0;
        switch (at) {
        case 0x20: wanted = 2; break; /* msg_seqno */
        case 0x30: wanted = 1; break; /* algo */
        case 0x31: wanted = 1; break; /* hdr_version */
        case 0x32: wanted = 0x60; break;
        case 0x34: wanted = 0x12; break;
        case 0x35: wanted = 1; break;
        case 0x36: wanted = 128; break;
        case 0x3c: wanted = 2; break;
        }
        if (at >= 16) /* the tag */
            g_assert_cmphex(page[at], ==, wanted);
    }
    g_assert_true(message_open(m, page, &answer));
    page[0x60] ^= 1;
    g_assert_false(message_open(m, page, &answer));
    machine_free(m);
}

/* Every field of the header that is checked before the key is used. */
static void test_header(void)
{
    static const struct {
        const char *what;
        uint8_t at, bytes;
        uint16_t value;
    } cases[] = {
        {"hdr_version", 0x31, 1, 2},
        {"hdr_version", 0x31, 1, 0},
        {"hdr_size", 0x32, 2, 0x50},
        {"algo", 0x30, 1, 0},
        {"algo", 0x30, 1, 2},
        {"msg_size 0", 0x36, 2, 0},
        {"msg_size not 16n", 0x36, 2, 127},
        {"beyond the page", 0x36, 2, 4096 - 0x60 + 16},
        {"msg_size huge", 0x36, 2, 0xfff0},
        {"vmpck", 0x3c, 1, 4},
        {"vmpck", 0x3c, 1, 255},
    };
    struct machine *m = machine_running(1);
    const struct guest_msg request = tsc_request(m, 0);
    uint8_t page[4096];

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        message_seal(m, &request, page);
        put_le(page + cases[i].at, cases[i].value, cases[i].bytes);
        g_test_message("%s", cases[i].what);
        page_refused(m, page, PSP_INVALID_PARAM);
    }
    message_seal(m, &request, page);
    g_assert_cmpint(page_send(m, page), ==, PSP_SUCCESS);
    machine_free(m);
}

/* Each authenticated byte counts: tag, header 0x30-0x5f, payload; and the number through the IV. */
static void test_authenticity(void)
{
    struct machine *m = machine_running(1);
    const struct guest_msg request = tsc_request(m, 0);
    uint8_t page[4096];

    message_seal(m, &request, page);
    for (unsigned at = 0; at < 0x60 + 128; at++) {
        bool frame = (at >= 0x30 && at <= 0x33) || at == 0x36 || at == 0x37 || at == 0x3c;
        bool unused = at >= 0x10 && at < 0x20; /* second half of authtag */
        bool reserved = at >= 0x28 && at < 0x30;
        if (frame || unused || reserved)
            continue;
        page[at] ^= 0x40;
        page_refused(m, page, PSP_BAD_MEASUREMENT);
        page[at] ^= 0x40;
    }
    page[0x3c] = 1; /* the key of another channel */
    page_refused(m, page, PSP_BAD_MEASUREMENT);
    page[0x3c] = 0;
    page[0x36] = 112; /* shortened */
    page_refused(m, page, PSP_BAD_MEASUREMENT);
    page[0x36] = 128;
    g_assert_cmpint(page_send(m, page), ==, PSP_SUCCESS);
    machine_free(m);
}

/* Authenticity first, then freshness, then version and type. */
static void test_order(void)
{
    struct machine *m = machine_running(1);
    struct guest_msg request = tsc_request(m, 0);
    uint8_t page[4096];

    request.seqno = 5;
    request.type = 0x40;
    message_seal(m, &request, page);
    page[0x60] ^= 1; /* not authentic, not fresh, unknown */
    page_refused(m, page, PSP_BAD_MEASUREMENT);
    page[0x60] ^= 1; /* not fresh, unknown */
    page_refused(m, page, PSP_AEAD_OFLOW);
    request.seqno = 1;
    message_seal(m, &request, page); /* unknown */
    page_refused(m, page, PSP_INVALID_PARAM);
    machine_free(m);
}

static void test_types(void)
{
    struct machine *m = machine_running(1);
    uint8_t page[4096];

    for (unsigned type = 0; type < 256; type++) {
        struct guest_msg request = tsc_request(m, 0);
        enum psp_status wanted = PSP_INVALID_PARAM;
        if (type == 7 || type == 9 || type == 0xb || type == 0xd || type == 0xf)
            wanted = PSP_UNSUPPORTED;
        request.type = (uint8_t)type;
        if (type == 1 || type == 3 || type == 5)
            request.size = 0x10 * 5; /* a wrong size for key and report; a bad list for CPUID */
        if (type == 1 || type == 0x11)
            continue; /* answered: test_psp_cpuid.c, test_psp_message.c */
        message_seal(m, &request, page);
        page_refused(m, page, wanted);
    }
    machine_free(m);
}

/* Authentic and fresh, but of another version or of a wrong size: no answer, no number used. */
static void test_version_size(void)
{
    struct machine *m = machine_running(1);
    struct guest_msg request = tsc_request(m, 0);
    struct psp_guest_message note;

    request.version = 2;
    g_assert_cmpint(message_send(m, &request, &note), ==, PSP_INVALID_PARAM);
    g_assert_true(note.authentic);
    g_assert_false(note.answered);
    request.version = 1;
    request.size = 64;
    g_assert_cmpint(message_send(m, &request, &note), ==, PSP_INVALID_PARAM);
    g_assert_true(note.authentic);
    g_assert_false(note.answered);
    g_assert_cmpuint(psp_gctx_find(&m->psp, GCTX_SPA)->msg_count[0], ==, 0);
    request.size = 128;
    g_assert_cmpint(message_send(m, &request, &note), ==, PSP_SUCCESS);
    machine_free(m);
}

/* Requests are 1, 3, 5, ...; each channel counts for itself. */
static void test_sequence(void)
{
    struct machine *m = machine_running(1);
    const struct psp_gctx *gctx = psp_gctx_find(&m->psp, GCTX_SPA);
    static const uint8_t zeros[128];
    struct guest_msg request;
    uint8_t page[4096];

    for (uint64_t n = 0; n < 5; n++) {
        g_assert_cmpuint(gctx->msg_count[1], ==, 2 * n);
        message_ask(m, 1, PSP_MSG_TSC_INFO_REQ, zeros, 128);
    }
    g_assert_cmpuint(gctx->msg_count[1], ==, 10);
    g_assert_cmpuint(gctx->msg_count[0], ==, 0);
    request = tsc_request(m, 1);
    for (uint64_t wrong = 0; wrong < 16; wrong++) {
        if (wrong == 11)
            continue;
        request.seqno = wrong;
        message_seal(m, &request, page);
        page_refused(m, page, PSP_AEAD_OFLOW);
    }
    machine_free(m);
}

/* The hypervisor replays a request that was answered. */
static void test_replay(void)
{
    struct machine *m = machine_running(1);
    struct guest_msg request = tsc_request(m, 0);
    uint8_t page[4096];

    message_seal(m, &request, page);
    g_assert_cmpint(page_send(m, page), ==, PSP_SUCCESS);
    page_refused(m, page, PSP_AEAD_OFLOW);
    g_assert_cmpint(
        message_send(m, &(struct guest_msg){.seqno = 3, .type = 0x11, .size = 128}, NULL), ==,
        PSP_SUCCESS);
    page_refused(m, page, PSP_AEAD_OFLOW);
    machine_free(m);
}

/* The hypervisor drops a request, the guest sends the identical bytes again. */
static void test_drop(void)
{
    struct machine *m = machine_running(1);
    struct guest_msg request = tsc_request(m, 0), answer;
    uint8_t page[4096];

    message_seal(m, &request, page);
    /* dropped: the firmware never sees it; then damaged; then unchanged */
    page[0x70] ^= 1;
    page_refused(m, page, PSP_BAD_MEASUREMENT);
    page[0x70] ^= 1;
    g_assert_cmpint(page_send(m, page), ==, PSP_SUCCESS);
    response_read(m, page);
    g_assert_true(message_open(m, page, &answer));
    g_assert_cmpuint(answer.seqno, ==, 2);
    machine_free(m);
}

/* The last number is refused although it would be next. */
static void test_overflow(void)
{
    struct machine *m = machine_running(1);
    struct guest_msg request;
    uint8_t page[4096];

    m->psp.gctx[0].msg_count[0] = UINT64_MAX - 3;
    request = tsc_request(m, 0);
    g_assert_cmpint(message_send(m, &request, NULL), ==, PSP_SUCCESS);
    g_assert_cmphex(m->psp.gctx[0].msg_count[0], ==, UINT64_MAX - 1);
    request = tsc_request(m, 0);
    g_assert_cmphex(request.seqno, ==, UINT64_MAX);
    message_seal(m, &request, page);
    page_refused(m, page, PSP_AEAD_OFLOW);
    machine_free(m);
}

static enum psp_status request_at(struct machine *m, uint64_t req, uint64_t resp)
{
    return psp_guest_request(&m->psp, &m->bus, GCTX_SPA, req, resp, NULL);
}

static void test_pages(void)
{
    struct machine *m = machine_running(1);
    struct guest_msg request = tsc_request(m, 0);
    uint8_t page[4096];
    const uint64_t end = MACHINE_PAGES * PAGE_BYTES;

    message_seal(m, &request, page);
    memory_write(&m->memory, REQ_SPA, ASID_HV, page, 4096);
    g_assert_cmpint(request_at(m, end, RESP_SPA), ==, PSP_INVALID_ADDRESS);
    g_assert_cmpint(request_at(m, REQ_SPA, end), ==, PSP_INVALID_ADDRESS);
    g_assert_cmpint(request_at(m, UINT64_MAX, RESP_SPA), ==, PSP_INVALID_ADDRESS);
    g_assert_cmpint(request_at(m, REQ_SPA + 4096 - 0x5f, RESP_SPA), ==, PSP_INVALID_ADDRESS);
    g_assert_cmpint(request_at(m, REQ_SPA, PAGE_SPA), ==, PSP_INVALID_PAGE_STATE); /* hypervisor */
    g_assert_cmpint(request_at(m, REQ_SPA, GCTX_SPA), ==, PSP_INVALID_PAGE_STATE); /* context */
    page_pre_guest(m, PAGE_SPA, 0x1000, GUEST_ASID, PAGE_4K);
    g_assert_cmpint(request_at(m, REQ_SPA, PAGE_SPA), ==, PSP_INVALID_PAGE_STATE);
    page_pre_guest(m, LARGE_SPA, 0x200000, GUEST_ASID, PAGE_2M);
    g_assert_cmpint(request_at(m, LARGE_SPA, RESP_SPA), ==, PSP_INVALID_PAGE_SIZE);
    /* The answer does not fit behind its offset: refused, and the number is not used. */
    g_assert_cmpint(request_at(m, REQ_SPA, RESP_SPA + 4096 - 0x60 - 112), ==, PSP_INVALID_PARAM);
    g_assert_cmpint(request_at(m, REQ_SPA, RESP_SPA + 4096 - 0x60 - 128), ==, PSP_SUCCESS);
    /* A message may lie anywhere in its page, but not cross it. */
    request = tsc_request(m, 0);
    message_seal(m, &request, page);
    memory_write(&m->memory, REQ_SPA + 4096 - 0x60 - 112, ASID_HV, page, 0x60 + 128);
    g_assert_cmpint(request_at(m, REQ_SPA + 4096 - 0x60 - 112, RESP_SPA), ==, PSP_INVALID_PARAM);
    memory_write(&m->memory, REQ_SPA + 4096 - 0x60 - 128, ASID_HV, page, 0x60 + 128);
    g_assert_cmpint(request_at(m, REQ_SPA + 4096 - 0x60 - 128, RESP_SPA), ==, PSP_SUCCESS);
    machine_free(m);
}

/* A request page of the guest's own: its ciphertext is looked at, its plaintext view stays. */
static void test_request_page_view(void)
{
    struct machine *m = machine_running(1);
    struct guest_msg request = tsc_request(m, 0);
    uint8_t page[4096];

    message_seal(m, &request, page);
    memory_write(&m->memory, PAGE_SPA, GUEST_ASID, page, 4096);
    g_assert_cmpint(request_at(m, PAGE_SPA, RESP_SPA), ==, PSP_INVALID_PARAM);
    g_assert_cmpuint(m->memory.pages[PAGE_SPA >> PAGE_SHIFT].view, ==, GUEST_ASID);
    machine_free(m);
}

/* What the emulator is told, at each depth of processing. */
static void test_note(void)
{
    struct machine *m = machine_running(1);
    struct guest_msg request = tsc_request(m, 3);
    struct psp_guest_message note;
    uint8_t page[4096];

    message_seal(m, &request, page);
    page[0x30] = 9;
    memory_write(&m->memory, REQ_SPA, ASID_HV, page, 4096);
    psp_guest_request(&m->psp, &m->bus, GCTX_SPA, REQ_SPA, RESP_SPA, &note);
    g_assert_false(note.header_ok);
    page[0x30] = 1;
    page[0x60] ^= 1;
    memory_write(&m->memory, REQ_SPA, ASID_HV, page, 4096);
    psp_guest_request(&m->psp, &m->bus, GCTX_SPA, REQ_SPA, RESP_SPA, &note);
    g_assert_true(note.header_ok);
    g_assert_false(note.authentic);
    g_assert_cmpuint(note.seqno, ==, 1);
    g_assert_cmpuint(note.vmpck, ==, 3);
    g_assert_cmpuint(note.msg_type, ==, 0x11);
    g_assert_cmpuint(note.request_bytes, ==, 0x60 + 128);
    g_assert_cmpint(message_send(m, &request, &note), ==, PSP_SUCCESS);
    g_assert_true(note.authentic);
    g_assert_true(note.answered);
    g_assert_cmpuint(note.payload_status, ==, 0);
    g_assert_cmpuint(note.response_bytes, ==, 0x60 + 128);
    g_assert_cmpuint(note.plaintext_bytes, ==, 0x30 + 128);
    page[0x60] ^= 1;
    g_assert_cmpmem(note.plaintext, 0x30, page + 0x30, 0x30);
    g_assert_cmpmem(note.plaintext + 0x30, 128, request.payload, 128);
    machine_free(m);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/psp/guest-request/response-frame", test_response_frame);
    g_test_add_func("/psp/guest-request/header", test_header);
    g_test_add_func("/psp/guest-request/authenticity", test_authenticity);
    g_test_add_func("/psp/guest-request/authenticity-then-freshness-then-type", test_order);
    g_test_add_func("/psp/guest-request/types", test_types);
    g_test_add_func("/psp/guest-request/version-and-size-use-no-number", test_version_size);
    g_test_add_func("/psp/guest-request/sequence", test_sequence);
    g_test_add_func("/psp/guest-request/replay-refused", test_replay);
    g_test_add_func("/psp/guest-request/drop-and-identical-resend", test_drop);
    g_test_add_func("/psp/guest-request/sequence-overflow", test_overflow);
    g_test_add_func("/psp/guest-request/pages", test_pages);
    g_test_add_func("/psp/guest-request/guest-page-is-ciphertext", test_request_page_view);
    g_test_add_func("/psp/guest-request/note-for-events", test_note);
    return g_test_run();
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GHCB page, its valid bitmap, page-state lists and IOIO as the monitor writes and reads them. */
#include <glib.h>
#include <string.h>

#include "monitor/ghcb_page.h"
#include "monitor/lib/uart.h"
#include "monitor/psc_list.h"

static bool bit(const struct ghcb_page *page, unsigned offset)
{
    const uint8_t *bitmap = (const uint8_t *)page->valid_bitmap;
    return bitmap[offset / 8 / 8] >> offset / 8 % 8 & 1;
}

static uint64_t qword(const struct ghcb_page *page, unsigned offset)
{
    uint64_t value;
    memcpy(&value, (const uint8_t *)page + offset, sizeof value);
    return value;
}

static void test_request(void)
{
    struct ghcb_page page;
    struct ghcb_request request;
    memset(&page, 0xff, sizeof page);
    ghcb_request_begin(&request, &page, 2, 0x7b, 0x11, 0x22);
    g_assert_cmphex(qword(&page, 0x390), ==, 0x7b);
    g_assert_cmphex(qword(&page, 0x398), ==, 0x11);
    g_assert_cmphex(qword(&page, 0x3a0), ==, 0x22);
    g_assert_cmphex(page.valid_bitmap[0], ==, 0); /* nothing of an earlier request is left */
    g_assert_cmphex(page.valid_bitmap[1], ==, UINT64_C(7) << (0x390 / 8 - 64));
    g_assert_cmpuint(page.version, ==, 2);
    g_assert_cmpuint(page.usage, ==, 0);

    ghcb_request_set(&request, GHCB_RAX, 0x1234);
    ghcb_request_set(&request, GHCB_SCRATCH, 0x5678);
    g_assert_cmphex(qword(&page, 0x1f8), ==, 0x1234);
    g_assert_cmphex(qword(&page, 0x3a8), ==, 0x5678);
    g_assert_true(bit(&page, 0x1f8) && bit(&page, 0x3a8));
    /* What the hypervisor does to the page meanwhile does not get into the request. */
    page.valid_bitmap[0] = page.valid_bitmap[1] = UINT64_MAX;
    ghcb_request_set(&request, GHCB_RAX, 1);
    ghcb_request_set(&request, GHCB_SCRATCH, 1);
    g_assert_false(bit(&page, 0x308) || bit(&page, 0x310) || bit(&page, 0x318));
}

static void test_reply(void)
{
    struct ghcb_page page = {0};
    struct ghcb_request answer = {.page = &page};
    struct ghcb_reply reply;
    ghcb_page_reply(&page, &reply);
    g_assert_cmpint(ghcb_reply_status(&reply), ==, GHCB_INCOMPLETE);

    const struct {
        uint64_t info;
        enum ghcb_status status;
    } cases[] = {
        {0, GHCB_OK},      {1, GHCB_EXCEPTION},          {2, GHCB_ERROR},
        {3, GHCB_UNKNOWN}, {UINT64_C(1) << 32, GHCB_OK}, {0xffffffff, GHCB_UNKNOWN},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        ghcb_request_set(&answer, GHCB_EXIT_INFO_1, cases[i].info);
        ghcb_page_reply(&page, &reply);
        g_assert_cmpint(ghcb_reply_status(&reply), ==, cases[i].status);
        g_assert_false(ghcb_reply_has(&reply, GHCB_RAX));
    }
    ghcb_request_set(&answer, GHCB_RAX, 7);
    g_assert_false(ghcb_reply_has(&reply, GHCB_RAX)); /* the copy does not follow the page */
    ghcb_page_reply(&page, &reply);
    g_assert_true(ghcb_reply_has(&reply, GHCB_RAX));
    g_assert_cmpuint(reply.rax, ==, 7);
}

static void test_psc_entry(void)
{
    /* [51:12] GFN, [55:52] operation, [56] size */
    g_assert_cmphex(psc_entry_make(0x123000, PSC_PRIVATE), ==, UINT64_C(0x0010000000123000));
    g_assert_cmphex(psc_entry_make(0x123000, PSC_SHARED), ==, UINT64_C(0x0020000000123000));
    /* Page size in bit 56: 2 MiB. */
    g_assert_cmphex(psc_entry_make(0x200000, PSC_SHARED) | PSC_ENTRY_LARGE, ==,
                    UINT64_C(0x0120000000200000));
    struct psc_header header = psc_header_make(253);
    g_assert_cmpuint(header.current, ==, 0);
    g_assert_cmpuint(header.end, ==, 252);
    g_assert_cmpuint(sizeof header + PSC_ENTRIES_MAX * 8, ==, GHCB_BUFFER_BYTES);
}

static void test_psc_progress(void)
{
    const struct psc_header before = {.current = 3, .end = 9};
    const struct {
        struct psc_header after;
        enum psc_progress progress;
    } cases[] = {
        {{.current = 10, .end = 9}, PSC_DONE},
        {{.current = 9, .end = 9}, PSC_AGAIN},
        {{.current = 3, .end = 9}, PSC_AGAIN},
        {{.current = 2, .end = 9}, PSC_MALFORMED},
        {{.current = 11, .end = 9}, PSC_MALFORMED},
        {{.current = 0xffff, .end = 9}, PSC_MALFORMED},
        {{.current = 10, .end = 10}, PSC_MALFORMED},
        {{.current = 8, .end = 8}, PSC_MALFORMED},
        {{.current = 10, .end = 9, .reserved = 1}, PSC_MALFORMED},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        g_assert_cmpint(psc_header_check(&before, &cases[i].after), ==, cases[i].progress);
}

struct port_log {
    GString *text;
    unsigned polls_until_ready;
};

static uint8_t port_access(void *context, uint16_t port, enum uart_direction direction,
                           uint8_t value)
{
    struct port_log *log = context;
    if (direction == UART_IN) {
        g_assert_cmphex(port, ==, 0x3fd);
        if (log->polls_until_ready == 0)
            return 0x60;
        log->polls_until_ready--;
        return 0;
    }
    g_string_append_printf(log->text, "%x=%02x ", port, value);
    return 0;
}

static void test_uart(void)
{
    struct port_log log = {.text = g_string_new(NULL), .polls_until_ready = 3};
    const struct uart uart = {.access = port_access, .context = &log};
    uart_start(&uart);
    g_assert_cmpstr(log.text->str, ==, "3f9=00 3fb=80 3f8=01 3f9=00 3fb=03 3fa=07 3fc=03 ");
    g_string_truncate(log.text, 0);
    uart_put(&uart, 'a');
    uart_put(&uart, '\n');
    g_assert_cmpstr(log.text->str, ==, "3f8=61 3f8=0d 3f8=0a ");
    g_assert_cmpuint(log.polls_until_ready, ==, 0);
    /* A port that is never ready does not hold the monitor up. */
    log.polls_until_ready = UINT_MAX;
    g_string_truncate(log.text, 0);
    uart_put(&uart, 'b');
    g_assert_cmpstr(log.text->str, ==, "3f8=62 ");
    g_assert_cmphex(uart_ioio_info(0x3f8, UART_OUT), ==, 0x03f80210);
    g_assert_cmphex(uart_ioio_info(0x3fd, UART_IN), ==, 0x03fd0211);
    g_string_free(log.text, TRUE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/monitor/ghcb/ghcb56421/request-sets-its-fields-only", test_request);
    g_test_add_func("/monitor/ghcb/ghcb56421/reply-by-valid-bitmap", test_reply);
    g_test_add_func("/monitor/psc/ghcb56421/entry", test_psc_entry);
    g_test_add_func("/monitor/psc/ghcb56421/progress-of-the-list", test_psc_progress);
    g_test_add_func("/monitor/console/apm2-15.10.2/16550", test_uart);
    return g_test_run();
}

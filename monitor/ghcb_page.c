/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/ghcb_page.h"

void ghcb_request_set(struct ghcb_request *request, enum ghcb_field field, uint64_t value)
{
    unsigned word = field / 64;
    request->valid_bitmap[word] |= UINT64_C(1) << field % 64;
    request->page->qword[field] = value;
    request->page->valid_bitmap[word] = request->valid_bitmap[word];
}

void ghcb_request_begin(struct ghcb_request *request, volatile struct ghcb_page *page,
                        uint16_t version, uint64_t exit_code, uint64_t exit_info_1,
                        uint64_t exit_info_2)
{
    *request = (struct ghcb_request){.page = page};
    page->valid_bitmap[0] = 0;
    page->valid_bitmap[1] = 0;
    page->version = version;
    page->usage = 0; /* 56421 section 2.6: this layout */
    ghcb_request_set(request, GHCB_EXIT_CODE, exit_code);
    ghcb_request_set(request, GHCB_EXIT_INFO_1, exit_info_1);
    ghcb_request_set(request, GHCB_EXIT_INFO_2, exit_info_2);
}

void ghcb_page_reply(const volatile struct ghcb_page *page, struct ghcb_reply *reply)
{
    reply->valid_bitmap[0] = page->valid_bitmap[0];
    reply->valid_bitmap[1] = page->valid_bitmap[1];
    reply->rax = page->qword[GHCB_RAX];
    reply->exit_info_1 = page->qword[GHCB_EXIT_INFO_1];
    reply->exit_info_2 = page->qword[GHCB_EXIT_INFO_2];
}

bool ghcb_reply_has(const struct ghcb_reply *reply, enum ghcb_field field)
{
    return (reply->valid_bitmap[field / 64] >> field % 64 & 1) != 0;
}

/* 56421 section 4.1, "SW_EXITINFO1": result in bits 31:0. */
enum ghcb_status ghcb_reply_status(const struct ghcb_reply *reply)
{
    if (!ghcb_reply_has(reply, GHCB_EXIT_INFO_1)) {
        return GHCB_INCOMPLETE;
    }
    switch ((uint32_t)reply->exit_info_1) {
    case 0: return GHCB_OK;
    case 1: return GHCB_EXCEPTION;
    case 2: return GHCB_ERROR;
    default: return GHCB_UNKNOWN;
    }
}

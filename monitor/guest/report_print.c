/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/guest/report_print.h"

enum { BYTES_PER_LINE = 32 };

void report_print(struct guest *guest, const struct report *report)
{
    static const char digit[] = "0123456789abcdef";
    const uint8_t *bytes = (const uint8_t *)report;
    char line[2 * BYTES_PER_LINE + 1];
    guest_print(guest, "%s\n", REPORT_TEXT_BEGIN);
    for (unsigned at = 0; at < sizeof *report; at += BYTES_PER_LINE) {
        for (unsigned i = 0; i < BYTES_PER_LINE; i++) {
            line[2 * i] = digit[bytes[at + i] >> 4];
            line[2 * i + 1] = digit[bytes[at + i] & 15];
        }
        line[2 * BYTES_PER_LINE] = 0;
        guest_print(guest, "%s\n", line);
    }
    guest_print(guest, "%s\n", REPORT_TEXT_END);
}

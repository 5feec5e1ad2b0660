/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/lib/format.h"

#include <stdbool.h>
#include <stdint.h>

enum { DIGITS_MAX = 20 };

static void put_number(format_put put, void *context, uint64_t value, unsigned base, unsigned width)
{
    char digit[DIGITS_MAX];
    unsigned count = 0;
    do {
        digit[count++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0);
    for (unsigned i = count; i < width && i < DIGITS_MAX; i++) {
        put(context, '0');
    }
    while (count != 0) {
        put(context, digit[--count]);
    }
}

static void put_string(format_put put, void *context, const char *string)
{
    while (*string != '\0') {
        put(context, *string++);
    }
}

void format_print(format_put put, void *context, const char *format, va_list arguments)
{
    for (; *format != '\0'; format++) {
        if (*format != '%') {
            put(context, *format);
            continue;
        }
        const char *start = format++;
        unsigned width = 0;
        while (*format >= '0' && *format <= '9') {
            width = width * 10 + (unsigned)(*format++ - '0');
        }
        bool is_long = *format == 'l';
        if (is_long) {
            format++;
        }
        switch (*format) {
        case 'u':
        case 'x': {
            uint64_t value =
                is_long ? va_arg(arguments, unsigned long) : va_arg(arguments, unsigned);
            put_number(put, context, value, *format == 'u' ? 10 : 16, width);
            break;
        }
        case 's': put_string(put, context, va_arg(arguments, const char *)); break;
        case 'c': put(context, (char)va_arg(arguments, int)); break;
        case '%': put(context, '%'); break;
        default: put(context, *start); format = start;
        }
    }
}

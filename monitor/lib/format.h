/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part of printf that monitor and guests use: %s %c %u %lu %x %lx %%, and %0Nx for width. */
#ifndef MONITOR_LIB_FORMAT_H
#define MONITOR_LIB_FORMAT_H

#include <stdarg.h>

typedef void (*format_put)(void *context, char character);

/* A conversion it does not know comes out as it stands. */
void format_print(format_put put, void *context, const char *format, va_list arguments);

#endif

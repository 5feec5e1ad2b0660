/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The functions of <string.h> that freestanding code and the crypto library need. */
#ifndef MONITOR_LIB_STRING_H
#define MONITOR_LIB_STRING_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *memmove(void *to, const void *from, size_t bytes);
void *memset(void *to, int value, size_t bytes);
int memcmp(const void *a, const void *b, size_t bytes);
size_t strlen(const char *string);

/* Overwrites a secret; the compiler cannot leave it out. */
void secret_wipe(void *secret, size_t bytes);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/lib/string.h"

void secret_wipe(void *secret, size_t bytes)
{
    memset(secret, 0, bytes);
    __asm__ volatile("" : : "r"(secret) : "memory");
}

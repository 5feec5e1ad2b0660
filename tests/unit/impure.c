/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What check_pure.sh must find: allocation, a clock, I/O, random numbers, a library, state. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

void *impure_allocate(size_t len);
int64_t impure_clock(void);
void impure_print(void);
int impure_random(void);
int impure_state(void);
const char *impure_library(void);
const char *sqlite3_libversion(void);

static int impure_counter;
int impure_global = 3;

void *impure_allocate(size_t len)
{
    return malloc(len);
}

int64_t impure_clock(void)
{
    return (int64_t)time(NULL);
}

void impure_print(void)
{
    puts("");
}

int impure_random(void)
{
    return rand();
}

int impure_state(void)
{
    return ++impure_counter;
}

const char *impure_library(void)
{
    return sqlite3_libversion();
}

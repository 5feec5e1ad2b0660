/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an RMP instruction of a guest was asked to act on, whether or not it did anything: `count`
 * 4 KiB pages, of system memory and of the guest.
 */
#ifndef PROVA_RULES_SPAN_H
#define PROVA_RULES_SPAN_H

#include <stdint.h>

#include "trace/event.h"

struct span {
    uint64_t spn, gpn, count;
};

struct span span_of(const struct event_rmp *rmp);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events of any kind with any content that the contract allows: every byte random, padding zero. */
#ifndef PROVA_TESTS_EVENT_RANDOM_H
#define PROVA_TESTS_EVENT_RANDOM_H

#include "trace/event.h"

void event_random(struct event *event);                     /* a kind of the stream */
void event_random_of(struct event *event, uint16_t kind);

#endif

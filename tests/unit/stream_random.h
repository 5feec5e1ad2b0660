/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random steps of a stream: such as an emulator could emit, and such as none could (any words
 * before and after). A theme is what a group of rules looks at; a stream has one of them, so that
 * the events that a rule needs together come together.
 */
#ifndef PROVA_TESTS_STREAM_RANDOM_H
#define PROVA_TESTS_STREAM_RANDOM_H

#include "tests/unit/stream_build.h"

unsigned pick(unsigned below);
/* Few pages and GPAs, so that they meet; both 4 KiB ones and those of one 2 MiB range. */
uint64_t pick_spn(bool wide);
uint64_t pick_gpn(void);

void step_plausible(struct stream *s, bool wide);
void step_any(struct stream *s, bool wide);
/* Changes the last event to one that no emulator would emit. */
void mangle_last(struct stream *s);

/* Adds one event or a few that belong together. */
typedef void theme_fn(struct stream *s, bool wide);
extern theme_fn *const themes[];
extern const unsigned themes_count;

#endif

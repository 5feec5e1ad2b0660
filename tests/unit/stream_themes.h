/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Themes of random streams (stream_random.h) about VMPL0: its memory, VMSAs, processors. */
#ifndef PROVA_TESTS_STREAM_THEMES_H
#define PROVA_TESTS_STREAM_THEMES_H

#include "tests/unit/stream_random.h"

void theme_memory(struct stream *s, bool wide);
void theme_vmsa(struct stream *s, bool wide);
void theme_processors(struct stream *s, bool wide);

#endif

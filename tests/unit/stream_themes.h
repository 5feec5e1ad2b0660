/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Themes of random streams (stream_random.h). */
#ifndef PROVA_TESTS_STREAM_THEMES_H
#define PROVA_TESTS_STREAM_THEMES_H

#include "tests/unit/stream_random.h"

/* Guest memory, injection, firmware messages, the discipline of VMPL0. */
void theme_platform(struct stream *s, bool wide);
void theme_injection(struct stream *s, bool wide);
void theme_messages(struct stream *s, bool wide);
void theme_kernel_lock(struct stream *s, bool wide);
void theme_fail_stop(struct stream *s, bool wide);
void theme_discipline(struct stream *s, bool wide);

/* VMPL0: its memory, VMSAs, processors. */
void theme_memory(struct stream *s, bool wide);
void theme_vmsa(struct stream *s, bool wide);
void theme_processors(struct stream *s, bool wide);

#endif

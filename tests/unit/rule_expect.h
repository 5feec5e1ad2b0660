/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the hand-written streams expect of both judges of a rule. */
#ifndef PROVA_TESTS_RULE_EXPECT_H
#define PROVA_TESTS_RULE_EXPECT_H

#include "tests/unit/stream_build.h"

/* Both judges find the rule broken at seq and at no other event (0: not at all). */
void expect(struct stream *s, const char *name, uint64_t seq);
/* The same, and the stream is freed. */
void done(struct stream *s, const char *name, uint64_t seq);

#endif

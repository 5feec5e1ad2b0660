/* SPDX-License-Identifier: GPL-2.0-or-later */
/* More events of a stream: moves of pages, injection, messages, what VMPL0 asks for. */
#ifndef PROVA_TESTS_STREAM_PLATFORM_H
#define PROVA_TESTS_STREAM_PLATFORM_H

#include "tests/unit/stream_monitor.h"

/* Each returns the sequence number of its event. By VMPL0 on processor 0 where a guest acts. */
uint64_t s_move(struct stream *s, uint64_t gpn, uint64_t spn);
uint64_t s_hv_read(struct stream *s, uint64_t spn, bool plain);
uint64_t s_inject(struct stream *s, uint64_t eventinj, uint64_t sev_features);
/* The plaintext's hash is `text` in all its bytes; 0: could not be decrypted. */
uint64_t s_psp(struct stream *s, uint8_t phase, uint8_t vmpck, uint64_t seqno, uint8_t text);
uint64_t s_exception(struct stream *s, uint8_t vector, uint8_t source, uint64_t error,
                     uint64_t gpn);
uint64_t s_request(struct stream *s, uint8_t protocol, uint64_t code);

#endif

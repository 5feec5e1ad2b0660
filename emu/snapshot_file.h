/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file that a snapshot is in: bytes in order, packed.
 *
 *   0       8         12      16        32       56       64     80
 *   | magic | version | zero  | key     | reached | packed | hash | packed: one zstd frame
 *   |       |         |       |         |         | bytes  |      |
 *
 * All numbers are little-endian; the hash, of packed and of what is in front of it, is XXH3-128 in
 * canonical order. A file appears under its name when it is whole, and not before: it is written
 * as NAME.part.
 */
#ifndef PROVA_EMU_SNAPSHOT_FILE_H
#define PROVA_EMU_SNAPSHOT_FILE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

enum { SNAPSHOT_KEY_BYTES = 16 };

/* What a run's limits are about, as it was when the machine was saved. */
struct snapshot_reached {
    uint64_t insns, events, time_cycles;
};

struct snapshot_writer;

/* NULL and error if the file cannot be made. */
struct snapshot_writer *snapshot_writer_open(const char *path,
                                             const uint8_t key[SNAPSHOT_KEY_BYTES],
                                             GError **error);
void snapshot_reached_set(struct snapshot_writer *writer, struct snapshot_reached reached);
/* What goes wrong is told at the end. */
void snapshot_put(struct snapshot_writer *writer, const void *bytes, size_t len);
/* Frees the writer. False and error: there is no new file, and what was there before still is. */
bool snapshot_writer_close(struct snapshot_writer *writer, GError **error);
/* Frees the writer; nothing is left of the file. NULL is none. */
void snapshot_writer_abandon(struct snapshot_writer *writer);

struct snapshot_reader;

/*
 * Reads the file into memory and checks all of it. NULL: there is none (no error is set), it is
 * not to be trusted, or it is damaged or another's (EMU_ERROR_INPUT). Not to be trusted is a file
 * that somebody else owns or may write, since what is read becomes the emulator's own state.
 */
struct snapshot_reader *snapshot_reader_open(const char *path,
                                             const uint8_t key[SNAPSHOT_KEY_BYTES],
                                             GError **error);
struct snapshot_reached snapshot_reached(const struct snapshot_reader *reader);
/* The next len bytes; false if there are not so many. */
bool snapshot_get(struct snapshot_reader *reader, void *bytes, size_t len);
void snapshot_reader_free(struct snapshot_reader *reader);

#endif

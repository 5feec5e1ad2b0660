/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "emu/snapshot_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "emu/error.h"
#include "emu/hash.h"

enum {
    SNAPSHOT_FILE_VERSION = 1,
    PACK_LEVEL = 1, /* most of it is ciphertext-like pages: more effort gains little */
    PACKED_BYTES = 1 << 18,
};
static const char file_magic[8] = "PROVASNP";

struct header {
    char magic[8];
    uint32_t version;
    uint32_t zero;
    uint8_t key[SNAPSHOT_KEY_BYTES];
    struct snapshot_reached reached;
    uint64_t packed_bytes;
    uint8_t hash[16];
};
_Static_assert(sizeof(struct header) == 80, "the header of a snapshot");
_Static_assert(offsetof(struct header, hash) == 64, "the header of a snapshot");

/* ------------------------------------------------------------------ writing */

struct snapshot_writer {
    char *path, *part;
    int fd;
    int failed; /* errno of what went wrong first; 0 nothing */
    struct header header;
    ZSTD_CCtx *packer;
    XXH3_state_t *hash;
    uint8_t packed[PACKED_BYTES];
};

static void writer_free(struct snapshot_writer *writer)
{
    if (writer->fd >= 0)
        close(writer->fd);
    ZSTD_freeCCtx(writer->packer);
    XXH3_freeState(writer->hash);
    g_free(writer->path);
    g_free(writer->part);
    g_free(writer);
}

struct snapshot_writer *snapshot_writer_open(const char *path,
                                             const uint8_t key[SNAPSHOT_KEY_BYTES],
                                             GError **error)
{
    struct snapshot_writer *writer = g_new0(struct snapshot_writer, 1);
    writer->path = g_strdup(path);
    writer->part = g_strconcat(path, ".part", NULL);
    writer->header.version = SNAPSHOT_FILE_VERSION;
    memcpy(writer->header.magic, file_magic, sizeof(file_magic));
    memcpy(writer->header.key, key, SNAPSHOT_KEY_BYTES);
    writer->packer = ZSTD_createCCtx();
    writer->hash = hash_begin();
    g_assert(writer->packer != NULL);
    ZSTD_CCtx_setParameter(writer->packer, ZSTD_c_compressionLevel, PACK_LEVEL);
    /* What is there is of a run that was killed, or somebody's link to elsewhere. */
    unlink(writer->part);
    writer->fd = open(writer->part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (writer->fd < 0 || lseek(writer->fd, sizeof(struct header), SEEK_SET) < 0) {
        g_set_error(error, EMU_ERROR, EMU_ERROR_INPUT, "%s cannot be written: %s", writer->part,
                    g_strerror(errno));
        writer_free(writer);
        return NULL;
    }
    return writer;
}

static void bytes_write(struct snapshot_writer *writer, const void *bytes, size_t len)
{
    const uint8_t *at = bytes;
    while (len > 0 && writer->failed == 0) {
        ssize_t written = write(writer->fd, at, len);
        if (written < 0 && errno != EINTR)
            writer->failed = errno;
        if (written <= 0)
            continue;
        at += written;
        len -= (size_t)written;
    }
}

/* Hands the bytes to the packer, and what comes out to the file. */
static void pack(struct snapshot_writer *writer, const void *bytes, size_t len,
                 ZSTD_EndDirective directive)
{
    ZSTD_inBuffer in = {bytes, len, 0};
    bool done = false;
    while (!done && writer->failed == 0) {
        ZSTD_outBuffer out = {writer->packed, sizeof(writer->packed), 0};
        size_t left = ZSTD_compressStream2(writer->packer, &out, &in, directive);
        if (ZSTD_isError(left)) {
            writer->failed = ENOMEM;
            return;
        }
        XXH3_128bits_update(writer->hash, writer->packed, out.pos);
        writer->header.packed_bytes += out.pos;
        bytes_write(writer, writer->packed, out.pos);
        done = directive == ZSTD_e_end ? left == 0 : in.pos == in.size;
    }
}

void snapshot_reached_set(struct snapshot_writer *writer, struct snapshot_reached reached)
{
    writer->header.reached = reached;
}

void snapshot_put(struct snapshot_writer *writer, const void *bytes, size_t len)
{
    pack(writer, bytes, len, ZSTD_e_continue);
}

/* The file still has its name: nobody has put another in its place meanwhile. */
static bool part_is_ours(const struct snapshot_writer *writer)
{
    struct stat ours, there;
    return fstat(writer->fd, &ours) == 0 && lstat(writer->part, &there) == 0 &&
           ours.st_dev == there.st_dev && ours.st_ino == there.st_ino;
}

static void part_remove(const struct snapshot_writer *writer)
{
    if (part_is_ours(writer))
        unlink(writer->part);
}

static void part_rename(struct snapshot_writer *writer)
{
    if (!part_is_ours(writer))
        writer->failed = ESTALE;
    else if (rename(writer->part, writer->path) != 0)
        writer->failed = errno;
}

bool snapshot_writer_close(struct snapshot_writer *writer, GError **error)
{
    pack(writer, NULL, 0, ZSTD_e_end);
    XXH3_128bits_update(writer->hash, &writer->header, offsetof(struct header, hash));
    hash_end(g_steal_pointer(&writer->hash), writer->header.hash);
    if (writer->failed == 0 && lseek(writer->fd, 0, SEEK_SET) < 0)
        writer->failed = errno;
    bytes_write(writer, &writer->header, sizeof(writer->header));
    if (writer->failed == 0)
        part_rename(writer);
    const bool fine = writer->failed == 0;
    if (!fine) {
        g_set_error(error, EMU_ERROR, EMU_ERROR_INPUT, "%s cannot be written: %s", writer->path,
                    writer->failed == ESTALE ? "somebody has removed or replaced its .part"
                                             : g_strerror(writer->failed));
        part_remove(writer);
    }
    writer_free(writer);
    return fine;
}

void snapshot_writer_abandon(struct snapshot_writer *writer)
{
    if (writer == NULL)
        return;
    part_remove(writer);
    writer_free(writer);
}

/* ------------------------------------------------------------------ reading */

struct snapshot_reader {
    uint8_t *file; /* all of it that is packed */
    struct snapshot_reached reached;
    ZSTD_inBuffer packed;
    ZSTD_DCtx *unpacker;
};

static bool refuse(GError **error, const char *path, const char *why)
{
    g_set_error(error, EMU_ERROR, EMU_ERROR_INPUT, "%s %s", path, why);
    return false;
}

static bool owner_check(const char *path, int fd, size_t *bytes, GError **error)
{
    struct stat about;
    if (fstat(fd, &about) != 0)
        return refuse(error, path, g_strerror(errno));
    if (!S_ISREG(about.st_mode))
        return refuse(error, path, "is no file");
    if ((about.st_uid != geteuid() && about.st_uid != 0) || (about.st_mode & 022) != 0)
        return refuse(error, path,
                      "belongs to somebody else, or others may write it: a snapshot is trusted as "
                      "the program is. Remove it, or name another folder");
    *bytes = (size_t)about.st_size;
    return true;
}

/* So many bytes; fewer if the file ends before. */
static ssize_t bytes_read(int fd, void *bytes, size_t len)
{
    size_t got = 0;
    while (got < len) {
        ssize_t part = read(fd, (uint8_t *)bytes + got, len - got);
        if (part < 0 && errno == EINTR)
            continue;
        if (part < 0)
            return -1;
        if (part == 0)
            break;
        got += (size_t)part;
    }
    return (ssize_t)got;
}

/* Whether the rest is worth reading: it may be large, and another's. */
static bool header_read(struct header *header, const char *path, int fd, size_t bytes,
                        const uint8_t key[SNAPSHOT_KEY_BYTES], GError **error)
{
    ssize_t got = bytes_read(fd, header, sizeof(*header));
    if (got < 0)
        return refuse(error, path, g_strerror(errno));
    if ((size_t)got < sizeof(*header))
        return refuse(error, path, "is damaged: it is too short");
    if (memcmp(header->magic, file_magic, sizeof(file_magic)) != 0)
        return refuse(error, path, "is no snapshot");
    if (header->version != SNAPSHOT_FILE_VERSION ||
        memcmp(header->key, key, SNAPSHOT_KEY_BYTES) != 0)
        return refuse(error, path, "is the snapshot of another machine or program");
    if (header->packed_bytes != bytes - sizeof(*header))
        return refuse(error, path, "is damaged: it is cut off or too long");
    return true;
}

static void hash_make(const struct header *header, const void *packed, uint8_t out[16])
{
    XXH3_state_t *state = hash_begin();
    XXH3_128bits_update(state, packed, header->packed_bytes);
    XXH3_128bits_update(state, header, offsetof(struct header, hash));
    hash_end(state, out);
}

static bool packed_read(struct snapshot_reader *reader, const struct header *header,
                        const char *path, int fd, GError **error)
{
    const size_t bytes = header->packed_bytes;
    uint8_t hash[sizeof(header->hash)];
    reader->file = g_try_malloc(bytes + 1);
    if (reader->file == NULL)
        return refuse(error, path, "is larger than the host's memory");
    ssize_t got = bytes_read(fd, reader->file, bytes + 1);
    if (got < 0)
        return refuse(error, path, g_strerror(errno));
    if ((size_t)got != bytes)
        return refuse(error, path, "is damaged: it changes while it is read");
    hash_make(header, reader->file, hash);
    if (memcmp(hash, header->hash, sizeof(hash)) != 0)
        return refuse(error, path, "is damaged: its bytes are not those that were written");
    reader->packed = (ZSTD_inBuffer){reader->file, bytes, 0};
    reader->reached = header->reached;
    return true;
}

struct snapshot_reader *snapshot_reader_open(const char *path,
                                             const uint8_t key[SNAPSHOT_KEY_BYTES],
                                             GError **error)
{
    size_t bytes = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        if (errno != ENOENT)
            refuse(error, path, g_strerror(errno));
        return NULL;
    }
    struct header header;
    struct snapshot_reader *reader = g_new0(struct snapshot_reader, 1);
    bool fine = owner_check(path, fd, &bytes, error) &&
                header_read(&header, path, fd, bytes, key, error) &&
                packed_read(reader, &header, path, fd, error);
    close(fd);
    if (!fine) {
        snapshot_reader_free(reader);
        return NULL;
    }
    reader->unpacker = ZSTD_createDCtx();
    g_assert(reader->unpacker != NULL);
    return reader;
}

struct snapshot_reached snapshot_reached(const struct snapshot_reader *reader)
{
    return reader->reached;
}

bool snapshot_get(struct snapshot_reader *reader, void *bytes, size_t len)
{
    ZSTD_outBuffer out = {bytes, len, 0};
    while (out.pos < out.size) {
        size_t before_in = reader->packed.pos, before_out = out.pos;
        size_t hint = ZSTD_decompressStream(reader->unpacker, &out, &reader->packed);
        if (ZSTD_isError(hint) ||
            (reader->packed.pos == before_in && out.pos == before_out))
            return false;
    }
    return true;
}

void snapshot_reader_free(struct snapshot_reader *reader)
{
    if (reader == NULL)
        return;
    ZSTD_freeDCtx(reader->unpacker);
    g_free(reader->file);
    g_free(reader);
}

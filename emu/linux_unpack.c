/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unpacks the payload of a bzImage. Behind the compressed data the kernel's build puts the size of
 * the result in 4 bytes (not with gzip, which has it), so what follows a complete stream is not
 * looked at.
 */
#include <lz4.h>
#include <lzma.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "emu/linux_internal.h"

enum {
    CHUNK_BYTES = 1 << 20,
    LZ4_BLOCK_BYTES = 8 << 20, /* of the legacy format: what a block unpacks to at most */
    SIZE_BYTES = 4,
};

/* A stream may ask its decoder for so much memory; kernels use windows of up to 128 MiB. */
#define DECODER_MEMORY_MAX (UINT64_C(512) << 20)

struct sink {
    GByteArray *out;
    size_t limit;
    size_t used; /* out->len is used plus the room behind */
};

/* Room for the next bytes, at most want; 0 when the limit is reached. */
static size_t sink_room(struct sink *sink, size_t want)
{
    size_t room = MIN(want, sink->limit - sink->used);
    g_byte_array_set_size(sink->out, (guint)(sink->used + room));
    return room;
}

static enum linux_unpack_result unpack_none(struct sink *sink, const uint8_t *in, size_t in_bytes)
{
    if (sink_room(sink, in_bytes) < in_bytes)
        return LINUX_UNPACK_TOO_BIG;
    memcpy(sink->out->data, in, in_bytes);
    sink->used = in_bytes;
    return LINUX_UNPACK_OK;
}

static enum linux_unpack_result unpack_zstd(struct sink *sink, const uint8_t *in, size_t in_bytes)
{
    ZSTD_DStream *stream = ZSTD_createDStream();
    if (stream == NULL)
        g_error("no memory for a zstd decoder");
    ZSTD_inBuffer input = {in, in_bytes, 0};
    enum linux_unpack_result result = LINUX_UNPACK_TOO_BIG;
    for (size_t room; (room = sink_room(sink, CHUNK_BYTES)) > 0;) {
        ZSTD_outBuffer output = {sink->out->data + sink->used, room, 0};
        size_t left = ZSTD_decompressStream(stream, &output, &input);
        sink->used += output.pos;
        if (ZSTD_isError(left))
            result = LINUX_UNPACK_CORRUPT;
        else if (left == 0)
            result = LINUX_UNPACK_OK;
        else if (input.pos == in_bytes && output.pos < room)
            result = LINUX_UNPACK_TRUNCATED;
        else
            continue;
        break;
    }
    ZSTD_freeDStream(stream);
    return result;
}

static enum linux_unpack_result lzma_run(struct sink *sink, lzma_stream *stream)
{
    for (size_t room; (room = sink_room(sink, CHUNK_BYTES)) > 0;) {
        stream->next_out = sink->out->data + sink->used;
        stream->avail_out = room;
        lzma_ret ret = lzma_code(stream, LZMA_RUN);
        sink->used += room - stream->avail_out;
        if (ret == LZMA_STREAM_END)
            return LINUX_UNPACK_OK;
        if (ret == LZMA_BUF_ERROR)
            return LINUX_UNPACK_TRUNCATED;
        if (ret != LZMA_OK)
            return LINUX_UNPACK_CORRUPT;
    }
    return LINUX_UNPACK_TOO_BIG;
}

static enum linux_unpack_result unpack_xz(struct sink *sink, const uint8_t *in, size_t in_bytes)
{
    lzma_stream stream = LZMA_STREAM_INIT;
    stream.next_in = in;
    stream.avail_in = in_bytes;
    if (lzma_stream_decoder(&stream, DECODER_MEMORY_MAX, 0) != LZMA_OK)
        g_error("no memory for an xz decoder");
    enum linux_unpack_result result = lzma_run(sink, &stream);
    lzma_end(&stream);
    return result;
}

static enum linux_unpack_result unpack_lzma(struct sink *sink, const uint8_t *in, size_t in_bytes)
{
    lzma_stream stream = LZMA_STREAM_INIT;
    stream.next_in = in;
    stream.avail_in = in_bytes;
    if (lzma_alone_decoder(&stream, DECODER_MEMORY_MAX) != LZMA_OK)
        g_error("no memory for an lzma decoder");
    enum linux_unpack_result result = lzma_run(sink, &stream);
    lzma_end(&stream);
    return result;
}

static enum linux_unpack_result unpack_gzip(struct sink *sink, const uint8_t *in, size_t in_bytes)
{
    enum { GZIP_WRAPPER = 16 };
    z_stream stream = {.next_in = (Bytef *)(uintptr_t)in, .avail_in = (uInt)in_bytes};
    if (inflateInit2(&stream, GZIP_WRAPPER + MAX_WBITS) != Z_OK)
        g_error("no memory for a gzip decoder");
    enum linux_unpack_result result = LINUX_UNPACK_TOO_BIG;
    for (size_t room; (room = sink_room(sink, CHUNK_BYTES)) > 0;) {
        stream.next_out = sink->out->data + sink->used;
        stream.avail_out = (uInt)room;
        int ret = inflate(&stream, Z_NO_FLUSH);
        sink->used += room - stream.avail_out;
        if (ret == Z_STREAM_END)
            result = LINUX_UNPACK_OK;
        else if (ret == Z_BUF_ERROR)
            result = LINUX_UNPACK_TRUNCATED;
        else if (ret != Z_OK)
            result = LINUX_UNPACK_CORRUPT;
        else
            continue;
        break;
    }
    inflateEnd(&stream);
    return result;
}

/* The legacy frame: the magic, then blocks, each with its compressed size before it, to the end. */
static enum linux_unpack_result unpack_lz4(struct sink *sink, const uint8_t *in, size_t in_bytes)
{
    size_t at = SIZE_BYTES;
    while (in_bytes - at > SIZE_BYTES) {
        uint32_t block_le;
        memcpy(&block_le, in + at, sizeof(block_le));
        uint32_t block = GUINT32_FROM_LE(block_le);
        at += SIZE_BYTES;
        if (block == 0 || block > (uint32_t)LZ4_compressBound(LZ4_BLOCK_BYTES))
            return LINUX_UNPACK_CORRUPT;
        if (block > in_bytes - at)
            return LINUX_UNPACK_TRUNCATED;
        size_t room = sink_room(sink, LZ4_BLOCK_BYTES);
        int got = LZ4_decompress_safe((const char *)in + at, (char *)sink->out->data + sink->used,
                                      (int)block, (int)room);
        if (got < 0)
            return room < LZ4_BLOCK_BYTES ? LINUX_UNPACK_TOO_BIG : LINUX_UNPACK_CORRUPT;
        sink->used += (size_t)got;
        at += block;
    }
    return LINUX_UNPACK_OK;
}

enum linux_unpack_result linux_unpack(GByteArray *out, size_t limit, const uint8_t *in,
                                      size_t in_bytes, const char **format)
{
    static const struct {
        const char *name;
        const char *magic;
        size_t magic_bytes;
        enum linux_unpack_result (*unpack)(struct sink *, const uint8_t *, size_t);
    } formats[] = {
        {"zstd", "\x28\xb5\x2f\xfd", 4, unpack_zstd},
        {"xz", "\3757zXZ", 6, unpack_xz},
        {"gzip", "\x1f\x8b", 2, unpack_gzip},
        {"lz4", "\x02\x21\x4c\x18", 4, unpack_lz4},
        {"lzma", "\x5d\0\0", 3, unpack_lzma},
        {"nothing", "\177ELF", 4, unpack_none},
        {"bzip2", "BZh", 3, NULL},
        {"lzo", "\x89LZO", 4, NULL},
    };
    *format = "an unknown format";
    for (size_t i = 0; i < G_N_ELEMENTS(formats); i++) {
        if (in_bytes < formats[i].magic_bytes ||
            memcmp(in, formats[i].magic, formats[i].magic_bytes) != 0)
            continue;
        *format = formats[i].name;
        if (formats[i].unpack == NULL)
            break;
        struct sink sink = {.out = out, .limit = limit};
        enum linux_unpack_result result = formats[i].unpack(&sink, in, in_bytes);
        g_byte_array_set_size(out, (guint)sink.used);
        return result;
    }
    return LINUX_UNPACK_UNSUPPORTED;
}

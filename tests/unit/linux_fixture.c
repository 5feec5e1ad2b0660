/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/linux_fixture.h"

#include <elf.h>
#include <glib/gstdio.h>
#include <lz4.h>
#include <lzma.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "rmp/addr.h"
#include "tests/unit/emu_fixture.h"

uint64_t field_get(const uint8_t *bytes, size_t offset, size_t width)
{
    uint64_t value = 0;
    for (size_t i = 0; i < width; i++)
        value |= (uint64_t)bytes[offset + i] << (8 * i);
    return value;
}

void field_set(uint8_t *bytes, size_t offset, size_t width, uint64_t value)
{
    for (size_t i = 0; i < width; i++)
        bytes[offset + i] = (uint8_t)(value >> (8 * i));
}

static GByteArray *zeros_new(size_t count)
{
    GByteArray *bytes = g_byte_array_new();
    g_byte_array_set_size(bytes, (guint)count);
    memset(bytes->data, 0, count);
    return bytes;
}

GByteArray *vmlinux_bytes(void)
{
    const Elf64_Ehdr header = {
        .e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
        .e_type = ET_EXEC,
        .e_machine = EM_X86_64,
        .e_version = EV_CURRENT,
        .e_entry = FIXTURE_ENTRY,
        .e_phoff = sizeof(header),
        .e_ehsize = sizeof(header),
        .e_phentsize = sizeof(Elf64_Phdr),
        .e_phnum = 2,
    };
    const Elf64_Phdr segments[2] = {
        {.p_type = PT_LOAD,
         .p_flags = PF_R | PF_X,
         .p_offset = FIXTURE_TEXT_OFFSET,
         .p_vaddr = 0xffffffff80000000 + FIXTURE_TEXT_GPA,
         .p_paddr = FIXTURE_TEXT_GPA,
         .p_filesz = FIXTURE_TEXT_BYTES,
         .p_memsz = FIXTURE_TEXT_BYTES,
         .p_align = PAGE_BYTES},
        {.p_type = PT_LOAD,
         .p_flags = PF_R | PF_W,
         .p_offset = FIXTURE_DATA_OFFSET,
         .p_vaddr = 0xffffffff80000000 + FIXTURE_DATA_GPA,
         .p_paddr = FIXTURE_DATA_GPA,
         .p_filesz = FIXTURE_DATA_BYTES,
         .p_memsz = FIXTURE_BSS_BYTES,
         .p_align = PAGE_BYTES},
    };
    GByteArray *file = zeros_new(FIXTURE_DATA_OFFSET + FIXTURE_DATA_BYTES);
    for (size_t i = FIXTURE_TEXT_OFFSET; i < file->len; i++)
        file->data[i] = (uint8_t)(i * 7 + (i >> 8));
    memcpy(file->data, &header, sizeof(header));
    memcpy(file->data + sizeof(header), segments, sizeof(segments));
    g_strlcpy((char *)file->data + FIXTURE_BANNER_OFFSET,
              "Linux version " FIXTURE_RELEASE " (a@b) (gcc) #1 SMP", 0x100);
    g_strlcpy((char *)file->data + FIXTURE_MARKER_OFFSET, "\0016SEV: SNP running at VMPL%u.\n",
              0x100);
    return file;
}

static void size_append(GByteArray *out, size_t size)
{
    uint8_t bytes[4];
    field_set(bytes, 0, sizeof(bytes), size);
    g_byte_array_append(out, bytes, sizeof(bytes));
}

static void gzip_append(GByteArray *out, const GByteArray *bytes)
{
    z_stream stream = {.next_in = bytes->data, .avail_in = bytes->len};
    g_assert_cmpint(deflateInit2(&stream, 1, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), ==,
                    Z_OK);
    g_byte_array_set_size(out, (guint)deflateBound(&stream, bytes->len));
    stream.next_out = out->data;
    stream.avail_out = out->len;
    g_assert_cmpint(deflate(&stream, Z_FINISH), ==, Z_STREAM_END);
    g_byte_array_set_size(out, (guint)stream.total_out);
    deflateEnd(&stream);
}

static void lz4_append(GByteArray *out, const GByteArray *bytes)
{
    const size_t block_bytes = 8 << 20;
    const uint8_t magic[] = {0x02, 0x21, 0x4c, 0x18};
    g_byte_array_append(out, magic, sizeof(magic));
    for (size_t at = 0; at < bytes->len; at += block_bytes) {
        int from = (int)MIN(block_bytes, bytes->len - at), room = LZ4_compressBound(from);
        char *block = g_malloc((size_t)room);
        int got = LZ4_compress_default((const char *)bytes->data + at, block, from, room);
        g_assert_cmpint(got, >, 0);
        size_append(out, (size_t)got);
        g_byte_array_append(out, (const uint8_t *)block, (guint)got);
        g_free(block);
    }
}

static void lzma_append(GByteArray *out, const GByteArray *bytes, bool xz)
{
    lzma_options_lzma options;
    lzma_stream stream = LZMA_STREAM_INIT;
    lzma_lzma_preset(&options, 0);
    lzma_ret ret = xz ? lzma_easy_encoder(&stream, 0, LZMA_CHECK_CRC32)
                      : lzma_alone_encoder(&stream, &options);
    g_assert_cmpint(ret, ==, LZMA_OK);
    g_byte_array_set_size(out, (guint)lzma_stream_buffer_bound(bytes->len));
    stream.next_in = bytes->data;
    stream.avail_in = bytes->len;
    stream.next_out = out->data;
    stream.avail_out = out->len;
    g_assert_cmpint(lzma_code(&stream, LZMA_FINISH), ==, LZMA_STREAM_END);
    g_byte_array_set_size(out, (guint)stream.total_out);
    lzma_end(&stream);
}

GByteArray *pack_bytes(enum pack pack, const GByteArray *bytes)
{
    GByteArray *out = g_byte_array_new();
    switch (pack) {
    case PACK_ZSTD:
        g_byte_array_set_size(out, (guint)ZSTD_compressBound(bytes->len));
        size_t got = ZSTD_compress(out->data, out->len, bytes->data, bytes->len, 1);
        g_assert_false(ZSTD_isError(got));
        g_byte_array_set_size(out, (guint)got);
        break;
    case PACK_XZ: lzma_append(out, bytes, true); break;
    case PACK_GZIP: gzip_append(out, bytes); return out;
    case PACK_LZ4: lz4_append(out, bytes); break;
    case PACK_LZMA: lzma_append(out, bytes, false); break;
    default: g_byte_array_append(out, bytes->data, bytes->len); return out;
    }
    size_append(out, bytes->len);
    return out;
}

GByteArray *bzimage_of(const GByteArray *payload)
{
    size_t part = (FIXTURE_PAYLOAD_OFFSET + payload->len + 15) / 16 * 16;
    GByteArray *file = zeros_new(FIXTURE_PART_OFFSET + part + 0x70); /* with a signature behind */
    for (size_t i = FIXTURE_PART_OFFSET; i < file->len; i++)
        file->data[i] = (uint8_t)(i * 13);
    memcpy(file->data + FIXTURE_PART_OFFSET + FIXTURE_PAYLOAD_OFFSET, payload->data, payload->len);
    const struct {
        size_t offset, width;
        uint64_t value;
    } fields[] = {
        {0x1f1, 1, FIXTURE_SETUP_SECTS},
        {0x1f2, 2, 1},
        {0x1f4, 4, part / 16},
        {0x1fa, 2, 0xffff},
        {0x1fe, 2, 0xaa55},
        {0x200, 2, 0x6aeb},
        {0x202, 4, 0x53726448},
        {0x206, 2, 0x020f},
        {0x20e, 2, 0x3000},
        {0x211, 1, 1},
        {0x214, 4, 0x100000},
        {0x22c, 4, 0x7fffffff},
        {0x230, 4, 0x200000},
        {0x234, 2, 0x1501},
        {0x236, 2, 0x7f},
        {0x238, 4, FIXTURE_CMDLINE_MAX},
        {0x248, 4, FIXTURE_PAYLOAD_OFFSET},
        {0x24c, 4, payload->len},
        {0x258, 8, FIXTURE_TEXT_GPA},
        {0x260, 4, FIXTURE_INIT_BYTES},
        {0x264, 4, 0xb05130},
        {0x268, 4, 0xb1561c},
        {0x26c, 4, 0xdeadbeef}, /* code of the setup part: no more of the header */
    };
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++)
        field_set(file->data, fields[i].offset, fields[i].width, fields[i].value);
    return file;
}

GByteArray *bzimage_bytes(enum pack pack)
{
    GByteArray *vmlinux = vmlinux_bytes(), *payload = pack_bytes(pack, vmlinux);
    GByteArray *file = bzimage_of(payload);
    g_byte_array_free(vmlinux, TRUE);
    g_byte_array_free(payload, TRUE);
    return file;
}

struct linux_config fixture_config(void)
{
    return (struct linux_config){
        .memory_bytes = UINT64_C(64) << 20,
        .cpus = 1,
        .hole_gpa = FIXTURE_HOLE_GPA,
        .hole_bytes = FIXTURE_HOLE_BYTES,
    };
}

bool fixture_load(struct elf_image *image, struct linux_boot *boot, struct linux_config config,
                  const GByteArray *kernel, const GByteArray *initrd, GError **error)
{
    char *kernel_path = elf_file_write(kernel);
    char *initrd_path = initrd ? elf_file_write(initrd) : NULL;
    config.kernel_path = kernel_path;
    config.initrd_path = initrd_path;
    bool ok = linux_image_load(image, boot, &config, error);
    g_unlink(kernel_path);
    g_free(kernel_path);
    if (initrd_path)
        g_unlink(initrd_path);
    g_free(initrd_path);
    return ok;
}

const uint8_t *page_of(const struct elf_image *image, uint64_t gpa)
{
    for (size_t i = 0; i < image->page_count; i++)
        if (image->pages[i].gpa == gpa)
            return image->pages[i].bytes;
    return NULL;
}

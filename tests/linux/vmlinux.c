/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * usage: linux_vmlinux VMLINUZ VMLINUX
 *
 * Writes the ELF file that a bzImage unpacks itself to: what QEMU can enter as Prova does, without
 * the decompressor. For the bench; prova takes the bzImage itself.
 */
#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "emu/linux_internal.h"

/* The compressed kernel in the file; NULL if there is none. */
static const uint8_t *payload_find(const uint8_t *file, size_t bytes, size_t *payload_bytes)
{
    struct linux_setup_header header;
    if (bytes < LINUX_HEADER_LIMIT)
        return NULL;
    memcpy(&header, file + LINUX_HEADER_OFFSET, sizeof(header));
    if (header.boot_flag != LINUX_BOOT_FLAG || header.header != LINUX_HEADER_MAGIC)
        return NULL;
    unsigned sectors = header.setup_sects ? header.setup_sects : LINUX_SETUP_SECTS_DEFAULT;
    uint64_t start = ((uint64_t)sectors + 1) * LINUX_SECTOR_BYTES + header.payload_offset;
    if (start > bytes || header.payload_length > bytes - start)
        return NULL;
    *payload_bytes = header.payload_length;
    return file + start;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: linux_vmlinux VMLINUZ VMLINUX\n");
        return 2;
    }
    GError *error = NULL;
    char *file;
    size_t bytes, payload_bytes;
    if (!g_file_get_contents(argv[1], &file, &bytes, &error)) {
        fprintf(stderr, "linux_vmlinux: %s\n", error->message);
        return 1;
    }
    const uint8_t *payload = payload_find((const uint8_t *)file, bytes, &payload_bytes);
    if (payload == NULL) {
        fprintf(stderr, "linux_vmlinux: %s: not a bzImage\n", argv[1]);
        return 1;
    }
    GByteArray *vmlinux = g_byte_array_new();
    const char *format;
    if (linux_unpack(vmlinux, LINUX_VMLINUX_MAX, payload, payload_bytes, &format) !=
        LINUX_UNPACK_OK) {
        fprintf(stderr, "linux_vmlinux: %s: cannot be unpacked (%s)\n", argv[1], format);
        return 1;
    }
    bool written =
        g_file_set_contents(argv[2], (const char *)vmlinux->data, (gssize)vmlinux->len, &error);
    if (!written)
        fprintf(stderr, "linux_vmlinux: %s\n", error->message);
    g_clear_error(&error);
    g_byte_array_free(vmlinux, TRUE);
    g_free(file);
    return written ? 0 : 1;
}

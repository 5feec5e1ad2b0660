/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "emu/aml.h"

#include <string.h>

enum aml_op {
    AML_ZERO = 0x00,
    AML_ONE = 0x01,
    AML_NAME = 0x08,
    AML_BYTE = 0x0a,
    AML_DWORD = 0x0c,
    AML_SCOPE = 0x10,
    AML_BUFFER = 0x11,
    AML_PACKAGE = 0x12,
    AML_EXTENDED = 0x5b,
    AML_EXTENDED_DEVICE = 0x82,
};

static void put(GByteArray *code, uint8_t value)
{
    g_byte_array_append(code, &value, 1);
}

static void put_word(GByteArray *code, uint16_t value)
{
    put(code, (uint8_t)value);
    put(code, (uint8_t)(value >> 8));
}

static void put_dword(GByteArray *code, uint32_t value)
{
    put_word(code, (uint16_t)value);
    put_word(code, (uint16_t)(value >> 16));
}

static void put_name(GByteArray *code, const char *name)
{
    g_assert(strlen(name) == 4);
    g_byte_array_append(code, (const uint8_t *)name, 4);
}

size_t aml_scope_open(GByteArray *code, const char *name)
{
    put(code, AML_SCOPE);
    size_t body = code->len;
    put(code, '\\');
    put_name(code, name);
    return body;
}

size_t aml_device_open(GByteArray *code, const char *name)
{
    put(code, AML_EXTENDED);
    put(code, AML_EXTENDED_DEVICE);
    size_t body = code->len;
    put_name(code, name);
    return body;
}

size_t aml_package_open(GByteArray *code, uint8_t elements)
{
    put(code, AML_PACKAGE);
    size_t body = code->len;
    put(code, elements);
    return body;
}

/*
 * 20.2.4, PkgLength: counts itself and the body, and stands before it.
 *
 *   7 6   5 4   3 .. 0               one byte, length < 64:  bits 5:0
 *   n     0     length 3:0           n more bytes follow: 11:4, 19:12, ...
 */
void aml_close(GByteArray *code, size_t body)
{
    size_t bytes = code->len - body;
    uint8_t encoded[2];
    size_t count = bytes + 1 < 64 ? 1 : 2;
    bytes += count;
    g_assert(bytes < 1 << 12);
    if (count == 1) {
        encoded[0] = (uint8_t)bytes;
    } else {
        encoded[0] = (uint8_t)(1 << 6 | (bytes & 0xf));
        encoded[1] = (uint8_t)(bytes >> 4);
    }
    g_byte_array_set_size(code, (guint)(code->len + count));
    memmove(code->data + body + count, code->data + body, code->len - count - body);
    memcpy(code->data + body, encoded, count);
}

void aml_name(GByteArray *code, const char *name)
{
    put(code, AML_NAME);
    put_name(code, name);
}

void aml_byte(GByteArray *code, uint8_t value)
{
    if (value > 1)
        put(code, AML_BYTE);
    put(code, value); /* 0 and 1 are operators of their own */
}

/* 19.3.4, EISAID: three letters of 5 bits, four hexadecimal digits; the bytes in this order. */
void aml_eisa_id(GByteArray *code, const char *id)
{
    g_assert(strlen(id) == 7);
    uint32_t maker = 0, product = 0;
    for (int i = 0; i < 3; i++)
        maker = maker << 5 | (uint32_t)(id[i] - 'A' + 1);
    for (int i = 3; i < 7; i++)
        product = product << 4 | (uint32_t)g_ascii_xdigit_value(id[i]);
    put(code, AML_DWORD);
    put_dword(code, GUINT32_SWAP_LE_BE(maker << 16 | product));
}

void aml_resources(GByteArray *code, const struct aml_resources *resources)
{
    enum {
        IO_PORT = 0x47, /* 6.4.2.5, with 7 bytes */
        DECODE_16 = 1,
        EXTENDED_INTERRUPT = 0x89, /* 6.4.3.6 */
        INTERRUPT_CONSUMER = 1 << 0,
        INTERRUPT_EDGE = 1 << 1,
        END = 0x79, /* 6.4.2.9 */
        TEMPLATE_BYTES = 8 + 9 + 2,
    };
    put(code, AML_BUFFER);
    size_t body = code->len;
    aml_byte(code, TEMPLATE_BYTES);
    size_t start = code->len;
    put(code, IO_PORT);
    put(code, DECODE_16);
    put_word(code, resources->port); /* the lowest and the highest that it can begin at */
    put_word(code, resources->port);
    put(code, 1); /* alignment */
    put(code, resources->ports);
    put(code, EXTENDED_INTERRUPT);
    put_word(code, 6);
    put(code, INTERRUPT_CONSUMER | INTERRUPT_EDGE);
    put(code, 1);
    put_dword(code, resources->gsi);
    put(code, END);
    put(code, 0); /* a checksum of 0 is one that nobody checks */
    g_assert(code->len - start == TEMPLATE_BYTES);
    aml_close(code, body);
}

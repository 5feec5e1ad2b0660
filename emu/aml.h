/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ACPI Machine Language (ACPI 6.4, chapter 20), as much as a serial port takes. Everything is
 * appended to code; what is opened is closed in reverse order.
 */
#ifndef PROVA_EMU_AML_H
#define PROVA_EMU_AML_H

#include <glib.h>
#include <stdint.h>

/* Terms with a body: the number is for aml_close(). Names are of 4 characters, without "\". */
size_t aml_scope_open(GByteArray *code, const char *name);
size_t aml_device_open(GByteArray *code, const char *name);
size_t aml_package_open(GByteArray *code, uint8_t elements);
void aml_close(GByteArray *code, size_t body);

void aml_name(GByteArray *code, const char *name); /* its value comes next */
void aml_byte(GByteArray *code, uint8_t value);
void aml_eisa_id(GByteArray *code, const char *id); /* "PNP0501" */

/* A template with I/O ports, all 16 address bits decoded, and one edge-triggered interrupt. */
struct aml_resources {
    uint16_t port;
    uint8_t ports;
    uint32_t gsi;
};
void aml_resources(GByteArray *code, const struct aml_resources *resources);

#endif

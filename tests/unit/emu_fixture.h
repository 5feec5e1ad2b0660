/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Small ELF monitors made by the tests: a header, program headers, one page of code, the SNP-LAUNCH
 * notes. What a test changes in the bytes is its own business.
 */
#ifndef PROVA_TESTS_EMU_FIXTURE_H
#define PROVA_TESTS_EMU_FIXTURE_H

#include <glib.h>

#include "emu/machine.h"

/* Layout of the monitor that elf_monitor_bytes() makes. */
#define FIXTURE_MEMORY_GPA   UINT64_C(0x800000)
#define FIXTURE_MEMORY_BYTES UINT64_C(0x20000)
#define FIXTURE_CODE_GPA     FIXTURE_MEMORY_GPA
#define FIXTURE_SECRETS_GPA  (FIXTURE_MEMORY_GPA + 0x2000)
#define FIXTURE_CPUID_GPA    (FIXTURE_MEMORY_GPA + 0x3000)
#define FIXTURE_INFO_GPA     (FIXTURE_MEMORY_GPA + 0x4000)
#define FIXTURE_PARAMS_GPA   (FIXTURE_MEMORY_GPA + 0x5000)
#define FIXTURE_TABLES_GPA   (FIXTURE_MEMORY_GPA + 0x6000)
enum { FIXTURE_TABLES_PAGES = 7 };

/* An ELF image with the given code at its entry (at most 4096 bytes) and one bss page behind it. */
GByteArray *elf_monitor_bytes(const uint8_t *code, size_t code_bytes);

/* Writes bytes to a temporary file; g_unlink() and g_free() the path. */
char *elf_file_write(const GByteArray *bytes);

/* A launched machine of that monitor, 16 MiB, one processor. Aborts the test if it fails. */
struct machine *machine_of_code(const uint8_t *code, size_t code_bytes);

#endif

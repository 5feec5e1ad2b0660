/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ACPI tables of a Linux guest (ACPI 6.4): a PC without firmware, hardware-reduced, with local
 * APICs, one IOAPIC and one serial port. No table that is not needed to boot.
 */
#ifndef PROVA_EMU_ACPI_H
#define PROVA_EMU_ACPI_H

#include <glib.h>
#include <stdint.h>

enum {
    ACPI_CPUS_MAX = 16,
    ACPI_AREA_BYTES = 1 << 20, /* kept for the tables at the end of memory */
    ACPI_LAPIC_GPA = 0xfee00000,
    ACPI_IOAPIC_GPA = 0xfec00000,
    ACPI_COM1_PORT = 0x3f8,
    ACPI_COM1_GSI = 4,
    /* Ports of the hardware-reduced sleep and reset registers, one byte each. */
    ACPI_SLEEP_CONTROL_PORT = 0x600,
    ACPI_SLEEP_STATUS_PORT = 0x601,
    ACPI_RESET_PORT = 0x602,
    ACPI_RESET_VALUE = 1,
    ACPI_SLEEP_TYPE_OFF = 5, /* SLP_TYP of S5 */
};

/*
 * All tables as they lie in memory from gpa on (a multiple of 16, below 4 GiB), RSDP first.
 * Processors have the APIC ids 0, 1, ... cpus - 1; cpus is 1 .. ACPI_CPUS_MAX.
 */
GByteArray *acpi_tables_new(uint64_t gpa, uint32_t cpus);

#endif

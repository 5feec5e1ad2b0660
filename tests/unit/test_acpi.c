/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ACPI tables of a Linux guest, to the byte. */
#include <string.h>

#include "emu/acpi.h"
#include "emu/aml.h"

#define AREA_GPA UINT64_C(0xff00000)

/* Offsets in the area, for any number of processors. */
enum { DSDT_AT = 0x30, DSDT_BYTES = 0x6c, FADT_AT = 0xa0, FADT_BYTES = 276, MADT_AT = 0x1c0 };

#define OEM     'P', 'R', 'O', 'V', 'A', ' ', 'P', 'R', 'O', 'V', 'A', ' ', ' ', ' ', 1, 0, 0, 0
#define CREATOR 'P', 'R', 'O', 'V', 1, 0, 0, 0

static uint8_t sum(const uint8_t *bytes, size_t count)
{
    uint8_t total = 0;
    for (size_t i = 0; i < count; i++)
        total = (uint8_t)(total + bytes[i]);
    return total;
}

static uint64_t get(const GByteArray *area, size_t offset, size_t width)
{
    uint64_t value = 0;
    g_assert_cmpuint(offset + width, <=, area->len);
    for (size_t i = 0; i < width; i++)
        value |= (uint64_t)area->data[offset + i] << (8 * i);
    return value;
}

/* A table at that place, but for its checksum, which is right. */
static void table_check(const GByteArray *area, size_t at, const uint8_t *expected, size_t bytes)
{
    g_assert_cmpuint(at + bytes, <=, area->len);
    uint8_t *table = g_malloc(bytes);
    memcpy(table, area->data + at, bytes);
    g_assert_cmphex(sum(table, bytes), ==, 0);
    table[9] = 0;
    g_assert_cmpmem(table, bytes, expected, bytes);
    g_free(table);
}

static void test_rsdp_and_xsdt(void)
{
    for (uint32_t cpus = 1; cpus <= ACPI_CPUS_MAX; cpus++) {
        GByteArray *area = acpi_tables_new(AREA_GPA, cpus);
        g_assert_cmpmem(area->data, 8, "RSD PTR ", 8);
        g_assert_cmphex(sum(area->data, 20), ==, 0);
        g_assert_cmphex(sum(area->data, 36), ==, 0);
        g_assert_cmpmem(area->data + 9, 6, "PROVA ", 6);
        g_assert_cmphex(get(area, 15, 1), ==, 2);
        g_assert_cmphex(get(area, 16, 4), ==, 0);
        g_assert_cmphex(get(area, 20, 4), ==, 36);
        uint64_t xsdt = get(area, 24, 8);
        g_assert_cmphex(get(area, 33, 3), ==, 0);
        g_assert_cmphex(xsdt, ==, (AREA_GPA + MADT_AT + 44 + 8 * cpus + 12 + 15) / 16 * 16);

        uint8_t expected[52] = {'X', 'S', 'D', 'T', 52, 0, 0, 0, 1, 0, OEM, CREATOR};
        const uint64_t tables[] = {AREA_GPA + FADT_AT, AREA_GPA + MADT_AT};
        memcpy(expected + 36, tables, sizeof(tables));
        table_check(area, xsdt - AREA_GPA, expected, sizeof(expected));
        g_assert_cmpuint(area->len, ==, xsdt - AREA_GPA + sizeof(expected));
        g_byte_array_free(area, TRUE);
    }
}

static void test_dsdt(void)
{
    /* The disassembly of iasl:
     *   Name (_S5, Package (0x04) {0x05, 0x05, Zero, Zero})
     *   Scope (\_SB) { Device (COM1) {
     *     Name (_HID, EisaId ("PNP0501"))
     *     Name (_UID, One)
     *     Name (_CRS, ResourceTemplate () {
     *       IO (Decode16, 0x03F8, 0x03F8, 0x01, 0x08)
     *       Interrupt (ResourceConsumer, Edge, ActiveHigh, Exclusive) {0x00000004} }) } }
     */
    static const uint8_t expected[] = {
        'D',  'S',  'D',  'T',  DSDT_BYTES, 0, 0, 0, 2, 0, OEM, CREATOR, /* header */
        0x08, '_',  'S',  '5',  '_',  0x12, 0x08, 4, 0x0a, 5, 0x0a, 5, 0x00, 0x00,
        0x10, 0x39, '\\', '_',  'S',  'B',  '_',
        0x5b, 0x82, 0x31, 'C',  'O',  'M',  '1',
        0x08, '_',  'H',  'I',  'D',  0x0c, 0x41, 0xd0, 0x05, 0x01,
        0x08, '_',  'U',  'I',  'D',  0x01,
        0x08, '_',  'C',  'R',  'S',  0x11, 0x16, 0x0a, 19,
        0x47, 0x01, 0xf8, 0x03, 0xf8, 0x03, 0x01, 0x08,
        0x89, 0x06, 0x00, 0x03, 0x01, 0x04, 0x00, 0x00, 0x00,
        0x79, 0x00,
    };
    G_STATIC_ASSERT(sizeof(expected) == DSDT_BYTES);
    GByteArray *area = acpi_tables_new(AREA_GPA, 1);
    table_check(area, DSDT_AT, expected, sizeof(expected));
    g_byte_array_free(area, TRUE);
}

static void test_fadt(void)
{
    uint8_t expected[FADT_BYTES] = {'F', 'A', 'C', 'P', 0x14, 1, 0, 0, 6, 0, OEM, CREATOR};
    static const struct {
        size_t offset;
        uint8_t bytes[12];
        size_t count;
    } fields[] = {
        {40, {0x30, 0x00, 0xf0, 0x0f}, 4},                /* DSDT */
        {109, {0x0d}, 1},                                 /* legacy devices, no VGA, no MSI */
        {112, {0x31, 0x04, 0x10, 0x00}, 4},               /* hardware-reduced, reset register */
        {116, {1, 8, 0, 1, 0x02, 0x06}, 12},              /* RESET_REG */
        {128, {1}, 1},                                    /* RESET_VALUE */
        {131, {4}, 1},                                    /* 6.4 */
        {140, {0x30, 0x00, 0xf0, 0x0f}, 8},               /* X_DSDT */
        {244, {1, 8, 0, 1, 0x00, 0x06}, 12},              /* SLEEP_CONTROL_REG */
        {256, {1, 8, 0, 1, 0x01, 0x06}, 12},              /* SLEEP_STATUS_REG */
        {268, {'P', 'R', 'O', 'V', 'A', ' ', ' ', ' '}, 8}, /* hypervisor */
    };
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++)
        memcpy(expected + fields[i].offset, fields[i].bytes, fields[i].count);
    GByteArray *area = acpi_tables_new(AREA_GPA, 1);
    table_check(area, FADT_AT, expected, sizeof(expected));
    g_byte_array_free(area, TRUE);
}

static void test_madt(void)
{
    for (uint8_t cpus = 1; cpus <= ACPI_CPUS_MAX; cpus++) {
        uint8_t expected[44 + 8 * ACPI_CPUS_MAX + 12] = {'A', 'P', 'I', 'C', 0, 0, 0, 0, 5, 0, OEM,
                                                         CREATOR, 0, 0, 0xe0, 0xfe};
        const uint8_t ioapic[] = {1, 12, 0, 0, 0, 0, 0xc0, 0xfe, 0, 0, 0, 0};
        size_t bytes = 44;
        for (uint8_t cpu = 0; cpu < cpus; cpu++) {
            const uint8_t lapic[] = {0, 8, cpu, cpu, 1, 0, 0, 0};
            memcpy(expected + bytes, lapic, sizeof(lapic));
            bytes += sizeof(lapic);
        }
        memcpy(expected + bytes, ioapic, sizeof(ioapic));
        bytes += sizeof(ioapic);
        expected[4] = (uint8_t)bytes;
        GByteArray *area = acpi_tables_new(AREA_GPA, cpus);
        table_check(area, MADT_AT, expected, bytes);
        g_byte_array_free(area, TRUE);
    }
}

/* ACPI 20.2.4: one byte up to 63 with itself, two beyond. */
static void test_package_length(void)
{
    static const struct {
        size_t body;
        uint8_t bytes[2];
        size_t count;
    } cases[] = {
        {4, {5}, 1}, {62, {63}, 1}, {63, {0x41, 0x04}, 2}, {1000, {0x4a, 0x3e}, 2}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        GByteArray *code = g_byte_array_new();
        size_t body = aml_device_open(code, "ABCD");
        while (code->len < body + cases[i].body)
            aml_byte(code, 0);
        aml_close(code, body);
        g_assert_cmpuint(code->len, ==, body + cases[i].count + cases[i].body);
        g_assert_cmpmem(code->data + body, cases[i].count, cases[i].bytes, cases[i].count);
        g_assert_cmpmem(code->data + body + cases[i].count, 4, "ABCD", 4);
        g_byte_array_free(code, TRUE);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/acpi/5.2.5-rsdp-and-xsdt", test_rsdp_and_xsdt);
    g_test_add_func("/acpi/5.2.11-dsdt", test_dsdt);
    g_test_add_func("/acpi/5.2.9-fadt", test_fadt);
    g_test_add_func("/acpi/5.2.12-madt", test_madt);
    g_test_add_func("/acpi/20.2.4-package-length", test_package_length);
    return g_test_run();
}

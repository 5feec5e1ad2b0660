/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "emu/acpi.h"

#include <stddef.h>
#include <string.h>

#include "emu/aml.h"

#define OEM_ID     "PROVA "
#define TABLE_ID   "PROVA   "
#define CREATOR_ID "PROV"

enum { TABLE_ALIGN = 16, OEM_REVISION = 1 };

/* ACPI 6.4, 5.2.6: System Description Table Header. */
struct table_header {
    char signature[4];
    uint32_t length;
    uint8_t revision;
    uint8_t checksum; /* all bytes of the table sum up to 0 */
    char oem_id[6];
    char table_id[8];
    uint32_t oem_revision;
    char creator_id[4];
    uint32_t creator_revision;
} __attribute__((packed));
_Static_assert(sizeof(struct table_header) == 36, "ACPI 5.2.6");

/* 5.2.5.3 */
struct rsdp {
    char signature[8];
    uint8_t checksum; /* of the first 20 bytes */
    char oem_id[6];
    uint8_t revision;
    uint32_t rsdt;
    uint32_t length;
    uint64_t xsdt;
    uint8_t extended_checksum; /* of all */
    uint8_t reserved[3];
} __attribute__((packed));
_Static_assert(sizeof(struct rsdp) == 36, "ACPI 5.2.5.3");
enum { RSDP_FIRST_BYTES = 20 };

/* 5.2.8 */
struct xsdt {
    struct table_header header;
    uint64_t table[2]; /* FADT, MADT; the DSDT hangs off the FADT */
} __attribute__((packed));

/* 5.2.3.2: Generic Address Structure. */
struct address {
    uint8_t space;
    uint8_t bits;
    uint8_t offset;
    uint8_t access;
    uint64_t address;
} __attribute__((packed));
_Static_assert(sizeof(struct address) == 12, "ACPI 5.2.3.2");
enum { ADDRESS_IO = 1, ADDRESS_BYTE = 1 };

/* 5.2.9: what hardware-reduced ACPI leaves zero is not named. */
struct fadt {
    struct table_header header;
    uint32_t firmware_ctrl;
    uint32_t dsdt;
    uint8_t zero_44[109 - 44];
    uint16_t boot_arch;
    uint8_t zero_111;
    uint32_t flags;
    struct address reset;
    uint8_t reset_value;
    uint16_t arm_boot_arch;
    uint8_t minor_version;
    uint64_t x_firmware_ctrl;
    uint64_t x_dsdt;
    uint8_t zero_148[244 - 148];
    struct address sleep_control;
    struct address sleep_status;
    char hypervisor[8];
} __attribute__((packed));
_Static_assert(sizeof(struct fadt) == 276, "ACPI 5.2.9");
_Static_assert(offsetof(struct fadt, boot_arch) == 109, "ACPI 5.2.9");
_Static_assert(offsetof(struct fadt, x_dsdt) == 140, "ACPI 5.2.9");
_Static_assert(offsetof(struct fadt, sleep_control) == 244, "ACPI 5.2.9");

enum fadt_boot_arch {
    BOOT_LEGACY_DEVICES = 1 << 0,
    BOOT_NO_VGA = 1 << 2,
    BOOT_NO_MSI = 1 << 3,
};

enum fadt_flags {
    FADT_WBINVD = 1 << 0,
    FADT_NO_POWER_BUTTON = 1 << 4, /* no fixed one, that is */
    FADT_NO_SLEEP_BUTTON = 1 << 5,
    FADT_RESET_REG = 1 << 10,
    FADT_HW_REDUCED = 1 << 20,
};

/* 5.2.12 */
struct madt {
    struct table_header header;
    uint32_t lapic_gpa;
    uint32_t flags; /* PCAT_COMPAT is not set: there are no 8259s */
} __attribute__((packed));
_Static_assert(sizeof(struct madt) == 44, "ACPI 5.2.12");

struct madt_lapic {
    uint8_t type, length;
    uint8_t processor_uid;
    uint8_t apic_id;
    uint32_t flags;
} __attribute__((packed));
_Static_assert(sizeof(struct madt_lapic) == 8, "ACPI 5.2.12.2");

struct madt_ioapic {
    uint8_t type, length;
    uint8_t id;
    uint8_t reserved;
    uint32_t gpa;
    uint32_t gsi_base;
} __attribute__((packed));
_Static_assert(sizeof(struct madt_ioapic) == 12, "ACPI 5.2.12.3");

enum { MADT_LAPIC = 0, MADT_IOAPIC = 1, LAPIC_ENABLED = 1 << 0 };

static uint8_t checksum(const void *bytes, size_t count)
{
    uint8_t sum = 0;
    for (size_t i = 0; i < count; i++)
        sum = (uint8_t)(sum + ((const uint8_t *)bytes)[i]);
    return (uint8_t)-sum;
}

static struct table_header header_of(const char *signature, uint8_t revision)
{
    struct table_header header = {
        .revision = revision, .oem_revision = OEM_REVISION, .creator_revision = OEM_REVISION};
    memcpy(header.signature, signature, sizeof(header.signature));
    memcpy(header.oem_id, OEM_ID, sizeof(header.oem_id));
    memcpy(header.table_id, TABLE_ID, sizeof(header.table_id));
    memcpy(header.creator_id, CREATOR_ID, sizeof(header.creator_id));
    return header;
}

static struct address port_byte(uint16_t port)
{
    return (struct address){
        .space = ADDRESS_IO, .bits = 8, .access = ADDRESS_BYTE, .address = port};
}

/* The table takes its length and checksum and goes to the end of area; its GPA. */
static uint64_t table_add(GByteArray *area, uint64_t gpa, GByteArray *table)
{
    struct table_header *header = (struct table_header *)(void *)table->data;
    header->length = table->len;
    header->checksum = checksum(table->data, table->len);
    while (area->len % TABLE_ALIGN)
        g_byte_array_append(area, (const uint8_t[]){0}, 1);
    uint64_t at = gpa + area->len;
    g_byte_array_append(area, table->data, table->len);
    g_byte_array_free(table, TRUE);
    return at;
}

static GByteArray *bytes_new(const void *bytes, size_t count)
{
    return g_byte_array_append(g_byte_array_new(), bytes, (guint)count);
}

/*
 * What the FADT does not say: how to power off, and that there is a serial port. Without the
 * device, hardware-reduced ACPI leaves its interrupt without a route.
 */
static GByteArray *dsdt_new(void)
{
    const struct table_header header = header_of("DSDT", 2);
    GByteArray *dsdt = bytes_new(&header, sizeof(header));
    aml_name(dsdt, "_S5_");
    size_t package = aml_package_open(dsdt, 4);
    aml_byte(dsdt, ACPI_SLEEP_TYPE_OFF);
    aml_byte(dsdt, ACPI_SLEEP_TYPE_OFF);
    aml_byte(dsdt, 0);
    aml_byte(dsdt, 0);
    aml_close(dsdt, package);

    size_t scope = aml_scope_open(dsdt, "_SB_");
    size_t device = aml_device_open(dsdt, "COM1");
    aml_name(dsdt, "_HID");
    aml_eisa_id(dsdt, "PNP0501");
    aml_name(dsdt, "_UID");
    aml_byte(dsdt, 1);
    aml_name(dsdt, "_CRS");
    const struct aml_resources resources = {
        .port = ACPI_COM1_PORT, .ports = 8, .gsi = ACPI_COM1_GSI};
    aml_resources(dsdt, &resources);
    aml_close(dsdt, device);
    aml_close(dsdt, scope);
    return dsdt;
}

static GByteArray *fadt_new(uint64_t dsdt_gpa)
{
    struct fadt fadt = {
        .header = header_of("FACP", 6),
        .dsdt = (uint32_t)dsdt_gpa,
        .boot_arch = BOOT_LEGACY_DEVICES | BOOT_NO_VGA | BOOT_NO_MSI,
        .flags = FADT_WBINVD | FADT_NO_POWER_BUTTON | FADT_NO_SLEEP_BUTTON | FADT_RESET_REG |
                 FADT_HW_REDUCED,
        .reset = port_byte(ACPI_RESET_PORT),
        .reset_value = ACPI_RESET_VALUE,
        .minor_version = 4,
        .x_dsdt = dsdt_gpa,
        .sleep_control = port_byte(ACPI_SLEEP_CONTROL_PORT),
        .sleep_status = port_byte(ACPI_SLEEP_STATUS_PORT),
    };
    memcpy(fadt.hypervisor, TABLE_ID, sizeof(fadt.hypervisor));
    return bytes_new(&fadt, sizeof(fadt));
}

static GByteArray *madt_new(uint32_t cpus)
{
    const struct madt madt = {.header = header_of("APIC", 5), .lapic_gpa = ACPI_LAPIC_GPA};
    GByteArray *bytes = bytes_new(&madt, sizeof(madt));
    for (uint32_t cpu = 0; cpu < cpus; cpu++) {
        const struct madt_lapic lapic = {
            .type = MADT_LAPIC,
            .length = sizeof(lapic),
            .processor_uid = (uint8_t)cpu,
            .apic_id = (uint8_t)cpu,
            .flags = LAPIC_ENABLED,
        };
        g_byte_array_append(bytes, (const uint8_t *)&lapic, sizeof(lapic));
    }
    const struct madt_ioapic ioapic = {
        .type = MADT_IOAPIC, .length = sizeof(ioapic), .gpa = ACPI_IOAPIC_GPA};
    g_byte_array_append(bytes, (const uint8_t *)&ioapic, sizeof(ioapic));
    return bytes;
}

GByteArray *acpi_tables_new(uint64_t gpa, uint32_t cpus)
{
    g_assert(cpus >= 1 && cpus <= ACPI_CPUS_MAX);
    g_assert(gpa % TABLE_ALIGN == 0 && gpa <= UINT32_MAX - ACPI_AREA_BYTES);
    struct rsdp rsdp = {.signature = {'R', 'S', 'D', ' ', 'P', 'T', 'R', ' '},
                        .revision = 2,
                        .length = sizeof(rsdp)};
    GByteArray *area = bytes_new(&rsdp, sizeof(rsdp)); /* its place; filled below */
    uint64_t dsdt = table_add(area, gpa, dsdt_new());
    uint64_t fadt = table_add(area, gpa, fadt_new(dsdt));
    uint64_t madt = table_add(area, gpa, madt_new(cpus));
    const struct xsdt xsdt = {.header = header_of("XSDT", 1), .table = {fadt, madt}};
    rsdp.xsdt = table_add(area, gpa, bytes_new(&xsdt, sizeof(xsdt)));
    memcpy(rsdp.oem_id, OEM_ID, sizeof(rsdp.oem_id));
    rsdp.checksum = checksum(&rsdp, RSDP_FIRST_BYTES);
    rsdp.extended_checksum = checksum(&rsdp, sizeof(rsdp));
    memcpy(area->data, &rsdp, sizeof(rsdp));
    return area;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The Linux x86 boot protocol, version 2.15, as far as a loader needs it: the setup header of a
 * bzImage, boot_params ("zero page") and what hangs off it for an SEV-SNP guest. Little endian.
 */
#ifndef PROVA_EMU_LINUX_PARAMS_H
#define PROVA_EMU_LINUX_PARAMS_H

#include <stddef.h>
#include <stdint.h>

enum {
    LINUX_HEADER_OFFSET = 0x1f1, /* in the file and in boot_params */
    LINUX_HEADER_LIMIT = 0x290,  /* no header reaches further */
    LINUX_BOOT_FLAG = 0xaa55,
    LINUX_HEADER_MAGIC = 0x53726448, /* "HdrS" */
    LINUX_PROTOCOL_MIN = 0x020f,
    LINUX_LOADED_HIGH = 1 << 0, /* loadflags */
    LINUX_XLF_KERNEL_64 = 1 << 0,
    LINUX_ENTRY_64 = 0x200, /* behind the start of the protected-mode part */
    LINUX_LOADER_UNDEFINED = 0xff,
    LINUX_SECTOR_BYTES = 512,
    LINUX_SETUP_SECTS_DEFAULT = 4,
};

struct linux_setup_header {
    uint8_t setup_sects;
    uint16_t root_flags;
    uint32_t syssize; /* of the protected-mode part, in 16 bytes */
    uint16_t ram_size;
    uint16_t vid_mode;
    uint16_t root_dev;
    uint16_t boot_flag;
    uint8_t jump[2]; /* the second byte tells where the header ends */
    uint32_t header;
    uint16_t version;
    uint32_t realmode_swtch;
    uint16_t start_sys_seg;
    uint16_t kernel_version;
    uint8_t type_of_loader;
    uint8_t loadflags;
    uint16_t setup_move_size;
    uint32_t code32_start;
    uint32_t ramdisk_image;
    uint32_t ramdisk_size;
    uint32_t bootsect_kludge;
    uint16_t heap_end_ptr;
    uint8_t ext_loader_ver;
    uint8_t ext_loader_type;
    uint32_t cmd_line_ptr;
    uint32_t initrd_addr_max; /* the last byte that an initrd may have */
    uint32_t kernel_alignment;
    uint8_t relocatable_kernel;
    uint8_t min_alignment;
    uint16_t xloadflags;
    uint32_t cmdline_size; /* without the zero at the end */
    uint32_t hardware_subarch;
    uint64_t hardware_subarch_data;
    uint32_t payload_offset; /* in the protected-mode part */
    uint32_t payload_length;
    uint64_t setup_data;
    uint64_t pref_address;
    uint32_t init_size; /* room that the kernel needs from pref_address on */
    uint32_t handover_offset;
    uint32_t kernel_info_offset;
} __attribute__((packed));
_Static_assert(sizeof(struct linux_setup_header) == 0x26c - LINUX_HEADER_OFFSET, "boot protocol");
_Static_assert(offsetof(struct linux_setup_header, boot_flag) == 0x1fe - 0x1f1, "boot protocol");
_Static_assert(offsetof(struct linux_setup_header, header) == 0x202 - 0x1f1, "boot protocol");
_Static_assert(offsetof(struct linux_setup_header, code32_start) == 0x214 - 0x1f1, "boot protocol");
_Static_assert(offsetof(struct linux_setup_header, xloadflags) == 0x236 - 0x1f1, "boot protocol");
_Static_assert(offsetof(struct linux_setup_header, setup_data) == 0x250 - 0x1f1, "boot protocol");

enum {
    LINUX_HEADER_REST_BYTES =
        LINUX_HEADER_LIMIT - LINUX_HEADER_OFFSET - (int)sizeof(struct linux_setup_header)
};

enum linux_e820_type { LINUX_E820_RAM = 1, LINUX_E820_RESERVED = 2, LINUX_E820_ACPI = 3 };

struct linux_e820_entry {
    uint64_t gpa, bytes;
    uint32_t type;
} __attribute__((packed));
_Static_assert(sizeof(struct linux_e820_entry) == 20, "boot protocol");

enum { LINUX_E820_MAX = 128 };

/* All else is zero: no screen, no EFI, no EDD, and the sentinel that says so. */
struct linux_boot_params {
    uint8_t zero_0[0x70];
    uint64_t acpi_rsdp_addr;
    uint8_t zero_78[0x1e8 - 0x78];
    uint8_t e820_entries;
    uint8_t zero_1e9[0x1ef - 0x1e9];
    uint8_t sentinel;
    uint8_t zero_1f0;
    struct linux_setup_header header;
    uint8_t header_rest[LINUX_HEADER_REST_BYTES];
    uint8_t zero_290[0x2d0 - 0x290];
    struct linux_e820_entry e820[LINUX_E820_MAX];
    uint8_t zero_cd0[0x1000 - 0xcd0];
} __attribute__((packed));
_Static_assert(sizeof(struct linux_boot_params) == 4096, "boot protocol");
_Static_assert(offsetof(struct linux_boot_params, sentinel) == 0x1ef, "boot protocol");
_Static_assert(offsetof(struct linux_boot_params, header) == LINUX_HEADER_OFFSET, "boot protocol");
_Static_assert(offsetof(struct linux_boot_params, e820) == 0x2d0, "boot protocol");

enum { LINUX_SETUP_CC_BLOB = 7 };

/* A node of the list at setup_data, with the payload of a node of type LINUX_SETUP_CC_BLOB. */
struct linux_setup_data {
    uint64_t next;
    uint32_t type;
    uint32_t len; /* of what follows */
    uint32_t cc_blob_gpa;
} __attribute__((packed));
_Static_assert(sizeof(struct linux_setup_data) == 20, "boot protocol");

#define LINUX_CC_BLOB_MAGIC UINT32_C(0x45444d41) /* "AMDE" */

/* Tells an SNP guest where its secrets and CPUID pages are. */
struct linux_cc_blob {
    uint32_t magic;
    uint16_t version;
    uint16_t reserved;
    uint64_t secrets_gpa;
    uint32_t secrets_bytes;
    uint32_t reserved2;
    uint64_t cpuid_gpa;
    uint32_t cpuid_bytes;
    uint32_t reserved3;
} __attribute__((packed));
_Static_assert(sizeof(struct linux_cc_blob) == 40, "boot protocol");

#endif

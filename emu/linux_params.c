/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel reads first: boot_params, setup_data, CC blob. */
#include <string.h>

#include "emu/linux_internal.h"
#include "rmp/addr.h"

enum { EBDA_GPA = 0x9f000 }; /* RAM ends here on a PC without a BIOS's data */

static void e820_add(struct linux_boot_params *params, uint64_t from, uint64_t to,
                     enum linux_e820_type type)
{
    if (from >= to)
        return;
    g_assert(params->e820_entries < LINUX_E820_MAX);
    params->e820[params->e820_entries++] =
        (struct linux_e820_entry){.gpa = from, .bytes = to - from, .type = type};
}

/*
 * The monitor's memory is in no entry. CC blob and block are reserved: Linux maps such memory
 * encrypted when it looks for the secrets page, and gives it to nobody.
 */
static void e820_write(struct linux_boot_params *params, const struct linux_layout *layout,
                       const struct linux_needs *needs)
{
    const struct {
        uint64_t from, to;
        bool listed;
    } hole = {needs->hole_gpa, needs->hole_gpa + needs->hole_bytes, false},
      block = {layout->cc_blob_gpa, layout->block_end, true},
      cuts[2] = {hole.from < block.from ? hole : block, hole.from < block.from ? block : hole};
    uint64_t at = LINUX_LOW_END;
    e820_add(params, 0, EBDA_GPA, LINUX_E820_RAM);
    e820_add(params, EBDA_GPA, LINUX_LOW_END, LINUX_E820_RESERVED);
    for (size_t i = 0; i < G_N_ELEMENTS(cuts); i++) {
        if (cuts[i].from >= cuts[i].to || cuts[i].from >= layout->acpi_gpa)
            continue;
        e820_add(params, at, cuts[i].from, LINUX_E820_RAM);
        if (cuts[i].listed)
            e820_add(params, cuts[i].from, cuts[i].to, LINUX_E820_RESERVED);
        at = cuts[i].to;
    }
    e820_add(params, at, layout->acpi_gpa, LINUX_E820_RAM);
    e820_add(params, layout->acpi_gpa, needs->memory_bytes, LINUX_E820_ACPI);
}

void linux_params_write(struct linux_boot_params *params, const struct linux_kernel *kernel,
                        const struct linux_layout *layout, const struct linux_needs *needs)
{
    *params = (struct linux_boot_params){.header = kernel->header};
    memcpy(params->header_rest, kernel->header_rest, sizeof(params->header_rest));
    params->header.type_of_loader = LINUX_LOADER_UNDEFINED;
    params->header.loadflags |= LINUX_LOADED_HIGH;
    params->header.ramdisk_image = (uint32_t)layout->initrd_gpa;
    params->header.ramdisk_size = (uint32_t)needs->initrd_bytes;
    params->header.cmd_line_ptr = (uint32_t)layout->cmdline_gpa;
    params->header.setup_data = layout->setup_data_gpa;
    params->acpi_rsdp_addr = layout->acpi_gpa;
    e820_write(params, layout, needs);
}

void linux_setup_data_write(struct linux_setup_data *node, const struct linux_layout *layout)
{
    *node = (struct linux_setup_data){
        .type = LINUX_SETUP_CC_BLOB,
        .len = sizeof(node->cc_blob_gpa),
        .cc_blob_gpa = (uint32_t)layout->cc_blob_gpa,
    };
}

void linux_cc_blob_write(struct linux_cc_blob *blob, const struct linux_layout *layout)
{
    *blob = (struct linux_cc_blob){
        .magic = LINUX_CC_BLOB_MAGIC,
        .secrets_gpa = layout->block_gpa + LINUX_BLOCK_SECRETS_PAGE * PAGE_BYTES,
        .secrets_bytes = PAGE_BYTES,
        .cpuid_gpa = layout->block_gpa + LINUX_BLOCK_CPUID_PAGE * PAGE_BYTES,
        .cpuid_bytes = PAGE_BYTES,
    };
}

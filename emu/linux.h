/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads a Linux kernel, with its initrd and command line, for the launch as a guest under an SVSM
 * (docs/linux-boot.md): everything that a boot loader without firmware would put into memory, as
 * pages at their guest physical addresses. The files are hostile input.
 */
#ifndef PROVA_EMU_LINUX_H
#define PROVA_EMU_LINUX_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "emu/elf.h"

enum linux_entry {
    LINUX_ENTRY_AUTO,    /* as VMLINUX */
    LINUX_ENTRY_VMLINUX, /* the ELF file at its entry; a bzImage is unpacked here */
    LINUX_ENTRY_BZIMAGE, /* the bzImage at its 64-bit entry: it unpacks itself */
};

/* "vmlinux", "bzimage"; false if it is neither. */
bool linux_entry_parse(const char *name, enum linux_entry *entry);

struct linux_config {
    const char *kernel_path;       /* a bzImage (vmlinuz) or a vmlinux */
    const char *initrd_path;       /* NULL: none */
    const char *cmdline;           /* NULL: empty */
    uint64_t memory_bytes;         /* of the guest */
    uint32_t cpus;                 /* 1 .. ACPI_CPUS_MAX; APIC ids are 0, 1, ... */
    uint64_t hole_gpa, hole_bytes; /* the monitor's memory, whole pages: no RAM for Linux */
    enum linux_entry entry;
};

/* Pages that the monitor writes at block_gpa (boot block); two of them Linux must find. */
enum { LINUX_BLOCK_PAGES = 10, LINUX_BLOCK_SECRETS_PAGE = 1, LINUX_BLOCK_CPUID_PAGE = 2 };

struct linux_boot {
    uint64_t boot_gpa;  /* boot_params, for RSI */
    uint64_t block_gpa; /* where the monitor has to put the boot block */
    char version[128];  /* the kernel's release, as uname -r has it */
};

/*
 * Fills image (entry and pages, all with bytes; elf_image_clear() frees) and boot. False and error
 * (EMU_ERROR_INPUT: file, what, why, what to do) if it cannot be booted.
 */
bool linux_image_load(struct elf_image *image, struct linux_boot *boot,
                      const struct linux_config *config, GError **error);

#endif

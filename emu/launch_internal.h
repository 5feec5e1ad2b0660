/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The launch in progress, shared by the files emu/launch*.c. */
#ifndef PROVA_EMU_LAUNCH_INTERNAL_H
#define PROVA_EMU_LAUNCH_INTERNAL_H

#include "emu/elf.h"
#include "emu/machine_internal.h"

struct launch {
    struct machine *machine;
    struct psp_bus bus;
    struct elf_image monitor, guest;
    /* What INFO says of the guest's start (docs/launch-abi.md); 0: no wish, nothing. */
    uint64_t guest_block_gpa, guest_boot_gpa;
    uint64_t guest_sev_features;
    GError **error;
};

/* An error of the input that names the file and the page; false. */
bool launch_fail(struct launch *launch, const char *path, const char *what, uint64_t gpa);

/* RMPUPDATE to Pre-Guest, contents, LAUNCH_UPDATE; and the same for a page of guest memory. */
bool page_launch(struct launch *launch, uint64_t gpa, uint64_t spa, enum psp_page_type type,
                 const void *contents, enum launch_owner owner);
bool guest_page_launch(struct launch *launch, uint64_t gpa, enum psp_page_type type,
                       const void *contents, enum launch_owner owner, const char *path);

/* emu/launch_special.c: SECRETS, CPUID and PARAMS; the VMSAs. */
bool special_pages_launch(struct launch *launch);
bool vmsas_launch(struct launch *launch);

#endif

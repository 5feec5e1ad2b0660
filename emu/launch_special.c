/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The pages of the launch that are not the images: what the hypervisor says about the machine,
 * where it may lie (struct launch_lies), and the VMSAs. */
#include <string.h>

#include "emu/launch_internal.h"

static void params_fill(const struct machine *machine, struct launch_params *params)
{
    const struct launch_lies *lies = &machine->config.lies;
    params->vcpu_count = machine->cpus;
    for (uint32_t cpu = 0; cpu < machine->cpus; cpu++)
        params->apic_id[cpu] = cpu < lies->apic_ids ? lies->apic_id[cpu] : cpu;
    params->range_count = 1;
    params->range[0] =
        (struct launch_range){0, machine->config.memory_bytes, LAUNCH_RANGE_RAM, 0};
    if (!lies->map_given)
        return;
    params->range_count = lies->map_count;
    memcpy(params->range, lies->map, sizeof(params->range));
}

/* The values that the hypervisor claims, in the function's entry or in one more. */
static void cpuid_table_lie(const struct launch_lies *lies, struct cpuid_table *table)
{
    for (uint32_t i = 0; i < lies->cpuid_count; i++) {
        const struct launch_cpuid *lie = &lies->cpuid[i];
        const struct cpuid_entry *known = cpuid_find(table, lie->leaf, lie->subleaf);
        if (known == NULL && table->count == CPUID_ENTRIES_MAX)
            continue;
        struct cpuid_entry *entry = &table->entry[known ? known - table->entry : table->count++];
        if (known == NULL)
            *entry = (struct cpuid_entry){.eax_in = lie->leaf, .ecx_in = lie->subleaf};
        uint32_t *const reg[4] = {&entry->eax, &entry->ebx, &entry->ecx, &entry->edx};
        for (int r = 0; r < 4; r++)
            if (lie->given >> r & 1)
                *reg[r] = lie->value[r];
    }
}

bool special_pages_launch(struct launch *launch)
{
    struct machine *machine = launch->machine;
    const struct elf_range *note = launch->monitor.note;
    union {
        struct launch_params params;
        uint8_t bytes[PAGE_BYTES];
    } page = {.params = {.magic = LAUNCH_PARAMS_MAGIC, .version = LAUNCH_PARAMS_VERSION}};
    params_fill(machine, &page.params);
    uint8_t cpuid[PAGE_BYTES];
    struct cpuid_table table = machine->cpuid;
    cpuid_table_lie(&machine->config.lies, &table);
    cpuid_page_build(&table, cpuid);
    const char *path = machine->monitor_path;
    return (note[ELF_NOTE_SECRETS].bytes == 0 ||
            guest_page_launch(launch, note[ELF_NOTE_SECRETS].gpa, PSP_PAGE_SECRETS, NULL,
                              LAUNCH_OWNER_MONITOR, path)) &&
           (note[ELF_NOTE_CPUID].bytes == 0 ||
            guest_page_launch(launch, note[ELF_NOTE_CPUID].gpa, PSP_PAGE_CPUID, cpuid,
                              LAUNCH_OWNER_MONITOR, path)) &&
           guest_page_launch(launch, note[ELF_NOTE_PARAMS].gpa, PSP_PAGE_UNMEASURED, page.bytes,
                             LAUNCH_OWNER_MONITOR, path);
}

/* The entry state of docs/launch-abi.md. */
static void vmsa_build(const struct launch *launch, struct vmsa *vmsa)
{
    const struct vmsa_segment code = {.selector = 8, .attrib = 0xa9b, .limit = 0xffffffff};
    const struct vmsa_segment data = {.selector = 16, .attrib = 0xc93, .limit = 0xffffffff};
    *vmsa = (struct vmsa){
        .cs = code,
        .ds = data,
        .es = data,
        .ss = data,
        .fs = data,
        .gs = data,
        .ldtr = {.attrib = 0x82, .limit = 0xffff},
        .tr = {.attrib = 0x8b, .limit = 0xffff},
        .efer = 0x1d00,    /* SVME, NXE, LMA, LME */
        .cr0 = 0x80010033, /* PG, WP, NE, ET, MP, PE */
        .cr4 = 0x620,      /* PAE, OSFXSR, OSXMMEXCPT */
        .cr3 = launch->monitor.note[ELF_NOTE_PAGE_TABLES].gpa,
        .dr6 = 0xffff0ff0,
        .dr7 = 0x400,
        .rflags = 2,
        .rip = launch->monitor.entry,
        .rdi = launch->monitor.note[ELF_NOTE_INFO].gpa,
        .rsi = launch->monitor.note[ELF_NOTE_PARAMS].gpa,
        .g_pat = UINT64_C(0x0007040600070406),
        .sev_features = launch->machine->config.sev_features | SEV_FEATURE_SNP_ACTIVE,
        .xcr0 = 1,
        .mxcsr = 0x1f80,
        .x87_fcw = 0x37f,
        .x87_ftw = 0xffff,
    };
}

static bool vmsa_launch(struct launch *launch, const struct vmsa *vmsa, uint64_t gpa, uint64_t *spa)
{
    struct machine *machine = launch->machine;
    if (hv_page_alloc(machine, PAGE_4K, spa) != HV_OK ||
        !page_launch(launch, gpa, *spa, PSP_PAGE_VMSA, vmsa, LAUNCH_OWNER_MONITOR))
        return false;
    struct event event = {.vmsa = {.spa = *spa,
                                   .gpa = gpa,
                                   .sev_features = vmsa->sev_features,
                                   .action = VMSA_LAUNCHED}};
    machine_emit(machine, EVENT_VMSA, ACTOR_PSP, &event);
    return true;
}

bool vmsas_launch(struct launch *launch)
{
    struct machine *machine = launch->machine;
    struct honest *honest = &machine->honest;
    struct vmsa vmsa;
    uint64_t spa;
    vmsa_build(launch, &vmsa);
    if (!vmsa_launch(launch, &vmsa, LAUNCH_VMSA_GPA, &spa))
        return false;
    honest->launch_vmsa_gpa = LAUNCH_VMSA_GPA;
    honest->launch_vmsa_spa = spa;
    honest->cpu[0].vmsa[0] = spa;
    honest->cpu[0].sev_features[0] = vmsa.sev_features;
    honest->cpu[0].runnable = true;
    return !machine->config.lies.extra_vmsa ||
           vmsa_launch(launch, &vmsa, LAUNCH_EXTRA_VMSA_GPA, &honest->extra_vmsa_spa);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "emu/launch.h"

#include <string.h>

#include "emu/error.h"
#include "emu/launch_internal.h"

enum {
    PTE_P = 1 << 0,
    PTE_W = 1 << 1,
    PTE_PS = 1 << 7,
    IDENTITY_GIB = 4,
    PAGE_TABLES_NEEDED = 2 + IDENTITY_GIB,
};

bool launch_fail(struct launch *launch, const char *path, const char *what, uint64_t gpa)
{
    g_set_error(launch->error, EMU_ERROR, EMU_ERROR_INPUT, "%s: %s (GPA 0x%" G_GINT64_MODIFIER "x)",
                path, what, (guint64)gpa);
    return false;
}

static void emit_psp(struct launch *launch, enum psp_command command, enum psp_status status)
{
    struct event event = {.psp = {.command = command, .status = status}};
    machine_emit(launch->machine, EVENT_PSP, ACTOR_PSP, &event);
}

static bool command_done(struct launch *launch, enum psp_command command, enum psp_status status)
{
    emit_psp(launch, command, status);
    if (status == PSP_SUCCESS)
        return true;
    g_set_error(launch->error, EMU_ERROR, EMU_ERROR_INTERNAL, "firmware command %s: %s",
                psp_command_name(command), psp_status_name(status));
    return false;
}

/* GCTX_CREATE, LAUNCH_START, ACTIVATE. */
static bool guest_create(struct launch *launch)
{
    struct machine *machine = launch->machine;
    const struct rmp_operand firmware = {.assigned = 1, .immutable = 1};
    const struct psp_launch_start start = {
        .gctx_spa = MACHINE_GCTX_SPA,
        .policy =
            PSP_POLICY_DEFAULT | (machine->config.lies.policy_debug ? PSP_POLICY_DEBUG : 0),
    };
    hv_rmpupdate(machine, MACHINE_GCTX_SPA, &firmware);
    return command_done(launch, PSP_CMD_INIT, psp_platform_init(&machine->psp)) &&
           command_done(launch, PSP_CMD_GCTX_CREATE,
                        psp_gctx_create(&machine->psp, &launch->bus, MACHINE_GCTX_SPA)) &&
           command_done(launch, PSP_CMD_LAUNCH_START,
                        psp_launch_start(&machine->psp, &launch->bus, &start)) &&
           command_done(launch, PSP_CMD_ACTIVATE,
                        psp_activate(&machine->psp, &launch->bus, MACHINE_GCTX_SPA, MACHINE_ASID));
}

/* What the digest does not show the hypervisor made as it liked. */
static uint8_t page_label(enum psp_page_type type, enum launch_owner owner)
{
    const bool measured =
        type == PSP_PAGE_NORMAL || type == PSP_PAGE_VMSA || type == PSP_PAGE_ZERO;
    if (owner != LAUNCH_OWNER_MONITOR)
        return LABEL_OTHER | LABEL_GUEST;
    return LABEL_LAUNCH | (measured ? LABEL_TRUSTED : LABEL_HYPERVISOR);
}

/* RMPUPDATE to Pre-Guest, contents, LAUNCH_UPDATE. */
bool page_launch(struct launch *launch, uint64_t gpa, uint64_t spa, enum psp_page_type type,
                 const void *contents, enum launch_owner owner)
{
    static const uint8_t zero[PAGE_BYTES];
    struct machine *machine = launch->machine;
    hv_write(machine, spa, contents ? contents : zero, PAGE_BYTES);
    const struct rmp_operand operand = {
        .gpa = gpa, .assigned = 1, .immutable = 1, .asid = MACHINE_ASID};
    if (hv_rmpupdate(machine, spa, &operand) != RMP_RC_SUCCESS ||
        hv_npt_map(machine, gpa, spa, PAGE_4K, NPT_RWX) != HV_OK)
        return launch_fail(launch, machine->monitor_path, "a page of the launch is there twice",
                           gpa);
    const struct psp_launch_update update = {
        .gctx_spa = MACHINE_GCTX_SPA, .dst_spa = spa, .page_type = (uint8_t)type};
    enum psp_status status = psp_launch_update(&machine->psp, &launch->bus, &update);
    if (status == PSP_INVALID_PARAM && type == PSP_PAGE_CPUID) {
        /* The firmware has corrected the page; the hypervisor takes what it gets. */
        emit_psp(launch, PSP_CMD_LAUNCH_UPDATE, status);
        status = psp_launch_update(&machine->psp, &launch->bus, &update);
    }
    if (status != PSP_SUCCESS)
        return command_done(launch, PSP_CMD_LAUNCH_UPDATE, status);

    struct event event = {
        .launch_page = {
            .spa = spa, .gpa = gpa, .page_type = (uint8_t)type, .owner = (uint8_t)owner}};
    labels_set(&machine->memory, spa, page_label(type, owner));
    const struct rmp_entry *entry = rmp_slot_at(&machine->rmp, spa);
    memcpy(event.launch_page.perm, entry->perm, sizeof(entry->perm));
    memcpy(event.launch_page.digest, psp_gctx_find(&machine->psp, MACHINE_GCTX_SPA)->ld.digest,
           PSP_DIGEST_BYTES);
    machine_emit(machine, EVENT_LAUNCH_PAGE, ACTOR_PSP, &event);
    return true;
}

bool guest_page_launch(struct launch *launch, uint64_t gpa, enum psp_page_type type,
                       const void *contents, enum launch_owner owner, const char *path)
{
    struct machine *machine = launch->machine;
    if (gpa >= machine->config.memory_bytes)
        return launch_fail(launch, path,
                           "a page lies outside guest memory; ask for more with "
                           "--memory",
                           gpa);
    return page_launch(launch, gpa, honest_spa_of(machine, gpa), type, contents, owner);
}

static bool in_range(const struct elf_range *range, uint64_t gpa, uint64_t bytes)
{
    return gpa >= range->gpa && bytes <= range->bytes && gpa - range->gpa <= range->bytes - bytes;
}

/* Notes make sense: the needed ones are there, all inside MEMORY, of the right size. */
static bool notes_check(struct launch *launch)
{
    static const char *const names[ELF_NOTE_COUNT] = {NULL,     "SECRETS",     "CPUID", "INFO",
                                                      "PARAMS", "PAGE_TABLES", "MEMORY"};
    const struct elf_image *image = &launch->monitor;
    const char *path = launch->machine->monitor_path;
    const struct elf_range *memory = &image->note[ELF_NOTE_MEMORY];
    for (int type = ELF_NOTE_INFO; type < ELF_NOTE_COUNT; type++) {
        if (image->note[type].bytes == 0) {
            g_set_error(launch->error, EMU_ERROR, EMU_ERROR_INPUT,
                        "%s: no SNP-LAUNCH note of type %d (%s); is this a monitor? "
                        "See docs/launch-abi.md",
                        path, type, names[type]);
            return false;
        }
    }
    for (int type = ELF_NOTE_SECRETS; type < ELF_NOTE_MEMORY; type++) {
        const struct elf_range *range = &image->note[type];
        uint64_t least =
            type == ELF_NOTE_PAGE_TABLES ? PAGE_TABLES_NEEDED * PAGE_BYTES : PAGE_BYTES;
        if (range->bytes == 0)
            continue;
        if (range->bytes < least || !in_range(memory, range->gpa, range->bytes))
            return launch_fail(launch, path,
                               "an SNP-LAUNCH note's range is too small or outside MEMORY",
                               range->gpa);
    }
    for (size_t i = 0; i < image->page_count; i++)
        if (!in_range(memory, image->pages[i].gpa, PAGE_BYTES))
            return launch_fail(launch, path, "a segment lies outside the MEMORY note's range",
                               image->pages[i].gpa);
    return true;
}

static bool monitor_launch(struct launch *launch)
{
    for (size_t i = 0; i < launch->monitor.page_count; i++) {
        const struct elf_page *page = &launch->monitor.pages[i];
        if (!guest_page_launch(launch, page->gpa, page->bytes ? PSP_PAGE_NORMAL : PSP_PAGE_ZERO,
                               page->bytes, LAUNCH_OWNER_MONITOR, launch->machine->monitor_path))
            return false;
    }
    return true;
}

/* Identity map of the first 4 GiB in 2 MiB pages, C-bit set. */
static bool page_tables_launch(struct launch *launch)
{
    uint64_t base = launch->monitor.note[ELF_NOTE_PAGE_TABLES].gpa;
    const uint64_t c = UINT64_C(1) << launch->machine->env.cbit;
    const uint64_t table = c | PTE_P | PTE_W;
    uint64_t(*tables)[512] = g_malloc0(PAGE_TABLES_NEEDED * PAGE_BYTES);
    tables[0][0] = (base + PAGE_BYTES) | table;
    for (uint64_t gib = 0; gib < IDENTITY_GIB; gib++) {
        tables[1][gib] = (base + (2 + gib) * PAGE_BYTES) | table;
        for (uint64_t i = 0; i < 512; i++)
            tables[2 + gib][i] = ((gib << 30) | (i << PAGE_SHIFT_2M)) | table | PTE_PS;
    }
    bool ok = true;
    for (uint64_t i = 0; ok && i < PAGE_TABLES_NEEDED; i++)
        ok = guest_page_launch(launch, base + i * PAGE_BYTES, PSP_PAGE_NORMAL, tables[i],
                               LAUNCH_OWNER_MONITOR, launch->machine->monitor_path);
    g_free(tables);
    return ok;
}

/* The guest image's pages as ranges; false if there are too many. */
static bool guest_ranges(struct launch *launch, struct launch_info *info)
{
    for (size_t i = 0; i < launch->guest.page_count; i++) {
        const struct elf_page *page = &launch->guest.pages[i];
        struct launch_range *last = info->range_count ? &info->range[info->range_count - 1] : NULL;
        if (page->bytes == NULL)
            continue; /* bss: the guest's memory is zero anyway */
        if (last && last->gpa + last->bytes == page->gpa) {
            last->bytes += PAGE_BYTES;
            continue;
        }
        if (info->range_count == LAUNCH_RANGES_MAX)
            return launch_fail(launch, launch->machine->guest_path,
                               "the image is in too many pieces", page->gpa);
        info->range[info->range_count++] =
            (struct launch_range){page->gpa, PAGE_BYTES, LAUNCH_RANGE_GUEST_IMAGE, 0};
    }
    return true;
}

static bool info_launch(struct launch *launch)
{
    const struct elf_range *memory = &launch->monitor.note[ELF_NOTE_MEMORY];
    union {
        struct launch_info info;
        uint8_t bytes[PAGE_BYTES];
    } page = {.info = {
                  .magic = LAUNCH_INFO_MAGIC,
                  .version = LAUNCH_INFO_VERSION,
                  .guest_vmpl = launch->machine->config.guest_vmpl,
                  .monitor_gpa = memory->gpa,
                  .monitor_bytes = memory->bytes,
                  .guest_entry = launch->guest.page_count ? launch->guest.entry : 0,
                  .guest_block_gpa = launch->guest_block_gpa,
                  .guest_boot_gpa = launch->guest_boot_gpa,
                  .guest_sev_features = launch->guest_sev_features,
              }};
    return guest_ranges(launch, &page.info) &&
           guest_page_launch(launch, launch->monitor.note[ELF_NOTE_INFO].gpa, PSP_PAGE_NORMAL,
                             page.bytes, LAUNCH_OWNER_MONITOR, launch->machine->monitor_path);
}

static bool guest_launch(struct launch *launch)
{
    const struct elf_range *memory = &launch->monitor.note[ELF_NOTE_MEMORY];
    for (size_t i = 0; i < launch->guest.page_count; i++) {
        const struct elf_page *page = &launch->guest.pages[i];
        if (page->gpa - memory->gpa < memory->bytes)
            return launch_fail(launch, launch->machine->guest_path,
                               "the guest image overlaps the monitor's memory", page->gpa);
        if (page->bytes == NULL)
            continue;
        if (!guest_page_launch(launch, page->gpa, PSP_PAGE_NORMAL, page->bytes, LAUNCH_OWNER_GUEST,
                               launch->machine->guest_path))
            return false;
    }
    return true;
}

/* The rest of guest memory: private by default, 2 MiB pages where nothing of the launch lies. */
static void memory_assign(struct launch *launch)
{
    struct machine *machine = launch->machine;
    for (uint64_t gpa = 0; gpa < machine->config.memory_bytes; gpa += PAGE_BYTES_2M) {
        uint64_t spa = honest_spa_of(machine, gpa);
        struct rmp_operand operand = {
            .gpa = gpa, .assigned = 1, .size = PAGE_2M, .asid = MACHINE_ASID};
        if (rmp_hypervisor_owned(&machine->rmp, spa, PAGE_2M)) {
            hv_rmpupdate(machine, spa, &operand);
            hv_npt_map(machine, gpa, spa, PAGE_2M, NPT_RWX);
            continue;
        }
        for (uint64_t offset = 0; offset < PAGE_BYTES_2M; offset += PAGE_BYTES) {
            if (!rmp_hypervisor_owned(&machine->rmp, spa + offset, PAGE_4K))
                continue;
            operand.gpa = gpa + offset;
            operand.size = PAGE_4K;
            hv_rmpupdate(machine, spa + offset, &operand);
            hv_npt_map(machine, gpa + offset, spa + offset, PAGE_4K, NPT_RWX);
        }
    }
}

/* A kernel is a guest image that the loader makes; it runs as Linux wants an SNP guest to be. */
static bool kernel_load(struct launch *launch)
{
    const struct machine_config *config = &launch->machine->config;
    const struct elf_range *memory = &launch->monitor.note[ELF_NOTE_MEMORY];
    const struct linux_config linux_config = {
        .kernel_path = config->kernel_path,
        .initrd_path = config->initrd_path,
        .cmdline = config->cmdline,
        .memory_bytes = config->memory_bytes,
        .cpus = config->cpus,
        .hole_gpa = memory->gpa,
        .hole_bytes = memory->bytes,
        .entry = config->linux_entry,
    };
    struct linux_boot boot = {0};
    if (!linux_image_load(&launch->guest, &boot, &linux_config, launch->error))
        return false;
    launch->guest_block_gpa = boot.block_gpa;
    launch->guest_boot_gpa = boot.boot_gpa;
    launch->guest_sev_features = SEV_FEATURE_SNP_ACTIVE;
    return true;
}

bool machine_symbols_load(struct machine *machine, GError **error)
{
    machine->monitor_symbols = symbols_open(machine->monitor_path, error);
    if (machine->monitor_symbols == NULL)
        return false;
    if (machine->config.kernel_path != NULL || machine->guest_path == NULL)
        return true;
    machine->guest_symbols = symbols_open(machine->guest_path, error);
    return machine->guest_symbols != NULL;
}

static bool images_load(struct launch *launch)
{
    struct machine *machine = launch->machine;
    if (!elf_image_load(&launch->monitor, machine->monitor_path, launch->error) ||
        !notes_check(launch))
        return false;
    if (machine->config.kernel_path != NULL) {
        if (!kernel_load(launch))
            return false;
    } else if (machine->guest_path != NULL &&
               !elf_image_load(&launch->guest, machine->guest_path, launch->error)) {
        return false;
    }
    return machine_symbols_load(machine, launch->error);
}

static bool launch_finish(struct launch *launch)
{
    struct machine *machine = launch->machine;
    const struct psp_launch_finish finish = {.gctx_spa = MACHINE_GCTX_SPA};
    if (!command_done(launch, PSP_CMD_LAUNCH_FINISH,
                      psp_launch_finish(&machine->psp, &launch->bus, &finish)))
        return false;
    memcpy(machine->digest, psp_gctx_find(&machine->psp, MACHINE_GCTX_SPA)->ld.digest,
           PSP_DIGEST_BYTES);
    secrets_update(machine);
    return true;
}

/* A guest of one's own handles what the monitor handles. */
static uint64_t guest_sev_features(const struct machine_config *config)
{
    return (config->guest_sev_features ? config->guest_sev_features : config->sev_features) |
           SEV_FEATURE_SNP_ACTIVE;
}

bool machine_launch(struct machine *machine, GError **error)
{
    struct launch launch = {
        .machine = machine,
        .bus = {.rmp = &machine->rmp, .memory = &machine->memory},
        .guest_sev_features = guest_sev_features(&machine->config),
        .error = error,
    };
    struct event start = {.run = {.seed = machine->config.seed,
                                  .memory_bytes = machine->config.memory_bytes,
                                  .cpus = machine->cpus}};
    memcpy(start.run.inputs_hash, machine->config.inputs_hash, sizeof(start.run.inputs_hash));
    machine_emit(machine, EVENT_RUN_START, ACTOR_RUN, &start);
    honest_init(machine);
    bool ok = images_load(&launch) && guest_create(&launch) && monitor_launch(&launch) &&
              page_tables_launch(&launch) && info_launch(&launch) && guest_launch(&launch) &&
              special_pages_launch(&launch) && vmsas_launch(&launch) && launch_finish(&launch);
    if (ok)
        memory_assign(&launch);
    elf_image_clear(&launch.monitor);
    elf_image_clear(&launch.guest);
    return ok;
}

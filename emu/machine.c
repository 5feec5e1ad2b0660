/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE
#include "emu/machine.h"

#include <string.h>
#include <sys/mman.h>

#include "emu/error.h"
#include "emu/launch.h"
#include "emu/machine_internal.h"

#define MEMORY_MIN (UINT64_C(16) << 20)
#define MEMORY_MAX (UINT64_C(16) << 30)

struct machine_config machine_config_default(void)
{
    return (struct machine_config){
        .memory_bytes = UINT64_C(64) << 20,
        .cpus = 1,
        .seed = 1,
        .guest_vmpl = 3,
        .schedule = SCHEDULE_FAIR,
        .tlb_mode = TLB_ARCH,
        .rmp_config = RMP_CONFIG_DEFAULT,
    };
}

static bool config_check(const struct machine_config *config, GError **error)
{
    if (config->monitor_path == NULL) {
        g_set_error(error, EMU_ERROR, EMU_ERROR_INPUT,
                    "no monitor given: name a built-in variant or an ELF file");
        return false;
    }
    if (config->memory_bytes < MEMORY_MIN || config->memory_bytes > MEMORY_MAX ||
        config->memory_bytes & PAGE_MASK_2M) {
        g_set_error(error, EMU_ERROR, EMU_ERROR_INPUT,
                    "memory of %" G_GUINT64_FORMAT
                    " bytes: it must be a multiple of 2 MiB from 16 MiB to 16 GiB",
                    config->memory_bytes);
        return false;
    }
    if (config->cpus < 1 || config->cpus > MACHINE_CPUS_MAX) {
        g_set_error(error, EMU_ERROR, EMU_ERROR_INPUT, "%u vCPUs: it must be 1 to %d", config->cpus,
                    MACHINE_CPUS_MAX);
        return false;
    }
    if (config->guest_vmpl < 1 || config->guest_vmpl >= VMPL_COUNT) {
        g_set_error(error, EMU_ERROR, EMU_ERROR_INPUT, "guest VMPL %u: it must be 1, 2 or 3",
                    config->guest_vmpl);
        return false;
    }
    return true;
}

/* Zeroed host memory that costs nothing until it is touched; NULL if the host refuses. */
static void *host_alloc(struct machine *machine, size_t bytes, GError **error)
{
    void *block = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (block == MAP_FAILED) {
        g_set_error(error, EMU_ERROR, EMU_ERROR_INTERNAL,
                    "the host refuses %zu bytes for the machine's memory; ask for less with "
                    "--memory",
                    bytes);
        return NULL;
    }
    machine->host_block[machine->host_blocks] = block;
    machine->host_bytes[machine->host_blocks++] = bytes;
    return block;
}

/* What is noted of memory for the rules; a blind machine has none of it. */
static bool notes_alloc(struct machine *machine, uint64_t pages, GError **error)
{
    struct labels *labels = &machine->memory.labels;
    const uint64_t guest_pages = machine->config.memory_bytes / PAGE_BYTES;
    struct cpu_seen *seen = &machine->seen;
    if (machine->config.blind)
        return true;
    if (!(labels->page = host_alloc(machine, pages * sizeof(*labels->page), error)) ||
        !(labels->plane = host_alloc(machine, pages * sizeof(*labels->plane), error)) ||
        !(labels->copy = host_alloc(machine, pages * sizeof(*labels->copy), error)) ||
        !(seen->spn_1 = host_alloc(machine, guest_pages * sizeof(*seen->spn_1), error)) ||
        !(seen->gvn_1 = host_alloc(machine, guest_pages * sizeof(*seen->gvn_1), error)) ||
        !(seen->table = host_alloc(machine, guest_pages * sizeof(*seen->table), error)))
        return false;
    seen->pages = guest_pages;
    return true;
}

static bool memory_alloc(struct machine *machine, GError **error)
{
    uint64_t bytes = MACHINE_GUEST_BASE + machine->config.memory_bytes;
    uint64_t pages = bytes / PAGE_BYTES;
    uint32_t tables = (uint32_t)(2 * (bytes / PAGE_BYTES_2M) + 64);
    struct npt_table *pool;
    machine->memory.bytes = bytes;
    if (!(machine->memory.dram = host_alloc(machine, bytes, error)) ||
        !(machine->memory.pages =
              host_alloc(machine, pages * sizeof(*machine->memory.pages), error)) ||
        !(machine->memory.scrub =
              host_alloc(machine, pages * sizeof(*machine->memory.scrub), error)) ||
        !(machine->rmp.entries =
              host_alloc(machine, pages * sizeof(*machine->rmp.entries), error)) ||
        !(pool = host_alloc(machine, tables * sizeof(*pool), error)) ||
        !notes_alloc(machine, pages, error))
        return false;
    machine->rmp.covered_pages = pages;
    npt_init(&machine->npt, pool, tables);
    return true;
}

static void notice_page_granted(void *user, uint64_t spa, enum page_size size, uint8_t vmpl)
{
    struct machine *machine = user;
    const struct rmp_entry *entry = rmp_entry_at(&machine->rmp, spa);
    uint64_t gpa = entry ? (uint64_t)entry->gpn << PAGE_SHIFT : 0;
    for (uint64_t offset = 0; offset < page_bytes(size); offset += PAGE_BYTES)
        secrets_scan_page(machine, spa + offset, MACHINE_ASID, gpa + offset, SECRET_IN_GRANTED_PAGE,
                          (enum actor)(ACTOR_E0 + vmpl));
}

static void notice_page_shared(void *user, uint64_t spa)
{
    struct machine *machine = user;
    secrets_scan_page(machine, spa, ASID_HV, 0, SECRET_IN_SHARED_PAGE, ACTOR_HV);
}

static uint32_t count_secret_bytes(void *user, uint64_t spa, enum page_size size)
{
    uint32_t count = 0;
    for (uint64_t offset = 0; offset < page_bytes(size); offset += PAGE_BYTES)
        count += secrets_count_page(user, spa + offset);
    return count;
}

static uint64_t find_doorbell(void *user, uint32_t apic_id, uint8_t vmpl)
{
    uint64_t spa = honest_doorbell_spa(user, apic_id, vmpl);
    return spa == UINT64_MAX ? 0 : spa;
}

static void observe_shared(void *user, const struct event *event)
{
    struct machine *machine = user;
    if (event->kind == EVENT_SHARED_WRITE)
        secrets_note_shared(&machine->secrets, event->page.spa);
}

static void env_init(struct machine *machine)
{
    cpuid_table_init(&machine->cpuid);
    machine->env = (struct cpu_env){
        .rmp = &machine->rmp,
        .memory = &machine->memory,
        .rmp_config = machine->config.rmp_config,
        .tlb_mode = machine->config.tlb_mode,
        .trace = machine->trace,
        .costs = machine_costs(),
        .cpuid = &machine->cpuid,
        .cbit = CPU_CBIT,
        .phys_bits = CPU_CBIT,
        .seed = machine->config.seed,
        .user = machine,
        .page_granted = notice_page_granted,
        .page_shared = notice_page_shared,
        .seen = machine->seen,
        .secret_bytes = count_secret_bytes,
        .doorbell = find_doorbell,
    };
}

struct machine *machine_new(const struct machine_config *config, GError **error)
{
    if (!config_check(config, error))
        return NULL;
    struct machine *machine = g_new0(struct machine, 1);
    machine->config = *config;
    machine->monitor_path = g_strdup(config->monitor_path);
    machine->guest_path = g_strdup(config->guest_path);
    machine->kernel_path = g_strdup(config->kernel_path);
    machine->initrd_path = g_strdup(config->initrd_path);
    machine->cmdline = g_strdup(config->cmdline);
    machine->config.monitor_path = machine->monitor_path;
    machine->config.kernel_path = machine->kernel_path;
    machine->config.initrd_path = machine->initrd_path;
    machine->config.cmdline = machine->cmdline;
    machine->config.guest_path = machine->guest_path;
    machine->cpus = config->cpus;
    machine->acting_cpu = -1;
    machine->sched_random = config->seed;
    machine->console = g_string_new(NULL);
    machine->trace = trace_new();
    machine->hv_pool_low = MACHINE_HV_POOL_BASE;
    machine->hv_pool_high = MACHINE_GUEST_BASE;
    if (!memory_alloc(machine, error)) {
        machine_free(machine);
        return NULL;
    }
    env_init(machine);
    uart_init(&machine->uart);
    const uint64_t words = (machine->rmp.covered_pages + 63) / 64;
    uint64_t *shared_written = host_alloc(machine, words * sizeof(*shared_written), error);
    if (shared_written == NULL) {
        machine_free(machine);
        return NULL;
    }
    secrets_init(&machine->secrets, shared_written, words);
    trace_attach(machine->trace, observe_shared, machine);
    struct psp_config psp_config;
    chip_config(&psp_config, &machine->cpuid, config->seed);
    psp_init(&machine->psp, &psp_config);
    for (uint32_t cpu = 0; cpu < machine->cpus; cpu++)
        machine->processor[cpu].state = PROCESSOR_OUT;
    return machine;
}

void machine_free(struct machine *machine)
{
    if (machine == NULL)
        return;
    while (machine->env.vcpu_count > 0)
        vcpu_free(machine->env.vcpus[machine->env.vcpu_count - 1]);
    for (uint32_t i = 0; i < machine->host_blocks; i++)
        munmap(machine->host_block[i], machine->host_bytes[i]);
    if (machine->monitor_symbols)
        symbols_free(machine->monitor_symbols);
    if (machine->guest_symbols)
        symbols_free(machine->guest_symbols);
    trace_free(machine->trace);
    g_string_free(machine->console, TRUE);
    g_free(machine->typist.after);
    g_free(machine->end_text);
    g_free(machine->monitor_path);
    g_free(machine->guest_path);
    g_free(machine->kernel_path);
    g_free(machine->initrd_path);
    g_free(machine->cmdline);
    g_free(machine);
}

struct trace *machine_trace(struct machine *machine)
{
    return machine->trace;
}

uint64_t machine_emit(struct machine *machine, enum event_kind kind, enum actor actor,
                      struct event *event)
{
    event->kind = (uint16_t)kind;
    event->actor = (uint8_t)actor;
    event->vmpl = actor <= ACTOR_E3 ? (uint8_t)actor : EVENT_NO_VMPL;
    event->vcpu = EVENT_NO_VCPU;
    if (machine->acting_cpu >= 0) {
        event->vcpu = (uint16_t)machine->acting_cpu;
        event->time = machine->processor[machine->acting_cpu].clock.cycles;
    }
    return trace_emit(machine->trace, event);
}

struct vmsa_record *machine_vmsa(struct machine *machine, uint64_t spa)
{
    for (uint32_t i = 0; i < machine->vmsa_count; i++)
        if (machine->vmsa[i].spa == spa)
            return &machine->vmsa[i];
    if (machine->vmsa_count == MACHINE_VMSAS_MAX)
        return NULL;
    struct vmsa_record *record = &machine->vmsa[machine->vmsa_count++];
    *record = (struct vmsa_record){
        .spa = spa,
        .vmcb = {.asid = MACHINE_ASID, .npt = &machine->npt, .intercepts = INTERCEPT_MSR},
    };
    return record;
}

static bool range_in_guest(const struct machine *machine, uint64_t gpa, uint64_t bytes)
{
    return gpa < machine->config.memory_bytes && bytes <= machine->config.memory_bytes - gpa;
}

bool machine_secret_symbol(struct machine *machine, const char *name, GError **error)
{
    struct symbol_info info;
    if (machine->monitor_symbols == NULL || !symbols_find(machine->monitor_symbols, name, &info)) {
        g_set_error(error, EMU_ERROR, EMU_ERROR_INPUT, "%s: no symbol '%s' to keep secret",
                    machine->monitor_path, name);
        return false;
    }
    uint64_t bytes = info.size ? MIN(info.size, SECRET_BYTES_MAX) : 32;
    struct secret secret = {.length = (uint8_t)bytes, .readers = 1, .source_gpa = info.address};
    g_strlcpy(secret.name, name, sizeof(secret.name));
    if (!range_in_guest(machine, info.address, bytes) || !secrets_add(&machine->secrets, &secret)) {
        g_set_error(error, EMU_ERROR, EMU_ERROR_INPUT,
                    "%s: symbol '%s' cannot be kept secret (it needs 16 bytes or more in guest "
                    "memory, and a run has at most %d secrets)",
                    machine->monitor_path, name, SECRETS_MAX);
        return false;
    }
    return true;
}

void machine_program_set(struct machine *machine, const struct hv_program *program)
{
    machine->program = *program;
    machine->env.visible = 0;
    if (program->visible)
        machine->env.visible = program->visible_kinds ? program->visible_kinds : VISIBLE_ALL;
}

const struct hv_program *machine_program(const struct machine *machine)
{
    return &machine->program;
}

void machine_end(struct machine *machine, enum run_end_reason reason, uint64_t detail,
                 const char *text)
{
    if (machine->end_reason != RUN_END_NONE)
        return; /* the first reason counts */
    machine->end_reason = reason;
    machine->end_detail = detail;
    machine->end_text = g_strdup(text ? text : "");
}

enum run_end_reason machine_end_reason(const struct machine *machine)
{
    return machine->end_reason;
}

uint64_t machine_end_detail(const struct machine *machine)
{
    return machine->end_detail;
}

const char *machine_end_text(const struct machine *machine)
{
    return machine->end_text ? machine->end_text : "";
}

const uint8_t *machine_launch_digest(const struct machine *machine)
{
    return machine->digest;
}

const struct symbols *machine_symbols(const struct machine *machine, bool guest)
{
    return guest ? machine->guest_symbols : machine->monitor_symbols;
}

uint64_t machine_retired_insns(const struct machine *machine)
{
    return machine->insns;
}

uint64_t machine_time_cycles(const struct machine *machine)
{
    uint64_t latest = 0;
    for (uint32_t cpu = 0; cpu < machine->cpus; cpu++)
        latest = MAX(latest, machine->processor[cpu].clock.cycles);
    return latest;
}

const char *machine_console(const struct machine *machine)
{
    return machine->console->str;
}

const char *run_end_reason_name(enum run_end_reason reason)
{
    static const char *const names[] = {
        [RUN_END_NONE] = "running",
        [RUN_END_TERMINATED] = "terminated",
        [RUN_END_SHUTDOWN] = "shutdown",
        [RUN_END_HALTED] = "halted",
        [RUN_END_STUCK] = "stuck",
        [RUN_END_INVALID] = "vmrun-invalid",
        [RUN_END_STOPPED] = "stopped",
        [RUN_END_LIMIT_INSNS] = "limit-insns",
        [RUN_END_LIMIT_EVENTS] = "limit-events",
        [RUN_END_LIMIT_TIME] = "limit-time",
        [RUN_END_IDLE] = "idle",
        [RUN_END_SCRIPT_ERROR] = "script-error",
        [RUN_END_ENGINE] = "engine",
        [RUN_END_INTERRUPTED] = "interrupted",
        [RUN_END_POWERED_OFF] = "powered-off",
        [RUN_END_REBOOTED] = "rebooted",
        [RUN_END_DEBUG_EXIT] = "debug-exit",
        [RUN_END_PANIC] = "panic",
    };
    return (size_t)reason < G_N_ELEMENTS(names) ? names[reason] : "unknown";
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lies of the launch: what reaches the guest, what the firmware corrects, what the digest shows. */
#include <glib/gstdio.h>
#include <string.h>

#include "emu/machine_internal.h"
#include "tests/unit/emu_fixture.h"

static const uint8_t code[] = {0xf4, 0xeb, 0xfd};

struct seen {
    uint32_t vmsas, refused;
};

static void observe(void *user, const struct event *event)
{
    struct seen *seen = user;
    seen->vmsas += event->kind == EVENT_VMSA && event->vmsa.action == VMSA_LAUNCHED;
    seen->refused += event->kind == EVENT_PSP && event->psp.command == PSP_CMD_LAUNCH_UPDATE &&
                     event->psp.status == PSP_INVALID_PARAM;
}

static struct machine *launched(const struct launch_lies *lies, struct seen *seen)
{
    GByteArray *bytes = elf_monitor_bytes(code, sizeof(code));
    char *path = elf_file_write(bytes);
    struct machine_config config = machine_config_default();
    config.monitor_path = path;
    config.memory_bytes = UINT64_C(16) << 20;
    config.cpus = 2;
    config.lies = *lies;
    GError *error = NULL;
    struct machine *machine = machine_new(&config, &error);
    g_assert_no_error(error);
    *seen = (struct seen){0};
    g_assert_true(trace_attach(machine_trace(machine), observe, seen));
    g_assert_true(machine_launch(machine, &error));
    g_assert_no_error(error);
    g_unlink(path);
    g_free(path);
    g_byte_array_free(bytes, TRUE);
    return machine;
}

/* A page as the guest reads it. */
static void guest_page(const struct machine *machine, uint64_t gpa, void *out)
{
    memory_peek(&machine->memory, honest_spa_of(machine, gpa), MACHINE_ASID, out, PAGE_BYTES);
}

static void test_params(void)
{
    const struct launch_lies lies = {
        .map_given = true,
        .map_count = 2,
        .map = {{0x1000, 0x2000, 1, 0}, {0, UINT64_MAX, 7, 0}},
        .apic_ids = 1,
        .apic_id = {9},
    };
    const struct launch_lies none = {0};
    struct seen seen;
    union {
        struct launch_params params;
        uint8_t bytes[PAGE_BYTES];
    } page;
    struct machine *machine = launched(&lies, &seen);
    guest_page(machine, FIXTURE_PARAMS_GPA, page.bytes);
    g_assert_cmpuint(page.params.range_count, ==, 2);
    g_assert_cmpmem(page.params.range, sizeof(page.params.range), lies.map, sizeof(lies.map));
    g_assert_cmpuint(page.params.apic_id[0], ==, 9);
    g_assert_cmpuint(page.params.apic_id[1], ==, 1);
    g_assert_cmpuint(page.params.vcpu_count, ==, 2);
    uint8_t digest[PSP_DIGEST_BYTES];
    memcpy(digest, machine_launch_digest(machine), sizeof(digest));
    machine_free(machine);

    machine = launched(&none, &seen);
    guest_page(machine, FIXTURE_PARAMS_GPA, page.bytes);
    g_assert_cmpuint(page.params.range_count, ==, 1);
    g_assert_cmphex(page.params.range[0].bytes, ==, UINT64_C(16) << 20);
    g_assert_cmpuint(page.params.apic_id[0], ==, 0);
    g_assert_cmpuint(seen.vmsas, ==, 1);
    g_assert_cmpuint(seen.refused, ==, 0);
    /* PARAMS is not measured. */
    g_assert_cmpmem(machine_launch_digest(machine), sizeof(digest), digest, sizeof(digest));
    machine_free(machine);
}

/* SEV-SNP ABI 56860, CPUID page: what is not allowed is refused once and corrected. */
static void test_cpuid(void)
{
    const struct launch_lies lies = {
        .cpuid_count = 3,
        .cpuid = {{.leaf = 0x8000001f, .given = 2, .value = {0, 47, 0, 0}}, /* C-bit position */
                  {.leaf = 0x40000001, .given = 1, .value = {0x1234, 0, 0, 0}},
                  {.leaf = 0x12, .given = 8, .value = {0, 0, 0, 1}}},
    };
    const struct cpuid_entry *right;
    struct seen seen;
    struct psp_cpuid_page page;
    unsigned found = 0;
    struct machine *machine = launched(&lies, &seen);
    guest_page(machine, FIXTURE_CPUID_GPA, &page);
    right = cpuid_find(&machine->cpuid, 0x8000001f, 0);
    for (uint32_t i = 0; i < page.count; i++) {
        const struct psp_cpuid_fn *fn = &page.fn[i];
        if (fn->eax_in == 0x8000001f)
            g_assert_cmphex(fn->ebx, ==, right->ebx);
        else if (fn->eax_in == 0x40000001)
            g_assert_cmphex(fn->eax, ==, 0x1234); /* the hypervisor's own range */
        else if (fn->eax_in == 0x12)
            g_assert_cmphex(fn->edx, ==, 0);
        else
            continue;
        found++;
    }
    g_assert_cmpuint(found, ==, 3);
    g_assert_cmpuint(seen.refused, ==, 1);
    machine_free(machine);
}

static void test_extra_vmsa(void)
{
    const struct launch_lies lies = {.extra_vmsa = true, .policy_debug = true};
    const struct launch_lies none = {0};
    struct seen seen;
    struct machine *honest = launched(&none, &seen);
    g_assert_cmphex(honest_spa_of(honest, LAUNCH_EXTRA_VMSA_GPA), ==, UINT64_MAX);
    g_assert_cmphex(psp_gctx_find(&honest->psp, MACHINE_GCTX_SPA)->policy, ==, PSP_POLICY_DEFAULT);

    struct machine *machine = launched(&lies, &seen);
    const struct rmp_entry *entry =
        rmp_entry_at(&machine->rmp, honest_spa_of(machine, LAUNCH_EXTRA_VMSA_GPA));
    g_assert_true(entry->assigned && entry->validated && entry->vmsa);
    g_assert_cmpuint(seen.vmsas, ==, 2);
    g_assert_cmphex(psp_gctx_find(&machine->psp, MACHINE_GCTX_SPA)->policy, ==,
                    PSP_POLICY_DEFAULT | PSP_POLICY_DEBUG);
    /* A VMSA is measured: a verifier sees one too many. */
    g_assert_cmpint(memcmp(machine_launch_digest(machine), machine_launch_digest(honest),
                           PSP_DIGEST_BYTES),
                    !=, 0);
    machine_free(machine);
    machine_free(honest);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/emu/lies/params", test_params);
    g_test_add_func("/emu/lies/abi56860/cpuid-corrected", test_cpuid);
    g_test_add_func("/emu/lies/extra-vmsa", test_extra_vmsa);
    return g_test_run();
}

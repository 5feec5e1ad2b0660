/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/cpu_fixture.h"

#include <stdlib.h>
#include <string.h>

enum {
    NPT_TABLES = 64,
    HANDLERS = 0x90000, /* 256 handlers of 16 bytes */
    PD_PAGES = 8,       /* tables of 4 KiB pages for 16 MiB */
    PML4 = FIXTURE_TABLES,
    PDPT = FIXTURE_TABLES + 0x1000,
    PD_PRIVATE = FIXTURE_TABLES + 0x2000,
    PD_SHARED = FIXTURE_TABLES + 0x3000,
    PT_PRIVATE = FIXTURE_TABLES + 0x4000,
    PT_SHARED = PT_PRIVATE + PD_PAGES * 0x1000,
};

static void observe(void *user, const struct event *event)
{
    struct fixture *f = user;

    if (f->event_count < FIXTURE_EVENTS_MAX)
        f->events[f->event_count++] = *event;
}

void fixture_write(struct fixture *f, uint64_t gpa, const void *in, size_t len)
{
    for (uint64_t at = page_base(gpa); at < gpa + len; at += PAGE_BYTES)
        cpu_page_changed(&f->env, at);
    memory_write(&f->memory, gpa, FIXTURE_ASID, in, len);
}

void fixture_read(struct fixture *f, uint64_t gpa, void *out, size_t len)
{
    memory_peek(&f->memory, gpa, FIXTURE_ASID, out, len);
}

uint64_t fixture_read64(struct fixture *f, uint64_t gpa)
{
    uint64_t value;

    fixture_read(f, gpa, &value, sizeof(value));
    return value;
}

static void write64(struct fixture *f, uint64_t gpa, uint64_t value)
{
    fixture_write(f, gpa, &value, sizeof(value));
}

static uint64_t pte_gpa(uint64_t gva)
{
    const uint64_t table = gva >= FIXTURE_SHARED ? PT_SHARED : PT_PRIVATE;

    g_assert_cmpuint(gva & (FIXTURE_SHARED - 1), <, FIXTURE_MEMORY);
    return table + ((gva & (FIXTURE_SHARED - 1)) >> PAGE_SHIFT) * 8;
}

uint64_t fixture_pte(struct fixture *f, uint64_t gva)
{
    return fixture_read64(f, pte_gpa(gva));
}

void fixture_pte_set(struct fixture *f, uint64_t gva, uint64_t pte)
{
    write64(f, pte_gpa(gva), pte);
}

static void tables_build(struct fixture *f)
{
    const uint64_t table = 7 | FIXTURE_C_BIT; /* present, writable, user: the leaf decides */

    write64(f, PML4, PDPT | table);
    write64(f, PDPT, PD_PRIVATE | table);
    write64(f, PDPT + 8, PD_SHARED | table);
    for (uint64_t i = 0; i < PD_PAGES; i++) {
        write64(f, PD_PRIVATE + i * 8, (PT_PRIVATE + i * 0x1000) | table);
        write64(f, PD_SHARED + i * 8, (PT_SHARED + i * 0x1000) | table);
    }
    for (uint64_t gpa = 0; gpa < FIXTURE_MEMORY; gpa += PAGE_BYTES) {
        fixture_pte_set(f, gpa, gpa | 3 | FIXTURE_C_BIT);
        fixture_pte_set(f, FIXTURE_SHARED + gpa, gpa | 3);
    }
}

void fixture_rmp_private(struct fixture *f, uint64_t spa, uint8_t perms)
{
    struct rmp_entry *entry = rmp_slot_at(&f->rmp, spa);

    *entry = (struct rmp_entry){ .assigned = 1, .gpn = spa >> PAGE_SHIFT, .asid = FIXTURE_ASID,
                                 .validated = 1,
                                 .perm = { RMP_PERM_ALL, perms, perms, perms } };
}

static void memory_build(struct fixture *f)
{
    const uint64_t pages = FIXTURE_MEMORY / PAGE_BYTES;
    uint8_t key[MEMORY_KEY_BYTES];

    f->memory.bytes = FIXTURE_MEMORY;
    f->memory.dram = aligned_alloc(PAGE_BYTES, FIXTURE_MEMORY);
    memset(f->memory.dram, 0, FIXTURE_MEMORY);
    f->memory.pages = g_new0(struct memory_page, pages);
    f->memory.scrub = g_malloc0(pages * sizeof(*f->memory.scrub));
    f->memory.labels = (struct labels){ .page = g_new0(struct label_page, pages),
                                        .plane = g_malloc0(pages * PAGE_BYTES),
                                        .copy = g_malloc0(pages * PAGE_BYTES) };
    memory_init(&f->memory);
    for (size_t i = 0; i < sizeof(key); i++)
        key[i] = (uint8_t)(i * 7 + 1);
    memory_key_set(&f->memory, FIXTURE_ASID, key);
    f->rmp = (struct rmp){ .entries = g_new0(struct rmp_entry, pages), .covered_pages = pages };
    npt_init(&f->npt, g_new0(struct npt_table, NPT_TABLES), NPT_TABLES);
    for (uint64_t spa = 0; spa < FIXTURE_MEMORY; spa += PAGE_BYTES) {
        g_assert_cmpint(npt_map(&f->npt, spa, spa, PAGE_4K, NPT_RWX), ==, NPT_OK);
        if (spa < FIXTURE_HV)
            fixture_rmp_private(f, spa, 0);
        if (spa >= FIXTURE_UNVALIDATED && spa < FIXTURE_HV)
            rmp_slot_at(&f->rmp, spa)->validated = 0;
        /* Every private page starts as zeros for the guest. */
        if (spa < FIXTURE_UNVALIDATED) {
            memory_view_set(&f->memory, spa, FIXTURE_ASID);
            memset(f->memory.dram + spa, 0, PAGE_BYTES);
        }
    }
}

struct fixture *fixture_new(void)
{
    struct fixture *f = g_new0(struct fixture, 1);
    GError *error = NULL;

    f->events = g_new0(struct event, FIXTURE_EVENTS_MAX);
    memory_build(f);
    cpuid_table_init(&f->cpuid);
    f->env = (struct cpu_env){
        .rmp = &f->rmp, .memory = &f->memory, .rmp_config = RMP_CONFIG_DEFAULT,
        .trace = trace_new(), .cpuid = &f->cpuid, .cbit = CPU_CBIT, .phys_bits = 51, .seed = 1,
        .costs = { .insn = 1, .pvalidate = 100, .rmpadjust = 100, .rmpquery = 50, .vmexit = 1000,
                   .exception = 10, .cpuid = 1, .msr = 1, .rdrand = 1 },
    };
    f->env.seen = (struct cpu_seen){ .pages = FIXTURE_MEMORY / PAGE_BYTES,
                                     .spn_1 = g_new0(uint32_t, FIXTURE_MEMORY / PAGE_BYTES),
                                     .gvn_1 = g_new0(uint64_t, FIXTURE_MEMORY / PAGE_BYTES),
                                     .table = g_new0(uint8_t, FIXTURE_MEMORY / PAGE_BYTES) };
    trace_attach(f->env.trace, observe, f);
    tables_build(f);
    f->vmcb = (struct vmcb){ .asid = FIXTURE_ASID, .npt = &f->npt };
    rmp_slot_at(&f->rmp, FIXTURE_VMSA)->vmsa = 1;
    rmp_slot_at(&f->rmp, FIXTURE_VMSA2)->vmsa = 1;
    vmsa_init_long_mode(&f->vmsa);
    f->vmsa.sev_features = 1;
    f->vmsa.cr3 = PML4;
    f->vmsa.rsp = FIXTURE_STACK;
    f->vmsa.rip = FIXTURE_CODE;
    f->vcpu = vcpu_new(&f->env, FIXTURE_VMSA, &error);
    g_assert_no_error(error);
    return f;
}

void fixture_free(struct fixture *f)
{
    while (f->env.vcpu_count > 0)
        vcpu_free(f->env.vcpus[0]);
    trace_free(f->env.trace);
    free(f->memory.dram);
    g_free(f->memory.pages);
    g_free(f->env.seen.spn_1);
    g_free(f->env.seen.gvn_1);
    g_free(f->env.seen.table);
    g_free(f->memory.scrub);
    g_free(f->memory.labels.page);
    g_free(f->memory.labels.plane);
    g_free(f->memory.labels.copy);
    g_free(f->rmp.entries);
    g_free(f->npt.pool);
    g_free(f->events);
    g_free(f);
}

void fixture_code(struct fixture *f, const void *begin, const void *end)
{
    fixture_write(f, FIXTURE_CODE, begin, (size_t)((const uint8_t *)end - (const uint8_t *)begin));
    f->vmsa.rip = FIXTURE_CODE;
}

enum vcpu_enter_result fixture_reenter(struct fixture *f)
{
    return vcpu_enter(f->vcpu, &f->vmcb, &f->clock, 0);
}

enum vcpu_enter_result fixture_enter(struct fixture *f)
{
    memory_write(&f->memory, FIXTURE_VMSA, FIXTURE_ASID, &f->vmsa, sizeof(f->vmsa));
    return fixture_reenter(f);
}

void fixture_run(struct fixture *f)
{
    vcpu_run(f->vcpu, 10 * 1000 * 1000, &f->exit);
    f->insns += f->exit.insns;
    if (f->exit.reason == VCPU_EXIT_ENGINE)
        g_test_message("engine: %s", f->exit.message);
}

void fixture_start(struct fixture *f)
{
    g_assert_cmpint(fixture_enter(f), ==, VCPU_ENTERED);
    fixture_run(f);
}

const struct vmsa *fixture_state(struct fixture *f)
{
    memory_peek(&f->memory, FIXTURE_VMSA, FIXTURE_ASID, &f->vmsa, sizeof(f->vmsa));
    return &f->vmsa;
}

const struct event *fixture_event(const struct fixture *f, uint16_t kind, uint32_t nth)
{
    for (uint32_t i = 0; i < f->event_count; i++) {
        if (f->events[i].kind == kind && nth-- == 0)
            return &f->events[i];
    }
    return NULL;
}

uint32_t fixture_event_count(const struct fixture *f, uint16_t kind)
{
    uint32_t count = 0;

    while (fixture_event(f, kind, count) != NULL)
        count++;
    return count;
}

/* ------------------------------------------------------------------ exceptions end the run */

void fixture_idt(struct fixture *f)
{
    /* Null, 64-bit code, data, and a TSS of zeros behind them. */
    const uint64_t gdt[] = { 0, UINT64_C(0x00af9b000000ffff), UINT64_C(0x00cf93000000ffff),
                             UINT64_C(0x00cff3000000ffff), UINT64_C(0x00affb000000ffff),
                             UINT64_C(0x0000890000000067) | (uint64_t)FIXTURE_TSS << 16, 0 };
    const uint64_t rsp0 = FIXTURE_STACK;

    fixture_write(f, FIXTURE_GDT, gdt, sizeof(gdt));
    fixture_write(f, FIXTURE_TSS + 4, &rsp0, sizeof(rsp0));
    for (uint64_t vector = 0; vector < 256; vector++) {
        const uint64_t handler = HANDLERS + vector * 16;
        const uint64_t gate[2] = { (handler & 0xffff) | 8 << 16 | UINT64_C(0x8e00) << 32
                                       | (handler >> 16) << 48,
                                   handler >> 32 };
        fixture_write(f, FIXTURE_IDT + vector * 16, gate, sizeof(gate));
        fixture_write(f, handler, "\xf4", 1);
    }
    f->vmsa.gdtr = (struct vmsa_segment){ .base = FIXTURE_GDT, .limit = sizeof(gdt) - 1 };
    f->vmsa.idtr = (struct vmsa_segment){ .base = FIXTURE_IDT, .limit = 0xfff };
    f->vmsa.tr = (struct vmsa_segment){ .selector = 40, .attrib = 0x8b, .limit = 0x67,
                                        .base = FIXTURE_TSS };
}

int fixture_vector(struct fixture *f)
{
    const uint64_t rip = fixture_state(f)->rip;

    if (f->exit.reason != VCPU_EXIT_AUTO || f->exit.code != SVM_EXIT_HLT || rip < HANDLERS
        || rip >= HANDLERS + 256 * 16)
        return -1;
    return (int)((rip - HANDLERS) / 16);
}

uint64_t fixture_error(struct fixture *f)
{
    return fixture_read64(f, fixture_state(f)->rsp);
}

uint64_t fixture_fault_rip(struct fixture *f)
{
    static const uint32_t pushes = 1u << 8 | 1u << 10 | 1u << 11 | 1u << 12 | 1u << 13 | 1u << 14
                                   | 1u << 17 | 1u << 29;
    const int vector = fixture_vector(f);
    const bool error = vector >= 0 && vector < 32 && (pushes >> vector & 1) != 0;

    return fixture_read64(f, fixture_state(f)->rsp + (error ? 8 : 0));
}

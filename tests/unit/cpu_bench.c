/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guest memory as an array, in place of cpu/mmu.c and cpu/vcpu.c. */
#include "tests/unit/cpu_bench.h"

#include <stdlib.h>

struct bench *bench;

/* ---- instead of cpu/mmu.c, cpu/vcpu.c, cpu/decode.c, cpu/scan.c ---- */

static bool memory_locate(uint64_t gva, size_t len, uint8_t **at, struct fault *fault)
{
    for (uint64_t byte = gva; byte < gva + len; byte++) {
        const struct fault outside = fault_exception(CPU_VECTOR_PF, true, PF_W);
        const struct fault *refusal = &outside;
        if (byte >= RAM_VA && byte < RAM_VA + RAM_BYTES)
            refusal = &bench->page_fault[(byte - RAM_VA) >> PAGE_SHIFT];
        if (refusal->kind == FAULT_NONE)
            continue;
        *fault = *refusal;
        fault->gva = byte;
        return false;
    }
    *at = bench->ram + (gva - RAM_VA);
    return true;
}

bool mmu_read(struct vcpu *vcpu, uint64_t gva, void *out, size_t len, enum mmu_privilege privilege,
              struct fault *fault)
{
    uint8_t *at;
    (void)vcpu, (void)privilege;
    if (!memory_locate(gva, len, &at, fault))
        return false;
    memcpy(out, at, len);
    return true;
}

bool mmu_write(struct vcpu *vcpu, uint64_t gva, const void *in, size_t len,
               enum mmu_privilege privilege, struct fault *fault)
{
    uint8_t *at;
    (void)vcpu, (void)privilege;
    if (!memory_locate(gva, len, &at, fault))
        return false;
    memcpy(at, in, len);
    return true;
}

uint8_t vcpu_cpl(const struct vcpu *vcpu)
{
    hidden_fetch((struct hidden *)(uintptr_t)&vcpu->hidden);
    return hidden_cpl(&vcpu->hidden);
}

/* Nothing is decoded here, and there are no blocks. */
void decode_mode_set(struct decode *decode, enum decode_mode mode)
{
    (void)decode, (void)mode;
}

void scan_stale(struct vcpu *vcpu)
{
    (void)vcpu;
}

/* ---- the bench ---- */

static bool on_fill(uc_engine *uc, uint64_t va, uc_mem_type type, uc_tlb_entry *entry, void *user)
{
    (void)uc, (void)user;
    if (va < RAM_VA || va >= RAM_VA + RAM_BYTES)
        return false;
    entry->paddr = va;
    entry->perms = type == UC_MEM_FETCH ? UC_PROT_READ | UC_PROT_EXEC
                                        : UC_PROT_READ | UC_PROT_WRITE;
    return true;
}

static void on_interrupt(uc_engine *uc, uint32_t vector, void *user)
{
    (void)user;
    bench->engine_vector = vector;
    uc_emu_stop(uc);
}

static void on_event(void *user, const struct event *event)
{
    (void)user;
    if (event->kind == EVENT_FAULT && bench->seen_count < G_N_ELEMENTS(bench->seen))
        bench->seen[bench->seen_count++] = *event;
}

void bench_put64(uint64_t gva, uint64_t value)
{
    memcpy(bench->ram + (gva - RAM_VA), &value, 8);
}

uint64_t bench_get64(uint64_t gva)
{
    uint64_t value;
    memcpy(&value, bench->ram + (gva - RAM_VA), 8);
    return value;
}

void bench_gate_set(uint8_t vector, uint16_t selector, uint8_t attrib, uint8_t ist,
                    uint64_t offset)
{
    uint64_t at = IDT_VA + vector * 16u;
    bench_put64(at, (offset & 0xffff) | (uint64_t)selector << 16 | (uint64_t)ist << 32
                  | (uint64_t)attrib << 40 | ((offset >> 16) & 0xffff) << 48);
    bench_put64(at + 8, offset >> 32);
}

static void tables_fill(void)
{
    static const uint64_t gdt[] = {
        0,
        UINT64_C(0x00af9b000000ffff), UINT64_C(0x00cf93000000ffff), /* ring 0 */
        UINT64_C(0x00affb000000ffff), UINT64_C(0x00cff3000000ffff), /* ring 3 */
        UINT64_C(0x00af9f000000ffff), /* conforming */
        UINT64_C(0x00af1b000000ffff), /* not present */
        UINT64_C(0x00cf9b000000ffff), /* 32-bit */
    };
    memcpy(bench->ram + (GDT_VA - RAM_VA), gdt, sizeof(gdt));
    for (unsigned vector = 0; vector < 256; vector++)
        bench_gate_set((uint8_t)vector, SEL_CODE0, GATE_INTERRUPT, 0, HANDLER_VA + vector * 16);
    bench_put64(TSS_VA + 4, KERNEL_STACK);
    for (unsigned ist = 1; ist <= 7; ist++)
        bench_put64(TSS_VA + 0x24 + 8 * (ist - 1), IST_STACK);
}

void bench_state_fill(struct vmsa *vmsa, uint8_t cpl)
{
    vmsa_init_long_mode(vmsa);
    vmsa->cpl = cpl;
    vmsa->rip = CODE_VA;
    vmsa->rflags = 0x202;
    vmsa->rsp = cpl == 3 ? USER_STACK - 24 : KERNEL_STACK - 24;
    vmsa->gdtr = (struct vmsa_segment){ .base = GDT_VA, .limit = GDT_BYTES - 1 };
    vmsa->idtr = (struct vmsa_segment){ .base = IDT_VA, .limit = 0xfff };
    vmsa->tr = (struct vmsa_segment){ SEL_TSS, 0x8b, 0x67, TSS_VA };
    if (cpl == 3) {
        vmsa->cs = (struct vmsa_segment){ SEL_CODE3 | 3, 0xafb, 0xffffffff, 0 };
        vmsa->ss = (struct vmsa_segment){ SEL_DATA3 | 3, 0xcf3, 0xffffffff, 0 };
    }
}

void bench_open(uint8_t cpl)
{
    GError *error = NULL;
    struct vmsa vmsa;
    uc_hook hook;
    uc_engine *uc;

    bench = g_new0(struct bench, 1);
    g_assert_cmpint(uc_open(UC_ARCH_X86, UC_MODE_64, &uc), ==, UC_ERR_OK);
    uc_ctl_set_cpu_model(uc, UC_CPU_X86_EPYC_ROME);
    uc_ctl_tlb_mode(uc, UC_TLB_VIRTUAL);
    bench->ram = aligned_alloc(4096, RAM_BYTES);
    g_assert_nonnull(bench->ram);
    memset(bench->ram, 0, RAM_BYTES);
    g_assert_cmpint(uc_mem_map_ptr(uc, RAM_VA, RAM_BYTES, UC_PROT_ALL, bench->ram), ==, UC_ERR_OK);
    uc_hook_add(uc, &hook, UC_HOOK_TLB_FILL, (void *)on_fill, NULL, 1, 0);
    uc_hook_add(uc, &hook, UC_HOOK_INTR, (void *)on_interrupt, NULL, 1, 0);
    bench->env.trace = trace_new();
    bench->env.costs.exception = 100;
    trace_attach(bench->env.trace, on_event, NULL);
    bench->vcpu.env = &bench->env;
    bench->vcpu.clock = &bench->clock;
    bench->vcpu.uc = uc;
    g_assert_true(hidden_open(&bench->vcpu.hidden, uc, &error));
    tables_fill();
    bench_state_fill(&vmsa, cpl);
    bench->vcpu.control.efer = vmsa.efer;
    vmsa_load(&bench->vcpu.hidden, &bench->vcpu.state.cache, &vmsa);
}

void bench_close(void)
{
    hidden_close(&bench->vcpu.hidden);
    uc_close(bench->vcpu.uc);
    trace_free(bench->env.trace);
    free(bench->ram);
    g_free(bench);
    bench = NULL;
}

struct vmsa bench_state(void)
{
    struct vmsa vmsa = bench->vcpu.state.cache.image;
    struct vmsa_cache unused;
    vmsa_store(&bench->vcpu.hidden, &unused, &vmsa);
    return vmsa;
}

void bench_refuse(uint64_t gva, struct fault fault)
{
    bench->page_fault[(gva - RAM_VA) >> PAGE_SHIFT] = fault;
}

struct exception bench_hardware(uint8_t vector, bool has_error, uint32_t error)
{
    return (struct exception){ .vector = vector, .has_error = has_error, .error_code = error };
}

void bench_deliver(const struct exception *exception)
{
    struct fault fault = { 0 };
    g_assert_true(exception_deliver(&bench->vcpu, exception, &fault));
}

unsigned bench_handler(void)
{
    uint64_t rip = vcpu_reg(&bench->vcpu, UC_X86_REG_RIP);
    g_assert_cmphex(rip, >=, HANDLER_VA);
    g_assert_cmphex((rip - HANDLER_VA) % 16, ==, 0);
    return (unsigned)((rip - HANDLER_VA) / 16);
}

uint64_t bench_stack(unsigned slot)
{
    return bench_get64(vcpu_reg(&bench->vcpu, UC_X86_REG_RSP) + slot * 8);
}

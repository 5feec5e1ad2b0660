/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A vCPU's life, and what observers may look at. */
#include "cpu/loads.h"

#include <string.h>

#define NO_PAGE UINT64_MAX

/* Every SVM exit of the engine's guest mode comes here as interrupt 0x100 + exit code. */
static void exit_hook(uc_engine *uc, uint32_t number, void *user)
{
    struct vcpu *vcpu = user;

    vcpu->stop = STOP_EXIT;
    vcpu->stop_code = number - 0x100;
    uc_emu_stop(uc);
}

/* The engine does nothing for SYSCALL but go to the next instruction. */
static void syscall_hook(uc_engine *uc, void *user)
{
    struct vcpu *vcpu = user;

    vcpu->stop = STOP_SYSCALL;
    uc_emu_stop(uc);
}

static bool engine_open(struct vcpu *vcpu, GError **error)
{
    uc_hook handle;
    uc_err err = uc_open(UC_ARCH_X86, UC_MODE_64, &vcpu->uc);

    /* The engine's default is 1 GiB, and it clears all of it whenever it drops all translations. */
    if (err == UC_ERR_OK)
        err = uc_ctl_set_tcg_buffer_size(vcpu->uc, VCPU_CODE_BYTES);
    if (err == UC_ERR_OK)
        err = uc_ctl_set_cpu_model(vcpu->uc, UC_CPU_X86_EPYC_ROME);
    if (err == UC_ERR_OK)
        err = uc_ctl_tlb_mode(vcpu->uc, UC_TLB_VIRTUAL);
    if (err == UC_ERR_OK)
        err = uc_hook_add(vcpu->uc, &handle, UC_HOOK_INTR, (void *)exit_hook, vcpu, 1, 0);
    if (err == UC_ERR_OK)
        err = uc_hook_add(vcpu->uc, &handle, UC_HOOK_INSN, (void *)syscall_hook, vcpu, 1, 0,
                          UC_X86_INS_SYSCALL);
    if (err != UC_ERR_OK) {
        g_set_error(error, g_quark_from_static_string("prova-cpu"), 0,
                    "the engine cannot be opened: %s", uc_strerror(err));
        return false;
    }
    if (!fill_hooks_add(vcpu, error) || !virtualize_open(vcpu, error)
        || !hidden_open(&vcpu->hidden, vcpu->uc, error))
        return false;
    vcpu->decode = decode_new(error);
    if (vcpu->decode == NULL)
        return false;
    err = uc_hook_add(vcpu->uc, &handle, UC_HOOK_BLOCK, (void *)scan_block_hook, vcpu, 1, 0);
    g_assert(err == UC_ERR_OK);
    return true;
}

struct vcpu *vcpu_new(struct cpu_env *env, uint64_t vmsa_spa, GError **error)
{
    if (env->vcpu_count == CPU_VMSAS_MAX || !memory_holds(env->memory, vmsa_spa, PAGE_BYTES)
        || (vmsa_spa & PAGE_MASK) != 0) {
        g_set_error(error, g_quark_from_static_string("prova-cpu"), 0,
                    "no engine for a VMSA at SPA 0x%" G_GINT64_MODIFIER "x: %s", vmsa_spa,
                    env->vcpu_count == CPU_VMSAS_MAX ? "there are too many" : "not a memory page");
        return NULL;
    }
    struct vcpu *vcpu = g_new0(struct vcpu, 1);
    const uint64_t pages = env->memory->bytes >> PAGE_SHIFT;
    vcpu->env = env;
    vcpu->vmsa_spa = vmsa_spa;
    vcpu->bitmap_words = (pages + 63) / 64;
    vcpu->tlb_slots = g_new0(struct tlb_entry, 1u << VCPU_TLB_SLOTS_LOG2);
    vcpu->pte_seen = g_new0(struct pte_seen, VCPU_PTE_SLOTS);
    vcpu->code_generation = g_new0(uint32_t, pages);
    vcpu->write_filled = g_new0(uint64_t, vcpu->bitmap_words);
    vcpu->filled = g_new0(uint64_t, vcpu->bitmap_words);
    vcpu->code_filled = g_new0(uint64_t, vcpu->bitmap_words);
    vcpu->loads = loads_new();
    scan_forget(vcpu);
    vcpu->mode.odd_selector = MODE_NO_SELECTOR;
    vcpu->implicit_gva = vcpu->skip_gva = vcpu->self_spa = NO_PAGE;
    for (unsigned i = 0; i < VCPU_ALIASES; i++)
        vcpu->alias_spa[i] = NO_PAGE;
    tlb_init(&vcpu->state.tlb, vcpu->tlb_slots, VCPU_TLB_SLOTS_LOG2);
    if (!engine_open(vcpu, error)) {
        vcpu_free(vcpu);
        return NULL;
    }
    env->vcpus[env->vcpu_count++] = vcpu;
    return vcpu;
}

void vcpu_free(struct vcpu *vcpu)
{
    if (vcpu == NULL)
        return;
    struct cpu_env *env = vcpu->env;
    for (uint32_t i = 0; i < env->vcpu_count; i++) {
        if (env->vcpus[i] == vcpu) {
            memmove(&env->vcpus[i], &env->vcpus[i + 1],
                    (env->vcpu_count - i - 1) * sizeof(struct vcpu *));
            env->vcpu_count--;
            break;
        }
    }
    if (vcpu->decode != NULL)
        decode_free(vcpu->decode);
    if (vcpu->hidden.context != NULL)
        hidden_close(&vcpu->hidden);
    if (vcpu->uc != NULL)
        uc_close(vcpu->uc);
    virtualize_close(vcpu);
    g_free(vcpu->tlb_slots);
    g_free(vcpu->pte_seen);
    loads_free(vcpu->loads);
    g_free(vcpu->code_generation);
    g_free(vcpu->write_filled);
    g_free(vcpu->filled);
    g_free(vcpu->code_filled);
    g_free(vcpu);
}

uint64_t vcpu_vmsa_spa(const struct vcpu *vcpu)
{
    return vcpu->vmsa_spa;
}

struct vcpu *vcpu_find(struct cpu_env *env, uint64_t vmsa_spa)
{
    for (uint32_t i = 0; i < env->vcpu_count; i++) {
        if (env->vcpus[i]->vmsa_spa == vmsa_spa)
            return env->vcpus[i];
    }
    return NULL;
}

bool vcpu_in_guest(const struct vcpu *vcpu)
{
    return vcpu->state.in_guest;
}

uint8_t vcpu_vmpl(const struct vcpu *vcpu)
{
    return vcpu->state.vmpl;
}

uint64_t vcpu_rip(const struct vcpu *vcpu)
{
    return vcpu_reg(vcpu, UC_X86_REG_RIP);
}

/*
 * CS.RPL is the CPL in protected mode (APM 2 4.9.1), once CS has been loaded there; real mode is
 * CPL 0.
 */
uint8_t vcpu_cpl(const struct vcpu *vcpu)
{
    if ((vcpu->control.cr0 & 1) == 0)
        return 0;
    const uint64_t selector = vcpu_reg(vcpu, UC_X86_REG_CS);
    return selector == vcpu->mode.odd_selector ? vcpu->mode.odd_cpl : selector & 3;
}

bool vcpu_breakpoint_at(const struct vcpu *vcpu, uint64_t rip)
{
    for (uint32_t i = 0; i < vcpu->state.breakpoint_count; i++) {
        if (vcpu->state.breakpoint[i] == rip)
            return true;
    }
    return false;
}

bool vcpu_breakpoint_set(struct vcpu *vcpu, uint64_t rip)
{
    struct vcpu_state *state = &vcpu->state;

    if (vcpu_breakpoint_at(vcpu, rip))
        return true;
    if (state->breakpoint_count == VCPU_BREAKPOINTS_MAX || !scan_hook_add(vcpu, rip))
        return false;
    state->breakpoint[state->breakpoint_count++] = rip;
    scan_forget(vcpu);
    return true;
}

void vcpu_breakpoint_clear(struct vcpu *vcpu, uint64_t rip)
{
    struct vcpu_state *state = &vcpu->state;

    for (uint32_t i = 0; i < state->breakpoint_count; i++) {
        if (state->breakpoint[i] == rip) {
            state->breakpoint[i] = state->breakpoint[--state->breakpoint_count];
            return;
        }
    }
}

void vcpu_peek_state(const struct vcpu *vcpu, struct vmsa *out)
{
    /* Reading registers out of the idle engine changes its saved copy, not the vCPU. */
    struct vcpu *mutable = (struct vcpu *)(uintptr_t)vcpu;
    struct vmsa_cache *scratch;

    *out = vcpu->image;
    if (!vcpu->state.in_guest)
        return;
    scratch = g_new(struct vmsa_cache, 1);
    *scratch = vcpu->state.cache;
    vmsa_store(&mutable->hidden, scratch, out);
    g_free(scratch);
}

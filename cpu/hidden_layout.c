/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds the places of cpu/hidden.h in the engine's saved state, once for each process. A scratch
 * engine gets values that occur nowhere else; what changed between two copies shows the place. Then
 * instructions whose outcome depends on the fields prove the find, with other values than those
 * that led to it. A version of the engine for which that does not work is refused with the step's
 * name.
 */
#include "cpu/hidden.h"

#include <string.h>

enum { CODE_VA = 0x10000, DATA_VA = 0x11000, NOT_FOUND = -1 };

struct scratch {
    uc_engine *uc;
    uc_context *before, *after;
    size_t size;
    uint32_t vector; /* last exception, UINT32_MAX if none */
};

static void on_interrupt(uc_engine *uc, uint32_t vector, void *user)
{
    struct scratch *scratch = user;
    scratch->vector = vector;
    uc_emu_stop(uc);
}

static const uint8_t *bytes_of(const uc_context *context)
{
    return (const uint8_t *)context;
}

/* The only place where `after` holds the value and `before` does not; else NOT_FOUND. */
static gssize find_new(const struct scratch *scratch, const void *value, size_t len)
{
    gssize found = NOT_FOUND;
    for (size_t at = 0; at + len <= scratch->size; at += 4) {
        if (memcmp(bytes_of(scratch->after) + at, value, len) != 0
            || memcmp(bytes_of(scratch->before) + at, value, len) == 0)
            continue;
        if (found != NOT_FOUND)
            return NOT_FOUND;
        found = (gssize)at;
    }
    return found;
}

static gssize find_change32(const struct scratch *scratch, uint32_t old, uint32_t new_value)
{
    gssize found = NOT_FOUND;
    for (size_t at = 0; at + 4 <= scratch->size; at += 4) {
        if (memcmp(bytes_of(scratch->after) + at, &new_value, 4) != 0
            || memcmp(bytes_of(scratch->before) + at, &old, 4) != 0)
            continue;
        if (found != NOT_FOUND)
            return NOT_FOUND;
        found = (gssize)at;
    }
    return found;
}

static uint32_t word_at(const uc_context *context, size_t at)
{
    uint32_t word;
    memcpy(&word, bytes_of(context) + at, sizeof(word));
    return word;
}

static const char *find_gprs(struct scratch *scratch, struct hidden_layout *layout)
{
    static const int ids[16] = { UC_X86_REG_RAX, UC_X86_REG_RCX, UC_X86_REG_RDX, UC_X86_REG_RBX,
                                 UC_X86_REG_RSP, UC_X86_REG_RBP, UC_X86_REG_RSI, UC_X86_REG_RDI,
                                 UC_X86_REG_R8,  UC_X86_REG_R9,  UC_X86_REG_R10, UC_X86_REG_R11,
                                 UC_X86_REG_R12, UC_X86_REG_R13, UC_X86_REG_R14, UC_X86_REG_R15 };
    uint64_t value[16];
    uc_context_save(scratch->uc, scratch->before);
    for (unsigned i = 0; i < 16; i++) {
        value[i] = UINT64_C(0x6d31a90400c7f500) + i * UINT64_C(0x0101010101010101);
        uc_reg_write(scratch->uc, ids[i], &value[i]);
    }
    uc_context_save(scratch->uc, scratch->after);
    gssize at = find_new(scratch, value, sizeof(value));
    if (at == NOT_FOUND)
        return "general registers";
    layout->gprs = (size_t)at;
    return NULL;
}

/* FS and GS bases give the stride; LDTR, which can be set as a whole, the fields. */
static const char *find_segments(struct scratch *scratch, struct hidden_layout *layout)
{
    uint64_t fs = UINT64_C(0x00005a17c3e1f540), gs = UINT64_C(0x000027b4d8926a80);
    uc_x86_mmr ldtr = { .selector = 0x6a50, .base = UINT64_C(0x0000419e73b5d2c0),
                        .limit = 0x0003579b, .flags = 0x00018200 };
    uint16_t ds = 0x4d90;
    uc_context_save(scratch->uc, scratch->before);
    uc_reg_write(scratch->uc, UC_X86_REG_FS_BASE, &fs);
    uc_reg_write(scratch->uc, UC_X86_REG_GS_BASE, &gs);
    uc_reg_write(scratch->uc, UC_X86_REG_LDTR, &ldtr);
    uc_reg_write(scratch->uc, UC_X86_REG_DS, &ds);
    uc_context_save(scratch->uc, scratch->after);
    gssize fs_at = find_new(scratch, &fs, 8), gs_at = find_new(scratch, &gs, 8);
    gssize base = find_new(scratch, &ldtr.base, 8), limit = find_new(scratch, &ldtr.limit, 4);
    uint32_t ldtr_selector = ldtr.selector;
    gssize selector = find_new(scratch, &ldtr_selector, 4);
    gssize flags = find_new(scratch, &ldtr.flags, 4);
    if (fs_at == NOT_FOUND || base == NOT_FOUND || limit == NOT_FOUND || selector == NOT_FOUND
        || flags == NOT_FOUND)
        return "segment registers";
    gssize stride = gs_at - fs_at, first = MIN(MIN(base, limit), MIN(selector, flags));
    gssize es = first - HIDDEN_LDTR * stride;
    if (stride <= 0 || es < 0 || base != fs_at + (HIDDEN_LDTR - HIDDEN_FS) * stride
        || MAX(MAX(base, limit), MAX(selector, flags)) >= first + stride)
        return "stride of the segment registers";
    layout->segments = (size_t)es;
    layout->segment_stride = (size_t)stride;
    layout->segment_selector = (size_t)(selector - first);
    layout->segment_base = (size_t)(base - first);
    layout->segment_limit = (size_t)(limit - first);
    layout->segment_flags = (size_t)(flags - first);
    size_t ds_at = layout->segments + HIDDEN_DS * layout->segment_stride + layout->segment_selector;
    return word_at(scratch->after, ds_at) == ds ? NULL : "selector of DS";
}

static const char *prove_tr(struct scratch *scratch, const struct hidden_layout *layout)
{
    uc_x86_mmr tr = { .selector = 0x1238, .base = 0x77abc000, .limit = 0x67, .flags = 0x8b00 };
    struct hidden hidden = { scratch->uc, scratch->after, layout };
    struct vmsa_segment got;
    uc_reg_write(scratch->uc, UC_X86_REG_TR, &tr);
    hidden_fetch(&hidden);
    hidden_segment_read(&hidden, HIDDEN_TR, &got);
    bool good = got.selector == tr.selector && got.base == tr.base && got.limit == tr.limit
                && got.attrib == 0x8b;
    return good ? NULL : "task register";
}

/* The mode word mirrors CR0.TS at bit 11 (CR0 itself has it at bit 3). */
static const char *find_hflags(struct scratch *scratch, struct hidden_layout *layout)
{
    uint64_t cr0 = 0, with_ts;
    gssize found = NOT_FOUND;
    uc_reg_read(scratch->uc, UC_X86_REG_CR0, &cr0);
    with_ts = cr0 | 1 << 3;
    uc_context_save(scratch->uc, scratch->before);
    uc_reg_write(scratch->uc, UC_X86_REG_CR0, &with_ts);
    uc_context_save(scratch->uc, scratch->after);
    uc_reg_write(scratch->uc, UC_X86_REG_CR0, &cr0);
    for (size_t at = 0; at + 4 <= scratch->size; at += 4) {
        if ((word_at(scratch->before, at) ^ word_at(scratch->after, at)) != 1 << 11)
            continue;
        if (found != NOT_FOUND)
            return "mode word";
        found = (gssize)at;
    }
    uint32_t long_mode = 1 << 15 | 1 << 14 | 1 << 7 | 1 << 5 | 1 << 4;
    if (found == NOT_FOUND
        || (word_at(scratch->before, (size_t)found) & long_mode) != long_mode)
        return "mode word";
    layout->hflags = (size_t)found;
    layout->hflags2 = layout->hflags + 4; /* prove_nmi_mask() */
    return NULL;
}

/* Control registers lie together; a write of CR2 by the API would change CR3 instead. */
static const char *find_cr2(struct scratch *scratch, struct hidden_layout *layout)
{
    uint64_t cr3 = UINT64_C(0x0004d27a9c3e5000), cr4 = 0;
    uc_reg_read(scratch->uc, UC_X86_REG_CR4, &cr4);
    uc_context_save(scratch->uc, scratch->before);
    uc_reg_write(scratch->uc, UC_X86_REG_CR3, &cr3);
    uc_context_save(scratch->uc, scratch->after);
    gssize at = find_new(scratch, &cr3, 8);
    if (at == NOT_FOUND || word_at(scratch->after, (size_t)at + 8) != (uint32_t)cr4)
        return "control registers";
    layout->cr2 = (size_t)at - 8;
    struct hidden hidden = { scratch->uc, scratch->after, layout };
    uint64_t cr2 = UINT64_C(0xffff8123456789ab), got = 0, cr3_now = 0;
    hidden_cr2_set(&hidden, cr2);
    hidden_commit(&hidden);
    uc_reg_read(scratch->uc, UC_X86_REG_CR2, &got);
    uc_reg_read(scratch->uc, UC_X86_REG_CR3, &cr3_now);
    return got == cr2 && cr3_now == cr3 ? NULL : "CR2";
}

/* Runs the code and leaves the vector it raised. */
static bool run(struct scratch *scratch, const void *code, size_t len)
{
    uint8_t page[64];
    memset(page, 0x90, sizeof(page));
    memcpy(page, code, len);
    scratch->vector = UINT32_MAX;
    /* Through the API, and dropped by hand: writes by the host do not invalidate translations. */
    return uc_mem_write(scratch->uc, CODE_VA, page, sizeof(page)) == UC_ERR_OK
           && uc_ctl_remove_cache(scratch->uc, CODE_VA, CODE_VA + sizeof(page)) == UC_ERR_OK
           && uc_emu_start(scratch->uc, CODE_VA, CODE_VA + len, 0, 0) == UC_ERR_OK;
}

/* mov ds, [DATA_VA] with a selector beyond the GDT: #GP(selector). */
static bool provoke_gp(struct scratch *scratch, uint16_t selector)
{
    static const uint8_t code[] = { 0x8e, 0x1c, 0x25, 0x00, 0x10, 0x01, 0x00 };
    return uc_mem_write(scratch->uc, DATA_VA, &selector, 2) == UC_ERR_OK
           && run(scratch, code, sizeof(code));
}

static const char *find_exception(struct scratch *scratch, struct hidden_layout *layout)
{
    uc_x86_mmr gdtr = { .base = DATA_VA, .limit = 7 };
    uint32_t first = 0x5ab8, second = 0x7c48;
    uc_reg_write(scratch->uc, UC_X86_REG_GDTR, &gdtr);
    uc_context_save(scratch->uc, scratch->before);
    bool raised = provoke_gp(scratch, (uint16_t)first) && scratch->vector == 13;
    uc_context_save(scratch->uc, scratch->after);
    gssize code = find_new(scratch, &first, 4);
    gssize old = find_change32(scratch, UINT32_MAX, 13);
    if (!raised || code == NOT_FOUND || old == NOT_FOUND)
        return "last exception and its error code";
    layout->error_code = (size_t)code;
    layout->old_exception = (size_t)old;
    for (unsigned i = 0; i < 3; i++, second += 8) {
        struct hidden hidden = { scratch->uc, scratch->after, layout };
        hidden_fetch(&hidden);
        hidden_exception_clear(&hidden);
        hidden_commit(&hidden);
        raised = provoke_gp(scratch, (uint16_t)second) && scratch->vector == 13;
        hidden_fetch(&hidden);
        if (!raised || hidden_error_code(&hidden) != second)
            return "repeated exceptions";
        hidden_exception_clear(&hidden);
        hidden_commit(&hidden);
    }
    return NULL;
}

static void on_code(uc_engine *uc, uint64_t address, uint32_t size, void *user)
{
    (void)address, (void)size, (void)user;
    uc_emu_stop(uc);
}

/* STI; NOP, stopped before the NOP: at the end address of a run the engine drops the shadow. */
static const char *prove_shadow(struct scratch *scratch, const struct hidden_layout *layout)
{
    static const uint8_t code[] = { 0xfb, 0x90, 0x90 };
    struct hidden hidden = { scratch->uc, scratch->after, layout };
    uc_hook hook;
    hidden_fetch(&hidden);
    bool good = !hidden_shadow(&hidden);
    good = good
           && uc_hook_add(scratch->uc, &hook, UC_HOOK_CODE, (void *)on_code, NULL, CODE_VA + 1,
                          CODE_VA + 1) == UC_ERR_OK;
    good = good && run(scratch, code, sizeof(code)) && scratch->vector == UINT32_MAX;
    good = good && uc_hook_del(scratch->uc, hook) == UC_ERR_OK;
    hidden_fetch(&hidden);
    good = good && hidden_shadow(&hidden);
    hidden_shadow_set(&hidden, false);
    hidden_commit(&hidden);
    return good ? NULL : "interrupt shadow";
}

/* IRETQ to the next instruction clears the NMI mask and nothing else of the second mode word. */
static const char *prove_nmi_mask(struct scratch *scratch, const struct hidden_layout *layout)
{
    static const uint8_t iretq[] = { 0x48, 0xcf, 0x90 };
    const uint64_t gdt[2] = { 0, UINT64_C(0x00af9b000000ffff) };
    const uint64_t frame[5] = { CODE_VA + 2, 8, 2, DATA_VA + 0x100, 0 };
    const uint64_t stack = DATA_VA + 0x200;
    uc_x86_mmr gdtr = { .base = DATA_VA, .limit = sizeof(gdt) - 1 };
    struct hidden hidden = { scratch->uc, scratch->after, layout };
    bool good = uc_mem_write(scratch->uc, DATA_VA, gdt, sizeof(gdt)) == UC_ERR_OK
                && uc_mem_write(scratch->uc, stack, frame, sizeof(frame)) == UC_ERR_OK
                && uc_reg_write(scratch->uc, UC_X86_REG_GDTR, &gdtr) == UC_ERR_OK
                && uc_reg_write(scratch->uc, UC_X86_REG_RSP, &stack) == UC_ERR_OK;
    hidden_fetch(&hidden);
    uint32_t before = word_at(hidden.context, layout->hflags2);
    good = good && !hidden_nmi_mask(&hidden);
    hidden_nmi_mask_set(&hidden, true);
    hidden_commit(&hidden);
    good = good && run(scratch, iretq, sizeof(iretq)) && scratch->vector == UINT32_MAX;
    hidden_fetch(&hidden);
    return good && word_at(hidden.context, layout->hflags2) == before ? NULL : "NMI mask";
}

/* CLI is legal at CPL 0 and #GP at CPL 3. */
static const char *prove_cpl(struct scratch *scratch, const struct hidden_layout *layout)
{
    static const uint8_t cli[] = { 0xfa };
    struct hidden hidden = { scratch->uc, scratch->after, layout };
    hidden_fetch(&hidden);
    bool good = hidden_cpl(&hidden) == 0 && hidden_long(&hidden);
    good = good && run(scratch, cli, sizeof(cli)) && scratch->vector == UINT32_MAX;
    hidden_fetch(&hidden);
    hidden_cpl_set(&hidden, 3);
    hidden_commit(&hidden);
    good = good && run(scratch, cli, sizeof(cli)) && scratch->vector == 13;
    hidden_fetch(&hidden);
    return good && hidden_cpl(&hidden) == 3 ? NULL : "CPL";
}

static const char *examine(struct scratch *scratch, struct hidden_layout *layout)
{
    uc_hook hook;
    if (uc_open(UC_ARCH_X86, UC_MODE_64, &scratch->uc) != UC_ERR_OK
        || uc_ctl_set_cpu_model(scratch->uc, UC_CPU_X86_EPYC_ROME) != UC_ERR_OK
        || uc_mem_map(scratch->uc, CODE_VA, 0x2000, UC_PROT_ALL) != UC_ERR_OK
        || uc_hook_add(scratch->uc, &hook, UC_HOOK_INTR, (void *)on_interrupt, scratch, 1, 0)
               != UC_ERR_OK
        || uc_context_alloc(scratch->uc, &scratch->before) != UC_ERR_OK
        || uc_context_alloc(scratch->uc, &scratch->after) != UC_ERR_OK)
        return "opening an engine";
    scratch->size = uc_context_size(scratch->uc);
    layout->size = scratch->size;
    const char *failed = find_gprs(scratch, layout);
    failed = failed != NULL ? failed : find_segments(scratch, layout);
    failed = failed != NULL ? failed : prove_tr(scratch, layout);
    failed = failed != NULL ? failed : find_hflags(scratch, layout);
    failed = failed != NULL ? failed : find_cr2(scratch, layout);
    failed = failed != NULL ? failed : find_exception(scratch, layout);
    failed = failed != NULL ? failed : prove_shadow(scratch, layout);
    failed = failed != NULL ? failed : prove_nmi_mask(scratch, layout);
    return failed != NULL ? failed : prove_cpl(scratch, layout);
}

/* Written once, before any thread can see it; constant from then on. */
struct finding {
    struct hidden_layout layout;
    const char *failed;
};

static const struct finding *finding_get(void)
{
    static gsize once;
    static struct finding finding;
    if (g_once_init_enter(&once)) {
        struct scratch scratch = { .vector = UINT32_MAX };
        finding.failed = examine(&scratch, &finding.layout);
        if (scratch.before != NULL)
            uc_context_free(scratch.before);
        if (scratch.after != NULL)
            uc_context_free(scratch.after);
        if (scratch.uc != NULL)
            uc_close(scratch.uc);
        g_once_init_leave(&once, 1);
    }
    return &finding;
}

const struct hidden_layout *hidden_layout_get(GError **error)
{
    const struct finding *finding = finding_get();
    if (finding->failed != NULL) {
        g_set_error(error, g_quark_from_static_string("prova-cpu"), 0,
                    "this version of Unicorn (%u.%u) cannot be used: its saved state is not laid "
                    "out as expected (%s); version 2.1.1 is known to work",
                    uc_version(NULL, NULL) >> 24, (uc_version(NULL, NULL) >> 16) & 0xff,
                    finding->failed);
        return NULL;
    }
    return &finding->layout;
}

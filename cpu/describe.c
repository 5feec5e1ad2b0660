/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A vCPU's situation as text for people. Only observes. */
#include <inttypes.h>
#include <string.h>

#include "cpu/decode.h"
#include "cpu/internal.h"
#include "cpu/symbols.h"

enum { INSNS_BEFORE = 4, INSNS_AFTER = 6, WALK_BYTES_MAX = 4096 };

struct exit_name {
    uint64_t code;
    const char *name;
};

static const char *exit_name(uint64_t code)
{
    static const struct exit_name names[] = {
        { SVM_EXIT_INTR, "INTR" },       { SVM_EXIT_NMI, "NMI" },
        { SVM_EXIT_HLT, "HLT" },         { SVM_EXIT_SHUTDOWN, "SHUTDOWN" },
        { SVM_EXIT_NPF, "NPF" },         { SVM_EXIT_VMGEXIT, "VMGEXIT" },
        { SVM_EXIT_INVALID, "INVALID" }, { SVM_EXIT_BUSY, "BUSY" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        if (names[i].code == code)
            return names[i].name;
    return "unknown";
}

static void append_npf(uint64_t info1, GString *out)
{
    static const struct {
        uint64_t bit;
        const char *name;
    } bits[] = {
        { NPF_P, "present" },   { NPF_W, "write" },       { NPF_U, "user" },
        { NPF_RSVD, "reserved" }, { NPF_ID, "fetch" },    { NPF_SS, "shadow-stack" },
        { NPF_RMP, "rmp" },     { NPF_FINAL, "final" },   { NPF_TABLE, "table" },
        { NPF_ENC, "encrypted" }, { NPF_SIZEM, "size" },  { NPF_VMPL, "vmpl" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(bits); i++)
        if ((info1 & bits[i].bit) != 0)
            g_string_append_printf(out, ", %s", bits[i].name);
}

static void append_status(const struct vcpu *vcpu, GString *out)
{
    const struct vcpu_state *state = &vcpu->state;
    g_string_append_printf(out,
                           "vCPU: processor %u, VMPL %u, ASID %u, VMSA at spa 0x%" PRIx64 ", %s\n",
                           state->apic_id, state->vmpl, state->asid, vcpu->vmsa_spa,
                           state->in_guest ? "in the guest" : "outside the guest");
    g_string_append_printf(out,
                           "last exit: 0x%" PRIx64 " %s, info1 0x%" PRIx64 ", info2 0x%" PRIx64,
                           state->last_exit_code, exit_name(state->last_exit_code),
                           state->last_info1, state->last_info2);
    if (state->last_exit_code == SVM_EXIT_NPF) {
        g_string_append_printf(out, ": gpa 0x%" PRIx64, state->last_info2);
        append_npf(state->last_info1, out);
    }
    g_string_append_c(out, '\n');
    if (state->exitintinfo != 0)
        g_string_append_printf(out, "during delivery of vector %u (EXITINTINFO 0x%" PRIx64 ")\n",
                               (unsigned)(state->exitintinfo & 0xff), state->exitintinfo);
    if (vcpu->message[0] != '\0')
        g_string_append_printf(out, "emulator: %s\n", vcpu->message);
}

static void append_symbol(const struct symbols *symbols, uint64_t address, GString *out)
{
    struct symbol_info info;
    g_string_append_printf(out, "0x%" PRIx64, address);
    if (symbols == NULL)
        return;
    if (symbols_lookup(symbols, address, &info))
        g_string_append_printf(out, " %s+0x%" PRIx64, info.name, address - info.address);
    if (info.file != NULL)
        g_string_append_printf(out, " (%s:%u)", info.file, info.line);
}

static void append_perms(uint8_t perm, GString *out)
{
    g_string_append_printf(out, "%c%c%c%c", (perm & RMP_PERM_R) != 0 ? 'r' : '-',
                           (perm & RMP_PERM_W) != 0 ? 'w' : '-',
                           (perm & RMP_PERM_XU) != 0 ? 'u' : '-',
                           (perm & RMP_PERM_XS) != 0 ? 's' : '-');
}

/* Where the page of an address is, as the model TLB or a walk without effect says. */
static bool translate(const struct vcpu *vcpu, uint64_t gva, struct tlb_entry *out)
{
    struct vcpu *self = (struct vcpu *)(uintptr_t)vcpu; /* neither call changes anything */
    const struct tlb_entry *entry = tlb_lookup(&self->state.tlb, gva);
    struct access access = { .gva = gva, .type = MMU_FETCH, .pure = true };
    struct fault fault;
    if (entry != NULL) {
        *out = *entry;
        return true;
    }
    access.user = vcpu_cpl(vcpu) == 3;
    return vcpu->vmcb != NULL && walk_translate(self, &access, out, &fault) == WALK_OK;
}

static void append_page(const struct vcpu *vcpu, uint64_t gva, GString *out)
{
    struct tlb_entry entry;
    if (!translate(vcpu, gva, &entry)) {
        g_string_append(out, "page of RIP: not translated\n");
        return;
    }
    const struct rmp *rmp = vcpu->env->rmp;
    const struct rmp_entry *owner = rmp_entry_at(rmp, entry.spa);
    g_string_append_printf(out, "page of RIP: gpa 0x%" PRIx64 ", spa 0x%" PRIx64 ", C=%u, %s",
                           entry.gpa, entry.spa, entry.c,
                           rmp_state_name(rmp_state_of(rmp, entry.spa)));
    for (unsigned i = 0; owner != NULL && i < VMPL_COUNT; i++) {
        g_string_append_printf(out, "%s VMPL%u ", i == 0 ? ";" : ",", i);
        append_perms(owner->perm[i], out);
    }
    g_string_append_c(out, '\n');
}

static void append_registers(const struct vmsa *s, GString *out)
{
    const struct {
        const char *name;
        uint64_t value;
    } list[] = {
        { "rax", s->rax }, { "rbx", s->rbx }, { "rcx", s->rcx }, { "rdx", s->rdx },
        { "rsi", s->rsi }, { "rdi", s->rdi }, { "rbp", s->rbp }, { "rsp", s->rsp },
        { "r8", s->r8 },   { "r9", s->r9 },   { "r10", s->r10 }, { "r11", s->r11 },
        { "r12", s->r12 }, { "r13", s->r13 }, { "r14", s->r14 }, { "r15", s->r15 },
        { "rip", s->rip }, { "rflags", s->rflags }, { "cr0", s->cr0 }, { "cr2", s->cr2 },
        { "cr3", s->cr3 }, { "cr4", s->cr4 }, { "efer", s->efer }, { "gs", s->gs.base },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(list); i++)
        g_string_append_printf(out, "%6s %016" PRIx64 "%s", list[i].name, list[i].value,
                               i % 4 == 3 ? "\n" : "  ");
    g_string_append_printf(out, "    cs %04x  ss %04x  cpl %u\n", s->cs.selector, s->ss.selector,
                           s->cpl);
}

/* Start of the instruction that is up to INSNS_BEFORE ones before rip, found by decoding from the
 * start of the function; rip itself if that is not known or does not lead there. */
static uint64_t disassembly_start(const struct vcpu *vcpu, const struct symbols *symbols,
                                  uint64_t rip)
{
    struct symbol_info info;
    uint64_t last[INSNS_BEFORE];
    unsigned count = 0;
    if (symbols == NULL || !symbols_lookup(symbols, rip, &info) || rip == info.address
        || rip - info.address > WALK_BYTES_MAX)
        return rip;
    uint64_t at = info.address;
    while (at < rip) {
        uint8_t code[DECODE_INSN_MAX];
        size_t want = MIN(sizeof(code), rip - at);
        uint8_t length = 0;
        if (vcpu_peek_memory(vcpu, at, code, want))
            length = decode_length(vcpu->decode, code, want, at);
        if (length == 0)
            return rip;
        last[count++ % INSNS_BEFORE] = at;
        at += length;
    }
    return at == rip ? last[count < INSNS_BEFORE ? 0 : count % INSNS_BEFORE] : rip;
}

static void append_code(const struct vcpu *vcpu, const struct symbols *symbols, uint64_t rip,
                        GString *out)
{
    uint64_t at = disassembly_start(vcpu, symbols, rip);
    for (unsigned after = 0; after < INSNS_AFTER;) {
        uint8_t code[DECODE_INSN_MAX];
        char text[200];
        size_t avail = sizeof(code);
        while (avail > 0 && !vcpu_peek_memory(vcpu, at, code, avail))
            avail--;
        if (avail == 0) {
            g_string_append_printf(out, "   0x%" PRIx64 "  (not readable)\n", at);
            return;
        }
        uint8_t length = decode_text(vcpu->decode, code, avail, at, text, sizeof(text));
        g_string_append_printf(out, "%s 0x%" PRIx64 "  ", at == rip ? "=>" : "  ", at);
        for (unsigned i = 0; i < MAX(length, 1); i++)
            g_string_append_printf(out, "%02x", code[i]);
        g_string_append_printf(out, "  %s\n", text);
        if (at >= rip)
            after++;
        at += MAX(length, 1);
    }
}

void vcpu_describe(const struct vcpu *vcpu, const struct symbols *symbols, GString *out)
{
    struct vmsa state;
    memset(&state, 0, sizeof(state));
    vcpu_peek_state(vcpu, &state);
    const uint64_t gva = mode_code_gva(vcpu);
    append_status(vcpu, out);
    g_string_append(out, "at ");
    append_symbol(symbols, gva, out);
    g_string_append_c(out, '\n');
    append_page(vcpu, gva, out);
    append_registers(&state, out);
    append_code(vcpu, symbols, gva, out);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE
#include "emu/secrets.h"

#include <string.h>

#include "emu/machine_internal.h"

enum { SECRET_BYTES_MIN = 16 };

void secrets_init(struct secrets *secrets, uint64_t *shared_written, uint64_t shared_words)
{
    *secrets = (struct secrets){.shared_written = shared_written, .shared_words = shared_words};
}

void secrets_note_shared(struct secrets *secrets, uint64_t spa)
{
    const uint64_t page = spa >> PAGE_SHIFT;
    const uint64_t bit = UINT64_C(1) << page % 64;
    if (page / 64 >= secrets->shared_words || (secrets->shared_written[page / 64] & bit))
        return;
    secrets->shared_written[page / 64] |= bit;
    secrets->shared_pending++;
}

void secrets_scan_shared(struct machine *machine, uint64_t ghcb_spa)
{
    struct secrets *secrets = &machine->secrets;
    for (uint64_t word = 0; secrets->shared_pending > 0 && word < secrets->shared_words; word++) {
        for (; secrets->shared_written[word]; secrets->shared_pending--) {
            const uint64_t bit = (uint64_t)__builtin_ctzll(secrets->shared_written[word]);
            const uint64_t spa = (word * 64 + bit) << PAGE_SHIFT;
            secrets->shared_written[word] &= secrets->shared_written[word] - 1;
            if (spa != ghcb_spa)
                secrets_scan_page(machine, spa, ASID_HV, 0, SECRET_IN_SHARED_PAGE, ACTOR_HV);
        }
    }
}

bool secrets_add(struct secrets *secrets, const struct secret *secret)
{
    if (secrets->count == SECRETS_MAX || secret->length < SECRET_BYTES_MIN ||
        secret->length > SECRET_BYTES_MAX)
        return false;
    secrets->list[secrets->count++] = *secret;
    return true;
}

void secrets_update(struct machine *machine)
{
    struct secrets *secrets = &machine->secrets;
    const struct psp_gctx *gctx = psp_gctx_find(&machine->psp, MACHINE_GCTX_SPA);
    if (gctx == NULL)
        return;
    struct psp_secret firmware;
    while (psp_secret_get(gctx, secrets->firmware_seen, &firmware)) {
        secrets->firmware_seen++;
        struct secret secret = {
            .length = sizeof(firmware.bytes),
            .readers = (uint8_t)((2u << firmware.vmpl) - 1),
            .source_gpa = UINT64_MAX,
        };
        g_strlcpy(secret.name, firmware.name, sizeof(secret.name));
        memcpy(secret.bytes, firmware.bytes, sizeof(firmware.bytes));
        secrets_add(secrets, &secret); /* a full list keeps the first, most important ones */
    }
}

/* A symbol's bytes as they are now: what is secret is what the monitor keeps there. */
static void source_take(const struct machine *machine, struct secret *secret)
{
    if (secret->source_gpa == UINT64_MAX)
        return;
    memory_peek(&machine->memory, honest_spa_of(machine, secret->source_gpa), MACHINE_ASID,
                secret->bytes, secret->length);
}

static bool allowed(const struct secret *secret, enum actor entity)
{
    return entity <= ACTOR_E3 && secret->readers >> entity & 1;
}

static void emit_found(struct machine *machine, uint32_t id, struct event_secret found)
{
    const struct secret *secret = &machine->secrets.list[id];
    struct event event = {.secret = found};
    event.secret.secret_id = id;
    event.secret.allowed = allowed(secret, (enum actor)found.entity);
    memcpy(event.secret.name, secret->name, sizeof(event.secret.name));
    const struct processor *processor =
        machine->acting_cpu >= 0 ? &machine->processor[machine->acting_cpu] : NULL;
    if (processor && processor->state == PROCESSOR_GUEST)
        event.rip = vcpu_rip(processor->vcpu);
    machine_emit(machine, EVENT_SECRET, (enum actor)found.entity, &event);
}

static void scan(struct machine *machine, const uint8_t *bytes, uint32_t length,
                 struct event_secret found)
{
    for (uint32_t id = 0; id < machine->secrets.count; id++) {
        struct secret *secret = &machine->secrets.list[id];
        source_take(machine, secret);
        if (bytes_are_zero(secret->bytes, secret->length))
            continue;
        const uint8_t *at = memmem(bytes, length, secret->bytes, secret->length);
        if (at == NULL)
            continue;
        found.offset = (uint64_t)(at - bytes);
        emit_found(machine, id, found);
    }
}

void secrets_scan_page(struct machine *machine, uint64_t spa, uint32_t asid, uint64_t gpa,
                       enum secret_where where, enum actor entity)
{
    uint8_t page[PAGE_BYTES];
    if (!memory_holds(&machine->memory, spa, PAGE_BYTES))
        return;
    memory_peek(&machine->memory, page_base(spa), asid, page, PAGE_BYTES);
    if (bytes_are_zero(page, PAGE_BYTES))
        return; /* the common case: a scrubbed page */
    scan(
        machine, page, PAGE_BYTES,
        (struct event_secret){
            .spa = page_base(spa), .gpa = gpa, .where = (uint8_t)where, .entity = (uint8_t)entity});
}

/*
 * What is all zeros in DRAM is no secret's ciphertext either: most pages need no decryption.
 */
uint32_t secrets_count_page(struct machine *machine, uint64_t spa)
{
    uint8_t page[PAGE_BYTES];
    uint32_t count = 0;
    if (!memory_holds(&machine->memory, page_base(spa), PAGE_BYTES) ||
        bytes_are_zero(machine->memory.dram + page_base(spa), PAGE_BYTES))
        return 0;
    memory_peek(&machine->memory, page_base(spa), MACHINE_ASID, page, PAGE_BYTES);
    for (uint32_t id = 0; id < machine->secrets.count; id++) {
        struct secret *secret = &machine->secrets.list[id];
        source_take(machine, secret);
        if (bytes_are_zero(secret->bytes, secret->length))
            continue;
        const uint8_t *from = page, *end = page + PAGE_BYTES;
        while ((from = memmem(from, (size_t)(end - from), secret->bytes, secret->length))) {
            count += secret->length;
            from += secret->length;
        }
    }
    return count;
}

void secrets_scan_value(struct machine *machine, uint64_t value, enum secret_where where,
                        enum actor entity)
{
    for (uint32_t id = 0; value != 0 && id < machine->secrets.count; id++) {
        struct secret *secret = &machine->secrets.list[id];
        source_take(machine, secret);
        const uint8_t *at = memmem(secret->bytes, secret->length, &value, sizeof(value));
        if (at)
            emit_found(machine, id,
                       (struct event_secret){.where = (uint8_t)where,
                                             .entity = (uint8_t)entity,
                                             .offset = (uint64_t)(at - secret->bytes)});
    }
}

void secrets_scan_registers(struct machine *machine, const struct vcpu *vcpu)
{
    const uint8_t vmpl = vcpu_vmpl(vcpu);
    if (vmpl == 0)
        return;
    struct vmsa state;
    vcpu_peek_state(vcpu, &state);
    const uint64_t general[] = {
        state.rax, state.rcx, state.rdx, state.rbx, state.rsp, state.rbp, state.rsi, state.rdi,
        state.r8,  state.r9,  state.r10, state.r11, state.r12, state.r13, state.r14, state.r15,
    };
    const enum actor entity = (enum actor)(ACTOR_E0 + vmpl);
    for (size_t i = 0; i < G_N_ELEMENTS(general); i++)
        secrets_scan_value(machine, general[i], SECRET_IN_REGISTERS, entity);
    scan(machine, &state.xmm[0][0], sizeof(state.xmm),
         (struct event_secret){.where = SECRET_IN_REGISTERS, .entity = (uint8_t)entity});
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hardware bugs: outside the architecture (emu/hw_bug.h). */
#include "emu/hw_bug.h"

#include "emu/machine_internal.h"
#include "rmp/labels.h"

static const char *const names[HW_BUG_COUNT] = {"cachewarp", "alias", "rmp-write",
                                                "inject-unchecked"};

const char *hw_bug_name(unsigned i)
{
    return i < HW_BUG_COUNT ? names[i] : NULL;
}

static bool declared(const struct machine *machine, enum hw_bug bug)
{
    return (machine->config.hardware_bugs & (uint32_t)bug) != 0;
}

static struct hw_saved *saved_find(struct machine *machine, uint64_t spa)
{
    for (uint32_t i = 0; i < machine->hw_saved_count; i++)
        if (machine->hw_saved[i].spa == spa)
            return &machine->hw_saved[i];
    return NULL;
}

enum hv_status hw_writeback(struct machine *machine, uint64_t spa)
{
    if (!declared(machine, HW_BUG_CACHEWARP))
        return HV_BAD_ARGUMENT;
    if (spa & PAGE_MASK || !memory_holds(&machine->memory, spa, PAGE_BYTES))
        return HV_BAD_ADDRESS;
    struct hw_saved *saved = saved_find(machine, spa);
    if (saved == NULL && machine->hw_saved_count == HW_SAVED_PAGES_MAX)
        return HV_FULL;
    if (saved == NULL)
        saved = &machine->hw_saved[machine->hw_saved_count++];
    saved->spa = spa;
    memory_peek(&machine->memory, spa, ASID_HV, saved->bytes, PAGE_BYTES);
    labels_save(&machine->memory, spa, saved->labels);
    return HV_OK;
}

enum hv_status hw_invd(struct machine *machine, uint64_t spa, uint64_t offset, uint64_t bytes)
{
    struct hw_saved *saved = saved_find(machine, spa);
    if (!declared(machine, HW_BUG_CACHEWARP) || saved == NULL ||
        (offset | bytes) & (HW_LINE_BYTES - 1) || offset > PAGE_BYTES ||
        bytes > PAGE_BYTES - offset || bytes == 0)
        return HV_BAD_ARGUMENT;
    memory_write(&machine->memory, spa + offset, ASID_HV, saved->bytes + offset, bytes);
    labels_return(&machine->memory, spa + offset, saved->labels + offset, bytes);
    cpu_page_changed(&machine->env, spa);
    machine_emit_access(
        machine,
        (struct event_hv_access){.spa = spa + offset, .length = bytes, .write = 1, .bug = 1},
        saved->bytes + offset);
    return HV_OK;
}

enum hv_status hw_alias_write(struct machine *machine, uint64_t spa, const void *in, size_t len)
{
    if (!declared(machine, HW_BUG_ALIAS))
        return HV_BAD_ARGUMENT;
    if (!memory_holds(&machine->memory, spa, len))
        return HV_BAD_ADDRESS;
    machine_dram_write(machine, spa, in, len);
    machine_emit_access(
        machine, (struct event_hv_access){.spa = spa, .length = len, .write = 1, .bug = 1}, in);
    return HV_OK;
}

enum hv_status hw_alias_read(struct machine *machine, uint64_t spa, void *out, size_t len)
{
    if (!declared(machine, HW_BUG_ALIAS))
        return HV_BAD_ARGUMENT;
    if (!memory_holds(&machine->memory, spa, len))
        return HV_BAD_ADDRESS;
    memory_peek(&machine->memory, spa, ASID_HV, out, len);
    machine_emit_access(machine, (struct event_hv_access){.spa = spa, .length = len, .bug = 1},
                        out);
    return HV_OK;
}

enum hv_status hw_rmp_write(struct machine *machine, uint64_t spa,
                            const struct hw_rmp_store *store)
{
    if (!declared(machine, HW_BUG_RMP_WRITE))
        return HV_BAD_ARGUMENT;
    struct rmp_entry *entry = rmp_slot_at(&machine->rmp, spa);
    if (spa & PAGE_MASK || entry == NULL || !memory_holds(&machine->memory, spa, PAGE_BYTES))
        return HV_BAD_ADDRESS;
    struct rmp_outcome outcome = {.before = *entry};
    if (store->validated >= 0)
        entry->validated = store->validated != 0;
    if (store->vmsa >= 0)
        entry->vmsa = store->vmsa != 0;
    if (store->gpa >= 0)
        entry->gpn = (uint64_t)store->gpa >> PAGE_SHIFT & ((UINT64_C(1) << 39) - 1);
    for (int vmpl = 0; vmpl < VMPL_COUNT; vmpl++)
        if (store->perm[vmpl] >= 0)
            entry->perm[vmpl] = (uint8_t)store->perm[vmpl] & RMP_PERM_ALL;
    outcome.after = *entry;
    outcome.size = (enum page_size)entry->size;
    machine_emit_rmp(machine, RMP_INSN_STORE, spa, (uint64_t)entry->gpn << PAGE_SHIFT, &outcome);
    /* The attacker flushes as well, all that the entry covers. */
    cpu_flush_spa(&machine->env, spa, page_bytes((enum page_size)entry->size));
    return HV_OK;
}

enum hv_status hw_inject_unchecked(struct machine *machine, bool unchecked)
{
    if (!declared(machine, HW_BUG_INJECT_UNCHECKED))
        return HV_BAD_ARGUMENT;
    machine->env.inject_unchecked = unchecked;
    return HV_OK;
}

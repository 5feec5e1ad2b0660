/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "db/columns.h"

#define AT(field) offsetof(struct event, field), sizeof(((struct event *)0)->field)

const struct db_table db_event_table = {
    .name = "event",
    .columns_count = 6,
    .columns =
        {
            {"time", DB_U64, AT(time)},
            {"kind", DB_U16, AT(kind)},
            {"vcpu", DB_U16_OR_NULL, AT(vcpu)},
            {"vmpl", DB_U8_OR_NULL, AT(vmpl)},
            {"actor", DB_U8, AT(actor)},
            {"rip", DB_U64, AT(rip)},
        },
};

/* Three kinds share a record and a shape. */
#define PAGE_TABLE(table)                                                                          \
    {                                                                                              \
        .name = table, .columns_count = 5, .columns = {                                            \
            {"spa", DB_U64, AT(page.spa)},                                                         \
            {"gpa", DB_U64, AT(page.gpa)},                                                         \
            {"gva", DB_U64, AT(page.gva)},                                                         \
            {"offset", DB_U64, AT(page.offset)},                                                   \
            {"length", DB_U64, AT(page.length)},                                                   \
        }                                                                                          \
    }

#define RUN_TABLE(table)                                                                           \
    {                                                                                              \
        .name = table, .columns_count = 6, .columns = {                                            \
            {"seed", DB_U64, AT(run.seed)},                                                        \
            {"memory_bytes", DB_U64, AT(run.memory_bytes)},                                        \
            {"cpus", DB_U32, AT(run.cpus)},                                                        \
            {"reason", DB_U32, AT(run.reason)},                                                    \
            {"detail", DB_U64, AT(run.detail)},                                                    \
            {"inputs_hash", DB_BLOB, AT(run.inputs_hash)},                                         \
        }                                                                                          \
    }

static const struct db_table tables[EVENT_KIND_COUNT] = {
    [EVENT_RUN_START] = RUN_TABLE("run_start"),
    [EVENT_RUN_END] = RUN_TABLE("run_end"),
    [EVENT_SHARED_WRITE] = PAGE_TABLE("shared_write"),
    [EVENT_STORE] = PAGE_TABLE("store"),
    [EVENT_SCRUB] = PAGE_TABLE("scrub"),
    [EVENT_LAUNCH_PAGE] =
        {
            .name = "launch_page",
            .columns_count = 10,
            .columns =
                {
                    {"spa", DB_U64, AT(launch_page.spa)},
                    {"gpa", DB_U64, AT(launch_page.gpa)},
                    {"page_type", DB_U8, AT(launch_page.page_type)},
                    {"owner", DB_U8, AT(launch_page.owner)},
                    {"perm0", DB_U8, AT(launch_page.perm[0])},
                    {"perm1", DB_U8, AT(launch_page.perm[1])},
                    {"perm2", DB_U8, AT(launch_page.perm[2])},
                    {"perm3", DB_U8, AT(launch_page.perm[3])},
                    {"size", DB_U8, AT(launch_page.size)},
                    {"digest", DB_BLOB, AT(launch_page.digest)},
                },
        },
    [EVENT_RMP] =
        {
            .name = "rmp",
            .columns_count = 19,
            .columns =
                {
                    {"spa", DB_U64, AT(rmp.spa)},
                    {"gpa", DB_U64, AT(rmp.gpa)},
                    {"gva", DB_U64, AT(rmp.gva)},
                    {"before_lo", DB_U64, AT(rmp.before_lo)},
                    {"before_hi", DB_U64, AT(rmp.before_hi)},
                    {"after_lo", DB_U64, AT(rmp.after_lo)},
                    {"after_hi", DB_U64, AT(rmp.after_hi)},
                    {"rc", DB_U32, AT(rmp.rc)},
                    {"insn", DB_U8, AT(rmp.insn)},
                    {"cf", DB_U8, AT(rmp.cf)},
                    {"size", DB_U8, AT(rmp.size)},
                    {"outcome", DB_U8, AT(rmp.outcome)},
                    {"target_vmpl", DB_U8_OR_NULL, AT(rmp.target_vmpl)},
                    {"operand", DB_U8, AT(rmp.operand)},
                    {"tracked", DB_U8, AT(rmp.tracked)},
                    {"scrubbed_bytes", DB_U32, AT(rmp.scrubbed_bytes)},
                    {"bytes_monitor", DB_U32, AT(rmp.bytes_monitor)},
                    {"bytes_secret", DB_U32, AT(rmp.bytes_secret)},
                    {"vmsa_hash", DB_U64, AT(rmp.vmsa_hash)},
                },
        },
    [EVENT_NPT] =
        {
            .name = "npt",
            .columns_count = 8,
            .columns =
                {
                    {"gpa", DB_U64, AT(npt.gpa)},
                    {"spa", DB_U64, AT(npt.spa)},
                    {"old_spa", DB_U64, AT(npt.old_spa)},
                    {"size", DB_U8, AT(npt.size)},
                    {"flags", DB_U8, AT(npt.flags)},
                    {"old_flags", DB_U8, AT(npt.old_flags)},
                    {"old_present", DB_U8, AT(npt.old_present)},
                    {"present", DB_U8, AT(npt.present)},
                },
        },
    [EVENT_PTE] =
        {
            .name = "pte",
            .columns_count = 4,
            .columns =
                {
                    {"gva", DB_U64, AT(pte.gva)},
                    {"old_pte", DB_U64, AT(pte.old_pte)},
                    {"new_pte", DB_U64, AT(pte.new_pte)},
                    {"table_gpa", DB_U64, AT(pte.table_gpa)},
                },
        },
    [EVENT_FAULT] =
        {
            .name = "fault",
            .columns_count = 8,
            .columns =
                {
                    {"address", DB_U64, AT(fault.address)},
                    {"error", DB_U64, AT(fault.error)},
                    {"gpa", DB_U64, AT(fault.gpa)},
                    {"spa", DB_U64, AT(fault.spa)},
                    {"class", DB_U8, AT(fault.class)},
                    {"vector", DB_U8, AT(fault.vector)},
                    {"source", DB_U8, AT(fault.source)},
                    {"cpl", DB_U8, AT(fault.cpl)},
                },
        },
    [EVENT_VMGEXIT] =
        {
            .name = "vmgexit",
            .columns_count = 10,
            .columns =
                {
                    {"code", DB_U64, AT(vmgexit.code)},
                    {"info1", DB_U64, AT(vmgexit.info1)},
                    {"info2", DB_U64, AT(vmgexit.info2)},
                    {"rax", DB_U64, AT(vmgexit.rax)},
                    {"rcx", DB_U64, AT(vmgexit.rcx)},
                    {"ghcb", DB_U64, AT(vmgexit.ghcb)},
                    {"answer1", DB_U64, AT(vmgexit.answer1)},
                    {"answer2", DB_U64, AT(vmgexit.answer2)},
                    {"protocol", DB_U8, AT(vmgexit.protocol)},
                    {"phase", DB_U8, AT(vmgexit.phase)},
                },
        },
    [EVENT_WORLD] =
        {
            .name = "world",
            .columns_count = 11,
            .columns =
                {
                    {"vmsa_spa", DB_U64, AT(world.vmsa_spa)},
                    {"exit_code", DB_U64, AT(world.exit_code)},
                    {"exitinfo1", DB_U64, AT(world.exitinfo1)},
                    {"exitinfo2", DB_U64, AT(world.exitinfo2)},
                    {"insns", DB_U64, AT(world.insns)},
                    {"apic_id", DB_U32, AT(world.apic_id)},
                    {"phase", DB_U8, AT(world.phase)},
                    {"result", DB_U8, AT(world.result)},
                    {"doorbell", DB_U16, AT(world.doorbell)},
                    {"doorbell_spa", DB_U64, AT(world.doorbell_spa)},
                    {"vmsa_hash", DB_U64, AT(world.vmsa_hash)},
                },
        },
    [EVENT_VMSA] =
        {
            .name = "vmsa",
            .columns_count = 7,
            .columns =
                {
                    {"spa", DB_U64, AT(vmsa.spa)},
                    {"gpa", DB_U64, AT(vmsa.gpa)},
                    {"sev_features", DB_U64, AT(vmsa.sev_features)},
                    {"apic_id", DB_U32, AT(vmsa.apic_id)},
                    {"action", DB_U8, AT(vmsa.action)},
                    {"vmsa_vmpl", DB_U8, AT(vmsa.vmsa_vmpl)},
                    {"result", DB_U8, AT(vmsa.result)},
                },
        },
    [EVENT_INJECT] =
        {
            .name = "inject",
            .columns_count = 3,
            .columns =
                {
                    {"eventinj", DB_U64, AT(inject.eventinj)},
                    {"sev_features", DB_U64, AT(inject.sev_features)},
                    {"result", DB_U8, AT(inject.result)},
                },
        },
    [EVENT_PSP] =
        {
            .name = "psp",
            .columns_count = 10,
            .columns =
                {
                    {"command", DB_U32, AT(psp.command)},
                    {"status", DB_U32, AT(psp.status)},
                    {"seqno", DB_U64, AT(psp.seqno)},
                    {"msg_type", DB_U8, AT(psp.msg_type)},
                    {"vmpck", DB_U8, AT(psp.vmpck)},
                    {"hv_action", DB_U8, AT(psp.hv_action)},
                    {"phase", DB_U8, AT(psp.phase)},
                    {"request_hash", DB_BLOB, AT(psp.request_hash)},
                    {"response_hash", DB_BLOB, AT(psp.response_hash)},
                    {"plaintext_hash", DB_BLOB, AT(psp.plaintext_hash)},
                },
        },
    [EVENT_SECRET] =
        {
            .name = "secret",
            .columns_count = 8,
            .columns =
                {
                    {"spa", DB_U64, AT(secret.spa)},
                    {"gpa", DB_U64, AT(secret.gpa)},
                    {"offset", DB_U64, AT(secret.offset)},
                    {"secret_id", DB_U32, AT(secret.secret_id)},
                    {"location", DB_U8, AT(secret.where)},
                    {"entity", DB_U8, AT(secret.entity)},
                    {"allowed", DB_U8, AT(secret.allowed)},
                    {"name", DB_TEXT, AT(secret.name)},
                },
        },
    [EVENT_CONSOLE] =
        {
            .name = "console",
            .columns_count = 4,
            .columns =
                {
                    {"length", DB_U16, AT(console.length)},
                    {"port", DB_U16, AT(console.port)},
                    {"input", DB_U32, AT(console.input)},
                    {"text", DB_CONSOLE, AT(console.text)},
                },
        },
    [EVENT_SCHED] =
        {
            .name = "sched",
            .columns_count = 4,
            .columns =
                {
                    {"options", DB_U64, AT(sched.options)},
                    {"choice", DB_U32, AT(sched.choice)},
                    {"reason", DB_U32, AT(sched.reason)},
                    {"budget_insns", DB_U64, AT(sched.budget_insns)},
                },
        },
    [EVENT_HV_ACCESS] =
        {
            .name = "hv_access",
            .columns_count = 7,
            .columns =
                {
                    {"spa", DB_U64, AT(hv_access.spa)},
                    {"length", DB_U64, AT(hv_access.length)},
                    {"write", DB_U8, AT(hv_access.write)},
                    {"refused", DB_U8, AT(hv_access.refused)},
                    {"plain", DB_U8, AT(hv_access.plain)},
                    {"bug", DB_U8, AT(hv_access.bug)},
                    {"hash", DB_BLOB, AT(hv_access.hash)},
                },
        },
    [EVENT_MOVE] =
        {
            .name = "move",
            .columns_count = 4,
            .columns =
                {
                    {"gpa", DB_U64, AT(move.gpa)},
                    {"spa", DB_U64, AT(move.spa)},
                    {"old_spa", DB_U64, AT(move.old_spa)},
                    {"gva", DB_U64, AT(move.gva)},
                },
        },
    [EVENT_REFETCH] =
        {
            .name = "refetch",
            .columns_count = 6,
            .columns =
                {
                    {"spa", DB_U64, AT(refetch.spa)},
                    {"gpa", DB_U64, AT(refetch.gpa)},
                    {"gva", DB_U64, AT(refetch.gva)},
                    {"offset", DB_U32, AT(refetch.offset)},
                    {"length", DB_U32, AT(refetch.length)},
                    {"writer", DB_U8, AT(refetch.writer)},
                },
        },
    [EVENT_STALE] =
        {
            .name = "stale",
            .columns_count = 6,
            .columns =
                {
                    {"spa", DB_U64, AT(stale.spa)},
                    {"gpa", DB_U64, AT(stale.gpa)},
                    {"gva", DB_U64, AT(stale.gva)},
                    {"access", DB_U8, AT(stale.access)},
                    {"had", DB_U8, AT(stale.had)},
                    {"has", DB_U8, AT(stale.has)},
                },
        },
    [EVENT_FETCH] =
        {
            .name = "fetch",
            .columns_count = 6,
            .columns =
                {
                    {"spa", DB_U64, AT(fetch.spa)},
                    {"gpa", DB_U64, AT(fetch.gpa)},
                    {"gva", DB_U64, AT(fetch.gva)},
                    {"bytes_trusted", DB_U32, AT(fetch.bytes_trusted)},
                    {"bytes_guest", DB_U32, AT(fetch.bytes_guest)},
                    {"bytes_hypervisor", DB_U32, AT(fetch.bytes_hypervisor)},
                },
        },
    [EVENT_ALIAS] =
        {
            .name = "alias",
            .columns_count = 7,
            .columns =
                {
                    {"spa", DB_U64, AT(alias.spa)},
                    {"gpa", DB_U64, AT(alias.gpa)},
                    {"gva", DB_U64, AT(alias.gva)},
                    {"other_gva", DB_U64, AT(alias.other_gva)},
                    {"c", DB_U8, AT(alias.c)},
                    {"other_c", DB_U8, AT(alias.other_c)},
                    {"what", DB_U8, AT(alias.what)},
                },
        },
    [EVENT_TABLE] =
        {
            .name = "page_table",
            .columns_count = 3,
            .columns =
                {
                    {"spa", DB_U64, AT(table.spa)},
                    {"gpa", DB_U64, AT(table.gpa)},
                    {"level", DB_U8, AT(table.level)},
                },
        },
    /* Derived: seq is the deciding event's, and rows have an id of their own. */
    [EVENT_RULE] =
        {
            .name = "rule",
            .columns_count = 6,
            .columns =
                {
                    {"seq", DB_U64_OR_NULL, AT(rule.cause_seq)},
                    {"rule_id", DB_U32, AT(rule.rule_id)},
                    {"kind", DB_RULE_KIND, AT(rule.kind)},
                    {"name", DB_TEXT, AT(rule.name)},
                    {"spa", DB_U64, AT(rule.spa)},
                    {"gpa", DB_U64, AT(rule.gpa)},
                },
        },
    [EVENT_VERDICT] =
        {
            .name = "verdict",
            .columns_count = 7,
            .columns =
                {
                    {"name", DB_TEXT, AT(rule.name)},
                    {"kind", DB_RULE_KIND, AT(rule.kind)},
                    {"holds", DB_U8, AT(rule.holds)},
                    {"seq", DB_U64_OR_NULL, AT(rule.cause_seq)},
                    {"rule_id", DB_U32, AT(rule.rule_id)},
                    {"spa", DB_U64, AT(rule.spa)},
                    {"gpa", DB_U64, AT(rule.gpa)},
                },
        },
};

const struct db_table *db_table_of(uint16_t kind)
{
    return kind < EVENT_KIND_COUNT && tables[kind].name != NULL ? &tables[kind] : NULL;
}

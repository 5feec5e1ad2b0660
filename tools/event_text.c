/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An event in words: the fields of its kind by name. */
#include "rmp/insn.h"
#include "tools/report.h"

#include <string.h>

struct text_field {
    const char *name;
    uint64_t value;
};

static void fields_append(GString *out, const struct text_field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++)
        g_string_append_printf(out, " %s=0x%" G_GINT64_MODIFIER "x", fields[i].name,
                               (guint64)fields[i].value);
}
#define FIELDS(...)                                                                                \
    fields_append(out, (const struct text_field[]){__VA_ARGS__},                                   \
                  G_N_ELEMENTS(((const struct text_field[]){__VA_ARGS__})))

static void bytes_append(GString *out, const char *name, const uint8_t *bytes, size_t count)
{
    g_string_append_printf(out, " %s=", name);
    for (size_t i = 0; i < count; i++)
        g_string_append_printf(out, "%02x", bytes[i]);
}

static void rmp_append(const struct event_rmp *e, GString *out)
{
    static const char *const insns[] = {"?",         "PVALIDATE", "RMPADJUST", "RMPQUERY",
                                        "RMPUPDATE", "PSMASH",    "RMPREAD",   "firmware",
                                        "STORE"};
    g_string_append_printf(out, " %s", e->insn < G_N_ELEMENTS(insns) ? insns[e->insn] : "?");
    g_string_append_printf(out, " %s", rmp_rc_name((enum rmp_rc)e->rc));
    FIELDS({"spa", e->spa}, {"gpa", e->gpa}, {"gva", e->gva}, {"before_lo", e->before_lo},
           {"before_hi", e->before_hi}, {"after_lo", e->after_lo}, {"after_hi", e->after_hi},
           {"cf", e->cf}, {"size", e->size}, {"outcome", e->outcome},
           {"target_vmpl", e->target_vmpl}, {"operand", e->operand}, {"tracked", e->tracked},
           {"scrubbed_bytes", e->scrubbed_bytes}, {"bytes_monitor", e->bytes_monitor},
           {"bytes_secret", e->bytes_secret}, {"vmsa_hash", e->vmsa_hash});
}

static void launch_append(const struct event_launch_page *e, GString *out)
{
    FIELDS({"spa", e->spa}, {"gpa", e->gpa}, {"type", e->page_type}, {"owner", e->owner},
           {"size", e->size});
    bytes_append(out, "digest", e->digest, sizeof(e->digest));
}

static void psp_append(const struct event_psp *e, GString *out)
{
    FIELDS({"command", e->command}, {"status", e->status}, {"seqno", e->seqno},
           {"msg_type", e->msg_type}, {"vmpck", e->vmpck}, {"hv_action", e->hv_action},
           {"phase", e->phase});
    bytes_append(out, "request", e->request_hash, sizeof(e->request_hash));
    bytes_append(out, "response", e->response_hash, sizeof(e->response_hash));
    bytes_append(out, "plaintext", e->plaintext_hash, sizeof(e->plaintext_hash));
}

static void vmsa_append(const struct event_vmsa *e, GString *out)
{
    FIELDS({"action", e->action}, {"spa", e->spa}, {"gpa", e->gpa},
           {"sev_features", e->sev_features}, {"apic", e->apic_id}, {"vmpl", e->vmsa_vmpl},
           {"result", e->result});
}

/* What VMPL0 and its guests did to memory that only an observer can see. */
static void access_append(const struct event *event, GString *out)
{
    switch (event->kind) {
    case EVENT_MOVE: {
        const struct event_move *e = &event->move;
        FIELDS({"gpa", e->gpa}, {"spa", e->spa}, {"old_spa", e->old_spa}, {"gva", e->gva});
        return;
    }
    case EVENT_REFETCH: {
        const struct event_refetch *e = &event->refetch;
        FIELDS({"spa", e->spa}, {"gpa", e->gpa}, {"gva", e->gva}, {"offset", e->offset},
               {"length", e->length}, {"writer", e->writer});
        return;
    }
    case EVENT_STALE: {
        const struct event_stale *e = &event->stale;
        FIELDS({"spa", e->spa}, {"gpa", e->gpa}, {"gva", e->gva}, {"access", e->access},
               {"had", e->had}, {"has", e->has});
        return;
    }
    case EVENT_FETCH: {
        const struct event_fetch *e = &event->fetch;
        FIELDS({"spa", e->spa}, {"gpa", e->gpa}, {"gva", e->gva}, {"trusted", e->bytes_trusted},
               {"guest", e->bytes_guest}, {"hypervisor", e->bytes_hypervisor});
        return;
    }
    case EVENT_ALIAS: {
        const struct event_alias *e = &event->alias;
        FIELDS({"spa", e->spa}, {"gpa", e->gpa}, {"gva", e->gva}, {"other_gva", e->other_gva},
               {"c", e->c}, {"other_c", e->other_c}, {"what", e->what});
        return;
    }
    default:
        FIELDS({"spa", event->table.spa}, {"gpa", event->table.gpa},
               {"level", event->table.level});
    }
}

static void text_append(const struct event_text *e, GString *out)
{
    char text[EVENT_TEXT_BYTES + 1] = {0};
    memcpy(text, e->text, MIN(e->length, (uint16_t)EVENT_TEXT_BYTES));
    char *escaped = g_strescape(text, NULL);
    g_string_append_printf(out, " port=0x%x%s \"%s\"", e->port, e->input ? " typed" : "", escaped);
    g_free(escaped);
}

static void secret_append(const struct event_secret *e, GString *out)
{
    g_string_append_printf(out, " %.*s", (int)sizeof(e->name), e->name);
    FIELDS({"spa", e->spa}, {"gpa", e->gpa}, {"offset", e->offset}, {"id", e->secret_id},
           {"where", e->where}, {"entity", e->entity}, {"allowed", e->allowed});
}

static void payload_append(const struct event *event, GString *out)
{
    switch ((enum event_kind)event->kind) {
    case EVENT_RUN_START:
    case EVENT_RUN_END: {
        const struct event_run *e = &event->run;
        FIELDS({"seed", e->seed}, {"memory", e->memory_bytes}, {"cpus", e->cpus},
               {"reason", e->reason}, {"detail", e->detail});
        bytes_append(out, "inputs", e->inputs_hash, sizeof(e->inputs_hash));
        return;
    }
    case EVENT_LAUNCH_PAGE: launch_append(&event->launch_page, out); return;
    case EVENT_RMP: rmp_append(&event->rmp, out); return;
    case EVENT_NPT: {
        const struct event_npt *e = &event->npt;
        FIELDS({"gpa", e->gpa}, {"spa", e->spa}, {"old_spa", e->old_spa}, {"size", e->size},
               {"flags", e->flags}, {"old_flags", e->old_flags}, {"present", e->present},
               {"old_present", e->old_present});
        return;
    }
    case EVENT_PTE: {
        const struct event_pte *e = &event->pte;
        FIELDS({"gva", e->gva}, {"old", e->old_pte}, {"new", e->new_pte}, {"table", e->table_gpa});
        return;
    }
    case EVENT_FAULT: {
        const struct event_fault *e = &event->fault;
        FIELDS({"class", e->class}, {"vector", e->vector}, {"address", e->address},
               {"error", e->error}, {"gpa", e->gpa}, {"spa", e->spa}, {"source", e->source},
               {"cpl", e->cpl});
        return;
    }
    case EVENT_VMGEXIT: {
        const struct event_vmgexit *e = &event->vmgexit;
        FIELDS({"protocol", e->protocol}, {"phase", e->phase}, {"code", e->code},
               {"info1", e->info1}, {"info2", e->info2}, {"rax", e->rax}, {"rcx", e->rcx},
               {"ghcb", e->ghcb}, {"answer1", e->answer1}, {"answer2", e->answer2});
        return;
    }
    case EVENT_WORLD: {
        const struct event_world *e = &event->world;
        FIELDS({"phase", e->phase}, {"vmsa", e->vmsa_spa}, {"exit", e->exit_code},
               {"info1", e->exitinfo1}, {"info2", e->exitinfo2}, {"insns", e->insns},
               {"apic", e->apic_id}, {"result", e->result}, {"doorbell", e->doorbell},
               {"doorbell_spa", e->doorbell_spa}, {"vmsa_hash", e->vmsa_hash});
        return;
    }
    case EVENT_VMSA: vmsa_append(&event->vmsa, out); return;
    case EVENT_INJECT:
        FIELDS({"eventinj", event->inject.eventinj}, {"sev_features", event->inject.sev_features},
               {"result", event->inject.result});
        return;
    case EVENT_PSP: psp_append(&event->psp, out); return;
    case EVENT_SHARED_WRITE:
    case EVENT_STORE:
    case EVENT_SCRUB: {
        const struct event_page *e = &event->page;
        FIELDS({"spa", e->spa}, {"gpa", e->gpa}, {"gva", e->gva}, {"offset", e->offset},
               {"length", e->length});
        return;
    }
    case EVENT_SECRET: secret_append(&event->secret, out); return;
    case EVENT_CONSOLE: text_append(&event->console, out); return;
    case EVENT_SCHED: {
        const struct event_sched *e = &event->sched;
        FIELDS({"options", e->options}, {"choice", e->choice}, {"reason", e->reason},
               {"budget", e->budget_insns});
        return;
    }
    case EVENT_HV_ACCESS: {
        const struct event_hv_access *e = &event->hv_access;
        FIELDS({"spa", e->spa}, {"length", e->length}, {"write", e->write},
               {"refused", e->refused}, {"plain", e->plain}, {"bug", e->bug});
        bytes_append(out, "hash", e->hash, sizeof(e->hash));
        return;
    }
    case EVENT_MOVE:
    case EVENT_REFETCH:
    case EVENT_STALE:
    case EVENT_FETCH:
    case EVENT_ALIAS:
    case EVENT_TABLE: access_append(event, out); return;
    case EVENT_RULE:
    case EVENT_VERDICT:
        g_string_append_printf(out, " %.*s", (int)sizeof(event->rule.name), event->rule.name);
        FIELDS({"cause", event->rule.cause_seq}, {"holds", event->rule.holds});
        return;
    case EVENT_KIND_COUNT: break;
    }
    bytes_append(out, "bytes", event->bytes, sizeof(event->bytes));
}

void event_describe(const struct event *event, GString *out)
{
    const char *kind = event_kind_name(event->kind), *actor = actor_name(event->actor);
    g_string_append_printf(out, "%" G_GUINT64_FORMAT " %s %s", (guint64)event->seq,
                           kind ? kind : "?", actor ? actor : "?");
    if (event->vcpu != EVENT_NO_VCPU)
        g_string_append_printf(out, " vcpu%u", event->vcpu);
    if (event->vmpl != EVENT_NO_VMPL)
        g_string_append_printf(out, " vmpl%u", event->vmpl);
    FIELDS({"time", event->time}, {"rip", event->rip});
    payload_append(event, out);
}

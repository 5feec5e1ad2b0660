/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "emu/machine_internal.h"

static const char *seen_as(const struct hv_exit *exit)
{
    return exit->page_protocol ? "GHCB page" : "GHCB MSR";
}

static void describe_exit(const struct hv_exit *exit, GString *out)
{
    g_string_append_printf(out, "last exit: %s (code 0x%" G_GINT64_MODIFIER "x",
                           hv_exit_kind_name(exit->kind), (guint64)exit->code);
    if (exit->code == SVM_EXIT_VMGEXIT)
        g_string_append_printf(out, ", %s, request 0x%" G_GINT64_MODIFIER "x", seen_as(exit),
                               (guint64)(exit->page_protocol ? exit->nae : exit->ghcb_msr));
    else
        g_string_append_printf(
            out, ", EXITINFO1 0x%" G_GINT64_MODIFIER "x, EXITINFO2 0x%" G_GINT64_MODIFIER "x",
            (guint64)exit->info1, (guint64)exit->info2);
    g_string_append_printf(out, ") of VMPL%u\n", exit->vmpl);
}

void machine_diagnose(const struct machine *machine, GString *out)
{
    g_string_append_printf(out, "run ended: %s", run_end_reason_name(machine->end_reason));
    if (*machine_end_text(machine))
        g_string_append_printf(out, ": %s", machine_end_text(machine));
    g_string_append_c(out, '\n');
    const struct processor *processor = &machine->processor[machine->last_cpu];
    if (processor->vcpu == NULL) {
        g_string_append(out, "no guest instruction was executed\n");
        return;
    }
    g_string_append_printf(out, "processor %u, %" G_GUINT64_FORMAT " instructions retired\n",
                           machine->last_cpu, processor->clock.insns);
    if (processor->exit.vmsa_spa)
        describe_exit(&processor->exit, out);
    bool guest = vcpu_vmpl(processor->vcpu) > 0;
    vcpu_describe(processor->vcpu, machine_symbols(machine, guest), out);
}

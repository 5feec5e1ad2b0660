/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The names by which a scenario says what must defeat an attack, and the events they stand for. */
#include "emu/run_internal.h"

#include <stdio.h>
#include <string.h>

enum fault_test {
    TEST_NPF,
    TEST_NPF_RMP,
    TEST_NPF_VMPL,
    TEST_NPF_SIZE,
    TEST_VC_NOT_VALIDATED,
    TEST_VECTOR,
    TEST_CLASS,
    TEST_HV_WRITE_REFUSED,
    TEST_PVALIDATE_UNCHANGED,
    TEST_TERMINATE,
};

struct fault_row {
    enum fault_test test;
    uint32_t value; /* vector, class */
};

/* The two tables go line by line. */
static const struct run_fault_name names[] = {
    {"npf-rmp", "nested page fault: the RMP entry does not belong to this address and guest"},
    {"npf-vmpl", "nested page fault: the RMP entry gives this VMPL no permission"},
    {"npf-size", "nested page fault: page sizes of RMP and nested page table differ"},
    {"npf", "nested page fault without RMP bit: not mapped, or not writable there"},
    {"vc-not-validated", "#VC 0x404: the page is not validated"},
    {"vc", "any #VC"},
    {"pf", "#PF"},
    {"gp", "#GP"},
    {"ud", "#UD"},
    {"df", "#DF"},
    {"shutdown", "triple fault"},
    {"invalid", "VMRUN refused (VMEXIT_INVALID)"},
    {"hv-rmp-fault", "the hypervisor's write to an assigned page was refused"},
    {"pvalidate-unchanged", "PVALIDATE found the page in the wanted state already (CF = 1)"},
    {"terminate", "the monitor asked for termination; terminate:SET:CODE names the reason"},
    {NULL, NULL},
};

static const struct fault_row rows[] = {
    {TEST_NPF_RMP, 0},
    {TEST_NPF_VMPL, 0},
    {TEST_NPF_SIZE, 0},
    {TEST_NPF, 0},
    {TEST_VC_NOT_VALIDATED, 0},
    {TEST_VECTOR, 29},
    {TEST_VECTOR, 14},
    {TEST_VECTOR, 13},
    {TEST_VECTOR, 6},
    {TEST_VECTOR, 8},
    {TEST_CLASS, FAULT_SHUTDOWN},
    {TEST_CLASS, FAULT_INVALID},
    {TEST_HV_WRITE_REFUSED, 0},
    {TEST_PVALIDATE_UNCHANGED, 0},
    {TEST_TERMINATE, 0},
};
_Static_assert(G_N_ELEMENTS(names) == G_N_ELEMENTS(rows) + 1, "one row for each name");

const struct run_fault_name *run_fault_names(void)
{
    return names;
}

/* "terminate:SET:CODE" -> detail of RUN_END_TERMINATED. */
static bool terminate_parse(const char *name, uint64_t *detail)
{
    unsigned set, code;
    int used = 0;
    if (sscanf(name, "terminate:%u:%u%n", &set, &code, &used) != 2 || name[used] != '\0' ||
        set > 0xff || code > 0xff)
        return false;
    *detail = (uint64_t)set << 8 | code;
    return true;
}

static const struct fault_row *row_find(const char *name)
{
    for (size_t i = 0; names[i].name != NULL; i++)
        if (strcmp(names[i].name, name) == 0)
            return &rows[i];
    return NULL;
}

bool run_fault_name_known(const char *name)
{
    uint64_t detail;
    return row_find(name) != NULL || terminate_parse(name, &detail);
}

static bool npf_matches(const struct event *event, uint64_t wanted, uint64_t unwanted)
{
    return event->kind == EVENT_FAULT && event->fault.class == FAULT_NPF &&
           (event->fault.error & wanted) == wanted && (event->fault.error & unwanted) == 0;
}

static bool terminated(const struct event *event)
{
    return event->kind == EVENT_RUN_END && event->run.reason == RUN_END_TERMINATED;
}

bool run_fault_matches(const char *name, const struct event *event)
{
    uint64_t detail;
    if (terminate_parse(name, &detail))
        return terminated(event) && event->run.detail == detail;
    const struct fault_row *row = row_find(name);
    bool exception = event->kind == EVENT_FAULT && event->fault.class == FAULT_EXCEPTION;
    switch (row->test) {
    case TEST_NPF: return npf_matches(event, 0, NPF_RMP);
    case TEST_NPF_RMP: return npf_matches(event, NPF_RMP, NPF_VMPL | NPF_SIZEM);
    case TEST_NPF_VMPL: return npf_matches(event, NPF_RMP | NPF_VMPL, 0);
    case TEST_NPF_SIZE: return npf_matches(event, NPF_RMP | NPF_SIZEM, 0);
    case TEST_VC_NOT_VALIDATED:
        return exception && event->fault.vector == 29 &&
               event->fault.error == VC_PAGE_NOT_VALIDATED;
    case TEST_VECTOR: return exception && event->fault.vector == row->value;
    case TEST_CLASS: return event->kind == EVENT_FAULT && event->fault.class == row->value;
    case TEST_HV_WRITE_REFUSED:
        return event->kind == EVENT_HV_ACCESS && event->hv_access.write && event->hv_access.refused;
    case TEST_PVALIDATE_UNCHANGED:
        return event->kind == EVENT_RMP && event->rmp.insn == RMP_INSN_PVALIDATE &&
               event->rmp.outcome == RMP_OUT_DONE && event->rmp.rc == 0 && event->rmp.cf;
    case TEST_TERMINATE: return terminated(event);
    }
    return false;
}

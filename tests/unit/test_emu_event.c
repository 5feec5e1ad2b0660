/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupts, NMIs and the wake-ups they are, over 1 to 8 processors, with restricted injection and
 * without. The image tests/images/events.c checks what arrives where; this file, that it ends well,
 * that #HV is all that is injected, and that the same inputs give the same stream. Then string I/O
 * and the certificates: tests/images/firmware.c.
 */
#include <string.h>

#include "cpu/symbols.h"
#include "emu/honest.h"
#include "emu/machine_internal.h"
#include "psp/certs.h"
#include "tests/images/events.h"

#define EVENT_HV (EVENTINJ_VALID | (uint64_t)EVENTINJ_EXCEPTION << 8 | 28)

struct outcome {
    enum run_end_reason reason;
    uint64_t detail;
    uint64_t injected, injected_hv, interrupted; /* interrupted: NPF exits with EXITINTINFO */
    char hash[33];
};

static void observe(void *user, const struct event *event)
{
    struct outcome *outcome = user;
    if (event->kind != EVENT_INJECT)
        return;
    outcome->injected++;
    outcome->injected_hv += event->inject.eventinj == EVENT_HV;
    g_assert_cmpuint(event->inject.result, ==, 0);
}

/* The stack of the first processor goes away, and no translation of it is left. */
static void stack_unmap(struct machine *machine, const struct hv_exit *exit)
{
    struct symbol_info stack;
    g_assert_true(symbols_find(machine_symbols(machine, false), "stack", &stack));
    struct npt_mapping map = hv_npt_lookup(machine, stack.address);
    g_assert_cmpint(hv_npt_unmap(machine, page_base_of(stack.address, map.size), map.size), ==,
                    HV_OK);
    hv_vmcb(machine, exit->vmsa_spa)->tlb_control = 1;
}

static void step(void *user, struct machine *machine, uint32_t cpu, const struct hv_exit *exit)
{
    struct outcome *outcome = user;
    uint64_t asked = exit && exit->kind == HV_EXIT_MSR_PROTOCOL &&
                             (exit->ghcb_msr & 0xfff) == GHCB_MSR_PREF_GPA_REQ
                         ? exit->ghcb_msr >> 12
                         : 0;
    if (exit && exit->kind == HV_EXIT_NPF &&
        hv_vmcb(machine, exit->vmsa_spa)->exitintinfo & EVENTINJ_VALID)
        outcome->interrupted++;
    if (asked == ASK_INTERRUPT_VMPL0)
        honest_interrupt(machine, cpu, 0, 0x61);
    if (asked == ASK_INTERRUPT_VMPL1)
        honest_interrupt(machine, cpu, 1, 0x60);
    if (asked == ASK_INTERRUPT_FAULTING) {
        stack_unmap(machine, exit);
        honest_interrupt(machine, cpu, 0, 0x62);
    }
    machine_step_honest(machine, cpu, exit);
}

static struct machine *machine_make(const char *image, uint32_t cpus, bool restricted,
                                    enum machine_schedule schedule, uint64_t seed)
{
    struct machine_config config = machine_config_default();
    config.monitor_path = image;
    config.memory_bytes = UINT64_C(32) << 20;
    config.cpus = cpus;
    config.schedule = schedule;
    config.seed = seed;
    config.slice_insns = 300;
    config.sev_features = restricted ? SEV_FEATURE_RESTRICTED_INJECTION : 0;
    config.limit_insns = UINT64_C(30000000);
    GError *error = NULL;
    struct machine *machine = machine_new(&config, &error);
    g_assert_no_error(error);
    return machine;
}

static struct outcome run(uint32_t cpus, bool restricted, enum machine_schedule schedule,
                          uint64_t seed)
{
    struct machine *machine = machine_make(PROVA_EVENTS_IMAGE, cpus, restricted, schedule, seed);
    struct outcome outcome = {0};
    trace_attach(machine_trace(machine), observe, &outcome);
    GError *error = NULL;
    machine_launch(machine, &error);
    g_assert_no_error(error);
    const struct hv_program program = {.user = &outcome, .step = step};
    machine_program_set(machine, &program);
    outcome.reason = machine_run(machine, NULL);
    outcome.detail = machine_end_detail(machine);
    if (outcome.reason != RUN_END_TERMINATED) {
        GString *text = g_string_new(NULL);
        machine_diagnose(machine, text);
        g_test_message("%s", text->str);
        g_string_free(text, TRUE);
    }
    trace_hash_hex(machine_trace(machine), outcome.hash);
    machine_free(machine);
    return outcome;
}

static void check(uint32_t cpus, bool restricted, enum machine_schedule schedule, uint64_t seed)
{
    struct outcome first = run(cpus, restricted, schedule, seed);
    g_assert_cmpint(first.reason, ==, RUN_END_TERMINATED);
    g_assert_cmpuint(first.detail, ==, 0);
    g_assert_cmpuint(first.interrupted, >=, 1);
    g_assert_cmpuint(first.injected, >, 0);
    if (restricted) /* VMPL 1 of the image has none, and takes its one interrupt by V_IRQ */
        g_assert_cmpuint(first.injected_hv, ==, first.injected);
    else
        g_assert_cmpuint(first.injected_hv, ==, 0);
    struct outcome second = run(cpus, restricted, schedule, seed);
    g_assert_cmpstr(first.hash, ==, second.hash);
}

static void test_restricted(void)
{
    static const uint32_t counts[] = {1, 2, 3, 8};
    for (size_t i = 0; i < G_N_ELEMENTS(counts); i++)
        check(counts[i], true, SCHEDULE_FAIR, 1);
}

static void test_unrestricted(void)
{
    static const uint32_t counts[] = {1, 2, 3, 8};
    for (size_t i = 0; i < G_N_ELEMENTS(counts); i++)
        check(counts[i], false, SCHEDULE_FAIR, 1);
}

static void test_random(void)
{
    for (uint64_t seed = 1; seed <= 6; seed++)
        check(3, seed & 1, SCHEDULE_RANDOM, seed);
}

/* 56421 section 4.1.8.1: the table, and behind it the chain of the emulated chip. */
static void certificates_check(struct machine *machine)
{
    static const uint8_t vcek[16] = {0x63, 0xda, 0x75, 0x8d, 0xe6, 0x64, 0x45, 0x64,
                                     0xad, 0xc5, 0xf4, 0xb9, 0x3b, 0xe8, 0xac, 0xcd};
    struct psp_certs certs;
    const char *why = NULL;
    uint8_t blob[4 * PAGE_BYTES];
    g_assert_cmpint(psp_certs_make(&machine->psp, &certs, &why), ==, PSP_CERTS_OK);
    hv_read(machine, honest_spa_of(machine, 0xc03000), blob, sizeof(blob));
    g_assert_cmpmem(blob, sizeof(vcek), vcek, sizeof(vcek));
    const struct psp_cert *const chain[] = {&certs.vcek, &certs.ask, &certs.ark};
    uint32_t end = 4 * 24;
    for (size_t i = 0; i < G_N_ELEMENTS(chain); i++) {
        uint32_t place[2];
        memcpy(place, blob + 24 * i + 16, sizeof(place));
        g_assert_cmpuint(place[0], ==, end);
        end += place[1];
        g_assert_cmpuint(end, <=, sizeof(blob));
        g_assert_cmpmem(blob + place[0], place[1], chain[i]->der, chain[i]->len);
    }
    static const uint8_t zeros[24];
    g_assert_cmpmem(blob + 72, sizeof(zeros), zeros, sizeof(zeros));
}

static void test_firmware(void)
{
    struct machine *machine = machine_make(PROVA_FIRMWARE_IMAGE, 1, false, SCHEDULE_FAIR, 1);
    GError *error = NULL;
    machine_launch(machine, &error);
    g_assert_no_error(error);
    g_assert_cmpint(machine_run(machine, NULL), ==, RUN_END_TERMINATED);
    g_assert_cmpuint(machine_end_detail(machine), ==, 0);
    g_assert_cmpstr(machine_console(machine), ==, "string I/O\n!");
    certificates_check(machine);
    machine_free(machine);
}

/* A VMSA that is taken away or replaced does not run on, not even until its next exit. */
static void test_ap_creation(void)
{
    struct machine *machine = machine_make(PROVA_VMSAS_IMAGE, 2, false, SCHEDULE_FAIR, 1);
    GError *error = NULL;
    machine_launch(machine, &error);
    g_assert_no_error(error);
    g_assert_cmpint(machine_run(machine, NULL), ==, RUN_END_TERMINATED);
    g_assert_cmpuint(machine_end_detail(machine), ==, 0);
    machine_free(machine);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/emu/event/56421-5/restricted-injection", test_restricted);
    g_test_add_func("/emu/event/apm2-15.21/no-restricted-injection", test_unrestricted);
    g_test_add_func("/emu/event/any-schedule", test_random);
    g_test_add_func("/emu/event/56421-4.1.9/ap-creation", test_ap_creation);
    g_test_add_func("/emu/event/56421-4.1/string-io-and-certificates", test_firmware);
    return g_test_run();
}

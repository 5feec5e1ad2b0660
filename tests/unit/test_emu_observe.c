/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An honest run of the default monitor, and what the events of it say: the guest attests (messages
 * to the firmware, calls, interrupts) on one processor and on several.
 */
#include <string.h>

#include "emu/machine_internal.h"

enum { MESSAGES_MAX = 256, STATES_MAX = 64 };

struct state {
    uint64_t spa, hash;
};

struct seen {
    struct event_psp handed[MESSAGES_MAX];
    uint32_t handed_count, answered;
    struct state state[STATES_MAX]; /* said to be a VMSA and not run yet */
    uint32_t state_count, entered_checked;
    uint32_t doorbells, fetches, grants;
};

static void see_message(struct seen *seen, const struct event_psp *psp)
{
    static const uint8_t none[16];
    if (psp->command != PSP_CMD_GUEST_REQUEST)
        return;
    g_assert_cmpuint(psp->status, ==, PSP_SUCCESS);
    g_assert_cmpint(memcmp(psp->plaintext_hash, none, sizeof(none)), !=, 0);
    if (psp->phase == 1) {
        g_assert_cmpuint(seen->handed_count, <, MESSAGES_MAX);
        seen->handed[seen->handed_count++] = *psp;
        return;
    }
    /* What the firmware answers is what the guest handed over last. */
    g_assert_cmpuint(seen->handed_count, >, 0);
    const struct event_psp *handed = &seen->handed[seen->handed_count - 1];
    g_assert_cmpuint(psp->seqno, ==, handed->seqno);
    g_assert_cmpuint(psp->vmpck, ==, handed->vmpck);
    g_assert_cmpuint(psp->msg_type, ==, handed->msg_type);
    g_assert_cmpmem(psp->plaintext_hash, 16, handed->plaintext_hash, 16);
    g_assert_cmpmem(psp->request_hash, 16, handed->request_hash, 16);
    seen->answered++;
}

static struct state *state_of(struct seen *seen, uint64_t spa)
{
    for (uint32_t i = 0; i < seen->state_count; i++)
        if (seen->state[i].spa == spa)
            return &seen->state[i];
    g_assert_cmpuint(seen->state_count, <, STATES_MAX);
    seen->state[seen->state_count].spa = spa;
    return &seen->state[seen->state_count++];
}

static void observe(void *user, const struct event *event)
{
    struct seen *seen = user;
    if (event->kind == EVENT_PSP)
        see_message(seen, &event->psp);
    if (event->kind == EVENT_RMP && event->rmp.vmsa_hash != 0)
        state_of(seen, event->rmp.spa)->hash = event->rmp.vmsa_hash;
    g_assert_cmpuint(event->kind, !=, EVENT_MOVE);
    g_assert_cmpuint(event->kind, !=, EVENT_ALIAS);
    g_assert_cmpuint(event->kind, !=, EVENT_STALE);
    g_assert_cmpuint(event->kind, !=, EVENT_REFETCH);
    if (event->kind == EVENT_FETCH) {
        g_assert_cmpuint(event->fetch.bytes_trusted, >, 0);
        g_assert_cmpuint(event->fetch.bytes_guest + event->fetch.bytes_hypervisor, ==, 0);
        seen->fetches++;
    }
    if (event->kind == EVENT_RMP && event->rmp.insn == RMP_INSN_RMPADJUST &&
        (event->rmp.after_hi & ~event->rmp.before_hi) != 0) {
        g_assert_cmpuint(event->rmp.bytes_monitor, ==, 0);
        seen->grants++;
    }
    if (event->kind != EVENT_WORLD)
        return;
    seen->doorbells += event->world.doorbell_spa != 0;
    if (event->world.phase != 0 || event->world.result != 0)
        return;
    struct state *state = state_of(seen, event->world.vmsa_spa);
    if (state->hash != 0) {
        g_assert_cmphex(event->world.vmsa_hash, ==, state->hash);
        seen->entered_checked++;
    }
    state->hash = 0;
}

static void run(uint32_t cpus, struct seen *seen)
{
    struct machine_config config = machine_config_default();
    GError *error = NULL;
    config.monitor_path = PROVA_MONITOR;
    config.guest_path = PROVA_ATTEST;
    config.cpus = cpus;
    config.sev_features = SEV_FEATURE_RESTRICTED_INJECTION;
    struct machine *machine = machine_new(&config, &error);
    g_assert_no_error(error);
    trace_attach(machine_trace(machine), observe, seen);
    machine_launch(machine, &error);
    g_assert_no_error(error);
    g_assert_cmpint(machine_run(machine, NULL), ==, RUN_END_TERMINATED);
    g_assert_cmpuint(machine_end_detail(machine), ==, 0);
    machine_free(machine);
}

static void test_honest(const void *data)
{
    struct seen *seen = g_new0(struct seen, 1);
    const uint32_t cpus = GPOINTER_TO_UINT(data);
    run(cpus, seen);
    g_assert_cmpuint(seen->answered, >, 0);
    g_assert_cmpuint(seen->answered, ==, seen->handed_count);
    g_assert_cmpuint(seen->entered_checked, >=, 2 * cpus - 1); /* guests, and the other monitors */
    g_assert_cmpuint(seen->doorbells, >, 0);
    g_assert_cmpuint(seen->fetches, >, 0);
    g_assert_cmpuint(seen->grants, >, 0);
    g_free(seen);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_data_func("/emu/observe/honest-1", GUINT_TO_POINTER(1), test_honest);
    g_test_add_data_func("/emu/observe/honest-3", GUINT_TO_POINTER(3), test_honest);
    return g_test_run();
}

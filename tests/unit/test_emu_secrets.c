/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The scan for secrets, on an image that gives them away in every way there is. */
#include <string.h>

#include "emu/machine.h"

struct seen {
    uint32_t found[SECRET_IN_REGISTERS + 1]; /* not allowed */
    uint32_t allowed[SECRET_IN_REGISTERS + 1];
    uint8_t entity[SECRET_IN_REGISTERS + 1];
    uint32_t counted; /* the most that an RMPADJUST found in its page */
};

static void observe(void *user, const struct event *event)
{
    struct seen *seen = user;
    if (event->kind == EVENT_RMP && event->rmp.insn == RMP_INSN_RMPADJUST)
        seen->counted = MAX(seen->counted, event->rmp.bytes_secret);
    if (event->kind != EVENT_SECRET)
        return;
    const struct event_secret *secret = &event->secret;
    g_assert_cmpuint(secret->where, <=, SECRET_IN_REGISTERS);
    g_assert_cmpstr(secret->name, ==, secret->allowed ? "VMPCK3" : "VMPCK0");
    if (secret->allowed)
        seen->allowed[secret->where]++;
    else
        seen->found[secret->where]++;
    if (!secret->allowed)
        seen->entity[secret->where] = secret->entity;
}

static void test_everywhere(void)
{
    struct machine_config config = machine_config_default();
    config.monitor_path = PROVA_LEAK_IMAGE;
    config.memory_bytes = UINT64_C(32) << 20;
    config.limit_insns = 10000000;
    GError *error = NULL;
    struct seen seen = {0};
    struct machine *machine = machine_new(&config, &error);
    g_assert_no_error(error);
    trace_attach(machine_trace(machine), observe, &seen);
    machine_launch(machine, &error);
    g_assert_no_error(error);
    /* The last request is a piece of a key: no hypervisor knows what to do with it. */
    g_assert_cmpint(machine_run(machine, NULL), ==, RUN_END_STOPPED);
    machine_free(machine);

    g_assert_cmpuint(seen.found[SECRET_IN_SHARED_PAGE], >, 0);
    g_assert_cmpuint(seen.entity[SECRET_IN_SHARED_PAGE], ==, ACTOR_HV);
    g_assert_cmpuint(seen.found[SECRET_IN_GHCB], >, 0);
    g_assert_cmpuint(seen.entity[SECRET_IN_GHCB], ==, ACTOR_HV);
    g_assert_cmpuint(seen.found[SECRET_IN_GRANTED_PAGE], >, 0);
    g_assert_cmpuint(seen.entity[SECRET_IN_GRANTED_PAGE], ==, ACTOR_E3);
    g_assert_cmpuint(seen.allowed[SECRET_IN_GRANTED_PAGE], >, 0);
    g_assert_cmpuint(seen.counted, >=, 32);
    g_assert_cmpuint(seen.counted % 32, ==, 0); /* keys of 32 bytes, and all of each */
    g_assert_cmpuint(seen.found[SECRET_IN_MSR], >, 0);
    g_assert_cmpuint(seen.entity[SECRET_IN_MSR], ==, ACTOR_HV);
    g_assert_cmpuint(seen.found[SECRET_IN_REGISTERS], >, 0);
    g_assert_cmpuint(seen.entity[SECRET_IN_REGISTERS], ==, ACTOR_E3);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/emu/secrets/found-everywhere", test_everywhere);
    return g_test_run();
}

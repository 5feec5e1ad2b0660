/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/guest/services.h"

#include "monitor/guest/team.h"

static void others(struct guest *guest)
{
    services_keys_together(guest);
    team_barrier();
}

unsigned guest_main(struct guest *guest)
{
    struct checks checks = {.guest = guest, .kernel = "services"};
    uint32_t started;
    services_attest(&checks);
    services_pages(&checks);
    services_keys(&checks);
    check_equal(&checks, "WakeUpAP of the others", team_gather(guest, others, &started),
                SVSM_SUCCESS);
    check_equal(&checks, "all of them run", started, guest->boot->vcpu_count);
    services_keys_together(guest);
    team_barrier();
    services_keys_after(&checks);
    services_lock(&checks);
    guest_print(guest, "services: %u passed, %u failed\n", checks.passed, checks.failed);
    return checks.failed;
}

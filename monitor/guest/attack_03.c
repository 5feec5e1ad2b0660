/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest of scenarios/attacks/03_vmsa_write_after_check.lua: the text of a Decrypt call is a VMSA
 * for VMPL 0, and where it goes another vCPU makes a VMSA in the meantime. Needs three vCPUs.
 */
#include "monitor/guest/ask_keys.h"
#include "monitor/guest/attack.h"
#include "monitor/guest/attack_spy.h"
#include "monitor/guest/check.h"
#include "monitor/guest/team.h"
#include "monitor/lib/string.h"
#include "monitor/services_abi.h"

enum { CREATOR = 1, SPY = 2, STATE_BYTES = 0x670 };

/* The head of the request stands at the end of the page before. */
static struct {
    uint8_t before[4096 - sizeof(struct crypt_request)];
    struct crypt_request head;
    struct vmsa vmsa;
} target __attribute__((aligned(4096), section(".bss.page")));
_Static_assert(sizeof target == 2 * sizeof(struct vmsa), "the VMSA is a page");

static uint8_t told[4096] __attribute__((aligned(4096), section(".bss.page")));
static uint64_t secret;

static void create(struct guest *guest, const char *when)
{
    guest_print(guest, "attack-03: CREATE_VCPU %s: 0x%x\n", when,
                spy_create(guest, &target.vmsa, SPY));
}

static void create_meanwhile(struct guest *guest)
{
    guest_yield(); /* until the copy of the text stands before the page */
    memcpy(&target.vmsa, spy_state_make(guest, guest->boot->vmpl, secret), sizeof target.vmsa);
    create(guest, "meanwhile");
    guest_yield(); /* the copy goes on */
}

unsigned guest_main(struct guest *guest)
{
    struct checks checks = {.guest = guest, .kernel = "attack-03"};
    uint64_t handle;
    secret = *attack_told(guest, told);
    guest_vcpu(CREATOR)->area = team_area(CREATOR);
    team_function_set(create_meanwhile);
    check_equal(&checks, "WakeUpAP",
                team_wake(guest, guest->boot->apic_id[CREATOR],
                          (uint64_t)team_state_make(guest, CREATOR), (uint64_t)team_area(CREATOR)),
                SVSM_SUCCESS);
    check_equal(&checks, "DeriveKey", ask_derive(guest, 1, &handle), SVSM_SUCCESS);
    memcpy(&target.vmsa, spy_state_make(guest, 0, secret), sizeof target.vmsa);
    target.head = (struct crypt_request){.handle = (uint32_t)handle, .bytes = STATE_BYTES};
    check_equal(&checks, "Encrypt", ask_encrypt(guest, &target.head), SVSM_SUCCESS);
    guest_yield(); /* the page can be read only, from here on */
    check_equal(&checks, "Decrypt", ask_decrypt(guest, &target.head), SVSM_SUCCESS);
    guest_yield(); /* the new vCPU may run */
    spy_print(guest, "attack-03");
    return checks.failed;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A VMPL0 image for the tests of AP creation (56421 section 4.1.9): the first processor makes,
 * takes away, makes again and replaces the VMSA on which the second one counts.
 */
#include "tests/images/bare.h"

enum { CREATE = 1, DESTROY = 2, ERROR_INPUT = 5, PATIENCE = 40000 };

static uint8_t stack[3][PAGE] __attribute__((aligned(4096)));
static uint8_t vmsa[3][PAGE] __attribute__((aligned(4096)));
static volatile uint64_t beats[3];
static volatile uint8_t *const ghcb = (volatile uint8_t *)SHARED_GPA;

static void count(uint64_t index)
{
    for (;;)
        beats[index]++;
}

static void pauses(uint32_t times)
{
    for (uint32_t i = 0; i < times; i++)
        insn_pause();
}

/* The request's result; SW_EXITINFO2 must say invalid input if it is refused. */
static uint32_t ap_request(uint64_t apic_id, uint64_t vmpl, uint64_t what, uint64_t vmsa_gpa)
{
    ghcb_begin(ghcb, NAE_AP_CREATION, apic_id << 32 | vmpl << 16 | what, vmsa_gpa);
    ghcb_put(ghcb, GHCB_RAX, 1);
    const uint32_t result = ghcb_call(ghcb);
    must(result == 0 || ghcb_get(ghcb, GHCB_INFO2) == ERROR_INPUT, 10);
    return result;
}

static void must_run(uint32_t index, uint64_t step)
{
    const uint64_t before = beats[index];
    for (uint32_t i = 0; i < PATIENCE && beats[index] == before; i++)
        insn_pause();
    must(beats[index] != before, step);
}

static void must_stand(uint32_t index, uint64_t step)
{
    const uint64_t before = beats[index];
    pauses(PATIENCE);
    must(beats[index] == before, step);
}

static void check_vmpl1(void)
{
    const uint64_t run_vmpl1 = UINT64_C(1) << 32 | 0x016, refused = UINT64_C(1) << 32 | 0x017;
    must(msr_call(run_vmpl1) == refused, 30);
    must(ap_request(0, 1, CREATE, (uint64_t)vmsa[0]) == 0, 31);
    must(ap_request(0, 1, DESTROY, 0) == 0, 32);
    must(msr_call(run_vmpl1) == refused, 33);
}

void image_main(const struct params *params)
{
    must(params->vcpu_count == 2, 1);
    shared_map();
    must(page_share(SHARED_GPA) && ghcb_register(SHARED_GPA), 2);
    for (uint32_t index = 1; index < 3; index++) {
        const uint64_t top = (uint64_t)stack[index] + PAGE;
        vmsa_build(vmsa[index], (uint64_t)count, top, index, 1);
        must(insn_rmpadjust((uint64_t)vmsa[index], 0, 1 | RMPADJUST_VMSA) == 0, 3);
    }
    must(ap_request(2, 0, CREATE, (uint64_t)vmsa[1]) == 2, 4);     /* no such processor */
    must(ap_request(1, 4, CREATE, (uint64_t)vmsa[1]) == 2, 5);     /* no such VMPL */
    must(ap_request(1, 0, 3, (uint64_t)vmsa[1]) == 2, 6);          /* no such request */
    must(ap_request(1, 0, CREATE, (uint64_t)vmsa[1] + 8) == 2, 7); /* not aligned */
    must(ap_request(1, 0, CREATE, UINT64_C(1) << 40) == 2, 8);     /* no memory */
    must_stand(1, 9);
    must(ap_request(1, 0, CREATE, (uint64_t)vmsa[1]) == 0, 20);
    must_run(1, 21);
    must(ap_request(1, 0, DESTROY, 0) == 0, 22);
    must_stand(1, 23);
    must(ap_request(1, 0, CREATE, (uint64_t)vmsa[1]) == 0, 24);
    must_run(1, 25);
    must(ap_request(1, 0, CREATE, (uint64_t)vmsa[2]) == 0, 26);
    must_run(2, 27);
    must_stand(1, 28);
    check_vmpl1();
    terminate(0);
}

BARE_ENTRY;

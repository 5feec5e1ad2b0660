/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What events of a vCPU say beside the operation itself: hashes of states, features, doorbell. */
#include "tests/unit/cpu_fixture.h"

#include <string.h>

enum { SECRET_BYTES = 77, PENDING = 0x8041 };

/* ---- the hash of a VMSA ---- */

static void test_hash_leaves_out(void)
{
    struct vmsa vmsa;
    vmsa_init_long_mode(&vmsa);
    const uint64_t hash = vmsa_hash(&vmsa);
    g_assert_cmphex(hash, !=, 0);
    vmsa.efer ^= UINT64_C(1) << 12;
    vmsa.vintr_ctrl ^= VMSA_VINTR_BUSY;
    vmsa.guest_exitcode = vmsa.guest_exitinfo1 = vmsa.guest_exitinfo2 = 1;
    vmsa.guest_exitintinfo = vmsa.guest_nrip = 2;
    vmsa.tlb_id = vmsa.pcpu_id = 3;
    g_assert_cmphex(vmsa_hash(&vmsa), ==, hash);
}

static void test_hash_counts(void)
{
    static const size_t field[] = {
        offsetof(struct vmsa, cs), offsetof(struct vmsa, vmpl), offsetof(struct vmsa, cr3),
        offsetof(struct vmsa, rip), offsetof(struct vmsa, rax), offsetof(struct vmsa, r15),
        offsetof(struct vmsa, sev_features), offsetof(struct vmsa, eventinj),
        offsetof(struct vmsa, xmm), offsetof(struct vmsa, efer), offsetof(struct vmsa, virtual_tom),
    };
    struct vmsa vmsa;
    vmsa_init_long_mode(&vmsa);
    const uint64_t hash = vmsa_hash(&vmsa);
    for (size_t i = 0; i < G_N_ELEMENTS(field); i++) {
        ((uint8_t *)&vmsa)[field[i]] ^= 1;
        g_assert_cmphex(vmsa_hash(&vmsa), !=, hash);
        ((uint8_t *)&vmsa)[field[i]] ^= 1;
    }
}

/* RMPADJUST of FIXTURE_VMSA2 with the VMSA bit, then HLT. */
static void vmsa_make(struct fixture *f)
{
    static const uint8_t code[] = { 0xf3, 0x0f, 0x01, 0xfe, 0xf4 };

    fixture_code(f, code, code + sizeof(code));
    fixture_write(f, FIXTURE_VMSA2, &f->vmsa, sizeof(f->vmsa));
    f->vmsa.rax = FIXTURE_VMSA2;
    f->vmsa.rcx = 0;
    f->vmsa.rdx = 1 | 1 << 16;
    fixture_start(f);
    g_assert_cmphex(f->exit.code, ==, SVM_EXIT_HLT);
    g_assert_cmphex(fixture_state(f)->rax, ==, 0);
}

/* The hash that VMRUN reports of the page as it is now. */
static uint64_t entered_hash(struct fixture *f)
{
    const uint32_t before = fixture_event_count(f, EVENT_WORLD);
    struct vcpu *second = vcpu_find(&f->env, FIXTURE_VMSA2);
    struct vmcb vmcb = f->vmcb;
    struct cpu_clock clock = { 0 };
    struct vcpu_exit exit;

    if (second == NULL)
        second = vcpu_new(&f->env, FIXTURE_VMSA2, NULL);
    g_assert_cmpint(vcpu_enter(second, &vmcb, &clock, 1), ==, VCPU_ENTERED);
    vcpu_preempt(second, &exit);
    const struct event *event = fixture_event(f, EVENT_WORLD, before);
    g_assert_cmphex(event->world.vmsa_spa, ==, FIXTURE_VMSA2);
    g_assert_cmpuint(event->world.phase, ==, 0);
    g_assert_cmphex(fixture_event(f, EVENT_WORLD, before + 1)->world.vmsa_hash, ==, 0);
    return event->world.vmsa_hash;
}

static void test_vmrun_has_the_hash_of_rmpadjust(void)
{
    struct fixture *f = fixture_new();

    vmsa_make(f);
    const struct event *rmp = fixture_event(f, EVENT_RMP, 0);
    g_assert_cmphex(rmp->rmp.vmsa_hash, !=, 0);
    g_assert_cmphex(entered_hash(f), ==, rmp->rmp.vmsa_hash);
    fixture_free(f);
}

static void test_changed_state_has_another_hash(void)
{
    struct fixture *f = fixture_new();
    const uint64_t rip = 0x1234;

    vmsa_make(f);
    const uint64_t checked = fixture_event(f, EVENT_RMP, 0)->rmp.vmsa_hash;
    fixture_write(f, FIXTURE_VMSA2 + offsetof(struct vmsa, rip), &rip, sizeof(rip));
    g_assert_cmphex(entered_hash(f), !=, checked);
    fixture_free(f);
}

/* Without the VMSA bit, or refused, there is no state to speak of. */
static void test_other_rmpadjust_has_no_hash(void)
{
    static const uint8_t code[] = { 0xf3, 0x0f, 0x01, 0xfe, 0xf4 };
    struct fixture *f = fixture_new();

    fixture_code(f, code, code + sizeof(code));
    f->vmsa.rax = FIXTURE_DATA;
    f->vmsa.rdx = 1;
    fixture_start(f);
    g_assert_cmphex(fixture_event(f, EVENT_RMP, 0)->rmp.rc, ==, 0);
    g_assert_cmphex(fixture_event(f, EVENT_RMP, 0)->rmp.vmsa_hash, ==, 0);
    f->vmsa.rip = FIXTURE_CODE;
    f->vmsa.rdx = 4 | 1 << 16;
    f->vmsa.rax = FIXTURE_DATA;
    fixture_start(f);
    g_assert_cmphex(fixture_event(f, EVENT_RMP, 1)->rmp.rc, !=, 0);
    g_assert_cmphex(fixture_event(f, EVENT_RMP, 1)->rmp.vmsa_hash, ==, 0);
    fixture_free(f);
}

/* ---- what the machine adds ---- */

static uint32_t secret_bytes(void *user, uint64_t spa, enum page_size size)
{
    (void)user;
    return spa == FIXTURE_UNVALIDATED && size == PAGE_4K ? SECRET_BYTES : 0;
}

static uint64_t doorbell(void *user, uint32_t apic_id, uint8_t vmpl)
{
    (void)user;
    return apic_id == 0 && vmpl == 0 ? FIXTURE_HV : 0;
}

/* PVALIDATE says what secrets are in the page; RMPQUERY does not look. */
static void test_secret_bytes(void)
{
    static const uint8_t code[] = { 0xf2, 0x0f, 0x01, 0xff, 0xb8, 0x00, 0x00, 0xc0,
                                    0x00, 0xf3, 0x0f, 0x01, 0xfd, 0xf4 };
    struct fixture *f = fixture_new();

    f->env.secret_bytes = secret_bytes;
    fixture_code(f, code, code + sizeof(code));
    f->vmsa.rax = FIXTURE_UNVALIDATED;
    f->vmsa.rdx = 1;
    fixture_start(f);
    g_assert_cmpuint(fixture_event(f, EVENT_RMP, 0)->rmp.bytes_secret, ==, SECRET_BYTES);
    g_assert_cmpuint(fixture_event(f, EVENT_RMP, 1)->rmp.insn, ==, RMP_INSN_RMPQUERY);
    g_assert_cmpuint(fixture_event(f, EVENT_RMP, 1)->rmp.bytes_secret, ==, 0);
    fixture_free(f);
}

static void test_doorbell(void)
{
    static const uint8_t code[] = { 0xf4 };
    const uint16_t pending = PENDING;
    struct fixture *f = fixture_new();

    f->env.doorbell = doorbell;
    memory_write(&f->memory, FIXTURE_HV, ASID_HV, &pending, sizeof(pending));
    fixture_code(f, code, code + sizeof(code));
    fixture_start(f);
    const struct event *enter = fixture_event(f, EVENT_WORLD, 0);
    const struct event *leave = fixture_event(f, EVENT_WORLD, 1);
    g_assert_cmphex(enter->world.doorbell_spa, ==, FIXTURE_HV);
    g_assert_cmphex(enter->world.doorbell, ==, 0);
    g_assert_cmphex(leave->world.doorbell_spa, ==, FIXTURE_HV);
    g_assert_cmphex(leave->world.doorbell, ==, PENDING);
    fixture_free(f);
}

/* Delivered or refused, an injection tells under which features. */
static void test_inject_features(void)
{
    static const uint8_t code[] = { 0xf4 };
    struct fixture *f = fixture_new();

    fixture_code(f, code, code + sizeof(code));
    f->vmsa.sev_features = 1 | 1 << 3;
    f->vmcb.eventinj = EVENTINJ_VALID | 0x40; /* an interrupt: not under restricted injection */
    g_assert_cmpint(fixture_enter(f), ==, VCPU_ENTER_INVALID);
    const struct event *event = fixture_event(f, EVENT_INJECT, 0);
    g_assert_cmpuint(event->inject.result, ==, 1);
    g_assert_cmphex(event->inject.sev_features, ==, 1 | 1 << 3);
    fixture_free(f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cpu/observe/vmsa-hash-leaves-out", test_hash_leaves_out);
    g_test_add_func("/cpu/observe/vmsa-hash-counts", test_hash_counts);
    g_test_add_func("/cpu/observe/vmrun-has-the-hash-of-rmpadjust",
                    test_vmrun_has_the_hash_of_rmpadjust);
    g_test_add_func("/cpu/observe/changed-state-has-another-hash",
                    test_changed_state_has_another_hash);
    g_test_add_func("/cpu/observe/other-rmpadjust-has-no-hash", test_other_rmpadjust_has_no_hash);
    g_test_add_func("/cpu/observe/secret-bytes", test_secret_bytes);
    g_test_add_func("/cpu/observe/doorbell", test_doorbell);
    g_test_add_func("/cpu/observe/inject-features", test_inject_features);
    return g_test_run();
}

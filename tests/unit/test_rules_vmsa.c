/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules about VMSA pages and processors: each broken at one event, and what comes near. */
#include "rmp/insn.h"
#include "tests/unit/rule_expect.h"
#include "tests/unit/stream_monitor.h"

static void test_vmsa_grant(void)
{
    struct stream *s = stream_new();

    s_page(s, 1, 7);
    s_adjust(s, 1, 2, RMP_PERM_R, false);
    s_adjust(s, 1, 2, 0, false);
    s_seal(s, 1, 1);
    s_adjust(s, 1, 2, RMP_PERM_R, false); /* no VMSA any more */
    expect(s, "vmsa-grant", 0);
    done(s, "vmsa-grant", s_adjust(s, 1, 1, 0, true));
    s = stream_new();
    s_page(s, 1, 7);
    s_seal(s, 1, 1);
    done(s, "vmsa-grant", s_adjust(s, 1, 3, RMP_PERM_XU, true));
}

static void test_vmsa_privileged(void)
{
    static const char name[] = "vmsa-privileged";
    struct stream *s = stream_new();

    s_page(s, 1, 7);
    s_adjust(s, 1, 2, RMP_PERM_R | RMP_PERM_W, false);
    s_adjust(s, 1, 2, 0, false);
    s_adjust(s, 1, 3, RMP_PERM_R, false); /* cannot write */
    s_enter(s, 0, 2, 1, 0);               /* its own */
    s_enter(s, 0, 3, 1, 0);
    s_enter(s, 0, EVENT_NO_VMPL, 1, 0);
    s_vmrun(s, 0, 1, 1); /* refused */
    s_by(s, 0, 1);
    expect(s, name, 0);
    done(s, name, s_enter(s, 0, 1, 1, 0));

    s = stream_new(); /* VMPL1 let VMPL2 write: its own decision, and it could write itself */
    s_page(s, 1, 7);
    s_adjust(s, 1, 1, RMP_PERM_W, false);
    s_adjust(s, 1, 2, RMP_PERM_W, false);
    s_by(s, 0, 1);
    s_adjust(s, 1, 1, 0, false);
    s_adjust(s, 1, 2, 0, false);
    s_enter(s, 0, 1, 1, 0);
    expect(s, name, 0);
    done(s, name, s_enter(s, 0, 0, 1, 0));

    s = stream_new(); /* a scrub, a rebinding and a launch end it */
    s_page(s, 1, 7);
    s_adjust(s, 1, 3, RMP_PERM_W, false);
    s_adjust(s, 1, 3, 0, false);
    s_scrub(s, 1);
    s_enter(s, 0, 0, 1, 0);
    s_adjust(s, 1, 3, RMP_PERM_W, false);
    s_assign(s, 1, 8, PAGE_4K);
    s_enter(s, 0, 0, 1, 0);
    s_adjust(s, 1, 3, RMP_PERM_W, false);
    s_launch(s, 1, 9, true, 0);
    s_enter(s, 0, 0, 1, 0);
    done(s, name, 0);

    s = stream_new(); /* it could write on after the scrub */
    s_page(s, 1, 7);
    s_adjust(s, 1, 1, RMP_PERM_W, false);
    s_scrub(s, 1);
    s_adjust(s, 1, 1, 0, false);
    s_enter(s, 0, 1, 1, 0);
    expect(s, name, 0);
    done(s, name, s_enter(s, 0, 0, 1, 0));

    s = stream_new(); /* as part of 2 MiB */
    s_assign(s, 1024, 512, PAGE_2M);
    s_validate(s, 1024, true);
    s_adjust(s, 1024, 3, RMP_PERM_W, false);
    s_adjust(s, 1024, 3, 0, false);
    s_enter(s, 0, 0, 1536, 0);
    expect(s, name, 0);
    done(s, name, s_enter(s, 0, 2, 1024 + 300, 0));
}

static void test_vmsa_checked(void)
{
    static const char name[] = "vmsa-checked";
    struct stream *s = stream_new();

    s_page(s, 1, 7);
    s_page(s, 2, 8);
    s_enter(s, 0, 1, 1, 5); /* of the launch */
    s_seal(s, 1, 10);
    s_seal(s, 2, 11);
    s_vmrun(s, 0, 1, 2); /* refused */
    s_enter(s, 0, 1, 1, 10);
    s_enter(s, 0, 1, 1, 12); /* it has run since */
    expect(s, name, 0);
    done(s, name, s_enter(s, 1, 2, 2, 10));

    s = stream_new(); /* the last word counts */
    s_page(s, 1, 7);
    s_seal(s, 1, 10);
    s_seal(s, 1, 11);
    done(s, name, s_enter(s, 0, 1, 1, 10));
}

static void test_vmsa_current(void)
{
    static const char name[] = "vmsa-current";
    struct stream *s = stream_new();

    s_enter(s, 0, 2, 1, 0); /* of the launch: nobody said anything */
    s_vmsa(s, 2, VMSA_LAUNCHED, 0, 2);
    s_enter(s, 0, 2, 1, 0);
    s_vmsa(s, 1, VMSA_CREATE, 0, 2);
    s_vmsa(s, 2, VMSA_CREATE, 0, 1); /* another VMPL */
    s_vmsa(s, 3, VMSA_CREATE, 1, 2); /* another processor */
    s_vmsa(s, 4, VMSA_CREATE, 0, 2); /* refused */
    stream_last(s)->vmsa.result = 1;
    s_vmsa(s, 4, VMSA_CREATE, 0, 2); /* not VMPL0's word */
    s_by(s, 0, 2);
    s_vmsa(s, 1, VMSA_CREATE, 0, 2); /* once more */
    s_enter(s, 0, 2, 1, 0);
    s_enter(s, 0, 1, 2, 0);
    expect(s, name, 0);
    s_vmsa(s, 5, VMSA_ON_INIT, 0, 2);
    s_by(s, 1, 0); /* by processor 1 */
    s_enter(s, 0, 2, 5, 0);
    s_enter(s, 0, 2, 1, 0); /* VMPL0 may still be about to stop it */
    s_run_vmpl(s, 0);
    s_enter(s, 0, 2, 1, 0);
    s_run_vmpl(s, 1);
    s_enter(s, 0, 2, 5, 0);
    expect(s, name, 0);
    done(s, name, s_enter(s, 0, 2, 1, 0));

    s = stream_new();
    s_vmsa(s, 1, VMSA_CREATE, 0, 2);
    s_vmsa(s, 1, VMSA_DESTROY, 0, 2);
    s_vmsa(s, 1, VMSA_CREATE, 1, 2);
    s_run_vmpl(s, 0);
    s_enter(s, 1, 2, 1, 0);
    expect(s, name, 0);
    s_vmsa(s, 1, VMSA_DESTROY, 1, 2);
    s_enter(s, 1, 2, 1, 0);
    s_run_vmpl(s, 0);
    s_vmrun(s, 1, 1, 1);
    expect(s, name, 0);
    done(s, name, s_enter(s, 1, 2, 1, 0));
}

static void test_stale_translation(void)
{
    static const char name[] = "stale-translation";
    struct stream *s = stream_new();

    s_page(s, 1, 7);
    s_adjust(s, 1, 2, 0xf, false);
    s_stale(s, 1); /* nothing was taken */
    s_run_vmpl(s, 0);
    s_adjust(s, 1, 2, RMP_PERM_R, false);
    s_enter(s, 0, 2, 9, 0); /* the hypervisor's doing */
    s_run_vmpl(s, 1);       /* another processor's call */
    s_run_vmpl(s, 0);
    s_by(s, 0, 1); /* not VMPL0 */
    s_run_vmpl(s, 0);
    stream_last(s)->vmgexit.phase = 1;
    s_run_vmpl(s, 0);
    stream_last(s)->vmgexit.protocol = VMGEXIT_MSR;
    s_run_vmpl(s, 0);
    stream_last(s)->vmgexit.code = 0x80000010;
    s_stale(s, 1);
    s_stale(s, 2);
    expect(s, name, 0);
    s_run_vmpl(s, 0);
    expect(s, name, 0);
    done(s, name, s_stale(s, 1));

    s = stream_new(); /* the validation; and who took it matters */
    s_page(s, 1, 7);
    s_page(s, 2, 8);
    s_validate(s, 1, false);
    s_by(s, 1, 0);
    s_validate(s, 2, false);
    s_by(s, 1, 1);
    s_run_vmpl(s, 1);
    s_stale(s, 2);
    expect(s, name, 0);
    done(s, name, s_stale(s, 1));

    s = stream_new(); /* made a VMSA page by the instruction that took the right away, or later */
    s_page(s, 1, 7);
    s_page(s, 2, 8);
    s_page(s, 3, 9);
    s_adjust(s, 1, 1, 0xf, false);
    s_adjust(s, 2, 2, 0xf, false);
    s_adjust(s, 2, 2, 0, false);
    s_adjust(s, 3, 1, 0xf, true);
    s_adjust(s, 3, 1, 0, true); /* it was one before */
    s_stale(s, 2);
    s_stale(s, 3);
    expect(s, name, 0);
    s_seal(s, 2, 1);
    expect(s, name, 0);
    s_stale(s, 2);
    done(s, name, s->events->len);
    s = stream_new();
    s_page(s, 1, 7);
    s_adjust(s, 1, 1, 0xf, false);
    s_seal(s, 1, 1);
    done(s, name, s_stale(s, 1));

    s = stream_new(); /* as part of 2 MiB */
    s_assign(s, 1024, 512, PAGE_2M);
    s_validate(s, 1024, true);
    s_validate(s, 1024, false);
    s_run_vmpl(s, 0);
    s_stale(s, 1023);
    expect(s, name, 0);
    done(s, name, s_stale(s, 1030));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rules/vmsa-grant", test_vmsa_grant);
    g_test_add_func("/rules/vmsa-privileged", test_vmsa_privileged);
    g_test_add_func("/rules/vmsa-checked", test_vmsa_checked);
    g_test_add_func("/rules/vmsa-current", test_vmsa_current);
    g_test_add_func("/rules/stale-translation", test_stale_translation);
    return g_test_run();
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules about how VMPL0 uses its memory: each broken at one event, and what comes near. */
#include "rmp/insn.h"
#include "tests/unit/rule_expect.h"
#include "tests/unit/stream_monitor.h"

static void test_validate_page_table(void)
{
    static const char name[] = "validate-page-table";
    struct stream *s = stream_new();

    s_page(s, 1, 7); /* before it is one */
    s_table(s, 7);
    s_page(s, 2, 8);                      /* another page */
    s_adjust(s, 1, 1, RMP_PERM_R, false); /* another instruction */
    s_validate(s, 1, true);
    stream_last(s)->rmp.rc = RMP_RC_FAIL_SIZEMISMATCH;
    s_validate(s, 1, true);
    stream_last(s)->rmp.outcome = RMP_OUT_GP;
    s_validate(s, 1, true);
    s_by(s, 0, 1); /* not VMPL0 */
    expect(s, name, 0);
    done(s, name, s_validate(s, 1, true)); /* CF=1 or not */

    s = stream_new(); /* under another page of the system */
    s_table(s, 7);
    s_assign(s, 3, 7, PAGE_4K);
    done(s, name, s_validate(s, 3, true));

    s = stream_new(); /* one of 512 pages */
    s_table(s, 512 + 77);
    s_table(s, 1024);
    s_assign(s, 1024, 512, PAGE_2M);
    expect(s, name, 0);
    s_validate(s, 1024, true);
    done(s, name, s->events->len);
    s = stream_new();
    s_table(s, 1024);
    s_assign(s, 1024, 512, PAGE_2M);
    s_validate(s, 1024, true);
    done(s, name, 0);
}

static void test_alias(void)
{
    struct stream *s = stream_new();

    s_alias(s, 1, ALIAS_TWO_ADDRESSES, 1, 1);
    s_alias(s, 1, ALIAS_TWO_ADDRESSES, 0, 0);
    expect(s, "alias", 0);
    done(s, "alias", s_alias(s, 1, ALIAS_TWO_ADDRESSES, 0, 1));
    s = stream_new();
    done(s, "alias", s_alias(s, 1, ALIAS_UNENCRYPTED, 0, 0));
}

static void test_double_fetch(void)
{
    struct stream *s = stream_new();

    s_fetch(s, 1, 0, 0);
    expect(s, "double-fetch", 0);
    done(s, "double-fetch", s_refetch(s, 1));
}

static void test_measured_code(void)
{
    struct stream *s = stream_new();

    s_fetch(s, 1, 0, 0);
    expect(s, "measured-code", 0);
    done(s, "measured-code", s_fetch(s, 1, 1, 0));
    s = stream_new();
    done(s, "measured-code", s_fetch(s, 1, 0, 1));
}

static void test_use_before_confirm(void)
{
    static const char name[] = "use-before-confirm";
    struct stream *s = stream_new();

    s_page(s, 1, 7);
    s_unassign(s, 1); /* the hypervisor's doing */
    s_not_validated(s, 1, 7);
    s_launch(s, 2, 8, true, 0);
    s_not_validated(s, 2, 8);
    expect(s, name, 0);
    s_not_validated(s, 3, 9); /* no word on it, but not what the rule looks at */
    s_by(s, 0, 1);
    s_not_validated(s, 3, 9);
    stream_last(s)->fault.error = 0x400;
    s_not_validated(s, 3, 9);
    stream_last(s)->fault.source = 1;
    expect(s, name, 0);
    done(s, name, s_not_validated(s, 3, 9));

    s = stream_new(); /* given up */
    s_page(s, 1, 7);
    s_validate(s, 1, false);
    done(s, name, s_not_validated(s, 1, 7));
    s = stream_new(); /* it failed, and VMPL0 went on */
    s_assign(s, 1, 7, PAGE_4K);
    s_validate(s, 1, true);
    stream_last(s)->rmp.rc = RMP_RC_FAIL_SIZEMISMATCH;
    done(s, name, s_not_validated(s, 1, 7));
    s = stream_new(); /* another's PVALIDATE */
    s_page(s, 1, 7);
    s_by(s, 0, 1);
    done(s, name, s_not_validated(s, 1, 7));

    s = stream_new(); /* all of 2 MiB, and no more */
    s_assign(s, 1024, 512, PAGE_2M);
    s_validate(s, 1024, true);
    s_not_validated(s, 1024, 512);
    s_not_validated(s, 1535, 1023);
    expect(s, name, 0);
    done(s, name, s_not_validated(s, 1, 1024));
    s = stream_new(); /* 2 MiB were refused, so 4 KiB were validated: all but one of them */
    s_assign(s, 1024, 512, PAGE_2M);
    s_validate(s, 1024, true);
    stream_last(s)->rmp.rc = RMP_RC_FAIL_SIZEMISMATCH;
    s_page(s, 1, 514);
    s_not_validated(s, 1026, 514);
    expect(s, name, 0);
    done(s, name, s_not_validated(s, 1027, 515));
}

static void test_gate_source(void)
{
    struct stream *s = stream_new();

    s_fault(s, 0, 0x80, 1); /* before it is a gate */
    s_fault(s, 0, 0x80, 2);
    s_fault(s, 1, 0x80, 2);
    s_fault(s, 0, 0x81, 1); /* another one */
    s_fault(s, 0, 3, 2);
    s_fault(s, 0, 3, 1); /* an exception */
    s_fault(s, 0, 0x80, 1);
    s_by(s, 0, 2); /* at another VMPL */
    s_fault(s, 0, 0x82, 2);
    s_by(s, 0, 2);
    s_fault(s, 0, 0x82, 1);
    expect(s, "gate-source", 0);
    done(s, "gate-source", s_fault(s, 1, 0x80, 1));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rules/validate-page-table", test_validate_page_table);
    g_test_add_func("/rules/alias", test_alias);
    g_test_add_func("/rules/double-fetch", test_double_fetch);
    g_test_add_func("/rules/measured-code", test_measured_code);
    g_test_add_func("/rules/use-before-confirm", test_use_before_confirm);
    g_test_add_func("/rules/gate-source", test_gate_source);
    return g_test_run();
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Streams for the lock of a kernel's code and for the discipline of a monitor. */
#include "rmp/insn.h"
#include "tests/unit/rule_expect.h"
#include "tests/unit/stream_platform.h"

/* A page of VMPL1's kernel whose code it can no longer write. */
static void locked_page(struct stream *s, uint64_t spn, uint64_t gpn)
{
    s_page(s, spn, gpn);
    s_adjust(s, spn, 1, 0xf, false);
    s_adjust(s, spn, 1, RMP_PERM_R | RMP_PERM_XS, false);
}

static void test_lock_kernel(void)
{
    struct stream *s = stream_new();

    locked_page(s, 1, 7);
    s_page(s, 2, 8);
    s_adjust(s, 2, 1, RMP_PERM_R | RMP_PERM_W, false);
    s_adjust(s, 1, 1, RMP_PERM_R, false);
    s_assign(s, 1, 9, PAGE_4K); /* the page elsewhere is another matter */
    s_validate(s, 1, true);
    s_adjust(s, 1, 2, RMP_PERM_W, false);
    expect(s, "lock-kernel", 0);
    done(s, "lock-kernel", s_adjust(s, 1, 2, RMP_PERM_W | RMP_PERM_XS, false)); /* on any page */

    s = stream_new(); /* the place stays locked through a rebinding, for any VMPL */
    locked_page(s, 1, 7);
    s_unassign(s, 1);
    s_page(s, 2, 7);
    expect(s, "lock-kernel", 0);
    done(s, "lock-kernel", s_adjust(s, 2, 3, RMP_PERM_W, false));

    s = stream_new(); /* no lock: W goes with XS, without XS, by another VMPL */
    s_page(s, 1, 7);
    s_adjust(s, 1, 1, 0xf, false);
    s_adjust(s, 1, 1, 0, false);
    s_adjust(s, 1, 1, RMP_PERM_W, false);
    s_adjust(s, 1, 1, RMP_PERM_XS, false);
    s_adjust(s, 1, 2, 0xf, false);
    s_adjust(s, 1, 2, RMP_PERM_R | RMP_PERM_XS, false);
    stream_last(s)->vmpl = 1;
    s_adjust(s, 1, 2, 0xf, false);
    done(s, "lock-kernel", 0);

    s = stream_new(); /* W of one VMPL and XS of another are no writable code */
    locked_page(s, 1, 7);
    s_page(s, 2, 8);
    s_adjust(s, 2, 1, RMP_PERM_W, false);
    s_adjust(s, 2, 2, RMP_PERM_XS, false);
    expect(s, "lock-kernel", 0);
    done(s, "lock-kernel", s_adjust(s, 2, 2, RMP_PERM_XS | RMP_PERM_W, false));

    s = stream_new(); /* 2 MiB of code */
    s_assign(s, 1024, 512, PAGE_2M);
    s_validate(s, 1024, true);
    s_adjust(s, 1024, 1, 0xf, false);
    s_adjust(s, 1024, 1, RMP_PERM_XS, false);
    s_smash(s, 1024);
    s_page(s, 1, 1024);
    s_adjust(s, 1, 1, RMP_PERM_W, false);
    expect(s, "lock-kernel", 0);
    done(s, "lock-kernel", s_adjust(s, 1024 + 300, 2, RMP_PERM_W, false));
}

enum { IOIO = 0x7b, TERMINATE = 0x100, CPUID = 4, PSC = 0x80000010 };

static void test_fail_stop(void)
{
    struct stream *s = stream_new();

    s_page(s, 1, 7);
    s_exception(s, 29, 0, 0x404, 9);
    s_request(s, VMGEXIT_PAGE, IOIO);
    s_request(s, VMGEXIT_MSR, TERMINATE | 3 << 12);
    s_request(s, VMGEXIT_MSR, TERMINATE);
    s_request(s, VMGEXIT_PAGE, 0); /* an empty page under the GHCB */
    s_vmrun(s, 0, 1, 0);           /* the hypervisor's doing */
    stream_last(s)->vmpl = 1;
    s_validate(s, 1, true);
    stream_last(s)->vcpu = 1; /* another processor has not noticed */
    s_adjust(s, 1, 1, 1, false);
    stream_last(s)->vmpl = 1;
    expect(s, "fail-stop", 0);
    done(s, "fail-stop", s_request(s, VMGEXIT_PAGE, IOIO)); /* it had asked to be terminated */

    s = stream_new(); /* once for each */
    s_page(s, 1, 7);
    s_exception(s, 29, 0, 0x404, 9);
    s_validate(s, 1, true);
    s_validate(s, 1, true);
    s_request(s, VMGEXIT_MSR, CPUID);
    done(s, "fail-stop", 5);

    s = stream_new(); /* #VC 0x400: only where a page is valid */
    s_page(s, 1, 7);
    s_exception(s, 29, 0, 0x400, 8);
    s_request(s, VMGEXIT_PAGE, PSC);
    s_exception(s, 29, 0, 0x72, 7);
    s_request(s, VMGEXIT_PAGE, PSC);
    expect(s, "fail-stop", 0);
    s_exception(s, 29, 0, 0x400, 7);
    done(s, "fail-stop", s_request(s, VMGEXIT_MSR, CPUID));

    s = stream_new(); /* injected */
    s_exception(s, 2, 1, 0, 0);
    s_exception(s, 28, 1, 0, 0);
    s_exception(s, 32, 1, 0, 0);
    s_exception(s, 14, 0, 0, 0);
    s_exception(s, 29, 2, 0x404, 0);
    s_exception(s, 29, 1, 0x404, 0);
    stream_last(s)->vmpl = 1;
    s_request(s, VMGEXIT_PAGE, PSC);
    expect(s, "fail-stop", 0);
    s_exception(s, 14, 1, 0, 0);
    s_vmrun(s, 0, 1, 0);
    stream_last(s)->vmpl = 2;
    expect(s, "fail-stop", 0);
    done(s, "fail-stop", s_request(s, VMGEXIT_PAGE, 0x80000018)); /* to run VMPL 2 */
}

static void test_carry_ignored(void)
{
    struct stream *s = stream_new();

    s_page(s, 1, 7);
    s_adjust(s, 1, 1, RMP_PERM_R, false);
    s_validate(s, 1, true); /* CF=1 */
    s_adjust(s, 1, 1, 0, false);
    s_scrub(s, 1);
    s_adjust(s, 1, 1, RMP_PERM_R, false);
    s_adjust(s, 1, 1, 0, false);
    s_validate(s, 1, true);
    s_validate(s, 1, false);
    s_validate(s, 1, true);
    s_adjust(s, 1, 1, RMP_PERM_R, false);
    s_adjust(s, 1, 1, 0, false);
    s_validate(s, 1, true);
    s_assign(s, 1, 8, PAGE_4K);
    s_adjust(s, 1, 1, RMP_PERM_R, false);
    s_validate(s, 2, false); /* CF=1, but of a rescission */
    s_adjust(s, 2, 1, RMP_PERM_R, false);
    s_page(s, 3, 9);
    s_validate(s, 3, true);
    s_launch(s, 3, 9, false, 0);
    s_adjust(s, 3, 1, RMP_PERM_R, false);
    expect(s, "carry-ignored", 0);
    s_validate(s, 2, true);
    s_validate(s, 2, true);
    s_scrub(s, 1);
    done(s, "carry-ignored", s_adjust(s, 2, 2, RMP_PERM_R, false));

    s = stream_new(); /* a 2 MiB entry, of which one page was not overwritten */
    s_assign(s, 1024, 512, PAGE_2M);
    s_validate(s, 1024, true);
    s_validate(s, 1024, true);
    for (unsigned i = 0; i < 512; i++)
        if (i != 3)
            s_scrub(s, 1024 + i);
    s_smash(s, 1024);
    s_adjust(s, 1024 + 2, 1, RMP_PERM_R, false);
    expect(s, "carry-ignored", 0);
    done(s, "carry-ignored", s_adjust(s, 1024 + 3, 1, RMP_PERM_R, false));
}

static void test_grant_private(void)
{
    struct stream *s = stream_new();

    s_launch(s, 1, 7, true, 0);
    s_launch(s, 2, 8, false, 0);
    s_adjust(s, 1, 1, 0, true); /* nothing granted */
    stream_last(s)->rmp.bytes_monitor = 100;
    s_adjust(s, 2, 1, RMP_PERM_R, false); /* a guest's page */
    stream_last(s)->rmp.bytes_monitor = 100;
    s_adjust(s, 1, 1, RMP_PERM_R, false); /* nothing in it */
    stream_last(s)->rmp.bytes_monitor = 0;
    expect(s, "grant-private", 0);
    s_adjust(s, 1, 1, RMP_PERM_R | RMP_PERM_W, false);
    stream_last(s)->rmp.bytes_monitor = 1;
    done(s, "grant-private", s->events->len);

    s = stream_new(); /* in another binding it is not its launch page any more */
    s_launch(s, 1, 7, true, 0);
    s_assign(s, 1, 9, PAGE_4K);
    s_validate(s, 1, true);
    s_adjust(s, 1, 1, RMP_PERM_R, false);
    stream_last(s)->rmp.bytes_monitor = 100;
    done(s, "grant-private", 0);
}

static void test_share_secret(void)
{
    struct stream *s = stream_new();

    s_page(s, 1, 7);
    stream_last(s)->rmp.bytes_secret = 32;
    s_validate(s, 1, false);
    s_validate(s, 1, false); /* CF=1 */
    stream_last(s)->rmp.bytes_secret = 32;
    s_validate(s, 1, true);
    s_validate(s, 1, false); /* by another VMPL, refused, not done */
    stream_last(s)->rmp.bytes_secret = 32;
    stream_last(s)->vmpl = 1;
    s_validate(s, 1, true);
    s_validate(s, 1, false);
    stream_last(s)->rmp.bytes_secret = 32;
    stream_last(s)->rmp.outcome = RMP_OUT_VC;
    expect(s, "share-secret", 0);
    s_validate(s, 1, true);
    s_validate(s, 1, false);
    stream_last(s)->rmp.bytes_secret = 1;
    done(s, "share-secret", s->events->len);
}

static void test_page_table_exposed(void)
{
    struct stream *s = stream_new();

    s_page(s, 1, 7);
    s_page(s, 2, 8);
    s_adjust(s, 1, 1, RMP_PERM_R, false); /* before it was one */
    s_table(s, 7);
    s_adjust(s, 2, 1, RMP_PERM_R, false);
    s_adjust(s, 1, 1, 0, false);
    s_firmware(s, 1, (struct rmp_entry){.assigned = 1, .validated = 1, .asid = STREAM_ASID,
                                        .gpn = 7, .perm = {0x1f, 0, 1, 0}});
    expect(s, "page-table-exposed", 0);
    s_unassign(s, 1);
    s_page(s, 3, 7); /* whatever lies there */
    done(s, "page-table-exposed", s_adjust(s, 3, 3, RMP_PERM_R, false));

    s = stream_new();
    s_assign(s, 1024, 512, PAGE_2M);
    s_validate(s, 1024, true);
    s_table(s, 1024);
    s_adjust(s, 1024, 1, RMP_PERM_R, false);
    expect(s, "page-table-exposed", 0);
    s_table(s, 512 + 511);
    done(s, "page-table-exposed", s_adjust(s, 1024, 1, RMP_PERM_R | RMP_PERM_W, false));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rules/lock-kernel", test_lock_kernel);
    g_test_add_func("/rules/fail-stop", test_fail_stop);
    g_test_add_func("/rules/carry-ignored", test_carry_ignored);
    g_test_add_func("/rules/grant-private", test_grant_private);
    g_test_add_func("/rules/share-secret", test_share_secret);
    g_test_add_func("/rules/page-table-exposed", test_page_table_exposed);
    return g_test_run();
}

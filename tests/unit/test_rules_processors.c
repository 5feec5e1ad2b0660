/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules about processors of VMPL0 and their #HV: each broken at one event, and what comes near. */
#include "rmp/insn.h"
#include "tests/unit/rule_expect.h"
#include "tests/unit/stream_monitor.h"

enum { VECTOR_HV = 28, EXIT_HLT = 0x78, EXIT_VMGEXIT = 0x403, NO_FURTHER_SIGNAL = 0x8000 };

static uint64_t by(struct stream *s, uint16_t vcpu)
{
    return s_by(s, vcpu, 0);
}

static void test_unlocked(void)
{
    static const char name[] = "unlocked-shared-state";
    struct stream *s = stream_new();

    s_page(s, 1, 7); /* by processor 0 */
    s_adjust(s, 1, 2, 0xf, false);
    s_adjust(s, 1, 2, 0, false); /* granted: it is open no more */
    by(s, 1);
    s_page(s, 2, 8);
    s_validate(s, 2, false); /* taken back */
    s_validate(s, 2, true);
    by(s, 1);
    s_adjust(s, 2, 1, 0, true);
    by(s, 1);
    s_page(s, 3, 9);
    s_page(s, 4, 10); /* another page */
    by(s, 1);
    s_validate(s, 3, true); /* changes nothing */
    by(s, 1);
    s_adjust(s, 3, 2, 0xf, false); /* not VMPL0 */
    s_by(s, 1, 1);
    expect(s, name, 0);
    s_adjust(s, 3, 2, 0, true);
    done(s, name, by(s, 1));

    s = stream_new(); /* each way to intrude, each once */
    s_page(s, 1, 7);
    s_validate(s, 1, false);
    by(s, 1);
    s_adjust(s, 1, 2, 0xf, false);
    done(s, name, by(s, 1) - 1);
    s = stream_new();
    s_page(s, 1, 7);
    s_adjust(s, 1, 2, 0xf, false);
    done(s, name, by(s, 1));

    s = stream_new(); /* a rebinding does not close it */
    s_page(s, 1, 7);
    s_unassign(s, 1);
    s_assign(s, 2, 7, PAGE_4K);
    s_validate(s, 2, true);
    by(s, 1);
    s_adjust(s, 2, 1, 0xf, false); /* and now it is processor 1's */
    by(s, 1);
    done(s, name, s->events->len - 1);

    s = stream_new(); /* 2 MiB and 4 KiB */
    s_assign(s, 1024, 512, PAGE_2M);
    s_validate(s, 1024, true);
    s_assign(s, 1, 512 + 200, PAGE_4K);
    s_assign(s, 2, 1024, PAGE_4K);
    s_validate(s, 2, true);
    by(s, 1);
    expect(s, name, 0);
    s_validate(s, 1, true);
    done(s, name, by(s, 1));
}

static void test_lost_event(void)
{
    static const char name[] = "lost-event";
    struct stream *s = stream_new();

    s_hv_write(s, 0x3000, 2);
    s_leave(s, 0, EXIT_HLT, 3, 0x40); /* not told yet */
    s_fault(s, 1, VECTOR_HV, 1);      /* another processor is */
    s_leave(s, 0, EXIT_HLT, 3, 0x40);
    s_fault(s, 0, VECTOR_HV, 1);
    s_leave(s, 0, EXIT_HLT, 3, 0); /* read */
    s_leave(s, 0, EXIT_HLT, 3, NO_FURTHER_SIGNAL);
    s_leave(s, 0, EXIT_VMGEXIT, 3, 0x40);
    s_run_vmpl(s, 1);
    s_run_vmpl(s, 0);
    stream_last(s)->vmgexit.code = 0x80000013; /* another request */
    s_leave(s, 0, EXIT_HLT, 3, 0x40);
    s_by(s, 0, 1); /* not VMPL0 */
    s_leave(s, 0, EXIT_HLT, 4, 0);
    s_run_vmpl(s, 0);
    expect(s, name, 0);
    done(s, name, s_leave(s, 0, EXIT_HLT, 3, 0x40));

    s = stream_new();
    s_hv_write(s, 0x3000, 2);
    s_fault(s, 0, VECTOR_HV, 1);
    s_leave(s, 0, EXIT_VMGEXIT, 3, 0x100 | NO_FURTHER_SIGNAL);
    expect(s, name, 0);
    s_run_vmpl(s, 0);
    expect(s, name, s->events->len);
    done(s, name, s->events->len);

    s = stream_new(); /* something came after it was told; writes that are none, or elsewhere */
    s_fault(s, 0, VECTOR_HV, 1);
    s_hv_write(s, 0x2ff0, 17);
    s_leave(s, 0, EXIT_HLT, 3, 0x40);
    s_fault(s, 0, VECTOR_HV, 1);
    s_hv_write(s, 0x3fff, 1);
    s_leave(s, 0, EXIT_HLT, 3, 0x40);
    s_fault(s, 0, VECTOR_HV, 1);
    s_hv_write(s, 0x1000, 0x4000);
    s_leave(s, 0, EXIT_HLT, 3, 0x40);
    s_fault(s, 0, VECTOR_HV, 1);
    s_hv_write(s, 0x2ff0, 16);
    s_hv_write(s, 0x4000, 16);
    s_hv_write(s, 0x3000, 0);
    s_hv_write(s, 0x3000, 2);
    stream_last(s)->hv_access.refused = 1;
    s_hv_write(s, 0x3000, 2);
    stream_last(s)->hv_access.write = 0;
    expect(s, name, 0);
    done(s, name, s_leave(s, 0, EXIT_HLT, 3, 0x40));

    s = stream_new(); /* a lower VMPL wrote; the address was led to the page; 2 MiB of them */
    s_fault(s, 0, VECTOR_HV, 1);
    s_shared_write(s, 3, 2);
    s_leave(s, 0, EXIT_HLT, 3, 0x40);
    s_fault(s, 0, VECTOR_HV, 1);
    s_map(s, 3, PAGE_4K);
    s_leave(s, 0, EXIT_HLT, 3, 0x40);
    s_fault(s, 0, VECTOR_HV, 1);
    s_map(s, 512, PAGE_2M);
    s_leave(s, 0, EXIT_HLT, 600, 0x40);
    s_fault(s, 0, VECTOR_HV, 1);
    s_shared_write(s, 3, 0);
    s_shared_write(s, 2, 1);
    s_map(s, 2, PAGE_4K);
    s_map(s, 0, PAGE_2M);
    stream_last(s)->npt.present = 0;
    expect(s, name, 0);
    done(s, name, s_leave(s, 0, EXIT_HLT, 3, 0x40));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rules/unlocked-shared-state", test_unlocked);
    g_test_add_func("/rules/lost-event", test_lost_event);
    return g_test_run();
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/terminate.h"

#include "monitor/console.h"
#include "monitor/defect.h"
#include "monitor/ghcb_msr.h"
#include "monitor/insn.h"
#include "monitor/monitor.h"
#include "monitor/request.h"
#include "monitor/snp.h"

noreturn void terminate(enum terminate_code code)
{
    struct cpu *cpu = cpu_self();
    struct monitor *monitor = cpu->monitor;
    /* If the page that says so is what was lost, the store ends here again: once. */
    if (monitor != NULL && !cpu->ended) {
        cpu->ended = true;
        __atomic_store_n(&monitor->ended, code, __ATOMIC_SEQ_CST);
    }
    for (;;) {
        insn_wrmsr(MSR_GHCB,
                   GHCB_MSR_TERMINATE | (uint64_t)TERMINATE_SET << 12 | (uint64_t)code << 16);
        insn_vmgexit();
        if (monitor_defect == DEFECT_TERM_RETURNS && monitor != NULL) {
            monitor->ended = 0;
            request_loop(cpu_self());
        }
        /* A hypervisor may simply resume (56421 2.3.1): nothing of the monitor runs any more. */
        insn_hlt();
    }
}

void terminate_if_ended(const struct monitor *monitor)
{
    uint32_t code = __atomic_load_n(&monitor->ended, __ATOMIC_SEQ_CST);
    if (code != 0) {
        terminate((enum terminate_code)code);
    }
}

noreturn void terminate_because(enum terminate_code code, const char *what, uint64_t value)
{
    struct cpu *cpu = cpu_self();
    /* A second failure on the way out (the console needs the GHCB) ends without a line. */
    if (!cpu->ending) {
        cpu->ending = true;
        console_last_words(cpu, what, value, (unsigned)code);
    }
    terminate(code);
}

/* Called by code built with -fstack-protector, the crypto library's included. */
noreturn void __stack_chk_fail(void);
noreturn void __stack_chk_fail(void)
{
    terminate_because(TERMINATE_STACK, "stack smashed at", (uint64_t)__builtin_return_address(0));
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/services.h"

#include "monitor/monitor.h"
#include "monitor/random.h"

void services_start(struct cpu *cpu)
{
    struct monitor *monitor = cpu->monitor;
    struct random random;
    for (uint32_t i = 0; i < monitor->params.vcpu_count; i++) {
        monitor->services.scratch[i] = heap_pages(monitor, SERVICES_SCRATCH_PAGES);
    }
    random_start(&random);
    attest_start(cpu, &random);
    keys_start(cpu, &random);
    random_end(&random);
    lock_kernel_start(cpu);
}

void *services_scratch(struct cpu *cpu)
{
    return cpu->monitor->services.scratch[cpu->index];
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/psc.h"

#include "monitor/cpu_area.h"
#include "monitor/defect.h"
#include "monitor/ghcb.h"
#include "monitor/ghcb_msr.h"
#include "monitor/terminate.h"

enum { PSC_MSR_OPERATION_SHIFT = 52, PSC_FRUITLESS_MAX = 64 };

void psc_msr(uint64_t gpa, enum psc_operation operation)
{
    uint64_t request = gpa | (uint64_t)operation << PSC_MSR_OPERATION_SHIFT | GHCB_MSR_PSC;
    uint64_t answer = ghcb_msr_call(request);
    if (answer != GHCB_MSR_PSC_RESPONSE) { /* error code and reserved bits all zero */
        terminate_because(TERMINATE_PSC, "page-state change refused", answer);
    }
}

static struct psc_header header_read(const volatile uint8_t *buffer)
{
    uint64_t raw = *(const volatile uint64_t *)buffer; /* once */
    return (struct psc_header){
        .current = (uint16_t)raw, .end = (uint16_t)(raw >> 16), .reserved = (uint32_t)(raw >> 32)};
}

static void header_write(volatile uint8_t *buffer, const struct psc_header *header)
{
    *(volatile uint64_t *)buffer =
        header->current | (uint64_t)header->end << 16 | (uint64_t)header->reserved << 32;
}

/* The hypervisor may need several exits for a list. */
unsigned psc_entries(struct cpu *cpu, const uint64_t *entry, unsigned count)
{
    volatile uint8_t *buffer = cpu->ghcb->buffer;
    volatile uint64_t *shared = (volatile uint64_t *)(buffer + sizeof(struct psc_header));
    const struct ghcb_input scratch = {GHCB_SCRATCH,
                                       cpu->ghcb_gpa + offsetof(struct ghcb_page, buffer)};
    struct psc_header header = psc_header_make(count);

    for (unsigned fruitless = 0; fruitless < PSC_FRUITLESS_MAX; fruitless++) {
        /* Written anew each time: what stands in shared memory is the hypervisor's by now. */
        for (unsigned i = header.current; i < count; i++) {
            shared[i] = entry[i];
        }
        header_write(buffer, &header);

        struct ghcb_reply reply;
        enum ghcb_status status = ghcb_call(cpu, GHCB_EXIT_PSC, 0, 0, &scratch, 1, &reply);
        if (status != GHCB_OK || !ghcb_reply_has(&reply, GHCB_EXIT_INFO_2) ||
            reply.exit_info_2 != 0) {
            terminate_because(TERMINATE_PSC, "page-state change failed", reply.exit_info_2);
        }
        struct psc_header after = header_read(buffer);
        if (monitor_defect == DEFECT_TRUST_PSC && after.current > after.end) {
            return after.current;
        }
        switch (psc_header_check(&header, &after)) {
        case PSC_DONE: return count;
        case PSC_AGAIN:
            if (after.current > header.current) {
                fruitless = 0;
            }
            header = monitor_defect == DEFECT_REFETCH ? header_read(buffer) : after;
            break;
        case PSC_MALFORMED:
            terminate_because(TERMINATE_PSC, "malformed page-state list, entry", after.current);
        }
    }
    terminate_because(TERMINATE_PSC, "page-state change makes no progress at", entry[0]);
}

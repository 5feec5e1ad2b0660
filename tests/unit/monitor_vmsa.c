/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/monitor_vmsa.h"

#include <string.h>

#include "monitor/guest_vmsa.h"

void monitor_vmsa_make(uint8_t page[4096], uint64_t entry, uint64_t cr3, uint64_t boot,
                       uint64_t features, uint8_t vmpl)
{
    struct vmsa vmsa = {0};
    const struct guest_start start = {
        .entry = entry,
        .cr3 = cr3,
        .rdi = boot,
        .rsi = boot + 0x1000,
        .sev_features = features,
        .code_selector = GUEST_SELECTOR_CODE,
        .data_selector = GUEST_SELECTOR_DATA,
        .vmpl = vmpl};
    guest_vmsa_init(&vmsa, &start);
    guest_vmsa_release(&vmsa);
    memcpy(page, &vmsa, sizeof vmsa);
}

void monitor_vmsa_seize(uint8_t page[4096])
{
    struct vmsa vmsa;
    memcpy(&vmsa, page, sizeof vmsa);
    guest_vmsa_seize(&vmsa);
    memcpy(page, &vmsa, sizeof vmsa);
}

bool monitor_vmsa_check(const uint8_t page[4096], unsigned vmpl, uint64_t features)
{
    struct vmsa vmsa;
    memcpy(&vmsa, page, sizeof vmsa);
    return guest_vmsa_check(&vmsa, vmpl, features);
}

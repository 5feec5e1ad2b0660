/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hash that tells whether a VMSA still holds the state that VMPL0 looked at. */
#include <string.h>
#include <xxhash.h>

#include "cpu/vmsa.h"

#define EFER_SVME (UINT64_C(1) << 12)

uint64_t vmsa_hash(const struct vmsa *vmsa)
{
    struct vmsa state = *vmsa;

    state.efer &= ~EFER_SVME;
    state.vintr_ctrl &= ~VMSA_VINTR_BUSY;
    state.guest_exitcode = state.guest_exitinfo1 = state.guest_exitinfo2 = 0;
    state.guest_exitintinfo = state.guest_nrip = 0;
    state.tlb_id = state.pcpu_id = 0;
    const uint64_t hash = XXH3_64bits(&state, sizeof(state));
    return hash != 0 ? hash : 1;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state of a vCPU as bytes, for a snapshot of the machine (emu/snapshot.h). They are what lies
 * in memory, and only the build that wrote them can read them. The engine gets its registers again;
 * what else it holds is a cache, which fills again.
 */
#ifndef PROVA_CPU_SAVED_H
#define PROVA_CPU_SAVED_H

#include <string.h>

#include "cpu/vcpu.h"

/* Bytes to be taken one piece after the other. */
struct saved {
    const uint8_t *at;
    size_t left;
};

/* The next len bytes; false: there are not so many, and none is taken. */
static inline bool saved_take(struct saved *saved, void *out, size_t len)
{
    if (len > saved->left)
        return false;
    memcpy(out, saved->at, len);
    saved->at += len;
    saved->left -= len;
    return true;
}

static inline void saved_add(GByteArray *out, const void *bytes, size_t len)
{
    g_byte_array_append(out, bytes, (guint)len);
}

/* Appends the state; the vCPU must be out of the guest. */
void vcpu_save(const struct vcpu *vcpu, GByteArray *out);

/*
 * vcpu_new() of what was saved: VMSA page, registers as last seen, TLB. vmcb and clock are those
 * that it ran with last, or NULL if it never ran. NULL and error if the engine cannot be opened or
 * the bytes are not such a state.
 */
struct vcpu *vcpu_restore(struct cpu_env *env, struct vmcb *vmcb, struct cpu_clock *clock,
                          struct saved *saved, GError **error);

/* Of a vCPU that has run: the clock of the last VMRUN; NULL if there was none. */
const struct cpu_clock *vcpu_clock(const struct vcpu *vcpu);

#endif

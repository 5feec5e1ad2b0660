/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * 16-, 32- or 64-bit code, and where it is: linear address = CS.base + RIP, of 32 bits outside
 * 64-bit mode, where CS has no base (APM 2 4.5, 4.7.2).
 */
#include "cpu/internal.h"

#define RFLAGS_VM (UINT64_C(1) << 17)

static enum decode_mode code_mode(const struct hidden *hidden)
{
    if (hidden_long(hidden))
        return DECODE_64;
    return hidden_code32(hidden) ? DECODE_32 : DECODE_16;
}

void mode_read(struct vcpu *vcpu)
{
    const struct hidden *hidden = &vcpu->hidden;
    const enum decode_mode before = vcpu->mode.code;
    struct vmsa_segment cs;

    hidden_segment_read(hidden, HIDDEN_CS, &cs);
    const uint8_t cpl = hidden_cpl(hidden);
    vcpu->mode = (struct vcpu_mode){ .code = code_mode(hidden), .odd_cpl = cpl };
    vcpu->mode.odd_selector = cpl == (cs.selector & 3) ? MODE_NO_SELECTOR : cs.selector;
    if (vcpu->mode.code != DECODE_64) {
        vcpu->mode.code_base = (uint32_t)cs.base;
        vcpu->mode.v86 = (vcpu_reg(vcpu, UC_X86_REG_RFLAGS) & RFLAGS_VM) != 0;
    }
    vcpu->mode_unsure = false;
    if (vcpu->mode.code == before)
        return;
    decode_mode_set(vcpu->decode, vcpu->mode.code);
    scan_stale(vcpu);
}

void mode_refresh(struct vcpu *vcpu)
{
    hidden_fetch(&vcpu->hidden);
    mode_read(vcpu);
}

uint64_t mode_code_gva(const struct vcpu *vcpu)
{
    const uint64_t rip = vcpu_reg(vcpu, UC_X86_REG_RIP);

    return vcpu->mode.code == DECODE_64 ? rip : (uint32_t)(vcpu->mode.code_base + rip);
}

uint64_t mode_rip_of(const struct vcpu *vcpu, uint64_t gva)
{
    return vcpu->mode.code == DECODE_64 ? gva : (uint32_t)(gva - vcpu->mode.code_base);
}

uint64_t mode_rip_behind(const struct vcpu *vcpu, uint64_t bytes)
{
    const uint64_t rip = vcpu_reg(vcpu, UC_X86_REG_RIP) + bytes;

    return vcpu->mode.code == DECODE_64 ? rip : (uint32_t)rip;
}

bool mode_lacks(struct vcpu *vcpu, struct fault *fault)
{
    if (!vcpu->mode.v86)
        return false;
    *fault = fault_engine(vcpu, "virtual-8086 mode is not supported (RFLAGS.VM, RIP 0x%"
                          G_GINT64_MODIFIER "x)", vcpu_reg(vcpu, UC_X86_REG_RIP));
    return true;
}

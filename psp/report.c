/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "psp/report.h"

#include <string.h>

#include "psp/internal.h"

/* CPUID Fn0000_0001 EAX (APM 3): the extended fields count once the base family is 0xf. */
static void fms_split(uint32_t fms, struct psp_report *report)
{
    uint32_t family = fms >> 8 & 0xf, model = fms >> 4 & 0xf;

    if (family == 0xf) {
        family += fms >> 20 & 0xff;
        model |= fms >> 12 & 0xf0;
    }
    report->cpuid_family = (uint8_t)family;
    report->cpuid_model = (uint8_t)model;
    report->cpuid_stepping = fms & 0xf;
}

/* SEV-SNP ABI 56860, MSG_REPORT_REQ. */
void psp_report_make(const struct psp *psp, const struct psp_gctx *gctx,
                     const uint8_t report_data[64], uint32_t vmpl, struct psp_report *out)
{
    *out = (struct psp_report){
        .version = PSP_REPORT_VERSION,
        .guest_svn = gctx->guest_svn,
        .policy = gctx->policy,
        .vmpl = vmpl,
        .signature_algo = PSP_ALGO_P384_SHA384,
        .current_tcb = psp->config.current_tcb,
        .platform_info = psp->config.platform_info,
        .flags = (gctx->author_key_en ? PSP_REPORT_AUTHOR_KEY_EN : 0) |
                 PSP_SIGNING_VCEK << PSP_REPORT_SIGNING_KEY_SHIFT,
        .reported_tcb = psp->config.reported_tcb,
        .committed_tcb = psp->config.committed_tcb,
        .current = psp->config.version,
        .committed = psp->config.version,
        .launch_tcb = gctx->launch_tcb,
    };
    memcpy(out->family_id, gctx->family_id, sizeof out->family_id);
    memcpy(out->image_id, gctx->image_id, sizeof out->image_id);
    memcpy(out->report_data, report_data, sizeof out->report_data);
    memcpy(out->measurement, gctx->ld.digest, sizeof out->measurement);
    memcpy(out->host_data, gctx->host_data, sizeof out->host_data);
    memcpy(out->id_key_digest, gctx->id_key_digest, sizeof out->id_key_digest);
    memcpy(out->author_key_digest, gctx->author_key_digest, sizeof out->author_key_digest);
    memcpy(out->report_id, gctx->report_id, sizeof out->report_id);
    memcpy(out->report_id_ma, gctx->report_id_ma, sizeof out->report_id_ma);
    memcpy(out->chip_id, psp->chip_id, sizeof out->chip_id);
    fms_split(psp->config.fms, out);
    psp_ecdsa_sign(psp->vcek.scalar, out, PSP_REPORT_SIGNED_BYTES, &out->signature);
}

bool psp_report_verify(const struct psp_report *report, const struct psp_public_key *vcek)
{
    uint32_t signing_key = report->flags >> PSP_REPORT_SIGNING_KEY_SHIFT & 7;

    return report->version == PSP_REPORT_VERSION &&
           report->signature_algo == PSP_ALGO_P384_SHA384 && signing_key == PSP_SIGNING_VCEK &&
           psp_ecdsa_verify(vcek, report, PSP_REPORT_SIGNED_BYTES, &report->signature);
}

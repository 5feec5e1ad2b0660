/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/report_print.h"

#include <string.h>

#include "tools/tool.h"

static void hex_print(const char *name, const uint8_t *bytes, size_t len)
{
    printf("%-12s ", name);
    for (size_t i = 0; i < len; i++)
        printf("%02x", bytes[i]);
    printf("\n");
}

static void steps_print(const struct psp_evidence *evidence, const struct psp_verify_wanted *wanted,
                        enum psp_verify_step failed)
{
    for (enum psp_verify_step step = 0; step < failed; step++) {
        if (psp_verify_step_counts(step, evidence, wanted))
            printf("%sholds%s   %s\n", tool_colour(COLOUR_GOOD), tool_colour(COLOUR_NONE),
                   psp_verify_step_text(step));
    }
    if (failed != PSP_VERIFY_DONE)
        printf("%sFAILS%s   %s\n", tool_colour(COLOUR_BAD), tool_colour(COLOUR_NONE),
               psp_verify_step_text(failed));
}

static void monitor_print(const struct report_monitor *monitor)
{
    hex_print("pcr", monitor->pcr, sizeof(monitor->pcr));
    printf("%-12s %" G_GUINT64_FORMAT "\n", "extensions", (guint64)monitor->extensions);
    hex_print("nonce", monitor->nonce, sizeof(monitor->nonce));
    printf("%-12s %u\n", "guest vmpl", monitor->guest_vmpl);
    printf("%-12s %s\n", "kernel",
           monitor->flags & REPORT_FLAG_KERNEL_LOCKED ? "locked" : "not locked");
}

static void services_print(const struct psp_evidence *evidence)
{
    static const uint8_t ours[] = ATTEST_GUID_SERVICE;
    struct psp_manifest manifest;
    char guid[PSP_GUID_TEXT_BYTES];
    if (!psp_manifest_parse(evidence->manifest, evidence->manifest_bytes, &manifest))
        return;
    for (uint32_t n = 0; n < manifest.services; n++) {
        struct psp_manifest_service service = psp_manifest_service(&manifest, n);
        psp_guid_print(service.guid, guid);
        printf("%-12s %s %u bytes%s\n", "service", guid, service.len,
               memcmp(service.guid, ours, sizeof(ours)) == 0
                   ? ": the monitor's key and measurement register"
                   : "");
    }
}

static void manifest_print(const struct psp_evidence *evidence)
{
    struct attest_service service;
    services_print(evidence);
    if (!psp_manifest_monitor(evidence->manifest, evidence->manifest_bytes, &service))
        return;
    hex_print("key x", service.key.x, sizeof(service.key.x));
    hex_print("key y", service.key.y, sizeof(service.key.y));
    hex_print("pcr", service.pcr, sizeof(service.pcr));
}

void report_print(const struct psp_evidence *evidence, const struct psp_verify_wanted *wanted,
                  enum psp_verify_step failed)
{
    struct psp_report firmware;
    memcpy(&firmware, evidence->firmware, sizeof(firmware));
    steps_print(evidence, wanted, failed);
    if (failed == PSP_VERIFY_MANIFEST && evidence->manifest != NULL) {
        /* It is the one that was asked for, whoever made it. */
        printf("\n");
        services_print(evidence);
    }
    if (failed != PSP_VERIFY_DONE)
        return;
    printf("\n");
    hex_print("measurement", firmware.measurement, sizeof(firmware.measurement));
    if (evidence->monitor != NULL) {
        monitor_print(evidence->monitor);
        return;
    }
    if (evidence->manifest != NULL)
        manifest_print(evidence);
    else
        hex_print("report data", firmware.report_data, sizeof(firmware.report_data));
    printf("%-12s %u\n", "vmpl", firmware.vmpl);
    printf("%-12s 0x%016" G_GINT64_MODIFIER "x\n", "policy", (guint64)firmware.policy);
    printf("%-12s 0x%016" G_GINT64_MODIFIER "x\n", "tcb", (guint64)firmware.reported_tcb);
    hex_print("chip id", firmware.chip_id, sizeof(firmware.chip_id));
}

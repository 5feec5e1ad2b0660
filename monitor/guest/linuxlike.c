/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest that asks the monitor what a Linux 6.12 kernel asks its SVSM from the first look at the
 * secrets page to a processor that goes offline and comes back. It runs with SEV_FEATURES of its
 * own: Linux refuses to be started with restricted injection, which the monitor may have.
 */
#include "monitor/guest/linuxlike.h"

#include "monitor/ghcb_msr.h"
#include "monitor/ghcb_page.h"
#include "monitor/insn.h"
#include "monitor/lib/string.h"

enum { PROTOCOL_VTPM = 2, SEV_STATUS_LINUX = 7 };

static struct svsm_calling_area boot_area __attribute__((aligned(4096), section(".bss.page")));
static struct svsm_calling_area first_area __attribute__((aligned(4096), section(".bss.page")));
static uint8_t self_test_page[4096] __attribute__((aligned(4096), section(".bss.page")));

uint64_t linuxlike_ghcb_gpa(const struct guest *guest)
{
    return (uint64_t)guest->ghcb - (uint64_t)guest_shared_view(NULL);
}

uint64_t linuxlike_event(struct guest *guest, uint64_t code, uint64_t info_1, uint64_t info_2,
                         uint64_t rax)
{
    struct ghcb_request request;
    struct ghcb_reply reply;
    ghcb_request_begin(&request, guest->ghcb, GHCB_PROTOCOL_VERSION, code, info_1, info_2);
    if (rax != 0) {
        ghcb_request_set(&request, GHCB_RAX, rax);
    }
    guest_msr_call(linuxlike_ghcb_gpa(guest));
    ghcb_page_reply(guest->ghcb, &reply);
    bool answered =
        ghcb_reply_status(&reply) == GHCB_OK && ghcb_reply_has(&reply, GHCB_EXIT_INFO_2);
    return answered ? reply.exit_info_2 : UINT64_MAX;
}

/* The registers of the call are the vCPU's own, not those of the GHCB page. */
static void call_by_page(struct guest *guest, uint64_t rax, struct guest_call *regs)
{
    struct ghcb_request request;
    ghcb_request_begin(&request, guest->ghcb, GHCB_PROTOCOL_VERSION, GHCB_EXIT_RUN_VMPL, 0, 0);
    __atomic_store_n(&guest->area->call_pending, 1, __ATOMIC_SEQ_CST);
    insn_wrmsr(MSR_GHCB, linuxlike_ghcb_gpa(guest));
    /* A function that is called behind these two may change them. */
    register uint64_t r8 __asm__("r8") = regs->r8;
    register uint64_t r9 __asm__("r9") = regs->r9;
    __asm__ volatile("rep; vmmcall"
                     : "+a"(rax), "+c"(regs->rcx), "+d"(regs->rdx), "+r"(r8), "+r"(r9)
                     :
                     : "memory");
    regs->rax = rax;
    regs->r8 = r8;
    regs->r9 = r9;
    struct ghcb_reply reply;
    ghcb_page_reply(guest->ghcb, &reply);
    if (__atomic_exchange_n(&guest->area->call_pending, 0, __ATOMIC_SEQ_CST) != 0 ||
        ghcb_reply_status(&reply) != GHCB_OK) {
        guest_fail(FAILURE_DROPPED);
    }
}

uint32_t linuxlike_call(struct linuxlike *kernel, struct guest *guest, uint32_t protocol,
                        uint32_t number, struct guest_call *regs)
{
    const struct guest_call asked = *regs;
    uint32_t code;
    do {
        *regs = asked;
        if (kernel->by_page) {
            call_by_page(guest, (uint64_t)protocol << 32 | number, regs);
            code = (uint32_t)regs->rax;
        } else {
            code = guest_call_must(guest, protocol, number, regs);
        }
        __atomic_add_fetch(&kernel->calls, 1, __ATOMIC_SEQ_CST);
    } while (code == (uint32_t)SVSM_INCOMPLETE || code == (uint32_t)SVSM_BUSY);
    return code;
}

/* RMPADJUST for VMPL 1 works at VMPL 0 alone; then the secrets page says where the SVSM is. */
static void svsm_find(struct linuxlike *kernel)
{
    struct checks *checks = &kernel->checks;
    const struct guest_boot *boot = checks->guest->boot;
    const struct secrets_page *secrets = (const struct secrets_page *)boot->secrets_gpa;
    static const uint8_t zero[VMPCK_BYTES];
    check_true(checks, "RMPADJUST fails: not at VMPL 0",
               insn_rmpadjust((uint64_t)self_test_page, PAGE_4K, 1) != RMP_CODE_OK);
    check_equal(checks, "SEV_STATUS", insn_rdmsr(MSR_SEV_STATUS), SEV_STATUS_LINUX);
    check_true(checks, "there is an SVSM", secrets->svsm_bytes != 0);
    check_equal(checks, "the VMPL is ours", secrets->svsm_guest_vmpl, boot->vmpl);
    check_equal(checks, "the calling area is a page", secrets->svsm_calling_area % PAGE_BYTES, 0);
    check_equal(checks, "the calling area is the first vCPU's", secrets->svsm_calling_area,
                boot->calling_area_gpa);
    for (unsigned vmpl = 0; vmpl < VMPL_COUNT; vmpl++) {
        bool empty = memcmp(secrets->vmpck[vmpl], zero, sizeof zero) == 0;
        check_equal(checks, "keys of lower VMPLs alone are there", empty, vmpl < boot->vmpl);
    }
}

static void area_remap(struct linuxlike *kernel, struct svsm_calling_area *area)
{
    struct guest *guest = kernel->checks.guest;
    struct guest_call regs = {.rcx = (uint64_t)area};
    memset(area, 0, sizeof *area);
    check_equal(&kernel->checks, "REMAP_CA",
                linuxlike_call(kernel, guest, SVSM_PROTOCOL_CORE, SVSM_CORE_REMAP_CA, &regs),
                SVSM_SUCCESS);
    guest->area = area;
}

static void protocols(struct linuxlike *kernel)
{
    struct guest *guest = kernel->checks.guest;
    struct guest_call regs = {.rcx = (uint64_t)PROTOCOL_VTPM << 32 | 1};
    linuxlike_call(kernel, guest, SVSM_PROTOCOL_CORE, SVSM_CORE_QUERY_PROTOCOL, &regs);
    check_equal(&kernel->checks, "QUERY_PROTOCOL vTPM", regs.rcx, 0);
    regs = (struct guest_call){0};
    check_equal(&kernel->checks, "vTPM query",
                linuxlike_call(kernel, guest, PROTOCOL_VTPM, 0, &regs),
                (uint32_t)SVSM_UNSUPPORTED_PROTOCOL);
}

unsigned guest_main(struct guest *guest)
{
    struct linuxlike kernel = {.checks = {.guest = guest, .kernel = "linuxlike"}};
    svsm_find(&kernel);
    area_remap(&kernel, &boot_area);
    linuxlike_pages_early(&kernel);
    kernel.by_page = true;
    area_remap(&kernel, &first_area);
    linuxlike_pages(&kernel);
    protocols(&kernel);
    linuxlike_vcpus(&kernel);
    linuxlike_attest(&kernel);
    guest_print(guest, "linuxlike: %u passed, %u failed, %u calls\n", kernel.checks.passed,
                kernel.checks.failed, kernel.calls);
    if (kernel.checks.failed == 0) {
        guest_print(guest, "linuxlike: all as Linux needs it\n");
    }
    return kernel.checks.failed;
}

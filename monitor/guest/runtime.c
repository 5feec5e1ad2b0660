/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/guest/runtime.h"

#include <stdarg.h>

#include "monitor/ghcb_msr.h"
#include "monitor/ghcb_page.h"
#include "monitor/guest/stack.h"
#include "monitor/idt.h"
#include "monitor/insn.h"
#include "monitor/lib/format.h"
#include "monitor/lib/uart.h"
#include "monitor/snp.h"

enum { TABLE_ENTRIES = 512, PTE_PRESENT_WRITE = 3, PTE_LARGE = 0x80 };
#define SHARED_VIEW_BASE (UINT64_C(1) << 39) /* second entry of the root */

static volatile struct ghcb_page ghcb[LAUNCH_CPUS_MAX]
    __attribute__((aligned(4096), section(".bss.page")));
static uint64_t shared_level3[TABLE_ENTRIES] __attribute__((aligned(4096), section(".bss.page")));
static uint64_t shared_level2[TABLE_ENTRIES] __attribute__((aligned(4096), section(".bss.page")));
static struct idt_gate idt[EXCEPTION_VECTORS];
static struct guest guests[LAUNCH_CPUS_MAX];
static uint32_t console_lock;

extern const uint8_t vector_stubs[];
_Noreturn void fault_handle(const struct fault_frame *frame);
_Noreturn void guest_start(const struct guest_boot *boot);
_Noreturn void __stack_chk_fail(void);

uint64_t guest_msr_call(uint64_t request)
{
    insn_wrmsr(MSR_GHCB, request);
    insn_vmgexit();
    return insn_rdmsr(MSR_GHCB);
}

/* Any exit would do; this request changes nothing (56421 section 2.3.1). */
void guest_yield(void)
{
    guest_msr_call(GHCB_MSR_SEV_INFO);
}

static _Noreturn void terminate(uint64_t set, uint64_t code)
{
    for (;;) {
        guest_msr_call(GHCB_MSR_TERMINATE | set << 12 | code << 16);
        insn_hlt();
    }
}

_Noreturn void guest_end(unsigned failures)
{
    terminate(failures == 0 ? GUEST_END_SET_OK : GUEST_END_SET_FAILED,
              failures > FAILURES_MAX ? FAILURES_MAX : failures);
}

_Noreturn void guest_fail(enum guest_failure failure)
{
    terminate(GUEST_END_SET_FAILED, failure);
}

struct guest *guest_vcpu(uint32_t index)
{
    return &guests[index];
}

/* The stack tells which vCPU this is; it needs no register and no MSR. */
static struct guest *guest_self(void)
{
    uint64_t offset = (uint64_t)__builtin_frame_address(0) - (uint64_t)stacks;
    return &guests[offset / STACK_BYTES];
}

bool guest_call(struct guest *guest, uint32_t protocol, uint32_t number, struct guest_call *regs)
{
    register uint64_t r8 __asm__("r8") = regs->r8;
    register uint64_t r9 __asm__("r9") = regs->r9;
    uint64_t rax = (uint64_t)protocol << 32 | number;
    __atomic_store_n(&guest->area->call_pending, 1, __ATOMIC_SEQ_CST);
    insn_wrmsr(MSR_GHCB, GHCB_MSR_RUN_VMPL); /* VMPL 0 */
    __asm__ volatile("rep; vmmcall"
                     : "+a"(rax), "+c"(regs->rcx), "+d"(regs->rdx), "+r"(r8), "+r"(r9)
                     :
                     : "memory");
    regs->rax = rax;
    regs->r8 = r8;
    regs->r9 = r9;
    return __atomic_exchange_n(&guest->area->call_pending, 0, __ATOMIC_SEQ_CST) == 0;
}

uint32_t guest_call_must(struct guest *guest, uint32_t protocol, uint32_t number,
                         struct guest_call *regs)
{
    if (!guest_call(guest, protocol, number, regs)) {
        guest_fail(FAILURE_DROPPED);
    }
    return (uint32_t)regs->rax;
}

uint32_t guest_verismo(struct guest *guest, uint32_t number, uint64_t rcx, uint64_t rdx)
{
    struct guest_call regs = {.rcx = rcx, .rdx = rdx};
    return guest_call_must(guest, SVSM_PROTOCOL_VERISMO, number, &regs);
}

/* The lowest 1 GiB in 2 MiB pages without the C-bit, behind a free entry of the root. */
static void shared_view_start(const struct guest_boot *boot)
{
    uint64_t c_bit = UINT64_C(1) << boot->c_bit;
    for (uint64_t i = 0; i < TABLE_ENTRIES; i++) {
        shared_level2[i] = i * LARGE_PAGE_BYTES | PTE_LARGE | PTE_PRESENT_WRITE;
    }
    shared_level3[0] = (uint64_t)shared_level2 | c_bit | PTE_PRESENT_WRITE;
    uint64_t *root = (uint64_t *)boot->page_tables_gpa;
    *(volatile uint64_t *)&root[1] = (uint64_t)shared_level3 | c_bit | PTE_PRESENT_WRITE;
}

void *guest_shared_view(const volatile void *page)
{
    return (void *)(SHARED_VIEW_BASE + (uint64_t)page);
}

/* lib/uart.h over the vCPU's GHCB. */
static uint8_t port_access(void *context, uint16_t port, enum uart_direction direction,
                           uint8_t value)
{
    volatile struct ghcb_page *page = ((struct guest *)context)->ghcb;
    struct ghcb_request request;
    struct ghcb_reply reply;
    ghcb_request_begin(&request, page, GHCB_PROTOCOL_VERSION, GHCB_EXIT_IOIO,
                       uart_ioio_info(port, direction), 0);
    if (direction == UART_OUT) {
        ghcb_request_set(&request, GHCB_RAX, value);
    }
    guest_msr_call((uint64_t)page - SHARED_VIEW_BASE);
    ghcb_page_reply(page, &reply);
    bool answered = ghcb_reply_status(&reply) == GHCB_OK &&
                    (direction == UART_OUT || ghcb_reply_has(&reply, GHCB_RAX));
    return answered ? (uint8_t)reply.rax : 0xff;
}

static void put(void *context, char character)
{
    uart_put(context, character);
}

void guest_print(struct guest *guest, const char *format, ...)
{
    if (!guest->has_console) {
        return;
    }
    const struct uart uart = {.access = port_access, .context = guest};
    va_list arguments;
    va_start(arguments, format);
    while (__atomic_exchange_n(&console_lock, 1, __ATOMIC_ACQUIRE) != 0) {
        guest_yield();
    }
    format_print(put, (void *)&uart, format, arguments);
    __atomic_store_n(&console_lock, 0, __ATOMIC_RELEASE);
    va_end(arguments);
}

static void idt_fill(void)
{
    enum { GATE_INTERRUPT = 0x8e, STUB_BYTES = 16, SELECTOR_CODE = 8 };
    for (unsigned vector = 0; vector < EXCEPTION_VECTORS; vector++) {
        uint64_t handler = (uint64_t)(vector_stubs + vector * STUB_BYTES);
        idt[vector] = (struct idt_gate){
            .offset_low = (uint16_t)handler,
            .selector = SELECTOR_CODE,
            .type = GATE_INTERRUPT,
            .offset_middle = (uint16_t)(handler >> 16),
            .offset_high = (uint32_t)(handler >> 32),
        };
    }
}

void guest_vcpu_start(struct guest *guest)
{
    const struct insn_table_register table = {.limit = sizeof idt - 1, .base = (uint64_t)idt};
    insn_lidt(&table);
    uint64_t gpa = (uint64_t)&ghcb[guest->index];
    if (guest_msr_call(gpa | GHCB_MSR_REGISTER) != (gpa | GHCB_MSR_REGISTER_RESPONSE)) {
        guest_fail(FAILURE_START);
    }
    guest->ghcb = guest_shared_view(&ghcb[guest->index]);
    insn_rep_stosq_zero((void *)(uintptr_t)guest->ghcb, PAGE_BYTES / 8);
    guest->has_console = true;
}

_Noreturn void fault_handle(const struct fault_frame *frame)
{
    struct guest *guest = guest_self();
    __atomic_store_n(&console_lock, 0, __ATOMIC_RELEASE); /* the end is near, and it may be ours */
    guest_print(guest, "guest: vCPU %u: exception %lu error 0x%lx at 0x%lx, cr2 0x%lx\n",
                guest->index, frame->vector, frame->error, frame->rip, insn_cr2());
    guest_fail(FAILURE_EXCEPTION);
}

/* The crypto library is built with a canary at FS:0x28. FS is 0: it is what lies there. */
_Noreturn void __stack_chk_fail(void)
{
    guest_print(guest_self(), "guest: a stack was overrun\n");
    guest_fail(FAILURE_EXCEPTION);
}

/* The GHCBs must be shared before any is used; PVALIDATE is VMPL 0's, so the monitor does it. */
_Noreturn void guest_start(const struct guest_boot *boot)
{
    struct guest *guest = &guests[0];
    idt_fill();
    if (boot->magic != GUEST_BOOT_MAGIC || boot->version != GUEST_BOOT_VERSION) {
        guest_fail(FAILURE_START);
    }
    for (uint32_t i = 0; i < LAUNCH_CPUS_MAX; i++) {
        guests[i].boot = boot;
        guests[i].index = i;
    }
    guest->area = (struct svsm_calling_area *)boot->calling_area_gpa;
    shared_view_start(boot);
    if (guest_verismo(guest, SVSM_VERISMO_SET_PAGE_SHARED, (uint64_t)ghcb, boot->vcpu_count) !=
        SVSM_SUCCESS) {
        guest_fail(FAILURE_START);
    }
    guest_vcpu_start(guest);
    guest_end(guest_main(guest));
}

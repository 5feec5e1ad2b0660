/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/guest/runtime.h"

#include <stdarg.h>

#include "monitor/ghcb_msr.h"
#include "monitor/ghcb_page.h"
#include "monitor/idt.h"
#include "monitor/insn.h"
#include "monitor/lib/format.h"
#include "monitor/lib/uart.h"
#include "monitor/snp.h"

enum {
    FAILURES_MAX = 255,
    FAILURE_EXCEPTION = 255,
    FAILURE_DROPPED = 254, /* the hypervisor did not run the monitor */
    FAILURE_START = 253,
    TABLE_ENTRIES = 512,
    PTE_PRESENT_WRITE = 3,
    PTE_LARGE = 0x80,
};

static volatile struct ghcb_page ghcb __attribute__((aligned(4096), section(".bss.page")));
static uint64_t level1[TABLE_ENTRIES] __attribute__((aligned(4096), section(".bss.page")));
static struct idt_gate idt[IDT_VECTORS];
static struct guest the_guest;

extern const uint8_t vector_stubs[];
_Noreturn void fault_handle(const struct fault_frame *frame);
_Noreturn void guest_start(const struct guest_boot *boot);

static uint64_t msr_call(uint64_t request)
{
    insn_wrmsr(MSR_GHCB, request);
    insn_vmgexit();
    return insn_rdmsr(MSR_GHCB);
}

_Noreturn void guest_end(unsigned failures)
{
    uint64_t set = failures == 0 ? GUEST_END_SET_OK : GUEST_END_SET_FAILED;
    uint64_t code = failures > FAILURES_MAX ? FAILURES_MAX : failures;
    for (;;) {
        msr_call(GHCB_MSR_TERMINATE | set << 12 | code << 16);
        insn_hlt();
    }
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

uint32_t guest_verismo(struct guest *guest, uint32_t number, uint64_t rcx, uint64_t rdx)
{
    struct guest_call regs = {.rcx = rcx, .rdx = rdx};
    if (!guest_call(guest, SVSM_PROTOCOL_VERISMO, number, &regs)) {
        guest_end(FAILURE_DROPPED);
    }
    return (uint32_t)regs.rax;
}

/* Puts a table of 4 KiB pages behind the 2 MiB entry that maps this image. */
static void image_mapping_split(struct guest *guest)
{
    uint64_t c_bit = UINT64_C(1) << guest->boot->c_bit;
    uint64_t base = (uint64_t)&ghcb & ~(LARGE_PAGE_BYTES - 1);
    for (uint64_t i = 0; i < TABLE_ENTRIES; i++) {
        level1[i] = (base + i * PAGE_BYTES) | c_bit | PTE_PRESENT_WRITE;
    }
    uint64_t *level2 = (uint64_t *)(guest->boot->page_tables_gpa + 2 * PAGE_BYTES);
    *(volatile uint64_t *)&level2[base / LARGE_PAGE_BYTES] =
        (uint64_t)level1 | c_bit | PTE_PRESENT_WRITE;
    insn_cr3_set(insn_cr3());
}

void guest_page_encrypt(struct guest *guest, const volatile void *page, bool encrypted)
{
    uint64_t gpa = (uint64_t)page;
    uint64_t c_bit = encrypted ? UINT64_C(1) << guest->boot->c_bit : 0;
    *(volatile uint64_t *)&level1[gpa / PAGE_BYTES % TABLE_ENTRIES] =
        gpa | c_bit | PTE_PRESENT_WRITE;
    insn_invlpg(gpa);
}

/* lib/uart.h over the guest's GHCB. */
static uint8_t port_access(void *context, uint16_t port, enum uart_direction direction,
                           uint8_t value)
{
    struct ghcb_request request;
    struct ghcb_reply reply;
    (void)context;
    ghcb_request_begin(&request, &ghcb, GHCB_PROTOCOL_VERSION, GHCB_EXIT_IOIO,
                       uart_ioio_info(port, direction), 0);
    if (direction == UART_OUT) {
        ghcb_request_set(&request, GHCB_RAX, value);
    }
    msr_call((uint64_t)&ghcb);
    ghcb_page_reply(&ghcb, &reply);
    bool answered = ghcb_reply_status(&reply) == GHCB_OK &&
                    (direction == UART_OUT || ghcb_reply_has(&reply, GHCB_RAX));
    return answered ? (uint8_t)reply.rax : 0xff;
}

static const struct uart uart = {.access = port_access};

static void put(void *context, char character)
{
    (void)context;
    uart_put(&uart, character);
}

void guest_print(struct guest *guest, const char *format, ...)
{
    if (!guest->has_console) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    format_print(put, NULL, format, arguments);
    va_end(arguments);
}

/* The GHCB must be shared; PVALIDATE is VMPL 0's, so the monitor does it. */
static void console_start(struct guest *guest)
{
    uint64_t gpa = (uint64_t)&ghcb;
    image_mapping_split(guest);
    if (guest_verismo(guest, SVSM_VERISMO_SET_PAGE_SHARED, gpa, 1) != SVSM_SUCCESS) {
        guest_end(FAILURE_START);
    }
    guest_page_encrypt(guest, &ghcb, false);
    if (msr_call(gpa | GHCB_MSR_REGISTER) != (gpa | GHCB_MSR_REGISTER_RESPONSE)) {
        guest_end(FAILURE_START);
    }
    insn_rep_stosq_zero((void *)(uintptr_t)&ghcb, PAGE_BYTES / 8);
    guest->has_console = true;
}

static void exceptions_start(void)
{
    enum { GATE_INTERRUPT = 0x8e, STUB_BYTES = 16, SELECTOR_CODE = 8 };
    for (unsigned vector = 0; vector < IDT_VECTORS; vector++) {
        uint64_t handler = (uint64_t)(vector_stubs + vector * STUB_BYTES);
        idt[vector] = (struct idt_gate){
            .offset_low = (uint16_t)handler,
            .selector = SELECTOR_CODE,
            .type = GATE_INTERRUPT,
            .offset_middle = (uint16_t)(handler >> 16),
            .offset_high = (uint32_t)(handler >> 32),
        };
    }
    const struct insn_table_register reg = {.limit = sizeof idt - 1, .base = (uint64_t)idt};
    insn_lidt(&reg);
}

_Noreturn void fault_handle(const struct fault_frame *frame)
{
    guest_print(&the_guest, "guest: exception %lu error 0x%lx at 0x%lx, cr2 0x%lx\n", frame->vector,
                frame->error, frame->rip, insn_cr2());
    guest_end(FAILURE_EXCEPTION);
}

_Noreturn void guest_start(const struct guest_boot *boot)
{
    exceptions_start();
    if (boot->magic != GUEST_BOOT_MAGIC || boot->version != GUEST_BOOT_VERSION) {
        guest_end(FAILURE_START);
    }
    the_guest.boot = boot;
    the_guest.area = (struct svsm_calling_area *)boot->calling_area_gpa;
    console_start(&the_guest);
    guest_end(guest_main(&the_guest));
}

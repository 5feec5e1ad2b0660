/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A VMPL0 image for the tests of IOAPIC, serial port, clock and what else there is at ports. The
 * serial port interrupts the last processor. It ends with the code of the step that went wrong; if
 * all is well, by switching the machine off.
 */
#include "tests/images/devices.h"
#include "tests/images/apic.h"

enum { VECTOR_VC = 29, VECTOR_UART = 0x31 };
enum { UART = 0x3f8, UART_IER, UART_IIR, UART_LCR, UART_MCR, UART_LSR };
enum { IOAPIC_SELECT = 0x00, IOAPIC_WINDOW = 0x10, IOAPIC_PIN4 = 0x18, PIN_LEVEL = 1 << 15 };
#define IOAPIC_GPA     UINT64_C(0xfec00000)
#define MMIO_GPA       UINT64_C(0xfe000000) /* where no memory is, to 4 GiB */
#define MMIO_GPA_END   UINT64_C(0x100000000)
#define NO_DEVICE_GPA  UINT64_C(0xfed803c0) /* where Linux looks for a reason of the last reset */
#define NAE_IOIO       UINT64_C(0x7b)
#define NAE_MMIO_READ  UINT64_C(0x80000001)
#define NAE_MMIO_WRITE UINT64_C(0x80000002)

static volatile uint64_t vc_code;
static volatile uint8_t causes[LOG_MAX], received[LOG_MAX];
static volatile uint32_t caused, received_count, blind, serving;

static uint8_t port_in(uint16_t port)
{
    struct regs regs = {0};
    must(event(NAE_IOIO, (uint64_t)port << 16 | 1 << 4 | 1, 0, &regs) == 0, 202);
    return (uint8_t)regs.rax;
}

static void port_out(uint16_t port, uint8_t value)
{
    struct regs regs = {.rax = value};
    must(event(NAE_IOIO, (uint64_t)port << 16 | 1 << 4, 0, &regs) == 0, 203);
}

static uint32_t ioapic_get(uint32_t offset)
{
    struct regs regs = {0};
    const uint64_t flags = mask();
    must(event(NAE_MMIO_READ, IOAPIC_GPA + offset, 4, &regs) == 0, 204);
    const uint32_t value = *(volatile uint32_t *)(ghcb() + GHCB_BUFFER);
    unmask(flags);
    return value;
}

static void ioapic_set(uint32_t offset, uint32_t value)
{
    struct regs regs = {0};
    const uint64_t flags = mask();
    *(volatile uint32_t *)(ghcb() + GHCB_BUFFER) = value;
    must(event(NAE_MMIO_WRITE, IOAPIC_GPA + offset, 4, &regs) == 0, 205);
    unmask(flags);
}

static void pin_set(uint32_t destination, uint32_t low)
{
    ioapic_set(IOAPIC_SELECT, IOAPIC_PIN4 + 1);
    ioapic_set(IOAPIC_WINDOW, destination << 24);
    ioapic_set(IOAPIC_SELECT, IOAPIC_PIN4);
    ioapic_set(IOAPIC_WINDOW, low);
}

/* ------------------------------------------------------------------ handlers */

/* What a driver does: looks at the cause, and does what it says until there is none. */
static void uart_serve(void)
{
    for (;;) {
        const uint8_t cause = port_in(UART_IIR) & 0x0f;
        if (cause == 1)
            return;
        must(caused < LOG_MAX && received_count < LOG_MAX, 207);
        causes[caused] = cause;
        caused++;
        while (cause != 2 && (port_in(UART_LSR) & 1) != 0) {
            received[received_count] = port_in(UART);
            received_count++;
        }
    }
}

static void serve(uint32_t index, uint8_t vector)
{
    (void)index;
    if (vector != VECTOR_UART)
        return;
    serving = 1;
    if (blind > 0) { /* the next character is all that this interrupt is answered with */
        blind--;
        port_out(UART, 'b');
    } else {
        uart_serve();
    }
    serving = 0;
}

VECTOR(uart, VECTOR_UART)

/* Goes on behind `mov (%rdi),%eax`. The frame is volatile, or a compiler sees no reader of RIP. */
static __attribute__((interrupt)) void on_vc(volatile struct frame *frame, uint64_t code)
{
    vc_code = code;
    frame->rip += 2;
}

/* ------------------------------------------------------------------ checks */

/* An access to the page is the guest's own #VC, for it to ask by a GHCB. */
static void check_ioapic(void)
{
    __asm__ volatile("mov (%%rdi), %%eax" : : "D"(IOAPIC_GPA) : "eax", "memory");
    must(vc_code == 0x400, 50);
    ioapic_set(IOAPIC_SELECT, 1);
    must(ioapic_get(IOAPIC_WINDOW) == 0x170020, 51);
    struct regs regs = {0};
    must(event(NAE_MMIO_READ, MMIO_GPA - 4, 4, &regs) == 2, 52);
    must(event(NAE_MMIO_READ, MMIO_GPA_END - 3, 4, &regs) == 2, 53); /* across its end */
    must(ioapic_get(0x1000) == UINT32_MAX, 57); /* behind it there is nothing */
    ioapic_set(0x1010, 0);
    vc_code = 0;
    __asm__ volatile("mov (%%rdi), %%eax" : : "D"(NO_DEVICE_GPA) : "eax", "memory");
    must(vc_code == 0x400, 58);
    must(event(NAE_MMIO_WRITE, IOAPIC_GPA, 0, &regs) == 2, 54);
    must(event(NAE_MMIO_WRITE, IOAPIC_GPA, 9, &regs) == 2, 55);
    must(event(NAE_MMIO_WRITE, IOAPIC_GPA, UINT64_MAX, &regs) == 2, 56);
}

/* Until the serial port has interrupted for `total` causes; returns the last one. */
static uint8_t uart_wait(uint32_t total)
{
    while (caused < total || serving)
        insn_pause();
    pauses(1000);
    must(caused == total, 60);
    return causes[total - 1];
}

static void check_uart(uint32_t index, uint32_t kind)
{
    caused = received_count = 0;
    pin_set(index, kind | VECTOR_UART);
    port_out(UART_MCR, 0x0b);
    port_out(UART_IER, 2);
    must(uart_wait(1) == 2, 61); /* it is empty */
    port_out(UART, 'd');
    must(uart_wait(2) == 2, 62);
    port_out(UART_IER, 0);
    blind = 3; /* an edge for each character */
    port_out(UART_IER, 2);
    must(uart_wait(3) == 2 && blind == 0, 65);
    port_out(UART_IER, 1);
    msr_call((uint64_t)ASK_TYPE << 12 | 0x010);
    const uint32_t typed = sizeof(DEVICES_TYPED) - 1;
    while (received_count < typed)
        insn_pause();
    for (uint32_t i = 0; i < typed; i++)
        must(received[i] == DEVICES_TYPED[i], 63);
    must(caused > 3 && causes[3] == 4, 64);
    port_out(UART_IER, 0);
    pin_set(index, 1 << 16 | VECTOR_UART);
}

static void check_ports(void)
{
    port_out(0x70, 9);
    must(port_in(0x71) == 0x26, 70);
    port_out(0x70, 10);
    must((port_in(0x71) & 0x7f) == 0x26, 71);
    must(port_in(0x42) == 0 && (port_in(0x61) & 0x20) != 0, 72);
    must(port_in(0x601) == 0 && port_in(0x64) == 0xff, 73);
    port_out(0x600, 0x20); /* a sleep that there is not */
    port_out(0x602, 0);
}

void image_main(const struct params *params)
{
    gate_set(VECTOR_VC, (uint64_t)on_vc);
    gate_set(VECTOR_UART, (uint64_t)on_uart);
    image_begin(params);
    check_ioapic();
    processors_start(params);
    check_uart(params->vcpu_count - 1, 0);
    check_uart(params->vcpu_count - 1, PIN_LEVEL);
    must(count(params->vcpu_count - 1, VECTOR_UART) == logged[params->vcpu_count - 1], 98);
    check_ports();
    port_out(0x600, 0x34);
    terminate(99);
}

BARE_ENTRY;

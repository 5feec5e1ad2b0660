/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Entry from the launch state (docs/launch-abi.md): 64-bit mode on the launcher's identity map,
 * RSP 0, RDI = INFO, RSI = PARAMS. Before the first line of C there must be a stack, segments of
 * our own, and a canary where FS points.
 */
        .code64
        .section .text.boot, "ax"
        .globl  _start
        .type   _start, @function
_start:
        cld
        leaq    boot_stack_top(%rip), %rsp
        movq    %rdi, %r12
        movq    %rsi, %r13

        lgdt    boot_gdt_register(%rip)
        pushq   $0x08
        leaq    1f(%rip), %rax
        pushq   %rax
        lretq
1:      movl    $0x10, %eax
        movl    %eax, %ds
        movl    %eax, %es
        movl    %eax, %ss
        xorl    %eax, %eax
        movl    %eax, %fs
        movl    %eax, %gs

        /* The canary: AMD asks for up to ten tries of RDRAND (APM 3). */
        movl    $10, %ecx
2:      rdrand  %rax
        jc      3f
        decl    %ecx
        jnz     2b
        jmp     no_random
3:      xorb    %al, %al                /* a zero byte stops string overruns */
        leaq    cpu_boot(%rip), %rdx
        movq    %rdx, 0(%rdx)
        movq    %rax, 0x28(%rdx)

        movq    %rdx, %rax              /* FS base := cpu_boot */
        shrq    $32, %rdx
        movl    $0xc0000100, %ecx
        wrmsr

        xorl    %ebp, %ebp
        movq    %r12, %rdi
        movq    %r13, %rsi
        call    monitor_boot
        ud2

        /* TERMINATE_NO_RANDOM (1) of the monitor's set (5), terminate.h */
no_random:
        movl    $0xc0010130, %ecx
        movl    $0x00015100, %eax
        xorl    %edx, %edx
        wrmsr
        rep
        vmmcall
        cli
        hlt
        jmp     no_random
        .size   _start, . - _start

        /* cpu_stack_enter(cpu, stack_top, entry) */
        .globl  cpu_stack_enter
        .type   cpu_stack_enter, @function
cpu_stack_enter:
        movq    %rsi, %rsp
        xorl    %ebp, %ebp
        call    *%rdx
        ud2
        .size   cpu_stack_enter, . - cpu_stack_enter

        /* Accessed bits are set: the processor then never writes to the table. */
        .section .rodata
        .balign 16
boot_gdt:
        .quad   0
        .quad   0x00af9b000000ffff      /* 0x08 code, 64-bit, DPL 0 */
        .quad   0x00cf93000000ffff      /* 0x10 data */
boot_gdt_end:
boot_gdt_register:
        .word   boot_gdt_end - boot_gdt - 1
        .quad   boot_gdt

        .section .bss
        .balign 4096
        .globl  boot_stack_guard
boot_stack_guard:
        .skip   4096
boot_stack:
        .skip   16384
boot_stack_top:
        .globl  cpu_boot
        .type   cpu_boot, @object
cpu_boot:
        .skip   4096
        .size   cpu_boot, 4096

        .section .note.GNU-stack, "", @progbits

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entry of a guest kernel (monitor/guest_abi.h): RDI = boot structure, no stack yet. */
        .code64
        .section .text.boot, "ax"
        .globl  _start
        .type   _start, @function
_start:
        cld
        leaq    stack_top(%rip), %rsp
        lgdt    gdt_register(%rip)
        pushq   $0x08
        leaq    1f(%rip), %rax
        pushq   %rax
        lretq
1:      movl    $0x10, %eax
        movl    %eax, %ds
        movl    %eax, %es
        movl    %eax, %ss
        xorl    %ebp, %ebp
        call    guest_start
        ud2
        .size   _start, . - _start

        .section .rodata
        .balign 16
gdt:    .quad   0
        .quad   0x00af9b000000ffff
        .quad   0x00cf93000000ffff
gdt_end:
gdt_register:
        .word   gdt_end - gdt - 1
        .quad   gdt

        .section .bss
        .balign 4096
        .skip   16384
stack_top:

        .section .note.GNU-stack, "", @progbits

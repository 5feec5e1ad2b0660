/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Entries of a guest kernel. _start (monitor/guest_abi.h): RDI = boot structure, no stack yet;
 * team_entry (stack.h): RDI = index, RSP = top of the vCPU's stack.
 */
        .set    STACK_BYTES, 16384
        .set    VCPUS_MAX, 16

        .code64
        .section .text.boot, "ax"
        .globl  _start
        .type   _start, @function
_start:
        cld
        leaq    stacks + STACK_BYTES(%rip), %rsp
        leaq    guest_start(%rip), %rbx
        jmp     segments_load
        .size   _start, . - _start

        .globl  team_entry
        .type   team_entry, @function
team_entry:
        leaq    team_start(%rip), %rbx

segments_load:
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
        call    *%rbx
        ud2
        .size   team_entry, . - team_entry

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
        .globl  stacks
        .type   stacks, @object
stacks: .skip   STACK_BYTES * VCPUS_MAX
        .size   stacks, . - stacks

        .section .note.GNU-stack, "", @progbits

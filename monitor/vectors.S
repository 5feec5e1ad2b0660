/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One stub per exception vector, 16 bytes each: make the frame uniform (an error code always), push
 * the vector, go on in C. The monitor never returns from an exception, so nothing is restored; the
 * registers are kept on the stack for whoever reads the dump.
 */
        .code64
        .section .text
        .balign 16
        .globl  vector_stubs
vector_stubs:
        .set    vector, 0
        .rept   32
        .balign 16
        /* #DF, #TS, #NP, #SS, #GP, #PF, #AC, #CP, #VC, #SX push an error code (APM 2 8.2):
         * vectors 8, 10-14, 17, 21, 29, 30, as a mask. */
        .if     !((0x60227d00 >> vector) & 1)
        pushq   $0
        .endif
        pushq   $vector
        jmp     vector_common
        .set    vector, vector + 1
        .endr

        .balign 16
        .globl  vector_common
vector_common:
        cld
        pushq   %rax
        pushq   %rcx
        pushq   %rdx
        pushq   %rbx
        pushq   %rbp
        pushq   %rsi
        pushq   %rdi
        pushq   %r8
        pushq   %r9
        pushq   %r10
        pushq   %r11
        pushq   %r12
        pushq   %r13
        pushq   %r14
        pushq   %r15
        movq    %rsp, %rdi
        xorl    %ebp, %ebp
        andq    $-16, %rsp
        call    fault_handle
        ud2

        /* fault_return(frame): a section of its own, which the linker drops unless it is used. */
        .section .text.fault_return, "ax"
        .globl  fault_return
        .type   fault_return, @function
fault_return:
        movq    %rdi, %rsp
        popq    %r15
        popq    %r14
        popq    %r13
        popq    %r12
        popq    %r11
        popq    %r10
        popq    %r9
        popq    %r8
        popq    %rdi
        popq    %rsi
        popq    %rbp
        popq    %rbx
        popq    %rdx
        popq    %rcx
        popq    %rax
        addq    $16, %rsp               /* vector, error */
        iretq
        .size   fault_return, . - fault_return

        .section .note.GNU-stack, "", @progbits

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The measured function: RCX rounds of arithmetic, a load, a store, a call and a branch over a 16
 * KiB table at RDI. 17 instructions in three blocks a round, between 5 and 6 a block, as ordinary
 * integer code has; ends with HLT.
 */
    .section .rodata
    .balign 64
    .global bench_code, bench_code_end
bench_code:
    xor %eax, %eax
    xor %edx, %edx
1:  imul $0x5bd1e995, %rdx, %rdx
    add %rcx, %rdx
    mov %rdx, %rbx
    shr $13, %rbx
    and $0x7ff, %ebx
    mov (%rdi,%rbx,8), %rsi
    call 3f
    mov %rsi, (%rdi,%rbx,8)
    add %rsi, %rax
    dec %rcx
    jnz 1b
    hlt
3:  lea 1(%rsi,%rdx), %rsi
    xor %rdx, %rsi
    mov %rsi, %r8
    rol $7, %r8
    xor %r8, %rsi
    ret
bench_code_end:
    .section .note.GNU-stack, "", @progbits

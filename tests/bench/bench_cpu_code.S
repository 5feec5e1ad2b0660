/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The measured functions, RCX rounds each over a 16 KiB table at RDI, ending with HLT.
 *
 *   bench_mix     two ChaCha-like quarter rounds on words of the table, as a called function: 35
 *                 instructions in three blocks a round. What a processor that computes does.
 *   bench_table   a multiplicative hash that picks a word of the table and changes it: 17
 *                 instructions in three blocks a round. Ordinary integer code with short blocks.
 */
    .section .rodata

.macro QUARTER a, b, c, d
    add \b, \a
    xor \a, \d
    rol $16, \d
    add \d, \c
    xor \c, \b
    rol $12, \b
    add \b, \a
    xor \a, \d
    rol $8, \d
    add \d, \c
    xor \c, \b
    rol $7, \b
.endm

    .balign 64
    .global bench_mix, bench_mix_end
bench_mix:
    mov $0x61707865, %eax
    mov $0x3320646e, %ebx
    mov $0x79622d32, %edx
    mov $0x6b206574, %esi
1:  mov %ecx, %r8d
    and $0x7ff, %r8d
    xor (%rdi,%r8,8), %eax
    add %ecx, %esi
    call 2f
    mov %eax, (%rdi,%r8,8)
    dec %rcx
    jnz 1b
    hlt
2:  QUARTER %eax, %ebx, %edx, %esi
    QUARTER %edx, %esi, %eax, %ebx
    xor %r8d, %edx
    add $0x9e3779b9, %ebx
    ret
bench_mix_end:

    .balign 64
    .global bench_table, bench_table_end
bench_table:
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
bench_table_end:
    .section .note.GNU-stack, "", @progbits

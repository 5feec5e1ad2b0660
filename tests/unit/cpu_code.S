/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guest code of the cpu tests, position independent, each between code_NAME and code_NAME_end. */
    .section .rodata
    .altmacro

.macro CODE name
    .balign 16
    .global code_\name
code_\name:
.endm
.macro END name
    .global code_\name\()_end
code_\name\()_end:
    nop
.endm

    .set DATA, 0x300000
    .set SHARED, 0x40000000
    .set VMGEXIT_PREFIX, 0xf3

/* Sum of 1..100, then VMGEXIT: 1 + 1 + 100 * 3 + 1 instructions. */
CODE sum
    xor %eax, %eax
    mov $100, %ecx
1:  add %rcx, %rax
    dec %ecx
    jnz 1b
    rep; vmmcall
    hlt
END sum

/* Two VMGEXITs around a store. */
CODE store
    movabs $DATA, %rdi
    movabs $0x1122334455667788, %rax
    rep; vmmcall
    mov %rax, 8(%rdi)
    mov 8(%rdi), %rbx
    repne; vmmcall
    hlt
END store

/* PVALIDATE of RAX with ECX, EDX; CF to BL. */
CODE pvalidate
    .byte 0xf2, 0x0f, 0x01, 0xff
    setc %bl
    rep; vmmcall
END pvalidate

CODE rmpadjust
    .byte 0xf3, 0x0f, 0x01, 0xfe
    rep; vmmcall
END rmpadjust

CODE rmpquery
    .byte 0xf3, 0x0f, 0x01, 0xfd
    rep; vmmcall
END rmpquery

/* RDI: page. Its bytes by REP STOSQ. */
CODE scrub_rep
    xor %eax, %eax
    mov $512, %ecx
    rep stosq
    rep; vmmcall
END scrub_rep

/* By 16-byte SSE stores. */
CODE scrub_sse
    pxor %xmm0, %xmm0
    mov $256, %ecx
1:  movdqa %xmm0, (%rdi)
    add $16, %rdi
    dec %ecx
    jnz 1b
    rep; vmmcall
END scrub_sse

/* RCX single bytes. */
CODE scrub_bytes
1:  movb $0, (%rdi)
    inc %rdi
    dec %rcx
    jnz 1b
    rep; vmmcall
END scrub_bytes

/* Reads [RDI] for ever, VMGEXIT between reads. */
CODE read_loop
1:  mov (%rdi), %rax
    rep; vmmcall
    jmp 1b
END read_loop

/* Reads and writes [RDI] in one instruction, then copies [RDI] to [RSI]. */
CODE shared_twice
    xchg %rax, (%rdi)
    mov %rdi, %rdx
    mov %rsi, %rdi
    mov %rdx, %rsi
    movsq
    rep; vmmcall
END shared_twice

/* [RSI] twice and a byte behind it in one block, then two words from RSI to RDI. */
CODE shared_reads
    mov (%rsi), %rax
    movzbl 0x10(%rsi), %edx
    mov (%rsi), %rbx
    mov $2, %ecx
    rep movsq
    rep; vmmcall
END shared_reads

CODE write_loop
1:  mov %rax, (%rdi)
    inc %rax
    rep; vmmcall
    jmp 1b
END write_loop

/* Calls a function at RDI that returns a constant, overwrites the constant, calls again; twice. */
CODE self_modify
    call *%rdi
    mov %eax, %ebx
    movl $0x22222222, 1(%rdi)
    call *%rdi
    shl $32, %rax
    or %rax, %rbx
    movl $0x33333333, 1(%rdi)
    call *%rdi
    rep; vmmcall
END self_modify

CODE self_modify_function
    mov $0x11111111, %eax
    ret
END self_modify_function

/* Code that stores to the page it is in: patches the immediate that is executed next. */
CODE self_patch
    lea 1f(%rip), %rdi
    movl $0x12345678, 1(%rdi)
1:  mov $0, %eax
    mov $3, %ecx
    lea 2f(%rip), %rdi
2:  incl 3f(%rip)
    dec %ecx
    jnz 2b
    mov 3f(%rip), %ebx
    rep; vmmcall
3:  .long 40
END self_patch

/* A mixture of everything that costs time differently, for determinism: RCX rounds. RDI data. */
CODE mixture
1:  mov %rcx, %rax
    imul $0x5bd1e995, %rax, %rax
    mov %rax, %rdx
    and $0xff8, %edx
    mov %rax, (%rdi,%rdx)
    xor 8(%rdi), %rax
    rdtsc
    test $7, %cl
    jnz 2f
    push %rcx
    push %rdi
    mov $64, %ecx
    lea 0x1000(%rdi), %rdi
    rep stosb
    pop %rdi
    pop %rcx
2:  test $31, %cl
    jnz 3f
    rdrand %r8
    add %r8, %r9
    mov %cr3, %r10
    mov %r10, %cr3
3:  dec %rcx
    jnz 1b
    rep; vmmcall
END mixture
    .section .note.GNU-stack, "", @progbits

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
    .section .note.GNU-stack, "", @progbits

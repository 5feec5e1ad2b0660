/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest code outside 64-bit mode (test_cpu_mode.c, test_cpu_compat.c), each between code_NAME and
 * code_NAME_end.
 * Operands that are addresses count from where the test puts the code.
 */
    .section .rodata
    .altmacro

.macro CODE name
    .balign 16
    .global code_\name
code_\name:
.endm
.macro END name
    .code64
    .global code_\name\()_end
code_\name\()_end:
    nop
.endm

/*
 * A processor's start at 0xa0000 as systems do it: real mode, protected mode without paging, long
 * mode. Markers at +0x800: 16-bit, 32-bit, EFER before, 64-bit code, GS base, and a call in each.
 */
    .set PLACE, 0xa0000
    .set PML4, 0x10000
CODE trampoline
    .code16
    cli
    wbinvd
    ljmp $(PLACE >> 4), $(1f - code_trampoline)
1:  mov %cs, %ax
    mov %ax, %ds
    mov %ax, %es
    mov %ax, %ss
    movl $0x0f00, %esp
    movw $0x1616, 0x800
    call 5f
    movl %eax, 0x820
    lidtl (trampoline_idt - code_trampoline)
    lgdtl (trampoline_gdtr - code_trampoline)
    movw $0x18, %dx
    movl $0x00050033, %eax
    movl %eax, %cr0
    ljmpl $0x10, $(2f - code_trampoline + PLACE)
5:  movl $0x16161616, %eax
    ret

    .code32
2:  movl %edx, %ss
    addl $PLACE, %esp
    movl %edx, %ds
    movl %edx, %es
    movl %edx, %fs
    movl %edx, %gs
    movl $0x32323232, PLACE + 0x804
    call 6f
    movl %eax, PLACE + 0x824
    movl $0x6a0, %eax
    movl %eax, %cr4
    movl $PML4, %eax
    movl %eax, %cr3
    movl $0xc0000080, %ecx
    rdmsr
    movl %eax, PLACE + 0x808
    orl $0x901, %eax
    wrmsr
    movl $0x80050033, %eax
    movl %eax, %cr0
    ljmpl $0x08, $(3f - code_trampoline + PLACE)
6:  movl $0x32103210, %eax
    ret

    .code64
3:  movabs $0x6464646464646464, %rax
    mov %rax, PLACE + 0x810
    mov $0xc0000101, %ecx
    mov $PLACE, %eax
    xor %edx, %edx
    wrmsr
    mov %gs:0x800, %eax
    mov %rax, %gs:0x818
    call 7f
    mov %rax, %gs:0x828
    hlt
7:  mov $0x64646464, %eax
    ret

    .balign 8
trampoline_idt:
    .short 0
    .long 0
    .balign 8
trampoline_gdt:
    .quad 0
    .quad 0x00af9b000000ffff
    .quad 0x00cf9b000000ffff
    .quad 0x00cf93000000ffff
trampoline_gdtr:
    .short 31
    .long trampoline_gdt - code_trampoline + PLACE
END trampoline

/* Real mode: INT 0x21 to a handler that counts in DI and returns; then what the test wants. */
CODE real_int
    .code16
    int $0x21
    int $0x21
    hlt
END real_int
CODE real_handler
    .code16
    inc %di
    mov %sp, %bp
    mov (%bp), %bx
    iret
END real_handler

/* 64-bit code at CPL 0 to 32-bit code at CPL 3: RDI is its address, RSI its stack. */
CODE to_compat
    push $0x33
    push %rsi
    push $0x2
    push $0x2b
    push %rdi
    iretq
END to_compat

/* 32-bit code of a user: a word through ESI, a call, then INT 0x80. */
CODE compat_user
    .code32
    inc %eax
    movl $0x55660033, 4(%esi)
    call 1f
    int $0x80
    hlt
1:  push %ebp
    mov %esp, %ebp
    les (%esi), %ecx
    pop %ebp
    ret
END compat_user

/*
 * The same bytes as 64-bit and as 32-bit code: REX.W RDRAND, or DEC EAX and RDRAND; RDI and RSI as
 * above, the values to RBX and ECX.
 */
CODE both_modes
    .byte 0x48, 0x0f, 0xc7, 0xf0
    int $0x80
END both_modes

/* Protected mode without paging at CPL 0: RFLAGS.VM by IRET. */
CODE to_v86
    .code32
    pushl $0
    pushl $0
    pushl $0
    pushl $0
    pushl $0x2000
    pushl $0x1000
    pushl $0x20002
    pushl $0x1000
    pushl $0
    iretl
END to_v86

/* 32-bit paging: CR0.PG without EFER.LME. */
CODE to_paging
    .code32
    movl %cr0, %eax
    orl $0x80000000, %eax
    movl %eax, %cr0
    hlt
END to_paging
    .section .note.GNU-stack, "", @progbits

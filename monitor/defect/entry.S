/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Entries of variants with a defect (defect.h). The correct monitor has none of them: each is a
 * section of its own, which the linker drops unless it is used.
 */
        .set    CPU_HV_SIGNAL, 0x1e     /* struct cpu */
        .set    VECTOR_GATE, 0x80

        .code64
        /* #HV without a look at where it came: hv_entry.S */
        .section .text.defect_hv_entry, "ax"
        .globl  defect_hv_entry
        .type   defect_hv_entry, @function
defect_hv_entry:
        pushq   %rax
        movq    %fs:0, %rax
        movb    $1, CPU_HV_SIGNAL(%rax)
        popq    %rax
        iretq
        .size   defect_hv_entry, . - defect_hv_entry

        /* INT 0x80, as one of vectors.S. */
        .section .text.defect_gate_entry, "ax"
        .globl  defect_gate_entry
        .type   defect_gate_entry, @function
defect_gate_entry:
        pushq   $0
        pushq   $VECTOR_GATE
        jmp     vector_common
        .size   defect_gate_entry, . - defect_gate_entry

        .section .note.GNU-stack, "", @progbits

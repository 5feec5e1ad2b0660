/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * #HV and the windows in which it must not be missed (hv.h).
 *
 * #HV (APM 2 15.36.16) is not masked by RFLAGS.IF: it can come before any instruction, those below
 * included, whatever the doorbell page says. So its entry keeps no state but one flag, runs on the
 * stack at hand and may be entered again anywhere.
 */
        .set    CPU_HV_SIGNAL, 0x1e     /* struct cpu */
        .set    MSR_GHCB, 0xc0010130

        .code64
        .section .text
        .balign 16
        .globl  hv_entry
        .type   hv_entry, @function
hv_entry:
        pushq   %rax
        movq    %fs:0, %rax
        movb    $1, CPU_HV_SIGNAL(%rax)
        /* Interrupted in a window: what was looked at has changed, so the window is left. */
        leaq    exit_window(%rip), %rax
        cmpq    %rax, 8(%rsp)
        jb      1f
        leaq    exit_window_end(%rip), %rax
        cmpq    %rax, 8(%rsp)
        jb      2f
        leaq    halt_window(%rip), %rax
        cmpq    %rax, 8(%rsp)
        jb      1f
        leaq    halt_window_end(%rip), %rax
        cmpq    %rax, 8(%rsp)
        jae     1f
2:      leaq    window_cancel(%rip), %rax
        movq    %rax, 8(%rsp)
1:      popq    %rax
        iretq
        .size   hv_entry, . - hv_entry

        /* bool hv_exit(const struct cpu *cpu, const volatile uint16_t *pending, uint64_t ghcb) */
        .balign 16
        .globl  hv_exit
        .type   hv_exit, @function
hv_exit:
        movl    $MSR_GHCB, %ecx
        movl    %edx, %eax
        shrq    $32, %rdx
exit_window:
        cmpb    $0, CPU_HV_SIGNAL(%rdi)
        jne     window_cancel
        cmpw    $0, (%rsi)
        jne     window_cancel
exit_window_leave:
        wrmsr
        rep
        vmmcall
exit_window_end:
        movl    $1, %eax
        ret
        .size   hv_exit, . - hv_exit

        /* bool hv_halt_unless(const struct cpu *cpu, const volatile uint16_t *pending) */
        .balign 16
        .globl  hv_halt_unless
        .type   hv_halt_unless, @function
hv_halt_unless:
halt_window:
        cmpb    $0, CPU_HV_SIGNAL(%rdi)
        jne     window_cancel
        cmpw    $0, (%rsi)
        jne     window_cancel
halt_window_leave:
        hlt
halt_window_end:
        movl    $1, %eax
        ret
        .size   hv_halt_unless, . - hv_halt_unless

        .type   window_cancel, @function
window_cancel:
        xorl    %eax, %eax
        ret
        .size   window_cancel, . - window_cancel

        .section .note.GNU-stack, "", @progbits

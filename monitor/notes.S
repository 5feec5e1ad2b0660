/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the launcher must put where: docs/launch-abi.md, owner SNP-LAUNCH. */
        .section .note.snp-launch, "a", @note
        .macro  launch_note type, gpa, bytes
        .balign 4
        .long   11                      /* bytes of the name with its zero */
        .long   16                      /* bytes of the descriptor */
        .long   \type
        .asciz  "SNP-LAUNCH"
        .balign 4
        .quad   \gpa
        .quad   \bytes
        .endm

        launch_note 1, layout_launch_secrets, 0x1000
        launch_note 2, layout_launch_cpuid, 0x1000
        launch_note 3, layout_launch_info, 0x1000
        launch_note 4, layout_launch_params, 0x1000
        launch_note 5, layout_launch_page_tables, 0x7000
        launch_note 6, layout_memory_start, 0x800000

        .section .note.GNU-stack, "", @progbits

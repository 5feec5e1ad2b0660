# SPDX-License-Identifier: GPL-2.0-or-later
foreach(part table insn_guest insn_host access)
    prova_unit_test(NAME rmp_${part} SOURCES test_rmp_${part}.c LIBS prova_rmp LABELS quick)
endforeach()

# SPDX-License-Identifier: GPL-2.0-or-later
foreach(part elf uart hv)
    prova_unit_test(NAME emu_${part} SOURCES test_emu_${part}.c emu_fixture.c
        LIBS prova_emu LABELS quick)
endforeach()

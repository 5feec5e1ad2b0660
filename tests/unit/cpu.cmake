# SPDX-License-Identifier: GPL-2.0-or-later
# Guest code is assembled; the fixture is a little machine around one vCPU.
add_library(test_cpu_fixture STATIC cpu_fixture.c cpu_code.S cpu_mode_code.S)
target_link_libraries(test_cpu_fixture PUBLIC prova_cpu)
foreach(part run intercept fault tlb scrub enter pte determinism observe labels seen loads watch
        mode compat system)
    prova_unit_test(NAME cpu_${part} SOURCES test_cpu_${part}.c LIBS test_cpu_fixture
        PkgConfig::UNICORN LABELS quick)
endforeach()

# SPDX-License-Identifier: GPL-2.0-or-later
foreach(part crypto measure cpuid gctx launch finish request message random certs debug)
    prova_unit_test(NAME psp_${part} SOURCES test_psp_${part}.c psp_fixture.c
        LIBS prova_psp PkgConfig::GNUTLS LABELS quick)
endforeach()

foreach(part verify verify_svsm)
    prova_unit_test(NAME psp_${part} SOURCES test_psp_${part}.c psp_fixture.c
        LIBS prova_psp PkgConfig::GNUTLS)
endforeach()

# A model is a pure function (docs/architecture.md): no allocation, I/O, clock or globals.
if(NOT PROVA_SANITIZE AND NOT PROVA_COVERAGE)
    add_test(NAME unit.psp_pure COMMAND "${PROJECT_SOURCE_DIR}/tests/unit/check_pure.sh"
        $<TARGET_FILE:prova_psp_core> $<TARGET_FILE:prova_rmp>)
    set_tests_properties(unit.psp_pure PROPERTIES LABELS unit TIMEOUT 20
        ENVIRONMENT "NM=${CMAKE_NM}")
endif()

# SPDX-License-Identifier: GPL-2.0-or-later
foreach(part table insn_guest adjust insn_host access npt memory labels tlb)
    set(libraries prova_rmp)
    if(part STREQUAL memory)
        list(APPEND libraries PkgConfig::NETTLE)
    endif()
    prova_unit_test(NAME rmp_${part} SOURCES test_rmp_${part}.c LIBS ${libraries} LABELS quick)
endforeach()
prova_unit_test(NAME rmp_model SOURCES test_rmp_model.c rmp_second_model.c LIBS prova_rmp
    LABELS quick)

# Linked with the archive and Nettle alone: that it links is half of the test.
add_executable(test_rmp_link test_rmp_link.c)
target_link_libraries(test_rmp_link PRIVATE prova_rmp)
add_test(NAME unit.rmp_link COMMAND test_rmp_link)
set_tests_properties(unit.rmp_link PROPERTIES LABELS "unit;quick" TIMEOUT 20)

# A model is a pure function (docs/design): no allocation, I/O, clock, random numbers or globals.
if(NOT PROVA_SANITIZE AND NOT PROVA_COVERAGE)
    set(pure "${PROJECT_SOURCE_DIR}/tests/unit/check_pure.sh")
    add_test(NAME unit.rmp_pure COMMAND "${pure}" $<TARGET_FILE:prova_rmp>)
    # The check must be able to fail: an archive of impure functions, one reason each.
    add_library(test_impure STATIC impure.c)
    add_test(NAME unit.rmp_pure_finds COMMAND "${pure}" --expect-findings
        $<TARGET_FILE:test_impure>)
    set_tests_properties(unit.rmp_pure unit.rmp_pure_finds PROPERTIES
        LABELS unit TIMEOUT 20 ENVIRONMENT "NM=${CMAKE_NM}")
endif()

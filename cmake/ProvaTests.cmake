# SPDX-License-Identifier: GPL-2.0-or-later
#
# How a test is registered. Labels: unit, scenario, determinism, linux, style; `quick` on whatever
# else should run under the sanitizers too.

set(PROVA_TEST_TIMEOUT_S 120)
set(PROVA_TEST_SEED R02S00000000000000000000000000000000)

# prova_unit_test(NAME name SOURCES a.c ... LIBS prova_rmp ... [DEFINITIONS ...] [LABELS ...]
#                 [TIMEOUT_S seconds])
#
# A GLib test program tests/unit/test_<name>, registered as unit.<name>. A program that holds no
# test case ("1..0") has failed, and so has one that skips a case, where it would not be seen: what
# may be skipped is a program of its own that returns 77. The seed of GLib's random numbers is
# fixed, so that a test run repeats.
function(prova_unit_test)
    cmake_parse_arguments(PARSE_ARGV 0 arg "" "NAME;TIMEOUT_S" "SOURCES;LIBS;DEFINITIONS;LABELS")
    if(NOT arg_NAME OR NOT arg_SOURCES OR arg_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "prova_unit_test(NAME name SOURCES a.c ... LIBS prova_rmp ...): "
                            "wrong arguments: ${ARGV}")
    endif()
    if(NOT arg_TIMEOUT_S)
        set(arg_TIMEOUT_S ${PROVA_TEST_TIMEOUT_S})
    endif()
    set(program test_${arg_NAME})
    add_executable(${program} ${arg_SOURCES})
    target_link_libraries(${program} PRIVATE ${arg_LIBS} PkgConfig::GLIB)
    target_compile_definitions(${program} PRIVATE ${arg_DEFINITIONS})
    set_property(GLOBAL APPEND PROPERTY PROVA_PROGRAMS ${program})
    add_test(NAME unit.${arg_NAME} COMMAND ${program} --tap --seed ${PROVA_TEST_SEED})
    set_tests_properties(unit.${arg_NAME} PROPERTIES
        LABELS "unit;${arg_LABELS}"
        TIMEOUT ${arg_TIMEOUT_S}
        SKIP_RETURN_CODE 77
        FAIL_REGULAR_EXPRESSION "(^|\n)1\\.\\.0;ok [0-9]+ [^\n]*# SKIP"
        ENVIRONMENT "G_TEST_SRCDIR=${PROJECT_SOURCE_DIR};G_TEST_BUILDDIR=${PROJECT_BINARY_DIR}")
endfunction()

# prova_command_test(NAME name COMMAND program arg ... [EXIT code] [LABELS ...] [TIMEOUT_S s])
#
# Runs a command from the top of the source tree and wants exactly that exit code (0 if not given);
# a death by signal never counts as the code that was wanted.
function(prova_command_test)
    cmake_parse_arguments(PARSE_ARGV 0 arg "" "NAME;EXIT;TIMEOUT_S" "COMMAND;LABELS")
    if(NOT arg_NAME OR NOT arg_COMMAND OR NOT arg_LABELS OR arg_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "prova_command_test(NAME name COMMAND ... LABELS ...): "
                            "wrong arguments: ${ARGV}")
    endif()
    if(NOT DEFINED arg_EXIT)
        set(arg_EXIT 0)
    endif()
    if(NOT arg_TIMEOUT_S)
        set(arg_TIMEOUT_S ${PROVA_TEST_TIMEOUT_S})
    endif()
    add_test(NAME ${arg_NAME}
        COMMAND "${PROJECT_SOURCE_DIR}/tests/expect-exit" ${arg_EXIT} ${arg_COMMAND}
        WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}")
    set_tests_properties(${arg_NAME} PROPERTIES
        LABELS "${arg_LABELS}" TIMEOUT ${arg_TIMEOUT_S} SKIP_RETURN_CODE 77)
endfunction()

# prova_campaign(NAME name COMMAND program arg ...): what takes too long for a test run, as the
# build target campaign-<name>.
function(prova_campaign)
    cmake_parse_arguments(PARSE_ARGV 0 arg "" "NAME" "COMMAND;DEPENDS")
    add_custom_target(campaign-${arg_NAME} COMMAND ${arg_COMMAND} DEPENDS ${arg_DEPENDS}
        WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}" USES_TERMINAL VERBATIM)
endfunction()

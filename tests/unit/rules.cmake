# SPDX-License-Identifier: GPL-2.0-or-later
set(libs prova_rules prova_db prova_trace prova_rmp PkgConfig::SQLITE)
set(stream rule_expect.c stream_build.c stream_platform.c stream_monitor.c)
foreach(part "" _platform _discipline _memory _vmsa _processors)
    prova_unit_test(NAME rules${part} SOURCES test_rules${part}.c ${stream}
        LIBS ${libs} LABELS quick)
endforeach()
prova_unit_test(NAME rules_differential SOURCES test_rules_differential.c stream_random.c
    theme_platform.c stream_themes.c stream_platform.c stream_monitor.c stream_build.c
    LIBS ${libs} TIMEOUT_S 600)

set(programs "")
foreach(part "" _platform _discipline _memory _vmsa _processors)
    list(APPEND programs $<TARGET_FILE:test_rules${part}>)
endforeach()
prova_command_test(NAME unit.rules_matter LABELS unit
    COMMAND tests/unit/check_rules_matter.sh $<TARGET_FILE:prova> ${programs})

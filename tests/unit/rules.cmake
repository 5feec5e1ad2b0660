# SPDX-License-Identifier: GPL-2.0-or-later
set(libs prova_rules prova_db prova_trace prova_rmp PkgConfig::SQLITE)
prova_unit_test(NAME rules SOURCES test_rules.c rule_expect.c stream_build.c
    LIBS ${libs} LABELS quick)
prova_unit_test(NAME rules_differential SOURCES test_rules_differential.c stream_random.c
    stream_themes.c stream_monitor.c
    stream_build.c LIBS ${libs} TIMEOUT_S 600)
foreach(group memory vmsa processors)
    prova_unit_test(NAME rules_${group} SOURCES test_rules_${group}.c rule_expect.c
        stream_monitor.c stream_build.c LIBS ${libs} LABELS quick)
endforeach()

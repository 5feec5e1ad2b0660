# SPDX-License-Identifier: GPL-2.0-or-later
prova_unit_test(NAME rules SOURCES test_rules.c stream_build.c
    LIBS prova_rules prova_db prova_trace prova_rmp PkgConfig::SQLITE LABELS quick)
prova_unit_test(NAME rules_differential SOURCES test_rules_differential.c stream_build.c
    LIBS prova_rules prova_db prova_trace prova_rmp PkgConfig::SQLITE TIMEOUT_S 600)

# SPDX-License-Identifier: GPL-2.0-or-later
prova_unit_test(NAME db_stream SOURCES test_db_stream.c event_random.c
    LIBS prova_db prova_trace PkgConfig::SQLITE LABELS quick)
prova_unit_test(NAME db_file SOURCES test_db_file.c event_random.c
    LIBS prova_db prova_trace PkgConfig::SQLITE LABELS quick)
prova_unit_test(NAME db_query SOURCES test_db_query.c stream_build.c
    LIBS prova_db prova_rules prova_trace prova_rmp PkgConfig::SQLITE LABELS quick)
prova_unit_test(NAME db_schema SOURCES test_db_schema.c
    LIBS prova_db prova_trace PkgConfig::SQLITE LABELS quick)

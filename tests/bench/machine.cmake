# SPDX-License-Identifier: GPL-2.0-or-later
if(TARGET prova_emu AND TARGET prova_db)
    add_executable(bench_machine bench_machine.c)
    target_link_libraries(bench_machine PRIVATE prova_emu prova_rules prova_db PkgConfig::GLIB)
endif()

# SPDX-License-Identifier: GPL-2.0-or-later
if(TARGET prova_emu AND TARGET guest-bench)
    add_executable(bench_table1 bench_table1.c)
    target_link_libraries(bench_table1 PRIVATE prova_emu PkgConfig::GLIB)
endif()

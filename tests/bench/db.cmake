# SPDX-License-Identifier: GPL-2.0-or-later
add_executable(bench_db bench_db.c)
target_link_libraries(bench_db PRIVATE prova_db prova_trace PkgConfig::GLIB PkgConfig::SQLITE)

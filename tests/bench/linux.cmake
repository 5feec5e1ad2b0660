# SPDX-License-Identifier: GPL-2.0-or-later
if(TARGET prova)
    add_executable(bench_linux bench_linux.c)
    target_link_libraries(bench_linux PRIVATE PkgConfig::GLIB)
endif()

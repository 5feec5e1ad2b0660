# SPDX-License-Identifier: GPL-2.0-or-later
prova_unit_test(NAME trace SOURCES test_trace.c LIBS prova_trace PkgConfig::XXHASH LABELS quick)

# SPDX-License-Identifier: GPL-2.0-or-later
prova_unit_test(NAME cpu_vmsa SOURCES test_cpu_vmsa.c LIBS prova_cpu PkgConfig::UNICORN LABELS quick)
prova_unit_test(NAME cpu_cpuid SOURCES test_cpu_cpuid.c LIBS prova_cpu PkgConfig::UNICORN LABELS quick)
prova_unit_test(NAME cpu_decode SOURCES test_cpu_decode.c LIBS prova_cpu PkgConfig::UNICORN PkgConfig::CAPSTONE LABELS quick)

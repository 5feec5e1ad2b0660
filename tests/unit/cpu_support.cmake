# SPDX-License-Identifier: GPL-2.0-or-later
prova_unit_test(NAME cpu_vmsa SOURCES test_cpu_vmsa.c LIBS prova_cpu LABELS quick)

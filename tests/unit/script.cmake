# SPDX-License-Identifier: GPL-2.0-or-later
prova_unit_test(NAME script SOURCES test_script.c LIBS prova_emu)

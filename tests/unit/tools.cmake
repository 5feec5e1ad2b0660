# SPDX-License-Identifier: GPL-2.0-or-later
prova_unit_test(NAME tools SOURCES test_tools.c "${PROJECT_SOURCE_DIR}/tools/flat_json.c"
    LIBS prova_emu)

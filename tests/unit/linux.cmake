# SPDX-License-Identifier: GPL-2.0-or-later
foreach(part linux linux_refuse)
    prova_unit_test(NAME ${part} SOURCES test_${part}.c linux_fixture.c emu_fixture.c
        LIBS prova_emu PkgConfig::ZSTD PkgConfig::LZMA PkgConfig::ZLIB PkgConfig::LZ4 LABELS quick)
endforeach()
prova_unit_test(NAME acpi SOURCES test_acpi.c LIBS prova_emu LABELS quick)

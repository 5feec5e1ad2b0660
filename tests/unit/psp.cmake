# SPDX-License-Identifier: GPL-2.0-or-later
foreach(part crypto measure cpuid gctx launch finish request message certs)
    prova_unit_test(NAME psp_${part} SOURCES test_psp_${part}.c psp_fixture.c
        LIBS prova_psp prova_rmp PkgConfig::GNUTLS LABELS quick)
endforeach()

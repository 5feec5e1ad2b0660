# SPDX-License-Identifier: GPL-2.0-or-later
# Registers, CPUID, decoding, exceptions, symbols: the parts of cpu/ that run without a machine.
prova_unit_test(NAME cpu_vmsa SOURCES test_cpu_vmsa.c
    LIBS prova_cpu PkgConfig::UNICORN LABELS quick)
prova_unit_test(NAME cpu_cpuid SOURCES test_cpu_cpuid.c LIBS prova_cpu LABELS quick)
foreach(name decode decode_modes)
    prova_unit_test(NAME cpu_${name} SOURCES test_cpu_${name}.c
        LIBS prova_cpu PkgConfig::UNICORN PkgConfig::CAPSTONE LABELS quick)
endforeach()
prova_unit_test(NAME cpu_symbols SOURCES test_cpu_symbols.c LIBS prova_cpu LABELS quick)
# With a memory of their own instead of cpu/mmu.c, so that each access can be made to fail.
foreach(name exception event)
    prova_unit_test(NAME cpu_${name}
        SOURCES test_cpu_${name}.c cpu_bench.c
            "${PROJECT_SOURCE_DIR}/cpu/exception.c" "${PROJECT_SOURCE_DIR}/cpu/idt.c"
            "${PROJECT_SOURCE_DIR}/cpu/ivt.c" "${PROJECT_SOURCE_DIR}/cpu/mode.c"
            "${PROJECT_SOURCE_DIR}/cpu/event.c" "${PROJECT_SOURCE_DIR}/cpu/hidden.c"
            "${PROJECT_SOURCE_DIR}/cpu/hidden_layout.c" "${PROJECT_SOURCE_DIR}/cpu/vmsa.c"
            "${PROJECT_SOURCE_DIR}/cpu/vmsa_check.c"
        LIBS prova_trace PkgConfig::UNICORN LABELS quick)
endforeach()
prova_unit_test(NAME cpu_support SOURCES test_cpu_support.c
    LIBS test_cpu_fixture PkgConfig::UNICORN LABELS quick)

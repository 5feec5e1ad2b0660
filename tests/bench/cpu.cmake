# SPDX-License-Identifier: GPL-2.0-or-later
# A vCPU against its own engine.
add_executable(bench_cpu bench_cpu.c bench_cpu_code.S)
target_link_libraries(bench_cpu PRIVATE test_cpu_fixture PkgConfig::UNICORN)

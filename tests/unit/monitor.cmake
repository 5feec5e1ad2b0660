# SPDX-License-Identifier: GPL-2.0-or-later
# The parts of the monitor that are pure, built for the host, and the images as files.
set(monitor "${PROJECT_SOURCE_DIR}/monitor")

prova_unit_test(NAME monitor_launch SOURCES test_monitor_launch.c ${monitor}/launch_check.c
    LABELS quick)
prova_unit_test(NAME monitor_pages
    SOURCES test_monitor_pages.c monitor_fixture.c ${monitor}/page_state.c ${monitor}/call.c
    LABELS quick)
prova_unit_test(NAME monitor_ghcb
    SOURCES test_monitor_ghcb.c ${monitor}/ghcb_page.c ${monitor}/psc_list.c ${monitor}/lib/uart.c
    LABELS quick)
prova_unit_test(NAME monitor_format SOURCES test_monitor_format.c ${monitor}/lib/format.c
    LABELS quick)
prova_unit_test(NAME monitor_message
    SOURCES test_monitor_message.c ${monitor}/psp_message.c ${monitor}/lib/wipe.c
    LIBS ${BEARSSL_LIBRARY} PkgConfig::NETTLE LABELS quick)
prova_unit_test(NAME monitor_vmsa
    SOURCES test_monitor_vmsa.c monitor_vmsa.c ${monitor}/guest_vmsa.c
            ${PROJECT_SOURCE_DIR}/cpu/vmsa_check.c
    LIBS prova_rmp LABELS quick)

get_property(monitor_images GLOBAL PROPERTY PROVA_MONITOR_VARIANTS)
foreach(image IN LISTS monitor_images)
    prova_command_test(NAME monitor.image-${image} LABELS unit
        COMMAND "${CMAKE_CURRENT_SOURCE_DIR}/check-monitor-image" $<TARGET_FILE:monitor-${image}>)
endforeach()

# The images as programs, on the emulated platform.
prova_unit_test(NAME monitor_run SOURCES test_monitor_run.c LIBS prova_emu)
add_dependencies(test_monitor_run monitor-default monitor-no-scrub monitor-verbose
    guest-hello guest-page-cycle guest-lock-kernel)
prova_unit_test(NAME monitor_vcpus SOURCES test_monitor_vcpus.c LIBS prova_emu)
add_dependencies(test_monitor_vcpus monitor-default guest-page-cycle guest-vcpus)
prova_unit_test(NAME monitor_windows SOURCES test_monitor_windows.c
    LIBS prova_emu prova_rules PkgConfig::CAPSTONE)
add_dependencies(test_monitor_windows monitor-default guest-exerciser guest-vcpus)
prova_unit_test(NAME monitor_stale SOURCES test_monitor_stale.c LIBS prova_emu)
add_dependencies(test_monitor_stale monitor-default guest-stale)

# SPDX-License-Identifier: GPL-2.0-or-later
foreach(part elf uart lapic ioapic rtc hv launch lies)
    prova_unit_test(NAME emu_${part} SOURCES test_emu_${part}.c emu_fixture.c
        LIBS prova_emu LABELS quick)
endforeach()

prova_unit_test(NAME emu_garbage SOURCES test_emu_garbage.c emu_fixture.c LIBS prova_emu
    DEFINITIONS "PROVA_MONITOR=\"${PROJECT_BINARY_DIR}/monitor/default.elf\""
                "PROVA_GUEST=\"${PROJECT_BINARY_DIR}/monitor/guest/page-cycle.elf\""
    LABELS quick TIMEOUT_S 300)
prova_campaign(NAME garbage
    COMMAND ${CMAKE_COMMAND} -E env PROVA_GARBAGE_ROUNDS=5000 $<TARGET_FILE:test_emu_garbage>
    DEPENDS test_emu_garbage)

prova_unit_test(NAME emu_sched SOURCES test_emu_sched.c LIBS prova_emu
    DEFINITIONS "PROVA_SMP_IMAGE=\"${PROJECT_BINARY_DIR}/tests/images/smp.elf\"" LABELS quick)
add_dependencies(test_emu_sched test-images)

prova_unit_test(NAME emu_event SOURCES test_emu_event.c LIBS prova_emu
    DEFINITIONS "PROVA_EVENTS_IMAGE=\"${PROJECT_BINARY_DIR}/tests/images/events.elf\""
                "PROVA_FIRMWARE_IMAGE=\"${PROJECT_BINARY_DIR}/tests/images/firmware.elf\""
                "PROVA_VMSAS_IMAGE=\"${PROJECT_BINARY_DIR}/tests/images/vmsas.elf\""
    LABELS quick)
add_dependencies(test_emu_event test-images)

prova_unit_test(NAME emu_devices SOURCES test_emu_devices.c LIBS prova_emu
    DEFINITIONS "PROVA_APIC_IMAGE=\"${PROJECT_BINARY_DIR}/tests/images/apic.elf\""
                "PROVA_DEVICES_IMAGE=\"${PROJECT_BINARY_DIR}/tests/images/devices.elf\""
    LABELS quick)
add_dependencies(test_emu_devices test-images)

prova_unit_test(NAME emu_secrets SOURCES test_emu_secrets.c LIBS prova_emu
    DEFINITIONS "PROVA_LEAK_IMAGE=\"${PROJECT_BINARY_DIR}/tests/images/leak.elf\"" LABELS quick)
add_dependencies(test_emu_secrets test-images)

prova_unit_test(NAME emu_observe SOURCES test_emu_observe.c LIBS prova_emu
    DEFINITIONS "PROVA_MONITOR=\"${PROJECT_BINARY_DIR}/monitor/default.elf\""
                "PROVA_ATTEST=\"${PROJECT_BINARY_DIR}/monitor/guest/attest.elf\""
    LABELS quick)
add_dependencies(test_emu_observe monitor-default guest-attest)

foreach(part snapshot snapshot_hostile)
    prova_unit_test(NAME emu_${part} SOURCES test_emu_${part}.c snapshot_twins.c LIBS prova_emu
        DEFINITIONS "PROVA_MONITOR=\"${PROJECT_BINARY_DIR}/monitor/default.elf\""
                    "PROVA_GUESTS=\"${PROJECT_BINARY_DIR}/monitor/guest\""
                    "PROVA_IMAGES=\"${PROJECT_BINARY_DIR}/tests/images\""
        LABELS quick TIMEOUT_S 600)
    add_dependencies(test_emu_${part} test-images monitor-default guest-exerciser guest-services
        guest-linuxlike guest-vcpus guest-fuzz guest-stale guest-hello guest-echo)
endforeach()

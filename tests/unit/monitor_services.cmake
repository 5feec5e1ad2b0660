# SPDX-License-Identifier: GPL-2.0-or-later
# The monitor's services on the emulated platform; the firmware channel under a lying hypervisor.
prova_unit_test(NAME monitor_services SOURCES test_monitor_services.c LIBS prova_emu prova_psp)
prova_unit_test(NAME monitor_channel SOURCES test_monitor_channel.c LIBS prova_emu prova_psp)
foreach(test monitor_services monitor_channel)
    add_dependencies(test_${test} monitor-default guest-services guest-services-breach-1
        guest-services-breach-2 guest-services-breach-3)
endforeach()

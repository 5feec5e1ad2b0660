/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses that the linker script (monitor.ld) gives. Virtual equals guest physical. */
#ifndef MONITOR_LAYOUT_H
#define MONITOR_LAYOUT_H

#include <stdint.h>

extern uint8_t layout_memory_start[], layout_memory_end[];
extern uint8_t layout_launch_page_tables[], layout_launch_info[], layout_launch_params[];
extern uint8_t layout_launch_secrets[], layout_launch_cpuid[];
extern uint8_t layout_text_start[], layout_text_end[];
extern uint8_t layout_rodata_start[], layout_rodata_end[];
extern uint8_t layout_data_start[], layout_data_end[];
extern uint8_t layout_heap_start[];
extern uint8_t boot_stack_guard[];

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An MC146818 clock and the CMOS RAM behind it, ports 0x70 and 0x71. It shows virtual time: a run
 * begins on RTC_START_SECONDS whatever the host's date is. Alarms and interrupts do not exist.
 */
#ifndef PROVA_EMU_RTC_H
#define PROVA_EMU_RTC_H

#include <stdbool.h>
#include <stdint.h>

enum { RTC_PORT_INDEX = 0x70, RTC_PORT_DATA = 0x71 };
enum { RTC_REGISTERS = 128, RTC_TIME_FIELDS = 8 };
#define RTC_START_SECONDS      INT64_C(1767225600) /* 2026-01-01 00:00:00 UTC */
#define RTC_CYCLES_PER_SECOND  UINT64_C(1000000000)

struct rtc {
    uint8_t index;
    uint8_t ram[RTC_REGISTERS];    /* alarms, registers A and B, RAM; not the time */
    int64_t offset_seconds;        /* of the time to the virtual time, by what was set */
    uint8_t field[RTC_TIME_FIELDS]; /* the time while register B's SET holds it, binary */
};

void rtc_init(struct rtc *rtc);
uint8_t rtc_read(const struct rtc *rtc, uint16_t port, uint64_t now_cycles);
void rtc_write(struct rtc *rtc, uint16_t port, uint8_t value, uint64_t now_cycles);

#endif

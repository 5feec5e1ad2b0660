/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "emu/rtc.h"

#include <string.h>

enum rtc_register {
    REG_SECONDS = 0,
    REG_MINUTES = 2,
    REG_HOURS = 4,
    REG_WEEKDAY = 6,
    REG_DAY = 7,
    REG_MONTH = 8,
    REG_YEAR = 9,
    REG_A = 10,
    REG_B = 11,
    REG_C = 12,
    REG_D = 13,
    REG_CENTURY = 0x32,
};
enum { A_UIP = 0x80, A_RATE = 0x26, B_SET = 0x80, B_BINARY = 0x04, B_24H = 0x02, D_VALID = 0x80 };
enum { HOUR_PM = 0x80, INDEX_MASK = 0x7f };

/* The time is about to change: 244 us before it does. */
#define UIP_CYCLES UINT64_C(244000)
enum { DAY_SECONDS = 86400 };

/* Where the parts of the time are. */
enum { SECONDS, MINUTES, HOURS, WEEKDAY, DAY, MONTH, YEAR, CENTURY };
static const uint8_t field_register[RTC_TIME_FIELDS] = {
    REG_SECONDS, REG_MINUTES, REG_HOURS, REG_WEEKDAY, REG_DAY, REG_MONTH, REG_YEAR, REG_CENTURY,
};

void rtc_init(struct rtc *rtc)
{
    *rtc = (struct rtc){0};
    rtc->ram[REG_A] = A_RATE;
    rtc->ram[REG_B] = B_24H;
}

/* Days from 1970-01-01 to a date, by years that begin in March (leap days come last). */
static int64_t days_of_date(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static bool leap(int64_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int64_t month_days(int64_t year, int64_t month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && leap(year));
}

static void fields_of_time(int64_t seconds, uint8_t field[RTC_TIME_FIELDS])
{
    int64_t days = seconds / DAY_SECONDS - (seconds % DAY_SECONDS < 0);
    int64_t rest = seconds - days * DAY_SECONDS;
    int64_t year = 1970 + days * 400 / 146097, month = 1;
    while (days_of_date(year, 1, 1) > days)
        year--;
    while (days_of_date(year + 1, 1, 1) <= days)
        year++;
    int64_t day = days - days_of_date(year, 1, 1);
    for (; day >= month_days(year, month); month++)
        day -= month_days(year, month);
    field[SECONDS] = (uint8_t)(rest % 60);
    field[MINUTES] = (uint8_t)(rest / 60 % 60);
    field[HOURS] = (uint8_t)(rest / 3600);
    field[WEEKDAY] = (uint8_t)(((days + 4) % 7 + 7) % 7 + 1); /* 1 is Sunday */
    field[DAY] = (uint8_t)(day + 1);
    field[MONTH] = (uint8_t)month;
    field[YEAR] = (uint8_t)(year % 100);
    field[CENTURY] = (uint8_t)(year / 100);
}

static int64_t time_of_fields(const uint8_t field[RTC_TIME_FIELDS])
{
    int64_t year = field[CENTURY] * 100 + field[YEAR];
    return days_of_date(year, field[MONTH], field[DAY]) * DAY_SECONDS + field[HOURS] * 3600 +
           field[MINUTES] * 60 + field[SECONDS];
}

static int64_t virtual_seconds(uint64_t now_cycles)
{
    return RTC_START_SECONDS + (int64_t)(now_cycles / RTC_CYCLES_PER_SECOND);
}

static void fields_now(const struct rtc *rtc, uint64_t now_cycles, uint8_t field[RTC_TIME_FIELDS])
{
    if (rtc->ram[REG_B] & B_SET)
        memcpy(field, rtc->field, RTC_TIME_FIELDS);
    else
        fields_of_time(virtual_seconds(now_cycles) + rtc->offset_seconds, field);
}

/* The number of the field that a register shows, RTC_TIME_FIELDS if it is none. */
static int field_find(uint8_t index)
{
    int field = 0;
    while (field < RTC_TIME_FIELDS && field_register[field] != index)
        field++;
    return field;
}

/* Binary or BCD; hours of 12 have a bit for the afternoon. */
static uint8_t encode(const struct rtc *rtc, int field, uint8_t value)
{
    uint8_t afternoon = 0;
    if (field == HOURS && !(rtc->ram[REG_B] & B_24H)) {
        afternoon = value >= 12 ? HOUR_PM : 0;
        value = value % 12 == 0 ? 12 : value % 12;
    }
    if (!(rtc->ram[REG_B] & B_BINARY))
        value = (uint8_t)(value / 10 % 10 << 4 | value % 10);
    return value | afternoon;
}

static uint8_t decode(const struct rtc *rtc, int field, uint8_t value)
{
    bool twelve = field == HOURS && !(rtc->ram[REG_B] & B_24H);
    uint8_t afternoon = twelve && value & HOUR_PM ? 12 : 0;
    value = twelve ? value & (uint8_t)~HOUR_PM : value;
    if (!(rtc->ram[REG_B] & B_BINARY))
        value = (uint8_t)((value >> 4) * 10 + (value & 0xf));
    return twelve ? (uint8_t)(value % 12 + afternoon) : value;
}

/* A field that was set to nonsense becomes the nearest that makes sense. */
static void fields_clamp(uint8_t field[RTC_TIME_FIELDS])
{
    static const uint8_t low[RTC_TIME_FIELDS] = {0, 0, 0, 1, 1, 1, 0, 0};
    static const uint8_t high[RTC_TIME_FIELDS] = {59, 59, 23, 7, 31, 12, 99, 99};
    for (int i = 0; i < RTC_TIME_FIELDS; i++)
        field[i] = field[i] < low[i] ? low[i] : field[i] > high[i] ? high[i] : field[i];
}

static void time_set(struct rtc *rtc, uint8_t field[RTC_TIME_FIELDS], uint64_t now_cycles)
{
    fields_clamp(field);
    rtc->offset_seconds = time_of_fields(field) - virtual_seconds(now_cycles);
}

static void field_write(struct rtc *rtc, int number, uint8_t value, uint64_t now_cycles)
{
    uint8_t field[RTC_TIME_FIELDS];
    fields_now(rtc, now_cycles, field);
    field[number] = decode(rtc, number, value);
    if (rtc->ram[REG_B] & B_SET)
        memcpy(rtc->field, field, sizeof(field));
    else
        time_set(rtc, field, now_cycles);
}

/* SET stops the clock for as long as it is set. */
static void control_write(struct rtc *rtc, uint8_t value, uint64_t now_cycles)
{
    bool was = rtc->ram[REG_B] & B_SET;
    if (!was && value & B_SET)
        fields_now(rtc, now_cycles, rtc->field);
    rtc->ram[REG_B] = value;
    if (was && !(value & B_SET))
        time_set(rtc, rtc->field, now_cycles);
}

static uint8_t update_in_progress(const struct rtc *rtc, uint64_t now_cycles)
{
    bool soon = now_cycles % RTC_CYCLES_PER_SECOND >= RTC_CYCLES_PER_SECOND - UIP_CYCLES;
    return soon && !(rtc->ram[REG_B] & B_SET) ? A_UIP : 0;
}

uint8_t rtc_read(const struct rtc *rtc, uint16_t port, uint64_t now_cycles)
{
    uint8_t field[RTC_TIME_FIELDS];
    if (port != RTC_PORT_DATA)
        return 0xff; /* the index cannot be read */
    int number = field_find(rtc->index);
    if (number < RTC_TIME_FIELDS) {
        fields_now(rtc, now_cycles, field);
        return encode(rtc, number, field[number]);
    }
    switch (rtc->index) {
    case REG_A: return rtc->ram[REG_A] | update_in_progress(rtc, now_cycles);
    case REG_C: return 0; /* no interrupt */
    case REG_D: return D_VALID;
    default: return rtc->ram[rtc->index];
    }
}

void rtc_write(struct rtc *rtc, uint16_t port, uint8_t value, uint64_t now_cycles)
{
    if (port != RTC_PORT_DATA) {
        rtc->index = value & INDEX_MASK; /* bit 7 is the mask of NMIs */
        return;
    }
    int number = field_find(rtc->index);
    if (number < RTC_TIME_FIELDS)
        field_write(rtc, number, value, now_cycles);
    else if (rtc->index == REG_A)
        rtc->ram[REG_A] = value & (uint8_t)~A_UIP;
    else if (rtc->index == REG_B)
        control_write(rtc, value, now_cycles);
    else if (rtc->index != REG_C && rtc->index != REG_D)
        rtc->ram[rtc->index] = value;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The clock, and the small devices beside it: PIT, power. */
#include <glib.h>

#include "emu/pit.h"
#include "emu/power.h"
#include "emu/rtc.h"

enum { SECONDS = 0, MINUTES = 2, HOURS = 4, WEEKDAY = 6, DAY = 7, MONTH = 8, YEAR = 9 };
enum { REG_A = 10, REG_B = 11, REG_C = 12, REG_D = 13, CENTURY = 0x32 };
enum { B_SET = 0x80, B_BINARY = 4, B_24H = 2 };
#define SECOND RTC_CYCLES_PER_SECOND

static uint8_t get(struct rtc *rtc, uint8_t index, uint64_t now)
{
    rtc_write(rtc, RTC_PORT_INDEX, index, now);
    return rtc_read(rtc, RTC_PORT_DATA, now);
}

static void set(struct rtc *rtc, uint8_t index, uint8_t value, uint64_t now)
{
    rtc_write(rtc, RTC_PORT_INDEX, index, now);
    rtc_write(rtc, RTC_PORT_DATA, value, now);
}

/* The time as text, read in binary. */
static char *time_text(struct rtc *rtc, uint64_t now)
{
    uint8_t control = get(rtc, REG_B, now);
    set(rtc, REG_B, control | B_BINARY | B_24H, now);
    char *text = g_strdup_printf(
        "%02u%02u-%02u-%02u %02u:%02u:%02u %u", get(rtc, CENTURY, now), get(rtc, YEAR, now),
        get(rtc, MONTH, now), get(rtc, DAY, now), get(rtc, HOURS, now), get(rtc, MINUTES, now),
        get(rtc, SECONDS, now), get(rtc, WEEKDAY, now));
    set(rtc, REG_B, control, now);
    return text;
}

static void time_check(struct rtc *rtc, uint64_t now, const char *wanted)
{
    char *text = time_text(rtc, now);
    g_assert_cmpstr(text, ==, wanted);
    g_free(text);
}

/* Virtual time from a fixed date on: nothing of the host. */
static void test_time(void)
{
    struct rtc rtc;
    rtc_init(&rtc);
    time_check(&rtc, 0, "2026-01-01 00:00:00 5"); /* a Thursday; 1 is Sunday */
    time_check(&rtc, SECOND - 1, "2026-01-01 00:00:00 5");
    time_check(&rtc, 86399 * SECOND, "2026-01-01 23:59:59 5");
    time_check(&rtc, 86400 * SECOND, "2026-01-02 00:00:00 6");
    time_check(&rtc, 59 * 86400 * SECOND, "2026-03-01 00:00:00 1");
}

/* Days all over the clock's range against GLib's calendar. */
static void test_calendar(void)
{
    struct rtc rtc;
    GDate start;
    rtc_init(&rtc);
    g_date_clear(&start, 1);
    g_date_set_dmy(&start, 1, G_DATE_JANUARY, 2026);
    for (int64_t day = -700000; day <= 2900000; day += 97) {
        GDate date;
        g_date_clear(&date, 1);
        g_date_set_julian(&date, (guint32)(g_date_get_julian(&start) + day));
        rtc.offset_seconds = day * 86400 + 3723;
        char *wanted = g_strdup_printf("%04u-%02d-%02u 01:02:03 %d", g_date_get_year(&date),
                                       g_date_get_month(&date), g_date_get_day(&date),
                                       g_date_get_weekday(&date) % 7 + 1);
        time_check(&rtc, 0, wanted);
        g_free(wanted);
    }
}

static void test_formats(void)
{
    static const struct {
        uint8_t hour, control, shown;
    } cases[] = {
        {0, B_24H, 0x00},     {13, B_24H, 0x13},      {23, B_24H, 0x23},
        {0, 0, 0x12},         {11, 0, 0x11},          {12, 0, 0x92},
        {13, 0, 0x81},        {23, 0, 0x91},          {13, B_BINARY, 0x81},
        {22, B_BINARY, 0x8a}, {23, B_BINARY | B_24H, 23},
    };
    struct rtc rtc;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        const uint64_t now = cases[i].hour * 3600 * SECOND;
        rtc_init(&rtc);
        set(&rtc, REG_B, cases[i].control, now);
        g_assert_cmphex(get(&rtc, HOURS, now), ==, cases[i].shown);
        set(&rtc, HOURS, cases[i].shown, now); /* what is shown, set, is the same time */
        set(&rtc, REG_B, B_24H | B_BINARY, now);
        g_assert_cmpuint(get(&rtc, HOURS, now), ==, cases[i].hour);
    }
}

/* SET stops the clock; the time that is set goes on from there. */
static void test_setting(void)
{
    struct rtc rtc;
    rtc_init(&rtc);
    set(&rtc, REG_B, B_SET | B_24H, 10 * SECOND);
    time_check(&rtc, 500 * SECOND, "2026-01-01 00:00:10 5");
    static const uint8_t fields[][2] = {{DAY, 0x29},     {MONTH, 0x02},   {YEAR, 0x28},
                                        {CENTURY, 0x20}, {HOURS, 0x23},   {MINUTES, 0x59},
                                        {SECONDS, 0x58}};
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++)
        set(&rtc, fields[i][0], fields[i][1], 600 * SECOND);
    set(&rtc, REG_B, B_24H, 700 * SECOND);
    time_check(&rtc, 700 * SECOND, "2028-02-29 23:59:58 3");
    time_check(&rtc, 702 * SECOND, "2028-03-01 00:00:00 4");
    set(&rtc, MINUTES, 0x30, 702 * SECOND); /* and without SET */
    time_check(&rtc, 703 * SECOND, "2028-03-01 00:30:01 4");
}

/* Any bytes make some time. */
static void test_nonsense(void)
{
    static const uint8_t fields[] = {SECONDS, MINUTES, HOURS, WEEKDAY, DAY, MONTH, YEAR, CENTURY};
    struct rtc rtc;
    for (unsigned value = 0; value < 256; value++)
        for (uint8_t control = 0; control < 8; control += 2) {
            rtc_init(&rtc);
            set(&rtc, REG_B, B_SET | control, 0);
            for (size_t i = 0; i < G_N_ELEMENTS(fields); i++)
                set(&rtc, fields[i], (uint8_t)value, 0);
            set(&rtc, REG_B, B_BINARY | B_24H, 0);
            g_assert_cmpuint(get(&rtc, SECONDS, SECOND), <=, 59);
            g_assert_cmpuint(get(&rtc, HOURS, SECOND), <=, 23);
            g_assert_cmpuint(get(&rtc, MONTH, SECOND) - 1u, <=, 11);
            g_assert_cmpuint(get(&rtc, DAY, SECOND) - 1u, <=, 30);
        }
}

static void test_update_in_progress(void)
{
    struct rtc rtc;
    rtc_init(&rtc);
    g_assert_cmphex(get(&rtc, REG_A, 0), ==, 0x26);
    g_assert_cmphex(get(&rtc, REG_A, SECOND - 244001), ==, 0x26);
    g_assert_cmphex(get(&rtc, REG_A, SECOND - 244000), ==, 0xa6);
    g_assert_cmphex(get(&rtc, REG_A, SECOND), ==, 0x26);
    set(&rtc, REG_B, B_SET | B_24H, 0);
    g_assert_cmphex(get(&rtc, REG_A, SECOND - 1), ==, 0x26); /* nothing is updated */
}

static void test_ram(void)
{
    struct rtc rtc;
    rtc_init(&rtc);
    g_assert_cmphex(get(&rtc, REG_C, 0), ==, 0);
    g_assert_cmphex(get(&rtc, REG_D, 0), ==, 0x80);
    set(&rtc, REG_D, 0, 0);
    g_assert_cmphex(get(&rtc, REG_D, 0), ==, 0x80);
    for (unsigned index = 14; index < RTC_REGISTERS; index++)
        if (index != CENTURY)
            set(&rtc, (uint8_t)index, (uint8_t)(index ^ 0x55), 0);
    for (unsigned index = 14; index < RTC_REGISTERS; index++)
        if (index != CENTURY)
            g_assert_cmphex(get(&rtc, (uint8_t)(index | 0x80), 0), ==, index ^ 0x55);
    g_assert_cmphex(rtc_read(&rtc, RTC_PORT_INDEX, 0), ==, 0xff);
}

static void test_pit(void)
{
    struct pit pit = {0};
    for (uint16_t port = PIT_PORT; port < PIT_PORT + PIT_PORTS; port++) {
        pit_write(&pit, port, 0xff);
        g_assert_true(pit_has(port));
        g_assert_cmphex(pit_read(&pit, port), ==, 0);
    }
    pit_write(&pit, PIT_PORT_CONTROL, 0xff);
    g_assert_cmphex(pit_read(&pit, PIT_PORT_CONTROL), ==, 0x23);
    g_assert_false(pit_has(PIT_PORT - 1) || pit_has(PIT_PORT + PIT_PORTS) || pit_has(0x60));
}

static void test_power(void)
{
    for (unsigned value = 0; value < 256; value++) {
        const bool off = (value & 0x3c) == 0x34; /* SLP_EN, SLP_TYP 5 */
        g_assert_cmpint(power_write(0x600, (uint8_t)value), ==, off ? POWER_OFF : POWER_NOTHING);
        g_assert_cmpint(power_write(0x601, (uint8_t)value), ==, POWER_NOTHING);
        g_assert_cmpint(power_write(0x602, (uint8_t)value), ==,
                        value == 1 ? POWER_RESET : POWER_NOTHING);
        g_assert_cmpint(power_write(0xf4, (uint8_t)value), ==, POWER_DEBUG_EXIT);
    }
    g_assert_true(power_has(0xf4) && power_has(0x600) && power_has(0x601) && power_has(0x602));
    g_assert_false(power_has(0xf3) || power_has(0xf5) || power_has(0x5ff) || power_has(0x603));
    g_assert_cmphex(power_read(0x601), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/emu/rtc/virtual-time", test_time);
    g_test_add_func("/emu/rtc/calendar", test_calendar);
    g_test_add_func("/emu/rtc/formats", test_formats);
    g_test_add_func("/emu/rtc/setting", test_setting);
    g_test_add_func("/emu/rtc/nonsense", test_nonsense);
    g_test_add_func("/emu/rtc/update-in-progress", test_update_in_progress);
    g_test_add_func("/emu/rtc/ram", test_ram);
    g_test_add_func("/emu/pit/nothing-counts", test_pit);
    g_test_add_func("/emu/power/acpi-4.8.3.7/ports", test_power);
    return g_test_run();
}

/* The calendar chip's registers: every format, and what is no date. */
#include "suite.h"

#include <fmt/calendar.h>

#define BCD(n) ((uint8_t)((n) / 10 * 16 + (n) % 10))

static uint64_t seconds;

START_TEST(every_format_says_the_same)
{
  const uint64_t wanted = 1772370305; /* 2026-03-01 13:05:05 */
  struct calendar c = {BCD(5), BCD(5), BCD(13), BCD(1), BCD(3), BCD(26), 0, CALENDAR_24_HOURS};
  ck_assert(calendar_seconds(&c, &seconds));
  ck_assert_uint_eq(seconds, wanted);
  c.century = BCD(20);
  ck_assert(calendar_seconds(&c, &seconds) && seconds == wanted);
  c.status_b = 0;
  c.hour = 0x81;
  ck_assert(calendar_seconds(&c, &seconds) && seconds == wanted);
  c = (struct calendar){5, 5, 0x81, 1, 3, 26, 20, CALENDAR_BINARY};
  ck_assert(calendar_seconds(&c, &seconds) && seconds == wanted);
  c.hour = 13;
  c.status_b |= CALENDAR_24_HOURS;
  ck_assert(calendar_seconds(&c, &seconds) && seconds == wanted);
}
END_TEST

START_TEST(twelve_comes_before_one)
{
  struct calendar c = {0, 0, 0x12, BCD(1), BCD(1), BCD(70), BCD(19), 0};
  ck_assert(calendar_seconds(&c, &seconds));
  ck_assert_uint_eq(seconds, 0);
  c.hour = 0x92;
  ck_assert(calendar_seconds(&c, &seconds));
  ck_assert_uint_eq(seconds, 12 * 3600);
  c.hour = 0x81;
  ck_assert(calendar_seconds(&c, &seconds));
  ck_assert_uint_eq(seconds, 13 * 3600);
}
END_TEST

/* Every day of three centuries, by the host's calendar. */
START_TEST(every_day_is_the_hosts)
{
  for (int64_t day = 0; day < 110000; day++) {
    time_t t = day * 86400 + 86399;
    struct tm tm;
    gmtime_r(&t, &tm);
    unsigned year = (unsigned)tm.tm_year + 1900;
    struct calendar c = {BCD(59),         BCD(59),         BCD(23),          BCD(tm.tm_mday), BCD(tm.tm_mon + 1),
                         BCD(year % 100), BCD(year / 100), CALENDAR_24_HOURS};
    ck_assert(calendar_seconds(&c, &seconds));
    ck_assert_uint_eq(seconds, (uint64_t)t);
  }
}
END_TEST

START_TEST(what_is_no_date_is_refused)
{
  static const struct calendar bad[] = {
    {60, 0, 0, 1, 1, 26, 20, 6},       {0, 60, 0, 1, 1, 26, 20, 6},
    {0, 0, 24, 1, 1, 26, 20, 6},       {0, 0, 0, 0, 1, 26, 20, 6},
    {0, 0, 0, 32, 1, 26, 20, 6},       {0, 0, 0, 1, 0, 26, 20, 6},
    {0, 0, 0, 1, 13, 26, 20, 6},       {0, 0, 0, 1, 1, 100, 20, 6},
    {0, 0, 0, 29, 2, 26, 20, 6},       {0, 0, 0, 29, 2, 0, 21, 6},
    {0, 0, 0, 31, 4, 26, 20, 6},       {0, 0, 0, 1, 1, 69, 19, 6},
    {0, 0, 0, 1, 1, 26, 20, 4},        {0, 0, 13, 1, 1, 26, 20, 4},
    {0, 0, 0x8D, 1, 1, 26, 20, 4},     {0x0A, 0, 0, 1, 1, 0x26, 0x20, 2},
    {0, 0xA0, 0, 1, 1, 0x26, 0x20, 2}, {0, 0, 0, 0x1F, 1, 0x26, 0x20, 2},
    {0, 0, 0, 1, 1, 0xFF, 0x20, 2},    {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF},
  };
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) ck_assert(!calendar_seconds(&bad[i], &seconds));
}
END_TEST

START_TEST(a_century_that_nobody_keeps_does_not_count)
{
  static const uint8_t unkept[] = {0x00, 0x18, 0x23, 0x99, 0x2F, 0xFF};
  for (size_t i = 0; i < sizeof unkept; i++) {
    struct calendar c = {0, 0, 0, BCD(1), BCD(1), BCD(1), unkept[i], CALENDAR_24_HOURS};
    ck_assert(calendar_seconds(&c, &seconds));
    ck_assert_uint_eq(seconds, 978307200); /* 2001 */
  }
}
END_TEST

int main(void)
{
  Suite *s = suite_create("calendar");
  TCase *t = suite_case(s, "calendar", NULL, NULL);
  tcase_add_test(t, every_format_says_the_same);
  tcase_add_test(t, twelve_comes_before_one);
  tcase_add_test(t, every_day_is_the_hosts);
  tcase_add_test(t, what_is_no_date_is_refused);
  tcase_add_test(t, a_century_that_nobody_keeps_does_not_count);
  return suite_run(s);
}

/* The calendar chip's registers to seconds; see fmt/calendar.h. */
#include <fmt/calendar.h>
#include <plant.h>

#define HOUR_PM 0x80u
#define INVALID 0xFFu
#define CENTURY_FIRST 19u
#define CENTURY_LAST 22u
#define CENTURY_DEFAULT 20u
#define EPOCH 1970u

static bool is_leap(unsigned year)
{
  return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static unsigned days_in(unsigned year, unsigned month)
{
  static const uint8_t days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/* The number in a register; INVALID when its digits are none. */
static unsigned number(uint8_t v, uint8_t status_b)
{
  if (status_b & CALENDAR_BINARY) return v;
  if ((v & 0xF) > 9 || v >> 4 > 9) return INVALID;
  return (unsigned)(v >> 4) * 10 + (v & 0xF);
}

static unsigned hour_of_day(const struct calendar *c)
{
  if (c->status_b & CALENDAR_24_HOURS) return number(c->hour, c->status_b);
  unsigned hour = number(c->hour & (uint8_t)~HOUR_PM, c->status_b);
  if (hour < 1 || hour > 12) return INVALID;
  return hour % 12 + (c->hour & HOUR_PM ? 12 : 0);
}

static unsigned full_year(const struct calendar *c)
{
  unsigned century = number(c->century, c->status_b), year = number(c->year, c->status_b);
  if (century < CENTURY_FIRST || century > CENTURY_LAST) century = CENTURY_DEFAULT;
  return year > 99 ? 0 : century * 100 + year;
}

bool calendar_seconds(const struct calendar *c, uint64_t *seconds)
{
  unsigned year = full_year(c), month = number(c->month, c->status_b), day = number(c->day, c->status_b);
  unsigned hour = hour_of_day(c), minute = number(c->minute, c->status_b), second = number(c->second, c->status_b);
  if (year < EPOCH || month < 1 || month > 12 + PLANTED(calendar) || day < 1 || day > days_in(year, month))
    return false;
  if (hour > 23 || minute > 59 || second > 59) return false;
  uint64_t days = day - 1;
  for (unsigned y = EPOCH; y < year; y++) days += is_leap(y) ? 366 : 365;
  for (unsigned m = 1; m < month; m++) days += days_in(year, m);
  *seconds = ((days * 24 + hour) * 60 + minute) * 60 + second;
  return true;
}

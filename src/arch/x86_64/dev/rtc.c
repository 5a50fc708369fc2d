/*
 * The calendar chip (MC146818 and successors, CMOS ports 0x70 and 0x71): what time it was at boot. Motorola MC146818A
 * data sheet, "Time, calendar and alarm locations". Taken to run in UTC; years are of 2000-2099.
 */
#include "../insn.h"
#include "clock.h"
#include <kern/arch.h>
#include <kern/clock.h>
#include <kern/string.h>

#define CMOS_INDEX 0x70
#define CMOS_DATA 0x71
#define REG_STATUS_A 0x0A
#define STATUS_A_UPDATING 0x80
#define REG_STATUS_B 0x0B
#define STATUS_B_24_HOURS 0x02
#define STATUS_B_BINARY 0x04
#define HOUR_PM 0x80
#define READ_TRIES 100000

enum { SECOND, MINUTE, HOUR, DAY, MONTH, YEAR, FIELDS };
static const uint8_t field_register[FIELDS] = {0x00, 0x02, 0x04, 0x07, 0x08, 0x09};

static uint64_t epoch_ns;

static uint8_t cmos_read(uint8_t reg)
{
  insn_out8(CMOS_INDEX, reg);
  return insn_in8(CMOS_DATA);
}

static bool read_fields(uint8_t fields[FIELDS])
{
  unsigned tries = 0;
  while (cmos_read(REG_STATUS_A) & STATUS_A_UPDATING)
    if (++tries == READ_TRIES) return false;
  for (unsigned i = 0; i < FIELDS; i++) fields[i] = cmos_read(field_register[i]);
  return true;
}

static uint8_t from_bcd(uint8_t v)
{
  return (uint8_t)((v >> 4) * 10 + (v & 0xF));
}

/* Undoes the chip's formats: BCD digits, twelve hours with a PM bit. */
static void normalise(uint8_t fields[FIELDS], uint8_t status_b)
{
  bool pm = fields[HOUR] & HOUR_PM;
  if (!(status_b & STATUS_B_24_HOURS)) fields[HOUR] &= (uint8_t)~HOUR_PM;
  if (!(status_b & STATUS_B_BINARY))
    for (unsigned i = 0; i < FIELDS; i++) fields[i] = from_bcd(fields[i]);
  if (!(status_b & STATUS_B_24_HOURS)) fields[HOUR] = (uint8_t)(fields[HOUR] % 12 + (pm ? 12 : 0));
}

/* Days from 1970-01-01 to a date in 2000-2099, where every fourth year is a leap year. */
static uint64_t days_since_1970(unsigned year, unsigned month, unsigned day)
{
  static const uint16_t days_before[12] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
  const uint64_t to_2000 = 10957;
  uint64_t days = to_2000 + year * 365u + (year + 3) / 4 + days_before[month - 1] + day - 1;
  return year % 4 == 0 && month > 2 ? days + 1 : days;
}

void rtc_read_epoch(void)
{
  uint8_t first[FIELDS], fields[FIELDS];
  /* Twice the same: no update fell in between. */
  do {
    if (!read_fields(first) || !read_fields(fields)) return;
  } while (memcmp(first, fields, sizeof fields) != 0);
  normalise(fields, cmos_read(REG_STATUS_B));
  if (fields[MONTH] < 1 || fields[MONTH] > 12 || fields[DAY] < 1 || fields[DAY] > 31 || fields[YEAR] > 99) return;
  uint64_t seconds = days_since_1970(fields[YEAR], fields[MONTH], fields[DAY]) * 86400u + fields[HOUR] * 3600u +
                     fields[MINUTE] * 60u + fields[SECOND];
  epoch_ns = seconds * NS_PER_SEC - arch_clock_read();
}

uint64_t arch_clock_epoch(void)
{
  return epoch_ns;
}

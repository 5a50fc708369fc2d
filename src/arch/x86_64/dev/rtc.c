/*
 * The calendar chip (MC146818 and successors, CMOS ports 0x70 and 0x71): what time it was at boot. Motorola MC146818A
 * data sheet, "Update cycle". Taken to run in UTC. Where the firmware says there is a century register (FADT), it counts.
 */
#include "../insn.h"
#include "acpi.h"
#include "clock.h"
#include <fmt/calendar.h>
#include <kern/arch.h>
#include <kern/log.h>
#include <kern/string.h>

#define CMOS_INDEX 0x70
#define CMOS_DATA 0x71
#define CMOS_SIZE 128u
#define REG_STATUS_A 0x0A
#define STATUS_A_UPDATING 0x80
#define REG_STATUS_B 0x0B
#define UPDATE_TRIES 100000
#define READ_TRIES 8 /* an update a second: two readings in a row differ once at most */

static uint64_t epoch_ns;

static uint8_t cmos_read(uint8_t reg)
{
  insn_out8(CMOS_INDEX, reg);
  return insn_in8(CMOS_DATA);
}

static bool read_once(struct calendar *c)
{
  unsigned tries = 0;
  while (cmos_read(REG_STATUS_A) & STATUS_A_UPDATING)
    if (++tries == UPDATE_TRIES) return false;
  *c = (struct calendar){.second = cmos_read(0x00),
                         .minute = cmos_read(0x02),
                         .hour = cmos_read(0x04),
                         .day = cmos_read(0x07),
                         .month = cmos_read(0x08),
                         .year = cmos_read(0x09),
                         .status_b = cmos_read(REG_STATUS_B)};
  if (acpi.fadt.century && acpi.fadt.century < CMOS_SIZE) c->century = cmos_read(acpi.fadt.century);
  return true;
}

/* Twice the same: no update fell in between. */
static bool read_calendar(struct calendar *c)
{
  struct calendar before;
  if (acpi.fadt.boot_flags & ACPI_BOOT_NO_RTC || !read_once(&before)) return false;
  for (unsigned i = 0; i < READ_TRIES; i++) {
    if (!read_once(c)) return false;
    if (memcmp(&before, c, sizeof before) == 0) return true;
    before = *c;
  }
  return false;
}

void rtc_read_epoch(void)
{
  struct calendar c;
  uint64_t seconds;
  if (!read_calendar(&c) || !calendar_seconds(&c, &seconds)) {
    log_warn("rtc: the calendar chip knows no date");
    return;
  }
  epoch_ns = seconds * NS_PER_SEC - arch_clock_read();
  log_debug("rtc: %llu seconds since 1970", (unsigned long long)seconds);
}

uint64_t arch_clock_epoch(void)
{
  return epoch_ns;
}

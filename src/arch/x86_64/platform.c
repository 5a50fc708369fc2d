/* The PC around the processor, in the order its parts need each other. */
#include "cpu.h"
#include "dev/acpi.h"
#include "dev/clock.h"
#include "dev/devices.h"
#include "dev/interrupts.h"
#include "dev/timer.h"
#include <kern/arch.h>
#include <kern/bootinfo.h>
#include <kern/console.h>
#include <kern/log.h>

void arch_platform_init(const struct bootinfo *bi)
{
  const char *reference;
  acpi_start();
  interrupts_init(bi->cmdline);
  uint64_t tsc_hz = clock_calibrate(&reference);
  rtc_read_epoch();
  const char *timer = timer_start();
  log_info("x86_64: %s, loaded by %s", cpu_features.vendor, bi->loader);
  log_info("x86_64: on: %s", cpu_protections());
  log_info("x86_64: interrupts by %s, timer %s, TSC %u MHz by %s", interrupts_name(), timer,
           (unsigned)(tsc_hz / 1000000), reference);
}

void arch_console_init(const struct bootinfo *bi)
{
  if (!framebuffer_init(bi)) (void)vga_init();
  (void)keyboard_init();
}

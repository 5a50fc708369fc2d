/* The PC around the processor, in the order its parts need each other. */
#include "cpu.h"
#include "dev/acpi.h"
#include "dev/clock.h"
#include "dev/devices.h"
#include "dev/pic.h"
#include "dev/timer.h"
#include <kern/arch.h>
#include <kern/bootinfo.h>
#include <kern/log.h>

void arch_platform_init(const struct bootinfo *bi)
{
  acpi_start();
  pic_init();
  uint64_t tsc_hz = clock_calibrate();
  rtc_read_epoch();
  timer_start();
  log_info("x86_64: %s, TSC %u MHz, loaded by %s", cpu_features.vendor, (unsigned)(tsc_hz / 1000000), bi->loader);
  log_info("x86_64: on: %s", cpu_protections());
}

void arch_console_init(const struct bootinfo *bi)
{
  if (!framebuffer_init(bi)) (void)vga_init();
  (void)keyboard_init();
}

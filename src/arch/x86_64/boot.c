/* The C entry of every boot path: turns what the loader said into struct bootinfo and starts the kernel. */
#include "cpu.h"
#include "dev/acpi.h"
#include "dev/early_serial.h"
#include "layout.h"
#include <fmt/handoff.h>
#include <fmt/multiboot2.h>
#include <fmt/pvh.h>
#include <kern/bootinfo.h>

/* Called by boot/long_mode.asm on the boot stack, interrupts disabled, with the boot page tables. */
NORETURN void x86_boot_main(uint32_t protocol, paddr_t info);

static struct bootinfo boot_info;

static NORETURN void refuse(const char *why)
{
  early_serial_puts("veridian: ");
  early_serial_puts(why);
  early_serial_puts("\n");
  arch_halt(1);
}

static int decode(uint32_t protocol, const struct phys_view *view, paddr_t info)
{
  switch (protocol) {
  case LAYOUT_PROTOCOL_MULTIBOOT2: return multiboot2_decode(view, info, &boot_info);
  case LAYOUT_PROTOCOL_PVH: return pvh_decode(view, info, &boot_info);
  case LAYOUT_PROTOCOL_VBI: return handoff_decode(view, info, &boot_info);
  default: return -EINVAL;
  }
}

/* Itself without a stack guard, which is read through GS. */
__attribute__((no_stack_protector)) NORETURN void x86_boot_main(uint32_t protocol, paddr_t info)
{
  cpu_claim_gs();
  const struct phys_view view = {.bytes = (const uint8_t *)LAYOUT_DIRECT_MAP_BASE, .size = LAYOUT_BOOT_MAPPED};
  early_serial_init();
  int err = decode(protocol, &view, info);
  if (err == -ENOSPC) refuse("the boot loader's memory map is too long");
  if (err == -EFAULT) refuse("the boot loader's information lies out of reach");
  if (err) refuse("the boot loader's information is malformed");
  err =
    bootinfo_add_region(&boot_info, LAYOUT_KERNEL_LMA, (uintptr_t)_kernel_end - (uintptr_t)_kernel_start, MEM_KERNEL);
  if (err) refuse("the boot loader's memory map is too long");
  acpi_read(&view, boot_info.rsdp);
  kern_main(&boot_info);
}

/* QEMU's debug console: every byte written to port 0xE9 appears on the host. It is there when the port reads as 0xE9. */
#include <kern/arch.h>
#include <kern/console.h>

#define DEBUGCON_PORT 0xE9u
#define DEBUGCON_PRESENT 0xE9u

static void debugcon_write(const char *text, size_t len)
{
  for (size_t i = 0; i < len; i++) arch_io_write(IO_PORT, DEBUGCON_PORT, 1, (uint8_t)text[i]);
}

static struct console_output debugcon_output = {.name = "debugcon", .write = debugcon_write};

bool debugcon_init(void)
{
  if ((arch_io_read(IO_PORT, DEBUGCON_PORT, 1) & 0xFF) != DEBUGCON_PRESENT) return false;
  console_add_output(&debugcon_output);
  return true;
}

/* QEMU's debug console: every byte written to port 0xE9 goes to a file. There only when a file was named. */
#include "../machine.h"

static int fd = -1;

bool debugcon_present(void)
{
  return fd >= 0;
}

void debugcon_open(const char *path)
{
  char error[256];
  fd = host_file_create(path, error, sizeof error);
  if (fd < 0) host_fatal(HOST_EXIT_USAGE, "debug console: %s", error);
}

void debugcon_write(uint8_t byte)
{
  host_file_write(fd, &byte, 1, "debug console");
}

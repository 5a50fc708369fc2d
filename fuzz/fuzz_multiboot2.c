/* The Multiboot2 decoder: the input is memory from 0x8000 on, which the boot information begins. See boot.h for what must hold. */
#include "boot.h"

#include <fmt/multiboot2.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  boot_decode(multiboot2_decode, 0x8000, data, size);
  return 0;
}

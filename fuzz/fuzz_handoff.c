/* The VBI1 decoder: the input is memory from 0x10000 on, which the boot information begins. See boot.h for what must hold. */
#include "boot.h"

#include <fmt/handoff.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  boot_decode(handoff_decode, 0x10000, data, size);
  return 0;
}

/* The PVH decoder: the input is memory from 0x1000 on, which the boot information begins. See boot.h for what must hold. */
#include "boot.h"

#include <fmt/pvh.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  boot_decode(pvh_decode, 0x1000, data, size);
  return 0;
}

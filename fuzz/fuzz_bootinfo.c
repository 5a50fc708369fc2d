/* Memory maps as no firmware should report them: the input fills struct bootinfo, which is then put in order. */
#include "boot.h"

#include <kern/string.h>

#define REGION_BYTES 17u /* base, length, kind */

static uint64_t load64(const uint8_t *p)
{
  uint64_t value;
  memcpy(&value, p, sizeof value);
  return value;
}

/* Regions without the checks of bootinfo_add_region; the last bytes are the rest of the structure. */
static void fill(struct bootinfo *bi, const uint8_t *data, size_t size)
{
  memset(bi, 0, sizeof *bi);
  for (; size >= REGION_BYTES && bi->nregions < BOOTINFO_MAX_REGIONS; data += REGION_BYTES, size -= REGION_BYTES)
    bi->regions[bi->nregions++] =
      (struct mem_region){.base = load64(data), .length = load64(data + 8), .kind = data[16]};
  if (size >= 8) bi->initrd = load64(data);
  if (size >= 16) bi->initrd_size = load64(data + 8);
  memset(bi->cmdline, 'x', size >= 16 ? sizeof bi->cmdline : 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static struct bootinfo bi;
  fill(&bi, data, size);
  boot_sanitize(&bi);
  return 0;
}

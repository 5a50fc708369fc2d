/* Memory maps as no firmware should report them: the input fills struct bootinfo, which is then put in order; and once more, by
 * bootinfo_add_region. */
#include "boot.h"

#include <kern/string.h>

#define REGION_BYTES 17u /* base, length, kind */

static uint64_t load64(const uint8_t *p)
{
  uint64_t value;
  memcpy(&value, p, sizeof value);
  return value;
}

static struct mem_region region_at(const uint8_t *p)
{
  return (struct mem_region){.base = load64(p), .length = load64(p + 8), .kind = p[16]};
}

/* What is left over behind the regions is the rest of the structure; one byte alone says that a region too many is claimed. */
static void fill_rest(struct bootinfo *bi, const uint8_t *data, size_t size)
{
  if (size >= 8) bi->initrd = load64(data);
  if (size >= 16) bi->initrd_size = load64(data + 8);
  bi->framebuffer.format = size % 4;
  memset(bi->cmdline, 'x', size >= 16 ? sizeof bi->cmdline : 0);
  if (size == 1) bi->nregions = BOOTINFO_MAX_REGIONS + 1;
}

/* Regions without the checks of bootinfo_add_region. */
static void fill(struct bootinfo *bi, const uint8_t *data, size_t size)
{
  memset(bi, 0, sizeof *bi);
  for (; size >= REGION_BYTES && bi->nregions < BOOTINFO_MAX_REGIONS; data += REGION_BYTES, size -= REGION_BYTES) {
    bi->regions[bi->nregions++] = region_at(data);
    REQUIRE(mem_kind_name(data[16]));
  }
  fill_rest(bi, data, size);
}

/* What is taken lies inside the 52 bits of an address, and is in the table; what is refused changes nothing. */
static void add_regions(struct bootinfo *bi, const uint8_t *data, size_t size)
{
  memset(bi, 0, sizeof *bi);
  for (; size >= REGION_BYTES; data += REGION_BYTES, size -= REGION_BYTES) {
    struct mem_region r = region_at(data);
    uint32_t before = bi->nregions;
    int err = bootinfo_add_region(bi, r.base, r.length, r.kind);
    bool taken = !err && r.length > 0;
    REQUIRE(!taken || (r.base <= PADDR_MASK && r.length <= PADDR_MASK + 1 - r.base));
    REQUIRE(err != -ENOSPC || before == BOOTINFO_MAX_REGIONS);
    REQUIRE(bi->nregions == before + taken && bi->nregions <= BOOTINFO_MAX_REGIONS);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static struct bootinfo bi;
  fill(&bi, data, size);
  boot_sanitize(&bi);
  add_regions(&bi, data, size);
  return 0;
}

/*
 * How the page allocator starts: descriptors for every frame, two zones, what the boot allocator left.
 *
 * Where the zones meet: the kernel zone begins at 1 MiB and ends at max(16 MiB, usable RAM / 8), but never holds more than
 * half of the frames that are free when the allocator starts, so that programs find memory on a small machine, too: from
 * about 32 MiB down both zones are equal. Everything above is the user zone. Neither takes from the other.
 */
#include "bootmem.h"
#include "pmm_ops.h"

#include <kern/arch.h>
#include <kern/junk.h>
#include <kern/log.h>
#include <kern/string.h>

#define ZONES_BASE MIB(1)
#define KERNEL_ZONE_LEAST MIB(16)
#define ZONE_FRAMES_LEAST 256u /* 1 MiB in each zone: below, not even init starts */

struct zone pmm_zones[PMM_ZONES];

/* The algorithm "pmm=NAME" asks for. PMM_DEFAULT_OPS: configure --with-page-allocator. */
static const struct pmm_ops *choose_ops(const struct bootinfo *bi)
{
  static const struct pmm_ops *const all[] = {&pmm_buddy_ops, &pmm_bitmap_ops, &pmm_array_ops};
  char name[16];
  if (!cmdline_get(bi->cmdline, "pmm", name, sizeof name)) return &PMM_DEFAULT_OPS;
  for (size_t i = 0; i < ARRAY_SIZE(all); i++)
    if (strcmp(all[i]->name, name) == 0) return all[i];
  log_warn("pmm=%s: not buddy, bitmap or array; %s it is", name, PMM_DEFAULT_OPS.name);
  return &PMM_DEFAULT_OPS;
}

/* Free frames below an address. */
static uint64_t free_frames(paddr_t limit)
{
  uint64_t frames = 0;
  paddr_t base, end;
  for (unsigned cursor = 0; bootmem_next_free(&cursor, &base, &end);)
    if (base < limit) frames += (MIN(end, limit) - base) / PAGE_SIZE;
  return frames;
}

/* The address below which `count` free frames are. */
static paddr_t free_frames_end(uint64_t count)
{
  paddr_t base, end;
  for (unsigned cursor = 0; bootmem_next_free(&cursor, &base, &end);) {
    uint64_t frames = (end - base) / PAGE_SIZE;
    if (count <= frames) return base + count * PAGE_SIZE;
    count -= frames;
  }
  return ZONES_BASE;
}

/* Memory ends at `end`, for the allocator. */
static paddr_t zone_boundary(paddr_t end)
{
  paddr_t wanted = MAX(KERNEL_ZONE_LEAST, ALIGN_DOWN(pmm_usable_bytes() / 8, (uint64_t)PAGE_SIZE));
  return MIN(wanted, free_frames_end(free_frames(end) / 2));
}

/* Descriptors for every frame from 1 MiB to the end of the last free range for which there is room: a range so far away
 * that describing the way to it would not fit is left unused. Answers the end; 0 when there is no memory at all. */
static paddr_t descriptors_alloc(struct page **pages)
{
  paddr_t base, end, limit = PADDR_MASK + 1;
  for (;;) {
    paddr_t top = 0;
    for (unsigned cursor = 0; bootmem_next_free(&cursor, &base, &end);)
      if (end <= limit) top = end;
    if (top <= ZONES_BASE) return 0;
    uint64_t frames = (top - ZONES_BASE) / PAGE_SIZE;
    paddr_t at = frames < FRAME_NONE ? bootmem_alloc_pages((frames * sizeof(struct page) + PAGE_MASK) / PAGE_SIZE) : 0;
    if (at) {
      *pages = phys_to_virt(at);
      return top;
    }
    log_warn("pmm: memory below 0x%llx is too far away to be used", (unsigned long long)top);
    limit = top - 1;
  }
}

static int zone_init(struct zone *z, const struct pmm_ops *ops, paddr_t base, paddr_t end, struct page *pages)
{
  *z = (struct zone){.ops = ops, .base = base, .frames = (uint32_t)((end - base) / PAGE_SIZE), .pages = pages};
  spin_init(&z->lock, z == &pmm_zones[PMM_KERNEL] ? "kernel zone" : "user zone");
  size_t bytes = z->ops->state_size(z->frames);
  paddr_t state = bootmem_alloc_pages((bytes + PAGE_MASK) / PAGE_SIZE);
  if (!state) return -ENOMEM;
  z->state = phys_to_virt(state);
  z->ops->init(z);
  return 0;
}

/* Adds the whole frames of [base, end) that lie in the zone; answers how many. The lock is held, or nobody else is there. */
static uint32_t zone_add(struct zone *z, paddr_t base, paddr_t end)
{
  base = MAX(ALIGN_UP(base, (paddr_t)PAGE_SIZE), z->base);
  end = MIN(ALIGN_DOWN(end, (paddr_t)PAGE_SIZE), z->base + (paddr_t)z->frames * PAGE_SIZE);
  if (base >= end) return 0;
  uint32_t count = (uint32_t)((end - base) / PAGE_SIZE);
  z->ops->add(z, (uint32_t)((base - z->base) / PAGE_SIZE), count);
  z->total += count;
  z->free += count;
  return count;
}

static void zone_fill(struct zone *z)
{
  paddr_t base, end;
  for (unsigned cursor = 0; bootmem_next_free(&cursor, &base, &end);) (void)zone_add(z, base, end);
}

int pmm_init(const struct bootinfo *bi)
{
  char value[2];
  struct page *pages;
  pmm_debug_fill = cmdline_get(bi->cmdline, "memdebug", value, sizeof value);
  paddr_t end = descriptors_alloc(&pages);
  if (!end) return -ENOMEM;
  const struct pmm_ops *ops = choose_ops(bi);
  paddr_t boundary = zone_boundary(end);
  int err = zone_init(&pmm_zones[PMM_KERNEL], ops, ZONES_BASE, boundary, pages);
  if (err == 0) err = zone_init(&pmm_zones[PMM_USER], ops, boundary, end, pages + (boundary - ZONES_BASE) / PAGE_SIZE);
  bootmem_close();
  if (err != 0) return err;
  for (unsigned i = 0; i < PMM_ZONES; i++) zone_fill(&pmm_zones[i]);
  log_info("pmm: %s allocator, kernel zone below 0x%llx: %u pages free, user zone: %u", pmm_zones[0].ops->name,
           (unsigned long long)boundary, pmm_zones[PMM_KERNEL].free, pmm_zones[PMM_USER].free);
  return pmm_zones[PMM_KERNEL].free < ZONE_FRAMES_LEAST || pmm_zones[PMM_USER].free < ZONE_FRAMES_LEAST ? -ENOMEM : 0;
}

uint64_t pmm_reclaim_boot(const struct bootinfo *bi)
{
  uint64_t pages = 0;
  for (unsigned i = 0; i < bi->nregions; i++) {
    const struct mem_region *r = &bi->regions[i];
    if (r->kind != MEM_BOOT_RECLAIMABLE) continue;
    for (unsigned n = 0; n < PMM_ZONES; n++) {
      spin_lock(&pmm_zones[n].lock);
      pages += zone_add(&pmm_zones[n], r->base, r->base + r->length);
      spin_unlock(&pmm_zones[n].lock);
    }
  }
  log_info("pmm: %llu pages of the boot loader's given back", (unsigned long long)pages);
  return pages;
}

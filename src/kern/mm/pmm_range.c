/* Ranges of any number of frames: found anywhere, or taken where they are said to be. */
#include "bootmem.h"
#include "pmm_zone.h"

#include <kern/panic.h>

bool zone_run_is_free(const struct zone *z, uint32_t first, uint32_t count)
{
  for (uint32_t at = first, n; at < first + count; at += n)
    if (!z->ops->span(z, at, &n)) return false;
  return true;
}

/* The first frame from `at` on whose address is a multiple of `align`. */
static uint64_t frame_aligned(const struct zone *z, uint64_t at, uint64_t align)
{
  return (ALIGN_UP(z->base + at * PAGE_SIZE, align) - z->base) / PAGE_SIZE;
}

uint32_t zone_find_run(const struct zone *z, uint32_t count, uint64_t align, uint32_t limit)
{
  uint64_t first = frame_aligned(z, 0, align);
  limit = MIN(limit, z->frames);
  for (uint64_t end = first; first + count <= limit;) {
    uint32_t n;
    bool is_free = z->ops->span(z, (uint32_t)end, &n);
    end += n;
    if (!is_free)
      first = end = frame_aligned(z, end, align);
    else if (end - first >= count)
      return (uint32_t)first;
  }
  return FRAME_NONE;
}

/* Frames of the zone that lie wholly below an address. */
static uint32_t frames_below(const struct zone *z, paddr_t limit)
{
  if (limit <= z->base) return 0;
  return (uint32_t)MIN((limit - z->base) / PAGE_SIZE, (uint64_t)z->frames);
}

static void take(struct zone *z, uint32_t first, uint32_t count, enum pmm_owner owner)
{
  z->ops->take(z, first, count);
  zone_account(z, owner, (int32_t)count);
}

static uint32_t range_try_alloc(struct zone *z, uint32_t count, uint64_t align, uint32_t limit, enum pmm_owner owner)
{
  spin_lock(&z->lock);
  uint32_t first = zone_find_run(z, count, align, limit);
  if (first != FRAME_NONE) take(z, first, count, owner);
  spin_unlock(&z->lock);
  return first;
}

int(pmm_alloc_range)(enum pmm_owner owner, size_t count, uint64_t align, paddr_t limit, paddr_t *out)
{
  struct zone *z = zone_of_owner(owner);
  if (count == 0 || (align & (align - 1)) != 0 || align > PADDR_MASK) return -EINVAL;
  if (count > z->frames) return -ENOMEM;
  align = MAX(align, (uint64_t)PAGE_SIZE);
  uint32_t frames = frames_below(z, limit);
  uint32_t first = range_try_alloc(z, (uint32_t)count, align, frames, owner);
  if (first == FRAME_NONE) { /* frames this processor kept may be what is missing */
    zone_drain_own(z);
    first = range_try_alloc(z, (uint32_t)count, align, frames, owner);
  }
  if (first == FRAME_NONE) return -ENOMEM;
  zone_hand_out(z, first, (uint32_t)count, ORDER_RANGE, owner);
  *out = z->base + (paddr_t)first * PAGE_SIZE;
  return 0;
}

void pmm_free_range(paddr_t pa, size_t count)
{
  uint32_t first;
  struct zone *z = zone_take_back(pa, &first);
  struct page *p = &z->pages[first];
  if (p->next != count) panic("pmm: range 0x%llx of %u pages freed as %zu", (unsigned long long)pa, p->next, count);
  if (JUNK_ENABLED) zone_junk(z, first, (uint32_t)count);
  spin_lock(&z->lock);
  zone_account(z, p->owner, -(int32_t)count);
  z->ops->add(z, first, (uint32_t)count);
  spin_unlock(&z->lock);
}

/* ---- given frames ---- */

/* What of a range is in one zone. */
struct part {
  struct zone *z;
  uint32_t first, count;
};

/* Cuts the range at the boundary between the zones. False: some of it is in none. */
static bool parts_of(paddr_t base, uint64_t count, struct part part[PMM_ZONES])
{
  for (unsigned i = 0; i < PMM_ZONES; i++) {
    struct zone *z = &pmm_zones[i];
    paddr_t zone_end = z->base + (paddr_t)z->frames * PAGE_SIZE, end = base + count * PAGE_SIZE;
    paddr_t from = MAX(base, z->base), to = MIN(end, zone_end);
    part[i] = (struct part){.z = z};
    if (from >= to) continue;
    part[i].first = (uint32_t)((from - z->base) / PAGE_SIZE);
    part[i].count = (uint32_t)((to - from) / PAGE_SIZE);
  }
  return (uint64_t)part[PMM_KERNEL].count + part[PMM_USER].count == count;
}

/* All or nothing, with the locks of both zones. */
static bool parts_take(const struct part part[PMM_ZONES])
{
  bool is_free = true;
  for (unsigned i = 0; i < PMM_ZONES; i++) {
    spin_lock(&part[i].z->lock);
    is_free = is_free && zone_run_is_free(part[i].z, part[i].first, part[i].count);
  }
  for (unsigned i = PMM_ZONES; i-- > 0;) {
    if (is_free && part[i].count > 0) take(part[i].z, part[i].first, part[i].count, PMM_RESERVED | i);
    spin_unlock(&part[i].z->lock);
  }
  return is_free;
}

int pmm_reserve_pages(paddr_t base, size_t count)
{
  struct part part[PMM_ZONES];
  if (count == 0 || !IS_ALIGNED(base, PAGE_SIZE) || base > PADDR_MASK || count > PADDR_MASK / PAGE_SIZE) return -EINVAL;
  if (!pmm_zones[PMM_KERNEL].frames) return bootmem_reserve(base, count);
  if (!parts_of(base, count, part)) return -EBUSY;
  for (unsigned i = 0; i < PMM_ZONES; i++) zone_drain_own(part[i].z);
  if (!parts_take(part)) return -EBUSY;
  for (unsigned i = 0; i < PMM_ZONES; i++)
    if (part[i].count > 0) zone_hand_out(part[i].z, part[i].first, part[i].count, ORDER_RANGE, PMM_RESERVED | i);
  return 0;
}

void pmm_release_pages(paddr_t base, size_t count)
{
  struct part part[PMM_ZONES];
  if (!parts_of(base, count, part))
    panic("pmm: 0x%llx, %zu pages, released, which is not the allocator's", (unsigned long long)base, count);
  for (unsigned i = 0; i < PMM_ZONES; i++)
    if (part[i].count > 0) pmm_free_range(part[i].z->base + (paddr_t)part[i].first * PAGE_SIZE, part[i].count);
}

/* What the page allocator tells about itself. */
#include "pmm_zone.h"

static const char *const owner_names[PMM_OWNERS] = {
  [PMM_KERNEL] = "kernel",      [PMM_USER] = "programs",
  [PMM_HEAP] = "kernel heap",   [PMM_MEMORY] = "program memory",
  [PMM_TABLES] = "page tables", [PMM_FILES] = "files",
  [PMM_STACKS] = "stacks",      [PMM_PIPES] = "pipes",
  [PMM_RESERVED] = "reserved",  [PMM_RESERVED | PMM_USER] = "reserved",
};

const char *pmm_owner_name(enum pmm_owner owner)
{
  return owner < PMM_OWNERS ? owner_names[owner] : NULL;
}

/* lock held */
static uint64_t cached_pages(const struct zone *z)
{
  uint64_t pages = 0;
  for (unsigned cpu = 0; cpu < MAX_CPUS; cpu++) pages += z->cache[cpu].count;
  return pages;
}

void pmm_get_stats(struct pmm_stats *out)
{
  *out = (struct pmm_stats){0};
  for (unsigned i = 0; i < PMM_ZONES; i++) {
    struct zone *z = &pmm_zones[i];
    spin_lock(&z->lock);
    out->zone_total[i] = z->total;
    out->zone_free[i] = z->free + cached_pages(z);
    spin_unlock(&z->lock);
    out->total_pages += out->zone_total[i];
    out->free_pages += out->zone_free[i];
  }
}

void pmm_get_zone_stats(enum pmm_owner owner, struct pmm_zone_stats *out)
{
  struct zone *z = zone_of_owner(owner);
  spin_lock(&z->lock);
  *out = (struct pmm_zone_stats){.base = z->base,
                                 .end = z->base + (paddr_t)z->frames * PAGE_SIZE,
                                 .total = z->total,
                                 .free = z->free + cached_pages(z),
                                 .cached = cached_pages(z),
                                 .allocator = z->ops->name};
  z->ops->count(z, out->blocks);
  spin_unlock(&z->lock);
}

uint64_t pmm_owner_pages(enum pmm_owner owner)
{
  const struct zone *z = zone_of_owner(owner);
  int64_t pages = 0;
  for (unsigned cpu = 0; cpu < MAX_CPUS; cpu++)
    pages += __atomic_load_n(&z->cache[cpu].owned[owner / PMM_ZONES], __ATOMIC_RELAXED);
  return (uint64_t)pages;
}

/* A run of free frames as the largest aligned blocks: what buddies merge into. */
static void count_run(uint32_t first, uint32_t count, uint64_t blocks[PMM_ORDERS])
{
  while (count > 0) {
    unsigned order = MIN(first ? (unsigned)__builtin_ctz(first) : PMM_MAX_ORDER, 31u - (unsigned)__builtin_clz(count));
    order = MIN(order, (unsigned)PMM_MAX_ORDER);
    blocks[order]++;
    first += 1u << order;
    count -= 1u << order;
  }
}

void zone_count_blocks(const struct zone *z, uint64_t blocks[PMM_ORDERS])
{
  uint32_t first = 0, n;
  for (unsigned k = 0; k < PMM_ORDERS; k++) blocks[k] = 0;
  for (uint32_t at = 0; at < z->frames; at += n) {
    bool is_free = z->ops->span(z, at, &n);
    if (is_free && at + n < z->frames) continue;
    count_run(first, at + (is_free ? n : 0) - first, blocks);
    first = at + n;
  }
}

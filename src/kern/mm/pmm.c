/*
 * The page allocator: two zones, each with an allocator of its own behind struct pmm_ops. The kernel zone ends at
 * max(16 MiB, RAM / 8), but at half of the memory when there is too little for that; it begins at 1 MiB. Freed pages are
 * marked in their first words in debug builds, and the mark is checked when they are handed out again.
 */
#include "bootmem.h"
#include "page.h"
#include <kern/arch.h>
#include <kern/log.h>
#include <kern/panic.h>
#include <kern/string.h>

#define KERNEL_ZONE_BASE MIB(1)
#define KERNEL_ZONE_LEAST MIB(16)
#define MINIMUM_PAGES 256u /* 1 MiB: less is no machine to run on */
#define FREE_MARK 0xDEADFEEDF4EE9A6Eull
#define FREE_MARK_WORDS 4u

static struct zone zones[PMM_ZONES] = {
  [PMM_KERNEL] = {.lock = SPINLOCK_INIT("kernel zone"), .ops = &buddy_ops},
  [PMM_USER] = {.lock = SPINLOCK_INIT("user zone"), .ops = &buddy_ops},
};
static uint64_t usable_bytes;

/* Pages that were never allocated carry no mark: marking them would touch all of memory at boot. */
static void mark_free(struct zone *z, uint64_t frame, unsigned order)
{
#ifndef NDEBUG
  for (uint64_t i = 0; i < 1ull << order; i++) {
    uint64_t *words = phys_to_virt((frame + i) << PAGE_SHIFT);
    for (unsigned w = 0; w < FREE_MARK_WORDS; w++) words[w] = FREE_MARK;
    z->pages[frame - z->base + i].marked = 1;
  }
#else
  (void)z, (void)frame, (void)order;
#endif
}

static void check_mark(struct zone *z, uint64_t frame, unsigned order)
{
#ifndef NDEBUG
  for (uint64_t i = 0; i < 1ull << order; i++) {
    if (!z->pages[frame - z->base + i].marked) continue;
    z->pages[frame - z->base + i].marked = 0;
    const uint64_t *words = phys_to_virt((frame + i) << PAGE_SHIFT);
    for (unsigned w = 0; w < FREE_MARK_WORDS; w++)
      if (words[w] != FREE_MARK)
        panic("page 0x%llx was written after it was freed", (unsigned long long)(frame + i) << PAGE_SHIFT);
  }
#else
  (void)z, (void)frame, (void)order;
#endif
}

static struct zone *zone_of(paddr_t pa)
{
  uint64_t frame = pa >> PAGE_SHIFT;
  for (unsigned i = 0; i < PMM_ZONES; i++)
    if (frame - zones[i].base < zones[i].frames) return &zones[i];
  panic("page 0x%llx is not managed memory", (unsigned long long)pa);
}

/* ---- start ---- */

/* Where usable memory ends, and how much there is. */
static paddr_t survey(const struct bootinfo *bi)
{
  paddr_t end = 0;
  usable_bytes = 0;
  for (uint32_t i = 0; i < bi->nregions; i++) {
    const struct mem_region *r = &bi->regions[i];
    if (r->kind != MEM_USABLE) continue;
    usable_bytes += r->length;
    end = MAX(end, r->base + r->length);
  }
  return end;
}

static paddr_t zone_boundary(paddr_t end)
{
  paddr_t boundary = MAX(KERNEL_ZONE_LEAST, ALIGN_DOWN(end / 8, MIB(1)));
  if (boundary > end / 2) boundary = ALIGN_DOWN(end / 2, (paddr_t)PAGE_SIZE);
  return boundary;
}

static void zone_set_up(struct zone *z, struct page *pages, paddr_t base, paddr_t end)
{
  z->base = base >> PAGE_SHIFT;
  z->frames = end > base ? (end - base) >> PAGE_SHIFT : 0;
  z->total = z->free = 0;
  z->pages = pages;
  z->ops->init(z);
}

static void zone_add(struct zone *z, paddr_t low, paddr_t high)
{
  low = MAX(low, (paddr_t)z->base << PAGE_SHIFT);
  high = MIN(high, (paddr_t)(z->base + z->frames) << PAGE_SHIFT);
  if (low >= high) return;
  uint64_t frame = low >> PAGE_SHIFT, count = (high - low) >> PAGE_SHIFT;
  z->ops->add(z, frame, count);
  z->total += count;
  z->free += count;
}

int pmm_init(const struct bootinfo *bi)
{
  paddr_t end = survey(bi);
  if (end <= KERNEL_ZONE_BASE) return -ENOMEM;
  uint64_t frames = (end - KERNEL_ZONE_BASE) >> PAGE_SHIFT, bytes;
  if (__builtin_mul_overflow(frames, sizeof(struct page), &bytes)) return -ENOMEM;
  paddr_t table = bootmem_alloc_pages((bytes + PAGE_SIZE - 1) / PAGE_SIZE);
  if (!table) return -ENOMEM;

  struct page *pages = phys_to_virt(table);
  paddr_t boundary = MAX(zone_boundary(end), (paddr_t)KERNEL_ZONE_BASE);
  zone_set_up(&zones[PMM_KERNEL], pages, KERNEL_ZONE_BASE, boundary);
  zone_set_up(&zones[PMM_USER], pages + zones[PMM_KERNEL].frames, boundary, end);
  for (uint32_t i = 0; i < bi->nregions; i++) {
    paddr_t low, high;
    if (!bootmem_left(i, &low, &high)) continue;
    for (unsigned z = 0; z < PMM_ZONES; z++) zone_add(&zones[z], low, high);
  }
  if (zones[PMM_KERNEL].free < MINIMUM_PAGES || zones[PMM_USER].free < MINIMUM_PAGES) return -ENOMEM;
  log_info("memory: %llu KiB kernel zone, %llu KiB user zone, %s allocator", (unsigned long long)zones[PMM_KERNEL].free * 4,
           (unsigned long long)zones[PMM_USER].free * 4, zones[PMM_KERNEL].ops->name);
  return 0;
}

/* ---- pages ---- */

int pmm_alloc(enum pmm_zone zone, unsigned order, paddr_t *out)
{
  if (order > PMM_MAX_ORDER) return -ENOMEM;
  struct zone *z = &zones[zone];
  spin_lock(&z->lock);
  uint64_t frame = z->ops->alloc(z, order);
  if (frame != UINT64_MAX) z->free -= 1ull << order;
  spin_unlock(&z->lock);
  if (frame == UINT64_MAX) return -ENOMEM;
  check_mark(z, frame, order);
  *out = frame << PAGE_SHIFT;
  return 0;
}

void pmm_free(paddr_t pa, unsigned order)
{
  struct zone *z = zone_of(pa);
  kassert(IS_ALIGNED(pa, PAGE_SIZE) && order <= PMM_MAX_ORDER);
  mark_free(z, pa >> PAGE_SHIFT, order);
  spin_lock(&z->lock);
  z->ops->free(z, pa >> PAGE_SHIFT, order);
  z->free += 1ull << order;
  spin_unlock(&z->lock);
}

int pmm_alloc_page(enum pmm_zone zone, paddr_t *out)
{
  return pmm_alloc(zone, 0, out);
}

void pmm_free_page(paddr_t pa)
{
  pmm_free(pa, 0);
}

int pmm_alloc_zeroed(enum pmm_zone zone, paddr_t *out)
{
  int err = pmm_alloc(zone, 0, out);
  if (!err) memset(phys_to_virt(*out), 0, PAGE_SIZE);
  return err;
}

void pmm_get_stats(struct pmm_stats *out)
{
  *out = (struct pmm_stats){0};
  for (unsigned i = 0; i < PMM_ZONES; i++) {
    spin_lock(&zones[i].lock);
    out->zone_total[i] = zones[i].total;
    out->zone_free[i] = zones[i].free;
    spin_unlock(&zones[i].lock);
    out->total_pages += out->zone_total[i];
    out->free_pages += out->zone_free[i];
  }
}

uint64_t pmm_usable_bytes(void)
{
  return usable_bytes;
}

/*
 * The page allocator: zones over one array of frame descriptors, each with its lock and an algorithm (pmm_ops.h).
 *
 * Where the zones meet: the kernel zone begins at 1 MiB and ends at max(16 MiB, usable RAM / 8), but never holds more than
 * half of the frames that are free when the allocator starts, so that programs find memory on a small machine, too: from
 * about 32 MiB down both zones are equal. Everything above is the user zone. Neither takes from the other.
 */
#include "bootmem.h"
#include "junk.h"
#include "pmm_ops.h"

#include <kern/alloc_fault.h>
#include <kern/arch.h>
#include <kern/log.h>
#include <kern/panic.h>
#include <kern/string.h>

#define ZONES_BASE MIB(1)
#define KERNEL_ZONE_LEAST MIB(16)
#define ZONE_FRAMES_LEAST 256u /* 1 MiB in each zone: below, not even init starts */

bool pmm_debug_fill;

static struct zone zones[PMM_ZONES];

/* ---- free frames carry a pattern ---- */

static size_t junk_words(void)
{
  return pmm_debug_fill ? PAGE_SIZE / 8 : 2;
}

static void junk_fill(struct zone *z, uint32_t frame, unsigned order)
{
  size_t words = junk_words();
  for (uint32_t i = frame; i < frame + (1u << order); i++) {
    uint64_t *p = phys_to_virt(z->base + (paddr_t)i * PAGE_SIZE);
    for (size_t w = 0; w < words; w++) p[w] = JUNK_FREE;
    z->pages[i].flags |= PAGE_JUNKED;
  }
}

static void junk_check(struct zone *z, uint32_t frame, unsigned order)
{
  size_t words = junk_words();
  for (uint32_t i = frame; i < frame + (1u << order); i++) {
    paddr_t pa = z->base + (paddr_t)i * PAGE_SIZE;
    uint64_t *p = phys_to_virt(pa);
    size_t bad = z->pages[i].flags & PAGE_JUNKED ? junk_damage(p, words) : words;
    if (bad < words)
      panic("pmm: page 0x%llx written after it was freed: word %zu is 0x%llx", (unsigned long long)pa, bad,
            (unsigned long long)p[bad]);
    z->pages[i].flags &= (uint16_t)~PAGE_JUNKED;
    if (pmm_debug_fill) memset(p, JUNK_NEW_BYTE, PAGE_SIZE);
  }
}

/* ---- allocation ---- */

int pmm_alloc(enum pmm_zone zone, unsigned order, paddr_t *out)
{
  struct zone *z = &zones[zone];
  if (order > PMM_MAX_ORDER || alloc_should_fail()) return -ENOMEM;
  spin_lock(&z->lock);
  uint32_t frame = z->ops->alloc(z, order);
  if (frame == FRAME_NONE) {
    spin_unlock(&z->lock);
    return -ENOMEM;
  }
  struct page *p = &z->pages[frame];
  p->state = PAGE_ALLOCATED;
  p->order = (uint8_t)order;
  p->refs = 1;
  z->free -= 1u << order;
  if (JUNK_ENABLED) junk_check(z, frame, order);
  spin_unlock(&z->lock);
  *out = z->base + (paddr_t)frame * PAGE_SIZE;
  return 0;
}

static NORETURN void bad_free(paddr_t pa, const char *why)
{
  panic("pmm: page 0x%llx freed, which is %s", (unsigned long long)pa, why);
}

void pmm_free(paddr_t pa, unsigned order)
{
  struct zone *z = &zones[pa < zones[PMM_USER].base ? PMM_KERNEL : PMM_USER];
  uint64_t frame = (pa - z->base) >> PAGE_SHIFT;
  if (!IS_ALIGNED(pa, PAGE_SIZE) || frame >= z->frames) bad_free(pa, "not the allocator's");
  spin_lock(&z->lock);
  struct page *p = &z->pages[frame];
  if (p->state != PAGE_ALLOCATED) bad_free(pa, "not allocated (freed twice?)");
  if (p->order != order) bad_free(pa, "part of a block of another size");
  kassert(p->refs == 1);
  p->refs = 0;
  if (JUNK_ENABLED) junk_fill(z, (uint32_t)frame, order);
  z->free += 1u << order;
  z->ops->free(z, (uint32_t)frame, order);
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
  if (err == 0) memset(phys_to_virt(*out), 0, PAGE_SIZE);
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

/* ---- start ---- */

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

static int zone_init(enum pmm_zone id, const char *name, paddr_t base, paddr_t end, struct page *pages)
{
  struct zone *z = &zones[id];
  *z = (struct zone){.ops = &buddy_ops, .base = base, .frames = (uint32_t)((end - base) / PAGE_SIZE), .pages = pages};
  spin_init(&z->lock, name);
  size_t bytes = z->ops->state_size(z->frames);
  paddr_t state = bootmem_alloc_pages((bytes + PAGE_MASK) / PAGE_SIZE);
  if (!state) return -ENOMEM;
  z->state = phys_to_virt(state);
  z->ops->init(z);
  return 0;
}

static void zone_fill(struct zone *z)
{
  paddr_t base, end, zone_end = z->base + (paddr_t)z->frames * PAGE_SIZE;
  for (unsigned cursor = 0; bootmem_next_free(&cursor, &base, &end);) {
    base = MAX(base, z->base);
    end = MIN(end, zone_end);
    if (base >= end) continue;
    uint32_t count = (uint32_t)((end - base) / PAGE_SIZE);
    z->ops->add(z, (uint32_t)((base - z->base) / PAGE_SIZE), count);
    z->total += count;
  }
  z->free = z->total;
}

int pmm_init(const struct bootinfo *bi)
{
  char value[2];
  struct page *pages;
  pmm_debug_fill = cmdline_get(bi->cmdline, "memdebug", value, sizeof value);
  paddr_t end = descriptors_alloc(&pages);
  if (!end) return -ENOMEM;
  paddr_t boundary = zone_boundary(end);
  int err = zone_init(PMM_KERNEL, "kernel zone", ZONES_BASE, boundary, pages);
  if (err == 0) err = zone_init(PMM_USER, "user zone", boundary, end, pages + (boundary - ZONES_BASE) / PAGE_SIZE);
  bootmem_close();
  if (err != 0) return err;
  for (unsigned i = 0; i < PMM_ZONES; i++) zone_fill(&zones[i]);
  log_info("pmm: %s allocator, kernel zone below 0x%llx: %u pages free, user zone: %u", zones[0].ops->name,
           (unsigned long long)boundary, zones[PMM_KERNEL].free, zones[PMM_USER].free);
  return zones[PMM_KERNEL].free < ZONE_FRAMES_LEAST || zones[PMM_USER].free < ZONE_FRAMES_LEAST ? -ENOMEM : 0;
}

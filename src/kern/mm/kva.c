/* Ranges of the kernel window with memory behind them. */
#include "kva.h"
#include "vrange.h"

#include <kern/arch.h>
#include <kern/kasan.h>
#include <kern/kmem.h>
#include <kern/panic.h>
#include <kern/pmap.h>
#include <kern/pmm.h>
#include <kern/spinlock.h>

#define GUARD_PAGES 1u
#define FIRST_NODES 128u

struct area {
  struct vrange_arena ranges;
  vaddr_t base;
  size_t size;
  uint64_t pages; /* mapped */
  enum pmm_owner owner;
  struct vrange first_nodes[FIRST_NODES];
};

/* Everything, and kernel_pmap: kva_lock. */
static struct spinlock kva_lock = SPINLOCK_INIT("kva");
static struct area heap, guarded;

struct arch_window kva_heap_window;

static void area_init(struct area *a, vaddr_t base, size_t size, enum pmm_owner owner)
{
  a->base = base;
  a->size = size;
  a->pages = 0;
  a->owner = owner;
  vrange_init(&a->ranges);
  vrange_donate(&a->ranges, a->first_nodes, sizeof a->first_nodes);
  vrange_add(&a->ranges, base, size / PAGE_SIZE);
}

int kva_init(void)
{
  struct arch_window w = arch_kernel_window();
  size_t heap_size = MIN((size_t)KVA_HEAP_MAX, w.size / 2);
  kassert(IS_ALIGNED(w.base | w.size, MIB(2)));
  kva_heap_window = (struct arch_window){.base = w.base, .size = heap_size};
  area_init(&heap, w.base, heap_size, PMM_HEAP);
  area_init(&guarded, w.base + heap_size, w.size - heap_size, PMM_STACKS);
  return 0;
}

/* kva_lock held. */
static vaddr_t area_take(struct area *a, size_t pages, size_t align)
{
  if (vrange_wants_nodes(&a->ranges)) {
    paddr_t page;
    if (pmm_alloc_page(PMM_KERNEL, &page) != 0) return 0;
    kassert(pmm_in_zone(page, PMM_KERNEL));
    vrange_donate(&a->ranges, phys_to_virt(page), PAGE_SIZE);
  }
  return vrange_alloc(&a->ranges, pages, align);
}

/* Chains pages through their first words, which nobody reads any more. */
struct chain {
  paddr_t first;
  size_t count;
};

static void chain_page(void *context, vaddr_t va, const struct pmap_entry *entry)
{
  struct chain *chain = context;
  (void)va;
  *(paddr_t *)phys_to_virt(entry->pa) = chain->first;
  chain->first = entry->pa;
  chain->count++;
}

/* kva_lock held. The pages are free when no processor can reach them any more. */
static void unback(vaddr_t va, size_t pages)
{
  struct chain chain = {0};
  vaddr_t end = va + pages * PAGE_SIZE;
  pmap_visit_range(&kernel_pmap, va, end, chain_page, &chain);
  if (chain.count != pages || pmap_unmap_range(&kernel_pmap, va, end) != 0)
    panic("kva: %zu pages at 0x%llx freed, of which %zu are mapped", pages, (unsigned long long)va, chain.count);
  while (chain.first) {
    paddr_t pa = chain.first;
    chain.first = *(paddr_t *)phys_to_virt(pa);
    pmm_free_page(pa);
  }
}

/* kva_lock held. All or nothing. */
static int back(vaddr_t va, size_t pages, enum pmm_owner owner)
{
  for (size_t i = 0; i < pages; i++) {
    paddr_t pa;
    int err = pmm_alloc_page(owner, &pa);
    if (err == 0) {
      kassert(pmm_in_zone(pa, PMM_KERNEL));
      err = pmap_map(&kernel_pmap, va + i * PAGE_SIZE, pa, PMAP_WRITE | PMAP_GLOBAL);
      if (err != 0) pmm_free_page(pa);
    }
    if (err != 0) {
      unback(va, i);
      return err;
    }
  }
  return 0;
}

/* `pages` mapped, with `guard` unmapped ones on each side. */
static int area_alloc(struct area *a, size_t pages, size_t guard, size_t align, void **out)
{
  size_t span;
  if (pages == 0 || __builtin_add_overflow(pages, 2 * guard, &span)) return -ENOMEM;
  spin_lock(&kva_lock);
  vaddr_t base = area_take(a, span, align), start = base + guard * PAGE_SIZE;
  int err = base ? back(start, pages, a->owner) : -ENOMEM;
  if (err == 0)
    a->pages += pages;
  else if (base)
    vrange_free(&a->ranges, base, span);
  spin_unlock(&kva_lock);
  if (err == 0) *out = (void *)start;
  return err;
}

static void area_free(struct area *a, void *p, size_t pages, size_t guard)
{
  vaddr_t start = (vaddr_t)p;
  kassert(IS_ALIGNED(start, PAGE_SIZE) && start - a->base < a->size);
  spin_lock(&kva_lock);
  unback(start, pages);
  vrange_free(&a->ranges, start - guard * PAGE_SIZE, pages + 2 * guard);
  a->pages -= pages;
  spin_unlock(&kva_lock);
}

int kva_heap_alloc(size_t pages, size_t align, void **out)
{
  int err = area_alloc(&heap, pages, 0, align, out);
  if (err == 0) kasan_unpoison(*out, pages * PAGE_SIZE); /* what was poisoned when it was a slab */
  return err;
}

void kva_heap_free(void *p, size_t pages)
{
  area_free(&heap, p, pages, 0);
}

int(kva_alloc_guarded)(size_t pages, void **out)
{
  int err = area_alloc(&guarded, pages, GUARD_PAGES, PAGE_SIZE, out);
  if (err == 0) return 0;
  kmem_reclaim();
  return area_alloc(&guarded, pages, GUARD_PAGES, PAGE_SIZE, out);
}

void kva_free_guarded(void *p, size_t pages)
{
  area_free(&guarded, p, pages, GUARD_PAGES);
}

uint64_t kva_heap_pages(void)
{
  return __atomic_load_n(&heap.pages, __ATOMIC_RELAXED);
}

uint64_t kva_guarded_pages(void)
{
  return __atomic_load_n(&guarded.pages, __ATOMIC_RELAXED);
}

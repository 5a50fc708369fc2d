/* Ranges of the kernel window with memory behind them. */
#include "kva.h"
#include "vrange.h"

#include <kern/arch.h>
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
    vrange_donate(&a->ranges, phys_to_virt(page), PAGE_SIZE);
  }
  return vrange_alloc(&a->ranges, pages, align);
}

/* kva_lock held. */
static void unback(vaddr_t va, size_t pages)
{
  for (size_t i = 0; i < pages; i++) {
    paddr_t pa;
    if (pmap_unmap(&kernel_pmap, va + i * PAGE_SIZE, &pa) != 0)
      panic("kva: 0x%llx freed, which is not mapped", (unsigned long long)(va + i * PAGE_SIZE));
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
  return area_alloc(&heap, pages, 0, align, out);
}

void kva_heap_free(void *p, size_t pages)
{
  area_free(&heap, p, pages, 0);
}

int(kva_alloc_guarded)(size_t pages, void **out)
{
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

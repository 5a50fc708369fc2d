/*
 * Ranges of the kernel window, one bit a page: first fit, so freed neighbours are one range again by themselves. The
 * window's first 100 MiB are used. The lock also serialises the kernel's page tables.
 */
#include "kva.h"
#include <kern/arch.h>
#include <kern/kmem.h>
#include <kern/panic.h>
#include <kern/pmap.h>
#include <kern/pmm.h>
#include <kern/spinlock.h>

#define WINDOW_PAGES (MIB(100) / PAGE_SIZE)
#define WORDS (WINDOW_PAGES / 64)

static struct {
  struct spinlock lock;
  vaddr_t base;           /* constant after kva_init */
  size_t pages;           /* constant after kva_init */
  uint64_t used[WORDS];   /* lock; a bit a page */
  uint16_t notes[WINDOW_PAGES];
  size_t first_free_word; /* lock; no clear bit before it */
  uint64_t guarded_pages; /* lock; for kva_alloc_guarded */
} kva = {.lock = SPINLOCK_INIT("kernel window")};

int kva_init(void)
{
  struct arch_window w = arch_kernel_window();
  kva.base = w.base;
  kva.pages = MIN(w.size / PAGE_SIZE, WINDOW_PAGES);
  return kva.pages ? 0 : -ENOMEM;
}

static bool is_used(size_t page) { return kva.used[page / 64] >> (page % 64) & 1; }

static void set_used(size_t first, size_t count, bool used)
{
  for (size_t i = first; i < first + count; i++) {
    if (used) kva.used[i / 64] |= 1ull << (i % 64);
    else kva.used[i / 64] &= ~(1ull << (i % 64));
  }
  if (!used) kva.first_free_word = MIN(kva.first_free_word, first / 64);
}

/* First fit: the first page of `count` free ones whose page number plus `guard` is a multiple of `align`. */
static bool find(size_t count, size_t align, size_t guard, size_t *out)
{
  while (kva.first_free_word < WORDS && kva.used[kva.first_free_word] == UINT64_MAX) kva.first_free_word++;
  for (size_t at = kva.first_free_word * 64; at + count <= kva.pages;) {
    if (!IS_ALIGNED(at + guard, align)) {
      at = ALIGN_UP(at + guard, align) - guard;
      continue;
    }
    size_t run = 0;
    while (run < count && !is_used(at + run)) run++;
    if (run == count) {
      *out = at;
      return true;
    }
    at += run + 1;
  }
  return false;
}

static void unmap(vaddr_t va, size_t pages)
{
  for (size_t i = 0; i < pages; i++) {
    paddr_t pa;
    if (pmap_unmap(&kernel_pmap, va + i * PAGE_SIZE, &pa)) panic("kernel window page 0x%lx is not mapped", va + i * PAGE_SIZE);
    pmm_free_page(pa);
  }
}

static int map(vaddr_t va, size_t pages)
{
  for (size_t i = 0; i < pages; i++) {
    paddr_t pa;
    int err = pmm_alloc_page(PMM_KERNEL, &pa);
    if (!err) {
      err = pmap_map(&kernel_pmap, va + i * PAGE_SIZE, pa, PMAP_WRITE | PMAP_GLOBAL);
      if (err) pmm_free_page(pa);
    }
    if (err) {
      unmap(va, i);
      return err;
    }
  }
  return 0;
}

int kva_alloc(size_t pages, size_t align, size_t guard, void **out)
{
  size_t at;
  if (pages == 0 || pages > WINDOW_PAGES) return -ENOMEM;
  spin_lock(&kva.lock);
  int err = find(pages + 2 * guard, align, guard, &at) ? 0 : -ENOMEM;
  vaddr_t va = 0;
  if (!err) {
    va = kva.base + (at + guard) * PAGE_SIZE;
    err = map(va, pages);
  }
  if (!err) {
    set_used(at, pages + 2 * guard, true);
    *out = (void *)va;
  }
  spin_unlock(&kva.lock);
  return err;
}

static size_t page_of(const void *p)
{
  size_t page = ((vaddr_t)p - kva.base) / PAGE_SIZE;
  if (page >= kva.pages) panic("%p is not kernel window memory", p);
  return page;
}

void kva_free(void *p, size_t pages, size_t guard)
{
  size_t at = page_of(p) - guard;
  spin_lock(&kva.lock);
  unmap((vaddr_t)p, pages);
  set_used(at, pages + 2 * guard, false);
  spin_unlock(&kva.lock);
}

void kva_note_set(const void *p, uint16_t note)
{
  kva.notes[page_of(p)] = note;
}

uint16_t kva_note(const void *p)
{
  return kva.notes[page_of(p)];
}

int kva_alloc_guarded(size_t pages, void **out)
{
  int err = kva_alloc(pages, 1, 1, out);
  if (!err) __atomic_fetch_add(&kva.guarded_pages, pages, __ATOMIC_RELAXED);
  return err;
}

void kva_free_guarded(void *p, size_t pages)
{
  kva_free(p, pages, 1);
  __atomic_fetch_sub(&kva.guarded_pages, pages, __ATOMIC_RELAXED);
}

uint64_t kva_guarded_pages(void)
{
  return __atomic_load_n(&kva.guarded_pages, __ATOMIC_RELAXED);
}

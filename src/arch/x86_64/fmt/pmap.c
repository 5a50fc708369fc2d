/*
 * Page tables: builds and takes apart what the processor walks. Here are single pages; pmap_range.c has ranges of pages of
 * all sizes, pmap_large.c splits and merges them, pmap_flush.c tells the processor, pmap_space.c has whole pmaps.
 *
 * An entry that refers to a table counts in its ignored bits how many of that table's entries are in use, so a table is
 * freed when its last entry goes, without a search. The processor may set an entry's accessed and dirty bits at any time;
 * entries are therefore changed by atomic operations.
 *
 * Slot 0 of a root belongs to its pmap. The others are the kernel's: their level-3 tables exist before the first user pmap
 * and stay, so that copying the root's entries shares everything below.
 */
#include "pmap_impl.h"

#include <kern/panic.h>

bool pmap_range_valid(const struct pmap *pm, vaddr_t va, uint64_t size)
{
  vaddr_t last = size > 0 ? va + size - 1 : va;
  if (!IS_ALIGNED(va | size, PAGE_SIZE) || !paging_canonical(va) || last < va) return false;
  if (paging_index(va, PAGING_LEVELS) != paging_index(last, PAGING_LEVELS) || last - va >= level_span(PAGING_LEVELS))
    return false;
  if (!in_kernel_slot(va)) return true;
  return pm == &kernel_pmap && (entry_load(&table_at(pm->root)[paging_index(va, PAGING_LEVELS)]) & PTE_PRESENT);
}

/* The same for one page; a program's, which is most often asked, is in slot 0 whose every page may be changed. */
static inline bool page_valid(const struct pmap *pm, vaddr_t va)
{
  if (va < level_span(PAGING_LEVELS)) return IS_ALIGNED(va, PAGE_SIZE);
  return pmap_range_valid(pm, va, PAGE_SIZE);
}

/* How struct pmap names the 2 MiB that va is in. */
static inline uint64_t span_walked(vaddr_t va)
{
  return 1 + (va >> paging_shift(2));
}

static inline bool entry_is_table(uint64_t entry)
{
  return (entry & (PTE_PRESENT | PTE_LARGE)) == PTE_PRESENT;
}

/* Finds va's level-2 entry, and remembers where it is. False when it has none. */
static __attribute__((noinline)) bool walk(struct pmap *pm, vaddr_t va)
{
  uint64_t *table = table_at(pm->root);
  for (unsigned level = PAGING_LEVELS; level > 2; level--) {
    uint64_t entry = entry_load(&table[paging_index(va, level)]);
    if (!(entry & PTE_PRESENT) || entry_is_leaf(entry, level)) return false;
    table = table_at(entry);
  }
  pm->walked = span_walked(va);
  pm->walked_slot = &table[paging_index(va, 2)];
  return true;
}

/* The level-2 entry of va when it refers to a table: how most walks end. */
static inline uint64_t *table_slot_find(struct pmap *pm, vaddr_t va)
{
  if (pm->walked != span_walked(va) && !walk(pm, va)) return NULL;
  return entry_is_table(entry_load(pm->walked_slot)) ? pm->walked_slot : NULL;
}

static inline uint64_t *leaf_slot(const uint64_t *parent, vaddr_t va)
{
  return &table_at(entry_load(parent))[paging_index(va, 1)];
}

int pmap_map(struct pmap *pm, vaddr_t va, paddr_t pa, unsigned attrs)
{
  if (!page_valid(pm, va) || !IS_ALIGNED(pa, PAGE_SIZE) || pa > PADDR_MASK || !attrs_valid(pm, attrs)) return -EINVAL;
  uint64_t *parent = table_slot_find(pm, va);
  if (!parent) return pmap_map_range(pm, va, pa, PAGE_SIZE, attrs);
  uint64_t *slot = leaf_slot(parent, va);
  if (entry_load(slot) & PTE_PRESENT) return -EEXIST;
  entry_store(slot, leaf_entry(pa, attrs, 1));
  count_up(parent, 1);
  pm->mapped_pages++;
  return 0;
}

int pmap_unmap(struct pmap *pm, vaddr_t va, paddr_t *pa)
{
  struct pmap_entry e;
  if (!page_valid(pm, va)) return -ENOENT;
  uint64_t *parent = table_slot_find(pm, va);
  if (parent && entry_count(entry_load(parent)) > 1) {
    uint64_t *slot = leaf_slot(parent, va), entry = entry_load(slot);
    if (!(entry & PTE_PRESENT)) return -ENOENT;
    entry_store(slot, 0);
    count_down(parent, 1);
    pm->mapped_pages--;
    pmap_flush_page(pm, va);
    *pa = leaf_address(entry, 1);
    return 0;
  }
  /* A part of a large page, or the last of its table. */
  if (!pmap_lookup(pm, va, &e)) return -ENOENT;
  int err = pmap_unmap_range(pm, va, va + PAGE_SIZE);
  if (err == 0) *pa = e.pa;
  return err;
}

int pmap_protect(struct pmap *pm, vaddr_t va, unsigned attrs)
{
  struct pmap_entry e;
  if (!attrs_valid(pm, attrs)) return -EINVAL;
  if (!page_valid(pm, va)) return -ENOENT;
  uint64_t *parent = table_slot_find(pm, va);
  if (!parent) return pmap_lookup(pm, va, &e) ? pmap_protect_range(pm, va, va + PAGE_SIZE, attrs) : -ENOENT;
  uint64_t *slot = leaf_slot(parent, va);
  if (!(entry_load(slot) & PTE_PRESENT)) return -ENOENT;
  leaf_protect(slot, attrs, 1);
  pmap_flush_page(pm, va);
  return 0;
}

void pmap_remap(struct pmap *pm, vaddr_t va, paddr_t pa)
{
  kassert(pmap_range_valid(pm, va, PAGE_SIZE) && IS_ALIGNED(pa, PAGE_SIZE));
  uint64_t *parent = table_slot_find(pm, va);
  uint64_t *slot = parent ? leaf_slot(parent, va) : NULL;
  if (!slot || !(entry_load(slot) & PTE_PRESENT)) return;
  uint64_t old = entry_load(slot);
  while (!entry_replace(slot, &old, (old & ~PTE_ADDRESS) | pa)) continue;
  pmap_flush_page(pm, va);
}

bool pmap_lookup(const struct pmap *pm, vaddr_t va, struct pmap_entry *out)
{
  const uint64_t *table = table_at(pm->root);
  if (!paging_canonical(va)) return false;
  for (unsigned level = PAGING_LEVELS;; level--) {
    uint64_t entry = entry_load(&table[paging_index(va, level)]);
    if (!(entry & PTE_PRESENT)) return false;
    if (entry_is_leaf(entry, level)) {
      *out = leaf_describe(entry, level, va);
      return true;
    }
    table = table_at(entry);
  }
}

/* What the table of pages says about va. The tables of slot 0 allow everything: the rights are the leaf's. */
static inline void *user_byte_in_table(uint64_t parent, vaddr_t va, bool write)
{
  const uint64_t rights = PTE_PRESENT | PTE_USER | (write ? PTE_WRITE : 0);
  uint64_t entry = entry_load(&table_at(parent)[paging_index(va, 1)]);
  return (entry & rights) == rights ? (uint8_t *)phys_to_virt(entry & PTE_ADDRESS) + (va & PAGE_MASK) : NULL;
}

/* Elsewhere than the last walk, inside a large page, or where there is no table. */
static __attribute__((noinline)) void *user_byte_slowly(struct pmap *pm, vaddr_t va, bool write)
{
  struct pmap_entry e;
  unsigned rights = PMAP_USER | (write ? PMAP_WRITE : 0);
  uint64_t *parent = table_slot_find(pm, va);
  if (parent) return user_byte_in_table(entry_load(parent), va, write);
  return pmap_lookup(pm, va, &e) && (e.attrs & rights) == rights ? phys_to_virt(e.pa) : NULL;
}

void *pmap_user_byte(struct pmap *pm, vaddr_t va, bool write)
{
  if (pm->walked != span_walked(va)) return user_byte_slowly(pm, va, write);
  uint64_t parent = entry_load(pm->walked_slot);
  return entry_is_table(parent) ? user_byte_in_table(parent, va, write) : user_byte_slowly(pm, va, write);
}

/*
 * Large pages: split when a part of one is changed, merged when asked.
 *
 * Splitting needs memory for tables, which is taken before anything changes. Merging is never done by itself: it would make
 * later changes of single pages fail for want of memory, where they cannot fail now. So large pages are only where somebody
 * asked for them, by mapping a range (pmap_map_range) or by pmap_merge.
 */
#include "pmap_impl.h"

#include <kern/panic.h>
#include <kern/pmm.h>

/* ---- split ---- */

/* How many tables it takes to make `at` the border of a page, and which page it is in the middle of. */
static unsigned tables_to_cut(const struct pmap *pm, vaddr_t at, vaddr_t *page)
{
  struct pmap_entry e;
  unsigned tables = 0;
  *page = 0;
  if (!pmap_lookup(pm, at, &e)) return 0;
  *page = ALIGN_DOWN(at, e.page_size);
  for (uint64_t size = e.page_size; !IS_ALIGNED(at, size); size /= PAGING_ENTRIES) tables++;
  return tables;
}

static unsigned tables_to_cut_out(const struct pmap *pm, vaddr_t va, uint64_t size)
{
  vaddr_t first, last;
  unsigned at_start = tables_to_cut(pm, va, &first), at_end = tables_to_cut(pm, va + size, &last);
  if (at_start == 0 || at_end == 0 || first != last) return at_start + at_end;
  /* One page: its table serves both ends, and so does the next when they are close. */
  bool close = at_start == 2 && at_end == 2 && ALIGN_DOWN(va, level_span(2)) == ALIGN_DOWN(va + size, level_span(2));
  return at_start + at_end - (close ? 2 : 1);
}

int stock_fill(struct pmap_stock *s, const struct pmap *pm, vaddr_t va, uint64_t size)
{
  unsigned needed = tables_to_cut_out(pm, va, size);
  for (s->count = 0; s->count < needed; s->count++) {
    if (pmm_alloc_page(PMM_TABLES, &s->table[s->count]) == 0) continue;
    while (s->count > 0) pmm_free_page(s->table[--s->count]);
    return -ENOMEM;
  }
  return 0;
}

/* The entry of the first of the pages of the next smaller size. */
static uint64_t first_part(uint64_t entry, unsigned level)
{
  if (level > 2) return entry;
  uint64_t part = entry & ~(PTE_LARGE | PTE_PAT_LARGE);
  return entry & PTE_PAT_LARGE ? part | PTE_PAT_4K : part;
}

uint64_t page_split(struct pmap *pm, uint64_t *slot, unsigned level, vaddr_t va, struct pmap_stock *s)
{
  kassert(s->count > 0);
  paddr_t table = s->table[--s->count];
  kassert(pmm_in_zone(table, PMM_KERNEL));
  uint64_t *parts = table_at(table), old = entry_load(slot);
  uint64_t entry = table_entry(table, va) | (uint64_t)PAGING_ENTRIES << PTE_COUNT_SHIFT;
  do {
    uint64_t first = first_part(old, level);
    for (unsigned i = 0; i < PAGING_ENTRIES; i++) parts[i] = first + i * level_span(level - 1);
  } while (!entry_replace(slot, &old, entry));
  pm->table_pages++;
  return entry;
}

/* ---- merge ---- */

#define NOTED (PTE_ACCESSED | PTE_DIRTY) /* by the processor */

/* Whether a full table of `level` maps what one larger page can: pages of that level, one after the other, alike. */
static bool is_uniform(const uint64_t *parts, unsigned level)
{
  uint64_t first = entry_load(parts) & ~NOTED;
  if (!entry_is_leaf(first, level) || !IS_ALIGNED(leaf_address(first, level), level_span(level + 1))) return false;
  for (unsigned i = 1; i < PAGING_ENTRIES; i++)
    if ((entry_load(&parts[i]) & ~NOTED) != first + i * level_span(level)) return false;
  return true;
}

static uint64_t merged_entry(uint64_t first, unsigned level)
{
  if (level > 1) return first & ~NOTED;
  uint64_t entry = (first & ~(NOTED | PTE_PAT_4K)) | PTE_LARGE;
  return first & PTE_PAT_4K ? entry | PTE_PAT_LARGE : entry;
}

/* Puts one page in the place of the table of `level` at *slot. The processor may note accesses in the table until it is
 * flushed, completely: the translations of all its pages must go. */
static void table_merge(struct pmap *pm, uint64_t *slot, unsigned level)
{
  uint64_t table = entry_load(slot), noted = 0;
  const uint64_t *parts = table_at(table);
  entry_store(slot, merged_entry(entry_load(parts), level));
  pmap_forget_walk(pm);
  pmap_flush_all(pm);
  for (unsigned i = 0; i < PAGING_ENTRIES; i++) noted |= entry_load(&parts[i]) & NOTED;
  __atomic_fetch_or(slot, noted, __ATOMIC_RELAXED);
  pm->table_pages--;
  pmm_free_page(table & PTE_ADDRESS);
}

static void merge_below(struct pmap *pm, uint64_t *table, unsigned level, vaddr_t va, uint64_t size)
{
  for (uint64_t piece; size > 0; va += piece, size -= piece) {
    uint64_t *slot = &table[paging_index(va, level)], entry = entry_load(slot);
    piece = level_piece(level, va, size);
    if (!(entry & PTE_PRESENT) || entry_is_leaf(entry, level)) continue;
    if (level > 2) merge_below(pm, table_at(entry), level - 1, va, piece);
    if (piece == level_span(level) && piece <= arch_page_size_max() && entry_count(entry) == PAGING_ENTRIES &&
        is_uniform(table_at(entry), level - 1))
      table_merge(pm, slot, level - 1);
  }
}

void pmap_merge(struct pmap *pm, vaddr_t start, vaddr_t end)
{
  kassert(pmap_range_valid(pm, start, end - start));
  merge_below(pm, table_at(pm->root), PAGING_LEVELS, start, end - start);
}

/*
 * Ranges: each operation is one walk over the tables from the root, skipping what is absent, and one flush at its end.
 */
#include "pmap_impl.h"

#include <kern/panic.h>
#include <kern/pmm.h>

/* ---- map ---- */

struct map_op {
  struct pmap *pm;
  int (*table_alloc)(struct pmap *pm, paddr_t *table);
  void (*table_undo)(struct pmap *pm, uint64_t *slot, uint64_t *parent, vaddr_t va);
  paddr_t distance; /* physical less virtual address */
  unsigned attrs;
  uint64_t done; /* bytes mapped so far */
};

static int table_alloc(struct pmap *pm, paddr_t *table)
{
  int err = pmm_alloc_zeroed(PMM_TABLES, table);
  if (err != 0) return err;
  kassert(pmm_in_zone(*table, PMM_KERNEL));
  pm->table_pages++;
  return 0;
}

/* A table made for a page that could not be mapped. */
static void table_undo(struct pmap *pm, uint64_t *slot, uint64_t *parent, vaddr_t va)
{
  struct pmap_gather g = {.pm = pm};
  gather_table(&g, slot, parent, va);
  gather_finish(&g);
}

static int table_alloc_early(struct pmap *pm, paddr_t *table)
{
  (void)pm;
  *table = bootmem_alloc_page();
  return *table ? 0 : -ENOMEM;
}

/* Nothing is freed that early: the boot ends here. */
static void table_undo_early(struct pmap *pm, uint64_t *slot, uint64_t *parent, vaddr_t va)
{
  (void)pm, (void)slot, (void)parent, (void)va;
}

/* 4 KiB pages below one table. */
static int map_leaves(struct map_op *op, uint64_t *table, uint64_t *parent, vaddr_t va, uint64_t size)
{
  uint64_t *slot = &table[paging_index(va, 1)], entry = leaf_entry(va + op->distance, op->attrs, 1);
  uint64_t n = 0, pages = size / PAGE_SIZE;
  for (; n < pages && !(entry_load(&slot[n]) & PTE_PRESENT); n++) entry_store(&slot[n], entry + n * PAGE_SIZE);
  count_up(parent, n);
  op->done += n * PAGE_SIZE;
  return n == pages ? 0 : -EEXIST;
}

/* One large page is what [va, va + size) can have. */
static bool fits_large(const struct map_op *op, unsigned level, vaddr_t va, uint64_t size)
{
  return level < PAGING_LEVELS && size == level_span(level) && size <= arch_page_size_max() &&
         IS_ALIGNED(va + op->distance, size);
}

static int map_below(struct map_op *op, uint64_t *table, unsigned level, uint64_t *parent, vaddr_t va, uint64_t size);

static int map_piece(struct map_op *op, uint64_t *slot, unsigned level, uint64_t *parent, vaddr_t va, uint64_t size)
{
  uint64_t entry = entry_load(slot);
  if (!(entry & PTE_PRESENT)) {
    if (fits_large(op, level, va, size)) {
      entry_store(slot, leaf_entry(va + op->distance, op->attrs, level));
      count_up(parent, 1);
      op->done += size;
      return 0;
    }
    paddr_t made;
    int err = op->table_alloc(op->pm, &made);
    if (err != 0) return err;
    entry = table_entry(made, va);
    entry_store(slot, entry);
    count_up(parent, 1);
  } else if (entry_is_leaf(entry, level)) {
    return -EEXIST;
  }
  int err = map_below(op, table_at(entry), level - 1, slot, va, size);
  if (err != 0 && table_is_done(slot, level, va)) op->table_undo(op->pm, slot, parent, va);
  return err;
}

/* Maps [va, va + size) below a table of `level`, which *parent refers to. */
static int map_below(struct map_op *op, uint64_t *table, unsigned level, uint64_t *parent, vaddr_t va, uint64_t size)
{
  if (level == 1) return map_leaves(op, table, parent, va, size);
  int err = 0;
  for (uint64_t piece; err == 0 && size > 0; va += piece, size -= piece) {
    piece = level_piece(level, va, size);
    err = map_piece(op, &table[paging_index(va, level)], level, parent, va, piece);
  }
  return err;
}

/* Whole pages of memory there can be, at addresses there can be. */
static bool request_valid(vaddr_t va, paddr_t pa, uint64_t size, unsigned attrs)
{
  return size > 0 && IS_ALIGNED(va | pa | size, PAGE_SIZE) && paging_canonical(va) && paging_canonical(va + size - 1) &&
         va <= va + size - 1 && pa <= PADDR_MASK && size - 1 <= PADDR_MASK - pa && attrs_exclusive(attrs);
}

int pmap_map_range(struct pmap *pm, vaddr_t va, paddr_t pa, uint64_t size, unsigned attrs)
{
  if (!request_valid(va, pa, size, attrs) || !pmap_range_valid(pm, va, size) || !attrs_valid(pm, attrs)) return -EINVAL;
  struct map_op op = {
    .pm = pm, .table_alloc = table_alloc, .table_undo = table_undo, .distance = pa - va, .attrs = attrs};
  int err = map_below(&op, table_at(pm->root), PAGING_LEVELS, NULL, va, size);
  pm->mapped_pages += op.done / PAGE_SIZE;
  /* Pages of its own, whole: nothing to split. */
  if (err != 0 && pmap_unmap_range(pm, va, va + op.done) != 0) panic("pmap: a mapping cannot be undone");
  return err;
}

int pmap_map_early(paddr_t root, vaddr_t va, paddr_t pa, uint64_t size, unsigned attrs)
{
  struct pmap pm = {.root = root};
  if (!request_valid(va, pa, size, attrs)) return -EINVAL;
  struct map_op op = {
    .pm = &pm, .table_alloc = table_alloc_early, .table_undo = table_undo_early, .distance = pa - va, .attrs = attrs};
  return map_below(&op, table_at(root), PAGING_LEVELS, NULL, va, size);
}

/* ---- unmap, protect ---- */

struct change {
  struct pmap_gather gather;
  struct pmap_stock stock;
  bool unmap;
  unsigned attrs; /* else */
};

static void change_leaf(struct change *c, uint64_t *slot, unsigned level, uint64_t *parent, vaddr_t va)
{
  if (c->unmap) {
    entry_store(slot, 0);
    count_down(parent, 1);
    c->gather.pm->mapped_pages -= level_span(level) / PAGE_SIZE;
  } else {
    leaf_protect(slot, c->attrs, level);
  }
  gather_page(&c->gather, va);
}

/* Changes what is mapped of [va, va + size) below a table of `level`, which *parent refers to. */
static void change_below(struct change *c, uint64_t *table, unsigned level, uint64_t *parent, vaddr_t va, uint64_t size)
{
  for (uint64_t piece; size > 0; va += piece, size -= piece) {
    uint64_t *slot = &table[paging_index(va, level)], entry = entry_load(slot);
    piece = level_piece(level, va, size);
    if (!(entry & PTE_PRESENT)) continue;
    if (entry_is_leaf(entry, level)) {
      if (piece == level_span(level)) {
        change_leaf(c, slot, level, parent, va);
        continue;
      }
      entry = page_split(c->gather.pm, slot, level, va, &c->stock);
    }
    change_below(c, table_at(entry), level - 1, slot, va, piece);
    if (table_is_done(slot, level, va)) gather_table(&c->gather, slot, parent, va);
  }
}

static int change_range(struct pmap *pm, vaddr_t start, vaddr_t end, bool unmap, unsigned attrs)
{
  struct change c;
  c.gather.pm = pm;
  c.gather.count = 0;
  c.gather.tables = 0;
  c.unmap = unmap;
  c.attrs = attrs;
  kassert(pmap_range_valid(pm, start, end - start));
  if (start == end) return 0;
  int err = stock_fill(&c.stock, pm, start, end - start);
  if (err != 0) return err;
  change_below(&c, table_at(pm->root), PAGING_LEVELS, NULL, start, end - start);
  kassert(c.stock.count == 0);
  gather_finish(&c.gather);
  return 0;
}

int pmap_unmap_range(struct pmap *pm, vaddr_t start, vaddr_t end)
{
  return change_range(pm, start, end, true, 0);
}

int pmap_protect_range(struct pmap *pm, vaddr_t start, vaddr_t end, unsigned attrs)
{
  kassert(attrs_valid(pm, attrs));
  return change_range(pm, start, end, false, attrs);
}

/* ---- look ---- */

struct visit {
  void (*visitor)(void *context, vaddr_t va, const struct pmap_entry *entry);
  void *context;
};

static void visit_below(const struct visit *v, const uint64_t *table, unsigned level, vaddr_t va, uint64_t size)
{
  for (uint64_t piece; size > 0; va += piece, size -= piece) {
    uint64_t entry = entry_load(&table[paging_index(va, level)]);
    piece = level_piece(level, va, size);
    if (!(entry & PTE_PRESENT)) continue;
    if (!entry_is_leaf(entry, level)) {
      visit_below(v, table_at(entry), level - 1, va, piece);
      continue;
    }
    struct pmap_entry e = leaf_describe(entry, level, va);
    v->visitor(v->context, va, &e);
  }
}

void pmap_visit_range(const struct pmap *pm, vaddr_t start, vaddr_t end,
                      void (*visitor)(void *context, vaddr_t va, const struct pmap_entry *entry), void *context)
{
  struct visit v = {.visitor = visitor, .context = context};
  kassert(IS_ALIGNED(start | end, PAGE_SIZE) && start <= end);
  visit_below(&v, table_at(pm->root), PAGING_LEVELS, start, end - start);
}

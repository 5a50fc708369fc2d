/*
 * What the parts of the page-table code share: entries and their counts, and what a change leaves for the end, when the
 * processor's translations are flushed once. See pmap.c.
 */
#ifndef X86_FMT_PMAP_IMPL_H
#define X86_FMT_PMAP_IMPL_H

#include <fmt/paging.h>
#include <kern/arch.h>
#include <kern/pmap.h>

/* ---- entries ---- */

static inline uint64_t *table_at(uint64_t entry)
{
  return phys_to_virt(entry & PTE_ADDRESS);
}

static inline uint64_t entry_load(const uint64_t *slot)
{
  return __atomic_load_n(slot, __ATOMIC_RELAXED);
}

static inline void entry_store(uint64_t *slot, uint64_t entry)
{
  __atomic_store_n(slot, entry, __ATOMIC_RELEASE);
}

/* False when the processor changed the entry meanwhile; *old is what it says now. */
static inline bool entry_replace(uint64_t *slot, uint64_t *old, uint64_t entry)
{
  return __atomic_compare_exchange_n(slot, old, entry, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

/* A present entry maps a page and refers to no table. */
static inline bool entry_is_leaf(uint64_t entry, unsigned level)
{
  return level == 1 || (level < PAGING_LEVELS && (entry & PTE_LARGE));
}

/* Bytes that an entry of a level-`level` table stands for. */
static inline uint64_t level_span(unsigned level)
{
  return 1ull << paging_shift(level);
}

/* How much of [va, va + size) the entry of va stands for. */
static inline uint64_t level_piece(unsigned level, vaddr_t va, uint64_t size)
{
  return MIN(size, level_span(level) - (va & (level_span(level) - 1)));
}

static inline unsigned entry_count(uint64_t entry)
{
  return (unsigned)((entry & PTE_COUNT_MASK) >> PTE_COUNT_SHIFT);
}

/* n entries more or less in use in the table that *parent refers to; null for the root, which is not counted. */
static inline void count_up(uint64_t *parent, uint64_t n)
{
  if (parent) __atomic_fetch_add(parent, n << PTE_COUNT_SHIFT, __ATOMIC_RELAXED);
}

static inline void count_down(uint64_t *parent, uint64_t n)
{
  if (parent) __atomic_fetch_sub(parent, n << PTE_COUNT_SHIFT, __ATOMIC_RELAXED);
}

static inline bool in_kernel_slot(vaddr_t va)
{
  return paging_index(va, PAGING_LEVELS) != 0;
}

/* Whether the table *slot refers to is empty and may go: those of the kernel's slots in the root stay. */
static inline bool table_is_done(const uint64_t *slot, unsigned level, vaddr_t va)
{
  return entry_count(entry_load(slot)) == 0 && !(level == PAGING_LEVELS && in_kernel_slot(va));
}

/* An entry that refers to a table allows everything: rights are the last level's. */
static inline uint64_t table_entry(paddr_t table, vaddr_t va)
{
  return table | PTE_PRESENT | PTE_WRITE | (in_kernel_slot(va) ? 0 : PTE_USER);
}

/* Attributes whose bits stand in the same order are moved into place together, without a branch. */
_Static_assert(PMAP_WRITE << 1 == PTE_WRITE && PMAP_USER == PTE_USER && PMAP_GLOBAL << 5 == PTE_GLOBAL,
               "leaf_entry shifts");

static inline uint64_t leaf_entry(paddr_t pa, unsigned attrs, unsigned level)
{
  uint64_t entry = pa | PTE_PRESENT | (attrs & PMAP_WRITE) << 1 | (attrs & PMAP_USER) | (attrs & PMAP_GLOBAL) << 5 |
                   (attrs & PMAP_EXEC ? 0 : PTE_NX);
  if (level > 1) entry |= PTE_LARGE;
  if (attrs & PMAP_NOCACHE) return entry | PTE_NOCACHE | PTE_WRITE_THROUGH;
  if (attrs & PMAP_WRITE_COMBINE) return entry | (level == 1 ? PTE_PAT_4K : PTE_PAT_LARGE);
  return attrs & PMAP_WRITE_THROUGH ? entry | PTE_WRITE_THROUGH : entry;
}

/* Where a leaf's page begins: a large page's entry has its memory type among the low bits of the address. */
static inline paddr_t leaf_address(uint64_t entry, unsigned level)
{
  return entry & PTE_ADDRESS & ~(level_span(level) - 1);
}

/* Gives a present leaf other rights and keeps what the processor noted in it. */
static inline void leaf_protect(uint64_t *slot, unsigned attrs, unsigned level)
{
  uint64_t old = entry_load(slot), entry;
  do {
    entry = leaf_entry(leaf_address(old, level), attrs, level) | (old & (PTE_ACCESSED | PTE_DIRTY));
  } while (!entry_replace(slot, &old, entry));
}

static inline struct pmap_entry leaf_describe(uint64_t entry, unsigned level, vaddr_t va)
{
  struct pmap_entry e = {
    .pa = leaf_address(entry, level) + (va & (level_span(level) - 1)),
    .attrs = (entry & PTE_WRITE ? PMAP_WRITE : 0) | (entry & PTE_NX ? 0 : PMAP_EXEC) |
             (entry & PTE_USER ? PMAP_USER : 0) | (entry & PTE_GLOBAL ? PMAP_GLOBAL : 0),
    .page_size = level_span(level),
    .accessed = (entry & PTE_ACCESSED) != 0,
    .dirty = (entry & PTE_DIRTY) != 0,
  };
  if (entry & PTE_NOCACHE)
    e.attrs |= PMAP_NOCACHE;
  else if (entry & (level == 1 ? PTE_PAT_4K : PTE_PAT_LARGE))
    e.attrs |= PMAP_WRITE_COMBINE;
  else if (entry & PTE_WRITE_THROUGH)
    e.attrs |= PMAP_WRITE_THROUGH;
  return e;
}

/* ---- what may be asked (pmap.c) ---- */

/* Whether [va, va + size), whole pages, is pm's to change: in one slot of the root, whose kernel part never changes. */
bool pmap_range_valid(const struct pmap *pm, vaddr_t va, uint64_t size);

static inline bool attrs_exclusive(unsigned attrs)
{
  return (attrs & (PMAP_WRITE | PMAP_EXEC)) != (PMAP_WRITE | PMAP_EXEC);
}

/* A global page in a program's tables would outlive them in the processor. */
static inline bool attrs_valid(const struct pmap *pm, unsigned attrs)
{
  return attrs_exclusive(attrs) && (!(attrs & PMAP_GLOBAL) || pm == &kernel_pmap);
}

/* A table goes away: what the last walk found may have been in it. */
static inline void pmap_forget_walk(struct pmap *pm)
{
  pm->walked = 0;
}

/* ---- flushes (pmap_flush.c) ---- */

/* More pages than this, and everything is flushed instead: then it costs less to translate again what is still needed. */
#define FLUSH_PAGES 32u

/* What a change of many entries leaves for its end. Zeroed but for pm. */
struct pmap_gather {
  struct pmap *pm;
  unsigned count; /* of va; FLUSH_PAGES + 1: too many */
  paddr_t tables; /* cut off, each beginning with the address of the next: an entry that is not present */
  vaddr_t va[FLUSH_PAGES];
};

/* The translation of va, by a page of any size, changed or went away. */
static inline void gather_page(struct pmap_gather *g, vaddr_t va)
{
  if (g->count < FLUSH_PAGES)
    g->va[g->count++] = va;
  else
    g->count = FLUSH_PAGES + 1;
}

/* Cuts off the empty table that *slot, va's entry in the table of *parent, refers to. */
void gather_table(struct pmap_gather *g, uint64_t *slot, uint64_t *parent, vaddr_t va);

/* Flushes what was gathered, then frees the tables. */
void gather_finish(struct pmap_gather *g);

/* At once, when pm's tables are in use: one address, or all pm may have changed. */
void pmap_flush_page(const struct pmap *pm, vaddr_t va);
void pmap_flush_all(const struct pmap *pm);

/* ---- large pages (pmap_large.c) ---- */

/* Tables for splitting, allocated before anything changes: at either end of a range a page of 1 GiB becomes pages of 2 MiB
 * and one of them pages of 4 KiB. */
#define SPLIT_TABLES 4u
struct pmap_stock {
  paddr_t table[SPLIT_TABLES];
  unsigned count;
};

/* Exactly what a change of [va, va + size) will take. -ENOMEM: nothing taken. */
MUST_CHECK int stock_fill(struct pmap_stock *s, const struct pmap *pm, vaddr_t va, uint64_t size);

/* Puts a table that maps the same by smaller pages in the place of the large page at *slot; answers the new entry. No
 * flush: whatever is changed in it is flushed, and that takes the large page's translation with it. */
uint64_t page_split(struct pmap *pm, uint64_t *slot, unsigned level, vaddr_t va, struct pmap_stock *s);

#endif

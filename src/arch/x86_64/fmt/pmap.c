/*
 * Page tables: builds and takes apart what the processor walks.
 *
 * An entry that refers to a table counts in its ignored bits how many of that table's entries are in use, so a table is
 * freed when its last entry goes, without a search. The processor may set an entry's accessed and dirty bits at any time;
 * entries are therefore changed by atomic operations.
 *
 * Slot 0 of a root belongs to its pmap. The others are the kernel's: their level-3 tables exist before the first user pmap
 * and stay, so that copying the root's entries shares everything below.
 */
#include <fmt/paging.h>
#include <kern/arch.h>
#include <kern/aspace.h>
#include <kern/cpu.h>
#include <kern/panic.h>
#include <kern/pmap.h>
#include <kern/pmm.h>
#include <kern/string.h>

#define SIZE_2M (1ull << 21)
#define SIZE_1G (1ull << 30)

struct pmap kernel_pmap;

/* ---- entries ---- */

static uint64_t *table_at(paddr_t pa)
{
  return phys_to_virt(pa & PTE_ADDRESS);
}

static uint64_t entry_load(const uint64_t *slot)
{
  return __atomic_load_n(slot, __ATOMIC_RELAXED);
}

static void entry_store(uint64_t *slot, uint64_t entry)
{
  __atomic_store_n(slot, entry, __ATOMIC_RELEASE);
}

static unsigned entry_count(uint64_t entry)
{
  return (unsigned)((entry & PTE_COUNT_MASK) >> PTE_COUNT_SHIFT);
}

/* One more or less entry in use in the table that *parent refers to; null for the root, which is not counted. */
static void count_up(uint64_t *parent)
{
  if (parent) __atomic_fetch_add(parent, PTE_COUNT_ONE, __ATOMIC_RELAXED);
}

static void count_down(uint64_t *parent)
{
  if (parent) __atomic_fetch_sub(parent, PTE_COUNT_ONE, __ATOMIC_RELAXED);
}

static uint64_t memory_type_bits(unsigned attrs, unsigned level)
{
  if (attrs & PMAP_NOCACHE) return PTE_NOCACHE | PTE_WRITE_THROUGH;
  if (attrs & PMAP_WRITE_COMBINE) return level == 1 ? PTE_PAT_4K : PTE_PAT_LARGE;
  return attrs & PMAP_WRITE_THROUGH ? PTE_WRITE_THROUGH : 0;
}

/* Attributes whose bits stand in the same order are moved into place together, without a branch. */
_Static_assert(PMAP_WRITE << 1 == PTE_WRITE && PMAP_USER == PTE_USER && PMAP_GLOBAL << 5 == PTE_GLOBAL,
               "leaf_entry shifts");

static inline uint64_t leaf_entry(paddr_t pa, unsigned attrs, unsigned level)
{
  uint64_t entry = pa | PTE_PRESENT | (attrs & PMAP_WRITE) << 1 | (attrs & PMAP_USER) | (attrs & PMAP_GLOBAL) << 5 |
                   (attrs & PMAP_EXEC ? 0 : PTE_NX);
  if (level > 1) entry |= PTE_LARGE;
  if (attrs & (PMAP_NOCACHE | PMAP_WRITE_THROUGH | PMAP_WRITE_COMBINE)) entry |= memory_type_bits(attrs, level);
  return entry;
}

static unsigned entry_attrs(uint64_t entry, uint64_t page_size)
{
  unsigned attrs = (entry & PTE_WRITE ? PMAP_WRITE : 0) | (entry & PTE_NX ? 0 : PMAP_EXEC) |
                   (entry & PTE_USER ? PMAP_USER : 0) | (entry & PTE_GLOBAL ? PMAP_GLOBAL : 0);
  if (entry & PTE_NOCACHE) return attrs | PMAP_NOCACHE;
  if (entry & (page_size == PAGE_SIZE ? PTE_PAT_4K : PTE_PAT_LARGE)) return attrs | PMAP_WRITE_COMBINE;
  return attrs | (entry & PTE_WRITE_THROUGH ? PMAP_WRITE_THROUGH : 0);
}

/* ---- TLB ---- */

/* va's translation, or one of the tables it went through, is gone or changed. */
static void flush(const struct pmap *pm, vaddr_t va)
{
  const struct aspace *active = cpu_self()->active_aspace;
  if (pm == &kernel_pmap || (active && pm == &active->pmap)) arch_tlb_flush_page(va);
  /* With more processors: the shootdown of those that have pm loaded, waited for, goes here. */
}

/* ---- the way to an entry ---- */

/* slot[l] is the entry of the level-l table on the way to an address. */
struct path {
  uint64_t *slot[PAGING_LEVELS + 1];
};

static uint64_t *path_parent(const struct path *p, unsigned level)
{
  return level < PAGING_LEVELS ? p->slot[level + 1] : NULL;
}

static bool in_kernel_slot(vaddr_t va)
{
  return paging_index(va, PAGING_LEVELS) != 0;
}

static paddr_t table_alloc_early(struct pmap *pm)
{
  (void)pm;
  return bootmem_alloc_page();
}

static paddr_t table_alloc(struct pmap *pm)
{
  paddr_t pa;
  if (pmm_alloc_zeroed(PMM_TABLES, &pa) != 0) return 0;
  pm->table_pages++;
  return pa;
}

/* Follows the tables to the level-`target` entry of va. Absent ones are made by `alloc`, or, when that is null, end the
 * walk. Answers the level reached: target, or a higher one at which there is a large page, no table or no memory. */
static unsigned path_walk(struct pmap *pm, vaddr_t va, unsigned target, paddr_t (*alloc)(struct pmap *), struct path *p)
{
  uint64_t *table = table_at(pm->root);
  for (unsigned level = PAGING_LEVELS;; level--) {
    p->slot[level] = &table[paging_index(va, level)];
    if (level == target) return level;
    uint64_t entry = entry_load(p->slot[level]);
    if (entry & PTE_PRESENT) {
      if (level < PAGING_LEVELS && (entry & PTE_LARGE)) return level;
    } else {
      entry = alloc ? alloc(pm) : 0;
      if (!entry) return level;
      entry |= PTE_PRESENT | PTE_WRITE | (in_kernel_slot(va) ? 0 : PTE_USER);
      entry_store(p->slot[level], entry);
      count_up(path_parent(p, level));
    }
    table = table_at(entry);
  }
}

/* Frees the tables below the level-`level` entry of the path that became empty, and upwards. */
static void path_prune(struct pmap *pm, vaddr_t va, struct path *p, unsigned level)
{
  unsigned top = in_kernel_slot(va) ? PAGING_LEVELS - 1 : PAGING_LEVELS;
  paddr_t dead[PAGING_LEVELS];
  unsigned ndead = 0;
  for (; level <= top; level++) {
    uint64_t entry = entry_load(p->slot[level]);
    if (!(entry & PTE_PRESENT)) continue;
    if (entry_count(entry) != 0) break;
    dead[ndead++] = entry & PTE_ADDRESS;
    entry_store(p->slot[level], 0);
    count_down(path_parent(p, level));
  }
  if (ndead == 0) return;
  flush(pm, va); /* the processor caches references to tables as well */
  pm->table_pages -= ndead;
  while (ndead > 0) pmm_free_page(dead[--ndead]);
}

static bool attrs_valid(unsigned attrs)
{
  return (attrs & (PMAP_WRITE | PMAP_EXEC)) != (PMAP_WRITE | PMAP_EXEC);
}

/* Whether va may be mapped in pm: the root's kernel part never changes. */
static bool address_valid(const struct pmap *pm, vaddr_t va)
{
  if (!IS_ALIGNED(va, PAGE_SIZE) || !paging_canonical(va)) return false;
  if (!in_kernel_slot(va)) return true;
  return pm == &kernel_pmap && (entry_load(&table_at(pm->root)[paging_index(va, PAGING_LEVELS)]) & PTE_PRESENT);
}

/* ---- one page ---- */

/* The level-2 entry of va when it refers to a table: how most walks end. */
static inline uint64_t *table_slot_find(const struct pmap *pm, vaddr_t va)
{
  const uint64_t *table = table_at(pm->root);
  for (unsigned level = PAGING_LEVELS; level > 2; level--) {
    uint64_t entry = entry_load(&table[paging_index(va, level)]);
    if (!(entry & PTE_PRESENT) || (level < PAGING_LEVELS && (entry & PTE_LARGE))) return NULL;
    table = table_at(entry);
  }
  uint64_t *slot = (uint64_t *)&table[paging_index(va, 2)];
  return (entry_load(slot) & (PTE_PRESENT | PTE_LARGE)) == PTE_PRESENT ? slot : NULL;
}

static inline int leaf_make(struct pmap *pm, uint64_t *slot, uint64_t *parent, paddr_t pa, unsigned attrs)
{
  if (entry_load(slot) & PTE_PRESENT) return -EEXIST;
  entry_store(slot, leaf_entry(pa, attrs, 1));
  count_up(parent);
  pm->mapped_pages++;
  return 0;
}

int pmap_map(struct pmap *pm, vaddr_t va, paddr_t pa, unsigned attrs)
{
  struct path path;
  if (!address_valid(pm, va) || !IS_ALIGNED(pa, PAGE_SIZE) || pa > PADDR_MASK || !attrs_valid(attrs)) return -EINVAL;
  uint64_t *parent = table_slot_find(pm, va);
  if (parent) return leaf_make(pm, &table_at(entry_load(parent))[paging_index(va, 1)], parent, pa, attrs);
  unsigned level = path_walk(pm, va, 1, table_alloc, &path);
  if (level == 1) return leaf_make(pm, path.slot[1], path.slot[2], pa, attrs);
  if (entry_load(path.slot[level]) & PTE_PRESENT) return -EEXIST;
  path_prune(pm, va, &path, level + 1);
  return -ENOMEM;
}

int pmap_map_early(paddr_t root, vaddr_t va, paddr_t pa, uint64_t size, unsigned attrs)
{
  struct pmap pm = {.root = root};
  struct path path;
  unsigned target = size == PAGE_SIZE ? 1 : size == SIZE_2M ? 2 : size == SIZE_1G ? 3 : 0;
  if (!target || !IS_ALIGNED(va, size) || !IS_ALIGNED(pa, size) || !paging_canonical(va) || pa > PADDR_MASK ||
      !attrs_valid(attrs))
    return -EINVAL;
  unsigned level = path_walk(&pm, va, target, table_alloc_early, &path);
  if (entry_load(path.slot[level]) & PTE_PRESENT) return -EEXIST;
  if (level > target) return -ENOMEM;
  entry_store(path.slot[level], leaf_entry(pa, attrs, level));
  count_up(path_parent(&path, level));
  return 0;
}

/* The level-1 entry of a mapped 4 KiB page. */
static bool path_find(struct pmap *pm, vaddr_t va, struct path *path)
{
  return address_valid(pm, va) && path_walk(pm, va, 1, NULL, path) == 1 && (entry_load(path->slot[1]) & PTE_PRESENT);
}

int pmap_unmap(struct pmap *pm, vaddr_t va, paddr_t *pa)
{
  struct path path;
  if (!path_find(pm, va, &path)) return -ENOENT;
  *pa = __atomic_exchange_n(path.slot[1], 0, __ATOMIC_ACQ_REL) & PTE_ADDRESS;
  count_down(path.slot[2]);
  pm->mapped_pages--;
  flush(pm, va);
  path_prune(pm, va, &path, 2);
  return 0;
}

/* Gives a present leaf other rights and keeps what the processor noted in it. */
static void leaf_protect(uint64_t *slot, unsigned attrs)
{
  uint64_t old = entry_load(slot), entry;
  do {
    entry = leaf_entry(old & PTE_ADDRESS, attrs, 1) | (old & (PTE_ACCESSED | PTE_DIRTY));
  } while (!__atomic_compare_exchange_n(slot, &old, entry, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
}

int pmap_protect(struct pmap *pm, vaddr_t va, unsigned attrs)
{
  struct path path;
  if (!attrs_valid(attrs)) return -EINVAL;
  if (!path_find(pm, va, &path)) return -ENOENT;
  leaf_protect(path.slot[1], attrs);
  flush(pm, va);
  return 0;
}

bool pmap_lookup(const struct pmap *pm, vaddr_t va, struct pmap_entry *out)
{
  struct x86_walk w;
  if (!paging_canonical(va) || !x86_mmu_peek(pm->root, va, &w)) return false;
  *out = (struct pmap_entry){
    .pa = w.pa,
    .attrs = entry_attrs(w.entry, w.page_size),
    .page_size = w.page_size,
    .accessed = w.accessed,
    .dirty = w.dirty,
  };
  return true;
}

/* One step down from an entry, or the root: what the table it refers to says about va. */
static inline __attribute__((always_inline)) uint64_t entry_below(uint64_t entry, vaddr_t va, unsigned level)
{
  return entry_load(&table_at(entry)[paging_index(va, level)]);
}

bool pmap_lookup_user(const struct pmap *pm, vaddr_t va, bool write, paddr_t *out)
{
  /* The tables of slot 0 allow everything; the rights are in the last level, and there are no large pages. */
  uint64_t entry = entry_below(pm->root, va, 4);
  if (!(entry & PTE_PRESENT)) return false;
  entry = entry_below(entry, va, 3);
  if (!(entry & PTE_PRESENT)) return false;
  entry = entry_below(entry, va, 2);
  if (!(entry & PTE_PRESENT)) return false;
  entry = entry_below(entry, va, 1);
  const uint64_t rights = PTE_PRESENT | PTE_USER | (write ? PTE_WRITE : 0);
  if ((entry & rights) != rights) return false;
  *out = (entry & PTE_ADDRESS) | (va & PAGE_MASK);
  return true;
}

/* ---- ranges ---- */

static void table_release(struct pmap *pm, uint64_t *slot, uint64_t *parent, vaddr_t va)
{
  paddr_t table = entry_load(slot) & PTE_ADDRESS;
  entry_store(slot, 0);
  count_down(parent);
  flush(pm, va);
  pm->table_pages--;
  pmm_free_page(table);
}

/* Visits what is mapped of [va, end) below a table of `level`, skipping what is absent. With attrs null the pages are
 * unmapped and empty tables freed, else they are given these attributes. *parent refers to the table. */
static void range_visit(struct pmap *pm, uint64_t *table, unsigned level, uint64_t *parent, vaddr_t va, vaddr_t end,
                        const unsigned *attrs)
{
  vaddr_t span = (vaddr_t)1 << paging_shift(level), next;
  for (; va < end; va = next) {
    uint64_t *slot = &table[paging_index(va, level)];
    uint64_t entry = entry_load(slot);
    next = ALIGN_DOWN(va, span) + span;
    if (!(entry & PTE_PRESENT)) continue;
    if (level > 1) {
      range_visit(pm, table_at(entry), level - 1, slot, va, MIN(next, end), attrs);
      if (entry_count(entry_load(slot)) == 0) table_release(pm, slot, parent, va);
      continue;
    }
    if (attrs) {
      leaf_protect(slot, *attrs);
    } else {
      entry_store(slot, 0);
      count_down(parent);
      pm->mapped_pages--;
    }
    flush(pm, va);
  }
}

/* Slot 0 only: below 512 GiB, 4 KiB pages, nothing wraps. */
static void user_range_visit(struct pmap *pm, vaddr_t start, vaddr_t end, const unsigned *attrs)
{
  kassert(IS_ALIGNED(start, PAGE_SIZE) && IS_ALIGNED(end, PAGE_SIZE));
  kassert(start <= end && end <= (vaddr_t)1 << paging_shift(PAGING_LEVELS));
  range_visit(pm, table_at(pm->root), PAGING_LEVELS, NULL, start, end, attrs);
}

void pmap_unmap_range(struct pmap *pm, vaddr_t start, vaddr_t end)
{
  user_range_visit(pm, start, end, NULL);
}

void pmap_protect_range(struct pmap *pm, vaddr_t start, vaddr_t end, unsigned attrs)
{
  kassert(attrs_valid(attrs));
  user_range_visit(pm, start, end, &attrs);
}

/* ---- whole pmaps ---- */

/* The kernel's window: level-3 tables in every slot it touches, so that no root entry is made later. */
static int window_populate(struct pmap *pm)
{
  struct arch_window w = arch_kernel_window();
  struct path path;
  kassert(in_kernel_slot(w.base) &&
          paging_index(w.base, PAGING_LEVELS) == paging_index(w.base + w.size - 1, PAGING_LEVELS));
  return path_walk(pm, w.base, PAGING_LEVELS - 1, table_alloc_early, &path) == PAGING_LEVELS - 1 ? 0 : -ENOMEM;
}

int pmap_init(const struct bootinfo *bi)
{
  kernel_pmap = (struct pmap){.root = bootmem_alloc_page()};
  if (!kernel_pmap.root) return -ENOMEM;
  int err = arch_kernel_pmap_fill(kernel_pmap.root, bi);
  if (err == 0) err = window_populate(&kernel_pmap);
  if (err != 0) return err;
  arch_aspace_activate(kernel_pmap.root);
  return 0;
}

int pmap_create(struct pmap *pm)
{
  *pm = (struct pmap){0};
  int err = pmm_alloc_page(PMM_TABLES, &pm->root);
  if (err != 0) return err;
  uint64_t *root = table_at(pm->root);
  memcpy(root, table_at(kernel_pmap.root), PAGE_SIZE);
  root[0] = 0;
  return 0;
}

/* Frees the tables below *slot, an entry of a level-`level` table; its count tells when all were found. */
static void tables_free(struct pmap *pm, uint64_t entry, unsigned level)
{
  if (level > 2) {
    const uint64_t *table = table_at(entry);
    for (unsigned left = entry_count(entry); left > 0; table++) {
      if (!(*table & PTE_PRESENT)) continue;
      tables_free(pm, *table, level - 1);
      left--;
    }
  }
  pm->table_pages--;
  pmm_free_page(entry & PTE_ADDRESS);
}

void pmap_destroy(struct pmap *pm)
{
  uint64_t entry = table_at(pm->root)[0];
  kassert(pm != &kernel_pmap);
  if (entry & PTE_PRESENT) tables_free(pm, entry, PAGING_LEVELS);
  kassert(pm->table_pages == 0);
  pmm_free_page(pm->root);
  *pm = (struct pmap){0};
}

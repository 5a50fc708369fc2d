/*
 * Pages of all sizes inside the running kernel: 2 MiB of memory, seen at the addresses where a page of 1 GiB, pages of 2 MiB
 * and pages of 4 KiB can show it alike. Random operations against a dictionary; what the processor then does, with whatever
 * translations it kept, is what the dictionary says.
 */
#include <kern/alloc_fault.h>
#include <kern/arch.h>
#include <kern/aspace.h>
#include <kern/cpu.h>
#include <kern/ktest.h>
#include <kern/pmap.h>
#include <kern/pmm.h>
#include <kern/trap.h>

#define PAGES 512u
#define ORDER 9u /* of 2 MiB */
#define STEPS 3000u

static struct large {
  struct aspace *as;
  paddr_t block;
  vaddr_t base; /* congruent to block in 1 GiB */
  uint32_t random;
  uint16_t shows[PAGES]; /* page of the block + 1; 0: not mapped */
  bool writable[PAGES];
} t;

static unsigned random_below(unsigned n)
{
  t.random = t.random * 1664525u + 1013904223u;
  return (t.random >> 8) % n;
}

static vaddr_t va_of(unsigned page)
{
  return t.base + page * (vaddr_t)PAGE_SIZE;
}

static volatile uint32_t *word_of(unsigned page_of_block)
{
  return phys_to_virt(t.block + page_of_block * (paddr_t)PAGE_SIZE + 64);
}

/* The tests before may have left another address space, and other threads may run in between. */
static void activate(void)
{
  bool enabled = arch_irq_disable();
  aspace_activate(t.as);
  arch_irq_restore(enabled);
}

static void read_word(void *p)
{
  activate();
  (void)*(volatile uint32_t *)p;
}

static void write_word(void *p)
{
  activate();
  *(volatile uint32_t *)p = 0;
}

static bool faults(void (*access)(void *), vaddr_t va, bool present)
{
  struct trap_info info;
  return ktest_expect_trap(access, (void *)va, &info) && info.kind == TRAP_PAGE_FAULT && info.present == present &&
         info.addr == va;
}

/* `hard`: also that what is not allowed faults. */
static bool page_agrees(unsigned page, bool hard)
{
  vaddr_t va = va_of(page) + 64;
  volatile uint32_t *word = (volatile uint32_t *)va;
  struct pmap_entry e;
  bool mapped = pmap_lookup(&t.as->pmap, va, &e);
  if (mapped != (t.shows[page] != 0)) return false;
  if (!mapped) return !hard || faults(read_word, va, false);
  unsigned shown = t.shows[page] - 1u;
  activate();
  if (e.pa != t.block + shown * (paddr_t)PAGE_SIZE + 64 || *word != *word_of(shown)) return false;
  if (!t.writable[page]) return !hard || faults(write_word, va, true);
  *word = *word + 1;
  return *word_of(shown) == *word;
}

static bool any_shown(unsigned first, unsigned count)
{
  for (unsigned i = first; i < first + count; i++)
    if (t.shows[i]) return true;
  return false;
}

/* All of the GiB, by one page where the processor can. */
static int map_everything(unsigned attrs)
{
  return pmap_map_range(&t.as->pmap, ALIGN_DOWN(t.base, GIB(1)), ALIGN_DOWN(t.block, GIB(1)), GIB(1), attrs);
}

static int unmap_everything(void)
{
  vaddr_t gib = ALIGN_DOWN(t.base, GIB(1));
  return pmap_unmap_range(&t.as->pmap, gib, gib + GIB(1));
}

struct request {
  enum { MAP, MAP_ALL, UNMAP, UNMAP_ALL, PROTECT, MERGE } what;
  unsigned first, count, shift;
  bool write;
};

static int perform(const struct request *r)
{
  struct pmap *pm = &t.as->pmap;
  vaddr_t start = va_of(r->first), end = va_of(r->first + r->count);
  unsigned attrs = r->write ? PMAP_WRITE : 0;
  switch (r->what) {
  case MAP: return pmap_map_range(pm, start, t.block + (r->first + r->shift) * PAGE_SIZE, end - start, attrs);
  case MAP_ALL: return map_everything(attrs);
  case UNMAP: return pmap_unmap_range(pm, start, end);
  case UNMAP_ALL: return unmap_everything();
  case PROTECT: return pmap_protect_range(pm, start, end, attrs);
  default: pmap_merge(pm, ALIGN_DOWN(t.base, GIB(1)), ALIGN_DOWN(t.base, GIB(1)) + GIB(1)); return 0;
  }
}

static void note(const struct request *r)
{
  for (unsigned i = r->first; i < r->first + r->count; i++) {
    if (r->what == MAP || r->what == MAP_ALL) t.shows[i] = (uint16_t)(i + r->shift + 1);
    if (r->what == UNMAP || r->what == UNMAP_ALL) t.shows[i] = 0;
    if (r->what != MERGE) t.writable[i] = r->write;
  }
}

/* Few pages mostly, all of the 2 MiB often, the GiB sometimes. What was mapped around the 2 MiB goes with UNMAP_ALL. */
static struct request random_request(bool around)
{
  struct request r = {.what = around && random_below(8) == 0 ? UNMAP_ALL : random_below(6), .write = random_below(2)};
  bool all = random_below(4) == 0 || r.what == MAP_ALL || r.what == UNMAP_ALL;
  r.count = all ? PAGES : 1 + random_below(random_below(2) ? 4 : 100);
  r.first = random_below(PAGES - r.count + 1);
  r.shift = r.what == MAP ? random_below(2) * random_below(PAGES - r.first - r.count + 1) : 0;
  return r;
}

static bool step(bool *around)
{
  struct request r = random_request(*around);
  bool exists = r.what == MAP_ALL ? *around || any_shown(0, PAGES) : r.what == MAP && any_shown(r.first, r.count);
  int err;
  for (uint64_t n = 1, failures = 1; failures > 0; n++) {
    alloc_fault_arm(random_below(4) ? 0 : n, false);
    err = perform(&r);
    failures = alloc_fault_failures();
    alloc_fault_arm(0, false);
    if (failures > 0 && (err != -ENOMEM || !page_agrees(r.first, false))) return false;
  }
  if (err != (exists ? -EEXIST : 0)) return false;
  if (!exists) note(&r);
  if (r.what == MAP_ALL && !exists) *around = true;
  if (r.what == UNMAP_ALL) *around = false;
  bool good = page_agrees(r.first, random_below(16) == 0) && page_agrees(r.first + r.count - 1, false);
  for (unsigned i = 0; good && i < 4; i++) good = page_agrees(random_below(PAGES), false);
  return good;
}

static bool run(void)
{
  bool good = true, around = false;
  for (unsigned i = 0; i < PAGES; i++) *word_of(i) = 1000 * i;
  for (unsigned i = 0; good && i < STEPS; i++) good = step(&around);
  for (unsigned i = 0; good && i < PAGES; i++) good = page_agrees(i, i % 64 == 0);
  good = unmap_everything() == 0 && good;
  return good && t.as->pmap.table_pages == 0 && t.as->pmap.mapped_pages == 0;
}

KTEST(mm_pages_of_all_sizes)
{
  t = (struct large){.random = 4711};
  if (pmm_alloc(PMM_USER, ORDER, &t.block) != 0) return; /* a small machine has no large blocks */
  t.base = GIB(1) + (t.block & (GIB(1) - 1));
  bool good = aspace_create(&t.as) == 0;
  if (good) {
    good = run();
    aspace_unref(t.as);
  }
  pmm_free(t.block, ORDER);
  ktest_check(good);
}

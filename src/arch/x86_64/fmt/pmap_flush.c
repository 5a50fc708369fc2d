/*
 * When the processor is told that entries changed. It caches translations, and references to tables as well; flushing one
 * address drops the translation of the page it is in, whatever its size, and all references to tables (Intel SDM vol. 3A,
 * 4.10.4.1), so a table that was cut off may be freed after any flush.
 */
#include "pmap_impl.h"

#include <kern/aspace.h>
#include <kern/cpu.h>
#include <kern/pmm.h>

static bool is_active(const struct pmap *pm)
{
  const struct aspace *active = cpu_self()->active_aspace;
  return pm == &kernel_pmap || (active && pm == &active->pmap);
}

/* With more processors: the shootdown of those that have pm loaded, waited for, goes into these two. */
void pmap_flush_page(const struct pmap *pm, vaddr_t va)
{
  if (is_active(pm)) arch_tlb_flush_page(va);
}

/* Only the kernel's pages are global; loading the same tables again drops everything else. */
void pmap_flush_all(const struct pmap *pm)
{
  if (pm == &kernel_pmap)
    arch_tlb_flush_all();
  else if (is_active(pm))
    arch_aspace_activate(pm->root);
}

void gather_table(struct pmap_gather *g, uint64_t *slot, uint64_t *parent, vaddr_t va)
{
  paddr_t table = entry_load(slot) & PTE_ADDRESS;
  entry_store(slot, 0);
  pmap_forget_walk(g->pm);
  count_down(parent, 1);
  g->pm->table_pages--;
  *table_at(table) = g->tables;
  g->tables = table;
  if (g->count == 0) gather_page(g, va);
}

void gather_finish(struct pmap_gather *g)
{
  if (g->count > FLUSH_PAGES)
    pmap_flush_all(g->pm);
  else
    for (unsigned i = 0; i < g->count; i++) pmap_flush_page(g->pm, g->va[i]);
  while (g->tables) {
    paddr_t table = g->tables;
    g->tables = *table_at(table);
    pmm_free_page(table);
  }
}

/* Page tables as a whole: the kernel's at boot, a program's from its creation to its end. */
#include "pmap_impl.h"

#include <kern/panic.h>
#include <kern/pmm.h>
#include <kern/string.h>

struct pmap kernel_pmap;

/* The kernel's window: a level-3 table in its slot, so that no root entry is made later. */
static int window_populate(uint64_t *root)
{
  struct arch_window w = arch_kernel_window();
  uint64_t *slot = &root[paging_index(w.base, PAGING_LEVELS)];
  kassert(in_kernel_slot(w.base) &&
          paging_index(w.base, PAGING_LEVELS) == paging_index(w.base + w.size - 1, PAGING_LEVELS));
  if (entry_load(slot) & PTE_PRESENT) return 0;
  paddr_t table = bootmem_alloc_page();
  if (!table) return -ENOMEM;
  entry_store(slot, table_entry(table, w.base));
  return 0;
}

int pmap_init(const struct bootinfo *bi)
{
  kernel_pmap = (struct pmap){.root = bootmem_alloc_page()};
  if (!kernel_pmap.root) return -ENOMEM;
  int err = arch_kernel_pmap_fill(kernel_pmap.root, bi);
  if (err == 0) err = window_populate(table_at(kernel_pmap.root));
  if (err != 0) return err;
  arch_aspace_activate(kernel_pmap.root);
  return 0;
}

int pmap_create(struct pmap *pm)
{
  *pm = (struct pmap){0};
  int err = pmm_alloc_page(PMM_TABLES, &pm->root);
  if (err != 0) return err;
  kassert(pmm_in_zone(pm->root, PMM_KERNEL));
  uint64_t *root = table_at(pm->root);
  memcpy(root, table_at(kernel_pmap.root), PAGE_SIZE);
  root[0] = 0;
  return 0;
}

/* Frees the table that an entry of a level-`level` table refers to, and those below; its count tells when all were
 * found. */
static void tables_free(struct pmap *pm, uint64_t entry, unsigned level)
{
  if (level > 2) {
    const uint64_t *table = table_at(entry);
    for (unsigned left = entry_count(entry); left > 0; table++) {
      if (!(*table & PTE_PRESENT)) continue;
      if (!entry_is_leaf(*table, level - 1)) tables_free(pm, *table, level - 1);
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

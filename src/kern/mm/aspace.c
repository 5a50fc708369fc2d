/*
 * Address spaces: a tree of regions (region.c) over page tables. A page is in the tables only while its region allows some
 * access to it, with no more rights than the region gives: without WRITE as long as others have the page too. Pages come by
 * fault (aspace_fault.c) and go when the region or its object changes. Every operation checks everything and allocates what
 * it may need before it changes anything.
 */
#include "aspace_impl.h"
#include "vmo_impl.h"

#include <kern/arch.h>
#include <kern/cpu.h>
#include <kern/kmem.h>
#include <kern/panic.h>

/* How much of the tables is changed at once, with interrupts disabled. */
#define TABLES_STEP MIB(2)

int aspace_create(struct aspace **out)
{
  struct aspace *as = kzalloc(sizeof *as);
  if (!as) return -ENOMEM;
  int err = pmap_create(&as->pmap);
  if (err != 0) {
    kfree(as);
    return err;
  }
  mutex_init(&as->lock, "aspace");
  spin_init(&as->tables_lock, "aspace tables");
  region_tree_init(as);
  as->refs = 1;
  *out = as;
  return 0;
}

void aspace_ref(struct aspace *as)
{
  __atomic_fetch_add(&as->refs, 1, __ATOMIC_RELAXED);
}

void region_free(struct region *r)
{
  vmo_unref(r->vmo);
  kfree(r);
}

/* The objects forget the regions, so that they leave the tables alone; then those go, and the pages they referred to last. */
static void regions_destroy(struct aspace *as)
{
  for (struct avl_node *n = avl_first(&as->regions); n; n = avl_next(n)) vmo_detach(avl_entry(n, struct region, node));
  pmap_destroy(&as->pmap);
  for (struct avl_node *n; (n = as->regions.root) != NULL;) {
    avl_remove(&as->regions, n);
    region_free(avl_entry(n, struct region, node));
  }
}

void aspace_unref(struct aspace *as)
{
  if (__atomic_sub_fetch(&as->refs, 1, __ATOMIC_ACQ_REL) > 0) return;
  irq_push_off(); /* a kernel thread may still run on these tables; with more processors, on any of them */
  if (cpu_self()->active_aspace == as) aspace_activate(NULL);
  irq_pop_off();
  regions_destroy(as);
  kfree(as);
}

void aspace_activate(struct aspace *as)
{
  struct cpu *cpu = cpu_self();
  kassert(!arch_irq_enabled());
  if (cpu->active_aspace == as) return;
  cpu->active_aspace = as;
  arch_aspace_activate(as ? as->pmap.root : kernel_pmap.root);
}

void aspace_limit_tables(struct aspace *as, vaddr_t base, vaddr_t end, int prot)
{
  for (vaddr_t next; base < end; base = next) {
    next = MIN(end, ALIGN_DOWN(base, (vaddr_t)TABLES_STEP) + TABLES_STEP);
    spin_lock(&as->tables_lock);
    if (prot == PROT_NONE)
      pmap_unmap_range(&as->pmap, base, next);
    else
      pmap_protect_range(&as->pmap, base, next, region_attrs(prot & ~PROT_WRITE));
    spin_unlock(&as->tables_lock);
  }
}

uint64_t aspace_resident_pages(struct aspace *as)
{
  return __atomic_load_n(&as->pmap.mapped_pages, __ATOMIC_RELAXED);
}

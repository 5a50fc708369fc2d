/*
 * Where an object is mapped: the list of its regions, which finds the page-table entries of a page, and the rule that a page
 * is never writable in one mapping and executable in another.
 *
 * The rule is kept by claims: a region claims to write or execute its part before it may, and lets go of a claim only when
 * the tables do not allow it any more. Two claims that contradict each other are never there together, in whatever address
 * spaces and on whatever processors they are made.
 */
#include "aspace_impl.h"
#include "vmo_impl.h"

#include <kern/panic.h>
#include <kern/pmm.h>

static uint64_t first_page(const struct region *r)
{
  return r->offset >> PAGE_SHIFT;
}

static uint64_t end_page(const struct region *r)
{
  return first_page(r) + pages_in(r->base, r->end);
}

/* ---- claims ---- */

static void claims_set(struct region *r, int claims)
{
  struct vmo *v = r->vmo;
  v->nwritable += !!(claims & PROT_WRITE) - !!(r->claims & PROT_WRITE);
  v->nexecutable += !!(claims & PROT_EXEC) - !!(r->claims & PROT_EXEC);
  r->claims = claims;
}

/* What nobody else may claim of a page for which prot is claimed. */
static int opposite(int prot)
{
  return (prot & PROT_WRITE ? PROT_EXEC : 0) | (prot & PROT_EXEC ? PROT_WRITE : 0);
}

/* Whether claiming prot for r's pages contradicts another region. Those of r's address space in [addr, end) do not count. */
static bool contradicts(const struct region *r, int prot, vaddr_t addr, vaddr_t end)
{
  const struct vmo *v = r->vmo;
  vaddr_t from, to;
  bool possible = (prot & PROT_WRITE && v->nexecutable > 0) || (prot & PROT_EXEC && v->nwritable > 0);
  if (!possible) return false;
  list_for_each (it, &v->regions, struct region, vmo_link) {
    if (it->as == r->as && it->base >= addr && it->end <= end) continue;
    if ((it->claims & opposite(prot)) && region_shows(it, first_page(r), end_page(r), &from, &to)) return true;
  }
  return false;
}

int vmo_claim(struct region *r, int prot, vaddr_t addr, vaddr_t end)
{
  spin_lock(&r->vmo->lock);
  bool refused = contradicts(r, prot, addr, end);
  if (!refused) claims_set(r, r->claims | prot);
  spin_unlock(&r->vmo->lock);
  return refused ? -EACCES : 0;
}

void vmo_settle(struct region *r, int prot)
{
  spin_lock(&r->vmo->lock);
  r->prot = prot;
  claims_set(r, prot);
  spin_unlock(&r->vmo->lock);
}

/* ---- the list ---- */

static void enter(struct region *r)
{
  list_push_back(&r->vmo->regions, &r->vmo_link);
  r->vmo->nregions++;
}

static void leave(struct region *r)
{
  claims_set(r, 0);
  list_remove(&r->vmo_link);
  r->vmo->nregions--;
}

int vmo_attach(struct region *r)
{
  spin_lock(&r->vmo->lock);
  bool refused = contradicts(r, r->prot, r->base, r->base); /* nothing is left out */
  if (!refused) {
    enter(r);
    claims_set(r, r->prot);
  }
  spin_unlock(&r->vmo->lock);
  return refused ? -EACCES : 0;
}

void vmo_detach(struct region *r)
{
  spin_lock(&r->vmo->lock);
  leave(r);
  spin_unlock(&r->vmo->lock);
}

void vmo_split_region(struct region *r, struct region *upper, vaddr_t at)
{
  *upper = (struct region){
    .as = r->as,
    .vmo = r->vmo,
    .base = at,
    .end = r->end,
    .offset = r->offset + (at - r->base),
    .prot = r->prot,
    .limit = r->limit,
  };
  vmo_ref(r->vmo);
  spin_lock(&r->vmo->lock);
  r->end = at;
  enter(upper);
  claims_set(upper, r->claims);
  spin_unlock(&r->vmo->lock);
}

void vmo_join_regions(struct region *r, struct region *next)
{
  spin_lock(&r->vmo->lock);
  leave(next);
  r->end = next->end;
  spin_unlock(&r->vmo->lock);
}

bool vmo_only_shown_by(struct region *r)
{
  struct vmo *v = r->vmo;
  vaddr_t from, to;
  spin_lock(&v->lock);
  bool only = v->nregions > 1 && __atomic_load_n(&v->object.refs, __ATOMIC_ACQUIRE) == v->nregions;
  list_for_each (it, &v->regions, struct region, vmo_link)
    only = only && (it == r || !region_shows(it, first_page(r), end_page(r), &from, &to));
  spin_unlock(&v->lock);
  return only;
}

/* ---- entries; v->lock held ---- */

void vmo_unmap_locked(struct vmo *v, uint64_t first, uint64_t end)
{
  vaddr_t from, to;
  kassert(spin_held(&v->lock));
  list_for_each (r, &v->regions, struct region, vmo_link) {
    if (!region_shows(r, first, end, &from, &to)) continue;
    spin_lock(&r->as->tables_lock);
    pmap_unmap_range(&r->as->pmap, from, to);
    spin_unlock(&r->as->tables_lock);
  }
}

void vmo_remap_locked(struct vmo *v, uint64_t index, paddr_t pa)
{
  vaddr_t from, to;
  kassert(spin_held(&v->lock) && pmm_in_zone(pa, PMM_USER));
  list_for_each (r, &v->regions, struct region, vmo_link) {
    if (!region_shows(r, index, index + 1, &from, &to)) continue;
    spin_lock(&r->as->tables_lock);
    pmap_remap(&r->as->pmap, from, pa);
    spin_unlock(&r->as->tables_lock);
  }
}

void vmo_write_protect_locked(struct vmo *v, uint64_t first, uint64_t end)
{
  vaddr_t from, to;
  kassert(spin_held(&v->lock));
  if (v->nwritable == 0) return;
  list_for_each (r, &v->regions, struct region, vmo_link) {
    if (!(r->claims & PROT_WRITE) || !region_shows(r, first, end, &from, &to)) continue;
    spin_lock(&r->as->tables_lock);
    pmap_protect_range(&r->as->pmap, from, to, region_attrs(r->prot & ~PROT_WRITE));
    spin_unlock(&r->as->tables_lock);
  }
}

bool vmo_executable_locked(struct vmo *v, uint64_t first, uint64_t end)
{
  vaddr_t from, to;
  if (v->nexecutable == 0) return false;
  list_for_each (r, &v->regions, struct region, vmo_link)
    if ((r->claims & PROT_EXEC) && region_shows(r, first, end, &from, &to)) return true;
  return false;
}

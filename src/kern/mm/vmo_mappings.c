/*
 * Where an object is mapped: the list of its regions, which finds the page-table entries of a page, and the rule that a page
 * is never writable in one mapping and executable in another.
 *
 * The rule is kept by claims: a region claims to write or execute its part before it may, and lets go of a claim only when
 * the tables do not allow it any more. Two claims that contradict each other are never there together, in whatever address
 * spaces and on whatever processors they are made.
 *
 * Who changes an object takes entries away (a smaller size) or WRITE from them (a clone). Those of a step or less go with the
 * change, in one piece under the lock. If they are more, they go before: with the lock let go between steps, `changing` set and
 * change_lock held; and then, in one piece under the lock, the object changes. What others may see between two steps:
 *   - the object as it was, for nothing of it has changed: they read and write it by call, and through the entries that are
 *     left, before the moment of the change; what fails for what they did meanwhile has taken nothing but entries, which
 *     faults bring back;
 *   - entries gone already. A fault on any page of the object waits for the end, and only faults enter or widen entries: so
 *     none that was taken is there again at that moment, and what a program writes after a fault it writes after the change;
 *   - regions that come, go, split and join: a new one has no entries, and a step looks for the regions of its own pages anew;
 *   - a change of the same object in a single step: the other finds at its own moment what that one left.
 * Changes in steps, of all objects, come one after the other. A fault waits for them with its address space locked: that never
 * holds up a change, which takes no aspace.lock.
 */
#include "aspace_impl.h"
#include "vmo_impl.h"

#include <kern/mutex.h>
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

/* ---- changes, in steps; v->lock held ---- */

/* The first page of [first, end) in a region that claims any of `claims`; end when there is none. */
static uint64_t next_shown(struct vmo *v, uint64_t first, uint64_t end, int claims)
{
  uint64_t next = end;
  list_for_each (r, &v->regions, struct region, vmo_link)
    if ((r->claims & claims) && first < end_page(r)) next = MIN(next, MAX(first, first_page(r)));
  return next;
}

/* Held for a change in steps of any object, and what faults on it wait for. */
static struct mutex change_lock = {.lock = SPINLOCK_INIT("vmo change"), .waiters = WAITQ_INIT(change_lock.waiters)};

bool vmo_change_begin_locked(struct vmo *v, uint64_t first, uint64_t end, int claims,
                             void (*take)(struct vmo *v, uint64_t first, uint64_t end))
{
  first = next_shown(v, first, end, claims);
  if (first >= end || next_shown(v, MIN(end, first + VMO_CHANGE_STEP), end, claims) >= end) return false;
  spin_unlock(&v->lock);
  mutex_lock(&change_lock);
  spin_lock(&v->lock);
  v->changing = true;
  for (first = next_shown(v, first, end, claims); first < end;) {
    uint64_t stop = MIN(end, first + VMO_CHANGE_STEP);
    take(v, first, stop);
    first = next_shown(v, stop, end, claims);
    if (first >= end) break;
    spin_unlock(&v->lock);
    spin_lock(&v->lock);
  }
  return true;
}

void vmo_change_end_locked(struct vmo *v, bool in_steps)
{
  if (!in_steps) return;
  v->changing = false;
  mutex_unlock(&change_lock);
}

void vmo_change_wait_locked(struct vmo *v)
{
  while (v->changing) {
    spin_unlock(&v->lock);
    mutex_lock(&change_lock);
    mutex_unlock(&change_lock);
    spin_lock(&v->lock);
  }
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
    /* One that only claims WRITE so far has no entry with it, and is taking other rights from those it has. */
    if (!(r->prot & PROT_WRITE) || !region_shows(r, first, end, &from, &to)) continue;
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

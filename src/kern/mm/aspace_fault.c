/*
 * Page faults. Everything one can come to:
 *
 *   the address is                 the access is    the page is                     then
 *   -----------------------------  ---------------  ------------------------------  ----------------------------------------
 *   in no region                   any              -                               -EFAULT  "not mapped"
 *   in a region                    not allowed      -                               -EACCES  "protection"
 *   in a region                    allowed          past the object's end           -ERANGE  "past the end of the object"
 *   in a region                    allowed          absent                          make it, map it
 *   in a region                    read or execute  there, others have it too       map it without WRITE, and neighbours
 *   in a region                    allowed          there, the object's own         map it with all rights, and neighbours
 *   in a region                    write            there, others have it too       copy it, map the copy, which takes its
 *                                                                                   place in every mapping of the object
 *   in a region, entry present     write            own by now                      give the entry all rights
 *   in a region                    allowed          any, but memory is short        -ENOMEM  "out of memory"
 *   in a region                    allowed          of an object that is changing   wait for it, then as above
 *
 * "All rights" are the region's. The object is locked from finding its page to entering it, so an entry with WRITE never
 * outlives the page's being own: a clone, which shares pages, takes the same lock before it takes WRITE away.
 */
#include "aspace_impl.h"
#include "vmo_impl.h"

#include <kern/kmsan.h>
#include <kern/panic.h>
#include <kern/pmm.h>
#include <kern/spinlock_inline.h>
#include <kern/trap.h>

/* Pages that are in memory already, a program's text above all, are mapped together with their neighbours: a block of so
 * many, aligned. */
#define AROUND_BYTES (16u * PAGE_SIZE)

/* As far as the page tables can tell: what may be written or executed may also be read. */
static bool prot_allows(int prot, unsigned access)
{
  if (access & ACCESS_WRITE) return (prot & PROT_WRITE) != 0;
  if (access & ACCESS_EXEC) return (prot & PROT_EXEC) != 0;
  return prot != PROT_NONE;
}

static unsigned page_attrs(const struct region *r, const struct vmo_page *page)
{
  return region_attrs(page->own ? r->prot : r->prot & ~PROT_WRITE);
}

/* Tables locked. */
static inline int map_page(struct aspace *as, const struct region *r, vaddr_t va, const struct vmo_page *page)
{
  kassert(pmm_in_zone(page->pa, PMM_USER));
  kmsan_check(phys_to_virt(page->pa), PAGE_SIZE);
  return pmap_map(&as->pmap, va, page->pa, page_attrs(r, page));
}

/* Whatever of the block around `va` is in memory. An optimisation: failures are none. Object and tables locked. */
static void map_around(struct aspace *as, const struct region *r, vaddr_t va)
{
  vaddr_t block = ALIGN_DOWN(va, (vaddr_t)AROUND_BYTES);
  vaddr_t end = MIN(block + AROUND_BYTES, r->end);
  for (vaddr_t at = MAX(block, r->base); at < end; at += PAGE_SIZE) {
    struct vmo_page page;
    if (at == va || !vmo_page_present_locked(r->vmo, region_page(r, at), &page)) continue;
    if (map_page(as, r, at, &page) == -ENOMEM) return;
  }
}

/* Enters the page in the tables; -EEXIST: it, or the shared page whose copy it is, is there. Object locked. */
static int enter_page(struct aspace *as, const struct region *r, vaddr_t va, const struct vmo_page *page)
{
  spin_lock_inner(&as->tables_lock);
  int err = map_page(as, r, va, page);
  if (err == 0 && !page->fresh) map_around(as, r, va);
  spin_unlock_inner(&as->tables_lock);
  return err;
}

/* The entry is there, with fewer rights perhaps. Object locked. Apart, so that a first touch does not pay for it. */
static __attribute__((noinline)) int widen_entry(struct aspace *as, const struct region *r, vaddr_t va,
                                                 const struct vmo_page *page)
{
  spin_lock_inner(&as->tables_lock);
  int err = pmap_protect(&as->pmap, va, page_attrs(r, page));
  spin_unlock_inner(&as->tables_lock);
  return err;
}

/* A fresh page goes to the object only when it is in the tables: what fails leaves both as they were. Object locked. */
static int fault_page(struct aspace *as, const struct region *r, vaddr_t va, bool write)
{
  struct vmo_page page;
  uint64_t index = region_page(r, va);
  int err = vmo_page_prepare_locked(r->vmo, index, write, &page);
  if (err != 0) return err;
  bool writable = page.own;
  err = enter_page(as, r, va, &page);
  if (page.fresh && (err == 0 || err == -EEXIST))
    vmo_page_commit_locked(r->vmo, index, &page);
  else if (page.fresh)
    vmo_page_cancel_locked(r->vmo, &page);
  return err == -EEXIST || page.own != writable ? widen_entry(as, r, va, &page) : err;
}

static int fault_locked(struct aspace *as, vaddr_t addr, unsigned access)
{
  const struct region *r = region_at_or_after(as, addr);
  if (!r || addr < r->base) return -EFAULT;
  if (!prot_allows(r->prot, access)) return -EACCES;
  spin_lock(&r->vmo->lock);
  if (__builtin_expect(r->vmo->changing, false)) vmo_change_wait_locked(r->vmo);
  int err = fault_page(as, r, ALIGN_DOWN(addr, (vaddr_t)PAGE_SIZE), access & ACCESS_WRITE);
  spin_unlock(&r->vmo->lock);
  return err;
}

int aspace_fault(struct aspace *as, vaddr_t addr, unsigned access)
{
  if (addr < USER_BASE || addr >= USER_TOP) return -EFAULT;
  mutex_lock(&as->lock);
  int err = fault_locked(as, addr, access);
  mutex_unlock(&as->lock);
  return err;
}

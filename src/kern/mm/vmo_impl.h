/* A memory object inside, for the files that make it, and for address spaces. */
#ifndef MM_VMO_IMPL_H
#define MM_VMO_IMPL_H

#include "vmo_tree.h"

#include <kern/list.h>
#include <kern/spinlock.h>
#include <kern/vmo.h>

struct region;
struct aspace;

struct vmo {
  struct object object; /* OBJECT_VMO */
  struct spinlock lock;
  uint64_t id; /* constant */
  struct vmo_tree tree;
  uint64_t pages;          /* lock; vmo_size reads it without */
  uint64_t committed;      /* lock; pages in the tree; vmo_committed_pages reads it without */
  const uint8_t *source;   /* lock; what absent pages begin as, then zeros */
  uint64_t source_size;    /* lock; bytes */
  struct vmo_quota *quota; /* constant; may be null */
  struct list regions;     /* lock; of region.vmo_link: every mapping of it */
  unsigned nregions;       /* lock */
  unsigned nwritable;      /* lock; of these, claim to write */
  unsigned nexecutable;    /* lock; claim to execute */
  bool changing;           /* lock; a change in steps is taking its entries away: meanwhile nobody enters one */
};

/* Of an object that others may know. Lock held. */
static inline void vmo_set_pages_locked(struct vmo *v, uint64_t pages)
{
  __atomic_store_n(&v->pages, pages, __ATOMIC_RELAXED);
}
static inline void vmo_set_committed_locked(struct vmo *v, uint64_t pages)
{
  __atomic_store_n(&v->committed, pages, __ATOMIC_RELAXED);
}

/* ---- pages (vmo.c); lock held ---- */

struct vmo_page {
  paddr_t pa;
  bool own;   /* nobody else has it: it may be mapped writable; a copy only once it is in the object */
  bool fresh; /* made just now */
  /* Of a fresh one: what it takes to put it into the object. */
  struct vmo_place place;
  struct vmo_spare spare;
  paddr_t shared; /* the page whose place it takes, or 0 */
};
/* The page at `index`, made when it is absent; with `write` always an own one: a copy then takes the place of a shared page,
 * in every mapping of the object, too. A failure changes nothing. -ERANGE past the end, -ENOMEM. */
MUST_CHECK int vmo_page_locked(struct vmo *v, uint64_t index, bool write, struct vmo_page *out);
/* The same in two steps, for who must do something with the page that may fail: a page that is fresh after the first is
 * nowhere yet. The second puts it into the object, or frees it. */
MUST_CHECK int vmo_page_prepare_locked(struct vmo *v, uint64_t index, bool write, struct vmo_page *out);
void vmo_page_copied_locked(struct vmo *v, uint64_t index, struct vmo_page *page); /* a part of the next one */
static inline void vmo_page_commit_locked(struct vmo *v, uint64_t index, struct vmo_page *page)
{
  *vmo_place_make(page->place, index, &page->spare) = page->pa;
  if (page->shared)
    vmo_page_copied_locked(v, index, page);
  else
    vmo_set_committed_locked(v, v->committed + 1);
}
void vmo_page_cancel_locked(struct vmo *v, struct vmo_page *page);
/* What is there, and nothing is made. */
static inline bool vmo_page_present_locked(struct vmo *v, uint64_t index, struct vmo_page *out)
{
  if (index >= v->pages) return false;
  struct vmo_place place = vmo_tree_find(&v->tree, index);
  out->pa = vmo_place_page(place, index);
  out->own = vmo_place_own(place);
  out->fresh = false;
  return out->pa != 0;
}
/* How many bytes the source has for that page. */
size_t vmo_source_bytes_locked(const struct vmo *v, uint64_t index);

/* Gives pages back; they read as in the beginning again. Nobody may be using them. What would take memory to give back,
 * because it is shared with a clone, may stay. */
void vmo_decommit(struct vmo *v, uint64_t first, uint64_t count);

/* ---- mappings (vmo_mappings.c) ---- */

/* Enters the region, whose vmo, offset, base, end and prot are set. -EACCES when a page would be writable there and
 * executable elsewhere, or the reverse. as->lock held, as for everything about one region. */
MUST_CHECK int vmo_attach(struct region *r);
/* Takes it out again; none of its pages is in the tables. */
void vmo_detach(struct region *r);

/* Changing rights, in two steps: claim the new ones beside the old, which fails like vmo_attach (regions of the same address
 * space in [addr, end) are changing likewise and do not count); then, the tables changed, settle for the new or the old. */
MUST_CHECK int vmo_claim(struct region *r, int prot, vaddr_t addr, vaddr_t end);
void vmo_settle(struct region *r, int prot);

/* r ends at `at`, where `upper`, empty memory, takes over. */
void vmo_split_region(struct region *r, struct region *upper, vaddr_t at);
/* r takes what follows it; `next` is out of the object then. Its reference is the caller's to drop. */
void vmo_join_regions(struct region *r, struct region *next);

/* Whether r alone can reach its pages, though the object goes on: every reference is a mapping, and no other one shows the
 * same part. */
bool vmo_only_shown_by(struct region *r);

/* Before a change of the object: when more than VMO_CHANGE_STEP of its pages [first, end) are in regions that claim any of
 * `claims`, does `take` (vmo_unmap_locked, vmo_write_protect_locked) for all of them. The lock is held, and again on return, but
 * in between it is let go after every step, so that interrupts come and others run. What was taken does not come back until the
 * end, where the answer goes: a fault waits. See vmo_mappings.c. False: nothing was taken, that is left to the change itself. No
 * other spinlock is held; may sleep. */
#define VMO_CHANGE_STEP 512u
MUST_CHECK bool vmo_change_begin_locked(struct vmo *v, uint64_t first, uint64_t end, int claims,
                                        void (*take)(struct vmo *v, uint64_t first, uint64_t end));
void vmo_change_end_locked(struct vmo *v, bool in_steps);
/* For a fault, before it looks at the object: until no change is under way. May sleep. */
void vmo_change_wait_locked(struct vmo *v);

/* Pages [first, end) in every mapping; lock held. */
void vmo_unmap_locked(struct vmo *v, uint64_t first, uint64_t end);
/* What maps that page maps `pa` from now on, with the same rights. */
void vmo_remap_locked(struct vmo *v, uint64_t index, paddr_t pa);
void vmo_write_protect_locked(struct vmo *v, uint64_t first, uint64_t end);
bool vmo_executable_locked(struct vmo *v, uint64_t first, uint64_t end);

#endif

/* The regions of an address space: a balanced tree by address that knows the largest gap below each of its nodes. */
#include "aspace_impl.h"

static struct region *region_of(struct avl_node *n)
{
  return n ? avl_entry(n, struct region, node) : NULL;
}

static vaddr_t low_end(const struct region *r)
{
  return r->base - r->guard;
}

/* ---- summaries ---- */

static void summarize(struct avl_node *n)
{
  struct region *r = region_of(n);
  const struct region *left = region_of(n->child[0]), *right = region_of(n->child[1]);
  struct span s = {.base = low_end(r), .end = r->end};
  if (left) {
    s.gap = MAX(left->below.gap, s.base - left->below.end);
    s.base = left->below.base;
  }
  if (right) {
    s.gap = MAX(s.gap, MAX(right->below.gap, right->below.base - s.end));
    s.end = right->below.end;
  }
  r->below = s;
}

void region_tree_init(struct aspace *as)
{
  as->regions = (struct avl){.changed = summarize};
}

void region_moved(struct region *r)
{
  avl_update(&r->as->regions, &r->node);
}

/* ---- order ---- */

void region_insert(struct region *r)
{
  struct avl *t = &r->as->regions;
  struct avl_node *parent = NULL;
  unsigned side = 0;
  for (struct avl_node *n = t->root; n; n = n->child[side]) {
    parent = n;
    side = r->base > region_of(n)->base;
  }
  avl_insert(t, parent, side, &r->node);
}

void region_remove(struct region *r)
{
  avl_remove(&r->as->regions, &r->node);
}

struct region *region_at_or_after(struct aspace *as, vaddr_t addr)
{
  struct region *found = NULL;
  for (struct avl_node *n = as->regions.root; n;) {
    struct region *r = region_of(n);
    bool above = addr < r->end;
    if (above) found = r;
    if (above && addr >= r->base) break;
    n = n->child[!above];
  }
  return found;
}

struct region *region_next(const struct region *r)
{
  return region_of(avl_next(&r->node));
}

/* ---- free ranges ---- */

bool range_free(struct aspace *as, vaddr_t addr, vaddr_t end)
{
  const struct region *r = region_at_or_after(as, addr);
  return !r || end <= low_end(r);
}

/* Looks below n for a gap of `bytes` from *at on, which is below everything not seen yet; answers where, or 0 and *at behind
 * what was seen. Whole subtrees without such a gap are passed by their summary. */
static vaddr_t gap_search(struct avl_node *n, size_t bytes, vaddr_t *at)
{
  const struct region *r = region_of(n);
  if (!r || r->below.end <= *at) return 0;
  bool before = *at < r->below.base && r->below.base - *at >= bytes;
  if (before) return *at;
  if (*at <= r->below.base && r->below.gap < bytes) {
    *at = r->below.end;
    return 0;
  }
  vaddr_t found = gap_search(n->child[0], bytes, at);
  if (found) return found;
  if (*at < low_end(r) && low_end(r) - *at >= bytes) return *at;
  *at = MAX(*at, r->end);
  return gap_search(n->child[1], bytes, at);
}

vaddr_t gap_find(struct aspace *as, size_t bytes)
{
  vaddr_t at = USER_MMAP_BASE, found = gap_search(as->regions.root, bytes, &at);
  if (found) return found;
  return at < USER_TOP && bytes <= USER_TOP - at ? at : 0;
}

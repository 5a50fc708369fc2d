/*
 * Pages by index, with cheap copies: a radix tree of 32-way nodes, as high as its highest index needs (a single page needs
 * no node at all), whose nodes carry reference counts. A copy of a tree shares its root. Whoever wants to change something
 * in a part that is shared first takes copies of the nodes on the way there, each referring to what the old one referred
 * to; so a copy costs O(1) and the first change in it O(height), a tree never depends on the one it came from, and there are
 * no chains of ancestors to walk or to collapse, however deep the family.
 *
 * A page belongs to one tree alone ("own") when every node on the way to it and the page itself have one reference. Only
 * then may it be written. What is shared never changes: so trees that share need no lock in common, and the holder of the
 * only reference, which nobody can make two without going through him, may change the node in place.
 *
 * The caller serialises operations on one tree. Nothing sleeps.
 */
#ifndef MM_VMO_TREE_H
#define MM_VMO_TREE_H

#include <kern/types.h>

#define VMO_TREE_BITS 5
#define VMO_TREE_WIDTH (1u << VMO_TREE_BITS)
#define VMO_TREE_MAX_HEIGHT 5
#define VMO_TREE_MAX_PAGES (1ull << (VMO_TREE_BITS * VMO_TREE_MAX_HEIGHT)) /* 128 GiB */

struct vmo_tree {
  uintptr_t root;  /* 0: empty; at height 0 a page, else a node */
  unsigned height; /* levels of nodes */
};

/* -ENOMEM. Once, before the first tree. */
MUST_CHECK int vmo_tree_init(void);

/* Nodes for a change, taken before anything changes, and those that it drops. */
struct vmo_spare {
  struct vmo_node *first, *dropped;
};
/* Frees them, with all the pages below: as long as it takes, and no lock is needed. */
void vmo_spare_release(struct vmo_spare *s);

/* How far towards a page the tree is its own: slot is where the next node, or at level 0 the page, belongs. */
struct vmo_place {
  uintptr_t *slot;
  unsigned level;
};

/* Indices are below vmo_tree_capacity. */
struct vmo_place vmo_tree_find(struct vmo_tree *t, uint64_t index);
/* The page there, shared or own; 0 when there is none. */
paddr_t vmo_place_page(struct vmo_place p, uint64_t index);
/* Whether the page there is present and own. */
bool vmo_place_own(struct vmo_place p);
/* Makes the way to the page own, in two steps: takes the nodes for it, unless -ENOMEM; then answers where the page's
 * reference is, which may be 0 or shared. Or gives the nodes back (vmo_spare_release). */
MUST_CHECK int vmo_spare_for_place(struct vmo_spare *s, struct vmo_place p);
uintptr_t *vmo_place_make(struct vmo_place p, uint64_t index, struct vmo_spare *s);

/* Pages that fit. */
static inline uint64_t vmo_tree_capacity(const struct vmo_tree *t)
{
  return 1ull << (VMO_TREE_BITS * t->height);
}

/* Levels of nodes for so many pages. */
unsigned vmo_tree_height(uint64_t pages);
/* Makes it at least so high that `pages` fit. -ENOMEM changes nothing. */
MUST_CHECK int vmo_tree_grow(struct vmo_tree *t, uint64_t pages);
/* As low as `pages` need; nothing is at or above that index. Never fails. */
void vmo_tree_lower(struct vmo_tree *t, uint64_t pages);

/* Drops the pages [first, end), and the nodes that have nothing left; answers in *cut how many pages there were, which are
 * counted one by one. Only a tree that shares nodes needs memory for it: -ENOMEM changes nothing. */
MUST_CHECK int vmo_tree_cut(struct vmo_tree *t, uint64_t first, uint64_t end, uint64_t *cut);
/* The same in two steps, where something that may fail has to come between them: takes what cutting needs more than *s has,
 * which begins with zeros; -ENOMEM: *s is empty. Then cuts with it. Making a place between them leaves it enough. Most pages
 * are freed only when *s is released. */
MUST_CHECK int vmo_spare_for_cut(struct vmo_spare *s, const struct vmo_tree *t, uint64_t first, uint64_t end);
uint64_t vmo_tree_cut_with(struct vmo_spare *s, struct vmo_tree *t, uint64_t first, uint64_t end);
/* Drops everything. */
void vmo_tree_destroy(struct vmo_tree *t);

/* An independent copy. */
void vmo_tree_share(struct vmo_tree *copy, const struct vmo_tree *t);
/* The first page at or above *index: 0 when there is none, else *index is its own. */
paddr_t vmo_tree_next(const struct vmo_tree *t, uint64_t *index);

#endif

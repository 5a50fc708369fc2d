/*
 * A file's pages by index: a radix tree of 64-way nodes, as high as the highest index needs, with holes. The caller
 * serialises. Pages belong to the tree: what is cut off or destroyed goes back to the page allocator.
 */
#ifndef FS_PAGETREE_H
#define FS_PAGETREE_H

#include <kern/types.h>

#define PAGETREE_SHIFT 6
#define PAGETREE_WIDTH (1u << PAGETREE_SHIFT)
#define PAGETREE_MAX_HEIGHT 4
#define PAGETREE_MAX_PAGES (1ull << (PAGETREE_SHIFT * PAGETREE_MAX_HEIGHT)) /* 64 GiB */

struct pagetree_node;

struct pagetree {
  struct pagetree_node *root; /* null: empty */
  unsigned height;            /* levels of nodes; 0: empty */
};

/* The page at `index`, 0 when there is none. Any index. */
paddr_t pagetree_get(const struct pagetree *t, uint64_t index);
/* `index` is below PAGETREE_MAX_PAGES and has no page. -ENOMEM changes nothing. */
MUST_CHECK int pagetree_insert(struct pagetree *t, uint64_t index, paddr_t page);
/* Frees every page from `first` on, and the nodes that carried only those; answers how many pages. */
uint64_t pagetree_cut(struct pagetree *t, uint64_t first);

#endif

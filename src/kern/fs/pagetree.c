/* The pages of a file; see pagetree.h. A node without entries is never left in the tree. */
#include "pagetree.h"

#include <kern/kmem.h>
#include <kern/panic.h>
#include <kern/pmm.h>

/* The entry at level 1 is a page, above it a node; 0 is a hole. */
struct pagetree_node {
  union {
    struct pagetree_node *node;
    paddr_t page;
  } entry[PAGETREE_WIDTH];
};

static unsigned slot_of(uint64_t index, unsigned level)
{
  return (unsigned)(index >> (PAGETREE_SHIFT * (level - 1))) & (PAGETREE_WIDTH - 1);
}

/* Pages below one node of this level. */
static uint64_t span_of(unsigned level)
{
  return 1ull << (PAGETREE_SHIFT * level);
}

paddr_t pagetree_get(const struct pagetree *t, uint64_t index)
{
  if (t->height == 0 || index >= span_of(t->height)) return 0;
  const struct pagetree_node *n = t->root;
  for (unsigned level = t->height; level > 1; level--) {
    n = n->entry[slot_of(index, level)].node;
    if (!n) return 0;
  }
  return n->entry[slot_of(index, 1)].page;
}

/* A new branch of nodes from `level` down to the page; null when memory ends, and nothing is left of it. */
static struct pagetree_node *branch_create(unsigned level, uint64_t index, paddr_t page)
{
  struct pagetree_node *n = kzalloc(sizeof(*n));
  if (!n) return NULL;
  unsigned slot = slot_of(index, level);
  if (level == 1) {
    n->entry[slot].page = page;
    return n;
  }
  n->entry[slot].node = branch_create(level - 1, index, page);
  if (n->entry[slot].node) return n;
  kfree(n);
  return NULL;
}

/* Puts levels on top until `index` fits. */
static int tree_grow(struct pagetree *t, uint64_t index)
{
  while (index >= span_of(t->height)) {
    struct pagetree_node *n = kzalloc(sizeof(*n));
    if (!n) return -ENOMEM;
    n->entry[0].node = t->root;
    t->root = n;
    t->height++;
  }
  return 0;
}

static void tree_shrink_to(struct pagetree *t, unsigned height)
{
  while (t->height > height) {
    struct pagetree_node *n = t->root;
    t->root = n->entry[0].node;
    t->height--;
    kfree(n);
  }
}

static int tree_start(struct pagetree *t, uint64_t index, paddr_t page)
{
  unsigned height = 1;
  while (index >= span_of(height)) height++;
  t->root = branch_create(height, index, page);
  if (!t->root) return -ENOMEM;
  t->height = height;
  return 0;
}

int pagetree_insert(struct pagetree *t, uint64_t index, paddr_t page)
{
  kassert(index < PAGETREE_MAX_PAGES && page != 0);
  if (!t->root) return tree_start(t, index, page);

  unsigned old_height = t->height;
  int r = tree_grow(t, index);
  struct pagetree_node *n = t->root;
  unsigned level = t->height;
  while (!r && level > 1 && n->entry[slot_of(index, level)].node) n = n->entry[slot_of(index, level--)].node;
  if (!r && level > 1) {
    struct pagetree_node *branch = branch_create(level - 1, index, page);
    if (!branch) r = -ENOMEM;
    n->entry[slot_of(index, level)].node = branch;
  } else if (!r) {
    kassert(n->entry[slot_of(index, 1)].page == 0);
    n->entry[slot_of(index, 1)].page = page;
  }
  if (r) tree_shrink_to(t, old_height);
  return r;
}

/* Frees the pages of `n` from index `first` (counted from the node's own first page) on. Answers whether it is empty. */
static bool node_cut(struct pagetree_node *n, unsigned level, uint64_t first, uint64_t *freed)
{
  bool empty = true;
  for (unsigned slot = 0; slot < PAGETREE_WIDTH; slot++) {
    uint64_t base = slot * span_of(level - 1);
    uint64_t inner = first > base ? first - base : 0;
    if (level == 1) {
      if (n->entry[slot].page && inner == 0) {
        pmm_free_page(n->entry[slot].page);
        n->entry[slot].page = 0;
        (*freed)++;
      }
      empty = empty && n->entry[slot].page == 0;
    } else if (n->entry[slot].node) {
      if (inner < span_of(level - 1) && node_cut(n->entry[slot].node, level - 1, inner, freed)) {
        kfree(n->entry[slot].node);
        n->entry[slot].node = NULL;
      }
      empty = empty && !n->entry[slot].node;
    }
  }
  return empty;
}

uint64_t pagetree_cut(struct pagetree *t, uint64_t first)
{
  uint64_t freed = 0;
  if (t->root && node_cut(t->root, t->height, first, &freed)) {
    kfree(t->root);
    *t = (struct pagetree){0};
  }
  return freed;
}

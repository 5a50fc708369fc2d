/* See avl.h. Every change ends with one walk from where it happened up to the root that restores heights and summaries. */
#include <kern/avl.h>

static int height_of(const struct avl_node *n)
{
  return n ? n->height : 0;
}

static unsigned side_of(const struct avl_node *parent, const struct avl_node *n)
{
  return parent->child[1] == n;
}

static void refresh(struct avl *t, struct avl_node *n)
{
  n->height = 1 + MAX(height_of(n->child[0]), height_of(n->child[1]));
  if (t->changed) t->changed(n);
}

/* Puts n (null: nothing) where `old` hangs. */
static void replace(struct avl *t, struct avl_node *old, struct avl_node *n)
{
  struct avl_node *parent = old->parent;
  if (n) n->parent = parent;
  if (parent)
    parent->child[side_of(parent, old)] = n;
  else
    t->root = n;
}

static void hang(struct avl_node *parent, unsigned side, struct avl_node *n)
{
  parent->child[side] = n;
  if (n) n->parent = parent;
}

/* Lifts n's child on that side above n; answers it. */
static struct avl_node *rotate(struct avl *t, struct avl_node *n, unsigned side)
{
  struct avl_node *up = n->child[side];
  replace(t, n, up);
  hang(n, side, up->child[!side]);
  hang(up, !side, n);
  refresh(t, n);
  refresh(t, up);
  return up;
}

/* How much higher the subtree on that side is. */
static int lean(const struct avl_node *n, unsigned side)
{
  return height_of(n->child[side]) - height_of(n->child[!side]);
}

static struct avl_node *balance(struct avl *t, struct avl_node *n)
{
  for (unsigned side = 0; side < 2; side++) {
    if (lean(n, side) < 2) continue;
    if (lean(n->child[side], !side) > 0) rotate(t, n->child[side], !side);
    return rotate(t, n, side);
  }
  return n;
}

static void repair(struct avl *t, struct avl_node *n)
{
  for (; n; n = n->parent) {
    refresh(t, n);
    n = balance(t, n);
  }
}

void avl_insert(struct avl *t, struct avl_node *parent, unsigned side, struct avl_node *n)
{
  *n = (struct avl_node){.parent = parent, .height = 1};
  if (parent)
    parent->child[side] = n;
  else
    t->root = n;
  repair(t, n);
}

void avl_remove(struct avl *t, struct avl_node *n)
{
  struct avl_node *start = n->parent; /* the lowest node whose subtree changes */
  if (!n->child[0] || !n->child[1]) {
    replace(t, n, n->child[0] ? n->child[0] : n->child[1]);
  } else {
    struct avl_node *heir = avl_next(n);
    start = heir->parent == n ? heir : heir->parent;
    replace(t, heir, heir->child[1]);
    replace(t, n, heir);
    hang(heir, 0, n->child[0]);
    hang(heir, 1, n->child[1]);
  }
  repair(t, start);
}

void avl_update(struct avl *t, struct avl_node *n)
{
  for (; n; n = n->parent) t->changed(n);
}

static struct avl_node *outermost(struct avl_node *n, unsigned side)
{
  while (n && n->child[side]) n = n->child[side];
  return n;
}

static struct avl_node *neighbour(const struct avl_node *n, unsigned side)
{
  if (n->child[side]) return outermost(n->child[side], !side);
  while (n->parent && side_of(n->parent, n) == side) n = n->parent;
  return n->parent;
}

struct avl_node *avl_first(const struct avl *t)
{
  return outermost(t->root, 0);
}

struct avl_node *avl_next(const struct avl_node *n)
{
  return neighbour(n, 1);
}

struct avl_node *avl_prev(const struct avl_node *n)
{
  return neighbour(n, 0);
}

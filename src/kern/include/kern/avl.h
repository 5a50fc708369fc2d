/*
 * An intrusive balanced binary tree (AVL): heights of siblings differ by at most one, so a tree of n nodes is less than
 * 1.45 log2(n) high. The user walks it himself, by child[0] (before) and child[1] (after), knows his own order, and links a
 * new node where his walk ended. A tree may keep a summary of each subtree in its top node: `changed` is told to compute it
 * from the node and its children, lowest first, whenever something below or the node's place changes.
 * No locks; the caller serialises.
 */
#ifndef KERN_AVL_H
#define KERN_AVL_H

#include <kern/types.h>

struct avl_node {
  struct avl_node *child[2], *parent;
  int height; /* of the subtree below and with this node; a leaf's is 1 */
};

struct avl {
  struct avl_node *root;
  void (*changed)(struct avl_node *n); /* may be null */
};

#define avl_entry(node, type, member) container_of(node, type, member)

/* Links n as that child of `parent`, where there is none; parent null: as the root of an empty tree. */
void avl_insert(struct avl *t, struct avl_node *parent, unsigned side, struct avl_node *n);
/* n is in t. */
void avl_remove(struct avl *t, struct avl_node *n);
/* What n's summary depends on is different now; its place is not. */
void avl_update(struct avl *t, struct avl_node *n);

/* Null at the end. */
struct avl_node *avl_first(const struct avl *t);
struct avl_node *avl_next(const struct avl_node *n);
struct avl_node *avl_prev(const struct avl_node *n);

#endif

/*
 * Ranges of virtual addresses: first fit over a list of free ranges, by address, neighbours always merged. Only numbers;
 * nothing is mapped. The caller serialises and donates memory for the list's nodes. Giving a range back never fails: for
 * every range handed out a node is held ready.
 */
#ifndef MM_VRANGE_H
#define MM_VRANGE_H

#include <kern/list.h>

struct vrange_arena {
  struct list free;  /* of struct vrange, by address */
  struct list spare; /* unused nodes */
  size_t nspare;
  size_t nallocated; /* ranges handed out: at most nspare */
  size_t free_pages;
};

struct vrange {
  struct list link;
  vaddr_t base;
  size_t pages;
};

void vrange_init(struct vrange_arena *a);
/* Memory for nodes, for ever. */
void vrange_donate(struct vrange_arena *a, void *memory, size_t size);
/* Whether an allocation could lack nodes: then donate first. */
bool vrange_wants_nodes(const struct vrange_arena *a);
/* Pages that may be handed out from now on. The arena does not want nodes. */
void vrange_add(struct vrange_arena *a, vaddr_t base, size_t pages);

/* The lowest free range of that size at a multiple of `align` bytes; 0 when there is none (or no node). */
vaddr_t vrange_alloc(struct vrange_arena *a, size_t pages, size_t align);
/* A range vrange_alloc answered, in whole. */
void vrange_free(struct vrange_arena *a, vaddr_t base, size_t pages);

#endif

/* First fit with coalescing. See vrange.h for what is promised. */
#include "vrange.h"

#include <kern/panic.h>

#define SPLIT_NODES 2 /* an allocation may leave a new free range and must keep a node for its own return */

void vrange_init(struct vrange_arena *a)
{
  *a = (struct vrange_arena){0};
  list_init(&a->free);
  list_init(&a->spare);
}

static void node_release(struct vrange_arena *a, struct vrange *r)
{
  list_push_front(&a->spare, &r->link);
  a->nspare++;
}

static struct vrange *node_take(struct vrange_arena *a, vaddr_t base, size_t pages)
{
  kassert(a->nspare > 0);
  struct vrange *r = list_first(&a->spare, struct vrange, link);
  list_remove(&r->link);
  a->nspare--;
  r->base = base;
  r->pages = pages;
  return r;
}

void vrange_donate(struct vrange_arena *a, void *memory, size_t size)
{
  struct vrange *r = memory;
  for (size_t n = size / sizeof *r; n > 0; n--, r++) node_release(a, r);
}

bool vrange_wants_nodes(const struct vrange_arena *a)
{
  return a->nspare < a->nallocated + SPLIT_NODES;
}

static vaddr_t range_end(const struct vrange *r)
{
  return r->base + r->pages * PAGE_SIZE;
}

void vrange_add(struct vrange_arena *a, vaddr_t base, size_t pages)
{
  a->nallocated++;
  vrange_free(a, base, pages);
}

/* Takes [base, base + pages) out of the free range r. */
static void range_cut(struct vrange_arena *a, struct vrange *r, vaddr_t base, size_t pages)
{
  vaddr_t end = base + pages * PAGE_SIZE;
  size_t behind = (range_end(r) - end) / PAGE_SIZE;
  r->pages = (base - r->base) / PAGE_SIZE;
  if (r->pages == 0 && behind == 0) {
    list_remove(&r->link);
    node_release(a, r);
  } else if (r->pages == 0) {
    r->base = end;
    r->pages = behind;
  } else if (behind > 0) {
    struct vrange *rest = node_take(a, end, behind);
    list_insert_between(&rest->link, &r->link, r->link.next);
  }
}

vaddr_t vrange_alloc(struct vrange_arena *a, size_t pages, size_t align)
{
  if (pages == 0 || pages > a->free_pages || vrange_wants_nodes(a)) return 0;
  list_for_each (r, &a->free, struct vrange, link) {
    vaddr_t base = ALIGN_UP(r->base, align), end = range_end(r);
    if (base < r->base || base >= end || pages > (end - base) / PAGE_SIZE) continue;
    range_cut(a, r, base, pages);
    a->nallocated++;
    a->free_pages -= pages;
    return base;
  }
  return 0;
}

/* Merges r with the range after it when they touch. */
static void merge_with_next(struct vrange_arena *a, struct vrange *r)
{
  if (r->link.next == &a->free) return;
  struct vrange *next = list_entry(r->link.next, struct vrange, link);
  if (range_end(r) != next->base) return;
  r->pages += next->pages;
  list_remove(&next->link);
  node_release(a, next);
}

void vrange_free(struct vrange_arena *a, vaddr_t base, size_t pages)
{
  struct list *after = a->free.next;
  while (after != &a->free && list_entry(after, struct vrange, link)->base < base) after = after->next;
  struct vrange *prev = after->prev == &a->free ? NULL : list_entry(after->prev, struct vrange, link);
  struct vrange *next = after == &a->free ? NULL : list_entry(after, struct vrange, link);
  if ((prev && range_end(prev) > base) || (next && base + pages * PAGE_SIZE > next->base) || a->nallocated == 0)
    panic("vrange: %zu pages at 0x%llx freed, which are free", pages, (unsigned long long)base);
  struct vrange *r = node_take(a, base, pages);
  list_insert_between(&r->link, after->prev, after);
  a->nallocated--;
  a->free_pages += pages;
  merge_with_next(a, r);
  if (prev) merge_with_next(a, prev);
}

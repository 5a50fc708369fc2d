/* A bounded look at physical memory: how the boot-protocol decoders read what a loader points at. */
#ifndef X86_FMT_PHYSVIEW_H
#define X86_FMT_PHYSVIEW_H

#include <kern/types.h>

struct phys_view {
  const uint8_t *bytes; /* where physical address `base` can be read */
  paddr_t base;
  uint64_t size; /* bytes */
};

/* Where [pa, pa + len) can be read; null when any of it lies outside the view. */
static inline const uint8_t *phys_view_at(const struct phys_view *view, paddr_t pa, uint64_t len)
{
  if (pa < view->base) return NULL;
  uint64_t offset = pa - view->base;
  if (offset > view->size || len > view->size - offset) return NULL;
  return view->bytes + offset;
}

#endif

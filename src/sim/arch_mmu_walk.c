/* What the page tables say, walked as the processor does, and as a slot of the TLB. */
#include "mmu.h"

#include <fmt/paging.h>

struct mmu_registers mmu;

static struct translation from_walk(const struct x86_walk *w)
{
  return (struct translation){
    .pa = ALIGN_DOWN(w->pa, (paddr_t)PAGE_SIZE),
    .size = w->page_size,
    .user = w->user,
    .write = w->write,
    .exec = w->exec,
    .dirty = w->dirty,
  };
}

uint64_t mmu_translate(vaddr_t va, uint64_t access, struct translation *t)
{
  struct x86_walk w;
  if (!mmu.loaded) return MMU_FAULTS | access;
  if (!x86_mmu_walk(mmu.root, va, access, &w)) return MMU_FAULTS | w.error;
  *t = from_walk(&w);
  return 0;
}

bool mmu_peek(vaddr_t va, struct translation *t)
{
  struct x86_walk w;
  if (!mmu.loaded || !x86_mmu_peek(mmu.root, va, &w)) return false;
  *t = from_walk(&w);
  return true;
}

uint32_t mmu_slot(const struct translation *t)
{
  return (uint32_t)(t->pa >> PAGE_SHIFT) << SLOT_SHIFT | SLOT_LIVE | (t->write && t->dirty ? SLOT_WRITE : 0) |
         (t->exec ? SLOT_EXEC : 0) | (t->user ? SLOT_USER : 0) |
         (t->size == GIB(1)   ? SLOT_1G
          : t->size == MIB(2) ? SLOT_2M
                              : 0);
}

bool mmu_slot_agrees(uint32_t slot, vaddr_t va)
{
  struct translation t;
  if (!mmu_peek(va, &t)) return false;
  uint32_t now = mmu_slot(&t);
  return slot >> SLOT_SHIFT == now >> SLOT_SHIFT && !(slot & ~now & SLOT_RIGHTS);
}

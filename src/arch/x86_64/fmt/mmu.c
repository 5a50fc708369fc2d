/* Address translation as the processor does it: what the simulated machine's MMU is made of. */
#include <fmt/paging.h>
#include <fmt/trapframe.h>
#include <kern/arch.h>

/* Bits that must be 0 in a present entry (SDM vol. 3A, table 4-14 and on): the large-page bit in the root, and the address
 * bits below a large page's size, of which the lowest is the memory type. */
static uint64_t reserved_bits(unsigned level, uint64_t entry)
{
  if (level == PAGING_LEVELS) return PTE_LARGE;
  if (level == 1 || !(entry & PTE_LARGE)) return 0;
  return ((1ull << paging_shift(level)) - 1) & PTE_ADDRESS & ~PTE_PAT_LARGE;
}

static bool is_leaf(unsigned level, uint64_t entry)
{
  return level == 1 || (entry & PTE_LARGE) != 0;
}

/* Another processor may set bits of the same entry at this moment. */
static void set_bits(uint64_t *slot, uint64_t entry, uint64_t bits)
{
  if ((entry & bits) != bits) __atomic_fetch_or(slot, bits, __ATOMIC_RELAXED);
}

static void found(struct x86_walk *w, vaddr_t va, unsigned level, uint64_t entry)
{
  w->page_size = 1ull << paging_shift(level);
  w->pa = (entry & PTE_ADDRESS & ~(w->page_size - 1)) | (va & (w->page_size - 1));
  w->entry = entry;
  w->accessed = (entry & PTE_ACCESSED) != 0;
  w->dirty = (entry & PTE_DIRTY) != 0;
}

/* Down to the leaf entry, whose place it answers; null and w->error when there is none. `touch`: sets accessed in the
 * entries above it. */
static uint64_t *descend(paddr_t root, vaddr_t va, bool touch, struct x86_walk *w)
{
  paddr_t table = root & PTE_ADDRESS;
  *w = (struct x86_walk){.user = true, .write = true, .exec = true};
  for (unsigned level = PAGING_LEVELS;; level--) {
    uint64_t *slot = (uint64_t *)phys_to_virt(table) + paging_index(va, level);
    uint64_t entry = __atomic_load_n(slot, __ATOMIC_RELAXED);
    if (!(entry & PTE_PRESENT)) return NULL;
    if (entry & reserved_bits(level, entry)) {
      w->error = PF_PRESENT | PF_RESERVED;
      return NULL;
    }
    w->user = w->user && (entry & PTE_USER);
    w->write = w->write && (entry & PTE_WRITE);
    w->exec = w->exec && !(entry & PTE_NX);
    if (is_leaf(level, entry)) {
      found(w, va, level, entry);
      return slot;
    }
    if (touch) set_bits(slot, entry, PTE_ACCESSED);
    table = entry & PTE_ADDRESS;
  }
}

/* SDM vol. 3A, 4.6.1: the kernel may neither touch (SMAP) nor execute (SMEP) what programs may. */
static bool allowed(const struct x86_walk *w, uint64_t access)
{
  if (w->user != ((access & PF_USER) != 0)) return false;
  if (access & PF_FETCH) return w->exec;
  return w->write || !(access & PF_WRITE);
}

bool x86_mmu_walk(paddr_t root, vaddr_t va, uint64_t access, struct x86_walk *result)
{
  uint64_t *slot = descend(root, va, true, result);
  if (!slot || !allowed(result, access)) {
    result->error |= (slot ? PF_PRESENT : 0) | (access & (PF_WRITE | PF_USER | PF_FETCH));
    return false;
  }
  uint64_t bits = PTE_ACCESSED | (access & PF_WRITE ? PTE_DIRTY : 0);
  set_bits(slot, result->entry, bits);
  result->entry |= bits;
  result->accessed = true;
  result->dirty = (result->entry & PTE_DIRTY) != 0;
  return true;
}

bool x86_mmu_peek(paddr_t root, vaddr_t va, struct x86_walk *result)
{
  return descend(root, va, false, result) != NULL;
}

/* The audit of the kernel's page tables; see kern/pmap_audit.h. A walk of its own: it does not trust pmap.c's. */
#include <fmt/paging.h>
#include <kern/arch.h>
#include <kern/panic.h>
#include <kern/pmap.h>
#include <kern/pmap_audit.h>

struct audit {
  unsigned first_slot; /* of the root: the first that may be in use */
  const struct arch_image *image;
  struct pmap_flaw *flaw;
};

static bool flawed(struct pmap_flaw *flaw, const char *what, vaddr_t va)
{
  *flaw = (struct pmap_flaw){.what = what, .va = va};
  return false;
}

static bool overlaps(uint64_t a, uint64_t a_end, uint64_t b, uint64_t b_end)
{
  return a < b_end && b < a_end;
}

/* A page of `size` bytes, with the rights that all levels together give. */
static bool audit_page(const struct audit *audit, vaddr_t va, paddr_t pa, uint64_t size, bool write, bool exec)
{
  const struct arch_image *image = audit->image;
  if (write && exec) return flawed(audit->flaw, "a page is writable and executable", va);
  if (exec && (va < image->text || va + size - 1 >= image->rodata))
    return flawed(audit->flaw, "a page outside the kernel's text is executable", va);
  if (write && overlaps(pa, pa + size, image->pa, image->pa + (image->data - image->text)))
    return flawed(audit->flaw, "the kernel's text or constants are writable", va);
  return true;
}

static vaddr_t canonical(vaddr_t va)
{
  return va & 1ull << 47 ? va | 0xFFFF000000000000ull : va;
}

/* The table at `pa`, whose first entry is for va. */
static bool audit_table(const struct audit *audit, paddr_t pa, unsigned level, vaddr_t va, bool write, bool exec)
{
  const uint64_t *table = phys_to_virt(pa);
  uint64_t span = 1ull << paging_shift(level);
  for (unsigned i = 0; i < PAGING_ENTRIES; i++, va += span) {
    uint64_t entry = __atomic_load_n(&table[i], __ATOMIC_RELAXED);
    if (!(entry & PTE_PRESENT)) continue;
    vaddr_t at = canonical(va);
    if (level == PAGING_LEVELS && i < audit->first_slot)
      return flawed(audit->flaw, "something is mapped below the kernel's part", at);
    if (entry & PTE_USER) return flawed(audit->flaw, "an entry of the kernel's part is open to programs", at);
    bool w = write && (entry & PTE_WRITE), x = exec && !(entry & PTE_NX);
    bool leaf = level == 1 || (level < PAGING_LEVELS && (entry & PTE_LARGE));
    paddr_t below = entry & PTE_ADDRESS;
    if (leaf ? !audit_page(audit, at, below & ~(span - 1), span, w, x)
             : !audit_table(audit, below, level - 1, va, w, x))
      return false;
  }
  return true;
}

/* What must be there: the pages of [start, end), read-only; executable or not. */
static bool audit_section(const struct audit *audit, paddr_t root, vaddr_t start, vaddr_t end, bool exec)
{
  for (vaddr_t va = start; va < end; va += PAGE_SIZE) {
    struct x86_walk w;
    if (!x86_mmu_peek(root, va, &w)) return flawed(audit->flaw, "a page of the kernel's image is not mapped", va);
    if (w.pa != audit->image->pa + (va - audit->image->text))
      return flawed(audit->flaw, "a page of the kernel's image is not where it was loaded", va);
    if (w.write) return flawed(audit->flaw, "the kernel's text or constants are writable", va);
    if (w.exec != exec)
      return flawed(audit->flaw, exec ? "the kernel's text is not executable" : "the constants are executable", va);
  }
  return true;
}

bool pmap_audit(paddr_t root, const struct arch_image *image, struct pmap_flaw *flaw)
{
  const struct audit audit = {
    .first_slot = paging_index(arch_kernel_window().base, PAGING_LEVELS),
    .image = image,
    .flaw = flaw,
  };
  return audit_section(&audit, root, image->text, image->rodata, true) &&
         audit_section(&audit, root, image->rodata, image->data, false) &&
         audit_table(&audit, root, PAGING_LEVELS, 0, true, true);
}

void pmap_audit_kernel(void)
{
  struct arch_image image = arch_kernel_image();
  struct pmap_flaw flaw;
  if (!pmap_audit(kernel_pmap.root, &image, &flaw)) panic("page tables: %s: 0x%016lx", flaw.what, flaw.va);
}

/*
 * A plan applied: one VMO a segment, its file bytes read straight into the VMO's pages. Pages come zeroed, so what
 * follows the file bytes in the last of them (.bss) is zero, and the pages after it appear, zeroed, when the
 * program touches them.
 */
#include <kern/arch.h>
#include <kern/aspace.h>
#include <kern/elf.h>
#include <kern/vmo.h>
#include <plant.h>

/* Copies the segment's file bytes to where they belong in the VMO, which begins `lead` bytes before the segment. */
static int segment_fill(const struct elf_source *src, const struct elf_segment *s, size_t lead, struct vmo *vmo)
{
  uint64_t done = 0;
  while (done < s->file_size) {
    uint64_t at = lead + done;
    uint64_t in_page = at & PAGE_MASK;
    uint64_t n = MIN(s->file_size - done, PAGE_SIZE - in_page);
    paddr_t page;
    int err = vmo_get_page(vmo, at >> PAGE_SHIFT, true, &page);
    if (err == 0) err = src->read(src, s->file_offset + done, (uint8_t *)phys_to_virt(page) + in_page, n);
    if (err != 0) return err;
    done += n;
  }
  return 0;
}

static int segment_load(const struct elf_source *src, const struct elf_plan *plan, const struct elf_segment *s,
                        struct aspace *as)
{
  vaddr_t address = plan->bias + s->vaddr;
  vaddr_t start = ALIGN_DOWN(address, (vaddr_t)PAGE_SIZE);
  size_t size = ALIGN_UP(address + s->memory_size, (vaddr_t)PAGE_SIZE) - start;
  struct vmo *vmo;
  int err = vmo_create(size, &vmo);
  if (err != 0) return err;
  err = segment_fill(src, s, address - start, vmo);
  if (err == 0) err = aspace_map(as, vmo, 0, start, size, s->prot, true, &start);
  if (!PLANTED(elf_load) || s->memory_size != s->file_size) vmo_unref(vmo);
  return err;
}

int elf_load(const struct elf_source *src, const struct elf_plan *plan, struct aspace *as)
{
  for (unsigned i = 0; i < plan->nsegments; i++) {
    int err = segment_load(src, plan, &plan->segments[i], as);
    if (err != 0) return err;
  }
  return 0;
}

/*
 * Page tables. The format is the machine's (arch/x86_64/fmt/pmap*.c, the same code on both machines); here is what the
 * kernel asks of it. A pmap is one root table; slot 0 of the root (512 GiB) is private to it, every other slot is the
 * kernel's and shared: they are populated before the first user pmap exists and never change at root level.
 * The caller serialises operations on one pmap (aspace.tables_lock; kernel pmap: kva lock).
 */
#ifndef KERN_PMAP_H
#define KERN_PMAP_H

#include <kern/bootinfo.h>
#include <kern/types.h>

/* Page attributes. */
#define PMAP_WRITE 0x01u
#define PMAP_EXEC 0x02u
#define PMAP_USER 0x04u
#define PMAP_GLOBAL 0x08u
#define PMAP_NOCACHE 0x10u
#define PMAP_WRITE_THROUGH 0x20u
#define PMAP_WRITE_COMBINE 0x40u

struct pmap {
  paddr_t root;
  uint64_t table_pages;  /* pages of tables below the root that belong to this pmap alone */
  uint64_t mapped_pages; /* mapped at run time, in units of 4 KiB */
  /* Where the last walk to a single page ended, which is mostly where the next one will. */
  uint64_t walked;       /* 1 + the 2 MiB of addresses it was in; 0: nowhere */
  uint64_t *walked_slot; /* what refers to their table of pages */
};

extern struct pmap kernel_pmap;

/* Builds the kernel's tables (arch_kernel_pmap_fill, window slots populated) from bootmem and activates them. */
MUST_CHECK int pmap_init(const struct bootinfo *bi);

/* A user pmap: empty slot 0, kernel slots shared. -ENOMEM. */
MUST_CHECK int pmap_create(struct pmap *pm);
/* Frees the tables of slot 0; the pages mapped there are the caller's business. Not the active one. */
void pmap_destroy(struct pmap *pm);

/* Maps one 4 KiB page. -EEXIST when va is mapped (nothing changes), -ENOMEM for a table, -EINVAL unaligned, not canonical,
 * in a slot that is not this pmap's to change, writable and executable at once, or global in another pmap than the
 * kernel's. */
MUST_CHECK int pmap_map(struct pmap *pm, vaddr_t va, paddr_t pa, unsigned attrs);
/* Maps [va, va + size) to [pa, pa + size), whole pages, by the largest pages the processor has (arch_page_size_max) where va
 * and pa are congruent. Errors as above, also when only a part is mapped already; nothing changes then. */
MUST_CHECK int pmap_map_range(struct pmap *pm, vaddr_t va, paddr_t pa, uint64_t size, unsigned attrs);
/* The same during boot, with tables from bootmem; tables made before it failed stay. For arch_kernel_pmap_fill. */
MUST_CHECK int pmap_map_early(paddr_t root, vaddr_t va, paddr_t pa, uint64_t size, unsigned attrs);

/* Unmaps one 4 KiB page, flushes it, frees tables that became empty; answers the page. -ENOENT when not mapped; -ENOMEM when
 * it is a part of a large page that cannot be split (nothing changes). */
MUST_CHECK int pmap_unmap(struct pmap *pm, vaddr_t va, paddr_t *pa);
/* Changes the attributes of one mapped page and flushes it. -ENOENT, -ENOMEM as above, -EINVAL as pmap_map. */
MUST_CHECK int pmap_protect(struct pmap *pm, vaddr_t va, unsigned attrs);

/* Lets va, if a 4 KiB page is mapped there, map another one with the same rights, and flushes it. Never fails. */
void pmap_remap(struct pmap *pm, vaddr_t va, paddr_t pa);

/* As pmap_unmap and pmap_protect for every mapped page of [start, end), page-aligned, within one slot that is this pmap's to
 * change; absent ones cost nothing. The pages themselves are the caller's business. A large page that the range begins or ends
 * inside of is split: -ENOMEM, with nothing changed, when there is no memory for that. Cannot fail where no large page was asked
 * for, by pmap_map_range or pmap_merge. */
int pmap_unmap_range(struct pmap *pm, vaddr_t start, vaddr_t end);
int pmap_protect_range(struct pmap *pm, vaddr_t start, vaddr_t end, unsigned attrs);

/* Puts one large page in the place of every table in [start, end) that is full of pages which are contiguous, congruent and
 * alike; what the processor noted in any of them it has noted in all. */
void pmap_merge(struct pmap *pm, vaddr_t start, vaddr_t end);

struct pmap_entry {
  paddr_t pa; /* of the address asked for, offset included */
  unsigned attrs;
  uint64_t page_size;
  bool accessed, dirty;
};
/* Walks the tables; false when va is not mapped. */
bool pmap_lookup(const struct pmap *pm, vaddr_t va, struct pmap_entry *out);
/* Calls visitor for every mapped page, of any size, of [start, end), page-aligned, in order; va is its first address in the
 * range, and entry what pmap_lookup answers for that. */
void pmap_visit_range(const struct pmap *pm, vaddr_t start, vaddr_t end,
                      void (*visitor)(void *context, vaddr_t va, const struct pmap_entry *entry), void *context);

/* Where the byte at va, below the end of slot 0, is in the direct map when programs may read it (write: may write it); null
 * otherwise. What every copy to and from a program asks. */
void *pmap_user_byte(struct pmap *pm, vaddr_t va, bool write);

#endif

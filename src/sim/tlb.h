/*
 * The TLB: which pages of RAM the host has mapped where, and with which rights. Mechanism only; what may be there is the
 * business of the MMU (mmu.h), its one user. Everything may be called inside a signal handler.
 */
#ifndef SIM_TLB_H
#define SIM_TLB_H

#include "machine.h"

/* One word a page: page frame number and what the host mapping allows. */
#define SLOT_LIVE 1u
#define SLOT_WRITE 2u
#define SLOT_EXEC 4u
#define SLOT_USER 8u
#define SLOT_PINNED 16u /* stays translated; kept when the page is not live */
#define SLOT_2M 32u     /* the entry it came from maps a page of 2 MiB or 1 GiB: that is flushed as a whole */
#define SLOT_1G 64u
#define SLOT_SHIFT 7
#define SLOT_RIGHTS (SLOT_WRITE | SLOT_EXEC | SLOT_USER)
#define SLOT_NEXT (1u << SLOT_SHIFT) /* added to a slot: the physical neighbour, same rights */

static inline paddr_t slot_page(uint32_t slot)
{
  return (paddr_t)(slot >> SLOT_SHIFT) << PAGE_SHIFT;
}

/* A span of virtual addresses that is translated. Pages are counted from its base. */
struct tlb_window {
  vaddr_t base;
  size_t pages;
  bool user;
  uint32_t *slots;
  uint64_t *live;    /* a bit a page */
  uint64_t *summary; /* a bit a word of live */
  size_t words, summary_words;
};
extern struct tlb_window tlb_user, tlb_kernel;

/* Takes the addresses from the host. Fatal when it does not let go of them. */
void tlb_init(void);

/* Null when va is in neither. */
struct tlb_window *tlb_window_of(vaddr_t va);
static inline vaddr_t tlb_address(const struct tlb_window *w, size_t page)
{
  return w->base + page * PAGE_SIZE;
}
static inline size_t tlb_page(const struct tlb_window *w, vaddr_t va)
{
  return (va - w->base) / PAGE_SIZE;
}

/* Live pages of both windows, and those of them that are parts of large pages. */
extern size_t tlb_live, tlb_live_large;

#define TLB_NO_PAGE SIZE_MAX
/* The first live page from `page` on, or TLB_NO_PAGE. */
size_t tlb_next_live(const struct tlb_window *w, size_t page);
#define TLB_FOR_EACH(w, page) \
  for (size_t page = tlb_next_live(w, 0); page != TLB_NO_PAGE; page = tlb_next_live(w, page + 1))

/* Maps slots[0 .. count) from `page` on, neighbours in physical memory together; empty ones are left alone. */
void tlb_map(struct tlb_window *w, size_t page, const uint32_t *slots, size_t count);
/* Gives a live page other rights. */
void tlb_protect(struct tlb_window *w, size_t page, uint32_t slot);
void tlb_drop_page(struct tlb_window *w, size_t page);
/* All of the user window at once: the host's cost is by what is mapped, not by the span. */
void tlb_drop_user(void);

/* Puts other translations in the place of the user window's: from begin on no page of it is live, though the host has them
 * mapped still; what is mapped then replaces them one by one, and end takes away those that are left. */
void tlb_replace_user_begin(void);
void tlb_replace_user_end(void);

#endif

/* The TLB: the host mappings, and the book kept of them. See tlb.h. */
#include "tlb.h"

#include <uapi/abi.h>

#define USER_PAGES ((USER_TOP - USER_BASE) / PAGE_SIZE)
#define KERNEL_WINDOW_SIZE GIB(1)
#define KERNEL_PAGES (KERNEL_WINDOW_SIZE / PAGE_SIZE)

#define WORDS(bits) (((bits) + 63) / 64)
static uint32_t user_slots[USER_PAGES], kernel_slots[KERNEL_PAGES];
static uint64_t user_live[WORDS(USER_PAGES)], kernel_live[WORDS(KERNEL_PAGES)];
static uint64_t user_summary[WORDS(WORDS(USER_PAGES))], kernel_summary[WORDS(WORDS(KERNEL_PAGES))];

struct tlb_window tlb_user = {
  .base = USER_BASE,
  .pages = USER_PAGES,
  .user = true,
  .slots = user_slots,
  .live = user_live,
  .summary = user_summary,
  .words = ARRAY_SIZE(user_live),
  .summary_words = ARRAY_SIZE(user_summary),
};
struct tlb_window tlb_kernel = {
  .pages = KERNEL_PAGES,
  .slots = kernel_slots,
  .live = kernel_live,
  .summary = kernel_summary,
  .words = ARRAY_SIZE(kernel_live),
  .summary_words = ARRAY_SIZE(kernel_summary),
};
size_t tlb_live, tlb_live_large;

static unsigned slot_prot(uint32_t slot)
{
  return HOST_READ | (slot & SLOT_WRITE ? HOST_WRITE : 0) | (slot & SLOT_EXEC ? HOST_EXEC : 0);
}

struct tlb_window *tlb_window_of(vaddr_t va)
{
  if (va >= USER_BASE && va < USER_TOP) return &tlb_user;
  if (va - tlb_kernel.base < KERNEL_WINDOW_SIZE) return &tlb_kernel;
  return NULL;
}

static bool is_large(uint32_t slot)
{
  return slot & (SLOT_2M | SLOT_1G);
}

static void set_live(struct tlb_window *w, size_t page, uint32_t slot)
{
  if (!(w->slots[page] & SLOT_LIVE)) tlb_live++;
  tlb_live_large += (size_t)is_large(slot) - (size_t)is_large(w->slots[page]);
  w->slots[page] = slot | (w->slots[page] & SLOT_PINNED);
  w->live[page / 64] |= 1ull << (page % 64);
  w->summary[page / 4096] |= 1ull << (page / 64 % 64);
}

static void set_dead(struct tlb_window *w, size_t page)
{
  if (!(w->slots[page] & SLOT_LIVE)) return;
  tlb_live--;
  tlb_live_large -= is_large(w->slots[page]);
  w->slots[page] &= SLOT_PINNED;
  w->live[page / 64] &= ~(1ull << (page % 64));
  if (!w->live[page / 64]) w->summary[page / 4096] &= ~(1ull << (page / 64 % 64));
}

size_t tlb_next_live(const struct tlb_window *w, size_t page)
{
  size_t word = page / 64;
  if (word >= w->words) return TLB_NO_PAGE;
  uint64_t bits = w->live[word] >> (page % 64);
  if (bits) return page + (size_t)__builtin_ctzll(bits);
  for (word++; word < w->words; word = ALIGN_DOWN(word, (size_t)64) + 64) {
    bits = w->summary[word / 64] >> (word % 64);
    if (!bits) continue;
    word += (size_t)__builtin_ctzll(bits);
    return word * 64 + (size_t)__builtin_ctzll(w->live[word]);
  }
  return TLB_NO_PAGE;
}

void tlb_map(struct tlb_window *w, size_t page, const uint32_t *slots, size_t count)
{
  for (size_t i = 0, n; i < count; i += n) {
    n = 1;
    if (!slots[i]) continue;
    while (i + n < count && slots[i + n] == slots[i] + (n << SLOT_SHIFT)) n++;
    for (size_t k = 0; k < n; k++) set_live(w, page + i + k, slots[i + k]);
    host_page_map(tlb_address(w, page + i), slot_page(slots[i]), n * PAGE_SIZE, slot_prot(slots[i]));
  }
}

void tlb_protect(struct tlb_window *w, size_t page, uint32_t slot)
{
  set_live(w, page, slot);
  host_page_protect(tlb_address(w, page), PAGE_SIZE, slot_prot(slot));
}

void tlb_drop_page(struct tlb_window *w, size_t page)
{
  set_dead(w, page);
  if (w->user)
    host_page_drop(tlb_address(w, page), PAGE_SIZE);
  else
    host_page_reserve(tlb_address(w, page), PAGE_SIZE);
}

void tlb_drop_user(void)
{
  size_t first = tlb_next_live(&tlb_user, 0), last = first;
  if (first == TLB_NO_PAGE) return;
  TLB_FOR_EACH (&tlb_user, page) {
    set_dead(&tlb_user, page);
    last = page;
  }
  host_page_drop(tlb_address(&tlb_user, first), (last - first + 1) * PAGE_SIZE);
}

/* Runs of pages that the host has mapped still while they are being replaced. */
#define LEFTOVERS 32u
static struct {
  size_t first, end;
} leftover[LEFTOVERS];
static unsigned leftovers;

/* False when there are too many. */
static bool leftovers_collect(void)
{
  leftovers = 0;
  TLB_FOR_EACH (&tlb_user, page) {
    if (leftovers > 0 && leftover[leftovers - 1].end == page) {
      leftover[leftovers - 1].end++;
      continue;
    }
    if (leftovers == LEFTOVERS) return false;
    leftover[leftovers].first = page;
    leftover[leftovers++].end = page + 1;
  }
  return true;
}

void tlb_replace_user_begin(void)
{
  if (!leftovers_collect()) {
    leftovers = 0;
    tlb_drop_user();
    return;
  }
  for (unsigned i = 0; i < leftovers; i++)
    for (size_t page = leftover[i].first; page < leftover[i].end; page++) set_dead(&tlb_user, page);
}

void tlb_replace_user_end(void)
{
  for (unsigned i = 0; i < leftovers; i++) {
    for (size_t page = leftover[i].first, end; page < leftover[i].end; page = end) {
      bool replaced = tlb_user.slots[page] & SLOT_LIVE;
      for (end = page + 1; end < leftover[i].end && !(tlb_user.slots[end] & SLOT_LIVE) == !replaced; end++) continue;
      if (!replaced) host_page_drop(tlb_address(&tlb_user, page), (end - page) * PAGE_SIZE);
    }
  }
  leftovers = 0;
}

/* The kernel's window: one 512 GiB slot after the other until one is free of the host's own mappings. These are below where
 * Linux puts programs, and no sanitizer's shadow is there: what is above 0x550000000000 is a program's to all of them. */
void tlb_init(void)
{
  if (!host_window_reserve(USER_BASE, USER_TOP - USER_BASE))
    host_fatal(HOST_EXIT_USAGE,
               "the host does not leave 0x%llx-0x%llx to the machine (is vm.mmap_min_addr above 65536?)", USER_BASE,
               USER_TOP);
  host_page_drop(USER_BASE, USER_TOP - USER_BASE);
  for (vaddr_t slot = 170; slot < 173; slot++) {
    tlb_kernel.base = slot * GIB(512);
    if (host_window_reserve(tlb_kernel.base, KERNEL_WINDOW_SIZE)) return;
  }
  host_fatal(HOST_EXIT_USAGE, "no room for the kernel's window of addresses");
}

/*
 * The memory management unit. The page tables are the kernel's own, walked by the same code that both machines' tests use
 * (fmt/paging.h); the host mappings of the RAM's pages are the TLB. A translation comes into being when an access misses,
 * and goes away when the kernel flushes it, loads the page-table register, or when there are too many.
 *
 * The user window's translations are dropped lazily: loading the register only notes it, and the next return to user mode
 * (machine_mmu_leave_kernel) drops them if they came from other tables, else compares each with its entry, so that a visit
 * to another thread and back costs little. Kernel-mode code meets the user window only in tests, with supervisor pages;
 * once such a page is translated, loads drop at once.
 *
 * Kernel stacks are pinned: the host itself writes to them (signal handlers, system calls), so their translations are
 * renewed instead of dropped.
 *
 * A page is mapped without write access until its first write, so that the dirty bit is right.
 */
#include "machine.h"

#include <fmt/paging.h>
#include <fmt/trapframe.h>
#include <kern/panic.h>
#include <kern/pmap.h>
#include <uapi/abi.h>

#define USER_PAGES ((USER_TOP - USER_BASE) / PAGE_SIZE)
#define KERNEL_WINDOW_SIZE GIB(1)
#define KERNEL_PAGES (KERNEL_WINDOW_SIZE / PAGE_SIZE)
#define LIVE_MAX 16384u   /* host mappings that may go; Linux allows 65530 in all and unmapping splits them */
#define AROUND 16u        /* pages mapped at once when the neighbours are present, too */
#define NO_PAGE SIZE_MAX

/* One word a page: page frame number and what the host mapping allows. */
#define SLOT_LIVE 1u
#define SLOT_WRITE 2u
#define SLOT_EXEC 4u
#define SLOT_USER 8u
#define SLOT_PINNED 16u
#define SLOT_SHIFT 5
#define SLOT_RIGHTS (SLOT_WRITE | SLOT_EXEC | SLOT_USER)

struct window {
  vaddr_t base;
  size_t pages;
  bool user;
  uint32_t *slots;
  uint64_t *live;    /* a bit a page */
  uint64_t *summary; /* a bit a word of live */
  size_t words, summary_words;
};

#define WORDS(bits) (((bits) + 63) / 64)
static uint32_t user_slots[USER_PAGES], kernel_slots[KERNEL_PAGES];
static uint64_t user_live[WORDS(USER_PAGES)], kernel_live[WORDS(KERNEL_PAGES)];
static uint64_t user_summary[WORDS(WORDS(USER_PAGES))], kernel_summary[WORDS(WORDS(KERNEL_PAGES))];

static struct window user_window = {
  .base = USER_BASE, .pages = USER_PAGES, .user = true, .slots = user_slots, .live = user_live, .summary = user_summary,
  .words = ARRAY_SIZE(user_live), .summary_words = ARRAY_SIZE(user_summary),
};
static struct window kernel_window = {
  .pages = KERNEL_PAGES, .slots = kernel_slots, .live = kernel_live, .summary = kernel_summary,
  .words = ARRAY_SIZE(kernel_live), .summary_words = ARRAY_SIZE(kernel_summary),
};

static struct {
  paddr_t root;      /* the page-table register */
  bool loaded;       /* it was loaded at least once */
  paddr_t user_root; /* the tables the user window's translations came from */
  bool reloaded;     /* the register was loaded since user_window was last in step */
  bool kernel_filled; /* kernel mode translated pages of the user window */
  size_t live;       /* host mappings in both windows */
  size_t pinned;     /* those among them that stay: kernel stacks, mostly one host mapping each */
} mmu;

/* ---- the tables ---- */

struct translation {
  paddr_t pa; /* of the page */
  bool user, write, exec, dirty;
};

static struct translation from_walk(const struct x86_walk *w)
{
  return (struct translation){
    .pa = ALIGN_DOWN(w->pa, (paddr_t)PAGE_SIZE), .user = w->user, .write = w->write, .exec = w->exec, .dirty = w->dirty,
  };
}

/* As the processor does for an access: checks rights, sets accessed and dirty. 0, or #PF's error code plus 1 << 63. */
#define FAULTS (1ull << 63)
static uint64_t translate(vaddr_t va, uint64_t access, struct translation *t)
{
  struct x86_walk w;
  if (!mmu.loaded) return FAULTS | access;
  if (!x86_mmu_walk(mmu.root, va, access, &w)) return FAULTS | w.error;
  *t = from_walk(&w);
  return 0;
}

/* Looks without touching. */
static bool peek(vaddr_t va, struct translation *t)
{
  struct x86_walk w;
  if (!mmu.loaded || !x86_mmu_peek(mmu.root, va, &w)) return false;
  *t = from_walk(&w);
  return true;
}

static uint32_t slot_for(const struct translation *t)
{
  return (uint32_t)(t->pa >> PAGE_SHIFT) << SLOT_SHIFT | SLOT_LIVE | (t->write && t->dirty ? SLOT_WRITE : 0) |
         (t->exec ? SLOT_EXEC : 0) | (t->user ? SLOT_USER : 0);
}

static paddr_t slot_page(uint32_t slot)
{
  return (paddr_t)(slot >> SLOT_SHIFT) << PAGE_SHIFT;
}

static unsigned slot_prot(uint32_t slot)
{
  return HOST_READ | (slot & SLOT_WRITE ? HOST_WRITE : 0) | (slot & SLOT_EXEC ? HOST_EXEC : 0);
}

/* A translation may allow less than its entry, never more. */
static bool slot_agrees(uint32_t slot, vaddr_t va)
{
  struct translation t;
  if (!peek(va, &t)) return false;
  uint32_t now = slot_for(&t);
  return slot >> SLOT_SHIFT == now >> SLOT_SHIFT && !(slot & ~now & SLOT_RIGHTS);
}

/* ---- windows ---- */

static vaddr_t page_address(const struct window *w, size_t page)
{
  return w->base + page * PAGE_SIZE;
}

static struct window *window_of(vaddr_t va)
{
  if (va >= USER_BASE && va < USER_TOP) return &user_window;
  if (va - kernel_window.base < KERNEL_WINDOW_SIZE) return &kernel_window;
  return NULL;
}

bool machine_mmu_in_window(vaddr_t va)
{
  return window_of(va) != NULL;
}

static void set_live(struct window *w, size_t page, uint32_t slot)
{
  if (!(w->slots[page] & SLOT_LIVE)) mmu.live++;
  w->slots[page] = slot | (w->slots[page] & SLOT_PINNED);
  w->live[page / 64] |= 1ull << (page % 64);
  w->summary[page / 4096] |= 1ull << (page / 64 % 64);
}

static void set_dead(struct window *w, size_t page)
{
  if (!(w->slots[page] & SLOT_LIVE)) return;
  mmu.live--;
  w->slots[page] &= SLOT_PINNED;
  w->live[page / 64] &= ~(1ull << (page % 64));
  if (!w->live[page / 64]) w->summary[page / 4096] &= ~(1ull << (page / 64 % 64));
}

/* The first live page from `page` on. */
static size_t next_live(const struct window *w, size_t page)
{
  size_t word = page / 64;
  if (word >= w->words) return NO_PAGE;
  uint64_t bits = w->live[word] >> (page % 64);
  if (bits) return page + (size_t)__builtin_ctzll(bits);
  for (word++; word < w->words; word = ALIGN_DOWN(word, (size_t)64) + 64) {
    bits = w->summary[word / 64] >> (word % 64);
    if (!bits) continue;
    word += (size_t)__builtin_ctzll(bits);
    return word * 64 + (size_t)__builtin_ctzll(w->live[word]);
  }
  return NO_PAGE;
}

#define FOR_EACH_LIVE(w, page) for (size_t page = next_live(w, 0); page != NO_PAGE; page = next_live(w, page + 1))

/* ---- translations go ---- */

static void drop_page(struct window *w, size_t page)
{
  set_dead(w, page);
  if (w->user) host_page_drop(page_address(w, page), PAGE_SIZE);
  else host_page_reserve(page_address(w, page), PAGE_SIZE);
}

/* All at once: the host's cost is by what is mapped, not by the span. */
static void drop_user(void)
{
  size_t first = next_live(&user_window, 0), last = first;
  if (first != NO_PAGE) {
    FOR_EACH_LIVE(&user_window, page) {
      set_dead(&user_window, page);
      last = page;
    }
    host_page_drop(page_address(&user_window, first), (last - first + 1) * PAGE_SIZE);
  }
  mmu.kernel_filled = false;
}

/* A pinned page: what the entry says now takes the place of what it said. Written to by the host, so it is dirty. */
static void renew_page(struct window *w, size_t page)
{
  struct translation t;
  vaddr_t va = page_address(w, page);
  if (translate(va, PF_WRITE, &t)) {
    drop_page(w, page);
    return;
  }
  uint32_t slot = slot_for(&t);
  if ((w->slots[page] & ~SLOT_PINNED) == slot) return;
  set_live(w, page, slot);
  host_page_map(va, slot_page(slot), PAGE_SIZE, slot_prot(slot));
}

static void drop_kernel(void)
{
  FOR_EACH_LIVE(&kernel_window, page) {
    if (kernel_window.slots[page] & SLOT_PINNED) renew_page(&kernel_window, page);
    else drop_page(&kernel_window, page);
  }
}

void arch_tlb_flush_page(vaddr_t va)
{
  struct window *w = window_of(va);
  if (!w) return;
  size_t page = (va - w->base) / PAGE_SIZE;
  if (!(w->slots[page] & SLOT_LIVE)) return;
  if (w->slots[page] & SLOT_PINNED) renew_page(w, page);
  else drop_page(w, page);
}

void arch_tlb_flush_all(void)
{
  drop_user();
  drop_kernel();
}

void arch_aspace_activate(paddr_t root)
{
  mmu.root = root;
  mmu.loaded = true;
  mmu.reloaded = true;
  if (mmu.kernel_filled) drop_user();
}

/* ---- translations come ---- */

/* Maps slots[0 .. count) from `page` on, neighbours in physical memory together; empty ones are left alone. */
static void map_slots(struct window *w, size_t page, const uint32_t *slots, size_t count)
{
  for (size_t i = 0, n; i < count; i += n) {
    n = 1;
    if (!slots[i]) continue;
    while (i + n < count && slots[i + n] == slots[i] + (n << SLOT_SHIFT)) n++;
    for (size_t k = 0; k < n; k++) set_live(w, page + i + k, slots[i + k]);
    host_page_map(page_address(w, page + i), slot_page(slots[i]), n * PAGE_SIZE, slot_prot(slots[i]));
  }
}

/* The slot a neighbour would have, 0 when it is live already or cannot be translated. The processor may translate ahead as
 * well; like it, this sets accessed and leaves dirty alone. */
static uint32_t neighbour_slot(size_t page)
{
  struct translation t;
  if (page >= user_window.pages || user_slots[page] & SLOT_LIVE) return 0;
  if (translate(page_address(&user_window, page), PF_USER, &t) || t.pa >= machine.ram_size) return 0;
  return slot_for(&t);
}

/* The page that missed, and the neighbours that are its neighbours in physical memory, too, and so cost nothing more: those
 * that are present will be wanted. */
static void map_around(size_t page, uint32_t slot)
{
  uint32_t slots[2 * AROUND];
  size_t first = AROUND, end = AROUND;
  slots[end++] = slot;
  while (first > 0 && page >= AROUND && neighbour_slot(page - (AROUND - first) - 1) == slots[first] - (1u << SLOT_SHIFT)) {
    slots[first - 1] = slots[first] - (1u << SLOT_SHIFT);
    first--;
  }
  while (end < 2 * AROUND && neighbour_slot(page + (end - AROUND)) == slots[end - 1] + (1u << SLOT_SHIFT)) {
    slots[end] = slots[end - 1] + (1u << SLOT_SHIFT);
    end++;
  }
  map_slots(&user_window, page - (AROUND - first), slots + first, end - first);
}

static void sync_user(void)
{
  if (mmu.user_root != mmu.root) {
    drop_user();
  } else if (mmu.reloaded) {
    FOR_EACH_LIVE(&user_window, page)
      if (!slot_agrees(user_slots[page], page_address(&user_window, page))) drop_page(&user_window, page);
  }
  mmu.user_root = mmu.root;
  mmu.reloaded = false;
}

static NORETURN void host_refuses(vaddr_t va)
{
  host_fatal(HOST_EXIT_PANIC, "the host refuses access to 0x%llx, which is mapped: is it out of memory?",
             (unsigned long long)va);
}

bool machine_mmu_fault(vaddr_t va, uint64_t access, uint64_t *error)
{
  struct window *w = window_of(va);
  size_t page = (va - w->base) / PAGE_SIZE;
  struct translation t;
  uint64_t result = translate(va, access, &t);
  if (result) {
    *error = result & ~FAULTS;
    return false;
  }
  bool by_user = access & PF_USER;
  if (t.pa >= machine.ram_size)
    host_fatal(HOST_EXIT_PANIC, "0x%llx is mapped to physical address 0x%llx, where no memory is", (unsigned long long)va,
               (unsigned long long)t.pa);
  if (w->user) {
    sync_user();
    if (!by_user) mmu.kernel_filled = true;
  }
  uint32_t slot = slot_for(&t), had = w->slots[page];
  if ((had & ~SLOT_PINNED) == slot) host_refuses(va);
  if (had & SLOT_LIVE && slot_page(had) == slot_page(slot)) { /* the first write */
    set_live(w, page, slot);
    host_page_protect(page_address(w, page), PAGE_SIZE, slot_prot(slot));
    return true;
  }
  if (mmu.live + AROUND > LIVE_MAX + mmu.pinned) arch_tlb_flush_all();
  if (w->user && by_user && !(had & SLOT_LIVE)) map_around(page, slot);
  else map_slots(w, page, &slot, 1);
  return true;
}

void machine_mmu_prefill(vaddr_t va, uint64_t access)
{
  const struct window *w = window_of(va);
  uint64_t error;
  if (!w || !w->user) return;
  uint32_t slot = w->slots[(va - w->base) / PAGE_SIZE], need = SLOT_LIVE | (access & PF_WRITE ? SLOT_WRITE : 0);
  if ((slot & need) != need) (void)machine_mmu_fault(va, access, &error);
}

/* ---- kernel stacks ---- */

void machine_mmu_pin(vaddr_t va, size_t size)
{
  struct window *w = window_of(va);
  if (!w) return; /* a stack of the host's */
  size_t first = (va - w->base) / PAGE_SIZE, pages = size / PAGE_SIZE;
  for (size_t done = 0; done < pages; done += AROUND) {
    uint32_t slots[AROUND] = {0};
    size_t count = MIN((size_t)AROUND, pages - done);
    struct translation t;
    for (size_t i = 0; i < count; i++)
      if (!translate(va + (done + i) * PAGE_SIZE, PF_WRITE, &t)) slots[i] = slot_for(&t);
    map_slots(w, first + done, slots, count);
    for (size_t i = 0; i < count; i++) {
      if (!(w->slots[first + done + i] & SLOT_PINNED)) mmu.pinned++;
      w->slots[first + done + i] |= SLOT_PINNED;
    }
  }
}

void machine_mmu_unpin(vaddr_t va, size_t size)
{
  for (vaddr_t end = va + size; va < end; va += PAGE_SIZE) {
    struct window *w = window_of(va);
    if (!w) continue;
    uint32_t *slot = &w->slots[(va - w->base) / PAGE_SIZE];
    if (*slot & SLOT_PINNED) mmu.pinned--;
    *slot &= ~SLOT_PINNED;
  }
}

/* ---- to user mode ---- */

static void check(const struct window *w)
{
  struct translation t;
  FOR_EACH_LIVE(w, page) {
    vaddr_t va = page_address(w, page);
    uint32_t slot = w->slots[page];
    if (slot_agrees(slot, va)) continue;
    bool present = peek(va, &t);
    panic("stale translation: 0x%016lx still reaches page 0x%llx%s, its entry says %s 0x%llx%s: a flush is missing", va,
          (unsigned long long)slot_page(slot), slot & SLOT_WRITE ? " for writing" : "",
          present ? "page" : "not present", present ? (unsigned long long)t.pa : 0ull,
          present && !(t.write && t.dirty) ? " read-only" : "");
  }
}

void machine_mmu_leave_kernel(void)
{
  if (mmu.reloaded || mmu.user_root != mmu.root) sync_user();
  if (!machine.check_tlb) return;
  check(&user_window);
  check(&kernel_window);
}

/* ---- set-up ---- */

/* One 512 GiB slot after the other until one is free of the host's own mappings. */
void machine_mmu_init(void)
{
  if (!host_window_reserve(USER_BASE, USER_TOP - USER_BASE))
    host_fatal(HOST_EXIT_USAGE, "the host does not leave 0x%llx-0x%llx to the machine (is vm.mmap_min_addr above 65536?)",
               USER_BASE, USER_TOP);
  host_page_drop(USER_BASE, USER_TOP - USER_BASE);
  for (vaddr_t slot = 64; slot < 128; slot += 4) {
    kernel_window.base = slot * GIB(512);
    if (host_window_reserve(kernel_window.base, KERNEL_WINDOW_SIZE)) return;
  }
  host_fatal(HOST_EXIT_USAGE, "no room for the kernel's window of addresses");
}

struct arch_window arch_kernel_window(void)
{
  return (struct arch_window){.base = kernel_window.base, .size = KERNEL_WINDOW_SIZE};
}

/* The kernel's own code and the direct map are the host's business here. */
int arch_kernel_pmap_fill(paddr_t root, const struct bootinfo *bi)
{
  (void)root, (void)bi;
  return 0;
}

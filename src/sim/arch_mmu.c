/*
 * The memory management unit. The page tables are the kernel's own, walked by the same code that both machines' tests use
 * (fmt/paging.h); the host mappings of the RAM's pages are the TLB. A translation comes into being when an access misses,
 * and goes away when the kernel flushes it, loads the page-table register, or when there are too many.
 *
 * The user window's translations are dropped lazily: loading the register only notes it, and the next return to user mode
 * (machine_mmu_leave_kernel) replaces them if they came from other tables, by what the program missed when it ran before,
 * else compares each with its entry, so that a visit to another thread and back costs little. Kernel-mode code meets the
 * user window only in tests, with supervisor pages; once such a page is translated, loads drop at once.
 *
 * Kernel stacks are pinned: the host itself writes to them (signal handlers, system calls), so their translations are
 * renewed instead of dropped.
 *
 * A page is mapped without write access until its first write, so that the dirty bit is right.
 */
#include "mmu.h"

#include <fmt/trapframe.h>
#include <kern/inject.h>
#include <kern/panic.h>
#include <kern/pmap.h>

#define LIVE_MAX 16384u /* host mappings but for kernel stacks; Linux allows 65530 and unmapping splits them */
#define AROUND 16u      /* pages mapped at once on either side when the neighbours are present, too */

static struct {
  paddr_t user_root;  /* the tables the user window's translations came from */
  bool reloaded;      /* the register was loaded since tlb_user was last in step */
  bool kernel_filled; /* kernel mode translated pages of the user window */
  size_t pinned;      /* pages that stay: kernel stacks, mostly one host mapping each */
} windows;

/* ---- translations go ---- */

/* A pinned page: what the entry says now takes the place of what it said. Written to by the host, so it is dirty. */
static void renew_page(struct tlb_window *w, size_t page)
{
  struct translation t;
  vaddr_t va = tlb_address(w, page);
  if (mmu_translate(va, PF_WRITE, &t)) {
    tlb_drop_page(w, page);
    return;
  }
  uint32_t slot = mmu_slot(&t);
  if ((w->slots[page] & ~SLOT_PINNED) == slot) return;
  tlb_map(w, page, &slot, 1);
}

static void drop_user(void)
{
  tlb_drop_user();
  windows.kernel_filled = false;
}

static void drop_page(struct tlb_window *w, size_t page)
{
  if (w->slots[page] & SLOT_PINNED)
    renew_page(w, page);
  else
    tlb_drop_page(w, page);
}

/* What was translated by the page of `size` bytes around va, which `flag` marks. */
static void drop_large(struct tlb_window *w, vaddr_t va, uint64_t size, uint32_t flag)
{
  vaddr_t first = MAX(ALIGN_DOWN(va, size), w->base);
  size_t end = MIN(tlb_page(w, ALIGN_DOWN(va, size) + size), w->pages);
  for (size_t page = tlb_next_live(w, tlb_page(w, first)); page < end; page = tlb_next_live(w, page + 1))
    if (w->slots[page] & flag) drop_page(w, page);
}

static bool is_stale(const struct tlb_window *w, size_t page)
{
  return w->slots[page] & SLOT_LIVE && !mmu_slot_agrees(w->slots[page], tlb_address(w, page));
}

static bool any_stale(const struct tlb_window *w)
{
  TLB_FOR_EACH (w, page)
    if (is_stale(w, page)) return true;
  return false;
}

/* A flush that matters may be forgotten, for the checker to find. */
static bool may_forget(void)
{
  return inject_armed(INJECT_FLUSH);
}
static bool forgets(bool matters)
{
  return matters && inject_occasion(INJECT_FLUSH);
}

void arch_tlb_flush_page(vaddr_t va)
{
  struct tlb_window *w = tlb_window_of(va);
  if (!w) return;
  if (may_forget() && forgets(is_stale(w, tlb_page(w, va)))) return;
  if (w->slots[tlb_page(w, va)] & SLOT_LIVE) drop_page(w, tlb_page(w, va));
  if (tlb_live_large == 0) return;
  drop_large(w, va, MIB(2), SLOT_2M);
  drop_large(w, va, GIB(1), SLOT_1G);
}

/* What agrees with its entry may stay: it could come back at once. */
static void drop_stale(struct tlb_window *w)
{
  TLB_FOR_EACH (w, page)
    if (is_stale(w, page)) drop_page(w, page);
}

void arch_aspace_activate(paddr_t root)
{
  /* Loaded again: all that is not global is flushed. */
  if (may_forget() && root == mmu.root && root == windows.user_root && forgets(any_stale(&tlb_user))) return;
  mmu.root = root;
  mmu.loaded = true;
  windows.reloaded = true;
  if (windows.kernel_filled) drop_user();
}

void arch_tlb_flush_all(void)
{
  if (may_forget() && forgets(any_stale(&tlb_kernel))) return;
  arch_aspace_activate(mmu.root);
  drop_stale(&tlb_kernel);
}

/* There are too many. */
static void drop_all(void)
{
  drop_user();
  TLB_FOR_EACH (&tlb_kernel, page) drop_page(&tlb_kernel, page);
}

/* ---- translations come ---- */

/* The slot a neighbour would have, 0 when it is live already or cannot be translated. The processor may translate ahead as
 * well; like it, this sets accessed and leaves dirty alone. */
static uint32_t neighbour_slot(size_t page)
{
  struct translation t;
  if (page >= tlb_user.pages || tlb_user.slots[page] & SLOT_LIVE) return 0;
  if (mmu_translate(tlb_address(&tlb_user, page), PF_USER, &t) || t.pa >= machine.ram_size) return 0;
  return mmu_slot(&t);
}

/* The page that missed, and the neighbours that are its neighbours in physical memory, too, and so cost nothing more: those
 * that are present will be wanted. */
static void map_around(size_t page, uint32_t slot)
{
  uint32_t slots[2 * AROUND];
  size_t first = AROUND, end = AROUND;
  slots[end++] = slot;
  while (first > 0 && page >= AROUND && neighbour_slot(page - (AROUND - first) - 1) == slots[first] - SLOT_NEXT) {
    slots[first - 1] = slots[first] - SLOT_NEXT;
    first--;
  }
  while (end < 2 * AROUND && neighbour_slot(page + (end - AROUND)) == slots[end - 1] + SLOT_NEXT) {
    slots[end] = slots[end - 1] + SLOT_NEXT;
    end++;
  }
  tlb_map(&tlb_user, page - (AROUND - first), slots + first, end - first);
}

/* ---- to another address space ---- */

/* The user window's translations change from one address space to another: those the new one will miss come at once, in the
 * place of the old ones where they can. */
static void replace_user(void)
{
  size_t missed[MMU_MISSES], n = mmu_misses_recall(mmu.root, missed);
  tlb_replace_user_begin();
  for (size_t i = 0; i < n; i++) {
    struct translation t;
    size_t page = missed[i];
    if (tlb_user.slots[page] & SLOT_LIVE || tlb_live + 2 * AROUND > LIVE_MAX + windows.pinned) continue;
    if (mmu_translate(tlb_address(&tlb_user, page), PF_USER, &t) || t.pa >= machine.ram_size) continue;
    uint32_t slot = mmu_slot(&t);
    tlb_map(&tlb_user, page, &slot, 1);
  }
  tlb_replace_user_end();
  windows.kernel_filled = false;
}

static void sync_user(bool ahead)
{
  if (windows.user_root != mmu.root && ahead) {
    replace_user();
  } else if (windows.user_root != mmu.root) {
    drop_user();
  } else if (windows.reloaded) {
    drop_stale(&tlb_user);
  }
  windows.user_root = mmu.root;
  windows.reloaded = false;
}

static NORETURN void host_refuses(vaddr_t va)
{
  host_fatal(HOST_EXIT_PANIC, "the host refuses access to 0x%llx, which is mapped: is it out of memory?",
             (unsigned long long)va);
}

bool machine_mmu_fault(vaddr_t va, uint64_t access, uint64_t *error)
{
  struct tlb_window *w = tlb_window_of(va);
  size_t page = tlb_page(w, va);
  struct translation t;
  uint64_t result = mmu_translate(va, access, &t);
  if (result) {
    *error = result & ~MMU_FAULTS;
    return false;
  }
  bool by_user = access & PF_USER;
  if (t.pa >= machine.ram_size)
    host_fatal(HOST_EXIT_PANIC, "0x%llx is mapped to physical address 0x%llx, where no memory is",
               (unsigned long long)va, (unsigned long long)t.pa);
  if (w->user) {
    sync_user(false);
    if (!by_user) windows.kernel_filled = true;
  }
  uint32_t slot = mmu_slot(&t), had = w->slots[page];
  if ((had & ~SLOT_PINNED) == slot) host_refuses(va);
  if (had & SLOT_LIVE && slot_page(had) == slot_page(slot)) { /* the first write */
    tlb_protect(w, page, slot);
    return true;
  }
  if (tlb_live + AROUND > LIVE_MAX + windows.pinned) drop_all();
  if (w->user && by_user && !(had & SLOT_LIVE)) {
    mmu_miss_note(mmu.root, page);
    map_around(page, slot);
  } else {
    tlb_map(w, page, &slot, 1);
  }
  return true;
}

void machine_mmu_prefill(vaddr_t va, uint64_t access)
{
  const struct tlb_window *w = tlb_window_of(va);
  uint64_t error;
  if (!w || !w->user) return;
  uint32_t slot = w->slots[tlb_page(w, va)], need = SLOT_LIVE | (access & PF_WRITE ? SLOT_WRITE : 0);
  if ((slot & need) != need) (void)machine_mmu_fault(va, access, &error);
}

/* ---- kernel stacks ---- */

void machine_mmu_pin(vaddr_t va, size_t size)
{
  struct tlb_window *w = tlb_window_of(va);
  if (!w) return; /* a stack of the host's */
  size_t first = tlb_page(w, va), pages = size / PAGE_SIZE;
  for (size_t done = 0; done < pages; done += AROUND) {
    uint32_t slots[AROUND] = {0};
    size_t count = MIN((size_t)AROUND, pages - done);
    struct translation t;
    for (size_t i = 0; i < count; i++)
      if (!mmu_translate(va + (done + i) * PAGE_SIZE, PF_WRITE, &t)) slots[i] = mmu_slot(&t);
    tlb_map(w, first + done, slots, count);
    for (size_t i = 0; i < count; i++) {
      if (!(w->slots[first + done + i] & SLOT_PINNED)) windows.pinned++;
      w->slots[first + done + i] |= SLOT_PINNED;
    }
  }
}

void machine_mmu_unpin(vaddr_t va, size_t size)
{
  for (vaddr_t end = va + size; va < end; va += PAGE_SIZE) {
    struct tlb_window *w = tlb_window_of(va);
    if (!w) continue;
    uint32_t *slot = &w->slots[tlb_page(w, va)];
    if (*slot & SLOT_PINNED) windows.pinned--;
    *slot &= ~SLOT_PINNED;
  }
}

/* ---- to user mode ---- */

static void check(const struct tlb_window *w)
{
  struct translation t;
  TLB_FOR_EACH (w, page) {
    vaddr_t va = tlb_address(w, page);
    uint32_t slot = w->slots[page];
    if (mmu_slot_agrees(slot, va)) continue;
    bool present = mmu_peek(va, &t);
    panic("stale translation: 0x%016lx still reaches page 0x%llx%s, its entry says %s 0x%llx%s: a flush is missing", va,
          (unsigned long long)slot_page(slot), slot & SLOT_WRITE ? " for writing" : "",
          present ? "page" : "not present", present ? (unsigned long long)t.pa : 0ull,
          present && !(t.write && t.dirty) ? " read-only" : "");
  }
}

void machine_mmu_leave_kernel(void)
{
  if (windows.reloaded || windows.user_root != mmu.root) sync_user(true);
  if (!machine.check_tlb) return;
  check(&tlb_user);
  check(&tlb_kernel);
}

/* ---- set-up ---- */

void machine_mmu_init(void)
{
  tlb_init();
}

bool machine_mmu_in_window(vaddr_t va)
{
  return tlb_window_of(va) != NULL;
}

size_t machine_mmu_live(size_t *most)
{
  *most = LIVE_MAX + windows.pinned;
  return tlb_live;
}

uint64_t arch_page_size_max(void)
{
  return GIB(1);
}

struct arch_window arch_kernel_window(void)
{
  return (struct arch_window){.base = tlb_kernel.base, .size = tlb_kernel.pages * PAGE_SIZE};
}

/* The kernel's own code and the direct map are the host's business here. */
struct arch_image arch_kernel_image(void)
{
  return (struct arch_image){0};
}

int arch_kernel_pmap_fill(paddr_t root, const struct bootinfo *bi)
{
  (void)root, (void)bi;
  return 0;
}

/* Page tables, address spaces and user copies inside the running kernel, against the machine's own walk where it has one. */
#include <kern/arch.h>
#include <kern/aspace.h>
#include <kern/kmem.h>
#include <kern/ktest.h>
#include <kern/pmap.h>
#include <kern/pmap_audit.h>
#include <kern/pmm.h>
#include <kern/string.h>
#include <kern/trap.h>
#include <kern/uaccess.h>
#include <uapi/abi.h>

static void read_word(void *p)
{
  (void)*(volatile uint32_t *)p;
}

static void write_word(void *p)
{
  *(volatile uint32_t *)p = 0x12345678;
}

static void execute(void *p)
{
  ((void (*)(void))(uintptr_t)p)();
}

static bool faults(void (*access)(void *), void *p, bool present)
{
  struct trap_info info;
  return ktest_expect_trap(access, p, &info) && info.kind == TRAP_PAGE_FAULT && info.present == present;
}

/* A page of the window: what the tables say is what the processor does. */
KTEST(mm_window_page_protect)
{
  void *block;
  ktest_check(kva_alloc_guarded(1, &block) == 0);
  write_word(block);
  bool executes = !faults(execute, block, true);
  int err = pmap_protect(&kernel_pmap, (vaddr_t)block, PMAP_GLOBAL);
  bool written = !faults(write_word, block, true);
  bool reads = *(volatile uint32_t *)block == 0x12345678;
  if (err == 0) err = pmap_protect(&kernel_pmap, (vaddr_t)block, PMAP_GLOBAL | PMAP_WRITE);
  if (err == 0) write_word(block);
  kva_free_guarded(block, 1);
  ktest_check(err == 0);
  ktest_check(!executes);
  ktest_check(!written);
  ktest_check(reads);
  ktest_check(faults(read_word, block, false));
}

/* Another page in the place of one that was used: the old translation is gone. */
KTEST(mm_window_page_replaced)
{
  void *block;
  paddr_t old = 0, other;
  ktest_check(kva_alloc_guarded(1, &block) == 0);
  ktest_check(pmm_alloc_zeroed(PMM_KERNEL, &other) == 0);
  write_word(block);
  int err = pmap_unmap(&kernel_pmap, (vaddr_t)block, &old);
  bool gone = faults(read_word, block, false);
  if (err == 0) err = pmap_map(&kernel_pmap, (vaddr_t)block, other, PMAP_GLOBAL | PMAP_WRITE);
  uint32_t seen = *(volatile uint32_t *)block;
  pmm_free_page(old);
  kva_free_guarded(block, 1); /* frees the other */
  ktest_check(err == 0 && gone);
  ktest_check(seen == 0);
}

KTEST(mm_pmap_errors)
{
  struct pmap pm;
  paddr_t pa;
  struct pmap_entry e;
  ktest_check(pmap_create(&pm) == 0);
  int first = pmap_map(&pm, USER_BASE, 0x5000, PMAP_USER), again = pmap_map(&pm, USER_BASE, 0x6000, PMAP_USER);
  bool unchanged = pmap_lookup(&pm, USER_BASE + 1, &e) && e.pa == 0x5001;
  int both = pmap_map(&pm, USER_BASE + PAGE_SIZE, 0x5000, PMAP_USER | PMAP_WRITE | PMAP_EXEC);
  int unmap = pmap_unmap(&pm, USER_BASE, &pa), nothing = pmap_unmap(&pm, USER_BASE, &pa);
  uint64_t tables = pm.table_pages;
  pmap_destroy(&pm);
  ktest_check(first == 0 && again == -EEXIST && unchanged && both == -EINVAL);
  ktest_check(unmap == 0 && nothing == -ENOENT && tables == 0);
}

/* ---- an address space of the test's own ---- */

#define AT (USER_MMAP_BASE + 0x10000u)
#define PAGES 4u

struct baseline {
  struct pmm_stats pages;
  struct kmem_stats heap;
};

static void baseline(struct baseline *b)
{
  kmem_reclaim();
  pmm_get_stats(&b->pages);
  kmem_get_stats(&b->heap);
}

static bool is_back(const struct baseline *before)
{
  struct baseline now;
  baseline(&now);
  return now.pages.free_pages == before->pages.free_pages && now.heap.objects == before->heap.objects;
}

static struct aspace *space_with(int prot)
{
  struct aspace *as;
  struct vmo *v;
  vaddr_t at;
  if (aspace_create(&as) != 0) return NULL;
  if (vmo_create(PAGES * PAGE_SIZE, &v) == 0) {
    bool mapped = aspace_map(as, v, 0, AT, PAGES * PAGE_SIZE, prot, true, &at) == 0;
    vmo_unref(v);
    if (mapped) return as;
  }
  aspace_unref(as);
  return NULL;
}

KTEST(mm_aspace_fault_protect_unmap)
{
  struct baseline before;
  baseline(&before);
  struct aspace *as = space_with(PROT_READ | PROT_WRITE);
  ktest_check(as);
  int write = aspace_fault(as, AT + 5, ACCESS_WRITE), execute_it = aspace_fault(as, AT, ACCESS_EXEC);
  int hole = aspace_fault(as, AT + PAGES * PAGE_SIZE, ACCESS_READ);
  int protect = aspace_protect(as, AT, PAGE_SIZE, PROT_READ);
  int write_again = aspace_fault(as, AT, ACCESS_WRITE), other_page = aspace_fault(as, AT + PAGE_SIZE, ACCESS_WRITE);
  int unmap = aspace_unmap(as, AT, 2 * PAGE_SIZE), read_gone = aspace_fault(as, AT, ACCESS_READ);
  uint64_t left = as->mapped_pages;
  aspace_unref(as);
  ktest_check(write == 0 && execute_it == -EACCES && hole == -EFAULT);
  ktest_check(protect == 0 && write_again == -EACCES && other_page == 0);
  ktest_check(unmap == 0 && read_gone == -EFAULT && left == PAGES - 2);
  ktest_check(is_back(&before));
}

KTEST(mm_aspace_never_writable_and_executable)
{
  struct aspace *as = space_with(PROT_READ);
  ktest_check(as);
  int protect = aspace_protect(as, AT, PAGE_SIZE, PROT_WRITE | PROT_EXEC);
  aspace_unref(as);
  ktest_check(protect == -EACCES);
  ktest_check(space_with(PROT_READ | PROT_WRITE | PROT_EXEC) == NULL);
}

KTEST(mm_copies_cross_pages)
{
  static uint8_t out[2 * PAGE_SIZE], in[2 * PAGE_SIZE];
  struct aspace *as = space_with(PROT_READ | PROT_WRITE);
  ktest_check(as);
  for (size_t i = 0; i < sizeof out; i++) out[i] = (uint8_t)(i * 7 + i / 256);
  int err = aspace_copy_out(as, AT + 1000, out, sizeof out);
  if (err == 0) err = aspace_copy_in(as, in, AT + 1000, sizeof in);
  aspace_unref(as);
  ktest_check(err == 0 && memcmp(in, out, sizeof in) == 0);
}

/* Once more, now that programs have run, and with an address space alive, whose root has the same kernel part. */
KTEST(mm_tables_pass_the_audit)
{
  struct arch_image image = arch_kernel_image();
  struct pmap_flaw flaw;
  struct aspace *as = space_with(PROT_READ | PROT_WRITE);
  ktest_check(as);
  int err = aspace_copy_out(as, AT, "", 1); /* a table in its part */
  bool good = pmap_audit(kernel_pmap.root, &image, &flaw), bad = !pmap_audit(as->pmap.root, &image, &flaw);
  aspace_unref(as);
  ktest_check(err == 0);
  ktest_check(good);
  ktest_check(bad && flaw.va == 0);
}

KTEST(mm_copies_refuse_hostile_pointers)
{
  static const struct {
    uaddr_t at;
    size_t len;
  } hostile[] = {
    {0, 1},
    {USER_BASE - 1, 2},
    {AT - 1, 2},
    {AT, PAGES * PAGE_SIZE + 1},
    {AT, SIZE_MAX},
    {AT, SIZE_MAX - AT + 1},
    {USER_TOP - 1, 2},
    {USER_TOP, 1},
    {0x00007FFFFFFFFFFF, 1},
    {0x0000800000000000, 1},
    {0xFFFF800000000000, 8},
    {0xFFFFFFFF80100000, 8},
    {SIZE_MAX, 1},
    {SIZE_MAX - 7, 8},
  };
  static uint8_t big[(PAGES + 1) * PAGE_SIZE]; /* what is copied before the harm is noticed fits */
  struct aspace *as = space_with(PROT_READ | PROT_WRITE);
  unsigned refused = 0;
  ktest_check(as);
  for (unsigned i = 0; i < ARRAY_SIZE(hostile); i++)
    refused += aspace_copy_in(as, big, hostile[i].at, hostile[i].len) == -EFAULT &&
               aspace_copy_out(as, hostile[i].at, big, hostile[i].len) == -EFAULT;
  aspace_unref(as);
  ktest_check(refused == ARRAY_SIZE(hostile));
  ktest_check(copy_from_user(big, AT, 1) == -EFAULT); /* a kernel thread has no program */
}

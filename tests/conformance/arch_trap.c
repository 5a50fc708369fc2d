/* The contract with the machine: faults of kernel code arrive decoded right. */
#include <kern/arch.h>
#include <kern/kmem.h>
#include <kern/ktest.h>
#include <kern/trap.h>

#define UNMAPPED 0x1008ull /* below the user window: nothing is ever mapped there */

static void read_word(void *arg)
{
  (void)*(volatile uint64_t *)arg;
}

static void write_word(void *arg)
{
  *(volatile uint64_t *)arg = 1;
}

static void jump_to(void *arg)
{
  __asm__ volatile("call *%0" ::"r"(arg) : "memory");
}

static bool page_fault_is(const struct trap_info *info, vaddr_t addr, unsigned access, bool present)
{
  return info->kind == TRAP_PAGE_FAULT && !info->user && info->addr == addr && info->access == access &&
         info->present == present;
}

KTEST(arch_trap_breakpoint_resumes)
{
  unsigned after = 0;
  __asm__ volatile("int3\n\tmovl $7, %0" : "=r"(after)::"memory");
  ktest_check(after == 7);
}

KTEST(arch_trap_read_unmapped)
{
  struct trap_info info;
  ktest_check(ktest_expect_trap(read_word, (void *)UNMAPPED, &info));
  ktest_check(page_fault_is(&info, UNMAPPED, ACCESS_READ, false));
}

KTEST(arch_trap_write_unmapped)
{
  struct trap_info info;
  ktest_check(ktest_expect_trap(write_word, (void *)UNMAPPED, &info));
  ktest_check(page_fault_is(&info, UNMAPPED, ACCESS_WRITE, false));
}

KTEST(arch_trap_execute_unmapped)
{
  struct trap_info info;
  ktest_check(ktest_expect_trap(jump_to, (void *)UNMAPPED, &info));
  ktest_check(page_fault_is(&info, UNMAPPED, ACCESS_EXEC, false));
  ktest_check(info.ip == UNMAPPED);
}

KTEST(arch_trap_guard_page)
{
  struct trap_info info;
  void *block;

  ktest_check(kva_alloc_guarded(1, &block) == 0);
  vaddr_t below = (vaddr_t)block - 8, above = (vaddr_t)block + PAGE_SIZE;
  bool low = ktest_expect_trap(write_word, (void *)below, &info) && page_fault_is(&info, below, ACCESS_WRITE, false);
  bool high = ktest_expect_trap(read_word, (void *)above, &info) && page_fault_is(&info, above, ACCESS_READ, false);
  kva_free_guarded(block, 1);
  ktest_check(low);
  ktest_check(high);
}

/* Kernel memory that holds data does not execute: W^X. */
KTEST(arch_trap_execute_data)
{
  struct trap_info info;
  void *block;

  ktest_check(kva_alloc_guarded(1, &block) == 0);
  *(volatile uint8_t *)block = 0xC3; /* ret */
  bool trapped = ktest_expect_trap(jump_to, block, &info);
  kva_free_guarded(block, 1);
  ktest_check(trapped);
  ktest_check(page_fault_is(&info, (vaddr_t)block, ACCESS_EXEC, true));
}

static void divide_by_zero(void *arg)
{
  (void)arg;
  __asm__ volatile("xorl %%edx, %%edx\n\txorl %%ecx, %%ecx\n\tmovl $1, %%eax\n\tdivl %%ecx" ::
                     : "eax", "ecx", "edx", "cc");
}

KTEST(arch_trap_divide)
{
  struct trap_info info;
  ktest_check(ktest_expect_trap(divide_by_zero, NULL, &info));
  ktest_check(info.kind == TRAP_DIVIDE && !info.user);
}

static void execute_illegal(void *arg)
{
  (void)arg;
  __asm__ volatile("ud2");
}

KTEST(arch_trap_illegal)
{
  struct trap_info info;
  ktest_check(ktest_expect_trap(execute_illegal, NULL, &info));
  ktest_check(info.kind == TRAP_ILLEGAL && !info.user);
}

KTEST(arch_trap_not_canonical)
{
  struct trap_info info;
  ktest_check(ktest_expect_trap(read_word, (void *)0x1234000000000000ull, &info));
  ktest_check(info.kind == TRAP_PROTECTION && !info.user);
}

/* Uses up the stack, a little at a time, and comes back to each frame afterwards so that none is optimised away. */
static __attribute__((noinline)) unsigned use_stack(unsigned depth)
{
  volatile uint8_t frame[256];
  if (depth == 1000000) return 0; /* more than any stack holds */
  frame[depth % sizeof frame] = (uint8_t)depth;
  return use_stack(depth + 1) + frame[(depth + 1) % sizeof frame];
}

static void overflow_stack(void *arg)
{
  *(volatile unsigned *)arg = use_stack(0);
}

/* The guard page below a kernel stack stops it, and the report comes although the stack is gone. */
KTEST(arch_trap_stack_overflow)
{
  struct trap_info info;
  unsigned result = 0;
  ktest_check(ktest_expect_trap(overflow_stack, &result, &info));
  ktest_check(info.kind == TRAP_DOUBLE_FAULT && !info.user);
}

static void do_nothing(void *arg)
{
  (void)arg;
}

KTEST(arch_trap_none_expected_none_seen)
{
  struct trap_info info;
  ktest_check(!ktest_expect_trap(do_nothing, NULL, &info));
}

/* The nth allocation fails. Counters are atomic: allocations happen on every processor. */
#include <kern/alloc_fault.h>

bool alloc_fault_armed;

static int64_t left; /* allocations until the failing one */
static bool for_ever;
static uint64_t failures;

bool alloc_fault_hit(void)
{
  int64_t now = __atomic_sub_fetch(&left, 1, __ATOMIC_RELAXED);
  if (now > 0 || (now < 0 && !for_ever)) return false;
  __atomic_fetch_add(&failures, 1, __ATOMIC_RELAXED);
  return true;
}

void alloc_fault_arm(uint64_t nth, bool forever)
{
  __atomic_store_n(&alloc_fault_armed, false, __ATOMIC_RELAXED);
  __atomic_store_n(&left, (int64_t)nth, __ATOMIC_RELAXED);
  __atomic_store_n(&failures, 0, __ATOMIC_RELAXED);
  for_ever = forever;
  __atomic_store_n(&alloc_fault_armed, nth != 0, __ATOMIC_RELEASE);
}

uint64_t alloc_fault_failures(void)
{
  return __atomic_load_n(&failures, __ATOMIC_RELAXED);
}

/* Faults the kernel does to itself. Counters are atomic: occasions come on every processor, in any context. */
#include <kern/alloc_fault.h>
#include <kern/copy_fault.h>

/* By the linker. */
extern struct inject_site *const __start_alloc_sites[] __attribute__((weak));
extern struct inject_site *const __stop_alloc_sites[] __attribute__((weak));
extern struct inject_site *const __start_copy_sites[] __attribute__((weak));
extern struct inject_site *const __stop_copy_sites[] __attribute__((weak));

struct injector inject_alloc, inject_copy;

bool inject_strikes(struct injector *injector, struct inject_site *site)
{
  uint64_t now = __atomic_add_fetch(&injector->occasions, 1, __ATOMIC_RELAXED);
  if (!inject_when(&injector->when, now)) return false;
  __atomic_fetch_add(&injector->strikes, 1, __ATOMIC_RELAXED);
  __atomic_fetch_add(&site->struck, 1, __ATOMIC_RELAXED);
  if (injector->announce) injector->announce(now, site);
  return true;
}

void inject_arm(struct injector *injector, const struct inject_when *when)
{
  __atomic_store_n(&injector->armed, false, __ATOMIC_RELAXED);
  injector->when = *when;
  injector->announce = NULL;
  __atomic_store_n(&injector->occasions, 0, __ATOMIC_RELAXED);
  __atomic_store_n(&injector->strikes, 0, __ATOMIC_RELAXED);
  __atomic_store_n(&injector->armed, when->first != 0, __ATOMIC_RELEASE);
}

struct inject_site *const *alloc_fault_sites(size_t *count)
{
  *count = (size_t)(__stop_alloc_sites - __start_alloc_sites);
  return __start_alloc_sites;
}

struct inject_site *const *copy_fault_sites(size_t *count)
{
  *count = (size_t)(__stop_copy_sites - __start_copy_sites);
  return __start_copy_sites;
}

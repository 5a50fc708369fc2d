/* The nth allocation fails. Counters are atomic: allocations happen on every processor. */
#include <kern/alloc_fault.h>
#include <kern/bootinfo.h>
#include <kern/log.h>
#include <kern/string.h>

/* By the linker. */
extern struct alloc_site *const __start_alloc_sites[] __attribute__((weak));
extern struct alloc_site *const __stop_alloc_sites[] __attribute__((weak));

bool alloc_fault_armed;

static uint64_t failing;  /* the number of the allocation that fails first */
static uint64_t attempts; /* atomic */
static uint64_t failures; /* atomic */
static bool for_ever;
static bool announce; /* armed from the command line */

bool alloc_fault_hit(struct alloc_site *site)
{
  uint64_t now = __atomic_add_fetch(&attempts, 1, __ATOMIC_RELAXED);
  if (now < failing || (now > failing && !for_ever)) return false;
  __atomic_fetch_add(&failures, 1, __ATOMIC_RELAXED);
  if (__atomic_fetch_add(&site->failed, 1, __ATOMIC_RELAXED) == 0 && announce)
    log_info("fail-alloc: allocation %llu fails, %s at %s:%u", (unsigned long long)now, site->function, site->file,
             site->line);
  return true;
}

void alloc_fault_arm(uint64_t nth, bool forever)
{
  __atomic_store_n(&alloc_fault_armed, false, __ATOMIC_RELAXED);
  failing = nth;
  for_ever = forever;
  announce = false;
  __atomic_store_n(&attempts, 0, __ATOMIC_RELAXED);
  __atomic_store_n(&failures, 0, __ATOMIC_RELAXED);
  __atomic_store_n(&alloc_fault_armed, nth != 0, __ATOMIC_RELEASE);
}

/* "N" or "N,forever", N at least 1. */
static bool parse(const char *text, uint64_t *nth, bool *forever)
{
  *nth = 0;
  for (; *text >= '0' && *text <= '9'; text++)
    if (__builtin_mul_overflow(*nth, 10, nth) || __builtin_add_overflow(*nth, (uint64_t)(*text - '0'), nth))
      return false;
  *forever = strcmp(text, ",forever") == 0;
  return *nth > 0 && (*forever || *text == '\0');
}

void alloc_fault_init(const char *cmdline)
{
  char text[32];
  uint64_t nth;
  bool forever;
  if (!cmdline_get(cmdline, "fail-alloc", text, sizeof text)) return;
  if (!parse(text, &nth, &forever)) {
    log_warn("fail-alloc=%s: not a number, or a number and \",forever\"", text);
    return;
  }
  alloc_fault_arm(nth, forever);
  announce = true;
}

uint64_t alloc_fault_attempts(void)
{
  return __atomic_load_n(&attempts, __ATOMIC_RELAXED);
}

uint64_t alloc_fault_failures(void)
{
  return __atomic_load_n(&failures, __ATOMIC_RELAXED);
}

struct alloc_site *const *alloc_fault_sites(size_t *count)
{
  *count = (size_t)(__stop_alloc_sites - __start_alloc_sites);
  return __start_alloc_sites;
}

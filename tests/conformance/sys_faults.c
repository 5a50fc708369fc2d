/*
 * Every call while something fails: made again and again, the 1st, the 2nd, the 3rd ... allocation or copy from or to the program
 * failing, until none failed any more; once alone, once together with all after it. A call that fails says so by its error for
 * it and changes nothing, so that made again it works; one that gets by does its work. In the end: which places of the source
 * have failed so, and which never did.
 */
#include "sys_cases.h"
#include <kern/alloc_fault.h>
#include <kern/copy_fault.h>
#include <kern/ktest.h>
#include <kern/log.h>
#include <kern/string.h>

static const struct kind {
  const char *what, *places;
  struct injector *injector;
  int error; /* of the calls that fail for it */
  struct inject_site *const *(*sites)(size_t *count);
} allocation = {"allocation", "places that allocate", &inject_alloc, ENOMEM, alloc_fault_sites},
  copying = {"copy", "places that copy from or to programs", &inject_copy, EFAULT, copy_fault_sites};

/* The call answered r while something failed. */
static bool is_refused(const struct kind *kind, const struct sys_case *c, int64_t r)
{
  return r == -kind->error || (kind == &allocation && c->nomem && r == -c->nomem);
}

/* A copy that fails half-way may have brought pages of the program's. */
static bool changed_nothing(const struct kind *kind, const struct guest_resources *prepared)
{
  struct guest_resources now = sys_settled();
  if (kind == &copying) {
    now.free_pages = prepared->free_pages;
    now.heap_objects = prepared->heap_objects;
  }
  return guest_same(prepared, &now);
}

/* One attempt; *struck: how often something failed in it. */
static bool attempt(const struct kind *kind, const struct sys_case *c, const struct inject_when *when, uint64_t *struck)
{
  struct guest_resources before = sys_settled();
  if (c->prepare && !c->prepare()) return sys_case_complain(c, "cannot be prepared");
  struct guest_resources prepared = sys_settled();
  inject_arm(kind->injector, when);
  int64_t r = c->call();
  *struck = kind->injector->strikes;
  inject_arm(kind->injector, &(struct inject_when){0});
  bool refused = *struck > 0 && is_refused(kind, c, r);
  bool unchanged = !refused || (changed_nothing(kind, &prepared) && (!c->unchanged || c->unchanged()));
  if (c->undo) c->undo(r);
  struct guest_resources after = sys_settled();
  if ((sys_case_is_good(c, r) || refused) && unchanged && guest_same(&before, &after)) return true;
  log_warn("%s, %s %llu fails%s: answers %lld%s", c->what, kind->what, (unsigned long long)when->first,
           when->every ? " with all others" : "", (long long)r, unchanged ? "" : ", and something changed");
  return false;
}

static bool sweep(const struct kind *kind, const struct sys_case *c, bool forever, uint64_t *total)
{
  struct inject_when when = {.every = forever};
  for (uint64_t struck = 1; struck > 0;) {
    when.first++;
    if (!attempt(kind, c, &when, &struck)) return false;
    *total += struck > 0;
  }
  return true;
}

static bool sweep_case(const struct sys_case *c, const void *arg)
{
  const struct kind *kind = arg;
  uint64_t total = 0;
  int64_t answer;
  bool good = sweep(kind, c, false, &total) && sweep(kind, c, true, &total) && sys_case_works(c, &answer);
  log_debug("%s: failed %llu times by %s", c->what, (unsigned long long)total, kind->what);
  return good;
}

static void sweep_cases(const struct kind *kind)
{
  sys_cases_begin();
  bool good = sys_cases_each(sweep_case, kind);
  sys_cases_end();
  ktest_check(good);
}

/* ---- the places ---- */

/* From "src/" on; null: of a test. */
static const char *kernel_file(const char *file_name)
{
  static const char *const trees[] = {"src/kern/", "src/arch/", "src/sim/"};
  for (const char *p = file_name; *p; p++)
    for (size_t i = 0; i < ARRAY_SIZE(trees); i++)
      if (strncmp(p, trees[i], strlen(trees[i])) == 0) return p;
  return NULL;
}

static void report_places(const struct kind *kind)
{
  size_t count, places = 0, failed = 0;
  struct inject_site *const *site = kind->sites(&count);
  for (size_t i = 0; i < count; i++) {
    const char *name = kernel_file(site[i]->file);
    if (!name) continue;
    places++;
    failed += site[i]->struck > 0;
    if (!site[i]->struck) log_notice("never failed: %s at %s:%u", site[i]->function, name, site[i]->line);
  }
  log_notice("%zu of %zu %s failed", failed, places, kind->places);
  ktest_check(failed > places / 2);
}

static void without_memory(void)
{
  sweep_cases(&allocation);
}

KTEST(sys_out_of_memory)
{
  guest_run(without_memory);
  report_places(&allocation);
}

static void without_copies(void)
{
  sweep_cases(&copying);
}

KTEST(sys_out_of_reach)
{
  guest_run(without_copies);
  report_places(&copying);
}

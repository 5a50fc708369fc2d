/* What heaps for programs cost: the C library's, and mimalloc where it is installed. */
#include "floor.h"
#include "mixed.h"
#include <dlfcn.h>
#include <stdlib.h>

#define HELD 256u
static size_t held_size;

static void mallocs(unsigned count)
{
  static void *volatile object[HELD];
  unsigned n = 0;
  for (; n < count; n++) object[n] = malloc(held_size);
  while (n > 0) free(object[--n]);
}

double floor_malloc_64(void)
{
  held_size = 64;
  return measure(NULL, mallocs, HELD);
}

double floor_malloc_1024(void)
{
  held_size = 1024;
  return measure(NULL, mallocs, HELD);
}

static struct mixed_step plan[MIXED_STEPS];
static void *live[MIXED_LIVE];
static void *(*take)(size_t);
static void (*give)(void *);

static void replace(unsigned count)
{
  mixed_work(plan, live, count, take, give);
}

static double measure_mixed(void)
{
  mixed_plan(plan);
  replace(MIXED_STEPS);
  double ns = measure(NULL, replace, MIXED_STEPS);
  for (unsigned i = 0; i < MIXED_LIVE; i++) {
    give(live[i]);
    live[i] = NULL;
  }
  return ns;
}

double floor_malloc_mixed(void)
{
  take = malloc;
  give = free;
  return measure_mixed();
}

double floor_mimalloc_mixed(void)
{
  void *library = dlopen("libmimalloc.so.2", RTLD_NOW);
  if (!library) return -1;
  take = (void *(*)(size_t))dlsym(library, "mi_malloc");
  give = (void (*)(void *))dlsym(library, "mi_free");
  return take && give ? measure_mixed() : -1;
}

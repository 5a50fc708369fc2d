/*
 * A large memory object that two threads make smaller, in steps, again and again, while others write to it by call and by
 * mapping, resize it, clone it, and map it in address spaces that come and go. These sleep for moments, and their class is a
 * better one: so they run when the timer comes, in the middle of a change. One who clones is of the same class, so that his
 * clones are interrupted, too.
 *
 * What may be seen of it. Pages below KEPT always stay. There are pairs of a page that stays and one that may go, with one
 * writer each, who writes a number to the first, then to the second, then the next number. Each pair has numbers of its own.
 *   - a page that stays has the last number, or the one that is just being written;
 *   - a page that may go, too, or it is zero or gone, and what it had when a change began that took it never comes back;
 *   - a clone is of one moment: a pair there has equal numbers, or the first has the next one, or the second is zero.
 */
#include <kern/aspace.h>
#include <kern/kmem.h>
#include <kern/ktest.h>
#include <kern/log.h>
#include <kern/object.h>
#include <kern/pmm.h>
#include <kern/string.h>
#include <kern/vmo.h>
#include <uapi/abi.h>

#include "crew.h"

#define AT USER_MMAP_BASE
#define RW (PROT_READ | PROT_WRITE)
#define PAGES 2048u /* four steps */
#define KEPT 256u
#define PAIRS 32u
#define WRITERS 2u
#define TURNS 200u
#define MOMENT_NS 200000u /* at most between two turns */

static struct {
  struct vmo *vmo;
  struct {
    uint64_t begun;       /* atomic; the last number that a write began with */
    uint64_t stays, goes; /* atomic; the last ones that were written, there and there */
  } pair[PAIRS];
  unsigned shrinking; /* atomic; threads that are making it smaller */
  unsigned met;       /* atomic; how often somebody had a turn meanwhile */
  unsigned busy;      /* atomic; threads that have turns left */
  bool wrong;         /* atomic */
} race;

struct actor {
  struct aspace *as; /* a writer's */
  unsigned number;
  uint32_t random;
};

static uint32_t random_below(struct actor *a, uint32_t below)
{
  a->random = a->random * 1664525u + 1013904223u;
  return (a->random >> 8) % below;
}

static uint64_t page_that_stays(unsigned pair)
{
  return pair * (KEPT / PAIRS);
}

/* From the first one on, and congruent to those that stay: pages that a tree of the wrong height takes for each other meet. */
static uint64_t page_that_goes(unsigned pair)
{
  return KEPT + pair * ((PAGES - KEPT) / PAIRS);
}

static uint64_t number(uint64_t *n)
{
  return __atomic_load_n(n, __ATOMIC_ACQUIRE);
}

/* Whether n is a number of that pair's, from `least` on. */
static bool is_of(unsigned pair, uint64_t n, uint64_t least)
{
  return n % PAIRS == pair && n >= least && n <= number(&race.pair[pair].begun);
}

static void check(bool right, const char *what)
{
  if (right) return;
  log_error("memory objects: %s", what);
  __atomic_store_n(&race.wrong, true, __ATOMIC_RELAXED);
}

/* ---- pages ---- */

static int put(struct aspace *as, uint64_t page, uint64_t n)
{
  return as ? aspace_copy_out(as, AT + page * PAGE_SIZE, &n, sizeof n)
            : vmo_write(race.vmo, page * PAGE_SIZE, &n, sizeof n);
}

static int get(struct aspace *as, uint64_t page, uint64_t *n)
{
  return as ? aspace_copy_in(as, n, AT + page * PAGE_SIZE, sizeof *n)
            : vmo_read(race.vmo, page * PAGE_SIZE, n, sizeof *n);
}

/* What reading or writing a page past the end answers. */
static bool is_gone(const struct aspace *as, int err)
{
  return err == (as ? -EFAULT : -ERANGE);
}

/* By mapping or by call. */
static struct aspace *some_way(struct actor *a)
{
  return random_below(a, 2) ? a->as : NULL;
}

/* ---- turns ---- */

static void turn_write(struct actor *a)
{
  unsigned i = a->number + WRITERS * random_below(a, PAIRS / WRITERS);
  uint64_t n = race.pair[i].begun + PAIRS, stays = 0, goes = 0;
  struct aspace *way = some_way(a);
  __atomic_store_n(&race.pair[i].begun, n, __ATOMIC_RELEASE);
  check(put(some_way(a), page_that_stays(i), n) == 0, "a page that stays cannot be written");
  __atomic_store_n(&race.pair[i].stays, n, __ATOMIC_RELEASE);
  int err = put(way, page_that_goes(i), n);
  check(err == 0 || is_gone(way, err), "a write fails");
  if (err == 0) __atomic_store_n(&race.pair[i].goes, n, __ATOMIC_RELEASE);
  check(get(some_way(a), page_that_stays(i), &stays) == 0 && stays == n, "a page that stays is not as it was written");
  way = some_way(a);
  int again = get(way, page_that_goes(i), &goes);
  check(is_gone(way, again) || (again == 0 && (goes == 0 || (err == 0 && goes == n))),
        "a page is not as it was written");
}

static void turn_resize(struct actor *a)
{
  uint64_t pages = random_below(a, 4) ? PAGES : KEPT + random_below(a, PAGES - KEPT);
  check(vmo_resize(race.vmo, pages * PAGE_SIZE) == 0, "a resize fails");
}

static void pause(struct actor *a)
{
  check(thread_sleep_until(arch_clock_read() + random_below(a, MOMENT_NS)) == 0, "a sleep is interrupted");
}

struct seen {
  uint64_t stays, goes;
};

static struct seen look_at(struct vmo *clone, uint64_t first, unsigned i)
{
  struct seen s = {0};
  int err = vmo_read(clone, (page_that_stays(i) - first) * PAGE_SIZE, &s.stays, sizeof s.stays);
  if (err == 0) err = vmo_read(clone, (page_that_goes(i) - first) * PAGE_SIZE, &s.goes, sizeof s.goes);
  check(err == 0, "a clone cannot be read");
  return s;
}

/* From the beginning, or not. In the end the clone is written to, which nobody else may see. */
static void turn_clone(struct actor *a)
{
  struct seen then[PAIRS], now;
  uint64_t before[PAIRS], junk = UINT64_MAX;
  unsigned half = random_below(a, 2) * (PAIRS / 2);
  uint64_t first = page_that_stays(half);
  struct vmo *clone;
  for (unsigned i = half; i < PAIRS; i++) before[i] = number(&race.pair[i].stays);
  int err = vmo_clone(race.vmo, first * PAGE_SIZE, (PAGES - first) * PAGE_SIZE, &clone);
  check(err == 0, "a clone fails");
  if (err != 0) return;
  for (unsigned i = half; i < PAIRS; i++) {
    then[i] = look_at(clone, first, i);
    check(is_of(i, then[i].stays, before[i]), "a clone is of another time");
    check(then[i].goes == 0 || then[i].goes == then[i].stays || then[i].goes + PAIRS == then[i].stays,
          "a clone is not of one moment");
  }
  pause(a);
  for (unsigned i = half; i < PAIRS; i++) {
    now = look_at(clone, first, i);
    check(now.stays == then[i].stays && now.goes == then[i].goes, "a clone changes");
  }
  check(vmo_write(clone, 0, &junk, sizeof junk) == 0, "a clone cannot be written");
  vmo_unref(clone);
}

/* Some pages of all kinds. */
static void look_through(struct actor *a, struct aspace *as)
{
  for (unsigned n = 0; n < 8; n++) {
    unsigned i = random_below(a, PAIRS);
    uint64_t before = number(&race.pair[i].stays), stays = 0, goes = 0;
    check(get(as, page_that_stays(i), &stays) == 0 && is_of(i, stays, before),
          "a page that stays is not as it was written");
    int err = get(as, page_that_goes(i), &goes);
    check(is_gone(as, err) || (err == 0 && (goes == 0 || is_of(i, goes, 0))), "a page has what nobody wrote");
  }
}

/* Another address space: what it maps loses rights and goes, a part of it only with the address space. */
static void turn_map(struct actor *a)
{
  struct aspace *as;
  vaddr_t at, middle = AT + (KEPT + random_below(a, PAGES - KEPT)) * PAGE_SIZE, end = AT + PAGES * PAGE_SIZE;
  int err = aspace_create(&as);
  check(err == 0, "no address space");
  if (err != 0) return;
  err = aspace_map(as, race.vmo, 0, AT, PAGES * PAGE_SIZE, RW, true, &at);
  if (err == 0) look_through(a, as);
  if (err == 0) err = aspace_protect(as, middle, end - middle, PROT_READ);
  if (err == 0) look_through(a, as);
  if (err == 0) err = random_below(a, 2) ? aspace_unmap(as, middle, end - middle) : aspace_unmap(as, AT, middle - AT);
  aspace_unref(as);
  check(err == 0, "a mapping fails");
}

static void take_turns(struct actor *a, void (*turn)(struct actor *a))
{
  for (unsigned n = 0; n < TURNS && !__atomic_load_n(&race.wrong, __ATOMIC_RELAXED); n++) {
    pause(a);
    if (__atomic_load_n(&race.shrinking, __ATOMIC_RELAXED) > 0) __atomic_fetch_add(&race.met, 1, __ATOMIC_RELAXED);
    turn(a);
  }
  __atomic_fetch_sub(&race.busy, 1, __ATOMIC_RELAXED);
}

static void write_it(void *arg)
{
  take_turns(arg, turn_write);
}

static void resize_it(void *arg)
{
  take_turns(arg, turn_resize);
}

static void clone_it(void *arg)
{
  take_turns(arg, turn_clone);
}

static void map_it(void *arg)
{
  take_turns(arg, turn_map);
}

/* ---- who makes it smaller, without a pause ---- */

static void taken_check(struct aspace *as, unsigned i, uint64_t before)
{
  uint64_t n = 0;
  int err = get(as, page_that_goes(i), &n);
  check(is_gone(as, err) || (err == 0 && (n == 0 || is_of(i, n, before + 1))), "what was taken is there again");
}

/* Sometimes only the number is left of the last page. */
static void shrink(struct actor *a)
{
  uint64_t before[PAIRS], pages = KEPT + random_below(a, PAGES - KEPT);
  uint64_t size = pages * PAGE_SIZE - random_below(a, 2) * (PAGE_SIZE - sizeof(uint64_t));
  for (unsigned i = 0; i < PAIRS; i++) before[i] = number(&race.pair[i].goes);
  __atomic_fetch_add(&race.shrinking, 1, __ATOMIC_RELAXED);
  check(vmo_resize(race.vmo, size) == 0, "a resize to less fails");
  __atomic_fetch_sub(&race.shrinking, 1, __ATOMIC_RELAXED);
  for (unsigned i = 0; i < PAIRS; i++) {
    if (page_that_goes(i) < pages) continue;
    taken_check(NULL, i, before[i]);
    taken_check(a->as, i, before[i]);
  }
}

static void shrink_it(void *arg)
{
  while (__atomic_load_n(&race.busy, __ATOMIC_RELAXED) > 0) {
    shrink(arg);
    sched_yield();
  }
}

/* ---- the test ---- */

static const struct {
  void (*work)(void *actor);
  enum sched_class sched_class;
} cast[] = {
  {write_it, CLASS_KERNEL}, {write_it, CLASS_KERNEL}, {resize_it, CLASS_KERNEL}, {clone_it, CLASS_KERNEL},
  {map_it, CLASS_KERNEL},   {clone_it, CLASS_USER},   {shrink_it, CLASS_USER},   {shrink_it, CLASS_USER},
};

struct usage {
  uint64_t objects, pages, vmos;
};

static struct usage usage(void)
{
  struct kmem_stats heap;
  kmem_reclaim();
  kmem_get_stats(&heap);
  return (struct usage){
    .objects = heap.objects, .pages = pmm_owner_pages(PMM_MEMORY), .vmos = object_count(OBJECT_VMO)};
}

/* When the threads have ended, which may take them a few steps more. */
static bool becomes(const struct usage *before)
{
  struct usage now = usage();
  for (unsigned n = 0; n < 1000 && now.objects != before->objects; n++) {
    sched_yield();
    now = usage();
  }
  return now.objects == before->objects && now.pages == before->pages && now.vmos == before->vmos;
}

/* Each pair's first number; the pages that may go have none yet. */
static bool begin(struct aspace **as)
{
  vaddr_t at;
  memset(&race, 0, sizeof race);
  int err = vmo_create(PAGES * PAGE_SIZE, &race.vmo);
  for (unsigned i = 0; i < WRITERS && err == 0; i++) {
    err = aspace_create(&as[i]);
    if (err == 0) err = aspace_map(as[i], race.vmo, 0, AT, PAGES * PAGE_SIZE, RW, true, &at);
  }
  for (unsigned i = 0; i < PAIRS && err == 0; i++) {
    race.pair[i].begun = race.pair[i].stays = i;
    err = put(NULL, page_that_stays(i), i);
  }
  return err == 0;
}

static bool act(struct aspace **as)
{
  static struct crew crew;
  static struct actor actors[ARRAY_SIZE(cast)];
  bool started = true;
  crew_init(&crew);
  for (unsigned i = 0; i < ARRAY_SIZE(cast); i++) race.busy += cast[i].work != shrink_it;
  for (unsigned i = 0; i < ARRAY_SIZE(cast); i++) {
    actors[i] = (struct actor){.as = as[i % WRITERS], .number = i, .random = i};
    started = started && crew_start(&crew, cast[i].sched_class, cast[i].work, &actors[i]);
  }
  if (!started) __atomic_store_n(&race.busy, 0, __ATOMIC_RELAXED);
  crew_wait(&crew);
  return started;
}

KTEST(mm_vmo_changes_beside_others)
{
  struct usage before = usage();
  struct aspace *as[WRITERS];
  ktest_check(begin(as));
  bool started = act(as);
  for (unsigned i = 0; i < WRITERS; i++) aspace_unref(as[i]);
  vmo_unref(race.vmo);
  ktest_check(started);
  ktest_check(!race.wrong);
  ktest_check(race.met > 0);
  ktest_check(becomes(&before));
}

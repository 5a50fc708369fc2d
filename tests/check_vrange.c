/* Ranges of addresses: first fit, coalesced, none twice. */
#include "rig.h"

#include <kern/mm/vrange.h>
#include <string.h>

#define RANGE_PAGES 4096u
#define RANGE_BASE 0x1000000u
#define RANGES 300u

static struct {
  bool taken[RANGE_PAGES];
  struct {
    vaddr_t base;
    size_t pages;
  } range[RANGES];
  unsigned n;
} ranges;

static struct vrange_arena arena;

/* With room to note that many ranges. */
static void arena_of(size_t pages, size_t nodes)
{
  static struct vrange storage[2 * RANGES];
  ck_assert_uint_le(nodes, ARRAY_SIZE(storage));
  vrange_init(&arena);
  ck_assert(vrange_wants_nodes(&arena));
  vrange_donate(&arena, storage, nodes * sizeof storage[0]);
  vrange_add(&arena, RANGE_BASE, pages);
}

static void range_take(void)
{
  size_t pages = 1 + test_random(test_random(8) ? 12 : 200), align = PAGE_SIZE << test_random(5);
  vaddr_t base = vrange_alloc(&arena, pages, align);
  size_t first = 0; /* the lowest place that fits, by looking at every one */
  for (size_t run = 0; run < pages && first + pages <= RANGE_PAGES;) {
    if (!IS_ALIGNED(RANGE_BASE + first * PAGE_SIZE, align) || ranges.taken[first + run]) {
      first++;
      run = 0;
    } else {
      run++;
    }
  }
  if (first + pages > RANGE_PAGES) {
    ck_assert_uint_eq(base, 0);
    return;
  }
  ck_assert_uint_eq(base, RANGE_BASE + first * PAGE_SIZE);
  memset(&ranges.taken[first], true, pages);
  ranges.range[ranges.n].base = base;
  ranges.range[ranges.n++].pages = pages;
}

static void range_give(void)
{
  unsigned i = (unsigned)test_random(ranges.n);
  vaddr_t base = ranges.range[i].base;
  size_t pages = ranges.range[i].pages;
  ranges.range[i] = ranges.range[--ranges.n];
  memset(&ranges.taken[(base - RANGE_BASE) / PAGE_SIZE], false, pages);
  vrange_free(&arena, base, pages);
}

START_TEST(ranges_are_first_fit_and_coalesce)
{
  arena_of(RANGE_PAGES, 2 * RANGES);
  for (unsigned step = 0, steps = stress(20000); step < steps; step++) {
    bool grow = test_random(100) < (step % 4000 < 2000 ? 70u : 30u);
    if (grow && ranges.n < RANGES)
      range_take();
    else if (ranges.n > 0)
      range_give();
  }
  while (ranges.n > 0) range_give();
  ck_assert_uint_eq(vrange_alloc(&arena, RANGE_PAGES, PAGE_SIZE), RANGE_BASE); /* one range again */
  ck_assert_uint_eq(vrange_alloc(&arena, 1, PAGE_SIZE), 0);
}
END_TEST

START_TEST(without_nodes_nothing_is_handed_out)
{
  arena_of(16, 3);
  vaddr_t first = vrange_alloc(&arena, 1, PAGE_SIZE);
  ck_assert_uint_eq(first, RANGE_BASE);
  ck_assert(vrange_wants_nodes(&arena));
  ck_assert_uint_eq(vrange_alloc(&arena, 1, PAGE_SIZE), 0);
  vrange_free(&arena, first, 1); /* giving back needs no memory */
  ck_assert_uint_eq(vrange_alloc(&arena, 16, PAGE_SIZE), RANGE_BASE);
}
END_TEST

START_TEST(range_freed_twice_halts)
{
  arena_of(16, 10);
  vaddr_t base = vrange_alloc(&arena, 4, PAGE_SIZE);
  vrange_alloc(&arena, 4, PAGE_SIZE);
  vrange_free(&arena, base, 4);
  rig.halt_says = "which are free";
  vrange_free(&arena, base, 4);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("vrange");
  TCase *tc = suite_case(suite, "ranges", rig_boot_default, NULL);
  tcase_add_test(tc, ranges_are_first_fit_and_coalesce);
  tcase_add_test(tc, without_nodes_nothing_is_handed_out);
  tcase_add_exit_test(tc, range_freed_twice_halts, RIG_HALTED);
  return suite_run(suite);
}

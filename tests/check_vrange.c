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

static void range_take(struct vrange_arena *a)
{
  size_t pages = 1 + test_random(test_random(8) ? 12 : 200), align = PAGE_SIZE << test_random(5);
  vaddr_t base = vrange_alloc(a, pages, align);
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

static void range_give(struct vrange_arena *a)
{
  unsigned i = (unsigned)test_random(ranges.n);
  vaddr_t base = ranges.range[i].base;
  size_t pages = ranges.range[i].pages;
  ranges.range[i] = ranges.range[--ranges.n];
  memset(&ranges.taken[(base - RANGE_BASE) / PAGE_SIZE], false, pages);
  vrange_free(a, base, pages);
}

START_TEST(ranges_are_first_fit_and_coalesce)
{
  static struct vrange nodes[2 * RANGES];
  struct vrange_arena a;
  vrange_init(&a);
  ck_assert(vrange_wants_nodes(&a));
  vrange_donate(&a, nodes, sizeof nodes);
  vrange_add(&a, RANGE_BASE, RANGE_PAGES);
  for (unsigned step = 0, steps = stress(20000); step < steps; step++) {
    bool grow = test_random(100) < (step % 4000 < 2000 ? 70u : 30u);
    if (grow && ranges.n < RANGES)
      range_take(&a);
    else if (ranges.n > 0)
      range_give(&a);
  }
  while (ranges.n > 0) range_give(&a);
  ck_assert_uint_eq(vrange_alloc(&a, RANGE_PAGES, PAGE_SIZE), RANGE_BASE); /* one range again */
  ck_assert_uint_eq(vrange_alloc(&a, 1, PAGE_SIZE), 0);
}
END_TEST

START_TEST(without_nodes_nothing_is_handed_out)
{
  static struct vrange nodes[3];
  struct vrange_arena a;
  vrange_init(&a);
  vrange_donate(&a, nodes, sizeof nodes);
  vrange_add(&a, RANGE_BASE, 16);
  vaddr_t first = vrange_alloc(&a, 1, PAGE_SIZE);
  ck_assert_uint_eq(first, RANGE_BASE);
  ck_assert(vrange_wants_nodes(&a));
  ck_assert_uint_eq(vrange_alloc(&a, 1, PAGE_SIZE), 0);
  vrange_free(&a, first, 1); /* giving back needs no memory */
  ck_assert_uint_eq(vrange_alloc(&a, 16, PAGE_SIZE), RANGE_BASE);
}
END_TEST

START_TEST(range_freed_twice_halts)
{
  static struct vrange nodes[10];
  struct vrange_arena a;
  vrange_init(&a);
  vrange_donate(&a, nodes, sizeof nodes);
  vrange_add(&a, RANGE_BASE, 16);
  vaddr_t base = vrange_alloc(&a, 4, PAGE_SIZE);
  vrange_alloc(&a, 4, PAGE_SIZE);
  vrange_free(&a, base, 4);
  rig.halt_says = "which are free";
  vrange_free(&a, base, 4);
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

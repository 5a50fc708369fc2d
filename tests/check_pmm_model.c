/* The page allocator's algorithms against each other and a plain model. */
#include "conformance/pmm_workload.h"
#include "pmm_rig.h"

#include <stdlib.h>

static struct pmm_workload workload(uint64_t seed, uint32_t steps)
{
  struct pmm_workload w = {.seed = seed, .steps = steps};
  void *memory = malloc(pmm_workload_size());
  if (!pmm_workload_run(&w, memory))
    ck_abort_msg("seed %llu, step %u, %s: %s", (unsigned long long)seed, w.at, algorithms[w.algorithm]->name, w.failed);
  free(memory);
  return w;
}

START_TEST(algorithms_agree_with_the_model_and_each_other)
{
  struct pmm_workload w = workload(1, stress(1000000));
  ck_assert_uint_gt(w.placed, w.steps / 4);
  ck_assert_uint_gt(w.refused, w.steps / 1000);
  ck_assert_uint_gt(w.split, 0);
}
END_TEST

START_TEST(the_same_seed_gives_the_same)
{
  uint32_t steps = stress(20000);
  struct pmm_workload first = workload(7, steps), again = workload(7, steps), other = workload(8, steps);
  ck_assert_mem_eq(first.hash, again.hash, sizeof first.hash);
  for (unsigned i = 0; i < WORKLOAD_ALGORITHMS; i++) ck_assert_uint_ne(first.hash[i], other.hash[i]);
}
END_TEST

START_TEST(many_odd_zones)
{
  for (unsigned i = 0, n = stress(40); i < n; i++) workload(100 + i, 3000);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("pmm model");
  TCase *tc = suite_case(suite, "algorithms", NULL, NULL);
  tcase_add_test(tc, algorithms_agree_with_the_model_and_each_other);
  tcase_add_test(tc, the_same_seed_gives_the_same);
  tcase_add_test(tc, many_odd_zones);
  return suite_run(suite);
}

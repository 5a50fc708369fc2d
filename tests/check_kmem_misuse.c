/* Misuse of the heap is found. */
#include "rig.h"

#include <kern/kasan.h>
#include <kern/kmem.h>
#include <string.h>

START_TEST(free_of_what_is_not_allocated_halts)
{
  static int outside;
  uint8_t *large = kmalloc(10000);
  rig.halt_says = _i == 0 ? "not of the heap" : "inside an allocation";
  kfree(_i == 0 ? (void *)&outside : large + 16);
}
END_TEST

#ifndef NDEBUG
/* AddressSanitizer, which would end the test, is not to see it: the kernel's own checks are. */
KASAN_EXEMPT static __attribute__((noinline)) void damage(volatile uint8_t *p)
{
  *p ^= 1;
}

START_TEST(double_free_halts)
{
  static const size_t sizes[] = {16, 100, 2048};
  void *p = kmalloc(sizes[_i]), *q = kmalloc(sizes[_i]);
  kfree(p);
  kfree(q);
  rig.halt_says = "freed twice";
  kfree(p);
}
END_TEST

START_TEST(write_after_free_halts)
{
  uint8_t *p = kmalloc(200);
  static const size_t at[] = {0, 8, 16, 199};
  kfree(p);
  damage(&p[at[_i]]);
  rig.halt_says = "written after it was freed";
  for (unsigned i = 0; i < 1000; i++) kfree(kmalloc(200)); /* it is held back a while */
}
END_TEST

/* From the first byte past what was asked for, which the object may be larger than, to far away. */
START_TEST(write_past_the_end_halts)
{
  static const struct {
    size_t size, at;
    const char *says;
  } cases[] = {
    {200, 200, "200 bytes, written 1 past"},
    {200, 263, "200 bytes, written 64 past"},
    {256, 256, "256 bytes, written 1 past"},
    {256, 268, "written far past"},
    {0, 0, "0 bytes, written 1 past"},
    {2048, 2048, "2048 bytes, written 1 past"},
    {PAGE_SIZE - 64, PAGE_SIZE - 64, "4032 bytes, written 1 past"},
    {5000, 5007, "5000 bytes, written 8 past"},
  };
  uint8_t *p = kmalloc(cases[_i].size);
  damage(&p[cases[_i].at]);
  rig.halt_says = cases[_i].says;
  kfree(p);
}
END_TEST

START_TEST(write_past_the_end_of_a_caches_object_halts)
{
  struct kmem_cache *c = kmem_cache_create("test", 100);
  uint8_t *p = kmem_cache_alloc(c);
  damage(&p[100]);
  rig.halt_says = "of cache test, 100 bytes, written 1 past";
  kmem_cache_free(c, p);
}
END_TEST

/* An object that was freed is not the next to be handed out. */
START_TEST(freed_objects_are_held_back)
{
  void *p = kmalloc(200);
  kfree(p);
  for (unsigned i = 0; i < 30; i++) {
    void *q = kmalloc(200);
    ck_assert_ptr_ne(p, q);
    kfree(q);
  }
}
END_TEST

START_TEST(free_inside_an_object_halts)
{
  uint8_t *p = kmalloc(200);
  rig.halt_says = "inside an object";
  kfree(p + 16);
}
END_TEST

START_TEST(new_objects_are_filled)
{
  uint8_t *p = kmalloc(100);
  ck_assert(rig_all_bytes(p, 0xA5, 100));
}
END_TEST
#endif

/* Of more pages than are flushed one by one, too. */
START_TEST(use_of_a_large_object_after_free_faults)
{
  size_t size = _i == 0 ? 10000 : 500000;
  uint8_t *p = kmalloc(size);
  memset(p, 1, size);
  ck_assert(rig_can_read(p) && rig_can_read(p + size - 1));
  kfree(p);
  ck_assert(!rig_can_read(p) && !rig_can_read(p + size - 1));
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("kmem misuse");
  TCase *tc = suite_case(suite, "misuse", rig_boot_default, NULL);
  tcase_add_loop_exit_test(tc, free_of_what_is_not_allocated_halts, RIG_HALTED, 0, 2);
  tcase_add_loop_test(tc, use_of_a_large_object_after_free_faults, 0, 2);
#ifndef NDEBUG
  tcase_add_loop_exit_test(tc, double_free_halts, RIG_HALTED, 0, 3);
  tcase_add_loop_exit_test(tc, write_after_free_halts, RIG_HALTED, 0, 4);
  tcase_add_loop_exit_test(tc, write_past_the_end_halts, RIG_HALTED, 0, 8);
  tcase_add_exit_test(tc, write_past_the_end_of_a_caches_object_halts, RIG_HALTED);
  tcase_add_test(tc, freed_objects_are_held_back);
  tcase_add_exit_test(tc, free_inside_an_object_halts, RIG_HALTED);
  tcase_add_test(tc, new_objects_are_filled);
#endif
  return suite_run(suite);
}

/* Copies between kernel and program: pages of every kind in the way, and pointers that are meant to do harm. */
#include "rig.h"

#include <kern/alloc_fault.h>
#include <kern/aspace.h>
#include <kern/uaccess_now.h>
#include <string.h>
#include <uapi/abi.h>

#define RW (PROT_READ | PROT_WRITE)
#define AT 0x400000u /* eight pages, writable; then one read-only, one without rights, and a hole */
#define READ_ONLY (AT + 8 * PAGE_SIZE)
#define FORBIDDEN (READ_ONLY + PAGE_SIZE)
#define HOLE (FORBIDDEN + PAGE_SIZE)

static struct aspace *as;
static uint8_t buf[16 * PAGE_SIZE], back[16 * PAGE_SIZE];

static void map(vaddr_t at, size_t pages, int prot)
{
  struct vmo *v;
  ck_assert_int_eq(vmo_create(pages * PAGE_SIZE, &v), 0);
  ck_assert_int_eq(aspace_map(as, v, 0, at, pages * PAGE_SIZE, prot, true, &at), 0);
  vmo_unref(v);
}

static void setup(void)
{
  rig_boot_default();
  ck_assert_int_eq(aspace_create(&as), 0);
  map(AT, 8, RW);
  map(READ_ONLY, 1, PROT_READ);
  map(FORBIDDEN, 1, PROT_NONE);
  map(USER_TOP - PAGE_SIZE, 1, RW);
  rig_set_aspace(as);
  for (size_t i = 0; i < sizeof buf; i++) buf[i] = (uint8_t)test_random(256);
}

START_TEST(copies_cross_pages)
{
  static uint8_t model[8 * PAGE_SIZE];
  for (unsigned round = 0; round < 2000; round++) {
    size_t at = test_random(sizeof model), len = test_random(sizeof model - at + 1);
    if (test_random(4)) {
      ck_assert_int_eq(copy_to_user(AT + at, buf + round, len), 0);
      memcpy(model + at, buf + round, len);
    } else {
      ck_assert_int_eq(user_zero(AT + at, len), 0);
      memset(model + at, 0, len);
    }
    at = test_random(sizeof model);
    len = test_random(sizeof model - at + 1);
    ck_assert_int_eq(copy_from_user(back, AT + at, len), 0);
    ck_assert_int_eq(memcmp(back, model + at, len), 0);
  }
}
END_TEST

/* Every one of these, with these lengths, names at least one byte that is not the program's. */
static const struct {
  uaddr_t at;
  size_t len;
} hostile[] = {
  {0, 1},
  {USER_BASE - 1, 1},
  {USER_BASE - 1, 2},
  {USER_BASE, 1}, /* in the window, not mapped */
  {AT - 1, 2},
  {HOLE, 1},
  {AT, HOLE - AT + 1},
  {FORBIDDEN, 1},
  {USER_TOP - 1, 2},
  {USER_TOP, 1},
  {USER_TOP - 1, SIZE_MAX},
  {AT, SIZE_MAX},
  {AT, SIZE_MAX - AT + 1},
  {SIZE_MAX, 1},
  {SIZE_MAX - 7, 8},
  {0x00007FFFFFFFFFFF, 1},
  {0x0000800000000000, 1}, /* not canonical */
  {0xFFFF800000000000, 8},
  {0xFFFFFFFF80100000, 8},
  {RIG_WINDOW, 8},
};

START_TEST(hostile_pointers_are_refused)
{
  uaddr_t at = hostile[_i].at;
  size_t len = hostile[_i].len;
  struct uio uio = uio_user(at, len);
  ck_assert_int_eq(copy_from_user(back, at, len), -EFAULT);
  ck_assert_int_eq(copy_to_user(at, buf, len), -EFAULT);
  ck_assert_int_eq(user_zero(at, len), -EFAULT);
  ck_assert_int_eq(uio_put(&uio, buf, len), -EFAULT);
  ck_assert_int_eq(uio_get(&uio, back, len), -EFAULT);
  ck_assert_int_eq(uio_put_zeros(&uio, len), -EFAULT);
  ck_assert_uint_eq(uio.left, len); /* nothing was consumed */
  ck_assert_int_eq(aspace_copy_in(as, back, at, len), -EFAULT);
  ck_assert_int_eq(aspace_copy_out(as, at, buf, len), -EFAULT);
}
END_TEST

START_TEST(strings_at_hostile_pointers_are_refused)
{
  static const uaddr_t at[] = {0,        USER_BASE - 1,      USER_BASE,          AT - 1,    FORBIDDEN, HOLE,
                               USER_TOP, 0x0000800000000000, 0xFFFF800000000000, UINT64_MAX};
  for (unsigned i = 0; i < ARRAY_SIZE(at); i++)
    ck_assert_int_eq(copy_string_from_user((char *)back, at[i], 100), -EFAULT);
}
END_TEST

START_TEST(nothing_at_all_is_fine_anywhere)
{
  ck_assert_int_eq(copy_from_user(back, UINT64_MAX, 0), 0);
  ck_assert_int_eq(copy_to_user(0, buf, 0), 0);
  ck_assert_int_eq(user_zero(0, 0), 0);
}
END_TEST

START_TEST(read_only_pages_are_read_only)
{
  ck_assert_int_eq(copy_from_user(back, READ_ONLY, PAGE_SIZE), 0);
  ck_assert_int_eq(copy_to_user(READ_ONLY, buf, 1), -EFAULT); /* though the page is there */
  ck_assert_int_eq(user_zero(READ_ONLY - 1, 2), -EFAULT);
  ck_assert_int_eq(aspace_protect(as, READ_ONLY, PAGE_SIZE, RW), 0);
  ck_assert_int_eq(copy_to_user(READ_ONLY, buf, 1), 0);
  ck_assert_int_eq(aspace_protect(as, AT, PAGE_SIZE, PROT_READ), 0);
  ck_assert_int_eq(copy_to_user(AT, buf, 1), -EFAULT);
}
END_TEST

START_TEST(a_kernel_page_in_the_window_is_refused)
{
  ck_assert_int_eq(pmap_map(&as->pmap, HOLE, 0x200000, PMAP_WRITE), 0);
  ck_assert_int_eq(copy_from_user(back, HOLE, 1), -EFAULT);
  ck_assert_int_eq(copy_to_user(HOLE, buf, 1), -EFAULT);
}
END_TEST

START_TEST(a_failed_copy_wrote_what_came_before)
{
  ck_assert_int_eq(copy_to_user(READ_ONLY - 10, buf, 20), -EFAULT);
  ck_assert_int_eq(copy_from_user(back, READ_ONLY - 10, 10), 0);
  ck_assert_int_eq(memcmp(back, buf, 10), 0);
}
END_TEST

START_TEST(strings_end_in_time_or_not)
{
  char s[32];
  uaddr_t at = AT + PAGE_SIZE - 4; /* over a page's border */
  ck_assert_int_eq(copy_to_user(at, "veridian", 9), 0);
  ck_assert_int_eq(copy_string_from_user(s, at, sizeof s), 0);
  ck_assert_str_eq(s, "veridian");
  ck_assert_int_eq(copy_string_from_user(s, at, 9), 0);
  ck_assert_int_eq(copy_string_from_user(s, at, 8), -ENAMETOOLONG);
  ck_assert_int_eq(copy_string_from_user(s, at, 3), -ENAMETOOLONG);
  ck_assert_int_eq(copy_string_from_user(s, at, 0), -ENAMETOOLONG);
  ck_assert_int_eq(copy_to_user(USER_TOP - 4, "abcd", 4), 0); /* runs into the window's end */
  ck_assert_int_eq(copy_string_from_user(s, USER_TOP - 4, sizeof s), -EFAULT);
  ck_assert_int_eq(copy_string_from_user(s, USER_TOP - 4, 4), -ENAMETOOLONG);
  ck_assert_int_eq(copy_string_from_user(s, USER_TOP - 4, SIZE_MAX), -EFAULT);
}
END_TEST

START_TEST(a_kernel_thread_has_no_program)
{
  rig_set_aspace(NULL);
  ck_assert_int_eq(copy_from_user(back, AT, 1), -EFAULT);
  ck_assert_int_eq(copy_to_user(AT, buf, 1), -EFAULT);
  ck_assert_int_eq(copy_string_from_user((char *)back, AT, 1), -EFAULT);
}
END_TEST

START_TEST(no_memory_is_told_apart)
{
  alloc_fault_arm(1, true);
  ck_assert_int_eq(copy_to_user(AT, buf, 1), -ENOMEM);
  alloc_fault_arm(0, false);
  ck_assert_int_eq(copy_to_user(AT, buf, 1), 0);
}
END_TEST

START_TEST(buffers_are_consumed_from_the_front)
{
  struct uio uio = _i == 0 ? uio_kernel(back, 100) : uio_user(AT, 100);
  ck_assert_int_eq(uio_put(&uio, "abc", 3), 0);
  ck_assert_int_eq(uio_put_zeros(&uio, 2), 0);
  ck_assert_uint_eq(uio.left, 95);
  ck_assert_int_eq(uio_put(&uio, "def", 3), 0);
  uio = _i == 0 ? uio_kernel(back, 100) : uio_user(AT, 100);
  char text[9] = "";
  ck_assert_int_eq(uio_get(&uio, text, 4), 0);
  ck_assert_int_eq(uio_get(&uio, text + 4, 4), 0);
  ck_assert_int_eq(memcmp(text, "abc\0\0def", 8), 0);
  ck_assert_uint_eq(uio.left, 92);
}
END_TEST

/* As under a spinlock. */
static int put_now(struct uio *uio, const void *src, size_t n)
{
  irq_push_off();
  int err = uio_put_now(uio, src, n);
  irq_pop_off();
  return err;
}

static int get_now(struct uio *uio, void *dst, size_t n)
{
  irq_push_off();
  int err = uio_get_now(uio, dst, n);
  irq_pop_off();
  return err;
}

/* A copy that may not sleep moves bytes inside a page that is mapped, and else leaves everything as it is. */
START_TEST(now_or_not_at_all)
{
  struct uio uio = uio_user(AT, 100);
  ck_assert_int_eq(get_now(&uio, back, 1), -EAGAIN); /* not there yet */
  ck_assert_int_eq(put_now(&uio, buf, 1), -EAGAIN);
  ck_assert_uint_eq(uio.left, 100);
  ck_assert_uint_eq(uio.uaddr, AT);

  ck_assert_int_eq(user_zero(AT, 2 * PAGE_SIZE), 0);
  ck_assert_int_eq(put_now(&uio, buf, 60), 0);
  ck_assert_uint_eq(uio.left, 40);
  uio = uio_user(AT, 100);
  ck_assert_int_eq(get_now(&uio, back, 60), 0);
  ck_assert_uint_eq(uio.uaddr, AT + 60);
  ck_assert_int_eq(memcmp(buf, back, 60), 0);

  uio = uio_user(AT + PAGE_SIZE - 1, 100);
  ck_assert_int_eq(put_now(&uio, buf, 2), -EAGAIN); /* two pages */
  ck_assert_int_eq(put_now(&uio, buf, 1), 0);
  ck_assert_int_eq(put_now(&uio, buf, 2), 0);
}
END_TEST

START_TEST(now_respects_rights)
{
  uint8_t byte = 1;
  struct uio uio = uio_user(READ_ONLY, 1);
  ck_assert_int_eq(copy_from_user(&byte, READ_ONLY, 1), 0);
  ck_assert_int_eq(put_now(&uio, buf, 1), -EAGAIN); /* and the copy that may sleep says -EFAULT */
  ck_assert_int_eq(get_now(&uio, &byte, 1), 0);
  ck_assert_int_eq(byte, 0);

  ck_assert_int_eq(user_zero(AT, 1), 0);
  uio = uio_user(AT, 1);
  mutex_lock(&as->lock); /* whoever changes the mappings is not in the way */
  ck_assert_int_eq(get_now(&uio, &byte, 1), 0);
  mutex_unlock(&as->lock);

  for (size_t i = 0; i < ARRAY_SIZE(hostile); i++) {
    uio = uio_user(hostile[i].at, hostile[i].len);
    ck_assert_int_ne(get_now(&uio, back, hostile[i].len), 0);
    ck_assert_int_ne(put_now(&uio, back, hostile[i].len), 0);
  }
}
END_TEST

START_TEST(now_is_for_programs_buffers)
{
  struct uio uio = uio_kernel(back, 100);
  ck_assert_int_eq(put_now(&uio, buf, 100), -EAGAIN);
  ck_assert_int_eq(get_now(&uio, buf, 100), -EAGAIN);
  ck_assert_ptr_eq(uio.kernel, back);
  ck_assert_uint_eq(uio.left, 100);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("uaccess");
  TCase *tc = suite_case(suite, "uaccess", setup, NULL);
  tcase_add_test(tc, copies_cross_pages);
  tcase_add_loop_test(tc, hostile_pointers_are_refused, 0, ARRAY_SIZE(hostile));
  tcase_add_test(tc, strings_at_hostile_pointers_are_refused);
  tcase_add_test(tc, nothing_at_all_is_fine_anywhere);
  tcase_add_test(tc, read_only_pages_are_read_only);
  tcase_add_test(tc, a_kernel_page_in_the_window_is_refused);
  tcase_add_test(tc, a_failed_copy_wrote_what_came_before);
  tcase_add_test(tc, strings_end_in_time_or_not);
  tcase_add_test(tc, a_kernel_thread_has_no_program);
  tcase_add_test(tc, no_memory_is_told_apart);
  tcase_add_loop_test(tc, buffers_are_consumed_from_the_front, 0, 2);
  tcase_add_test(tc, now_or_not_at_all);
  tcase_add_test(tc, now_respects_rights);
  tcase_add_test(tc, now_is_for_programs_buffers);
  return suite_run(suite);
}

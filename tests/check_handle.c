/*
 * Handle tables: generations, growth, reservation, the matrix of rights, and a model test: random operations on a
 * table and on a plain array must agree. Allocation is the test's own and fails when told to.
 */
#include "clockwork.h"

#include <kern/handle.h>
#include <kern/kmem.h>
#include <stdlib.h>

static int allocations_left = -1; /* before they fail; -1: they do not */
static int live_blocks;

void *(kcalloc)(size_t count, size_t size)
{
  if (allocations_left == 0) return NULL;
  if (allocations_left > 0) allocations_left--;
  live_blocks++;
  return calloc(count, size);
}

void kfree(void *p)
{
  if (p != NULL) live_blocks--;
  free(p);
}

struct thing {
  struct object object;
  int opened, closed, destroyed;
  unsigned last_rights;
};

static void thing_destroy(struct object *obj)
{
  ((struct thing *)obj)->destroyed++;
}
static void thing_opened(struct object *obj, unsigned rights)
{
  struct thing *t = (struct thing *)obj;
  t->opened++;
  t->last_rights = rights;
}
static void thing_closed(struct object *obj, unsigned rights)
{
  struct thing *t = (struct thing *)obj;
  t->closed++;
  t->last_rights = rights;
}
static const struct object_ops thing_ops = {thing_destroy, thing_opened, thing_closed};

static struct handle_table table;
static struct thing thing;

static void setup(void)
{
  clockwork_reset();
  allocations_left = -1;
  live_blocks = 0;
  thing = (struct thing){0};
  object_init(&thing.object, OBJECT_FILE, &thing_ops);
  ck_assert_int_eq(handle_table_init(&table), 0);
}

static void teardown(void)
{
  handle_table_destroy(&table);
  ck_assert_int_eq(live_blocks, 0);
  ck_assert_uint_eq(thing.object.refs, 1);
  ck_assert_int_eq(thing.opened, thing.closed);
  object_unref(&thing.object);
  ck_assert_int_eq(thing.destroyed, 1);
  ck_assert_uint_eq(object_count(OBJECT_FILE), 0);
  ck_assert(clockwork.irq_on);
}

static int install(unsigned rights)
{
  int h = -1;
  ck_assert_int_eq(handle_install(&table, &thing.object, rights, &h), 0);
  return h;
}

static int get(int h, uint32_t type, unsigned rights)
{
  struct object *obj;
  int err = handle_get(&table, h, type, rights, &obj, NULL);
  if (err == 0) object_unref(obj);
  return err;
}

START_TEST(lowest_first)
{
  for (int i = 0; i < 5; i++) ck_assert_int_eq(install(RIGHT_READ), i);
  ck_assert_int_eq(handle_close(&table, 3), 0);
  ck_assert_int_eq(handle_close(&table, 1), 0);
  ck_assert_int_eq(install(0) % (int)HANDLE_MAX, 1);
  ck_assert_int_eq(install(0) % (int)HANDLE_MAX, 3);
  ck_assert_int_eq(install(0), 5);
  ck_assert_uint_eq(table.used, 6);
}
END_TEST

START_TEST(stale_handles)
{
  int old = install(RIGHTS_ALL);
  ck_assert_int_eq(handle_close(&table, old), 0);
  ck_assert_int_eq(get(old, 0, 0), -EBADF);
  int new = install(RIGHTS_ALL);
  ck_assert_int_ne(new, old);
  ck_assert_int_eq(new % (int)HANDLE_MAX, old % (int)HANDLE_MAX);
  ck_assert_int_eq(get(old, 0, 0), -EBADF);
  ck_assert_int_eq(handle_close(&table, old), -EBADF);
  ck_assert_int_eq(get(new, 0, 0), 0);
}
END_TEST

/* A handle's value stays positive in the last generation of its slot, and begins anew after it. */
START_TEST(generations_wrap)
{
  unsigned last = (1u << (31 - HANDLE_SLOT_BITS)) - 1;
  int first = install(0);
  ck_assert_int_eq(handle_close(&table, first), 0);
  table.slots[0].generation = last;
  int h = install(0);
  ck_assert_int_eq(h, (int)(last << HANDLE_SLOT_BITS));
  ck_assert_int_eq(get(h, 0, 0), 0);
  ck_assert_int_eq(handle_close(&table, h), 0);
  ck_assert_int_eq(install(0), first);
}
END_TEST

START_TEST(bad_values)
{
  install(RIGHTS_ALL);
  static const int bad[] = {-1, -2, INT32_MIN, INT32_MAX, 1, 7, HANDLE_MAX - 1, HANDLE_MAX, HANDLE_MAX + 1};
  for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
    int h;
    ck_assert_int_eq(get(bad[i], 0, 0), -EBADF);
    ck_assert_int_eq(handle_close(&table, bad[i]), -EBADF);
    ck_assert_int_eq(handle_dup(&table, bad[i], 0, &h), -EBADF);
  }
}
END_TEST

START_TEST(full_table)
{
  int h;
  for (unsigned i = 0; i < HANDLE_MAX; i++) ck_assert_int_eq(install(RIGHT_GRANT), (int)i);
  ck_assert_int_eq(handle_install(&table, &thing.object, 0, &h), -EMFILE);
  ck_assert_int_eq(handle_dup(&table, 0, 0, &h), -EMFILE);
  ck_assert_int_eq(handle_reserve(&table, &h), -EMFILE);
  ck_assert_int_eq(handle_install_at(&table, HANDLE_MAX, &thing.object, 0), -EMFILE);
  ck_assert_uint_eq(thing.object.refs, 1 + HANDLE_MAX);
  ck_assert_int_eq(handle_close(&table, 500), 0);
  ck_assert_int_eq(install(0) % (int)HANDLE_MAX, 500);
}
END_TEST

START_TEST(no_memory)
{
  struct handle_table other;
  int h;
  allocations_left = 0;
  ck_assert_int_eq(handle_table_init(&other), -ENOMEM);
  handle_table_destroy(&other);
  while (handle_install(&table, &thing.object, RIGHT_GRANT, &h) == 0) continue;
  unsigned refs = thing.object.refs, used = table.used;
  ck_assert_int_eq(handle_install(&table, &thing.object, 0, &h), -ENOMEM);
  ck_assert_int_eq(handle_dup(&table, 0, 0, &h), -ENOMEM);
  ck_assert_int_eq(handle_reserve(&table, &h), -ENOMEM);
  ck_assert_int_eq(handle_install_at(&table, 40, &thing.object, 0), -ENOMEM);
  ck_assert_uint_eq(thing.object.refs, refs);
  ck_assert_uint_eq(table.used, used);
  ck_assert_int_eq(thing.opened, (int)used);
}
END_TEST

START_TEST(install_at)
{
  ck_assert_int_eq(handle_install_at(&table, 2, &thing.object, RIGHT_READ), 0);
  ck_assert_int_eq(get(2, OBJECT_FILE, RIGHT_READ), 0);
  ck_assert_int_eq(handle_install_at(&table, 2, &thing.object, 0), -EBUSY);
  ck_assert_int_eq(install(0), 0);
  ck_assert_int_eq(install(0), 1);
  ck_assert_int_eq(install(0), 3);
  ck_assert_int_eq(handle_close(&table, 2), 0);
  ck_assert_int_eq(handle_install_at(&table, 2, &thing.object, 0), -EBUSY); /* its value would not be the slot */
  ck_assert_int_eq(handle_install_at(&table, 100, &thing.object, 0), 0);
  ck_assert_int_eq(get(100, 0, 0), 0);
}
END_TEST

START_TEST(reservation)
{
  int a, b;
  ck_assert_int_eq(handle_reserve(&table, &a), 0);
  ck_assert_int_eq(handle_reserve(&table, &b), 0);
  ck_assert_int_ne(a, b);
  ck_assert_int_eq(get(a, 0, 0), -EBADF);
  ck_assert_int_eq(handle_close(&table, a), -EBADF);
  ck_assert_int_eq(handle_dup(&table, a, 0, &b), -EBADF);
  ck_assert_int_eq(handle_install_at(&table, 0, &thing.object, 0), -EBUSY);
  ck_assert_int_eq(install(0), 2);
  handle_commit(&table, a, &thing.object, RIGHT_WRITE);
  ck_assert_uint_eq(thing.last_rights, RIGHT_WRITE);
  ck_assert_int_eq(get(a, OBJECT_FILE, RIGHT_WRITE), 0);
  handle_cancel(&table, b);
  ck_assert_int_eq(get(b, 0, 0), -EBADF);
  ck_assert_uint_eq(table.used, 2);
  ck_assert_int_eq(handle_reserve(&table, &b), 0); /* left to the table's end */
}
END_TEST

/* Every set of rights against every set asked for. */
START_TEST(rights_matrix)
{
  for (unsigned have = 0; have <= RIGHTS_ALL; have++) {
    int h = install(have);
    for (unsigned want = 0; want <= RIGHTS_ALL; want++) {
      unsigned seen = 99;
      struct object *obj;
      bool enough = (want & ~have) == 0;
      ck_assert_int_eq(get(h, OBJECT_FILE, want), enough ? 0 : -EACCES);
      ck_assert_int_eq(get(h, OBJECT_PIPE, want), -EBADF); /* the type comes before the rights */
      if (enough) {
        ck_assert_int_eq(handle_get(&table, h, OBJECT_NONE, want, &obj, &seen), 0);
        ck_assert_uint_eq(seen, have);
        object_unref(obj);
      }
      int copy;
      int err = handle_dup(&table, h, want, &copy);
      ck_assert_int_eq(err, enough && (have & RIGHT_GRANT) ? 0 : -EACCES);
      if (err == 0) {
        ck_assert_int_eq(handle_get(&table, copy, OBJECT_FILE, 0, &obj, &seen), 0);
        ck_assert_uint_eq(seen, want); /* exactly what was asked for */
        object_unref(obj);
        ck_assert_int_eq(handle_close(&table, copy), 0);
      }
    }
    ck_assert_int_eq(handle_close(&table, h), 0);
  }
}
END_TEST

/* By several types, and any right of several; and the same without a reference. */
START_TEST(any_of_types_and_rights)
{
  struct object *obj;
  for (unsigned have = 0; have <= RIGHTS_ALL; have++) {
    int h = install(have);
    for (unsigned want = 0; want <= RIGHTS_ALL; want++) {
      int err = (want & have) ? 0 : -EACCES;
      unsigned either = 1u << OBJECT_FILE | 1u << OBJECT_PIPE;
      obj = NULL;
      ck_assert_int_eq(handle_borrow_any(&table, h, either, want, &obj), err);
      ck_assert_uint_eq(thing.object.refs, 2); /* the test's and the handle's */
      ck_assert_ptr_eq(obj, err == 0 ? &thing.object : NULL);
      ck_assert_int_eq(handle_get_any(&table, h, either, want, &obj), err);
      ck_assert_uint_eq(thing.object.refs, err == 0 ? 3 : 2);
      if (err == 0) object_unref(obj);
      ck_assert_int_eq(handle_get_any(&table, h, 1u << OBJECT_PIPE, want, &obj), -EBADF);
      ck_assert_int_eq(handle_borrow_any(&table, h, 1u << OBJECT_PIPE, want, &obj), -EBADF);
    }
    ck_assert_int_eq(handle_close(&table, h), 0);
    ck_assert_int_eq(handle_borrow_any(&table, h, 1u << OBJECT_FILE, RIGHTS_ALL, &obj), -EBADF);
  }
  int taken;
  ck_assert_int_eq(handle_reserve(&table, &taken), 0);
  ck_assert_int_eq(handle_borrow_any(&table, taken, ~(1u << OBJECT_NONE), RIGHTS_ALL, &obj), -EBADF);
  handle_cancel(&table, taken);
}
END_TEST

START_TEST(random_model)
{
  struct {
    int handle;
    unsigned rights;
  } model[64];
  unsigned n = 0;
  srand(11);
  for (unsigned step = 0, steps = stress(50000); step < steps; step++) {
    unsigned pick = (unsigned)rand() % 64, rights = (unsigned)rand() & RIGHTS_ALL;
    if (pick >= n && n < 64) {
      model[n].handle = install(rights);
      model[n].rights = rights;
      bool taken = false;
      for (unsigned i = 0; i < n; i++) taken |= model[i].handle == model[n].handle;
      ck_assert(!taken);
      n++;
    } else if (pick < n) {
      ck_assert_int_eq(get(model[pick].handle, OBJECT_FILE, rights), (rights & ~model[pick].rights) ? -EACCES : 0);
      ck_assert_int_eq(handle_close(&table, model[pick].handle), 0);
      ck_assert_int_eq(get(model[pick].handle, 0, 0), -EBADF);
      model[pick] = model[--n];
    }
    ck_assert_uint_eq(table.used, n);
    ck_assert_uint_eq(thing.object.refs, n + 1);
  }
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("handle");
  TCase *tc = suite_case(suite, "table", setup, teardown);
  tcase_add_test(tc, lowest_first);
  tcase_add_test(tc, stale_handles);
  tcase_add_test(tc, generations_wrap);
  tcase_add_test(tc, bad_values);
  tcase_add_test(tc, full_table);
  tcase_add_test(tc, no_memory);
  tcase_add_test(tc, install_at);
  tcase_add_test(tc, reservation);
  tcase_add_test(tc, rights_matrix);
  tcase_add_test(tc, any_of_types_and_rights);
  tcase_add_test(tc, random_model);
  return suite_run(suite);
}

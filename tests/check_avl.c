/* The balanced tree against a plain sorted array: order, balance, summaries, at every size and in every order of changes. */
#include "rig.h"

#include <kern/avl.h>
#include <string.h>

#define KEYS 600u

struct item {
  struct avl_node node;
  unsigned key;
  uint64_t sum; /* of the subtree's weights */
  uint64_t weight;
  bool in;
};

static struct item items[KEYS];
static struct avl tree;
static unsigned count;

static struct item *item_of(struct avl_node *n)
{
  return avl_entry(n, struct item, node);
}

static uint64_t sum_of(struct avl_node *n)
{
  return n ? item_of(n)->sum : 0;
}

static void sum_up(struct avl_node *n)
{
  item_of(n)->sum = item_of(n)->weight + sum_of(n->child[0]) + sum_of(n->child[1]);
}

static void setup(void)
{
  tree = (struct avl){.changed = sum_up};
  for (unsigned i = 0; i < KEYS; i++) items[i] = (struct item){.key = i, .weight = 1 + test_random(1000)};
}

static void put(unsigned key)
{
  struct avl_node *parent = NULL, **at = &tree.root;
  unsigned side = 0;
  while (*at) {
    parent = *at;
    side = key > item_of(parent)->key;
    at = &parent->child[side];
  }
  avl_insert(&tree, parent, side, &items[key].node);
  items[key].in = true;
  count++;
}

static void take(unsigned key)
{
  avl_remove(&tree, &items[key].node);
  items[key].in = false;
  count--;
}

/* Heights, links and summaries below n; answers the height. */
static int check_below(struct avl_node *n, struct avl_node *parent)
{
  if (!n) return 0;
  ck_assert_ptr_eq(n->parent, parent);
  int low = check_below(n->child[0], n), high = check_below(n->child[1], n);
  ck_assert_int_le(low - high, 1);
  ck_assert_int_le(high - low, 1);
  ck_assert_int_eq(n->height, 1 + MAX(low, high));
  ck_assert_uint_eq(item_of(n)->sum, item_of(n)->weight + sum_of(n->child[0]) + sum_of(n->child[1]));
  return n->height;
}

static void check_all(void)
{
  check_below(tree.root, NULL);
  struct avl_node *n = avl_first(&tree), *before = NULL;
  for (unsigned key = 0; key < KEYS; key++) {
    if (!items[key].in) continue;
    ck_assert_ptr_eq(n, &items[key].node);
    ck_assert_ptr_eq(avl_prev(n), before);
    before = n;
    n = avl_next(n);
  }
  ck_assert_ptr_null(n);
}

START_TEST(stays_balanced_in_every_order)
{
  for (unsigned i = 0; i < KEYS; i++) {
    static const unsigned step[] = {1, KEYS - 1, 7, 251}; /* upwards, downwards, and two that jump: none divides KEYS */
    put((i + 1) * step[_i] % KEYS);
    if (i % 37 == 0) check_all();
  }
  check_all();
  ck_assert_int_le(tree.root->height, 13); /* 1.45 log2(600) */
  for (unsigned i = 0; i < KEYS; i++) {
    take((i + 1) * 11 % KEYS);
    if (i % 37 == 0) check_all();
  }
  ck_assert_ptr_null(tree.root);
  ck_assert_ptr_null(avl_first(&tree));
}
END_TEST

START_TEST(agrees_with_a_sorted_array)
{
  for (unsigned step = 0, steps = stress(200000); step < steps; step++) {
    unsigned key = (unsigned)test_random(KEYS);
    unsigned wish = step / 20000 % 2 ? 3 : 7; /* of 10 steps so many insert: the tree grows and shrinks again */
    if (test_random(10) < wish) {
      if (!items[key].in) put(key);
    } else if (items[key].in) {
      take(key);
    }
    if (items[key].in) {
      items[key].weight = 1 + test_random(1000);
      avl_update(&tree, &items[key].node);
    }
    if (step % 499 == 0) check_all();
  }
  check_all();
  ck_assert_uint_gt(count, 0);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("avl");
  TCase *tc = suite_case(suite, "avl", setup, NULL);
  tcase_add_loop_test(tc, stays_balanced_in_every_order, 0, 4);
  tcase_add_test(tc, agrees_with_a_sorted_array);
  return suite_run(suite);
}

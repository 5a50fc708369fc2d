/* Families of clones against arrays of bytes, page by page and through mappings. */
#include "mm_rig.h"

#include <string.h>

#define FAMILY 20u
#define SPACES 3u
#define SLOTS 40u  /* pages that are used of an object, */
#define STRIDE 37u /* so far apart, up to a tree of three levels */
#define PAGES_MAX (SLOTS * STRIDE)
#define OWN_WINDOW MIB(8) /* of an object in each address space */

struct member {
  struct vmo *vmo; /* null: not there */
  uint64_t pages;
  bool present[SLOTS];
  int prot[SPACES]; /* of its mapping; PROT_NONE: none */
  uint8_t bytes[SLOTS][PAGE_SIZE];
};

static struct member family[FAMILY];
static struct aspace *spaces[SPACES];

static vaddr_t window(unsigned m)
{
  return AT + m * OWN_WINDOW;
}

static bool inside(const struct member *m, unsigned slot)
{
  return slot * STRIDE < m->pages;
}

static void check_committed(const struct member *m)
{
  uint64_t n = 0;
  for (unsigned i = 0; i < SLOTS; i++) n += m->present[i];
  ck_assert_uint_eq(vmo_committed_pages(m->vmo), n);
}

static void member_create(struct member *m)
{
  m->pages = test_random(PAGES_MAX + 1);
  m->vmo = object(m->pages);
  memset(m->present, 0, sizeof m->present);
  memset(m->bytes, 0, sizeof m->bytes);
}

static void member_clone(struct member *c, const struct member *m)
{
  unsigned first = test_random(3) ? 0 : (unsigned)test_random(SLOTS);
  uint64_t pages = test_random(2) ? m->pages : test_random(PAGES_MAX + 1 - first * STRIDE);
  pages = MIN(pages, PAGES_MAX - first * STRIDE);
  c->pages = pages;
  c->vmo = clone_of(m->vmo, first * STRIDE, pages);
  memset(c->present, 0, sizeof c->present);
  memset(c->bytes, 0, sizeof c->bytes);
  for (unsigned i = 0; i + first < SLOTS; i++) {
    if (!inside(c, i) || !m->present[i + first]) continue;
    c->present[i] = true;
    memcpy(c->bytes[i], m->bytes[i + first], PAGE_SIZE);
  }
  check_committed(c);
}

static void member_resize(struct member *m)
{
  uint64_t bytes = test_random(PAGES_MAX * PAGE_SIZE + 1);
  if (test_random(2)) bytes = ALIGN_DOWN(bytes, (uint64_t)PAGE_SIZE);
  ck_assert_int_eq(vmo_resize(m->vmo, bytes), 0);
  bool shrinks = (bytes + PAGE_MASK) / PAGE_SIZE <= m->pages;
  m->pages = (bytes + PAGE_MASK) / PAGE_SIZE;
  for (unsigned i = 0; i < SLOTS && shrinks; i++) {
    uint64_t start = (uint64_t)i * STRIDE * PAGE_SIZE;
    if (start >= bytes) m->present[i] = false;
    if (start + PAGE_SIZE > bytes)
      memset(m->bytes[i] + (bytes > start ? bytes - start : 0), 0, PAGE_SIZE - (bytes > start ? bytes - start : 0));
  }
  check_committed(m);
}

static void member_destroy(struct member *m)
{
  for (unsigned s = 0; s < SPACES; s++) {
    if (m->prot[s] != PROT_NONE)
      ck_assert_int_eq(aspace_unmap(spaces[s], window((unsigned)(m - family)), PAGES_MAX * PAGE_SIZE), 0);
    m->prot[s] = PROT_NONE;
  }
  vmo_unref(m->vmo);
  m->vmo = NULL;
}

static void member_map(struct member *m, unsigned s)
{
  static const int prots[] = {PROT_READ, RW, RW};
  int prot = prots[test_random(ARRAY_SIZE(prots))];
  vaddr_t at = window((unsigned)(m - family));
  if (m->prot[s] == PROT_NONE) {
    ck_assert_int_eq(map(spaces[s], m->vmo, 0, at, PAGES_MAX, prot), 0);
  } else if (test_random(2)) {
    ck_assert_int_eq(aspace_protect(spaces[s], at, PAGES_MAX * PAGE_SIZE, prot), 0);
  } else {
    ck_assert_int_eq(aspace_unmap(spaces[s], at, PAGES_MAX * PAGE_SIZE), 0);
    prot = PROT_NONE;
  }
  m->prot[s] = prot;
}

/* Writes or reads a little, by call or through a mapping. */
static void member_touch(struct member *m, unsigned s)
{
  uint8_t buf[64];
  unsigned slot = (unsigned)test_random(SLOTS);
  size_t at = test_random(PAGE_SIZE), len = 1 + test_random(MIN(sizeof buf, PAGE_SIZE - at));
  uint64_t offset = (uint64_t)slot * STRIDE * PAGE_SIZE + at;
  bool mapped = m->prot[s] != PROT_NONE && test_random(4) != 0, write = test_random(2);
  int expected = inside(m, slot) ? 0 : mapped ? -EFAULT : -ERANGE;
  if (mapped && write && m->prot[s] != RW) expected = -EFAULT;
  vaddr_t va = window((unsigned)(m - family)) + offset;
  if (write) {
    memset(buf, (int)test_random(256), len);
    int err = mapped ? aspace_copy_out(spaces[s], va, buf, len) : vmo_write(m->vmo, offset, buf, len);
    ck_assert_int_eq(err, expected);
    if (err == 0) memcpy(m->bytes[slot] + at, buf, len);
  } else {
    int err = mapped ? aspace_copy_in(spaces[s], buf, va, len) : vmo_read(m->vmo, offset, buf, len);
    ck_assert_int_eq(err, expected);
    if (err == 0) ck_assert_int_eq(memcmp(buf, m->bytes[slot] + at, len), 0);
  }
  if (expected == 0 && (write || mapped)) m->present[slot] = true;
}

static void check_whole(struct member *m)
{
  static uint8_t page[PAGE_SIZE];
  for (unsigned i = 0; i < SLOTS; i++) {
    if (!inside(m, i)) continue;
    ck_assert_int_eq(vmo_read(m->vmo, (uint64_t)i * STRIDE * PAGE_SIZE, page, PAGE_SIZE), 0);
    ck_assert_int_eq(memcmp(page, m->bytes[i], PAGE_SIZE), 0);
  }
  check_committed(m);
}

START_TEST(families_agree_with_arrays_of_bytes)
{
  for (unsigned s = 0; s < SPACES; s++) spaces[s] = space();
  for (unsigned step = 0, steps = stress(1000000); step < steps; step++) {
    struct member *m = &family[test_random(FAMILY)], *other = &family[test_random(FAMILY)];
    unsigned s = (unsigned)test_random(SPACES);
    unsigned what = (unsigned)test_random(200);
    if (!m->vmo && other->vmo)
      member_clone(m, other);
    else if (!m->vmo)
      member_create(m);
    else if (what == 0)
      member_destroy(m);
    else if (what == 1)
      member_resize(m);
    else if (what < 6)
      member_map(m, s);
    else if (what == 6 && step % 16 == 0)
      check_whole(m);
    else
      member_touch(m, s);
  }
  for (unsigned i = 0; i < FAMILY; i++) {
    if (!family[i].vmo) continue;
    check_whole(&family[i]);
    member_destroy(&family[i]);
  }
  for (unsigned s = 0; s < SPACES; s++) {
    ck_assert_uint_eq(spaces[s]->mapped_pages, 0);
    aspace_unref(spaces[s]);
  }
  everything_is_back();
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("vmo model");
  TCase *tc = suite_case(suite, "families", mm_setup, NULL);
  tcase_add_test(tc, families_agree_with_arrays_of_bytes);
  return suite_run(suite);
}

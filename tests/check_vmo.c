/*
 * Memory objects: families of clones against arrays of bytes, page by page and through mappings; what sizes, sources, quotas
 * and failing allocations do; who may write and who may execute.
 */
#include "rig.h"

#include <kern/alloc_fault.h>
#include <kern/aspace.h>
#include <kern/kmem.h>
#include <kern/mm/aspace_impl.h>
#include <kern/mm/vmo_impl.h>
#include <kern/pmm.h>
#include <kern/trap.h>
#include <string.h>

#define RW (PROT_READ | PROT_WRITE)
#define RX (PROT_READ | PROT_EXEC)
#define AT USER_MMAP_BASE

static uint64_t objects_before, free_before;

static void usage(uint64_t *objects, uint64_t *pages)
{
  struct kmem_stats heap;
  struct pmm_stats s;
  kmem_reclaim();
  kmem_get_stats(&heap);
  pmm_get_stats(&s);
  *objects = heap.objects;
  *pages = s.free_pages;
}

static void setup(void)
{
  rig_boot_default();
  usage(&objects_before, &free_before);
}

static void everything_is_back(void)
{
  uint64_t objects, pages;
  usage(&objects, &pages);
  ck_assert_uint_eq(objects, objects_before);
  ck_assert_uint_eq(pages, free_before);
  ck_assert_uint_eq(object_count(OBJECT_VMO), 0);
}

static struct vmo *object(uint64_t pages)
{
  struct vmo *v;
  ck_assert_int_eq(vmo_create(pages * PAGE_SIZE, &v), 0);
  return v;
}

static struct aspace *space(void)
{
  struct aspace *as;
  ck_assert_int_eq(aspace_create(&as), 0);
  return as;
}

static struct vmo *clone(struct vmo *v, uint64_t page, uint64_t pages)
{
  struct vmo *c;
  ck_assert_int_eq(vmo_clone(v, page * PAGE_SIZE, pages * PAGE_SIZE, &c), 0);
  return c;
}

static int map(struct aspace *as, struct vmo *v, uint64_t page, vaddr_t at, size_t pages, int prot)
{
  return aspace_map(as, v, page * PAGE_SIZE, at, pages * PAGE_SIZE, prot, true, &at);
}

static void put(struct vmo *v, uint64_t page, uint8_t byte)
{
  ck_assert_int_eq(vmo_write(v, page * PAGE_SIZE + 5, &byte, 1), 0);
}

static uint8_t get(struct vmo *v, uint64_t page)
{
  uint8_t byte;
  ck_assert_int_eq(vmo_read(v, page * PAGE_SIZE + 5, &byte, 1), 0);
  return byte;
}

/* ---- families of clones against a model ---- */

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
  m->pages = rig_random(PAGES_MAX + 1);
  m->vmo = object(m->pages);
  memset(m->present, 0, sizeof m->present);
  memset(m->bytes, 0, sizeof m->bytes);
}

static void member_clone(struct member *c, const struct member *m)
{
  unsigned first = rig_random(3) ? 0 : (unsigned)rig_random(SLOTS);
  uint64_t pages = rig_random(2) ? m->pages : rig_random(PAGES_MAX + 1 - first * STRIDE);
  pages = MIN(pages, PAGES_MAX - first * STRIDE);
  c->pages = pages;
  c->vmo = clone(m->vmo, first * STRIDE, pages);
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
  uint64_t bytes = rig_random(PAGES_MAX * PAGE_SIZE + 1);
  if (rig_random(2)) bytes = ALIGN_DOWN(bytes, (uint64_t)PAGE_SIZE);
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
  int prot = prots[rig_random(ARRAY_SIZE(prots))];
  vaddr_t at = window((unsigned)(m - family));
  if (m->prot[s] == PROT_NONE) {
    ck_assert_int_eq(map(spaces[s], m->vmo, 0, at, PAGES_MAX, prot), 0);
  } else if (rig_random(2)) {
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
  unsigned slot = (unsigned)rig_random(SLOTS);
  size_t at = rig_random(PAGE_SIZE), len = 1 + rig_random(MIN(sizeof buf, PAGE_SIZE - at));
  uint64_t offset = (uint64_t)slot * STRIDE * PAGE_SIZE + at;
  bool mapped = m->prot[s] != PROT_NONE && rig_random(4) != 0, write = rig_random(2);
  int expected = inside(m, slot) ? 0 : mapped ? -EFAULT : -ERANGE;
  if (mapped && write && m->prot[s] != RW) expected = -EFAULT;
  vaddr_t va = window((unsigned)(m - family)) + offset;
  if (write) {
    memset(buf, (int)rig_random(256), len);
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
    struct member *m = &family[rig_random(FAMILY)], *other = &family[rig_random(FAMILY)];
    unsigned s = (unsigned)rig_random(SPACES);
    unsigned what = (unsigned)rig_random(200);
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

/* ---- clones ---- */

START_TEST(a_clone_costs_what_is_written)
{
  uint64_t objects, pages, now_objects, now_pages;
  struct vmo *v = object(2000), *c[100];
  for (unsigned i = 0; i < 2000; i++) put(v, i, (uint8_t)i);
  usage(&objects, &pages);
  for (unsigned i = 0; i < 100; i++) c[i] = clone(i ? c[i - 1] : v, 0, 2000);
  usage(&now_objects, &now_pages);
  ck_assert_uint_eq(now_objects, objects + 100); /* no node, and no chain to walk */
  ck_assert_uint_ge(now_pages + 8, pages);       /* the heap's, no object's */
  put(c[99], 1999, 1);
  usage(&now_objects, &now_pages);
  ck_assert_uint_eq(now_objects, objects + 100 + 3); /* the nodes on the way */
  vmo_unref(v);
  for (unsigned i = 0; i < 99; i++) vmo_unref(c[i]);
  for (unsigned i = 0; i < 1999; i++) ck_assert_uint_eq(get(c[99], i), (uint8_t)i);
  ck_assert_uint_eq(get(c[99], 1999), 1);
  vmo_unref(c[99]);
  everything_is_back();
}
END_TEST

/* The second segment of the founders' program began at 0x1000 and had 0x62 bytes; their third object was gone when the
 * container of the objects moved. */
START_TEST(three_segments_keep_their_identity)
{
  static const struct {
    uint64_t offset, size;
  } segment[3] = {{0, 0x1000}, {0x1000, 0x62}, {0x2000, 0x1234}};
  struct vmo *file = object(4), *v[3], *c[3], *others[500];
  uint8_t byte;
  uint64_t id[3];
  for (unsigned i = 0; i < 4; i++) put(file, i, (uint8_t)(0x40 + i));
  for (unsigned i = 0; i < 3; i++) {
    ck_assert_int_eq(vmo_clone(file, segment[i].offset, segment[i].size, &v[i]), 0);
    id[i] = vmo_id(v[i]);
  }
  for (unsigned i = 0; i < 500; i++) others[i] = i % 2 ? object(i) : clone(v[i % 3], 0, 1);
  for (unsigned i = 0; i < 3; i++) c[i] = clone(v[i], 0, vmo_size(v[i]) / PAGE_SIZE);
  for (unsigned i = 0; i < 3; i++) put(v[i], 0, 0xEE);
  for (unsigned i = 0; i < 500; i++) vmo_unref(others[i]);
  for (unsigned i = 0; i < 3; i++) {
    ck_assert_uint_eq(vmo_id(v[i]), id[i]);
    ck_assert_uint_eq(vmo_size(v[i]), ALIGN_UP(segment[i].size, (uint64_t)PAGE_SIZE));
    ck_assert_uint_eq(get(v[i], 0), 0xEE);
    ck_assert_uint_eq(get(c[i], 0), 0x40 + i);
    ck_assert_uint_eq(get(file, i), 0x40 + i);
    ck_assert_int_eq(vmo_read(v[i], vmo_size(v[i]), &byte, 1), -ERANGE);
  }
  ck_assert_uint_eq(get(c[2], 1), 0x43);
  for (unsigned i = 0; i < 3; i++) {
    vmo_unref(v[i]);
    vmo_unref(c[i]);
  }
  vmo_unref(file);
  everything_is_back();
}
END_TEST

START_TEST(clones_beyond_the_end_read_zero)
{
  struct vmo *v = object(2), *c;
  put(v, 1, 7);
  c = clone(v, 1, 100);
  ck_assert_uint_eq(get(c, 0), 7);
  ck_assert_uint_eq(get(c, 99), 0);
  vmo_unref(c);
  c = clone(v, 0, 100); /* of a greater height than the original */
  ck_assert_uint_eq(get(c, 1), 7);
  put(c, 99, 8);
  ck_assert_uint_eq(vmo_size(v), 2 * PAGE_SIZE);
  vmo_unref(c);
  c = clone(v, 77, 1);
  ck_assert_uint_eq(get(c, 0), 0);
  vmo_unref(c);
  ck_assert_int_eq(vmo_clone(v, 1, PAGE_SIZE, &c), -EINVAL);
  ck_assert_int_eq(vmo_clone(v, VMO_SIZE_MAX, PAGE_SIZE, &c), -EINVAL);
  ck_assert_int_eq(vmo_clone(v, PAGE_SIZE, UINT64_MAX, &c), -EINVAL);
  vmo_unref(v);
  everything_is_back();
}
END_TEST

START_TEST(sources_fill_pages_when_they_are_needed)
{
  static uint8_t source[2 * PAGE_SIZE + 100];
  for (size_t i = 0; i < sizeof source; i++) source[i] = (uint8_t)(i / PAGE_SIZE + 1);
  static uint8_t back[4 * PAGE_SIZE];
  struct vmo *v = object(0), *c;
  vmo_set_source(v, source, sizeof source);
  ck_assert_uint_eq(vmo_size(v), 3 * PAGE_SIZE);
  ck_assert_int_eq(vmo_resize(v, 4 * PAGE_SIZE), 0);
  ck_assert_int_eq(vmo_read(v, 0, back, sizeof back), 0);
  ck_assert_int_eq(memcmp(back, source, sizeof source), 0);
  ck_assert(rig_all_bytes(back + sizeof source, 0, sizeof back - sizeof source));
  ck_assert_uint_eq(vmo_committed_pages(v), 0);
  c = clone(v, 1, 2);
  put(v, 1, 99);
  ck_assert_uint_eq(vmo_committed_pages(v), 1);
  ck_assert_uint_eq(get(c, 0), 2);
  ck_assert_int_eq(vmo_resize(v, 2 * PAGE_SIZE + 50), 0);
  ck_assert_int_eq(vmo_resize(v, 4 * PAGE_SIZE), 0);
  ck_assert_int_eq(vmo_read(v, 2 * PAGE_SIZE, back, PAGE_SIZE), 0);
  ck_assert(rig_all_bytes(back, 3, 50) && rig_all_bytes(back + 50, 0, PAGE_SIZE - 50)); /* what was cut is gone */
  ck_assert_int_eq(vmo_read(c, PAGE_SIZE, back, PAGE_SIZE), 0);
  ck_assert(rig_all_bytes(back, 3, 100) && rig_all_bytes(back + 100, 0, PAGE_SIZE - 100));
  vmo_unref(v);
  vmo_unref(c);
  everything_is_back();
}
END_TEST

START_TEST(quotas_count_pages_of_all_their_objects)
{
  struct vmo_quota q = {.limit = 10};
  struct vmo *a = object(20), *b = object(20), *c;
  uint8_t byte = 1;
  vmo_set_quota(a, &q);
  vmo_set_quota(b, &q);
  for (unsigned i = 0; i < 6; i++) put(a, i, 1);
  for (unsigned i = 0; i < 4; i++) put(b, i, 1);
  ck_assert_int_eq(vmo_write(b, 4 * PAGE_SIZE, &byte, 1), -ENOMEM);
  c = clone(a, 0, 20);
  put(a, 0, 2); /* a page of its own in the place of one it had */
  put(c, 10, 3);
  ck_assert_uint_eq(q.used, 10);
  ck_assert_int_eq(vmo_resize(a, 3 * PAGE_SIZE), 0);
  ck_assert_uint_eq(q.used, 7);
  put(b, 5, 1);
  vmo_unref(a);
  ck_assert_uint_eq(q.used, 5);
  vmo_unref(b);
  vmo_unref(c);
  ck_assert_uint_eq(q.used, 0);
  everything_is_back();
}
END_TEST

/* A page that finds no memory, or no table to be mapped by, is not counted. */
START_TEST(quotas_count_no_page_that_failed)
{
  struct vmo_quota q = {.limit = 10};
  struct aspace *as = space();
  struct vmo *v = object(4);
  uint8_t byte = 1;
  vmo_set_quota(v, &q);
  ck_assert_int_eq(map(as, v, 0, AT, 4, RW), 0);
  for (uint64_t n = 1, failures = 1; failures > 0; n++) {
    alloc_fault_arm(n, true);
    int err = _i == 0 ? vmo_write(v, 0, &byte, 1) : aspace_fault(as, AT, ACCESS_WRITE);
    failures = alloc_fault_failures();
    alloc_fault_arm(0, false);
    ck_assert_int_eq(err, failures ? -ENOMEM : 0);
    ck_assert_uint_eq(q.used, failures ? 0 : 1);
  }
  vmo_unref(v);
  aspace_unref(as);
  everything_is_back();
}
END_TEST

/* ---- mappings ---- */

static uint8_t peek(struct aspace *as, vaddr_t at)
{
  uint8_t byte;
  ck_assert_int_eq(aspace_copy_in(as, &byte, at, 1), 0);
  return byte;
}

static void poke(struct aspace *as, vaddr_t at, uint8_t byte)
{
  ck_assert_int_eq(aspace_copy_out(as, at, &byte, 1), 0);
}

static bool writable(struct aspace *as, vaddr_t at)
{
  struct pmap_entry e;
  return pmap_lookup(&as->pmap, at, &e) && (e.attrs & PMAP_WRITE);
}

START_TEST(a_clone_takes_write_away_and_a_fault_gives_it_back)
{
  struct aspace *a = space(), *b = space();
  struct vmo *v = object(4), *c;
  ck_assert_int_eq(map(a, v, 0, AT, 4, RW), 0);
  ck_assert_int_eq(map(b, v, 1, AT, 3, RW), 0);
  poke(a, AT + PAGE_SIZE, 1);
  poke(b, AT, 2); /* the same byte */
  ck_assert_uint_eq(peek(a, AT + PAGE_SIZE), 2);
  ck_assert(writable(a, AT + PAGE_SIZE) && writable(b, AT));
  c = clone(v, 0, 4);
  ck_assert(!writable(a, AT + PAGE_SIZE) && !writable(b, AT));
  poke(b, AT, 3); /* both mappings move on to the copy, the clone does not */
  ck_assert_uint_eq(peek(a, AT + PAGE_SIZE), 3);
  uint8_t byte;
  ck_assert_int_eq(vmo_read(c, PAGE_SIZE, &byte, 1), 0);
  ck_assert_uint_eq(byte, 2);
  ck_assert(writable(b, AT) && !writable(a, AT + PAGE_SIZE)); /* until somebody writes there */
  poke(a, AT + PAGE_SIZE, 3);
  ck_assert(writable(a, AT + PAGE_SIZE));
  vmo_unref(c);
  c = clone(v, 0, 4);
  vmo_unref(c); /* nobody shares any more: the page itself becomes writable again */
  struct pmap_entry before, after;
  ck_assert(pmap_lookup(&b->pmap, AT, &before) && !writable(b, AT));
  poke(b, AT, 4);
  ck_assert(pmap_lookup(&b->pmap, AT, &after) && writable(b, AT));
  ck_assert_uint_eq(after.pa, before.pa);
  ck_assert_uint_eq(peek(a, AT + PAGE_SIZE), 4);
  vmo_unref(v);
  aspace_unref(a);
  aspace_unref(b);
  everything_is_back();
}
END_TEST

START_TEST(a_smaller_object_leaves_its_mappings)
{
  struct aspace *a = space(), *b = space();
  struct vmo *v = object(100);
  ck_assert_int_eq(map(a, v, 0, AT, 100, RW), 0);
  ck_assert_int_eq(map(b, v, 50, AT, 50, PROT_READ), 0);
  for (unsigned i = 0; i < 100; i++) poke(a, AT + i * PAGE_SIZE, 1);
  for (unsigned i = 0; i < 50; i++) ck_assert_uint_eq(peek(b, AT + i * PAGE_SIZE), 1);
  ck_assert_int_eq(vmo_resize(v, 60 * PAGE_SIZE), 0);
  ck_assert_uint_eq(aspace_resident_pages(a), 60);
  ck_assert_uint_eq(aspace_resident_pages(b), 10);
  ck_assert_uint_eq(vmo_committed_pages(v), 60);
  ck_assert_int_eq(aspace_fault(a, AT + 60 * PAGE_SIZE, ACCESS_READ), -ERANGE);
  ck_assert_int_eq(aspace_fault(b, AT + 10 * PAGE_SIZE, ACCESS_READ), -ERANGE);
  ck_assert_int_eq(aspace_fault(b, AT + 9 * PAGE_SIZE, ACCESS_READ), 0);
  ck_assert_int_eq(vmo_resize(v, 100 * PAGE_SIZE), 0);
  ck_assert_uint_eq(peek(b, AT + 10 * PAGE_SIZE), 0);
  ck_assert_uint_eq(peek(a, AT + 59 * PAGE_SIZE), 1);
  vmo_unref(v);
  aspace_unref(a);
  aspace_unref(b);
  everything_is_back();
}
END_TEST

START_TEST(a_page_is_never_writable_and_executable)
{
  struct aspace *a = space(), *b = space();
  struct vmo *v = object(8), *c;
  uint8_t byte = 1;
  ck_assert_int_eq(map(a, v, 0, AT, 4, RW), 0);
  ck_assert_int_eq(map(b, v, 3, AT, 4, RX), -EACCES); /* one page in common */
  ck_assert_int_eq(map(a, v, 0, AT + MIB(1), 1, PROT_EXEC), -EACCES);
  ck_assert_int_eq(map(b, v, 4, AT, 4, RX), 0);                  /* other pages of the object */
  ck_assert_int_eq(aspace_protect(b, AT, 2 * PAGE_SIZE, RW), 0); /* 4 and 5: written now, not executed */
  ck_assert_int_eq(map(a, v, 5, AT + MIB(1), 2, RX), -EACCES);
  ck_assert_int_eq(map(a, v, 6, AT + MIB(1), 2, RX), 0);
  ck_assert_int_eq(aspace_protect(b, AT, 4 * PAGE_SIZE, RW), -EACCES);
  ck_assert_int_eq(aspace_protect(b, AT + PAGE_SIZE, PAGE_SIZE, RX), 0);
  ck_assert_int_eq(vmo_write(v, 4 * PAGE_SIZE, &byte, 1), 0);
  ck_assert_int_eq(vmo_write(v, 5 * PAGE_SIZE, &byte, 1), -ETXTBSY);
  ck_assert_int_eq(vmo_zero(v, 4 * PAGE_SIZE, 5 * PAGE_SIZE), 0);
  ck_assert_int_eq(vmo_resize(v, 7 * PAGE_SIZE), -ETXTBSY);
  ck_assert_uint_eq(vmo_size(v), 8 * PAGE_SIZE);
  c = clone(v, 0, 8); /* pages of its own as soon as they are written */
  ck_assert_int_eq(map(b, c, 0, AT + MIB(1), 8, RW), 0);
  poke(b, AT + MIB(1) + 6 * PAGE_SIZE, 9);
  ck_assert_uint_eq(peek(a, AT + MIB(1)), 0);
  ck_assert_int_eq(aspace_unmap(b, AT, 4 * PAGE_SIZE), 0);
  ck_assert_int_eq(aspace_protect(a, AT + MIB(1), 2 * PAGE_SIZE, RW), 0); /* the last claim to execute is gone */
  ck_assert_int_eq(map(b, v, 0, AT, 4, RX), -EACCES);
  aspace_unref(a);
  ck_assert_int_eq(map(b, v, 0, AT, 8, RX), 0);
  vmo_unref(v);
  vmo_unref(c);
  aspace_unref(b);
  everything_is_back();
}
END_TEST

/* The same addresses of two spaces; a piece that is executed at the new end; what is counted when all is gone. */
START_TEST(a_claim_is_one_regions)
{
  struct aspace *a = space(), *b = space();
  struct vmo *v = object(8), *w = object(4);
  ck_assert_int_eq(map(a, v, 0, AT, 4, PROT_READ), 0);
  ck_assert_int_eq(map(b, v, 0, AT, 4, RX), 0);
  ck_assert_int_eq(aspace_protect(a, AT, 4 * PAGE_SIZE, RW), -EACCES);
  ck_assert_int_eq(aspace_unmap(b, AT, 4 * PAGE_SIZE), 0);
  ck_assert_uint_eq(v->nexecutable, 0);
  put(v, 6, 1);
  ck_assert_int_eq(map(b, v, 6, AT, 1, RX), 0);
  ck_assert_int_eq(vmo_resize(v, 6 * PAGE_SIZE + 100), -ETXTBSY); /* which would zero the rest of it */
  ck_assert_int_eq(vmo_resize(v, 7 * PAGE_SIZE), 0);
  ck_assert_int_eq(map(a, w, 0, AT + 4 * PAGE_SIZE, 4, RX), 0);
  ck_assert_int_eq(map(b, w, 0, AT + MIB(1), 4, RX), 0);
  ck_assert_int_eq(aspace_protect(a, AT, 8 * PAGE_SIZE, RW), -EACCES); /* v would do, w does not: v's claim goes */
  ck_assert_uint_eq(v->nwritable, 0);
  ck_assert_int_eq(map(b, v, 0, AT + MIB(2), 4, RX), 0);
  aspace_unref(a);
  aspace_unref(b);
  ck_assert(v->nwritable == 0 && v->nexecutable == 0 && w->nwritable == 0 && w->nexecutable == 0);
  vmo_unref(v);
  vmo_unref(w);
  everything_is_back();
}
END_TEST

/* While rights change, both the old and the new ones are claimed. */
START_TEST(rights_in_change_are_claimed_both)
{
  struct aspace *a = space(), *b = space();
  struct vmo *v = object(1);
  ck_assert_int_eq(map(a, v, 0, AT, 1, RX), 0);
  struct region *r = region_at_or_after(a, AT);
  ck_assert_int_eq(vmo_claim(r, PROT_READ, AT, AT + PAGE_SIZE), 0);
  ck_assert_int_eq(map(b, v, 0, AT, 1, RW), -EACCES);
  vmo_settle(r, PROT_READ);
  ck_assert_int_eq(map(b, v, 0, AT, 1, RW), 0);
  vmo_unref(v);
  aspace_unref(a);
  aspace_unref(b);
  everything_is_back();
}
END_TEST

START_TEST(a_refused_change_of_rights_changes_nothing)
{
  struct aspace *a = space(), *b = space();
  struct vmo *v = object(3), *w = object(3);
  ck_assert_int_eq(map(a, v, 0, AT, 3, RX), 0);
  ck_assert_int_eq(map(a, w, 0, AT + 3 * PAGE_SIZE, 3, RX), 0);
  ck_assert_int_eq(map(b, w, 0, AT, 1, RX), 0);
  ck_assert_int_eq(aspace_protect(a, AT + PAGE_SIZE, 4 * PAGE_SIZE, RW),
                   -EACCES); /* w stands in the way, v was asked first */
  ck_assert_int_eq(aspace_fault(a, AT + PAGE_SIZE, ACCESS_EXEC), 0);
  ck_assert_int_eq(aspace_fault(a, AT + PAGE_SIZE, ACCESS_WRITE), -EACCES);
  ck_assert_int_eq(map(b, v, 0, AT + MIB(1), 3, RX), 0); /* v's claim to write was taken back */
  vaddr_t at;
  ck_assert_int_eq(aspace_map_limited(a, w, 0, AT + MIB(1), PAGE_SIZE, PROT_READ, PROT_READ, true, &at), 0);
  ck_assert_int_eq(aspace_protect(a, at, PAGE_SIZE, RX), -EACCES); /* more than its limit */
  ck_assert_int_eq(aspace_protect(a, at, PAGE_SIZE, PROT_NONE), 0);
  ck_assert_int_eq(aspace_protect(a, at, PAGE_SIZE, PROT_READ), 0);
  vmo_unref(v);
  vmo_unref(w);
  aspace_unref(a);
  aspace_unref(b);
  everything_is_back();
}
END_TEST

static unsigned count_regions(struct aspace *as)
{
  unsigned n = 0;
  for (struct avl_node *node = avl_first(&as->regions); node; node = avl_next(node)) n++;
  return n;
}

START_TEST(neighbours_are_joined)
{
  struct aspace *a = space();
  struct vmo *v = object(30), *w = object(30);
  ck_assert_int_eq(map(a, v, 0, AT, 10, RW), 0);
  ck_assert_int_eq(map(a, v, 20, AT + 20 * PAGE_SIZE, 10, RW), 0);
  ck_assert_int_eq(map(a, v, 10, AT + 10 * PAGE_SIZE, 10, RW), 0); /* fills the gap between them */
  ck_assert_uint_eq(count_regions(a), 1);
  ck_assert_uint_eq(v->nregions, 1);
  ck_assert_int_eq(aspace_protect(a, AT + 5 * PAGE_SIZE, PAGE_SIZE, PROT_READ), 0);
  ck_assert_uint_eq(count_regions(a), 3);
  ck_assert_int_eq(aspace_protect(a, AT + 5 * PAGE_SIZE, PAGE_SIZE, RW), 0);
  ck_assert_uint_eq(count_regions(a), 1);
  ck_assert_int_eq(map(a, v, 0, AT + 30 * PAGE_SIZE, 1, RW), 0);        /* not what follows in the object */
  ck_assert_int_eq(map(a, w, 1, AT + 31 * PAGE_SIZE, 1, RW), 0);        /* not the same object */
  ck_assert_int_eq(map(a, w, 2, AT + 32 * PAGE_SIZE, 1, PROT_READ), 0); /* not the same rights */
  ck_assert_uint_eq(count_regions(a), 4);
  vaddr_t at; /* not what may become of them */
  ck_assert_int_eq(aspace_map_limited(a, w, 3 * PAGE_SIZE, AT + 33 * PAGE_SIZE, 1, PROT_READ, PROT_READ, true, &at), 0);
  ck_assert_uint_eq(count_regions(a), 5);
  vmo_unref(v);
  vmo_unref(w);
  aspace_unref(a);
  everything_is_back();
}
END_TEST

START_TEST(ten_thousand_lives_leak_nothing)
{
  uint64_t objects, pages, now_objects, now_pages;
  usage(&objects, &pages);
  for (unsigned i = 0, n = stress(10000); i < n; i++) {
    struct aspace *a = space();
    struct vmo *v = object(40), *c;
    ck_assert_int_eq(aspace_map_stack(a), 0);
    ck_assert_int_eq(map(a, v, 0, AT, 40, RW), 0);
    poke(a, AT, 1);
    poke(a, AT + 39 * PAGE_SIZE, 1);
    poke(a, USER_STACK_TOP - 1, 1);
    c = clone(v, 0, 40);
    ck_assert_int_eq(map(a, c, 0, AT + MIB(1), 40, RW), 0);
    poke(a, AT + MIB(1), 2);
    vmo_unref(c);
    vmo_unref(v);
    aspace_unref(a);
  }
  usage(&now_objects, &now_pages);
  ck_assert_uint_eq(now_objects, objects);
  ck_assert_uint_eq(now_pages, pages);
}
END_TEST

/* ---- failing allocations ---- */

#define OPERATIONS 15

static struct vmo *made;

/* The original has pages 0-69 and is mapped in `as`; the clone shares them. */
static int operate(unsigned operation, struct vmo *v, struct vmo *c, struct aspace *as)
{
  uint8_t byte = 0xAB;
  vaddr_t at;
  switch (operation) {
  case 0: return vmo_create(PAGE_SIZE, &made);
  case 1: return vmo_clone(v, 0, 100 * PAGE_SIZE, &made);
  case 2: return vmo_clone(v, 0, 35 * PAGE_SIZE, &made);
  case 3: return vmo_clone(v, 33 * PAGE_SIZE, 2000 * PAGE_SIZE, &made);
  case 4: return vmo_write(v, 40 * PAGE_SIZE, &byte, 1);   /* a copy of a shared page */
  case 5: return vmo_write(c, 1050 * PAGE_SIZE, &byte, 1); /* a page of its own, below shared nodes */
  case 6: return vmo_resize(c, 50 * PAGE_SIZE);            /* in the middle of a shared node */
  case 7: return vmo_resize(c, 40000 * PAGE_SIZE);         /* a level more */
  case 8: return aspace_map(as, v, 0, AT + MIB(16), PAGE_SIZE, RW, true, &at);
  case 9: return vmo_resize(c, 50 * PAGE_SIZE + 1);                              /* a copy of the last page, too */
  case 10: return vmo_resize(v, 40 * PAGE_SIZE + 1);                             /* the same of what is mapped */
  case 11: return vmo_resize(v, 40 * PAGE_SIZE);                                 /* what is mapped, from a page on */
  case 12: return aspace_fault(as, AT + 1050 * PAGE_SIZE, ACCESS_WRITE);         /* a fresh page, and a table for it */
  case 13: return aspace_fault(as, AT + MIB(32), ACCESS_WRITE);                  /* a copy, and a table for it */
  default: return aspace_fault(as, AT + MIB(32) + 40 * PAGE_SIZE, ACCESS_WRITE); /* the same in a shared node */
  }
}

static void check_contents(struct vmo *v, uint64_t pages)
{
  ck_assert_uint_eq(vmo_size(v), pages * PAGE_SIZE);
  ck_assert_uint_eq(vmo_committed_pages(v), 70);
  for (unsigned i = 0; i < 70; i++) ck_assert_uint_eq(get(v, i), i + 1);
}

START_TEST(failing_allocations_change_nothing)
{
  struct aspace *as = space();
  struct vmo *v = object(2000), *c;
  for (unsigned i = 0; i < 70; i++) put(v, i, (uint8_t)(i + 1));
  ck_assert_int_eq(map(as, v, 0, AT, 2000, RW), 0);
  for (unsigned i = 0; i < 70; i++) poke(as, AT + i * PAGE_SIZE, 0);
  c = clone(v, 0, 2000);
  ck_assert_int_eq(map(as, c, 0, AT + MIB(32), 2000, RW), 0);
  for (uint64_t n = 1;; n++) {
    uint64_t objects, pages, now_objects, now_pages;
    usage(&objects, &pages);
    alloc_fault_arm(n, true);
    int err = operate((unsigned)_i, v, c, as);
    uint64_t failures = alloc_fault_failures();
    alloc_fault_arm(0, false);
    if (failures == 0) {
      ck_assert_int_eq(err, 0);
      ck_assert_uint_gt(n, 1); /* at least one allocation was there to fail */
      break;
    }
    ck_assert_int_eq(err, -ENOMEM);
    usage(&now_objects, &now_pages);
    ck_assert_uint_eq(now_objects, objects);
    ck_assert_uint_eq(now_pages, pages);
    ck_assert_uint_eq(as->mapped_pages, 4000);
    ck_assert_uint_eq(aspace_resident_pages(as), 70);
    check_contents(v, 2000);
    check_contents(c, 2000);
  }
  if (made) vmo_unref(made);
  vmo_unref(v);
  vmo_unref(c);
  aspace_unref(as);
  everything_is_back();
}
END_TEST

/* A write at the end that finds no memory leaves the object as small as it was. */
START_TEST(failing_growth_changes_nothing)
{
  static const uint64_t pages[] = {0, 1, 32, 40, 1024};
  struct vmo *v = object(pages[_i]);
  if (pages[_i]) put(v, 0, 1);
  for (uint64_t n = 1;; n++) {
    uint64_t objects, free, now_objects, now_free;
    uint8_t byte = 3;
    struct uio uio = uio_kernel(&byte, 1);
    usage(&objects, &free);
    alloc_fault_arm(n, true);
    int err = vmo_append_uio(v, pages[_i] * PAGE_SIZE + 77, &uio);
    uint64_t failures = alloc_fault_failures();
    alloc_fault_arm(0, false);
    if (failures == 0) {
      ck_assert_int_eq(err, 0);
      break;
    }
    usage(&now_objects, &now_free);
    ck_assert_int_eq(err, -ENOMEM);
    ck_assert_uint_eq(uio.left, 1);
    ck_assert_uint_eq(vmo_size(v), pages[_i] * PAGE_SIZE);
    ck_assert_uint_eq(now_objects, objects);
    ck_assert_uint_eq(now_free, free);
  }
  ck_assert_uint_eq(vmo_size(v), (pages[_i] + 1) * PAGE_SIZE);
  vmo_unref(v);
  everything_is_back();
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("vmo");
  TCase *tc = tcase_create("vmo");
  tcase_add_checked_fixture(tc, setup, NULL);
  tcase_set_timeout(tc, 600);
  tcase_add_test(tc, families_agree_with_arrays_of_bytes);
  tcase_add_test(tc, a_clone_costs_what_is_written);
  tcase_add_test(tc, three_segments_keep_their_identity);
  tcase_add_test(tc, clones_beyond_the_end_read_zero);
  tcase_add_test(tc, sources_fill_pages_when_they_are_needed);
  tcase_add_test(tc, quotas_count_pages_of_all_their_objects);
  tcase_add_loop_test(tc, quotas_count_no_page_that_failed, 0, 2);
  tcase_add_test(tc, a_clone_takes_write_away_and_a_fault_gives_it_back);
  tcase_add_test(tc, a_smaller_object_leaves_its_mappings);
  tcase_add_test(tc, a_page_is_never_writable_and_executable);
  tcase_add_test(tc, a_claim_is_one_regions);
  tcase_add_test(tc, rights_in_change_are_claimed_both);
  tcase_add_test(tc, a_refused_change_of_rights_changes_nothing);
  tcase_add_test(tc, neighbours_are_joined);
  tcase_add_test(tc, ten_thousand_lives_leak_nothing);
  tcase_add_loop_test(tc, failing_allocations_change_nothing, 0, OPERATIONS);
  tcase_add_loop_test(tc, failing_growth_changes_nothing, 0, 5);
  suite_add_tcase(suite, tc);
  return suite_run(suite);
}

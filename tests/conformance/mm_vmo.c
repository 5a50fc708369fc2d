/* Memory objects inside the running kernel: families of clones against bytes, through calls and mappings, and their rules. */
#include <kern/aspace.h>
#include <kern/kmem.h>
#include <kern/ktest.h>
#include <kern/object.h>
#include <kern/pmm.h>
#include <kern/string.h>
#include <kern/trap.h>
#include <kern/uaccess.h>
#include <kern/vmo.h>
#include <uapi/abi.h>

#include "crew.h"

#define AT USER_MMAP_BASE
#define RW (PROT_READ | PROT_WRITE)
#define RX (PROT_READ | PROT_EXEC)

struct usage {
  uint64_t objects, pages, vmos;
};

static struct usage usage(void)
{
  struct kmem_stats heap;
  struct pmm_stats pages;
  kmem_reclaim();
  kmem_get_stats(&heap);
  pmm_get_stats(&pages);
  return (struct usage){.objects = heap.objects, .pages = pages.free_pages, .vmos = object_count(OBJECT_VMO)};
}

static bool is_back(const struct usage *before)
{
  struct usage now = usage();
  return now.objects == before->objects && now.pages == before->pages && now.vmos == before->vmos;
}

static uint32_t random_below(uint32_t below)
{
  static uint32_t state = 2463534242u; /* xorshift: the same in every run */
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return state % below;
}

/* ---- a family: each member has PAGES pages, of which the model keeps the first byte, and a mapping ---- */

#define FAMILY 8u
#define PAGES 40u
#define STEPS 3000u

static struct {
  struct vmo *vmo;
  uint8_t byte[PAGES];
} family[FAMILY];

static vaddr_t place(unsigned m, unsigned page)
{
  return AT + m * MIB(1) + page * PAGE_SIZE;
}

static bool begin(struct aspace *as, unsigned m, unsigned from)
{
  vaddr_t at;
  int err = family[from].vmo ? vmo_clone(family[from].vmo, 0, PAGES * PAGE_SIZE, &family[m].vmo)
                             : vmo_create(PAGES * PAGE_SIZE, &family[m].vmo);
  if (err != 0) return false;
  memset(family[m].byte, 0, PAGES);
  if (family[from].vmo && from != m) memcpy(family[m].byte, family[from].byte, PAGES);
  return aspace_map(as, family[m].vmo, 0, place(m, 0), PAGES * PAGE_SIZE, RW, true, &at) == 0;
}

static bool end(struct aspace *as, unsigned m)
{
  int err = aspace_unmap(as, place(m, 0), PAGES * PAGE_SIZE);
  vmo_unref(family[m].vmo);
  family[m].vmo = NULL;
  return err == 0;
}

static bool touch(struct aspace *as, unsigned m, unsigned page)
{
  uint8_t byte = (uint8_t)random_below(256), seen = 0, mapped = 0;
  struct vmo *v = family[m].vmo;
  bool write = random_below(2), by_call = random_below(2);
  int err = 0;
  if (write) {
    err = by_call ? vmo_write(v, page * PAGE_SIZE, &byte, 1) : aspace_copy_out(as, place(m, page), &byte, 1);
    family[m].byte[page] = byte;
  }
  if (err == 0) err = vmo_read(v, page * PAGE_SIZE, &seen, 1);
  if (err == 0) err = aspace_copy_in(as, &mapped, place(m, page), 1);
  return err == 0 && seen == family[m].byte[page] && mapped == seen;
}

KTEST(mm_vmo_families_of_clones)
{
  struct usage before = usage();
  struct aspace *as;
  bool right = true;
  ktest_check(aspace_create(&as) == 0);
  for (unsigned step = 0; step < STEPS && right; step++) {
    unsigned m = random_below(FAMILY), from = random_below(FAMILY);
    if (!family[m].vmo)
      right = begin(as, m, from);
    else if (random_below(30) == 0)
      right = end(as, m);
    else
      right = touch(as, m, random_below(PAGES));
  }
  for (unsigned m = 0; m < FAMILY; m++)
    if (family[m].vmo) right = end(as, m) && right;
  aspace_unref(as);
  ktest_check(right);
  ktest_check(is_back(&before));
}

/* Three objects stand for the segments of a program, the second from 0x1000 on with 0x62 bytes; all three are there, by
 * number and content, however many others come and go. */
KTEST(mm_vmo_three_segments)
{
  static const struct {
    uint64_t offset, size;
  } segment[3] = {{0, 0x1000}, {0x1000, 0x62}, {0x2000, 0x1234}};
  static struct vmo *other[200];
  struct usage before = usage();
  struct vmo *file, *vmo[3], *clone[3];
  uint64_t id[3];
  bool made = vmo_create(4 * PAGE_SIZE, &file) == 0, kept = true;
  ktest_check(made);
  for (unsigned i = 0; i < 3; i++) {
    uint8_t byte = (uint8_t)(0x40 + i);
    made = made && vmo_write(file, segment[i].offset, &byte, 1) == 0 &&
           vmo_clone(file, segment[i].offset, segment[i].size, &vmo[i]) == 0;
    if (made) id[i] = vmo_id(vmo[i]);
  }
  ktest_check(made);
  for (unsigned i = 0; i < ARRAY_SIZE(other); i++) made = made && vmo_clone(vmo[i % 3], 0, PAGE_SIZE, &other[i]) == 0;
  for (unsigned i = 0; i < 3; i++) made = made && vmo_clone(vmo[i], 0, segment[i].size, &clone[i]) == 0;
  ktest_check(made);
  for (unsigned i = 0; i < 3; i++) kept = kept && vmo_write(vmo[i], 0, "x", 1) == 0;
  for (unsigned i = 0; i < ARRAY_SIZE(other); i++) vmo_unref(other[i]);
  for (unsigned i = 0; i < 3; i++) {
    uint8_t own = 0, cloned = 0;
    kept = kept && vmo_read(vmo[i], 0, &own, 1) == 0 && vmo_read(clone[i], 0, &cloned, 1) == 0;
    kept = kept && own == 'x' && cloned == 0x40 + i && vmo_id(vmo[i]) == id[i];
    kept = kept && vmo_size(clone[i]) == ALIGN_UP(segment[i].size, (uint64_t)PAGE_SIZE);
  }
  for (unsigned i = 0; i < 3; i++) {
    vmo_unref(vmo[i]);
    vmo_unref(clone[i]);
  }
  vmo_unref(file);
  ktest_check(kept);
  ktest_check(is_back(&before));
}

KTEST(mm_vmo_resize_takes_pages_away)
{
  struct usage before = usage();
  struct aspace *as;
  struct vmo *v;
  vaddr_t at;
  ktest_check(aspace_create(&as) == 0);
  int err = vmo_create(8 * PAGE_SIZE, &v);
  if (err == 0) err = aspace_map(as, v, 0, AT, 8 * PAGE_SIZE, RW, true, &at);
  for (unsigned i = 0; i < 8 && err == 0; i++) err = aspace_fault(as, AT + i * PAGE_SIZE, ACCESS_WRITE);
  if (err == 0) err = vmo_resize(v, 3 * PAGE_SIZE);
  uint64_t resident = aspace_resident_pages(as);
  int inside = aspace_fault(as, AT + 2 * PAGE_SIZE, ACCESS_WRITE),
      outside = aspace_fault(as, AT + 3 * PAGE_SIZE, ACCESS_READ);
  if (err == 0) err = vmo_resize(v, 8 * PAGE_SIZE);
  int again = aspace_fault(as, AT + 3 * PAGE_SIZE, ACCESS_READ);
  vmo_unref(v);
  aspace_unref(as);
  ktest_check(err == 0 && resident == 3 && inside == 0 && outside == -ERANGE && again == 0);
  ktest_check(is_back(&before));
}

/* ---- a change of a large object, in steps, beside somebody who writes to it ---- */

#define LARGE MIB(8) /* four steps, or more */
#define MOMENTS 60u

static struct {
  struct aspace *as;
  uint64_t written; /* atomic; how often */
  bool stop;        /* atomic */
  bool failed;
} writer;

/* A number to the first page, then to the last, then the next number: the last page never has a higher one. */
static void write_front_then_back(void *arg)
{
  (void)arg;
  for (uint64_t n = 1; !__atomic_load_n(&writer.stop, __ATOMIC_RELAXED) && !writer.failed; n++) {
    writer.failed = aspace_copy_out(writer.as, AT, &n, sizeof n) != 0 ||
                    aspace_copy_out(writer.as, AT + LARGE - PAGE_SIZE, &n, sizeof n) != 0;
    __atomic_store_n(&writer.written, n, __ATOMIC_RELAXED);
    sched_yield();
  }
}

/* A clone is of one moment, though the rights to write go from one end of the object to the other. */
static bool clone_is_of_one_moment(struct vmo *v)
{
  uint64_t front = 0, back = 0;
  struct vmo *clone;
  if (vmo_clone(v, 0, LARGE, &clone) != 0) return false;
  int err = vmo_read(clone, 0, &front, sizeof front);
  if (err == 0) err = vmo_read(clone, LARGE - PAGE_SIZE, &back, sizeof back);
  vmo_unref(clone);
  return err == 0 && (front == back || front == back + 1);
}

KTEST(mm_vmo_large_clones_are_of_one_moment)
{
  static struct crew crew;
  uint64_t vmos = object_count(OBJECT_VMO);
  struct vmo *v;
  vaddr_t at;
  bool right = true;
  crew_init(&crew);
  memset(&writer, 0, sizeof writer);
  ktest_check(aspace_create(&writer.as) == 0 && vmo_create(LARGE, &v) == 0);
  ktest_check(aspace_map(writer.as, v, 0, AT, LARGE, RW, true, &at) == 0);
  ktest_check(crew_start(&crew, CLASS_USER, write_front_then_back, NULL));
  for (unsigned i = 0; i < MOMENTS && right; i++) {
    right = clone_is_of_one_moment(v);
    sched_yield();
  }
  __atomic_store_n(&writer.stop, true, __ATOMIC_RELAXED);
  crew_wait(&crew);
  ktest_check(right && !writer.failed && writer.written > 0);
  ktest_check(vmo_resize(v, PAGE_SIZE) == 0 && aspace_fault(writer.as, AT + LARGE - 1, ACCESS_READ) == -ERANGE);
  ktest_check(aspace_unmap(writer.as, AT, LARGE) == 0);
  vmo_unref(v);
  aspace_unref(writer.as);
  ktest_check(object_count(OBJECT_VMO) == vmos);
}

KTEST(mm_vmo_never_writable_and_executable)
{
  struct usage before = usage();
  struct aspace *a, *b;
  struct vmo *v;
  vaddr_t at;
  ktest_check(aspace_create(&a) == 0);
  ktest_check(aspace_create(&b) == 0);
  ktest_check(vmo_create(2 * PAGE_SIZE, &v) == 0);
  int write = aspace_map(a, v, 0, AT, 2 * PAGE_SIZE, RW, true, &at);
  int alias = aspace_map(a, v, PAGE_SIZE, AT + MIB(1), PAGE_SIZE, RX, true, &at);
  int elsewhere = aspace_map(b, v, 0, AT, PAGE_SIZE, RX, true, &at);
  int protect = aspace_protect(a, AT, 2 * PAGE_SIZE, PROT_READ);
  int execute = aspace_map(b, v, 0, AT, PAGE_SIZE, RX, true, &at);
  int back = aspace_protect(a, AT, 2 * PAGE_SIZE, RW), other = aspace_protect(a, AT + PAGE_SIZE, PAGE_SIZE, RW);
  int call = vmo_write(v, 0, "x", 1);
  vmo_unref(v);
  aspace_unref(a);
  aspace_unref(b);
  ktest_check(write == 0 && alias == -EACCES && elsewhere == -EACCES);
  ktest_check(protect == 0 && execute == 0 && back == -EACCES && other == 0 && call == -ETXTBSY);
  ktest_check(is_back(&before));
}

/* Address spaces and memory objects against a model, page by page. */
#include "mm_rig.h"

#include <kern/pmap.h>
#include <kern/trap.h>

static struct aspace *as;

static void setup(void)
{
  mm_setup();
  as = space();
}

#define PAGES 96u
#define BASE (USER_MMAP_BASE + 0x1F0000u) /* over the border of two page tables */
#define OBJECTS 4000u

struct model_page {
  bool mapped;
  int prot;
  unsigned object, index;
};

static struct {
  struct model_page page[PAGES];
  uint8_t content[OBJECTS][PAGES]; /* first byte of each page */
  unsigned objects;                /* 0 is the shared one */
  struct vmo *shared;
} model;

static vaddr_t page_va(unsigned i)
{
  return BASE + i * PAGE_SIZE;
}

static int random_prot(void)
{
  static const int prots[] = {PROT_NONE, PROT_READ, RW, RW, PROT_READ | PROT_EXEC, PROT_EXEC, PROT_WRITE};
  return prots[test_random(ARRAY_SIZE(prots))];
}

static bool any_mapped(unsigned first, unsigned count)
{
  for (unsigned i = first; i < first + count; i++)
    if (model.page[i].mapped) return true;
  return false;
}

static bool all_mapped(unsigned first, unsigned count)
{
  for (unsigned i = first; i < first + count; i++)
    if (!model.page[i].mapped) return false;
  return true;
}

/* Whether giving that page of an object these rights contradicts a mapping of it outside [first, first + count). */
static bool contradicts(unsigned id, unsigned index, int prot, unsigned first, unsigned count)
{
  for (unsigned i = 0; i < PAGES; i++) {
    const struct model_page *p = &model.page[i];
    if ((i >= first && i < first + count) || !p->mapped || p->object != id || p->index != index) continue;
    if (((prot & PROT_WRITE) && (p->prot & PROT_EXEC)) || ((prot & PROT_EXEC) && (p->prot & PROT_WRITE))) return true;
  }
  return false;
}

static void step_map(unsigned first, unsigned count)
{
  int prot = random_prot();
  bool shared = test_random(3) == 0;
  unsigned id = shared ? 0 : model.objects, index = (unsigned)test_random(PAGES - count + 1);
  struct vmo *v = shared ? model.shared : object(PAGES);
  vaddr_t where;
  int err = aspace_map(as, v, index * PAGE_SIZE, page_va(first), count * PAGE_SIZE - test_random(PAGE_SIZE), prot, true,
                       &where);
  bool refused = false;
  for (unsigned i = 0; i < count; i++) refused = refused || contradicts(id, index + i, prot, 0, 0);
  ck_assert_int_eq(err, any_mapped(first, count) ? -EEXIST : refused ? -EACCES : 0);
  if (!shared) vmo_unref(v);
  if (err != 0) return;
  if (!shared) model.objects++;
  for (unsigned i = 0; i < count; i++)
    model.page[first + i] = (struct model_page){.mapped = true, .prot = prot, .object = id, .index = index + i};
}

static void step_unmap(unsigned first, unsigned count)
{
  ck_assert_int_eq(aspace_unmap(as, page_va(first), count * PAGE_SIZE), 0);
  for (unsigned i = first; i < first + count; i++) model.page[i].mapped = false;
}

static void step_protect(unsigned first, unsigned count)
{
  int prot = random_prot();
  int err = aspace_protect(as, page_va(first), count * PAGE_SIZE, prot);
  bool refused = false;
  for (unsigned i = first; i < first + count; i++)
    refused = refused || contradicts(model.page[i].object, model.page[i].index, prot, first, count);
  ck_assert_int_eq(err, !all_mapped(first, count) ? -ENOMEM : refused ? -EACCES : 0);
  for (unsigned i = first; i < first + count && err == 0; i++) model.page[i].prot = prot;
}

static bool model_allows(const struct model_page *p, unsigned access)
{
  if (access == ACCESS_WRITE) return p->prot & PROT_WRITE;
  return access == ACCESS_EXEC ? p->prot & PROT_EXEC : p->prot != PROT_NONE;
}

/* written: just now, by a fault */
static void check_tables(unsigned i, unsigned access, bool written)
{
  const struct model_page *p = &model.page[i];
  struct pmap_entry e;
  if (!pmap_lookup(&as->pmap, page_va(i), &e)) return;
  ck_assert(p->mapped && p->prot != PROT_NONE); /* nothing stays in the tables that is not allowed */
  if (e.attrs & PMAP_WRITE) ck_assert(p->prot & PROT_WRITE);
  if (access == ACCESS_WRITE && written) ck_assert(!(p->prot & PROT_WRITE) || (e.attrs & PMAP_WRITE));
  ck_assert_int_eq(!(e.attrs & PMAP_EXEC), !(p->prot & PROT_EXEC));
  ck_assert(e.attrs & PMAP_USER);
  if (model_allows(p, access)) ck_assert_uint_eq(*(uint8_t *)phys_to_virt(e.pa), model.content[p->object][p->index]);
}

static void step_touch(unsigned i)
{
  static const unsigned accesses[] = {ACCESS_READ, ACCESS_WRITE, ACCESS_EXEC};
  struct model_page *p = &model.page[i];
  unsigned access = accesses[test_random(3)];
  uint8_t byte = (uint8_t)test_random(256), back;
  int expected = !p->mapped ? -EFAULT : model_allows(p, access) ? 0 : -EACCES;
  check_tables(i, access, false);
  ck_assert_int_eq(aspace_fault(as, page_va(i) + test_random(PAGE_SIZE), access), expected);
  check_tables(i, access, true);
  if (access == ACCESS_WRITE) {
    ck_assert_int_eq(aspace_copy_out(as, page_va(i), &byte, 1), expected == 0 ? 0 : -EFAULT);
    if (expected == 0) model.content[p->object][p->index] = byte;
  }
  bool readable = p->mapped && p->prot != PROT_NONE;
  ck_assert_int_eq(aspace_copy_in(as, &back, page_va(i), 1), readable ? 0 : -EFAULT);
  if (readable) ck_assert_uint_eq(back, model.content[p->object][p->index]);
}

START_TEST(agrees_with_a_model)
{
  model.shared = object(PAGES);
  model.objects = 1;
  for (unsigned step = 0, steps = stress(40000); step < steps && model.objects < OBJECTS; step++) {
    unsigned first = (unsigned)test_random(PAGES), count = 1 + (unsigned)test_random(MIN(PAGES - first, 12u));
    switch (test_random(8)) {
    case 0: step_map(first, count); break;
    case 1: step_unmap(first, count); break;
    case 2: step_protect(first, count); break;
    default: step_touch(first); break;
    }
    uint64_t mapped = 0;
    for (unsigned i = 0; i < PAGES; i++) mapped += model.page[i].mapped;
    ck_assert_uint_eq(as->mapped_pages, mapped);
    ck_assert_uint_le(aspace_resident_pages(as), mapped);
  }
  vmo_unref(model.shared);
  aspace_unref(as);
  everything_is_back();
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("aspace model");
  TCase *tc = suite_case(suite, "aspace model", setup, NULL);
  tcase_add_test(tc, agrees_with_a_model);
  return suite_run(suite);
}
